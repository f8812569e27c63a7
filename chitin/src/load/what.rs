//! What a piece of DER is, by its look, and what other things people have under such names.
//!
//! It looks at the tags that tell the formats apart, and no further: what it calls a certificate may still be a bad one.

use core::fmt;

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, TagNumber};

/// A kind of thing that is found in files of certificates and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum What {
    /// RFC 5280 section 4.
    Certificate,
    /// PKCS#8, SEC 1 or PKCS#1, not encrypted.
    PrivateKey,
    /// PKCS#8, encrypted: RFC 5958 section 3.
    EncryptedPrivateKey,
    /// PEM whose headers say that OpenSSL encrypted what is within, as it did before PKCS#8: RFC 1421 section 4.6.1.1.
    LegacyEncryptedKey,
    /// RFC 7292.
    Pkcs12,
    /// RFC 2315 or RFC 5652: often certificates in a `.p7b`.
    Pkcs7,
    /// RFC 2986.
    CertificateRequest,
    /// RFC 5280 section 5.
    RevocationList,
    /// A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), or an RSA key of PKCS#1.
    PublicKey,
    /// Parameters of a curve or a group, without a key.
    Parameters,
    /// The format of OpenSSH for private keys.
    OpenSshKey,
    /// The format of PuTTY.
    PuttyKey,
    /// RFC 9580.
    PgpKey,
    /// Java's own format from before PKCS#12.
    JavaKeyStore,
    /// Text of two bytes a character, as some shells of Windows write it.
    Utf16,
    /// BER of indefinite length: X.690 section 8.1.3.6.
    IndefiniteBer,
    /// It begins as DER and is cut off, or something stands behind its end.
    BrokenDer,
    /// Whole DER of no kind that is known here.
    OtherDer,
    /// PEM with a label that is not known here.
    OtherPem,
    /// Neither PEM nor DER.
    Unknown,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "a certificate",
            Self::PrivateKey => "a private key",
            Self::EncryptedPrivateKey => "an encrypted private key",
            Self::LegacyEncryptedKey => "a private key that is encrypted in OpenSSL's old way",
            Self::Pkcs12 => "a PKCS#12 file",
            Self::Pkcs7 => "PKCS#7",
            Self::CertificateRequest => "a certificate signing request",
            Self::RevocationList => "a certificate revocation list",
            Self::PublicKey => "a public key",
            Self::Parameters => "parameters without a key",
            Self::OpenSshKey => "a private key in OpenSSH's own format",
            Self::PuttyKey => "a private key of PuTTY",
            Self::PgpKey => "a key or message of OpenPGP",
            Self::JavaKeyStore => "a Java key store (JKS)",
            Self::Utf16 => "text in UTF-16",
            Self::IndefiniteBer => "BER of indefinite length",
            Self::BrokenDer => "DER that is cut off or has more behind its end",
            Self::OtherDer => "DER of another kind",
            Self::OtherPem => "PEM of another kind",
            Self::Unknown => "neither PEM nor DER",
        })
    }
}

/// Looks at a whole piece of DER, or at a file that is not PEM.
pub(super) fn of_der(bytes: &[u8]) -> What {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => return What::JavaKeyStore,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return What::Utf16,
        [0x30, 0x80, ..] => return What::IndefiniteBer,
        [0x30, ..] => {}
        _ if bytes.starts_with(b"PuTTY-User-Key-File") => return What::PuttyKey,
        _ => return What::Unknown,
    }
    match AnyRef::from_der(bytes) {
        Ok(outer) => of_sequence(outer).unwrap_or(What::OtherDer),
        Err(_) => What::BrokenDer,
    }
}

/// The first elements of the outer SEQUENCE tell most formats apart.
fn of_sequence(outer: AnyRef<'_>) -> Option<What> {
    let mut elements = Elements::of(outer)?;
    let (first, second, third) = (elements.next()?, elements.next(), elements.next());
    let rest = [second.map(tag), third.map(tag)];
    match (tag(first), rest) {
        // RFC 7292 section 4: version 3, a ContentInfo. A private key has another version.
        (Tag::Integer, [Some(Tag::Sequence), _]) if first.value() == [3] => Some(What::Pkcs12),
        // RFC 5958 section 2: version, algorithm, key.
        (Tag::Integer, [Some(Tag::Sequence), Some(Tag::OctetString)]) => Some(What::PrivateKey),
        // RFC 5915 section 3: version 1, key.
        (Tag::Integer, [Some(Tag::OctetString), _]) => Some(What::PrivateKey),
        // RFC 8017 appendix A.1: three numbers and more are the private key, two the public one. A group of Diffie-Hellman is
        // two as well, but its generator is small.
        (Tag::Integer, [Some(Tag::Integer), Some(Tag::Integer)]) => Some(What::PrivateKey),
        (Tag::Integer, [Some(Tag::Integer), None]) if second?.value().len() > 1 => Some(What::PublicKey),
        (Tag::Integer, [Some(Tag::Integer), None]) => Some(What::Parameters),
        (Tag::ObjectIdentifier, [Some(Tag::ContextSpecific { .. }), None]) => Some(What::Pkcs7),
        (Tag::Sequence, [Some(Tag::OctetString), None]) => Some(What::EncryptedPrivateKey),
        (Tag::Sequence, [Some(Tag::BitString), None]) => Some(What::PublicKey),
        (Tag::Sequence, [Some(Tag::Sequence), Some(Tag::BitString)]) => of_signed(first),
        _ => None,
    }
}

/// What X.509's SIGNED holds: a certificate, a request or a revocation list.
fn of_signed(signed: AnyRef<'_>) -> Option<What> {
    let mut elements = Elements::of(signed)?;
    let first = elements.next()?;
    let next = elements.next()?;
    // A version in a tag of its own, and no request has an algorithm behind its version.
    if tag(first) == (Tag::ContextSpecific { constructed: true, number: TagNumber(0) }) {
        return Some(What::Certificate);
    }
    // RFC 5280 section 5.1: without a version the algorithm is first, and a time is third.
    if tag(first) == Tag::Sequence {
        return Some(What::RevocationList);
    }
    let third = elements.next()?;
    let fourth = elements.next()?;
    match (starts_with_oid(next), tag(fourth)) {
        (true, Tag::UtcTime | Tag::GeneralizedTime) => Some(What::RevocationList),
        // Serial number, algorithm, issuer, validity.
        (true, Tag::Sequence) => Some(What::Certificate),
        // RFC 2986 section 4.1: version, subject, key, attributes.
        (false, _) if tag(third) == Tag::Sequence => Some(What::CertificateRequest),
        _ => None,
    }
}

fn starts_with_oid(sequence: AnyRef<'_>) -> bool {
    Elements::of(sequence).and_then(|mut elements| elements.next()).map(tag) == Some(Tag::ObjectIdentifier)
}

fn tag(element: AnyRef<'_>) -> Tag {
    der::Tagged::tag(&element)
}

/// The elements of a SEQUENCE or SET, up to the first that is not well-formed.
pub(super) struct Elements<'a>(SliceReader<'a>);

impl<'a> Elements<'a> {
    pub(super) fn of(outer: AnyRef<'a>) -> Option<Self> {
        match tag(outer) {
            Tag::Sequence | Tag::Set => SliceReader::new(outer.value()).ok().map(Self),
            _ => None,
        }
    }

    /// Whether everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.0.is_finished()
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = AnyRef<'a>;

    fn next(&mut self) -> Option<AnyRef<'a>> {
        match self.0.is_finished() {
            true => None,
            false => AnyRef::decode(&mut self.0).ok(),
        }
    }
}
