//! Items that are small enough to be tested by themselves.

use std::sync::Arc;

use chitin::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use chitin::client::{ClientConnection, ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use chitin::compress::{CompressionCache, CompressionLevel};
use chitin::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature_with_raw_key};
use chitin::ffdhe_groups::{FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192, FfdheGroup};
use chitin::lock::Mutex;
use chitin::pki_types::{CertificateDer, ServerName, UnixTime};
use chitin::server::{Acceptor, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use chitin::sign::{CertifiedKey, SingleCertAndKey, public_key_to_spki};
use chitin::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, NamedGroup, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme, StreamOwned,
};
use testkit::pki::{KeyType, Pki};

#[test]
#[allow(deprecated)]
fn the_finite_fields_of_rfc_7919() {
    let groups = [
        (FFDHE2048, NamedGroup::FFDHE2048, 2048),
        (FFDHE3072, NamedGroup::FFDHE3072, 3072),
        (FFDHE4096, NamedGroup::FFDHE4096, 4096),
        (FFDHE6144, NamedGroup::FFDHE6144, 6144),
        (FFDHE8192, NamedGroup::FFDHE8192, 8192),
    ];
    for (group, name, bits) in groups {
        assert_eq!((group.p.len() * 8, group.g), (bits, &[2][..]), "{name:?}");
        // Appendix A: all begin and end in 64 ones.
        assert!(group.p.starts_with(&[0xff; 8]) && group.p.ends_with(&[0xff; 8]), "{name:?}");
        assert_eq!(FfdheGroup::from_named_group(name), Some(group));
        assert_eq!(group.named_group(), Some(name));
    }
    assert_eq!(FfdheGroup::from_named_group(NamedGroup::X25519), None);
    let padded = [&[0, 0], FFDHE2048.p].concat();
    let trimmed = FfdheGroup::from_params_trimming_leading_zeros(&padded, &[0, 2]);
    assert_eq!(trimmed.named_group(), Some(NamedGroup::FFDHE2048));
    assert_eq!(FfdheGroup::from_params_trimming_leading_zeros(&[7], &[2]).named_group(), None);
}

#[test]
fn a_name_in_its_sequence() {
    // X.690 section 8.9: SEQUENCE, with lengths of one byte, and of two behind 0x81.
    assert_eq!(DistinguishedName::in_sequence(&[1, 2]).as_ref(), [0x30, 2, 1, 2]);
    assert_eq!(DistinguishedName::in_sequence(&[7; 200]).as_ref()[..3], [0x30, 0x81, 200]);
}

#[test]
fn a_mutex_that_nobody_poisons() {
    let value = Mutex::new(1);
    *value.lock().unwrap() += 1;
    assert_eq!(*value.lock().unwrap(), 2);
}

#[test]
fn caches_of_compressed_certificates() {
    assert!(matches!(CompressionCache::new(2), CompressionCache::Enabled(_)));
    assert!(matches!(CompressionCache::default(), CompressionCache::Enabled(_)));
    let mut config =
        ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    config.cert_compression_cache = Arc::new(CompressionCache::Disabled);
    assert!(matches!(*config.cert_compression_cache, CompressionCache::Disabled));
    assert_ne!(CompressionLevel::Amortized, CompressionLevel::Interactive);
}

#[cfg(any(feature = "brotli", feature = "zlib"))]
#[test]
fn compression_goes_there_and_back() {
    use chitin::CertificateCompressionAlgorithm as Algorithm;
    use chitin::compress::{CertCompressor, CertDecompressor};
    let mut pairs: Vec<(&dyn CertCompressor, &dyn CertDecompressor, Algorithm)> = Vec::new();
    #[cfg(feature = "brotli")]
    pairs.push((
        chitin::compress::BROTLI_COMPRESSOR,
        chitin::compress::BROTLI_DECOMPRESSOR,
        Algorithm::Brotli,
    ));
    #[cfg(feature = "zlib")]
    pairs.push((chitin::compress::ZLIB_COMPRESSOR, chitin::compress::ZLIB_DECOMPRESSOR, Algorithm::Zlib));
    for (compressor, decompressor, algorithm) in pairs {
        assert_eq!((compressor.algorithm(), decompressor.algorithm()), (algorithm, algorithm));
        for level in [CompressionLevel::Interactive, CompressionLevel::Amortized] {
            let packed = compressor.compress(vec![7; 1000], level).unwrap();
            assert!(packed.len() < 100, "{algorithm:?}");
            let mut unpacked = vec![0; 1000];
            decompressor.decompress(&packed, &mut unpacked).unwrap();
            assert_eq!(unpacked, vec![7; 1000]);
            // RFC 8879 section 4: the length has to be what was said.
            assert!(decompressor.decompress(&packed, &mut [0; 999]).is_err());
            assert!(decompressor.decompress(&packed, &mut [0; 1001]).is_err());
        }
    }
}

#[test]
fn certificates_that_are_looked_at_by_hand() {
    let pki = Pki::new();
    let id = pki.server(KeyType::P256);
    let provider = aws_lc_rs::default_provider();
    let key = CertifiedKey::from_der(id.chain.clone(), id.key.clone_key(), &provider).unwrap();
    assert_eq!(key.end_entity_cert().unwrap(), &id.chain[0]);
    assert_eq!(
        CertifiedKey::new(vec![], key.key.clone()).end_entity_cert(),
        Err(Error::NoCertificatesPresented)
    );

    let parsed = ParsedCertificate::try_from(&id.chain[0]).unwrap();
    assert_eq!(parsed.subject_public_key_info(), key.key.public_key().unwrap());
    assert_eq!(verify_server_name(&parsed, &ServerName::try_from("localhost").unwrap()), Ok(()));
    assert!(verify_server_name(&parsed, &ServerName::try_from("example.org").unwrap()).is_err());

    // Neither end has bare keys, unless it was told so.
    let single = SingleCertAndKey::from(key);
    assert!(!ResolvesClientCert::only_raw_public_keys(&single));
    assert!(!ResolvesServerCert::only_raw_public_keys(&single));
    let verifier = WebPkiServerVerifier::builder(Arc::new(pki.root.store())).build().unwrap();
    assert!(!verifier.requires_raw_public_keys());
    let dangerous = ClientConfig::builder().dangerous();
    assert!(dangerous.cfg.with_webpki_verifier(verifier).with_no_client_auth().enable_sni);

    // RFC 5280 section 4.1: an algorithm and the bits of the key.
    let spki = public_key_to_spki(&chitin::pki_types::alg_id::ED25519, [9; 32]);
    assert_eq!(spki.as_ref()[..12], [0x30, 42, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0]);
    assert_eq!(spki.as_ref()[12..], [9; 32]);
}

/// Looks at the signature of CertificateVerify with the key alone, as verifiers of raw public keys do.
#[derive(Debug)]
struct BareKey(Arc<CryptoProvider>);

impl ServerCertVerifier for BareKey {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 alone".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = ParsedCertificate::try_from(cert)?.subject_public_key_info();
        let algorithms = &self.0.signature_verification_algorithms;
        let verify = |message: &[u8]| verify_tls13_signature_with_raw_key(message, &spki, dss, algorithms);
        assert_eq!(dss.scheme, SignatureScheme::ECDSA_NISTP256_SHA256);
        // An ECDSA-Sig-Value: a SEQUENCE. RFC 8446 section 4.2.3.
        assert_eq!(dss.signature()[0], 0x30);
        assert!(verify(&message[1..]).is_err());
        verify(message)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn a_signature_under_a_bare_key() {
    let id = Pki::new().server(KeyType::P256);
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(id.chain.clone(), id.key.clone_key())
        .unwrap();
    let verifier = Arc::new(BareKey(Arc::new(aws_lc_rs::default_provider())));
    let client =
        ClientConfig::builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    let mut client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    server.read_tls(&mut &bytes[..]).unwrap();
    server.process_new_packets().unwrap();
    bytes.clear();
    while server.wants_write() {
        server.write_tls(&mut bytes).unwrap();
    }
    client.read_tls(&mut &bytes[..]).unwrap();
    client.process_new_packets().unwrap();
    assert!(!client.is_handshaking());
}

#[test]
fn hints_and_streams_and_alerts() {
    let pki = Pki::new();
    let more = DistinguishedName::in_sequence(&[]);
    let verifier = WebPkiClientVerifier::builder(Arc::new(pki.root.store()))
        .add_root_hint_subjects([more.clone()])
        .build()
        .unwrap();
    assert_eq!(verifier.root_hint_subjects().last().map(AsRef::as_ref), Some(more.as_ref()));
    assert_eq!(verifier.root_hint_subjects().len(), 2);
    assert!(!verifier.requires_raw_public_keys());

    let id = pki.server(KeyType::P256);
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(id.chain.clone(), id.key.clone_key())
        .unwrap();
    let client = ClientConfig::builder().with_root_certificates(pki.root.store()).with_no_client_auth();
    assert!(!server.fips() && !client.fips());
    let conn = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    assert!(!conn.fips() && !ServerConnection::new(Arc::new(server)).unwrap().fips());
    let mut stream = StreamOwned::new(conn, std::io::Cursor::new(vec![1]));
    stream.get_mut().set_position(1);
    assert_eq!(stream.get_ref().position(), 1);

    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut &b"\x16\x03\x01\x00\x04\x0e\0\0\0"[..]).unwrap();
    let (_, mut alert) = acceptor.accept().err().unwrap();
    let mut said = Vec::new();
    // RFC 8446 section 6: a fatal unexpected_message.
    assert_eq!(alert.write(&mut said).unwrap(), 7);
    assert_eq!(said, [21, 3, 3, 0, 2, 2, 10]);
    assert_eq!(alert.write(&mut said).unwrap(), 0);
}

#[test]
fn a_process_has_one_provider() {
    let installed = aws_lc_rs::default_provider().install_default();
    assert!(installed.is_ok() || CryptoProvider::get_default().is_some());
    assert!(aws_lc_rs::default_provider().install_default().is_err(), "once");
    assert_eq!(
        CryptoProvider::get_default().unwrap().cipher_suites.len(),
        aws_lc_rs::DEFAULT_CIPHER_SUITES.len()
    );
}
