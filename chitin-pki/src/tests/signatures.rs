//! Signatures: algorithms, keys, and what is checked before either is used.

use alloc::vec::Vec;

use pki_types::{SignatureVerificationAlgorithm, alg_id};
use rcgen::{KeyPair, PublicKeyData, RsaKeySize, SigningKey};

use super::support::*;
use crate::{
    Certificate, Problem, Purpose, SubjectPublicKeyInfo, Verifier, anchor_from_der, check_spki,
    verify_signature,
};

fn root_of(key: KeyPair) -> Ca {
    let params = ca_params("root");
    let der = params.self_signed(&key).unwrap().der().clone();
    Ca { params, key, der }
}

fn keys() -> Vec<KeyPair> {
    let mut keys: Vec<_> = [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ]
    .into_iter()
    .map(|alg| KeyPair::generate_for(alg).unwrap())
    .collect();
    for alg in [&rcgen::PKCS_RSA_SHA256, &rcgen::PKCS_RSA_SHA384, &rcgen::PKCS_RSA_SHA512] {
        keys.push(KeyPair::generate_rsa_for(alg, RsaKeySize::_2048).unwrap());
    }
    keys
}

#[test]
fn every_kind_of_signature_is_verified() {
    for key in keys() {
        let root = root_of(key);
        let leaf = root.leaf();
        assert!(verify(&leaf, &[], &[&root]).is_ok(), "{:?}", root.key.algorithm());

        let mut bytes = leaf.to_vec();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(verify(&bytes.into(), &[], &[&root]), wrong(LEAF, Problem::BadSignature));
    }
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let (root, impostor) = (Ca::root("root"), Ca::root("root"));
    assert_eq!(verify(&impostor.leaf(), &[], &[&root]), wrong(LEAF, Problem::BadSignature));
}

fn verify_with(algorithms: &[&dyn SignatureVerificationAlgorithm], root: &Ca) -> Result<(), Problem> {
    let der = root.leaf();
    let leaf = Certificate::parse(&der).unwrap();
    let anchors = [anchor_from_der(&root.der).unwrap()];
    Verifier::new(algorithms, &anchors, at(NOW), Purpose::ServerAuth)
        .verify(&leaf, &[])
        .map(|_| ())
        .map_err(|error| error.problem)
}

#[test]
fn signature_algorithms_that_are_not_listed_are_refused() {
    let root = Ca::root("root");
    assert_eq!(verify_with(&[&P256_SHA256], &root), Ok(()));
    assert_eq!(
        verify_with(&[&P384_SHA384, &ED25519], &root),
        Err(Problem::UnsupportedSignatureAlgorithm {
            signature_algorithm_id: alg_id::ECDSA_SHA256.to_vec(),
            supported: Vec::from([alg_id::ECDSA_SHA384, alg_id::ED25519]),
        })
    );
    assert!(verify_with(&[], &root).is_err());
}

#[test]
fn signature_algorithms_are_for_one_kind_of_key() {
    let root = Ca::root("root");
    let blind = Blind { answer: true, key: alg_id::ECDSA_P384, signature: alg_id::ECDSA_SHA256 };
    assert_eq!(
        verify_with(&[&blind], &root),
        Err(Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id: alg_id::ECDSA_SHA256.to_vec(),
            public_key_algorithm_id: alg_id::ECDSA_P256.to_vec(),
        })
    );
    let no = Blind { answer: false, key: alg_id::ECDSA_P256, signature: alg_id::ECDSA_SHA256 };
    assert_eq!(verify_with(&[&no], &root), Err(Problem::BadSignature));
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    for bits in [2048, 2049, 3072, 4096, 8191, 8192] {
        assert_eq!(check_spki(&rsa_spki(bits, &[1, 0, 1])), Ok(()), "{bits}");
    }
    for bits in [8, 512, 1024, 2040, 2047, 8193, 16384] {
        assert_eq!(check_spki(&rsa_spki(bits, &[1, 0, 1])), Err(Problem::RsaKeySize { bits }));
    }
}

#[test]
fn rsa_exponents_are_odd_and_small() {
    for good in [&[3][..], &[17], &[1, 0, 1], &[0x7f, 1, 1, 1, 1, 1, 1, 1]] {
        assert_eq!(check_spki(&rsa_spki(2048, good)), Ok(()));
    }
    for bad in [&[0][..], &[1], &[2], &[1, 0, 0], &[1; 9]] {
        assert_eq!(check_spki(&rsa_spki(2048, bad)), Err(Problem::RsaExponent), "{bad:?}");
    }
    assert!(matches!(check_spki(&rsa_spki(2048, &[0xfd])), Err(Problem::BadDer { .. })));
}

#[test]
fn rsa_keys_of_other_shapes_are_refused() {
    let with = |key: &[u8]| {
        check_spki(&tlv(0x30, &[&tlv(0x30, &[alg_id::RSA_ENCRYPTION.as_ref()]), &tlv(0x03, &[&[0], key])]))
    };
    assert!(with(&[]).is_err());
    assert!(with(&tlv(0x30, &[])).is_err());
    let modulus = tlv(0x02, &[&[0x7f; 256]]);
    assert!(matches!(with(&tlv(0x30, &[&modulus])), Err(Problem::BadDer { .. })));
    assert_eq!(with(&tlv(0x30, &[&modulus, &[2, 1, 3]])), Err(Problem::RsaKeySize { bits: 2047 }));
    assert!(matches!(with(&tlv(0x30, &[&modulus, &[2, 1, 3], &[2, 1, 3]])), Err(Problem::BadDer { .. })));
}

#[test]
fn curves_have_names() {
    // id-ecPublicKey 1.2.840.10045.2.1 with an OID, with NULL (implicitCurve), with a SEQUENCE (specifiedCurve), with
    // nothing.
    let ec = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let p256 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let with = |parameters: &[u8]| {
        check_spki(&tlv(0x30, &[&tlv(0x30, &[&ec, parameters]), &[0x03, 0x02, 0x00, 0x04]]))
    };
    assert_eq!(with(&p256), Ok(()));
    for bad in [&[0x05, 0x00][..], &[0x30, 0x03, 0x02, 0x01, 0x01], &[]] {
        assert_eq!(with(bad), Err(Problem::UnnamedCurve));
    }
}

#[test]
fn handshake_signatures_are_verified() {
    for key in keys() {
        let spki_der = key.subject_public_key_info();
        let spki = SubjectPublicKeyInfo::parse(&spki_der).unwrap();
        let signature = key.sign(b"message").unwrap();
        let fitting: Vec<_> = ALL
            .iter()
            .copied()
            .filter(|alg| {
                *alg.signature_alg_id() == *Certificate::parse(&root_of_ref(&key)).unwrap().signed().algorithm
            })
            .collect();
        assert_eq!(verify_signature(&spki, &fitting, b"message", &signature), Ok(()));
        assert_eq!(verify_signature(&spki, &fitting, b"massage", &signature), Err(Problem::BadSignature));
        assert_eq!(
            verify_signature(&spki, &fitting, b"message", &signature[1..]),
            Err(Problem::BadSignature)
        );
    }
}

fn root_of_ref(key: &KeyPair) -> pki_types::CertificateDer<'static> {
    ca_params("root").self_signed(key).unwrap().der().clone()
}

#[test]
fn handshake_signatures_need_a_fitting_algorithm() {
    let key = KeyPair::generate().unwrap();
    let spki_der = key.subject_public_key_info();
    let spki = SubjectPublicKeyInfo::parse(&spki_der).unwrap();
    let signature = key.sign(b"message").unwrap();
    assert_eq!(
        verify_signature(&spki, &[&ED25519], b"message", &signature),
        Err(Problem::UnsupportedSignatureAlgorithmForPublicKey {
            signature_algorithm_id: alg_id::ED25519.to_vec(),
            public_key_algorithm_id: alg_id::ECDSA_P256.to_vec(),
        })
    );
    assert!(verify_signature(&spki, &[], b"message", &signature).is_err());
}

#[test]
fn handshake_keys_are_checked_before_use() {
    let yes = Blind { answer: true, key: alg_id::RSA_ENCRYPTION, signature: alg_id::RSA_PSS_SHA256 };
    let with = |bits| {
        let der = rsa_spki(bits, &[1, 0, 1]);
        verify_signature(&SubjectPublicKeyInfo::parse(&der).unwrap(), &[&yes], b"", b"")
    };
    assert_eq!(with(2048), Ok(()));
    assert_eq!(with(1024), Err(Problem::RsaKeySize { bits: 1024 }));
    assert_eq!(with(16384), Err(Problem::RsaKeySize { bits: 16384 }));
}

#[test]
fn public_keys_cut_anywhere_are_refused() {
    let der = rsa_spki(2048, &[1, 0, 1]);
    for end in 0..der.len() {
        assert!(check_spki(&der[..end]).is_err());
    }
    assert!(check_spki(&[&der[..], &[0]].concat()).is_err());
}
