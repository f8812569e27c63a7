//! Certificates for tests: ordinary ones by `rcgen`, odd ones put together from parts.

use alloc::borrow::ToOwned;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use aws_lc_rs::signature as aws;
use pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, SigningKey,
};

use crate::{Certificate, Error, Path, Problem, Purpose, Verifier, Which, anchor_from_der};

/// 2026-01-01.
pub(super) const NOW: u64 = 1_767_225_600;

#[derive(Debug)]
pub(super) struct Aws {
    alg: &'static dyn aws::VerificationAlgorithm,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Aws {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        aws::UnparsedPublicKey::new(self.alg, key).verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

macro_rules! algorithms {
    ($($name:ident: $alg:ident, $key:ident, $signature:ident;)*) => {
        $(pub(super) static $name: Aws =
            Aws { alg: &aws::$alg, key: alg_id::$key, signature: alg_id::$signature };)*
        pub(super) static ALL: &[&dyn SignatureVerificationAlgorithm] = &[$(&$name),*];
    };
}

algorithms! {
    P256_SHA256: ECDSA_P256_SHA256_ASN1, ECDSA_P256, ECDSA_SHA256;
    P256_SHA384: ECDSA_P256_SHA384_ASN1, ECDSA_P256, ECDSA_SHA384;
    P384_SHA384: ECDSA_P384_SHA384_ASN1, ECDSA_P384, ECDSA_SHA384;
    P521_SHA512: ECDSA_P521_SHA512_ASN1, ECDSA_P521, ECDSA_SHA512;
    ED25519: ED25519, ED25519, ED25519;
    ML_DSA_44: ML_DSA_44, ML_DSA_44, ML_DSA_44;
    ML_DSA_65: ML_DSA_65, ML_DSA_65, ML_DSA_65;
    ML_DSA_87: ML_DSA_87, ML_DSA_87, ML_DSA_87;
    RSA_SHA256: RSA_PKCS1_2048_8192_SHA256, RSA_ENCRYPTION, RSA_PKCS1_SHA256;
    RSA_SHA384: RSA_PKCS1_2048_8192_SHA384, RSA_ENCRYPTION, RSA_PKCS1_SHA384;
    RSA_SHA512: RSA_PKCS1_2048_8192_SHA512, RSA_ENCRYPTION, RSA_PKCS1_SHA512;
}

/// Says yes to everything, or to nothing, and does not look.
#[derive(Debug)]
pub(super) struct Blind {
    pub(super) answer: bool,
    pub(super) key: AlgorithmIdentifier,
    pub(super) signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Blind {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        if self.answer { Ok(()) } else { Err(InvalidSignature) }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A name and a key, with one certificate.
pub(super) struct Ca {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) der: CertificateDer<'static>,
}

pub(super) type Edit<'e> = &'e dyn Fn(&mut CertificateParams);

pub(super) fn as_is(_: &mut CertificateParams) {}

impl Ca {
    pub(super) fn root(name: &str) -> Self {
        Self::root_with(name, &as_is)
    }

    pub(super) fn root_with(name: &str, edit: Edit<'_>) -> Self {
        let mut params = ca_params(name);
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().to_owned();
        Self { params, key, der }
    }

    /// A CA below this one.
    pub(super) fn sub(&self, name: &str) -> Self {
        self.sub_with(name, &as_is)
    }

    pub(super) fn sub_with(&self, name: &str, edit: Edit<'_>) -> Self {
        let mut params = ca_params(name);
        edit(&mut params);
        let key = KeyPair::generate().unwrap();
        let der = self.certify(&params, &key);
        Self { params, key, der }
    }

    /// Another certificate for the name and key of another CA.
    pub(super) fn cross(&self, other: &Ca) -> CertificateDer<'static> {
        self.certify(&other.params, &other.key)
    }

    /// A certificate for example.com.
    pub(super) fn leaf(&self) -> CertificateDer<'static> {
        self.leaf_with(&as_is)
    }

    pub(super) fn leaf_with(&self, edit: Edit<'_>) -> CertificateDer<'static> {
        self.certify(&leaf_params(edit), &KeyPair::generate().unwrap())
    }

    pub(super) fn certify(&self, params: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(key, &issuer).unwrap().der().to_owned()
    }
}

pub(super) fn named(name: &str) -> DistinguishedName {
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    dn
}

pub(super) fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = Vec::from([KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]);
    params.use_authority_key_identifier_extension = true;
    params
}

pub(super) fn leaf_params(edit: Edit<'_>) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::from(["example.com".to_string()])).unwrap();
    params.distinguished_name = named("leaf");
    params.key_usages = Vec::from([KeyUsagePurpose::DigitalSignature]);
    params.extended_key_usages = Vec::from([ExtendedKeyUsagePurpose::ServerAuth]);
    params.use_authority_key_identifier_extension = true;
    edit(&mut params);
    params
}

pub(super) fn extension(oid: &[u64], critical: bool, content: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(critical);
    extension
}

/// Verifies for a server at [`NOW`] and gives the positions of the path and of the anchor.
pub(super) fn verify(
    leaf: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    roots: &[&Ca],
) -> Result<(Vec<usize>, usize), Error> {
    verify_by(leaf, pool, roots, Purpose::ServerAuth, &|verifier| verifier)
}

pub(super) fn verify_by(
    leaf: &CertificateDer<'_>,
    pool: &[&CertificateDer<'_>],
    roots: &[&Ca],
    purpose: Purpose,
    edit: &dyn for<'v> Fn(Verifier<'v>) -> Verifier<'v>,
) -> Result<(Vec<usize>, usize), Error> {
    let anchors: Vec<_> = roots.iter().map(|root| anchor_from_der(&root.der).unwrap()).collect();
    let pool: Vec<_> = pool.iter().map(|&der| der.clone()).collect();
    let leaf = Certificate::parse(leaf).map_err(|problem| problem.of(Which::Peer(0)))?;
    let path = edit(Verifier::new(ALL, &anchors, at(NOW), purpose)).verify(&leaf, &pool)?;
    Ok(positions(&path))
}

pub(super) fn positions(path: &Path<'_, '_>) -> (Vec<usize>, usize) {
    (path.intermediates.iter().map(|link| link.position).collect(), path.anchor_position)
}

pub(super) fn wrong(certificate: Which, problem: Problem) -> Result<(Vec<usize>, usize), Error> {
    Err(Error { certificate, problem })
}

pub(super) const LEAF: Which = Which::Peer(0);

/// A DER element.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = Vec::from([tag]);
    match body.len() {
        len @ 0..=0x7f => out.push(len as u8),
        len @ 0x80..=0xff => out.extend([0x81, len as u8]),
        len @ 0x100..=0xffff => out.extend([0x82, (len >> 8) as u8, len as u8]),
        len => out.extend([0x83, (len >> 16) as u8, (len >> 8) as u8, len as u8]),
    }
    out.extend(body);
    out
}

/// A certificate from its parts, each of which can be replaced by bytes of any kind.
pub(super) struct Parts {
    pub(super) version: Vec<u8>,
    pub(super) serial: Vec<u8>,
    pub(super) inner_algorithm: Vec<u8>,
    pub(super) outer_algorithm: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) validity: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) spki: Vec<u8>,
    pub(super) extensions: Vec<Vec<u8>>,
}

pub(super) fn common_name(name: &str) -> Vec<u8> {
    let attribute = tlv(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &tlv(0x0c, &[name.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}

/// An extension below 2.5.29.
pub(super) fn id_ce(number: u8, critical: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[0x06, 0x03, 0x55, 0x1d, number], critical, &tlv(0x04, &[value])])
}

impl Parts {
    /// A good leaf for example.com, to be signed by `issuer`.
    pub(super) fn leaf(issuer: &str, key: &KeyPair) -> Self {
        let ecdsa_sha256 = tlv(0x30, &[alg_id::ECDSA_SHA256.as_ref()]);
        Self {
            version: tlv(0xa0, &[&[0x02, 0x01, 0x02]]),
            serial: Vec::from([0x02, 0x01, 0x01]),
            inner_algorithm: ecdsa_sha256.clone(),
            outer_algorithm: ecdsa_sha256,
            issuer: common_name(issuer),
            validity: tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &tlv(0x17, &[b"491231235959Z"])]),
            subject: common_name("leaf"),
            spki: rcgen::PublicKeyData::subject_public_key_info(key),
            extensions: Vec::from([id_ce(17, &[], &tlv(0x30, &[&tlv(0x82, &[b"example.com"])]))]),
        }
    }

    pub(super) fn sign(&self, key: &KeyPair) -> CertificateDer<'static> {
        self.sign_by(|tbs| key.sign(tbs).unwrap())
    }

    pub(super) fn sign_by(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> CertificateDer<'static> {
        let list = self.extensions.concat();
        let extensions = if list.is_empty() { Vec::new() } else { tlv(0xa3, &[&tlv(0x30, &[&list])]) };
        let tbs = tlv(
            0x30,
            &[
                &self.version,
                &self.serial,
                &self.inner_algorithm,
                &self.issuer,
                &self.validity,
                &self.subject,
                &self.spki,
                &extensions,
            ],
        );
        let signature = tlv(0x03, &[&[0], &sign(&tbs)]);
        CertificateDer::from(tlv(0x30, &[&tbs, &self.outer_algorithm, &signature]))
    }
}

/// An RSA key with a modulus of this many bits, which nobody can sign with.
pub(super) fn rsa_spki(bits: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = Vec::from([0xffu8 >> (7 - (bits + 7) % 8)]);
    modulus.extend(core::iter::repeat_n(0xff, (bits - 1) / 8));
    if modulus[0] & 0x80 != 0 {
        modulus.insert(0, 0);
    }
    let key = tlv(0x30, &[&tlv(0x02, &[&modulus]), &tlv(0x02, &[exponent])]);
    tlv(0x30, &[&tlv(0x30, &[alg_id::RSA_ENCRYPTION.as_ref()]), &tlv(0x03, &[&[0], &key])])
}
