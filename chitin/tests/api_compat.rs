//! Source as users of rustls 0.23 write it, with the crate name changed and nothing else.
//!
//! Most of what is checked here is checked by the compiler. What a program can observe of the buffered API is checked
//! by running it. Every test passes against stock rustls 0.23 too.

use std::fmt::Debug;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{
    ClientSessionMemoryCache, ClientSessionStore, ResolvesClientCert, Resumption, WebPkiServerVerifier,
};
use chitin::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use chitin::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use chitin::server::danger::{ClientCertVerified, ClientCertVerifier};
use chitin::server::{
    Acceptor, ClientHello, NoServerSessionStorage, ProducesTickets, ResolvesServerCert,
    ResolvesServerCertUsingSni, ServerSessionMemoryCache, StoresServerSessions, WebPkiClientVerifier,
};
use chitin::sign::{CertifiedKey, SigningKey};
use chitin::ticketer::TicketRotator;
use chitin::{
    AlertDescription, CertificateError, CipherSuite, ClientConfig, ClientConnection, CommonState, Connection,
    ConnectionCommon, DigitallySignedStruct, DistinguishedName, Error, HandshakeKind, InvalidMessage, KeyLog,
    NamedGroup, PeerIncompatible, ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, SideData,
    SignatureScheme, Stream, StreamOwned, SupportedCipherSuite, version,
};
use testkit::pki::{Identity, KeyType, Pki, Spec};

/// The certificates of one test.
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

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.id.chain.clone()
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        self.id.key.clone_key()
    }

    fn client(&self) -> ClientConfig {
        ClientConfig::builder_with_protocol_versions(&[&version::TLS13])
            .with_root_certificates(self.pki.root.store())
            .with_no_client_auth()
    }

    fn server(&self) -> ServerConfig {
        ServerConfig::builder_with_protocol_versions(&[&version::TLS13])
            .with_no_client_auth()
            .with_single_cert(self.chain(), self.key())
            .unwrap()
    }

    fn pair(&self, client: ClientConfig, server: ServerConfig) -> (ClientConnection, ServerConnection) {
        (
            ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap(),
            ServerConnection::new(Arc::new(server)).unwrap(),
        )
    }
}

/// Moves everything one connection has to say to the other. The signature is the one that tokio-rustls needs.
fn transfer<A, B>(
    left: &mut impl DerefMut<Target = ConnectionCommon<A>>,
    right: &mut impl DerefMut<Target = ConnectionCommon<B>>,
) -> Result<usize, Error>
where
    A: SideData,
    B: SideData,
{
    let mut total = 0;
    while left.wants_write() {
        let mut buf = Vec::new();
        total += left.write_tls(&mut buf).unwrap();
        let mut rest = &buf[..];
        while !rest.is_empty() {
            right.read_tls(&mut rest).unwrap();
            right.process_new_packets()?;
        }
    }
    Ok(total)
}

fn handshake(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Error> {
    for _ in 0..20 {
        if transfer(client, server)? + transfer(server, client)? == 0 {
            return Ok(());
        }
    }
    panic!("no end");
}

#[test]
fn echo_server_and_client_with_streams() {
    let world = World::new();
    let (client_config, server_config) = (Arc::new(world.client()), Arc::new(world.server()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();

    let server = thread::spawn(move || -> io::Result<()> {
        let (sock, _) = listener.accept()?;
        sock.set_read_timeout(Some(Duration::from_secs(20)))?;
        let conn = ServerConnection::new(server_config).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(conn, sock);
        let mut line = String::new();
        // StreamOwned is BufRead.
        while tls.read_line(&mut line)? > 0 {
            tls.write_all(line.as_bytes())?;
            tls.flush()?;
            line.clear();
        }
        tls.conn.send_close_notify();
        tls.conn.complete_io(&mut tls.sock)?;
        let (conn, sock): (ServerConnection, TcpStream) = tls.into_parts();
        assert!(!conn.is_handshaking());
        drop(sock);
        Ok(())
    });

    let mut sock = TcpStream::connect(addr).unwrap();
    sock.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut conn = ClientConnection::new(client_config, ServerName::try_from("localhost").unwrap()).unwrap();
    let mut tls = Stream::new(&mut conn, &mut sock);
    tls.write_all(b"one\ntwo\n").unwrap();
    let mut got = [0; 8];
    tls.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"one\ntwo\n");
    assert_eq!(tls.conn.negotiated_cipher_suite().unwrap().version().version, ProtocolVersion::TLSv1_3);
    tls.conn.send_close_notify();
    let mut rest = Vec::new();
    tls.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    server.join().unwrap().unwrap();
}

#[test]
fn complete_io_drives_a_handshake() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let server_config = Arc::new(world.server());
    let server = thread::spawn(move || {
        let (mut sock, _) = listener.accept().unwrap();
        let mut conn = Connection::from(ServerConnection::new(server_config).unwrap());
        let (read, wrote) = conn.complete_io(&mut sock).unwrap();
        assert!(read > 0 && wrote > 0);
        assert!(!conn.is_handshaking());
        conn.writer().write_all(b"hello").unwrap();
        conn.complete_io(&mut sock).unwrap();
        match conn {
            Connection::Server(server) => assert_eq!(server.server_name(), Some("localhost")),
            Connection::Client(_) => panic!("a server turned into a client"),
        }
    });
    let mut sock = TcpStream::connect(addr).unwrap();
    let mut conn: Connection =
        ClientConnection::new(Arc::new(world.client()), "localhost".try_into().unwrap()).unwrap().into();
    conn.complete_io(&mut sock).unwrap();
    let mut got = Vec::new();
    while got.len() < 5 {
        conn.complete_io(&mut sock).unwrap();
        let mut chunk = [0; 16];
        match conn.reader().read(&mut chunk) {
            Ok(n) => got.extend_from_slice(&chunk[..n]),
            Err(err) if err.kind() == ErrorKind::WouldBlock => continue,
            Err(err) => panic!("{err}"),
        }
    }
    assert_eq!(got, b"hello");
    server.join().unwrap();
}

#[test]
fn complete_io_errors_carry_ours() {
    let world = World::new();
    let mut conn = ClientConnection::new(Arc::new(world.client()), "localhost".try_into().unwrap()).unwrap();
    struct Plain<'a>(&'a [u8]);
    impl Read for Plain<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read(buf)
        }
    }
    impl Write for Plain<'_> {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let err = conn.complete_io(&mut Plain(b"HTTP/1.1 400 Bad Request\r\n\r\n")).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidData);
    let inner = err.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(*inner, Error::InvalidMessage(InvalidMessage::InvalidContentType));
}

#[test]
fn plaintext_is_read_in_every_way() {
    let world = World::new();
    let (mut client, mut server) = world.pair(world.client(), world.server());
    handshake(&mut client, &mut server).unwrap();

    // Nothing there: would block, not end of file.
    assert_eq!(server.reader().read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(server.reader().fill_buf().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(server.reader().into_first_chunk().unwrap_err().kind(), ErrorKind::WouldBlock);

    assert_eq!(client.writer().write(b"first").unwrap(), 5);
    assert_eq!(
        client.writer().write_vectored(&[io::IoSlice::new(b"sec"), io::IoSlice::new(b"ond")]).unwrap(),
        6
    );
    client.writer().flush().unwrap();
    let mut buf = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut buf).unwrap();
    }
    assert!(server.wants_read());
    assert_eq!(server.read_tls(&mut &buf[..]).unwrap(), buf.len());
    let state = server.process_new_packets().unwrap();
    assert_eq!(state.plaintext_bytes_to_read(), 11);
    assert_eq!(state.tls_bytes_to_write(), 0);
    assert!(!state.peer_has_closed());
    let same = server.process_new_packets().unwrap();
    assert_eq!(same, state);
    assert!(format!("{state:?}").contains("11"));
    // While plaintext waits, it does not ask for more.
    assert!(!server.wants_read());

    // A chunk holds one record or more; how many is not promised.
    let mut expected = &b"firstsecond"[..];
    let chunk = server.reader().fill_buf().unwrap().to_vec();
    assert!(chunk.len() >= 5 && expected.starts_with(&chunk), "{chunk:?}");
    server.reader().consume(2);
    expected = &expected[2..];
    let mut reader = server.reader();
    assert!(expected.starts_with(reader.fill_buf().unwrap()));
    let chunk: &[u8] = reader.into_first_chunk().unwrap();
    assert!(!chunk.is_empty() && expected.starts_with(chunk), "{chunk:?}");
    let whole = chunk.len();
    server.reader().consume(whole.min(3));
    expected = &expected[whole.min(3)..];
    let mut rest = [0; 16];
    assert_eq!(server.reader().read(&mut rest).unwrap(), expected.len());
    assert_eq!(&rest[..expected.len()], expected);

    client.send_close_notify();
    transfer(&mut client, &mut server).unwrap();
    let state = server.process_new_packets().unwrap();
    assert!(state.peer_has_closed());
    assert!(!server.wants_read());
    assert_eq!(server.reader().read(&mut rest).unwrap(), 0);
    assert_eq!(server.reader().fill_buf().unwrap(), b"");

    // The other direction is still open.
    server.writer().write_all(b"late").unwrap();
    transfer(&mut server, &mut client).unwrap();
    let mut late = [0; 4];
    client.reader().read_exact(&mut late).unwrap();
    assert_eq!(&late, b"late");
    // Then the transport ends without close_notify.
    assert_eq!(client.read_tls(&mut io::empty()).unwrap(), 0);
    client.process_new_packets().unwrap();
    assert_eq!(client.reader().read(&mut rest).unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn buffer_limits_hold() {
    let world = World::new();
    let (mut client, mut server) = world.pair(world.client(), world.server());
    client.set_buffer_limit(Some(32));
    // Before the handshake is over, plaintext is kept up to the limit.
    assert_eq!(client.writer().write(b"01234567890123456789").unwrap(), 20);
    assert_eq!(client.writer().write(b"01234567890123456789").unwrap(), 12);
    assert_eq!(client.writer().write(b"01234567890123456789").unwrap(), 0);
    handshake(&mut client, &mut server).unwrap();
    let mut got = [0; 64];
    assert_eq!(server.reader().read(&mut got).unwrap(), 32);
    assert_eq!(&got[..32], b"01234567890123456789012345678901");
    // After it, the limit is on what waits to be sent, overhead included.
    let wrote = client.writer().write(&[0; 100]).unwrap();
    assert!((1..=32).contains(&wrote), "{wrote}");
    client.set_buffer_limit(None);
    assert_eq!(client.writer().write(&[0; 100_000]).unwrap(), 100_000);
}

#[test]
fn acceptor_lets_the_hello_choose_the_config() {
    let world = World::new();
    let mut client_config = world.client();
    client_config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut client = ClientConnection::new(Arc::new(client_config), "localhost".try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();

    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &hello[..10]).unwrap();
    assert!(acceptor.accept().unwrap().is_none());
    acceptor.read_tls(&mut &hello[10..]).unwrap();
    let accepted = acceptor.accept().unwrap().unwrap();
    // The names outlive the view that gave them.
    {
        let mut names = accepted.client_hello().alpn().unwrap();
        assert_eq!(names.next(), Some(&b"h2"[..]));
    }
    let view: ClientHello<'_> = accepted.client_hello();
    assert_eq!(view.server_name(), Some("localhost"));
    assert_eq!(view.alpn().unwrap().collect::<Vec<_>>(), [&b"h2"[..], b"http/1.1"]);
    assert!(view.signature_schemes().contains(&SignatureScheme::ECDSA_NISTP256_SHA256));
    assert!(view.cipher_suites().contains(&CipherSuite::TLS13_AES_128_GCM_SHA256));
    assert!(view.named_groups().unwrap().contains(&NamedGroup::X25519));
    let mut server = accepted.into_connection(Arc::new(world.server())).unwrap();
    transfer(&mut server, &mut client).unwrap();
    handshake(&mut client, &mut server).unwrap();
    assert!(!server.is_handshaking());
}

/// RFC 7301 section 3.1: no such name can be on the wire.
#[test]
fn a_protocol_that_cannot_be_named_is_refused_by_both_sides() {
    let world = World::new();
    for name in [vec![], vec![b'x'; 256]] {
        let mut client = world.client();
        client.alpn_protocols = vec![b"h2".to_vec(), name.clone()];
        let name_of = ServerName::try_from("localhost").unwrap();
        let error = ClientConnection::new(Arc::new(client), name_of.clone()).unwrap_err();
        let mut server = world.server();
        server.alpn_protocols = vec![b"h2".to_vec(), name];
        let server = Arc::new(server);
        assert_eq!(ServerConnection::new(server.clone()).unwrap_err(), error);

        // The client of an acceptor waits, and has to be told: internal_error.
        let mut acceptor = Acceptor::default();
        let mut waiting = ClientConnection::new(Arc::new(world.client()), name_of).unwrap();
        let mut hello = Vec::new();
        waiting.write_tls(&mut hello).unwrap();
        acceptor.read_tls(&mut &hello[..]).unwrap();
        let (again, mut alert) =
            acceptor.accept().unwrap().unwrap().into_connection(server).map(drop).unwrap_err();
        let mut sent = Vec::new();
        alert.write_all(&mut sent).unwrap();
        assert_eq!((again, &sent[..]), (error, &[21, 3, 3, 0, 2, 2, 80][..]));
    }
}

#[test]
fn acceptor_gives_back_an_alert() {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"[..]).unwrap();
    let (err, mut alert) = acceptor.accept().unwrap_err();
    assert!(matches!(err, Error::InvalidMessage(_)), "{err:?}");
    let mut sent = Vec::new();
    alert.write_all(&mut sent).unwrap();
    // A plain record with a fatal decode_error: RFC 8446 sections 5.1 and 6.
    assert_eq!(sent, [21, 3, 3, 0, 2, 2, 50]);
}

/// The usual "trust on first use" verifier.
#[derive(Debug)]
struct Pinned {
    leaf: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.leaf {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn custom_server_verifier_under_danger() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let pinned = |leaf: &CertificateDer<'static>| {
        ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Pinned {
                leaf: leaf.clone(),
                provider: provider.clone(),
            }))
            .with_no_client_auth()
    };
    let (mut client, mut server) = world.pair(pinned(world.id.leaf()), world.server());
    handshake(&mut client, &mut server).unwrap();

    let (mut client, mut server) = world.pair(pinned(world.pki.root.cert()), world.server());
    let err = handshake(&mut client, &mut server).unwrap_err();
    assert_eq!(err, Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
    assert!(err.to_string().starts_with("invalid peer certificate: "), "{err}");
    let heard = transfer(&mut client, &mut server).unwrap_err();
    assert_eq!(heard, Error::AlertReceived(AlertDescription::AccessDenied));

    // And put into a config that exists already.
    let mut config = world.client();
    let leaf = world.id.leaf().clone();
    config.dangerous().set_certificate_verifier(Arc::new(Pinned { leaf, provider }));
    let (mut client, mut server) = world.pair(config, world.server());
    handshake(&mut client, &mut server).unwrap();
}

#[derive(Debug)]
struct AnyClient(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[derive(Debug)]
struct OneClientCert(Arc<CertifiedKey>);

impl ResolvesClientCert for OneClientCert {
    fn resolve(&self, _hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.key.choose_scheme(schemes).map(|_| self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn custom_client_verifier_and_resolver() {
    let world = World::new();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let stranger = world.pki.stranger.issue(&Spec::client(KeyType::Ed25519));
    let key: Arc<dyn SigningKey> = provider.key_provider.load_private_key(stranger.key.clone_key()).unwrap();
    let certified = Arc::new(CertifiedKey::new(stranger.chain.clone(), key));
    certified.keys_match().unwrap();
    let client = ClientConfig::builder_with_protocol_versions(&[&version::TLS13])
        .with_root_certificates(world.pki.root.store())
        .with_client_cert_resolver(Arc::new(OneClientCert(certified)));
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(AnyClient(provider)))
        .with_single_cert(world.chain(), world.key())
        .unwrap();
    let (mut client, mut server) = world.pair(client, server);
    handshake(&mut client, &mut server).unwrap();
    assert_eq!(server.peer_certificates().unwrap(), &stranger.chain[..]);
}

#[test]
fn built_in_verifiers_are_built() {
    let world = World::new();
    let roots = Arc::new(world.pki.root.store());
    let verifier: Arc<WebPkiServerVerifier> = WebPkiServerVerifier::builder(roots.clone()).build().unwrap();
    let client = ClientConfig::builder().with_webpki_verifier(verifier).with_no_client_auth();
    let client_verifier: Arc<dyn ClientCertVerifier> =
        WebPkiClientVerifier::builder(roots.clone()).allow_unauthenticated().build().unwrap();
    assert!(client_verifier.offer_client_auth() && !client_verifier.client_auth_mandatory());
    let bytes =
        |names: &[DistinguishedName]| names.iter().map(|name| name.as_ref().to_vec()).collect::<Vec<_>>();
    assert_eq!(bytes(client_verifier.root_hint_subjects()), bytes(&roots.subjects()));
    let server = ServerConfig::builder()
        .with_client_cert_verifier(client_verifier)
        .with_single_cert(world.chain(), world.key())
        .unwrap();
    let (mut client, mut server) = world.pair(client, server);
    handshake(&mut client, &mut server).unwrap();
    assert_eq!(server.peer_certificates(), None);

    let none = WebPkiServerVerifier::builder(Arc::new(RootCertStore::empty())).build();
    assert!(matches!(none, Err(chitin::client::VerifierBuilderError::NoRootAnchors)));
    let mut store = RootCertStore::empty();
    assert!(store.is_empty());
    assert_eq!(
        store.add_parsable_certificates([world.pki.root.cert().clone(), CertificateDer::from(vec![1, 2])]),
        (1, 1)
    );
    assert_eq!(store.len(), 1);
    assert!(store.add(CertificateDer::from(vec![0x30, 0x00])).is_err());
    store.extend(world.pki.stranger.store().roots);
    assert_eq!(store.len(), 2);
}

#[test]
fn certificates_are_chosen_by_name() {
    let world = World::new();
    let provider = aws_lc_rs::default_provider();
    let certified = |name: &str| {
        let id = world.pki.issuing.issue(&Spec::server(KeyType::P256).dns(&[name]));
        CertifiedKey::from_der(id.chain.clone(), id.key, &provider).unwrap()
    };
    let mut resolver = ResolvesServerCertUsingSni::new();
    resolver.add("a.test", certified("a.test")).unwrap();
    resolver.add("b.test", certified("b.test")).unwrap();
    assert!(resolver.add("c.test", certified("d.test")).is_err(), "the certificate is for another name");
    let config = ServerConfig::builder_with_protocol_versions(&[&version::TLS13])
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    let config = Arc::new(config);
    let client_config = Arc::new(world.client());
    for (name, found) in [("a.test", true), ("b.test", true), ("c.test", false)] {
        let mut client = ClientConnection::new(client_config.clone(), name.try_into().unwrap()).unwrap();
        let mut server = ServerConnection::new(config.clone()).unwrap();
        let outcome = handshake(&mut client, &mut server);
        assert_eq!(outcome.is_ok(), found, "{name}: {outcome:?}");
        if !found {
            // Which error this is differs: stock has only a general one for it.
            let heard = transfer(&mut server, &mut client).unwrap_err();
            assert_eq!(heard, Error::AlertReceived(AlertDescription::AccessDenied));
        }
    }
}

#[derive(Debug)]
struct ByAlpn(Arc<CertifiedKey>, Mutex<Vec<String>>);

impl ResolvesServerCert for ByAlpn {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.1.lock().unwrap().push(format!("{:?}", hello.server_name()));
        self.0.key.choose_scheme(hello.signature_schemes())?;
        Some(self.0.clone())
    }
}

#[test]
fn own_resolver_sees_the_hello() {
    let world = World::new();
    let provider = aws_lc_rs::default_provider();
    let certified = Arc::new(CertifiedKey::from_der(world.chain(), world.key(), &provider).unwrap());
    let resolver = Arc::new(ByAlpn(certified, Mutex::default()));
    let config = ServerConfig::builder_with_protocol_versions(&[&version::TLS13])
        .with_no_client_auth()
        .with_cert_resolver(resolver.clone());
    let (mut client, mut server) = world.pair(world.client(), config);
    handshake(&mut client, &mut server).unwrap();
    assert_eq!(*resolver.1.lock().unwrap(), ["Some(\"localhost\")"]);
}

#[test]
fn sessions_resume_from_a_store_of_our_own() {
    let world = World::new();
    for ticketer in [None, Some(aws_lc_rs::Ticketer::new().unwrap())] {
        let store: Arc<dyn ClientSessionStore> = Arc::new(ClientSessionMemoryCache::new(8));
        let mut client_config = world.client();
        client_config.resumption = Resumption::store(store);
        let mut server_config = world.server();
        match ticketer {
            Some(ticketer) => server_config.ticketer = ticketer,
            None => server_config.session_storage = ServerSessionMemoryCache::new(8),
        }
        let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            let mut client =
                ClientConnection::new(client_config.clone(), "localhost".try_into().unwrap()).unwrap();
            let mut server = ServerConnection::new(server_config.clone()).unwrap();
            handshake(&mut client, &mut server).unwrap();
            assert_eq!(client.handshake_kind(), Some(kind));
            assert_eq!(server.handshake_kind(), Some(kind));
            assert!(client.peer_certificates().is_some());
            assert!(client.tls13_tickets_received() > 0);
        }
    }
}

#[test]
fn resumption_can_be_turned_off() {
    let world = World::new();
    let mut client_config = world.client();
    client_config.resumption = Resumption::disabled();
    let mut other = world.server();
    other.session_storage = Arc::new(NoServerSessionStorage {});
    assert!(!other.session_storage.can_cache());
    let mut none_sent = world.server();
    none_sent.send_tls13_tickets = 0;
    for (client_config, server_config) in
        [(client_config, world.server()), (world.client(), other), (world.client(), none_sent)]
    {
        let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
        for _ in 0..2 {
            let mut client =
                ClientConnection::new(client_config.clone(), "localhost".try_into().unwrap()).unwrap();
            let mut server = ServerConnection::new(server_config.clone()).unwrap();
            handshake(&mut client, &mut server).unwrap();
            assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}

#[test]
fn server_store_is_a_plain_map() {
    let cache = ServerSessionMemoryCache::new(2);
    assert!(cache.put(vec![1], vec![10]) && cache.can_cache());
    assert_eq!(cache.get(&[1]), Some(vec![10]));
    assert_eq!(cache.take(&[1]), Some(vec![10]));
    assert_eq!(cache.take(&[1]), None);
}

#[test]
fn tickets_survive_one_rotation() {
    #[derive(Debug)]
    struct Reverse;
    impl ProducesTickets for Reverse {
        fn enabled(&self) -> bool {
            true
        }
        fn lifetime(&self) -> u32 {
            7
        }
        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            Some(plain.iter().rev().copied().collect())
        }
        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            self.encrypt(cipher)
        }
    }
    let rotator = TicketRotator::new(7, || Ok(Box::new(Reverse))).unwrap();
    assert!(rotator.enabled());
    // A ticket of the last key before this one is still taken, so tickets live twice as long as keys.
    assert_eq!(rotator.lifetime(), 14);
    let ticket = rotator.encrypt(b"abc").unwrap();
    assert_eq!(rotator.decrypt(&ticket).unwrap(), b"abc");

    let real: Arc<dyn ProducesTickets> = aws_lc_rs::Ticketer::new().unwrap();
    let ticket = real.encrypt(b"state").unwrap();
    assert_eq!(real.decrypt(&ticket).unwrap(), b"state");
    let mut bad = ticket.clone();
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(real.decrypt(&bad), None);
    assert_eq!(real.decrypt(b""), None);
    // RFC 8446 section 4.6.1: seven days at most.
    assert!((1..=604_800).contains(&real.lifetime()));
}

/// Label, client random, secret.
type Line = (String, Vec<u8>, Vec<u8>);

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<Line>>);

impl KeyLog for Lines {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0.lock().unwrap().push((label.into(), client_random.into(), secret.into()));
    }

    fn will_log(&self, _label: &str) -> bool {
        true
    }
}

#[test]
fn both_sides_log_the_same_keys() {
    let world = World::new();
    let (client_log, server_log) = (Arc::new(Lines::default()), Arc::new(Lines::default()));
    let (mut client_config, mut server_config) = (world.client(), world.server());
    client_config.key_log = client_log.clone();
    server_config.key_log = server_log.clone();
    let (mut client, mut server) = world.pair(client_config, server_config);
    handshake(&mut client, &mut server).unwrap();
    let sorted = |log: &Lines| {
        let mut lines = log.0.lock().unwrap().clone();
        lines.sort();
        lines
    };
    let (ours, theirs) = (sorted(&client_log), sorted(&server_log));
    assert_eq!(ours, theirs);
    let labels: Vec<_> = ours.iter().map(|(label, _, _)| label.as_str()).collect();
    // The names of the SSLKEYLOGFILE format.
    assert_eq!(
        labels,
        [
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            "CLIENT_TRAFFIC_SECRET_0",
            "EXPORTER_SECRET",
            "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            "SERVER_TRAFFIC_SECRET_0",
        ]
    );
    assert!(ours.iter().all(|(_, random, secret)| random.len() == 32 && secret.len() == ours[0].2.len()));
}

#[test]
fn alpn_and_facts_are_there_after_the_handshake() {
    let world = World::new();
    let (mut client_config, mut server_config) = (world.client(), world.server());
    client_config.alpn_protocols = vec![b"one".to_vec(), b"two".to_vec()];
    server_config.alpn_protocols = vec![b"two".to_vec()];
    server_config.send_tls13_tickets = 1;
    let (mut client, mut server) = world.pair(client_config, server_config);
    // Before anything: a client talks first, a server listens first.
    assert!(client.wants_write() && client.is_handshaking());
    assert!(server.wants_read() && !server.wants_write());
    assert_eq!(client.alpn_protocol(), None);
    assert_eq!(client.protocol_version(), None);
    assert!(client.negotiated_cipher_suite().is_none());
    assert_eq!(client.handshake_kind(), None);
    assert_eq!(client.export_keying_material([0; 4], b"x", None), Err(Error::HandshakeNotComplete));
    handshake(&mut client, &mut server).unwrap();

    fn facts(
        common: &CommonState,
    ) -> (Option<ProtocolVersion>, Option<CipherSuite>, Option<NamedGroup>, Vec<u8>) {
        (
            common.protocol_version(),
            common.negotiated_cipher_suite().map(|suite: SupportedCipherSuite| suite.suite()),
            common.negotiated_key_exchange_group().map(|group| group.name()),
            common.alpn_protocol().unwrap().to_vec(),
        )
    }
    assert_eq!(facts(client.deref()), facts(server.deref()));
    assert_eq!(client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(client.alpn_protocol(), Some(&b"two"[..]));
    assert_eq!(client.peer_certificates().unwrap(), &world.id.chain[..]);
    assert_eq!(server.server_name(), Some("localhost"));
    assert_eq!(client.tls13_tickets_received(), 1);
    let SupportedCipherSuite::Tls13(suite) = client.negotiated_cipher_suite().unwrap() else { panic!() };
    assert_eq!(suite.common.suite, client.negotiated_cipher_suite().unwrap().suite());

    let export = |context| client.export_keying_material([0u8; 32], b"EXPORTER-test", context).unwrap();
    assert_eq!(export(None), server.export_keying_material([0u8; 32], b"EXPORTER-test", None).unwrap());
    // RFC 8446 section 7.5: no context is an empty context.
    assert_eq!(export(None), export(Some(&[])));
    assert_ne!(export(None), export(Some(b"other")));
}

#[test]
fn alpn_can_be_given_for_one_connection() {
    let world = World::new();
    let mut server_config = world.server();
    server_config.alpn_protocols = vec![b"special".to_vec()];
    let mut client = ClientConnection::new_with_alpn(
        Arc::new(world.client()),
        "localhost".try_into().unwrap(),
        vec![b"special".to_vec()],
    )
    .unwrap();
    let mut server = ServerConnection::new(Arc::new(server_config)).unwrap();
    handshake(&mut client, &mut server).unwrap();
    assert_eq!(client.alpn_protocol(), Some(&b"special"[..]));
}

#[test]
fn keys_are_refreshed_on_demand() {
    let world = World::new();
    let (mut client, mut server) = world.pair(world.client(), world.server());
    assert_eq!(client.refresh_traffic_keys(), Err(Error::HandshakeNotComplete));
    handshake(&mut client, &mut server).unwrap();
    for _ in 0..3 {
        client.refresh_traffic_keys().unwrap();
        client.writer().write_all(b"fresh").unwrap();
        transfer(&mut client, &mut server).unwrap();
        let mut got = [0; 5];
        server.reader().read_exact(&mut got).unwrap();
        assert_eq!(&got, b"fresh");
        transfer(&mut server, &mut client).unwrap();
    }
}

#[test]
fn errors_stick_and_match() {
    let world = World::new();
    let (mut client_config, server_config) = (world.client(), world.server());
    client_config.alpn_protocols = vec![b"nobody speaks this".to_vec()];
    let mut speaks = server_config.clone();
    speaks.alpn_protocols = vec![b"h2".to_vec()];
    let (mut client, mut server) = world.pair(client_config, speaks);
    let err = handshake(&mut client, &mut server).unwrap_err();
    match &err {
        Error::NoApplicationProtocol => {}
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            panic!("wrong family")
        }
        Error::PeerMisbehaved(why) => panic!("{why:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(server.process_new_packets().unwrap_err(), err);
    assert_eq!(
        transfer(&mut server, &mut client).unwrap_err(),
        Error::AlertReceived(AlertDescription::NoApplicationProtocol)
    );

    // Suites without overlap.
    let only = |suite| {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites = vec![suite];
        Arc::new(provider)
    };
    let client_config =
        ClientConfig::builder_with_provider(only(aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256))
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_root_certificates(world.pki.root.store())
            .with_no_client_auth();
    let server_config =
        ServerConfig::builder_with_provider(only(aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384))
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(world.chain(), world.key())
            .unwrap();
    let (mut client, mut server) = world.pair(client_config, server_config);
    assert_eq!(
        handshake(&mut client, &mut server).unwrap_err(),
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon)
    );

    // A key that does not fit the certificate.
    let other = world.pki.server(KeyType::P256);
    let outcome = ServerConfig::builder().with_no_client_auth().with_single_cert(world.chain(), other.key);
    assert!(
        matches!(outcome, Err(Error::InconsistentKeys(chitin::InconsistentKeys::KeyMismatch))),
        "{outcome:?}"
    );

    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(Error::General("why".into()));
    assert_eq!(boxed.to_string(), "unexpected error: why");
}

#[test]
fn names_become_server_names() {
    let world = World::new();
    let config = Arc::new(world.client());
    let dns: ServerName<'static> = ServerName::try_from("localhost").unwrap();
    let ip = ServerName::try_from("127.0.0.1").unwrap();
    for name in [dns, ip] {
        let mut client = ClientConnection::new(config.clone(), name).unwrap();
        let mut server = ServerConnection::new(Arc::new(world.server())).unwrap();
        handshake(&mut client, &mut server).unwrap();
    }
    assert!(ServerName::try_from("no good").is_err());
}

#[test]
fn types_are_what_async_crates_need() {
    fn good<T: Send + Sync + Debug + 'static>() {}
    good::<ClientConfig>();
    good::<ServerConfig>();
    good::<ClientConnection>();
    good::<ServerConnection>();
    good::<Connection>();
    good::<Error>();
    good::<RootCertStore>();
    fn sent<T: Send + Sync>() {}
    sent::<Acceptor>();
    sent::<chitin::client::WriteEarlyData<'_>>();
    sent::<chitin::server::ReadEarlyData<'_>>();
    good::<chitin::client::EarlyDataError>();
    fn cloned<T: Clone>() {}
    cloned::<ClientConfig>();
    cloned::<ServerConfig>();
    cloned::<Resumption>();
    cloned::<RootCertStore>();
    cloned::<CryptoProvider>();
}
