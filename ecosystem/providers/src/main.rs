//! Handshakes with providers of other makes: each of their suites and groups alone, then data both ways.

use std::error::Error;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, RootCertStore, ServerConfig, ServerConnection,
    SideData, SupportedCipherSuite,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// More than a record, in a length that fills none.
const LONG: usize = 100_001;

fn main() -> Outcome<()> {
    for (name, provider) in [
        ("rustls-graviola", rustls_graviola::default_provider()),
        ("rustls-rustcrypto", rustls_rustcrypto::provider()),
    ] {
        let mut done = 0;
        for &suite in &provider.cipher_suites {
            let version = suite.version().version;
            for &group in provider.kx_groups.iter().filter(|group| group.usable_for_version(version)) {
                speak(&provider, suite, group)
                    .map_err(|e| format!("{name}, {:?}, {:?}: {e}", suite.suite(), group.name()))?;
                done += 1;
            }
        }
        assert!(done > 0, "{name} has no suites");
        println!("{name}: {done} handshakes");
    }
    Ok(())
}

fn speak(
    provider: &CryptoProvider,
    suite: SupportedCipherSuite,
    group: &'static dyn SupportedKxGroup,
) -> Outcome<()> {
    // The server has one choice. The client names the others, too: in TLS 1.2 they say which curves a certificate may be on.
    let others = provider.kx_groups.iter().copied().filter(|other| other.name() != group.name());
    let all = [group].into_iter().chain(others).collect();
    let with =
        |kx_groups| Arc::new(CryptoProvider { cipher_suites: vec![suite], kx_groups, ..provider.clone() });
    // Suites of TLS 1.2 say which kind of key signs.
    let rsa = format!("{:?}", suite.suite()).contains("_RSA_");
    let (certificate, key) = certificate(rsa)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    let versions = [suite.version()];
    let server = ServerConfig::builder_with_provider(with(vec![group]))
        .with_protocol_versions(&versions)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    let client = ClientConfig::builder_with_provider(with(all))
        .with_protocol_versions(&versions)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(client), "localhost".try_into()?)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        carry(&mut client, &mut server)?;
        carry(&mut server, &mut client)?;
    }
    assert_eq!(client.negotiated_cipher_suite().map(|s| s.suite()), Some(suite.suite()));
    assert_eq!(client.negotiated_key_exchange_group().map(|g| g.name()), Some(group.name()));
    tell(&mut client, &mut server)?;
    tell(&mut server, &mut client)?;
    let exported: [[u8; 32]; 2] = [
        client.export_keying_material([0; 32], b"EXPERIMENTAL", Some(b"context"))?,
        server.export_keying_material([0; 32], b"EXPERIMENTAL", Some(b"context"))?,
    ];
    assert_eq!(exported[0], exported[1]);
    Ok(())
}

fn certificate(rsa: bool) -> Outcome<(CertificateDer<'static>, PrivateKeyDer<'static>)> {
    let algorithm = if rsa { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 };
    let key = rcgen::KeyPair::generate_for(algorithm)?;
    let certificate = rcgen::CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
    Ok((certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der())?))
}

/// All that one end has to say, to the other.
fn carry<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Outcome<()> {
    while from.wants_write() {
        let mut wire = Vec::new();
        from.write_tls(&mut wire)?;
        let mut wire = &wire[..];
        while !wire.is_empty() {
            to.read_tls(&mut wire)?;
            to.process_new_packets()?;
        }
    }
    Ok(())
}

fn tell<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Outcome<()> {
    let said: Vec<u8> = (0..LONG).map(|at| at as u8).collect();
    let mut heard = Vec::new();
    for piece in said.chunks(10_000) {
        from.writer().write_all(piece)?;
        carry(from, to)?;
        let mut buffer = vec![0; piece.len()];
        to.reader().read_exact(&mut buffer)?;
        heard.extend(buffer);
    }
    assert_eq!(said, heard);
    Ok(())
}
