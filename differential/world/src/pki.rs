//! Certificates, made once and shown to both.

use pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CustomExtension,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use std::time::Duration;

/// A chain and the key of its first certificate.
#[derive(Debug)]
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

/// Certificates of one root, good and bad ones; all are valid from 2020 to 2040 unless their name says otherwise.
#[derive(Debug)]
pub struct World {
    pub root: CertificateDer<'static>,
    pub stranger: CertificateDer<'static>,
    pub good: Identity,
    pub ed25519: Identity,
    pub rsa: Identity,
    pub client: Identity,
    /// Servers that should be refused, by their fault.
    pub bad: Vec<(&'static str, Identity)>,
    /// Lists of the root's, by what they say.
    pub crls: Vec<(&'static str, CertificateRevocationListDer<'static>)>,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

impl World {
    /// When certificates are looked at where the time is not the clock's: in 2030.
    pub const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));

    /// Makes all of them.
    ///
    /// # Panics
    ///
    /// If the maker of certificates refuses.
    pub fn new() -> Self {
        let (root, stranger) = (authority("Root"), authority("Stranger"));
        let good = issue(&root, &server(), P256);
        let broken = |change: fn(&mut CertificateParams)| {
            let mut params = server();
            change(&mut params);
            issue(&root, &params, P256)
        };
        let mut spoilt = issue(&root, &server(), P256);
        let mut der = spoilt.chain[0].to_vec();
        *der.last_mut().unwrap() ^= 1;
        spoilt.chain[0] = der.into();
        let unparsable =
            Identity { chain: vec![b"no certificate".to_vec().into()], key: good.key.clone_key() };
        let key = KeyPair::generate().unwrap();
        let alone = server().self_signed(&key).unwrap();
        let own = Identity { chain: vec![alone.der().clone()], key: key.serialize_der().try_into().unwrap() };
        let bad = vec![
            ("expired", broken(|p| p.not_after = date_time_ymd(2021, 1, 1))),
            ("not valid yet", broken(|p| p.not_before = date_time_ymd(2039, 1, 1))),
            ("other name", broken(|p| p.subject_alt_names = names(&["example.org", "*.example.net"]))),
            ("no name", broken(|p| p.subject_alt_names.clear())),
            ("for clients", broken(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth])),
            ("critical extension", broken(|p| p.custom_extensions.push(critical()))),
            ("an authority", broken(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
            ("unknown issuer", issue(&stranger, &server(), P256)),
            ("self-signed", own),
            ("bad signature", spoilt),
            ("unparsable", unparsable),
        ];
        let mut client = server();
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let crls = vec![
            ("revoked", list(&root, true, 2040)),
            ("clean", list(&root, false, 2040)),
            ("out of date", list(&root, false, 2022)),
            ("another issuer's", list(&stranger, true, 2040)),
        ];
        Self {
            good,
            ed25519: issue(&root, &server(), ED25519),
            rsa: issue(&root, &server(), RSA),
            client: issue(&root, &client, P256),
            bad,
            crls,
            root: root.der().clone(),
            stranger: stranger.der().clone(),
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

const P256: &rcgen::SignatureAlgorithm = &rcgen::PKCS_ECDSA_P256_SHA256;
const ED25519: &rcgen::SignatureAlgorithm = &rcgen::PKCS_ED25519;
const RSA: &rcgen::SignatureAlgorithm = &rcgen::PKCS_RSA_SHA256;

/// Of every leaf, so that a list can name it.
const SERIAL: u64 = 0x1234;

fn names(dns: &[&str]) -> Vec<rcgen::SanType> {
    dns.iter().map(|name| rcgen::SanType::DnsName((*name).try_into().unwrap())).collect()
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn server() -> CertificateParams {
    let mut params = params("Leaf");
    params.serial_number = Some(SerialNumber::from(SERIAL));
    params.subject_alt_names = names(&["localhost", "*.example.com"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    extension
}

fn authority(name: &str) -> Issuer {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(
    issuer: &Issuer,
    params: &CertificateParams,
    algorithm: &'static rcgen::SignatureAlgorithm,
) -> Identity {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let cert = params.signed_by(&key, issuer).unwrap();
    Identity { chain: vec![cert.der().clone()], key: key.serialize_der().try_into().unwrap() }
}

fn list(issuer: &Issuer, revoked: bool, until: i32) -> CertificateRevocationListDer<'static> {
    let entry = RevokedCertParams {
        serial_number: SerialNumber::from(SERIAL),
        revocation_time: date_time_ymd(2021, 1, 1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2021, 1, 1),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: if revoked { vec![entry] } else { Vec::new() },
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().der().clone()
}
