//! What the verifiers say to certificates that are wrong, and what a connection makes of it.

use std::sync::Arc;

use tls::client::danger::ServerCertVerifier;
use tls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tls::crypto::aws_lc_rs;
use tls::pki_types::{CertificateDer, ServerName};
use tls::server::{ParsedCertificate, WebPkiClientVerifier};
use tls::sign::CertifiedKey;
use tls::{ClientConfig, Error, ServerConfig};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    chains(world, notes);
    lists(world, notes);
    on_connections(world, notes);
    of_clients(world, notes);
}

/// Error and text, without what a certificate's own random bytes put into them.
fn said<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "fine".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn chains(world: &World, notes: &mut Notes) {
    let verifier = WebPkiServerVerifier::builder(roots(world).into()).build().unwrap();
    notes.value("schemes", verifier.supported_verify_schemes());
    notes.value("raw keys", verifier.requires_raw_public_keys());
    notes.value("hints", verifier.root_hint_subjects());
    let verify = |chain: &[CertificateDer<'static>], name: &str| {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], World::NOW)
    };
    for (fault, bad) in &world.bad {
        let result = verify(&bad.chain, "localhost");
        if let Err(error) = &result {
            notes.words(format_args!("{fault}, text"), error);
        }
        notes.text(format_args!("{fault}"), said(result));
        let parsed = ParsedCertificate::try_from(&bad.chain[0]);
        notes.value(format_args!("{fault}, parsed"), parsed.as_ref().map(drop));
        if let Ok(parsed) = parsed {
            notes.value(format_args!("{fault}, name alone"), verify_server_name(&parsed, &localhost()));
            let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
            let anchored = verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &roots(world),
                &[],
                World::NOW,
                algorithms,
            );
            notes.value(format_args!("{fault}, chain alone"), anchored);
        }
    }
    for name in
        ["localhost", "LOCALHOST", "localhost.", "a.example.com", "a.b.example.com", "example.com", "::1"]
    {
        notes.text(format_args!("good, for {name}"), said(verify(&world.good.chain, name)));
    }
}

fn lists(world: &World, notes: &mut Notes) {
    type Change = fn(tls::client::ServerCertVerifierBuilder) -> tls::client::ServerCertVerifierBuilder;
    let kinds: [(&str, Change); 4] = [
        ("strict", |b| b),
        ("unknown allowed", |b| b.allow_unknown_revocation_status()),
        ("expiry enforced", |b| b.enforce_revocation_expiration()),
        ("leaf only", |b| b.only_check_end_entity_revocation()),
    ];
    for (says, list) in &world.crls {
        for (kind, change) in kinds {
            let builder = WebPkiServerVerifier::builder(roots(world).into()).with_crls([list.clone()]);
            let seen = match change(builder).build() {
                Ok(verifier) => said(verifier.verify_server_cert(
                    &world.good.chain[0],
                    &[],
                    &localhost(),
                    &[],
                    World::NOW,
                )),
                Err(error) => format!("{error:?}"),
            };
            notes.text(format_args!("list {says}, {kind}"), seen);
        }
    }
}

fn serving(world: &World, bad: &world::Identity) -> (ClientConfig, ServerConfig) {
    let provider = aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(bad.key.clone_key()).unwrap();
    let resolver = tls::sign::SingleCertAndKey::from(CertifiedKey::new(bad.chain.clone(), key));
    let server = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    (client_config(world, tls::DEFAULT_VERSIONS), server)
}

fn on_connections(world: &World, notes: &mut Notes) {
    for (fault, bad) in &world.bad {
        // The clock is the real one here, and errors tell the time.
        if *fault == "not valid yet" || *fault == "expired" {
            continue;
        }
        let (client, server) = serving(world, bad);
        let (mut client, mut server) = pair(client, server);
        notes.value(format_args!("{fault}, on a connection"), outcomes(&mut client, &mut server));
        notes.value(format_args!("{fault}, certificates then"), client.peer_certificates().map(<[_]>::len));
    }
}

fn of_clients(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        let verifier = |mandatory: bool| {
            let builder = WebPkiClientVerifier::builder(roots(world).into());
            if mandatory { builder } else { builder.allow_unauthenticated() }.build().unwrap()
        };
        let server = |mandatory| {
            ServerConfig::builder_with_protocol_versions(&[version])
                .with_client_cert_verifier(verifier(mandatory))
                .with_single_cert(world.good.chain.clone(), world.good.key.clone_key())
                .unwrap()
        };
        let client = |id: Option<&world::Identity>| {
            let builder =
                ClientConfig::builder_with_protocol_versions(&[version]).with_root_certificates(roots(world));
            match id {
                None => builder.with_no_client_auth(),
                Some(id) => builder.with_client_auth_cert(id.chain.clone(), id.key.clone_key()).unwrap(),
            }
        };
        let stranger = &world.bad.iter().find(|(fault, _)| *fault == "unknown issuer").unwrap().1;
        let cases = [
            ("none", None),
            ("a good one", Some(&world.client)),
            ("a server's", Some(&world.good)),
            ("a stranger's", Some(stranger)),
        ];
        for (case, id) in cases {
            for (rule, mandatory) in [("must", true), ("may", false)] {
                let (mut client, mut server) = pair(client(id), server(mandatory));
                let key = format!("{name}, client {rule} show a certificate, {case}");
                notes.value(&key, outcomes(&mut client, &mut server));
                notes.value(
                    format_args!("{key}, then"),
                    (
                        server.peer_certificates().map(<[_]>::len),
                        client.peer_certificates().map(<[_]>::len),
                        server.is_handshaking(),
                        client.is_handshaking(),
                    ),
                );
            }
        }
    }
}
