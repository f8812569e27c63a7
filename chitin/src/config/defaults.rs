//! The table of defaults in `docs/defaults.md`, generated from what the code really does, and the test that holds both together.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use super::client::ClientConfig;
use super::server::ServerConfig;
use super::sessions::{MAX_TICKET_LIFETIME, TICKETS_PER_SERVER};
use super::testing::{SERVER, SERVER_KEY, anchors, chain, key, provider};
use super::versions::{ALL_VERSIONS, DEFAULT_VERSIONS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/defaults.md");

/// Numbers that are limits and stand elsewhere than in a config. Other floors add theirs at the end.
fn limits() -> Vec<(&'static str, String, &'static str)> {
    Vec::from([
        (
            "Sessions a client keeps in memory",
            format!("{}", super::client::DEFAULT_CLIENT_SESSIONS),
            "`Resumption`",
        ),
        ("Tickets a client keeps for one server", format!("{TICKETS_PER_SERVER}"), "-"),
        (
            "Sessions a server keeps in memory",
            format!("{}", super::server::DEFAULT_SERVER_SESSIONS),
            "`session_storage`",
        ),
        ("Longest use of a ticket, in seconds", format!("{MAX_TICKET_LIFETIME}"), "RFC 8446 section 4.6.1"),
    ])
}

fn table() -> String {
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(anchors(&["root"]))
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain(SERVER), key(SERVER_KEY))
        .unwrap();
    let provider = &client.provider;

    let mut out = String::from(
        "# Defaults\n\nThis file is generated from the code: `BLESS=1 cargo test -p chitin --lib defaults` writes it, and the \
         same test without\n`BLESS` fails when it is out of date. It is for the default features and the `aws_lc_rs` provider.\n",
    );
    list(&mut out, "Versions that can be enabled", ALL_VERSIONS.iter().map(|v| v.version));
    list(&mut out, "Versions enabled", DEFAULT_VERSIONS.iter().map(|v| v.version));
    list(&mut out, "Cipher suites, best first", provider.cipher_suites.iter().map(|suite| suite.suite()));
    list(&mut out, "Key exchange groups, best first", provider.kx_groups.iter().map(|group| group.name()));
    let schemes = provider.signature_verification_algorithms.supported_schemes();
    list(&mut out, "Signature schemes accepted, best first", schemes);

    section(&mut out, "Clients (`ClientConfig`)");
    for (field, value) in [
        ("alpn_protocols", show(&client.alpn_protocols)),
        ("check_selected_alpn", show(client.check_selected_alpn)),
        ("enable_sni", show(client.enable_sni)),
        ("enable_early_data", show(client.enable_early_data)),
        ("enable_secret_extraction", show(client.enable_secret_extraction)),
        ("require_ems", show(client.require_ems)),
        ("max_fragment_size", show(client.max_fragment_size)),
        ("key_log", show(&client.key_log)),
        ("send_ticket_request", show(client.send_ticket_request)),
        ("cert_compressors", show(&client.cert_compressors)),
        ("cert_decompressors", show(&client.cert_decompressors)),
        ("tls12_resumption", show(client.resumption.tls12_resumption)),
        ("trace", show(&client.trace)),
        ("record_padding", show(&client.record_padding)),
    ] {
        out += &format!("| `{field}` | `{value}` |\n");
    }
    section(&mut out, "Servers (`ServerConfig`)");
    for (field, value) in [
        ("alpn_protocols", show(&server.alpn_protocols)),
        ("ignore_client_order", show(server.ignore_client_order)),
        ("ticketer.enabled()", show(server.ticketer.enabled())),
        ("send_tls13_tickets", show(server.send_tls13_tickets)),
        ("max_tls13_tickets", show(server.max_tls13_tickets)),
        ("max_early_data_size", show(server.max_early_data_size)),
        ("send_half_rtt_data", show(server.send_half_rtt_data)),
        ("enable_secret_extraction", show(server.enable_secret_extraction)),
        ("require_ems", show(server.require_ems)),
        ("max_fragment_size", show(server.max_fragment_size)),
        ("key_log", show(&server.key_log)),
        ("cert_compressors", show(&server.cert_compressors)),
        ("cert_decompressors", show(&server.cert_decompressors)),
        ("trace", show(&server.trace)),
        ("record_padding", show(&server.record_padding)),
    ] {
        out += &format!("| `{field}` | `{value}` |\n");
    }
    out += "\n## Limits and lifetimes\n\n| What | Value | Where it is set, or from where it is |\n|---|---|---|\n";
    for (what, value, from) in limits() {
        out += &format!("| {what} | {value} | {from} |\n");
    }
    out
}

fn section(out: &mut String, title: &str) {
    *out += &format!("\n## {title}\n\n| Setting | Default |\n|---|---|\n");
}

fn list<T: Debug>(out: &mut String, title: &str, items: impl IntoIterator<Item = T>) {
    *out += &format!("\n## {title}\n\n");
    for item in items {
        *out += &format!("- `{item:?}`\n");
    }
}

fn show(value: impl Debug) -> String {
    format!("{value:?}")
}

#[test]
fn the_table_of_defaults_is_up_to_date() {
    let table = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(FILE, &table).unwrap();
    }
    let file = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        file == table,
        "docs/defaults.md is out of date: write it with BLESS=1 cargo test -p chitin --lib defaults"
    );
}
