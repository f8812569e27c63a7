//! What connections and configs have beyond the tests of behaviour.

use std::io::{Cursor, Write};
use std::sync::Arc;

use chitin::client::{
    ClientSessionMemoryCache, ClientSessionStore, UnbufferedClientConnection, WantsClientCert,
};
use chitin::crypto::{CryptoProvider, aws_lc_rs};
use chitin::pki_types::ServerName;
use chitin::server::danger::ClientCertVerifier;
use chitin::server::{Acceptor, NoClientAuth, ProducesTickets, WantsServerCert};
use chitin::{
    ClientConfig, ClientConnection, ConfigBuilder, ConfigSide, Connection, ConnectionTrafficSecrets, Error,
    ExtractedSecrets, ServerConfig, ServerConnection, Side, Stream, SupportedCipherSuite, WantsVerifier,
    WantsVersions, Writer, quic,
};
use testkit::pki::{Identity, KeyType, Pki};

struct World {
    pki: Pki,
    id: Identity,
}

impl World {
    fn new() -> Self {
        let pki = Pki::new();
        let id = pki.server(KeyType::P256);
        Self { pki, id }
    }

    fn client(&self, provider: &Arc<CryptoProvider>) -> ClientConfig {
        let versions: ConfigBuilder<ClientConfig, WantsVersions> =
            ClientConfig::builder_with_provider(provider.clone());
        assert!(Arc::ptr_eq(versions.crypto_provider(), provider));
        let verifier: ConfigBuilder<ClientConfig, WantsVerifier> = usable(versions);
        let auth: ConfigBuilder<ClientConfig, WantsClientCert> =
            verifier.with_root_certificates(self.pki.root.store());
        auth.with_no_client_auth()
    }

    fn server(&self, provider: &Arc<CryptoProvider>) -> ServerConfig {
        let cert: ConfigBuilder<ServerConfig, WantsServerCert> =
            usable(ServerConfig::builder_with_provider(provider.clone())).with_no_client_auth();
        assert!(Arc::ptr_eq(cert.crypto_provider(), provider));
        cert.with_single_cert(self.id.chain.clone(), self.id.key.clone_key()).unwrap()
    }
}

/// Whatever versions the provider has suites for.
fn usable<S: ConfigSide>(builder: ConfigBuilder<S, WantsVersions>) -> ConfigBuilder<S, WantsVerifier> {
    let versions: Vec<_> =
        builder.crypto_provider().cipher_suites.iter().map(|suite| suite.version()).collect();
    builder.with_protocol_versions(&versions).unwrap()
}

fn name() -> ServerName<'static> {
    "localhost".try_into().unwrap()
}

fn shake(client: &mut Connection, server: &mut Connection) {
    for _ in 0..8 {
        pass(client, server);
        pass(server, client);
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
}

fn pass(from: &mut Connection, to: &mut Connection) {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets().unwrap();
    }
}

/// The key and IV, with the length of the key that the suite has.
fn parts(secrets: &ConnectionTrafficSecrets, suite: SupportedCipherSuite) -> (Vec<u8>, Vec<u8>) {
    let name = format!("{suite:?}");
    let (key, iv) = match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => {
            assert!(name.contains("AES_128_GCM"));
            (key, iv)
        }
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => {
            assert!(name.contains("AES_256_GCM"));
            (key, iv)
        }
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => {
            assert!(name.contains("CHACHA20"));
            (key, iv)
        }
        other => panic!("{other:?}", other = std::mem::discriminant(other)),
    };
    assert_eq!((key.as_ref().len(), iv.as_ref().len()), (if name.contains("128") { 16 } else { 32 }, 12));
    (key.as_ref().to_vec(), iv.as_ref().to_vec())
}

#[test]
#[allow(deprecated)]
fn keys_that_are_given_out_are_those_of_the_peer() {
    let world = World::new();
    for suite in aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|suite| !format!("{suite:?}").contains("_RSA_")) {
        let provider =
            Arc::new(CryptoProvider { cipher_suites: vec![*suite], ..aws_lc_rs::default_provider() });
        let (mut client, mut server) = (world.client(&provider), world.server(&provider));
        (client.enable_secret_extraction, server.enable_secret_extraction) = (true, true);
        let (client, server) = (Arc::new(client), Arc::new(server));
        let connected = || {
            let mut client: Connection = ClientConnection::new(client.clone(), name()).unwrap().into();
            let mut server: Connection = ServerConnection::new(server.clone()).unwrap().into();
            shake(&mut client, &mut server);
            (client, server)
        };
        let fit = |client: ExtractedSecrets, server: ExtractedSecrets| {
            assert_eq!((client.tx.0, client.rx.0), (server.rx.0, server.tx.0), "{suite:?}");
            assert_eq!(parts(&client.tx.1, *suite), parts(&server.rx.1, *suite));
            assert_eq!(parts(&client.rx.1, *suite), parts(&server.tx.1, *suite));
        };
        let (client, server) = connected();
        fit(client.dangerous_extract_secrets().unwrap(), server.dangerous_extract_secrets().unwrap());
        let (Connection::Client(client), Connection::Server(server)) = connected() else { panic!("sides") };
        fit(client.dangerous_extract_secrets().unwrap(), server.dangerous_extract_secrets().unwrap());
    }
}

#[test]
fn a_limit_and_a_writer_and_a_socket() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut conn: Connection = ClientConnection::new(world.client(&provider).into(), name()).unwrap().into();
    conn.set_buffer_limit(Some(3));
    let mut writer: Writer<'_> = conn.writer();
    assert_eq!(writer.write(b"hello").unwrap(), 3, "what waits for the handshake");
    assert_eq!(writer.write(b"lo").unwrap(), 0);

    let mut conn = ClientConnection::new(world.client(&provider).into(), name()).unwrap();
    let mut socket = Cursor::new(vec![0; 4096]);
    let stream = Stream::new(&mut conn, &mut socket);
    let sent = stream.conn.write_tls(stream.sock).unwrap();
    assert_eq!(stream.sock.position(), sent as u64);
    // RFC 8446 section 5.1: a handshake record.
    assert_eq!(socket.into_inner()[0], 22);
}

#[test]
fn a_hello_tells_no_types_of_certificates_unless_they_were_said() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut client = ClientConnection::new(world.client(&provider).into(), name()).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &hello[..]).unwrap();
    let accepted = acceptor.accept().map_err(|(error, _)| error).unwrap().unwrap();
    let hello = accepted.client_hello();
    assert_eq!((hello.client_cert_types(), hello.server_cert_types()), (None, None));
    assert_eq!(hello.named_groups().map(<[_]>::is_empty), Some(false));
}

#[test]
fn nobody_asks_for_clients_certificates_by_default() {
    let none = NoClientAuth;
    assert!(!none.offer_client_auth() && !none.client_auth_mandatory());
    assert!(none.root_hint_subjects().is_empty());
}

#[derive(Debug)]
struct Plain;

impl ProducesTickets for Plain {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        7
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.to_vec())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        Some(cipher.to_vec())
    }
}

#[test]
#[allow(deprecated)]
fn tickets_under_keys_that_switch() {
    let switcher = chitin::TicketSwitcher::new(100, || Ok(Box::new(Plain))).unwrap();
    assert!(switcher.enabled());
    let sealed = switcher.encrypt(b"x").unwrap();
    assert_eq!(switcher.decrypt(&sealed).unwrap(), b"x");
    let broken = chitin::TicketSwitcher::new(100, || Err(chitin::crypto::GetRandomFailed));
    assert!(matches!(broken, Err(Error::FailedToGetRandomBytes)));
}

#[test]
fn protocols_for_one_connection() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let client = Arc::new(world.client(&provider));
    let contains = |bytes: &[u8]| bytes.windows(9).any(|part| part == b"\x08protocol");

    let mut plain =
        UnbufferedClientConnection::new_with_alpn(client.clone(), name(), vec![b"protocol".to_vec()])
            .unwrap();
    let status = plain.process_tls_records(&mut []);
    let Ok(chitin::unbuffered::ConnectionState::EncodeTlsData(mut hello)) = status.state else {
        panic!("a hello")
    };
    let mut bytes = vec![0; 8192];
    let length = hello.encode(&mut bytes).unwrap();
    assert!(contains(&bytes[..length]), "RFC 7301 section 3.1");

    let mut conn = quic::ClientConnection::new_with_alpn(
        client,
        quic::Version::V1,
        name(),
        vec![],
        vec![b"protocol".to_vec()],
    )
    .unwrap();
    let mut bytes = Vec::new();
    conn.write_hs(&mut bytes);
    assert!(contains(&bytes));
}

#[test]
fn initial_keys_of_both_sides_fit() {
    let suite = aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    let keys = |side| quic::Keys::initial(quic::Version::V1, suite, suite.quic.unwrap(), b"connection", side);
    let (client, server) = (keys(Side::Client), keys(Side::Server));
    let mut payload = *b"payload";
    let tag = client.local.packet.encrypt_in_place(1, b"head", &mut payload).unwrap();
    let mut sealed = [&payload[..], tag.as_ref()].concat();
    assert_eq!(server.remote.packet.decrypt_in_place(1, b"head", &mut sealed).unwrap(), b"payload");

    // Draft multipath: the path stands in the nonce, so that of another does not open it.
    let mut payload = *b"payload";
    let tag = client.local.packet.encrypt_in_place_for_path(3, 1, b"head", &mut payload).unwrap();
    let sealed = [&payload[..], tag.as_ref()].concat();
    let open = |path| {
        let mut sealed = sealed.clone();
        server.remote.packet.decrypt_in_place_for_path(path, 1, b"head", &mut sealed).map(<[u8]>::to_vec)
    };
    assert_eq!(open(3).unwrap(), b"payload");
    assert!(open(4).is_err());
}

#[test]
fn a_session_keeps_what_quic_puts_there() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let store = Arc::new(ClientSessionMemoryCache::new(4));
    let mut client = world.client(&provider);
    client.resumption = chitin::client::Resumption::store(store.clone());
    let mut client: Connection = ClientConnection::new(client.into(), name()).unwrap().into();
    let mut server: Connection = ServerConnection::new(world.server(&provider).into()).unwrap().into();
    shake(&mut client, &mut server);
    let mut session = store.take_tls13_ticket(&name()).unwrap();
    assert!(session.quic_params().is_empty(), "there was no QUIC");
    session.set_quic_params(b"parameters");
    assert_eq!(session.quic_params(), b"parameters");
}
