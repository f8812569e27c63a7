//! ML-DSA in certificates. RFC 9881.

use alloc::vec::Vec;

use aws_lc_rs::signature::{self as aws, KeyPair as _, PqdsaKeyPair, PqdsaSigningAlgorithm};
use pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};

use super::support::*;
use crate::{Certificate, Error, Problem, Profile, Purpose, Verifier, Which, anchor_from_der, check_spki};

struct Key {
    pair: PqdsaKeyPair,
    id: AlgorithmIdentifier,
}

impl Key {
    fn generate(algorithm: &'static PqdsaSigningAlgorithm, id: AlgorithmIdentifier) -> Self {
        Self { pair: PqdsaKeyPair::generate(algorithm).unwrap(), id }
    }

    fn all() -> [Self; 3] {
        [
            Self::generate(&aws::ML_DSA_44_SIGNING, alg_id::ML_DSA_44),
            Self::generate(&aws::ML_DSA_65_SIGNING, alg_id::ML_DSA_65),
            Self::generate(&aws::ML_DSA_87_SIGNING, alg_id::ML_DSA_87),
        ]
    }

    fn spki(&self, parameters: &[u8]) -> Vec<u8> {
        let algorithm = tlv(0x30, &[self.id.as_ref(), parameters]);
        tlv(0x30, &[&algorithm, &tlv(0x03, &[&[0], self.pair.public_key().as_ref()])])
    }

    fn sign(&self, parts: &mut Parts) -> CertificateDer<'static> {
        parts.inner_algorithm = tlv(0x30, &[self.id.as_ref()]);
        parts.outer_algorithm = parts.inner_algorithm.clone();
        parts.sign_by(|tbs| {
            let mut signature =
                Vec::from_iter(core::iter::repeat_n(0, self.pair.algorithm().signature_len()));
            let len = self.pair.sign(tbs, &mut signature).unwrap();
            signature.truncate(len);
            signature
        })
    }

    fn root(&self) -> CertificateDer<'static> {
        let mut parts = parts(self);
        parts.subject = common_name("root");
        parts.extensions = Vec::from([id_ce(19, &[1, 1, 0xff], &tlv(0x30, &[&[1, 1, 0xff]])), usage(0x04)]);
        self.sign(&mut parts)
    }
}

/// A leaf for example.com with this key, of the issuer "root".
fn parts(key: &Key) -> Parts {
    let mut parts = Parts::leaf("root", &rcgen::KeyPair::generate().unwrap());
    parts.spki = key.spki(&[]);
    parts
}

fn usage(bits: u8) -> Vec<u8> {
    id_ce(15, &[1, 1, 0xff], &tlv(0x03, &[&[0, bits]]))
}

fn judge(root: &CertificateDer<'_>, leaf: &CertificateDer<'_>) -> Result<(), Error> {
    let anchors = [anchor_from_der(root).unwrap()];
    let leaf = Certificate::parse(leaf).map_err(|problem| problem.of(LEAF))?;
    Verifier::new(ALL, &anchors, at(NOW), Purpose::ServerAuth).verify(&leaf, &[]).map(|_| ())
}

#[test]
fn each_parameter_set_signs_for_each() {
    for issuer in Key::all() {
        let root = issuer.root();
        for key in Key::all() {
            let good = issuer.sign(&mut parts(&key));
            assert_eq!(judge(&root, &good), Ok(()));
            let mut changed = good.to_vec();
            *changed.last_mut().unwrap() ^= 1;
            let refused = Error { certificate: LEAF, problem: Problem::BadSignature };
            assert_eq!(judge(&root, &changed.into()), Err(refused));
        }
    }
}

#[test]
fn its_identifier_has_no_parameters() {
    let [key, ..] = Key::all();
    let null = [0x05, 0x00];
    assert_eq!(check_spki(&key.spki(&[])), Ok(()));
    assert!(matches!(check_spki(&key.spki(&null)), Err(Problem::BadDer { .. })));

    let root = key.root();
    let mut parts = parts(&key);
    parts.inner_algorithm = tlv(0x30, &[key.id.as_ref(), &null]);
    parts.outer_algorithm = parts.inner_algorithm.clone();
    let problem = judge(&root, &parts.sign_by(|_| Vec::from([0; 8]))).unwrap_err().problem;
    assert!(matches!(problem, Problem::UnsupportedSignatureAlgorithm { .. }), "{problem}");
}

#[test]
fn its_keys_have_one_length() {
    for key in Key::all() {
        let public = key.pair.public_key().as_ref();
        for (bytes, good) in [(public, true), (&public[1..], false), (&[public, &[0]].concat()[..], false)] {
            let spki = tlv(0x30, &[&tlv(0x30, &[key.id.as_ref()]), &tlv(0x03, &[&[0], bytes])]);
            assert_eq!(check_spki(&spki).is_ok(), good, "{}", bytes.len());
        }
    }
}

#[test]
fn its_keys_only_sign() {
    let [key, ..] = Key::all();
    let root = key.root();
    let with = |bits| {
        let mut parts = parts(&key);
        parts.extensions.push(usage(bits));
        judge(&root, &key.sign(&mut parts))
    };
    // digitalSignature, and with nonRepudiation; keyEncipherment, dataEncipherment, keyAgreement, encipherOnly.
    assert_eq!((with(0x80), with(0xc0)), (Ok(()), Ok(())));
    for bit in [0x20, 0x10, 0x08, 0x01] {
        let refused = Error { certificate: LEAF, problem: Problem::KeyUsageContradictsKey };
        assert_eq!(with(0x80 | bit), Err(refused), "{bit:02x}");
    }
    // decipherOnly is the ninth bit.
    let mut parts = parts(&key);
    parts.extensions.push(id_ce(15, &[], &tlv(0x03, &[&[7, 0x80, 0x80]])));
    let problem = judge(&root, &key.sign(&mut parts)).unwrap_err().problem;
    assert_eq!(problem, Problem::KeyUsageContradictsKey);
}

/// RFC 9295 came after many certificates.
#[test]
fn keys_of_ed25519_only_sign_for_the_strict_profile() {
    let root = Ca::root("root");
    let params = leaf_params(&|params| {
        params.key_usages =
            Vec::from([rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::KeyEncipherment]);
    });
    let leaf = root.certify(&params, &rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap());
    let by = |profile| {
        verify_by(&leaf, &[], &[&root], Purpose::ServerAuth, &|verifier| verifier.with_profile(profile))
    };
    assert!(by(Profile::Default).is_ok());
    assert_eq!(by(Profile::Rfc5280Strict), wrong(Which::Peer(0), Problem::KeyUsageContradictsKey));
}
