//! Handshakes that go well: what flies, and what both sides say of it at each step.

use std::sync::Arc;

use tls::crypto::{CryptoProvider, aws_lc_rs};
use tls::version::{TLS12, TLS13};
use tls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let (client, server) = configs(world, which);
        steps(notes, version, pair(client, server));
        identity(world, notes, version, &world.ed25519, which);
        identity(world, notes, version, &world.rsa, which);
    }
    let config = |groups: &[usize]| {
        let all =
            [aws_lc_rs::kx_group::X25519, aws_lc_rs::kx_group::SECP256R1, aws_lc_rs::kx_group::SECP384R1];
        let kx_groups = groups.iter().map(|at| all[*at]).collect();
        Arc::new(CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() })
    };
    let client = ClientConfig::builder_with_provider(config(&[0, 2]))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots(world))
        .with_no_client_auth();
    let server = ServerConfig::builder_with_provider(config(&[2]))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
        .unwrap();
    steps(notes, "retry", pair(client.clone(), server.clone()));
    let client = Arc::new(client);
    let (mut first, mut accepting) =
        (crate::base::client(&client), crate::base::server(&server.clone().into()));
    shake(&mut first, &mut accepting).unwrap();
    notes.value("retry, the first time", (first.handshake_kind(), accepting.handshake_kind()));
    let (mut second, mut accepting) = (crate::base::client(&client), crate::base::server(&server.into()));
    shake(&mut second, &mut accepting).unwrap();
    notes.value("retry, learned for the next time", (second.handshake_kind(), accepting.handshake_kind()));

    let both = || (client_config(world, &[&TLS12, &TLS13]), server_config(world, &[&TLS12, &TLS13]));
    steps(notes, "both versions", pair(both().0, both().1));
    preferences(world, notes);
    protocols(world, notes);
}

fn facts(client: &ClientConnection, server: &ServerConnection) -> String {
    let side = |common: &tls::CommonState| {
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            common.protocol_version(),
            common.negotiated_cipher_suite().map(|suite| suite.suite()),
            common.negotiated_key_exchange_group().map(|group| group.name()),
            common.handshake_kind(),
            common.alpn_protocol(),
        )
    };
    format!("client {}, server {}", side(client), side(server))
}

fn steps(notes: &mut Notes, name: &str, (mut client, mut server): (ClientConnection, ServerConnection)) {
    let mut note = |key: String, value: String| notes.text(format_args!("{name}, {key}"), value);
    note("client before".into(), wishes(&client));
    note("server before".into(), wishes(&server));
    for flight in 1..10 {
        let up = take(&mut client);
        note(format!("flight {flight} up"), format!("{:?}", types(&up)));
        if !up.is_empty() {
            note(format!("flight {flight}, server"), state(&feed(&mut server, &up)));
        }
        note(format!("flight {flight}, facts at the server"), facts(&client, &server));
        note(format!("flight {flight}, server then"), wishes(&server));
        let down = take(&mut server);
        note(format!("flight {flight} down"), format!("{:?}", types(&down)));
        if !down.is_empty() {
            note(format!("flight {flight}, client"), state(&feed(&mut client, &down)));
        }
        note(format!("flight {flight}, facts"), facts(&client, &server));
        note(format!("flight {flight}, client then"), wishes(&client));
        if up.is_empty() && down.is_empty() {
            break;
        }
    }
    note("client's view of the chain".into(), format!("{:?}", client.peer_certificates().map(<[_]>::len)));
    note("server's view of the chain".into(), format!("{:?}", server.peer_certificates().map(<[_]>::len)));
    note("name".into(), format!("{:?}", server.server_name()));
    note("tickets".into(), client.tls13_tickets_received().to_string());
    let exported = |context| client.export_keying_material([0; 32], b"label", context).map(drop);
    note("exporter".into(), format!("{:?} {:?}", exported(None), exported(Some(&[][..]))));
    let twice = client.export_keying_material([0; 0], b"label", None).map(drop);
    note("exporter of nothing".into(), format!("{twice:?}"));
    let (c, s) = (
        client.export_keying_material([0; 32], b"label", Some(b"x")),
        server.export_keying_material([0; 32], b"label", Some(b"x")),
    );
    note("exporters agree".into(), (c == s).to_string());
    let empty = client.export_keying_material([0; 32], b"label", Some(&[]));
    note(
        "no context is an empty one".into(),
        (client.export_keying_material([0; 32], b"label", None) == empty).to_string(),
    );
}

fn identity(
    world: &World,
    notes: &mut Notes,
    version: &str,
    id: &world::Identity,
    which: &'static tls::SupportedProtocolVersion,
) {
    let server = ServerConfig::builder_with_protocol_versions(&[which])
        .with_no_client_auth()
        .with_single_cert(id.chain.clone(), id.key.clone_key())
        .unwrap();
    let (mut client, mut server) = pair(client_config(world, &[which]), server);
    let result = shake(&mut client, &mut server);
    let provider = aws_lc_rs::default_provider();
    let kind = provider.key_provider.load_private_key(id.key.clone_key()).unwrap().algorithm();
    notes.value(format_args!("{version}, {kind:?}"), (result, facts(&client, &server)));
}

/// Who chooses the suite.
fn preferences(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let mut suites: Vec<_> =
            aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| suite.version() == version).copied().collect();
        suites.reverse();
        let provider = Arc::new(CryptoProvider { cipher_suites: suites, ..aws_lc_rs::default_provider() });
        for ignore in [false, true] {
            let client = ClientConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots(world))
                .with_no_client_auth();
            let mut server = server_config(world, &[version]);
            server.ignore_client_order = ignore;
            let (mut client, mut server) = pair(client, server);
            shake(&mut client, &mut server).unwrap();
            notes.text(format_args!("{name}, client's order ignored: {ignore}"), facts(&client, &server));
        }
    }
}

fn protocols(world: &World, notes: &mut Notes) {
    let list = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
    for (name, version) in BOTH {
        for (case, of_client, of_server) in [
            ("in other order", &["a", "b"][..], &["b", "a"][..]),
            ("one", &["x", "b"], &["b"]),
            ("none", &[], &["b"]),
        ] {
            let (mut client, mut server) = configs(world, version);
            (client.alpn_protocols, server.alpn_protocols) = (list(of_client), list(of_server));
            let (mut client, mut server) = pair(client, server);
            notes.value(format_args!("{name}, protocols {case}"), shake(&mut client, &mut server));
            notes.value(
                format_args!("{name}, protocols {case}, chosen"),
                (client.alpn_protocol().map(<[u8]>::to_vec), server.alpn_protocol().map(<[u8]>::to_vec)),
            );
        }
    }
}
