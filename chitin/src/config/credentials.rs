//! Choosing among several credentials by what the peer can check. RFC 8446 sections 4.4.2.2 and 4.4.2.3.

use alloc::sync::Arc;
use alloc::vec::Vec;

use chitin_pki::Certificate;
use pki_types::{AlgorithmIdentifier, alg_id};

use super::hello::ClientHello;
use super::resolve::{CertificateRequest, ResolvesClientCert, ResolvesServerCert};
use crate::crypto::credential::{Checks, Credential, allowed_schemes};
use crate::crypto::signer::CertifiedKey;
use crate::crypto::verify::key_type_of;
use crate::names::{CertificateType, DistinguishedName, ProtocolVersion, SignatureScheme};

/// Chooses the first of several credentials that suits the peer, for a server or for a client.
///
/// A credential is shown only if the peer can check what it signs. Among those the order of the list decides, but one comes before
/// the others whose whole chain is signed as the peer asks (`signature_algorithms_cert`, or else `signature_algorithms`; RFC
/// 8446 section 4.2.3); and before all these, one that leads to an authority the peer has named. A server falls back to the
/// next best: the client may know more than it says. A client to whom authorities were named shows none without one of them,
/// and says so to nobody whom it may not concern.
///
/// Certificates and raw public keys (RFC 7250) may stand in one list. Server names are not looked at. Not in rustls 0.23.
#[derive(Debug)]
pub struct CredentialList {
    entries: Vec<Entry>,
    /// Those of the entries, each once.
    types: Vec<CertificateType>,
}

#[derive(Debug)]
struct Entry {
    credential: Credential,
    typ: CertificateType,
    /// For each certificate that somebody else has signed: the schemes that name how.
    signed_with: Vec<&'static [SignatureScheme]>,
    issuers: Vec<DistinguishedName>,
}

impl CredentialList {
    /// Makes a list, best first.
    pub fn new(credentials: impl IntoIterator<Item = Credential>) -> Self {
        let entries: Vec<Entry> = credentials.into_iter().map(Entry::from).collect();
        let mut types = Vec::new();
        for entry in &entries {
            if !types.contains(&entry.typ) {
                types.push(entry.typ);
            }
        }
        if types.is_empty() {
            types.push(CertificateType::X509);
        }
        Self { entries, types }
    }

    fn for_server(&self, hello: &ClientHello<'_>, may: impl Fn(&Credential) -> bool) -> Option<Credential> {
        let schemes = hello.signature_schemes_cert().unwrap_or(hello.signature_schemes());
        let authorities = hello.certificate_authorities().unwrap_or_default();
        let authorities: Vec<&[u8]> = authorities.iter().map(AsRef::as_ref).collect();
        let usable =
            self.entries.iter().filter(|entry| may(&entry.credential) && hello.accepts(&entry.credential));
        best(usable, schemes, &authorities)
    }

    fn for_client(&self, request: &CertificateRequest<'_>) -> Option<Credential> {
        let schemes = request.signature_schemes_cert().unwrap_or(request.signature_schemes());
        let authorities: Vec<&[u8]> = request.authorities().collect();
        let usable = self.entries.iter().filter(|entry| request.accepts(&entry.credential));
        best(usable.filter(|entry| entry.leads_to(&authorities)), schemes, &authorities)
    }
}

/// The first of those that fit best.
fn best<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    schemes: &[SignatureScheme],
    authorities: &[&[u8]],
) -> Option<Credential> {
    let misfit = |entry: &&Entry| (!entry.leads_to(authorities), !entry.is_signed_with(schemes));
    // Of equals it takes the first.
    entries.min_by_key(misfit).map(|entry| entry.credential.clone())
}

impl Entry {
    /// Is every certificate signed with one of these?
    fn is_signed_with(&self, schemes: &[SignatureScheme]) -> bool {
        self.signed_with.iter().all(|names| names.iter().any(|name| schemes.contains(name)))
    }

    /// Has one of these authorities issued a certificate of the chain? Yes, if none is named.
    fn leads_to(&self, authorities: &[&[u8]]) -> bool {
        // A raw public key has no issuer, and who asks for one cannot mean any.
        let asked = self.typ == CertificateType::X509 && !authorities.is_empty();
        !asked || self.issuers.iter().any(|issuer| authorities.contains(&issuer.as_ref()))
    }
}

impl From<Credential> for Entry {
    fn from(credential: Credential) -> Self {
        let (mut signed_with, mut issuers) = (Vec::new(), Vec::new());
        let typ = credential.certificate_type();
        // Nobody has signed a raw public key.
        let chain = credential.certified.cert.iter().filter(|_| typ == CertificateType::X509);
        for der in chain {
            let Ok(certificate) = Certificate::parse(der) else {
                // What cannot be read fits nothing that is asked for.
                signed_with.push(&[][..]);
                continue;
            };
            issuers.push(DistinguishedName::in_sequence(certificate.issuer().0));
            // Nobody checks the signature of a root. RFC 8446 section 4.4.2.2.
            if !certificate.is_self_issued() {
                signed_with.push(schemes_of(certificate.signature_algorithm_id()));
            }
        }
        Self { credential, typ, signed_with, issuers }
    }
}

/// The schemes that stand for an algorithm in a certificate. The curve that a scheme of ECDSA names is that of the issuer, who
/// need not be in the chain: the hash decides. RFC 8446 section 4.2.3.
fn schemes_of(algorithm: &[u8]) -> &'static [SignatureScheme] {
    use SignatureScheme as S;
    const TABLE: &[(AlgorithmIdentifier, &[SignatureScheme])] = &[
        (alg_id::ECDSA_SHA256, &[S::ECDSA_NISTP256_SHA256]),
        (alg_id::ECDSA_SHA384, &[S::ECDSA_NISTP384_SHA384]),
        (alg_id::ECDSA_SHA512, &[S::ECDSA_NISTP521_SHA512]),
        (alg_id::RSA_PKCS1_SHA256, &[S::RSA_PKCS1_SHA256]),
        (alg_id::RSA_PKCS1_SHA384, &[S::RSA_PKCS1_SHA384]),
        (alg_id::RSA_PKCS1_SHA512, &[S::RSA_PKCS1_SHA512]),
        // With the issuer's key under one OID or the other: rsa_pss_rsae or rsa_pss_pss.
        (alg_id::RSA_PSS_SHA256, &[S::RSA_PSS_SHA256, S::Unknown(0x0809)]),
        (alg_id::RSA_PSS_SHA384, &[S::RSA_PSS_SHA384, S::Unknown(0x080a)]),
        (alg_id::RSA_PSS_SHA512, &[S::RSA_PSS_SHA512, S::Unknown(0x080b)]),
        (alg_id::ED25519, &[S::ED25519]),
        (alg_id::ED448, &[S::ED448]),
        (alg_id::ML_DSA_44, &[S::ML_DSA_44]),
        (alg_id::ML_DSA_65, &[S::ML_DSA_65]),
        (alg_id::ML_DSA_87, &[S::ML_DSA_87]),
    ];
    let row = TABLE.iter().find(|(known, _)| known.as_ref() == algorithm);
    row.map_or(&[], |(_, schemes)| schemes)
}

impl ResolvesServerCert for CredentialList {
    /// What fits without a delegated credential: who calls this could not show it.
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.for_server(&client_hello, |credential| !credential.is_delegated())?.alone()
    }

    fn resolve_credential(&self, client_hello: ClientHello<'_>) -> Option<Credential> {
        self.for_server(&client_hello, |_| true)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.types == [CertificateType::RawPublicKey]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }
}

impl ResolvesClientCert for CredentialList {
    /// What fits without a delegated credential: who calls this could not show it. Nor could it tell a raw public key from a
    /// certificate, if there are both.
    fn resolve(&self, authorities: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let of_type = |entry: &&Entry| self.types.len() == 1 || entry.typ == CertificateType::X509;
        let usable = self.entries.iter().filter(of_type).filter(|entry| {
            entry.credential.can_sign_for(&Checks { schemes, delegated: &[] }) && entry.leads_to(authorities)
        });
        best(usable, schemes, authorities)?.alone()
    }

    fn resolve_credential(&self, request: CertificateRequest<'_>) -> Option<Credential> {
        self.for_client(&request)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.types == [CertificateType::RawPublicKey]
    }

    fn certificate_types(&self) -> &[CertificateType] {
        &self.types
    }

    fn has_certs(&self) -> bool {
        !self.entries.is_empty()
    }
}

impl ClientHello<'_> {
    /// Says whether the client can check a handshake that `credential` signs: the certificate type, the scheme, in TLS 1.2 the kind of key that the
    /// suites ask for and the curve that it lies on, and of a delegated credential (TLS 1.3) all but who signed it.
    ///
    /// Before the version is chosen, as in [`Accepted`](crate::server::Accepted), it goes by the schemes alone. Not in rustls
    /// 0.23.
    pub fn accepts(&self, credential: &Credential) -> bool {
        let types = self.server_cert_types().unwrap_or(&[CertificateType::X509]);
        if !types.contains(&credential.certificate_type()) {
            return false;
        }
        let Some(chosen) = &self.chosen else {
            return credential.can_sign_for(&Checks {
                schemes: self.signature_schemes(),
                delegated: self.delegated_credential_schemes(),
            });
        };
        let old = chosen.version == ProtocolVersion::TLSv1_2;
        let schemes = allowed_schemes(self.signature_schemes(), |scheme| match old {
            true => scheme.supported_in_tls12(),
            false => scheme.supported_in_tls13(),
        });
        let delegated = if old { &[] } else { self.delegated_credential_schemes() };
        let algorithm = credential.certified.key.algorithm();
        let fits_suites = || {
            let suites = chosen.suites.iter().filter(|suite| suite.tls12().is_some());
            let mut mutual = suites.filter(|suite| self.cipher_suites().contains(&suite.suite()));
            mutual.any(|suite| suite.usable_for_signature_algorithm(algorithm))
        };
        // In TLS 1.2 the groups are also those of keys. RFC 8422 section 5.1.
        let on_known_curve = || {
            let key = credential.certified.cert.first().and_then(key_type_of);
            let curve = key.and_then(|key| key.curve);
            curve.is_none_or(|curve| self.named_groups().is_some_and(|groups| groups.contains(&curve)))
        };
        credential.can_sign_for(&Checks { schemes: &schemes, delegated })
            && !credential.is_untimely(|| chosen.clock.current_time())
            && (!old || (fits_suites() && on_known_curve()))
    }
}

impl CertificateRequest<'_> {
    /// Says whether the server can check a handshake that `credential` signs: the certificate type, the scheme, and of a delegated credential all but
    /// who signed it.
    pub fn accepts(&self, credential: &Credential) -> bool {
        let checks = Checks { schemes: self.schemes, delegated: self.delegated };
        credential.certificate_type() == self.certificate_type
            && credential.can_sign_for(&checks)
            && !credential.is_untimely(|| self.clock.current_time())
    }
}
