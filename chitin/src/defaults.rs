//! The table of defaults in `docs/defaults.md`, generated from what the code really does, and the test that holds both together.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;

use chitin_pki::Budget;

use crate::carrier::quic::MAX_PARAMETERS;
use crate::config::CERTIFICATE_MESSAGE;
use crate::config::client::{ClientConfig, DEFAULT_CLIENT_SESSIONS};
use crate::config::limits::Limits;
use crate::config::psk::MAX_NAME;
use crate::config::server::{DEFAULT_SERVER_SESSIONS, ServerConfig};
use crate::config::sessions::MAX_TICKET_LIFETIME;
use crate::config::sessions::memory::TICKETS_PER_SERVER;
use crate::config::testing::{SERVER, SERVER_KEY, anchors, chain, key, provider};
use crate::config::versions::{ALL_VERSIONS, DEFAULT_VERSIONS};
use crate::config::webpki::SignatureMemo;
use crate::config::webpki::pki::{MAX_RSA_BITS, MIN_RSA_BITS};
use crate::engine::{DEFAULT_BUFFER_LIMIT, budget};
use crate::flow::{certs, offer, offer_psk, psk, server_psk, server13, tickets13};
use crate::names::HandshakeType;
use crate::record::inbox::Inbox;
use crate::record::seal::{MAX_FRAGMENT_SIZE, MIN_FRAGMENT_SIZE};
use crate::record::{MAX_PLAINTEXT, MAX_SEALED};
use crate::wire::client_hello::MAX_EXTENSIONS;
use crate::wire::codec::MAX_NAMES;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/defaults.md");

/// What is limited, how far, and from where the number is or where it is set.
type Limit = (&'static str, u64, &'static str);

/// All numbers that are limits, from all floors. The reason of each stands beside it in the code.
fn limits() -> [(&'static str, Vec<Limit>); 6] {
    let n = |number: usize| u64::try_from(number).unwrap();
    let longest = |typ| n(budget::longest(typ, CERTIFICATE_MESSAGE));
    [
        (
            "Sessions and tickets",
            Vec::from([
                ("Sessions a client keeps in memory", n(DEFAULT_CLIENT_SESSIONS), "`Resumption`"),
                ("Tickets a client keeps for one server", n(TICKETS_PER_SERVER), "fixed"),
                ("Sessions a server keeps in memory", n(DEFAULT_SERVER_SESSIONS), "`session_storage`"),
                (
                    "Signatures of certificates that a verifier remembers",
                    n(SignatureMemo::DEFAULT_SIZE),
                    "`signature_memo().set_size`",
                ),
                (
                    "Longest use of a session or ticket, from its full handshake on, in seconds",
                    MAX_TICKET_LIFETIME.into(),
                    "RFC 8446 section 4.6.1",
                ),
                (
                    "Longest use of one session of a server's store, in seconds",
                    psk::STORED_LIFETIME.into(),
                    "fixed",
                ),
                ("Longest ticket a server sends, in bytes", n(tickets13::MAX_TICKET), "fixed"),
                ("Longest ticket a client keeps, in bytes", n(offer::MAX_TICKET), "fixed"),
                ("Offered sessions a server looks at", n(psk::IDENTITIES), "fixed"),
                ("Offered names of external PSKs a server looks at", n(server_psk::NAMES), "fixed"),
                ("External PSKs a client offers", n(offer_psk::EXTERNAL), "fixed"),
                ("Name of an external PSK, and its context, in bytes", n(MAX_NAME), "fixed"),
                (
                    "Resumption data in a session, in bytes",
                    n(psk::MAX_RESUMPTION_DATA),
                    "`set_resumption_data`; with more, no tickets",
                ),
            ]),
        ),
        (
            "Records and buffers, in bytes",
            Vec::from([
                ("Content of a record", n(MAX_PLAINTEXT), "RFC 8446 section 5.1"),
                ("Body of a protected record", n(MAX_SEALED), "RFC 8446 section 5.2"),
                ("Smallest `max_fragment_size`", n(MIN_FRAGMENT_SIZE), "as in 0.23"),
                ("Largest `max_fragment_size`", n(MAX_FRAGMENT_SIZE), "as in 0.23"),
                ("Written data that waits to be sent", n(DEFAULT_BUFFER_LIMIT), "`set_buffer_limit`"),
                ("Received data that waits to be read", n(Inbox::PLAIN_LIMIT), "then `wants_read` is false"),
                ("The whole buffer of what is received", n(Inbox::CAP), "fixed"),
                (
                    "All of what one connection holds, but for what is written and early data",
                    n(Limits::most_memory(CERTIFICATE_MESSAGE)),
                    "`limits.memory`, which then counts what is written too",
                ),
                ("The least that this may be set to", n(Limits::LEAST_MEMORY), "`Limits::LEAST_MEMORY`"),
                (
                    "QUIC: handshake bytes that wait behind a question, beside a chain",
                    n(budget::WAITING),
                    "fixed",
                ),
                ("QUIC: transport parameters of ours", n(MAX_PARAMETERS), "fixed"),
                ("Refused early data that is skipped", n(server13::REFUSED_EARLY_DATA), "fixed"),
            ]),
        ),
        (
            "Bodies of handshake messages, in bytes",
            Vec::from([
                ("ClientHello", longest(HandshakeType::ClientHello), "fixed"),
                ("ServerHello, HelloRetryRequest", longest(HandshakeType::ServerHello), "fixed"),
                ("EncryptedExtensions", longest(HandshakeType::EncryptedExtensions), "fixed"),
                ("CertificateRequest", longest(HandshakeType::CertificateRequest), "fixed"),
                ("Certificate", longest(HandshakeType::Certificate), "`max_certificate_message`"),
                ("CertificateVerify", longest(HandshakeType::CertificateVerify), "fixed"),
                ("Finished", longest(HandshakeType::Finished), "fixed"),
                ("NewSessionTicket", longest(HandshakeType::NewSessionTicket), "fixed"),
                ("KeyUpdate", longest(HandshakeType::KeyUpdate), "fixed"),
                ("all others", longest(HandshakeType::Unknown(0xff)), "fixed"),
                (
                    "ALPN names, authorities and tickets of a client hello, together",
                    n(offer::VARIABLE),
                    "fixed",
                ),
                ("Cookie of a HelloRetryRequest", n(offer::MAX_COOKIE), "fixed"),
                ("Authorities a server names", n(certs::MAX_AUTHORITIES), "with more, none"),
                (
                    "all but chains, besides",
                    n(Limits::default().handshake_message),
                    "`limits.handshake_message`",
                ),
            ]),
        ),
        (
            "Items in handshake messages",
            Vec::from([
                ("Extensions of a ClientHello", MAX_EXTENSIONS.into(), "fixed"),
                ("Authorities that a peer names; more count as none named", MAX_NAMES as u64, "fixed"),
                ("Certificates in a chain", certs::MAX_CERTIFICATES.into(), "fixed"),
            ]),
        ),
        (
            "Useless traffic of a peer",
            Vec::from([
                ("Empty records without data between them", budget::EMPTY_RECORDS.into(), "fixed"),
                ("Warning alerts in a connection", budget::WARNINGS.into(), "fixed"),
                ("ChangeCipherSpec records in a handshake", budget::CCS.into(), "fixed"),
                (
                    "Key updates without data between them, beside those that we ask for",
                    budget::KEY_UPDATES.into(),
                    "fixed",
                ),
                (
                    "Handshake messages after the handshake without data between them, not over QUIC",
                    budget::IDLE_MESSAGES.into(),
                    "fixed",
                ),
            ]),
        ),
        (
            "Certificates",
            Vec::from([
                ("Signatures checked for one chain", n(Budget::Signatures.limit()), "fixed"),
                ("Names compared for one chain", n(Budget::Names.limit()), "fixed"),
                ("Issuers tried for one chain", n(Budget::Candidates.limit()), "fixed"),
                ("Policies looked at for one chain", n(Budget::Policies.limit()), "fixed"),
                ("Whole paths that are asked about", n(Budget::Paths.limit()), "fixed"),
                ("Signatures of revocation checked for one chain", n(Budget::Revocation.limit()), "fixed"),
                ("Issuers of revocation lists that a path is built to", n(Budget::LIST_ISSUERS), "fixed"),
                (
                    "Intermediates in one path, without self-issued ones",
                    n(Budget::DEFAULT_INTERMEDIATES),
                    "`with_max_intermediates`",
                ),
                ("Intermediates in one path, with self-issued ones", n(Budget::Depth.limit()), "fixed"),
                ("Shortest RSA key, in bits", n(MIN_RSA_BITS), "fixed"),
                ("Longest RSA key, in bits", n(MAX_RSA_BITS), "fixed"),
            ]),
        ),
    ]
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
        ("require_external_psk", show(client.require_external_psk)),
        ("max_certificate_message", show(client.max_certificate_message)),
        ("limits", show(&client.limits)),
        ("max_fragment_size", show(client.max_fragment_size)),
        ("key_log", show(&client.key_log)),
        ("send_ticket_request", show(client.send_ticket_request)),
        ("cert_compressors", show(&client.cert_compressors)),
        ("cert_decompressors", show(&client.cert_decompressors)),
        ("delegated_credential_schemes", show(&client.delegated_credential_schemes)),
        ("tls12_resumption", show(client.resumption.tls12_resumption)),
        ("key_shares", show(&client.key_shares)),
        ("grease", show(client.grease)),
        ("request_ocsp_response", show(client.request_ocsp_response)),
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
        ("early_data_age_window", show(server.early_data_age_window)),
        ("send_half_rtt_data", show(server.send_half_rtt_data)),
        ("enable_secret_extraction", show(server.enable_secret_extraction)),
        ("require_ems", show(server.require_ems)),
        ("require_external_psk", show(server.require_external_psk)),
        ("tell_unknown_psks", show(server.tell_unknown_psks)),
        ("max_certificate_message", show(server.max_certificate_message)),
        ("limits", show(&server.limits)),
        ("max_fragment_size", show(server.max_fragment_size)),
        ("key_log", show(&server.key_log)),
        ("cert_compressors", show(&server.cert_compressors)),
        ("cert_decompressors", show(&server.cert_decompressors)),
        ("delegated_credential_schemes", show(&server.delegated_credential_schemes)),
        ("trace", show(&server.trace)),
        ("record_padding", show(&server.record_padding)),
    ] {
        out += &format!("| `{field}` | `{value}` |\n");
    }
    out += "\n`limits.handshake_time` ends nothing by itself, since a connection has no clock: it is for programs that ask \
        `limits.deadline()`.\n";
    out += "\n# Limits\n\nThe reason for each number stands beside it in the code.\n";
    for (title, limits) in limits() {
        out += &format!(
            "\n## {title}\n\n| What | At most (or least) | Where it is set, or from where it is |\n|---|---|---|\n"
        );
        for (what, value, from) in limits {
            out += &format!("| {what} | {value} | {from} |\n");
        }
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
