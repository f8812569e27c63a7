//! Certificates made on the spot: roots, intermediates and leaves, good ones and ones with a named fault.
//!
//! It owns the making and the writing of PEM files. It never verifies anything: that is what is under test.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use chitin::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use chitin::{RootCertStore, SignatureScheme};
pub use rcgen::KeyUsagePurpose;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, NameConstraints, PublicKeyData, RsaKeySize, SanType, SerialNumber,
    SignatureAlgorithm, SigningKey, date_time_ymd,
};

use crate::provided;
use crate::tempdir::TempDir;

/// The kind of key in a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyType {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa2048,
    Rsa3072,
    Rsa4096,
    /// Too short for anybody; made by `openssl`, since honest libraries refuse to make it.
    Rsa1024,
    /// Too short for us, and accepted by others.
    Rsa1536,
}

impl KeyType {
    /// Every kind that an honest peer may show us.
    pub const GOOD: [Self; 7] =
        [Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// Those of them that the provider has which the tests run under.
    pub fn provided() -> impl Iterator<Item = Self> {
        let schemes = provided::default_provider().signature_verification_algorithms.supported_schemes();
        Self::GOOD.into_iter().filter(move |kind| schemes.contains(&kind.scheme()))
    }

    /// One that such a key signs with.
    fn scheme(self) -> SignatureScheme {
        match self {
            Self::P256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            Self::P384 => SignatureScheme::ECDSA_NISTP384_SHA384,
            Self::P521 => SignatureScheme::ECDSA_NISTP521_SHA512,
            Self::Ed25519 => SignatureScheme::ED25519,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::Rsa1024 | Self::Rsa1536 => {
                SignatureScheme::RSA_PSS_SHA256
            }
        }
    }

    fn algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            Self::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Self::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Self::P521 => &rcgen::PKCS_ECDSA_P521_SHA512,
            Self::Ed25519 => &rcgen::PKCS_ED25519,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::Rsa1024 | Self::Rsa1536 => {
                &rcgen::PKCS_RSA_SHA256
            }
        }
    }
}

/// A key that certificates can name: its private half as PKCS#8, and its public half as a certificate carries it.
pub struct Key {
    kind: KeyType,
    private: Vec<u8>,
    public: Vec<u8>,
}

impl Key {
    /// Makes a key, except that RSA keys are made once per process and size, since that is slow.
    ///
    /// # Panics
    ///
    /// When the provider or (for the short RSA keys) `openssl` does not make one.
    pub fn generate(kind: KeyType) -> Self {
        let private = match kind {
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 | KeyType::Rsa1024 | KeyType::Rsa1536 => {
                rsa_pkcs8(kind)
            }
            KeyType::Ed25519 => {
                short_ed25519(KeyPair::generate_for(kind.algorithm()).unwrap().serialized_der())
            }
            _ => KeyPair::generate_for(kind.algorithm()).unwrap().serialize_der(),
        };
        let public = match kind {
            KeyType::Rsa1024 | KeyType::Rsa1536 => {
                run_openssl(&["rsa", "-inform", "DER", "-RSAPublicKey_out", "-outform", "DER"], &private)
            }
            _ => pair(kind, &private).public_key_raw().to_vec(),
        };
        Self { kind, private, public }
    }

    fn pair(&self) -> KeyPair {
        pair(self.kind, &self.private)
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.kind.algorithm()
    }
}

fn pair(kind: KeyType, private: &[u8]) -> KeyPair {
    KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(private), kind.algorithm()).unwrap()
}

/// Brings an Ed25519 key into the short PKCS#8 form of RFC 8410 section 7.
///
/// The generator gives the long form with the public key in it (RFC 5958), which OpenSSL 3.0 does not read.
fn short_ed25519(long: &[u8]) -> Vec<u8> {
    const HEAD: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    // The two forms differ in the outer length and in the version before the seed, and by what follows it.
    assert_eq!(long[5..16], HEAD[5..16], "an Ed25519 key in a form we do not know");
    [&HEAD[..], &long[16..48]].concat()
}

fn rsa_pkcs8(kind: KeyType) -> Vec<u8> {
    static MADE: OnceLock<Mutex<HashMap<KeyType, Vec<u8>>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Mutex::default).lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    made.entry(kind)
        .or_insert_with(|| {
            let size = match kind {
                KeyType::Rsa2048 => RsaKeySize::_2048,
                KeyType::Rsa3072 => RsaKeySize::_3072,
                KeyType::Rsa4096 => RsaKeySize::_4096,
                KeyType::Rsa1024 => return openssl_rsa(1024),
                KeyType::Rsa1536 => return openssl_rsa(1536),
                _ => unreachable!("not an RSA key"),
            };
            KeyPair::generate_rsa_for(kind.algorithm(), size).unwrap().serialize_der()
        })
        .clone()
}

fn openssl_rsa(bits: u32) -> Vec<u8> {
    let bits = format!("rsa_keygen_bits:{bits}");
    run_openssl(&["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", &bits, "-outform", "DER"], &[])
}

fn run_openssl(args: &[&str], input: &[u8]) -> Vec<u8> {
    // OpenSSL 3.0 has no `-quiet` for genpkey; its dots go to standard error, which we drop anyway.
    let args: Vec<_> = args.iter().filter(|arg| **arg != "-quiet").collect();
    let mut child = Command::new("openssl")
        .args(&args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|err| panic!("{}", crate::peer::missing("openssl", &err)));
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?} failed");
    output.stdout
}

/// When a certificate is valid, seen from any day between 2021 and 2044.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Validity {
    Now,
    Expired,
    NotYet,
}

/// What a certificate is to say; the default is an honest one for `localhost`.
#[derive(Clone, Debug)]
pub struct Spec {
    pub key: KeyType,
    pub common_name: String,
    pub dns: Vec<String>,
    pub ips: Vec<IpAddr>,
    pub validity: Validity,
    /// `Some(path length)` sets the CA flag.
    pub ca: Option<Option<u8>>,
    pub key_usages: Vec<KeyUsagePurpose>,
    pub extended_key_usages: Vec<ExtendedKeyUsagePurpose>,
    pub name_constraints: Option<NameConstraints>,
    /// Further extensions, as they are.
    pub extensions: Vec<CustomExtension>,
}

impl Spec {
    /// An honest server certificate for `localhost` and both loopback addresses.
    pub fn server(key: KeyType) -> Self {
        Self {
            key,
            common_name: "chitin test server".into(),
            dns: vec!["localhost".into()],
            ips: vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])],
            validity: Validity::Now,
            ca: None,
            key_usages: vec![KeyUsagePurpose::DigitalSignature],
            extended_key_usages: vec![ExtendedKeyUsagePurpose::ServerAuth],
            name_constraints: None,
            extensions: Vec::new(),
        }
    }

    /// An honest client certificate.
    pub fn client(key: KeyType) -> Self {
        Self {
            common_name: "chitin test client".into(),
            dns: vec!["client.test".into()],
            ips: Vec::new(),
            extended_key_usages: vec![ExtendedKeyUsagePurpose::ClientAuth],
            ..Self::server(key)
        }
    }

    /// An honest authority.
    pub fn authority(key: KeyType, common_name: &str) -> Self {
        Self {
            common_name: common_name.into(),
            dns: Vec::new(),
            ips: Vec::new(),
            ca: Some(None),
            key_usages: vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            extended_key_usages: Vec::new(),
            ..Self::server(key)
        }
    }

    /// The same for other names.
    pub fn dns(mut self, names: &[&str]) -> Self {
        self.dns = names.iter().map(|name| (*name).into()).collect();
        self.ips.clear();
        self
    }

    /// The same with another validity.
    pub fn validity(mut self, validity: Validity) -> Self {
        self.validity = validity;
        self
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name.clone());
        for name in &self.dns {
            params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into().unwrap()));
        }
        params.subject_alt_names.extend(self.ips.iter().copied().map(SanType::IpAddress));
        (params.not_before, params.not_after) = match self.validity {
            Validity::Now => (date_time_ymd(2020, 1, 1), date_time_ymd(2045, 1, 1)),
            Validity::Expired => (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1)),
            Validity::NotYet => (date_time_ymd(2045, 1, 1), date_time_ymd(2048, 1, 1)),
        };
        params.is_ca = match self.ca {
            None => IsCa::ExplicitNoCa,
            Some(None) => IsCa::Ca(BasicConstraints::Unconstrained),
            Some(Some(length)) => IsCa::Ca(BasicConstraints::Constrained(length)),
        };
        params.key_usages = self.key_usages.clone();
        params.extended_key_usages = self.extended_key_usages.clone();
        params.name_constraints = self.name_constraints.clone();
        params.custom_extensions = self.extensions.clone();
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(next_serial());
        params
    }
}

/// An issuer uses no serial number twice (RFC 5280 section 4.1.2.2). The generator would take it from the key, and our RSA keys
/// are in several certificates.
fn next_serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    SerialNumber::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A certificate chain with the key of its first certificate.
#[derive(Debug)]
pub struct Identity {
    /// Leaf first, the root left out.
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl Identity {
    /// The end-entity certificate.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// Writes PEM files for a peer to read.
    pub fn write(&self, dir: &TempDir, name: &str) -> PemFiles {
        let pem =
            |ders: &[CertificateDer<'_>]| ders.iter().map(|der| pem("CERTIFICATE", der)).collect::<String>();
        PemFiles {
            leaf: dir.write(&format!("{name}.leaf.pem"), pem(&self.chain[..1])),
            rest: dir.write(&format!("{name}.rest.pem"), pem(&self.chain[1..])),
            chain: dir.write(&format!("{name}.chain.pem"), pem(&self.chain)),
            key: dir.write(&format!("{name}.key.pem"), pem_key(&self.key)),
            has_rest: self.chain.len() > 1,
        }
    }
}

/// Where the PEM files of an [`Identity`] are.
#[derive(Clone, Debug)]
pub struct PemFiles {
    /// The end-entity certificate alone.
    pub leaf: PathBuf,
    /// The chain without it.
    pub rest: PathBuf,
    /// Both.
    pub chain: PathBuf,
    pub key: PathBuf,
    /// Whether `rest` holds anything.
    pub has_rest: bool,
}

/// An authority: a root or an intermediate, ready to issue.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    cert: CertificateDer<'static>,
    /// From our own certificate up to, but without, the root; empty for a root.
    above: Vec<CertificateDer<'static>>,
}

impl Authority {
    /// Makes a root.
    pub fn root(spec: &Spec) -> Self {
        let key = Key::generate(spec.key).pair();
        let params = spec.params();
        let cert = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), cert, above: Vec::new() }
    }

    /// Makes an authority below this one.
    pub fn intermediate(&self, spec: &Spec) -> Self {
        let key = Key::generate(spec.key).pair();
        let params = spec.params();
        let cert = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let mut above = vec![cert.clone()];
        above.extend(self.above.iter().cloned());
        Self { issuer: Issuer::new(params, key), cert, above }
    }

    /// Makes a further certificate for the name and key of another authority, which `spec` describes.
    pub fn cross(&self, other: &Self, spec: &Spec) -> CertificateDer<'static> {
        spec.params().signed_by(other.issuer.key(), &self.issuer).unwrap().der().clone()
    }

    /// Issues an end-entity certificate.
    pub fn issue(&self, spec: &Spec) -> Identity {
        let key = Key::generate(spec.key);
        let cert = spec.params().signed_by(&key, &self.issuer).unwrap().der().clone();
        let mut chain = vec![cert];
        chain.extend(self.above.iter().cloned());
        Identity { chain, key: PrivatePkcs8KeyDer::from(key.private).into() }
    }

    /// Our own certificate.
    pub fn cert(&self) -> &CertificateDer<'static> {
        &self.cert
    }

    /// Our private key, as PEM: for a peer that is to sign in our name.
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Signs in our name.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.issuer.key().sign(message).unwrap()
    }

    /// A root store that holds just this authority.
    pub fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        store.add(self.cert.clone()).unwrap();
        store
    }
}

/// Makes a certificate that signs itself and stands in nobody's root store.
pub fn self_signed(spec: &Spec) -> Identity {
    let key = Key::generate(spec.key);
    let cert = spec.params().self_signed(&key.pair()).unwrap().der().clone();
    Identity { chain: vec![cert], key: PrivatePkcs8KeyDer::from(key.private).into() }
}

/// The usual small world: a root, an intermediate below it, and an unrelated root; with a directory for PEM files.
pub struct Pki {
    pub root: Authority,
    pub issuing: Authority,
    pub stranger: Authority,
    pub dir: TempDir,
    /// The root, as PEM.
    pub root_pem: PathBuf,
    /// The unrelated root, as PEM.
    pub stranger_pem: PathBuf,
}

impl Pki {
    /// Makes one with P-256 authorities.
    pub fn new() -> Self {
        Self::with(KeyType::P256)
    }

    /// Makes one whose authorities have keys of this kind.
    pub fn with(kind: KeyType) -> Self {
        let root = Authority::root(&Spec::authority(kind, "chitin test root"));
        let issuing = root.intermediate(&Spec::authority(kind, "chitin test intermediate"));
        let stranger = Authority::root(&Spec::authority(KeyType::P256, "somebody else's root"));
        let dir = TempDir::new();
        let root_pem = dir.write("root.pem", pem("CERTIFICATE", root.cert()));
        let stranger_pem = dir.write("stranger.pem", pem("CERTIFICATE", stranger.cert()));
        Self { root, issuing, stranger, dir, root_pem, stranger_pem }
    }

    /// An honest server identity for `localhost`.
    pub fn server(&self, key: KeyType) -> Identity {
        self.issuing.issue(&Spec::server(key))
    }

    /// An honest client identity.
    pub fn client(&self, key: KeyType) -> Identity {
        self.issuing.issue(&Spec::client(key))
    }

    /// Writes PEM files that live as long as this value.
    pub fn write(&self, identity: &Identity) -> PemFiles {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        identity.write(&self.dir, &format!("id{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Default for Pki {
    fn default() -> Self {
        Self::new()
    }
}

fn pem_key(key: &PrivateKeyDer<'_>) -> String {
    pem("PRIVATE KEY", key.secret_der())
}

/// RFC 7468 armour.
pub fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let bits = u32::from(group[0]) << 16
                | u32::from(*group.get(1).unwrap_or(&0)) << 8
                | u32::from(*group.get(2).unwrap_or(&0));
            for place in 0..4 {
                let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
                out.push(if place <= group.len() { char::from(letter) } else { '=' });
            }
        }
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After the heads of the certificate and of its body, and after the version.
    fn serial(identity: &Identity) -> Vec<u8> {
        let der = identity.leaf();
        assert_eq!(
            der[8..14],
            [0xa0, 0x03, 0x02, 0x01, 0x02, 0x02],
            "a certificate in a form we do not know"
        );
        der[15..15 + usize::from(der[14])].to_vec()
    }

    #[test]
    fn certificates_of_one_key_have_their_own_serial_numbers() {
        let pki = Pki::new();
        let (server, client) = (pki.server(KeyType::Rsa2048), pki.client(KeyType::Rsa2048));
        assert_eq!(server.key, client.key);
        assert_ne!(serial(&server), serial(&client));
    }
}
