//! A connection whose keys are taken out, and that a kernel, played by this test, goes on with.

use std::sync::{Arc, LazyLock};

use chitin::client::UnbufferedClientConnection;
use chitin::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundPlainMessage,
};
use chitin::kernel::KernelConnection;
use chitin::server::UnbufferedServerConnection;
use chitin::version::{TLS12, TLS13};
use chitin::{
    CipherSuite, ClientConfig, ConnectionTrafficSecrets, ContentType, Error, ExtractedSecrets, HandshakeKind,
    InvalidMessage, ProtocolVersion, ServerConfig, SupportedProtocolVersion, Tls13CipherSuite,
};
use testkit::configs::{self, ClientOpts, ServerOpts, client_config, server_config};
use testkit::pki::{Identity, KeyType, Pki, Spec};
use testkit::unbuffered::{Duo, End, Step};

static WORLD: LazyLock<(Pki, Identity)> = LazyLock::new(|| {
    let pki = Pki::new();
    let server = pki.issuing.issue(&Spec::server(KeyType::P256).dns(&["localhost"]));
    (pki, server)
});

/// Its key has the 32 bytes that an [`AeadKey`] can be made of outside.
const SUITE: CipherSuite = CipherSuite::TLS13_AES_256_GCM_SHA384;

fn client_of(version: &'static SupportedProtocolVersion) -> ClientConfig {
    let opts = ClientOpts { versions: vec![version], ..ClientOpts::default() };
    let mut config = client_config(WORLD.0.root.store(), &opts);
    config.enable_secret_extraction = true;
    config
}

fn server_of(version: &'static SupportedProtocolVersion) -> ServerConfig {
    let suites = if *version == TLS13 { vec![SUITE] } else { vec![] };
    let opts = ServerOpts { versions: vec![version], suites, ..ServerOpts::default() };
    let mut config = server_config(&WORLD.1, &opts);
    config.enable_secret_extraction = true;
    config
}

fn duo(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Duo {
    let name = "localhost".try_into().unwrap();
    let mut duo = Duo::new(
        UnbufferedClientConnection::new(client.clone(), name).unwrap(),
        UnbufferedServerConnection::new(server.clone()).unwrap(),
    );
    assert_eq!(duo.settle(), Ok((Step::Write, Step::Write)));
    duo
}

fn suite() -> &'static Tls13CipherSuite {
    let provider = configs::provider(&[SUITE], &[]);
    provider.cipher_suites[0].tls13().unwrap()
}

/// What a kernel is given for one direction.
struct Offloaded {
    key: [u8; 32],
    iv: [u8; 12],
    seq: u64,
}

impl Offloaded {
    fn new((seq, secrets): (u64, ConnectionTrafficSecrets)) -> Self {
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else { panic!("another suite") };
        Self { key: key.as_ref().try_into().unwrap(), iv: iv.as_ref().try_into().unwrap(), seq }
    }

    fn sealer(&self) -> Box<dyn MessageEncrypter> {
        suite().aead_alg.encrypter(AeadKey::from(self.key), Iv::copy(&self.iv))
    }

    fn opener(&self) -> Box<dyn MessageDecrypter> {
        suite().aead_alg.decrypter(AeadKey::from(self.key), Iv::copy(&self.iv))
    }

    fn seal(&mut self, typ: ContentType, body: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: body.into() };
        let record = self.sealer().encrypt(message, self.seq).unwrap().encode();
        self.seq += 1;
        record
    }

    /// The records in `wire`, opened.
    fn open(&mut self, wire: &[u8]) -> Vec<(ContentType, Vec<u8>)> {
        let mut out = Vec::new();
        for mut record in testkit::pair::Record::split(wire) {
            let typ = ContentType::from(record.typ);
            let sealed = InboundOpaqueMessage::new(typ, ProtocolVersion::TLSv1_2, &mut record.body);
            let opened = self.opener().decrypt(sealed, self.seq).unwrap();
            out.push((opened.typ, opened.payload.to_vec()));
            self.seq += 1;
        }
        out
    }
}

/// Message type and request, RFC 8446 section 4.6.3.
const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// Data in both directions between a kernel and a connection of ours, with key updates of both.
fn goes_on<Data, C: testkit::unbuffered::Unbuffered>(
    secrets: ExtractedSecrets,
    mut kernel: KernelConnection<Data>,
    mut other: End<C>,
    refresh: impl Fn(&mut C),
) {
    assert_eq!(kernel.negotiated_cipher_suite().suite(), SUITE);
    assert_eq!(kernel.protocol_version(), ProtocolVersion::TLSv1_3);
    let (mut tx, mut rx) = (Offloaded::new(secrets.tx), Offloaded::new(secrets.rx));
    for round in 0..3u8 {
        other.talk.incoming = tx.seal(ContentType::ApplicationData, &[round; 100]);
        other.talk.to_say = vec![round; 50];
        assert_eq!(other.run(), Ok(Step::Write));
        assert_eq!(std::mem::take(&mut other.talk.heard), [round; 100]);
        let wire = std::mem::take(&mut other.talk.outgoing);
        assert_eq!(rx.open(&wire), [(ContentType::ApplicationData, vec![round; 50])]);

        other.talk.incoming = tx.seal(ContentType::Handshake, &KEY_UPDATE);
        tx = Offloaded::new(kernel.update_tx_secret().unwrap());
        assert_eq!(tx.seq, 0);
        refresh(&mut other.conn);
        assert_eq!(other.run(), Ok(Step::Write));
        let wire = std::mem::take(&mut other.talk.outgoing);
        let opened = rx.open(&wire);
        assert_eq!(opened, [(ContentType::Handshake, vec![24, 0, 0, 1, 1])]);
        rx = Offloaded::new(kernel.update_rx_secret().unwrap());
    }
}

macro_rules! refresh {
    ($conn:ty) => {
        |conn: &mut $conn| match conn.process_tls_records(&mut []).state.unwrap() {
            chitin::unbuffered::ConnectionState::WriteTraffic(write) => write.refresh_traffic_keys().unwrap(),
            state => panic!("{state:?}"),
        }
    };
}

#[test]
fn a_kernel_goes_on_with_the_clients_end() {
    let duo = duo(&client_of(&TLS13).into(), &server_of(&TLS13).into());
    let (secrets, kernel) = duo.client.conn.dangerous_into_kernel_connection().unwrap();
    goes_on(secrets, kernel, duo.server, refresh!(UnbufferedServerConnection));
}

#[test]
fn a_kernel_goes_on_with_the_servers_end() {
    let duo = duo(&client_of(&TLS13).into(), &server_of(&TLS13).into());
    let (secrets, kernel) = duo.server.conn.dangerous_into_kernel_connection().unwrap();
    goes_on(secrets, kernel, duo.client, refresh!(UnbufferedClientConnection));
}

#[test]
fn tickets_that_a_kernel_receives_are_kept() {
    let (client, server) = (Arc::new(client_of(&TLS13)), Arc::new(server_of(&TLS13)));
    let name = "localhost".try_into().unwrap();
    let mut duo = Duo::new(
        UnbufferedClientConnection::new(client.clone(), name).unwrap(),
        UnbufferedServerConnection::new(server.clone()).unwrap(),
    );
    // Up to the client's Finished, and not to the tickets that answer it.
    duo.client.run().unwrap();
    duo.server.talk.incoming = std::mem::take(&mut duo.client.talk.outgoing);
    duo.server.run().unwrap();
    duo.client.talk.incoming = std::mem::take(&mut duo.server.talk.outgoing);
    assert_eq!(duo.client.run(), Ok(Step::Write));
    duo.server.talk.incoming = std::mem::take(&mut duo.client.talk.outgoing);
    duo.server.run().unwrap();
    let tickets = std::mem::take(&mut duo.server.talk.outgoing);

    let (secrets, mut kernel) = duo.client.conn.dangerous_into_kernel_connection().unwrap();
    let mut rx = Offloaded::new(secrets.rx);
    let mut kept = 0;
    for (typ, mut message) in rx.open(&tickets) {
        assert_eq!(typ, ContentType::Handshake);
        while !message.is_empty() {
            let [4, 0, high, low, ..] = message[..] else { panic!("no ticket") };
            let rest = message.split_off(4 + usize::from(u16::from_be_bytes([high, low])));
            let malformed = kernel.handle_new_session_ticket(&message[4..message.len() - 1]);
            assert!(matches!(malformed, Err(Error::InvalidMessage(InvalidMessage::MissingData(_)))));
            kernel.handle_new_session_ticket(&message[4..]).unwrap();
            message = rest;
            kept += 1;
        }
    }
    assert_eq!(kept, server.send_tls13_tickets);
    for _ in 0..kept {
        let next = self::duo(&client, &server);
        assert_eq!(next.client.conn.handshake_kind(), Some(HandshakeKind::Resumed));
    }
}

#[test]
fn keys_are_not_given_out_without_leave_or_too_early() {
    for version in [&TLS13, &TLS12] {
        let mut closed = client_of(version);
        closed.enable_secret_extraction = false;
        let shut = duo(&closed.into(), &server_of(version).into());
        let refused = shut.client.conn.dangerous_into_kernel_connection();
        assert!(matches!(refused, Err(Error::General(_))));

        // Its hello still waits to be sent, but that is not the reason.
        let name = "localhost".try_into().unwrap();
        let new = UnbufferedClientConnection::new(client_of(version).into(), name).unwrap();
        assert!(
            matches!(new.dangerous_into_kernel_connection(), Err(Error::HandshakeNotComplete)),
            "{version:?}"
        );

        let name = "localhost".try_into().unwrap();
        let mut early = End::new(UnbufferedClientConnection::new(client_of(version).into(), name).unwrap());
        early.run().unwrap();
        let refused = early.conn.dangerous_into_kernel_connection();
        assert!(matches!(refused, Err(Error::HandshakeNotComplete)), "{version:?}");
    }
}

#[test]
#[allow(deprecated)]
fn nothing_may_wait_to_be_sent() {
    let mut duo = duo(&client_of(&TLS13).into(), &server_of(&TLS13).into());
    refresh!(UnbufferedClientConnection)(&mut duo.client.conn);
    assert!(matches!(duo.client.conn.dangerous_extract_secrets(), Err(Error::General(_))));
    assert!(duo.server.conn.dangerous_extract_secrets().is_ok());
}

#[test]
fn tls12_has_neither_key_updates_nor_late_tickets() {
    let duo = duo(&client_of(&TLS12).into(), &server_of(&TLS12).into());
    let (secrets, mut client) = duo.client.conn.dangerous_into_kernel_connection().unwrap();
    let (theirs, mut server) = duo.server.conn.dangerous_into_kernel_connection().unwrap();
    assert_eq!(client.protocol_version(), ProtocolVersion::TLSv1_2);
    assert_eq!((secrets.tx.0, secrets.rx.0), (theirs.rx.0, theirs.tx.0));
    assert!(matches!(client.update_tx_secret(), Err(Error::General(_))));
    assert!(matches!(server.update_rx_secret(), Err(Error::General(_))));
    assert!(matches!(client.handle_new_session_ticket(&[]), Err(Error::General(_))));
}
