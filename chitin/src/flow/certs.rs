//! Certificate, CertificateVerify and Finished, which are the same in both directions. RFC 8446 section 4.4.

use alloc::vec;
use alloc::vec::Vec;

use pki_types::CertificateDer;

use crate::config::CERTIFICATE_MESSAGE;
use crate::config::compress::{CertCompressor, CertDecompressor, CompressionCache};
use crate::config::sessions::MAX_TICKET_LIFETIME;
use crate::config::verify::ClientCertVerifier;
use crate::crypto::credential::{Checks, Credential, ReadySigner};
use crate::crypto::delegated::Delegated;
use crate::crypto::hash::Output;
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::cx::Cx;
use crate::flow::delegation::{PeerDelegation, Rules};
use crate::flow::question::{CLIENT_VERIFIER, guarded, told};
use crate::flow::replies::{self, Reply};
use crate::names::{
    CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, ContentType, DistinguishedName,
    EcPointFormat, HandshakeType, SignatureScheme,
};
use crate::schedule::tls13::FinishedSecret;
use crate::schedule::transcript::Transcript;
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::{List, MAX16, MAX24, Opaque, Wire, nest};
use crate::wire::extensions::{
    CertCompressions, CertificateExtensions, CertificateStatus, MAX_CERT_COMPRESSIONS, PointFormats, SctList,
    ext,
};
use crate::wire::tls12::Certificate12;
use crate::wire::tls13::{Certificate, CertificateVerify, CompressedCertificate, Length24};

/// A chain as the peer sent it, leaf first. Nothing about it has been checked.
pub(crate) struct PeerChain {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// The OCSP response that came with the leaf; empty if none did.
    pub(crate) ocsp: Vec<u8>,
    /// The timestamps that came with the leaf.
    pub(crate) scts: Vec<Vec<u8>>,
    /// The key that is said to sign in place of the leaf's.
    pub(crate) delegated: Option<PeerDelegation>,
}

impl PeerChain {
    /// A chain with nothing beside it.
    pub(crate) fn bare(certificates: Vec<CertificateDer<'static>>) -> Self {
        Self { certificates, ocsp: Vec::new(), scts: Vec::new(), delegated: None }
    }
}

/// SCTs as they came in a list. RFC 6962 section 3.3.
pub(crate) fn read_scts(list: Option<SctList<'_>>) -> Vec<Vec<u8>> {
    list.map(|list| list.first(MAX_SCTS, |sct| sct.0.to_vec())).unwrap_or_default()
}

/// Timestamps that are looked at. No policy asks for more than five.
const MAX_SCTS: usize = 64;

/// Certificates in a chain. A path has at most sixteen intermediates, and some servers send what belongs to no path; each takes
/// memory of its own, however short it is.
pub(crate) const MAX_CERTIFICATES: u32 = 256;

/// A number of certificates that is allowed.
fn few(count: usize) -> Result<usize, Error> {
    let limit = MAX_CERTIFICATES;
    match u32::try_from(count).is_ok_and(|count| count <= limit) {
        true => Ok(count),
        false => Err(InvalidMessage::TooManyItems { what: "certificates", limit }.into()),
    }
}

/// What we show beside a chain, in the entry of the leaf.
#[derive(Clone, Copy, Default)]
pub(crate) struct Staples<'a> {
    pub(crate) ocsp: Option<&'a [u8]>,
    /// The items of the list, encoded.
    pub(crate) scts: Option<&'a [u8]>,
    pub(crate) delegated: Option<&'a Delegated>,
}

impl<'a> Staples<'a> {
    /// What goes with a client's chain: the one thing that must, since it signs.
    pub(crate) fn of_client(credential: &'a Credential) -> Self {
        Self { delegated: credential.delegated.as_ref(), ..Self::default() }
    }

    /// Of what the credential has, that which the client asks for. It asks for a delegated credential, or this one could not
    /// have been chosen.
    pub(crate) fn wanted_by(hello: &ClientHello, credential: &'a Credential) -> Self {
        if credential.certificate_type() == CertificateType::RawPublicKey {
            return Self::default();
        }
        let delegated = credential.delegated.as_ref();
        let mut room = MAX_STAPLES.saturating_sub(delegated.map_or(0, Delegated::len));
        // One that does not fit beside the others is left out: no client could read the block.
        let mut fits = |staple: &&[u8]| {
            let left = room.checked_sub(staple.len());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let scts =
            credential.scts().filter(|_| hello.has(ext::signed_certificate_timestamp)).filter(&mut fits);
        let ocsp = credential.certified.ocsp.as_deref().filter(|response| !response.is_empty());
        let ocsp = ocsp.filter(|_| hello.status_request()).filter(&mut fits);
        Self { ocsp, scts, delegated }
    }
}

/// Bytes of all that stands beside a leaf: a block of extensions, without what stands in front of each.
const MAX_STAPLES: usize = MAX16 - 32;

/// Reads a Certificate message of the handshake proper, where its context is empty. `typ` was agreed on.
pub(crate) fn read_chain(
    body: &[u8],
    typ: CertificateType,
    offered: impl Fn(u16) -> bool,
) -> Result<PeerChain, Error> {
    let message = Certificate::read_all(body)?;
    if !message.context.0.is_empty() {
        return Err(PeerMisbehaved::WrongCertificateContext.into());
    }
    let mut chain = PeerChain::bare(Vec::with_capacity(few(message.count())?));
    for entry in message.entries() {
        let entry = entry?;
        replies::check(&entry.extensions.seen, Reply::CertificateEntry, &offered)?;
        if let Some(status) = entry.extensions.status_request {
            if status.kind != CertificateStatusType::OCSP {
                return Err(InvalidMessage::InvalidCertificateStatusType.into());
            }
            if chain.certificates.is_empty() {
                chain.ocsp = status.response.0.to_vec();
            }
        }
        if chain.certificates.is_empty() {
            chain.scts = read_scts(entry.extensions.signed_certificate_timestamp);
            // With another certificate it means nothing. RFC 9345 section 4.1.1.
            chain.delegated = entry.extensions.delegated_credential.map(PeerDelegation::from);
        }
        chain.certificates.push(CertificateDer::from(entry.cert_data.0.to_vec()));
    }
    cert_types::check_chain(typ, &chain)?;
    Ok(chain)
}

/// Writes the body of a Certificate message. The staples go with the leaf.
pub(crate) fn write_chain(out: &mut Vec<u8>, chain: &[CertificateDer<'_>], staples: Staples<'_>) {
    Opaque::<0, 255>(&[]).write(out);
    nest(out, MAX24, |out| {
        let mut staples = staples;
        for certificate in chain {
            Opaque::<1, MAX24>(certificate).write(out);
            let Staples { ocsp, scts, delegated } = core::mem::take(&mut staples);
            let status =
                |ocsp| CertificateStatus { kind: CertificateStatusType::OCSP, response: Opaque(ocsp) };
            CertificateExtensions {
                status_request: ocsp.map(status),
                signed_certificate_timestamp: scts.map(List::of_encoded),
                delegated_credential: delegated.and_then(Delegated::on_the_wire),
                ..Default::default()
            }
            .write(out);
        }
    });
}

/// The authorities that a server names to a client which it asks for a certificate of this type. A raw public key has no issuer.
///
/// They are a hint. What does not fit is not cut short, since half a list would keep clients away.
pub(crate) fn named_authorities(
    verifier: &dyn ClientCertVerifier,
    typ: CertificateType,
) -> Result<&[DistinguishedName], Error> {
    if typ != CertificateType::X509 {
        return Ok(&[]);
    }
    let names = told(CLIENT_VERIFIER, || verifier.root_hint_subjects())?;
    let len = names.iter().fold(0, |len: usize, name| len.saturating_add(name.as_ref().len() + 2));
    Ok(if len <= MAX_AUTHORITIES { names } else { &[] })
}

/// Bytes of authorities that are named to clients. More do not fit beside the other extensions of TLS 1.3; in TLS 1.2 it could be a little more.
pub(crate) const MAX_AUTHORITIES: usize = 60 * 1024;

/// What a CompressedCertificate message may have beyond a plain one: no honest compressor makes a chain longer by more than a few
/// bytes, plus its head.
pub(crate) const COMPRESSION: usize = 1024;

/// The algorithms to offer for these decompressors: each once, and not more than the list holds. RFC 8879 section 3.
pub(crate) fn offered_compressions(
    decompressors: &[&'static dyn CertDecompressor],
) -> Result<Vec<CertificateCompressionAlgorithm>, Error> {
    guarded(DECOMPRESSOR, || {
        let mut algorithms = Vec::new();
        for algorithm in decompressors.iter().map(|decompressor| decompressor.algorithm()) {
            if !algorithms.contains(&algorithm) && algorithms.len() < MAX_CERT_COMPRESSIONS / 2 {
                algorithms.push(algorithm);
            }
        }
        Ok(algorithms)
    })
}

/// A peer names each algorithm once. RFC 8879 section 3.
pub(crate) fn check_compressions(theirs: Option<CertCompressions<'_>>) -> Result<(), Error> {
    let mut codes: Vec<_> = theirs.iter().flat_map(|list| list.iter()).map(u16::from).collect();
    codes.sort_unstable();
    match codes.windows(2).any(|pair| pair.first() == pair.last()) {
        true => Err(PeerMisbehaved::OfferedDuplicateCertificateCompressions.into()),
        false => Ok(()),
    }
}

/// The first of our compressors that the peer can undo.
pub(crate) fn choose_compressor(
    ours: &[&'static dyn CertCompressor],
    theirs: Option<CertCompressions<'_>>,
) -> Result<Option<&'static dyn CertCompressor>, Error> {
    let Some(theirs) = theirs else { return Ok(None) };
    let known =
        |compressor: &dyn CertCompressor| theirs.iter().any(|theirs| theirs == compressor.algorithm());
    guarded(COMPRESSOR, || Ok(ours.iter().copied().find(|compressor| known(*compressor))))
}

/// What may come where a chain is waited for.
pub(crate) fn expected(compressed: bool) -> Vec<HandshakeType> {
    let compressed = compressed.then_some(HandshakeType::CompressedCertificate);
    [HandshakeType::Certificate].into_iter().chain(compressed).collect()
}

/// Gives the body of the Certificate message that a CompressedCertificate stands for. RFC 8879 section 4.
///
/// # Errors
///
/// The algorithm was not offered, the chain is too long, or it is not what it says. What a peer announces is refused before a
/// byte is decompressed, and what it announces is all that there is room for: a bomb has nowhere to go off.
pub(crate) fn decompress(
    body: &[u8],
    decompressors: &[&'static dyn CertDecompressor],
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let message = CompressedCertificate::read_all(body)?;
    if !offered_compressions(decompressors)?.contains(&message.algorithm) {
        return Err(PeerMisbehaved::SelectedUnofferedCertCompression.into());
    }
    let Length24(len) = message.uncompressed_length;
    if len > limit {
        return Err(InvalidMessage::CertificatePayloadTooLarge.into());
    }
    guarded(DECOMPRESSOR, || {
        let mut chain = vec![0; len];
        let ours = decompressors.iter().find(|decompressor| decompressor.algorithm() == message.algorithm);
        match ours.map(|decompressor| decompressor.decompress(message.compressed.0, &mut chain)) {
            Some(Ok(())) => Ok(chain),
            _ => Err(PeerMisbehaved::InvalidCertCompression.into()),
        }
    })
}

/// What a flight needs for what is long in it, and for what stands around it: extensions, a signature and a Finished. How long a compressed
/// chain is will be seen.
pub(crate) fn room_for(
    chain: &[CertificateDer<'_>],
    compressor: Option<&'static dyn CertCompressor>,
) -> usize {
    match compressor {
        Some(_) => 0,
        None => chain.iter().map(|der| der.len()).fold(512, usize::saturating_add),
    }
}

/// Sends what a credential shows, compressed if there is a compressor and it does not fail.
pub(crate) fn emit_chain(
    cx: &mut Cx<'_>,
    transcript: &mut Transcript,
    credential: &Credential,
    staples: Staples<'_>,
    compressor: Option<&'static dyn CertCompressor>,
    cache: &CompressionCache,
) -> Result<(), Error> {
    let chain = credential.shown();
    // A key has nothing in it that could be left out. RFC 8879 section 4: the sender may compress.
    let compressor = compressor.filter(|_| credential.certificate_type() == CertificateType::X509);
    let compressed = match compressor {
        Some(compressor) => compress(chain, staples, compressor, cache)?,
        None => None,
    };
    match compressed {
        Some(body) => cx.emit(transcript, HandshakeType::CompressedCertificate, |out| {
            out.extend_from_slice(&body);
        }),
        None => cx.emit(transcript, HandshakeType::Certificate, |out| write_chain(out, chain, staples)),
    }
    Ok(())
}

/// The body of a CompressedCertificate; `None` if the compressor cannot, or gives what no message holds.
fn compress(
    chain: &[CertificateDer<'_>],
    staples: Staples<'_>,
    compressor: &'static dyn CertCompressor,
    cache: &CompressionCache,
) -> Result<Option<Vec<u8>>, Error> {
    let mut plain = Vec::new();
    write_chain(&mut plain, chain, staples);
    guarded(COMPRESSOR, || {
        let made = cache.compress(compressor, &plain).ok();
        let made = made.filter(|made| (1..=CERTIFICATE_MESSAGE + COMPRESSION).contains(&made.len()));
        Ok(made.map(|made| {
            let mut body = Vec::with_capacity(made.len().saturating_add(8));
            CompressedCertificate {
                algorithm: compressor.algorithm(),
                uncompressed_length: Length24(plain.len()),
                compressed: Opaque(&made),
            }
            .write(&mut body);
            body
        }))
    })
}

/// How errors call the application's objects.
const COMPRESSOR: &str = "certificate compressor";
const DECOMPRESSOR: &str = "certificate decompressor";

/// Whose signature: the context string differs. RFC 8446 section 4.4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    ByServer,
    ByClient,
}

/// What a CertificateVerify signs: 64 spaces, a context string, a zero, and the transcript hash. RFC 8446 section 4.4.3.
pub(crate) struct Signable {
    bytes: [u8; SIGNED_PREFIX + Output::MAX_LEN],
    len: usize,
}

/// What stands before the hash.
const SIGNED_PREFIX: usize = 64 + 34;

impl Signable {
    pub(crate) fn new(by: Signed, transcript_hash: &Output) -> Self {
        let context: &[u8; 34] = match by {
            Signed::ByServer => b"TLS 1.3, server CertificateVerify\0",
            Signed::ByClient => b"TLS 1.3, client CertificateVerify\0",
        };
        let (mut bytes, hash) = ([0x20; SIGNED_PREFIX + Output::MAX_LEN], transcript_hash.as_ref());
        let len = SIGNED_PREFIX.saturating_add(hash.len());
        if let Some(to) = bytes.get_mut(64..SIGNED_PREFIX) {
            to.copy_from_slice(context);
        }
        if let Some(to) = bytes.get_mut(SIGNED_PREFIX..len) {
            to.copy_from_slice(hash);
        }
        Self { bytes, len }
    }
}

impl AsRef<[u8]> for Signable {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Reads a CertificateVerify whose scheme must be one that we offered, and one of TLS 1.3; or that of the key which the peer has
/// delegated.
pub(crate) fn read_certificate_verify(
    body: &[u8],
    delegated: Option<&PeerDelegation>,
    offered: impl Fn(SignatureScheme) -> bool,
) -> Result<DigitallySignedStruct, Error> {
    let message = CertificateVerify::read_all(body)?;
    match delegated {
        Some(delegated) => delegated.check_scheme(message.scheme)?,
        None if !message.scheme.supported_in_tls13() || !offered(message.scheme) => {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        None => {}
    }
    Ok(DigitallySignedStruct::new(message.scheme, message.signature.0.to_vec()))
}

/// Runs a verifier over the leaf of a chain.
pub(crate) fn check_signature(
    chain: &PeerChain,
    verify: impl FnOnce(&CertificateDer<'static>) -> Result<HandshakeSignatureValid, Error>,
) -> Result<(), Error> {
    let leaf = chain.certificates.first().ok_or(Error::NoCertificatesPresented)?;
    guarded("certificate verifier", || verify(leaf)).map(drop)
}

/// Checks who signed the handshake: the key of the leaf, or one that it has delegated.
///
/// A delegated key gives a time from which on its sessions count, in seconds of UNIX time: so far back that they end with it,
/// as all sessions end after seven days. RFC 9345 section 7.4.
pub(crate) fn check_signature13(
    chain: &PeerChain,
    message: &[u8],
    signature: &DigitallySignedStruct,
    rules: &Rules<'_>,
    verify: impl Fn(&[u8], &CertificateDer<'_>, &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error>,
) -> Result<Option<u64>, Error> {
    let Some(delegated) = &chain.delegated else {
        return check_signature(chain, |leaf| verify(message, leaf, signature)).map(|()| None);
    };
    let leaf = chain.certificates.first().ok_or(Error::NoCertificatesPresented)?;
    let last = guarded("certificate verifier", || delegated.check(leaf, rules, verify))?;
    delegated.check_signature(message, signature, rules)?;
    Ok(Some(last.saturating_sub(MAX_TICKET_LIFETIME.into())))
}

/// What signs with the first of our key's schemes that the peer takes. The peer's lists hold only schemes of the version.
pub(crate) fn choose_signer(
    credential: &Credential,
    theirs: &Checks<'_>,
) -> Result<Option<ReadySigner>, Error> {
    guarded("signing key", || Ok(credential.signer_for(theirs)))
}

/// What a client shows that has been asked for a certificate of this type, and what signs with it; `None` if it has none that fits.
///
/// An empty chain is no certificate, and must not be followed by a signature. Nor is one of another type what was asked for.
pub(crate) fn usable(
    credential: Option<Credential>,
    typ: CertificateType,
    theirs: &Checks<'_>,
) -> Result<Option<(Credential, ReadySigner)>, Error> {
    let fits = |credential: &Credential| {
        !credential.certified.cert.is_empty() && credential.certificate_type() == typ
    };
    let Some(credential) = credential.filter(fits) else { return Ok(None) };
    Ok(choose_signer(&credential, theirs)?.map(|signer| (credential, signer)))
}

pub(crate) fn emit_certificate_verify(
    cx: &mut Cx<'_>,
    transcript: &mut Transcript,
    scheme: SignatureScheme,
    signature: &[u8],
) {
    cx.emit(transcript, HandshakeType::CertificateVerify, |out| {
        write_certificate_verify(out, scheme, signature)
    });
}

/// Compares a Finished in constant time. RFC 8446 section 4.4.4.
pub(crate) fn check_finished(
    secret: &FinishedSecret,
    transcript_hash: &Output,
    body: &[u8],
) -> Result<(), Error> {
    match secret.finished(transcript_hash).matches(body) {
        true => Ok(()),
        false => Err(PeerMisbehaved::IncorrectFinished.into()),
    }
}

// ---- TLS 1.2

/// Reads a Certificate message of TLS 1.2: a list without extensions (RFC 5246 section 7.4.2), or one key without a list, which
/// is empty if there is none (RFC 7250 section 3). `typ` was agreed on.
pub(crate) fn read_chain12(body: &[u8], typ: CertificateType) -> Result<PeerChain, Error> {
    let message = Certificate12::read_all(body)?;
    let certificates = match typ {
        CertificateType::RawPublicKey if message.list.0.is_empty() => Vec::new(),
        CertificateType::RawPublicKey => vec![CertificateDer::from(message.list.0.to_vec())],
        _ => {
            let mut certificates = Vec::with_capacity(few(message.count())?);
            for der in message.certificates() {
                certificates.push(CertificateDer::from(der?.to_vec()));
            }
            certificates
        }
    };
    let chain = PeerChain::bare(certificates);
    cert_types::check_chain(typ, &chain)?;
    Ok(chain)
}

/// The chain, or the raw public key, of a credential of type `typ`; empty if a client has none.
pub(crate) fn write_chain12(out: &mut Vec<u8>, typ: CertificateType, shown: &[CertificateDer<'_>]) {
    match typ {
        CertificateType::RawPublicKey => {
            let key = shown.first().map_or(&[][..], AsRef::as_ref);
            Opaque::<0, MAX24>(key).write(out);
        }
        _ => Certificate12::write_chain(out, shown.iter().map(AsRef::as_ref)),
    }
}

/// Reads a CertificateVerify whose scheme must be one that we offered. RFC 5246 section 7.4.8.
pub(crate) fn read_certificate_verify12(
    body: &[u8],
    offered: impl Fn(SignatureScheme) -> bool,
) -> Result<DigitallySignedStruct, Error> {
    let message = CertificateVerify::read_all(body)?;
    if !offered(message.scheme) {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    Ok(DigitallySignedStruct::new(message.scheme, message.signature.0.to_vec()))
}

pub(crate) fn write_certificate_verify(out: &mut Vec<u8>, scheme: SignatureScheme, signature: &[u8]) {
    CertificateVerify { scheme, signature: Opaque::<0, MAX16>(signature) }.write(out);
}

/// RFC 8422 section 5.1.2: a list that is there has the uncompressed form in it.
pub(crate) fn has_uncompressed(formats: PointFormats<'_>) -> bool {
    formats.iter().any(|format| format == EcPointFormat::Uncompressed)
}

/// The one form that is left, as a list.
pub(crate) fn uncompressed() -> PointFormats<'static> {
    List::of_encoded(&[0])
}

/// A message where a ChangeCipherSpec has to come.
pub(crate) fn missing_ccs() -> Error {
    Error::InappropriateMessage {
        expect_types: [ContentType::ChangeCipherSpec].to_vec(),
        got_type: ContentType::Handshake,
    }
}

/// A ChangeCipherSpec where a message has to come.
pub(crate) fn unexpected_ccs() -> Error {
    Error::InappropriateMessage {
        expect_types: [ContentType::Handshake].to_vec(),
        got_type: ContentType::ChangeCipherSpec,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9345 section 4.1.1: a delegated credential beside another certificate than the leaf is ignored.
    #[test]
    fn what_comes_beside_an_issuer_is_not_the_leafs() {
        let delegated = [0, 0, 0, 1, 4, 3, 0, 0, 1, 7, 8, 4, 0, 1, 9];
        let sct = [0, 3, 0, 1, 7];
        let block = [&[0, 34, 0, 15][..], &delegated, &[0, 18, 0, 5], &sct].concat();
        let entry = |der: u8, block: &[u8]| {
            let mut out = Vec::new();
            Opaque::<1, MAX24>(&[der]).write(&mut out);
            Opaque::<0, MAX16>(block).write(&mut out);
            out
        };
        let read = |entries: &[Vec<u8>]| {
            let mut body = vec![0];
            nest(&mut body, MAX24, |out| entries.iter().for_each(|entry| out.extend(entry)));
            read_chain(&body, CertificateType::X509, |_| true).unwrap()
        };
        let of_leaf = read(&[entry(1, &block), entry(2, &[])]);
        assert!(of_leaf.delegated.is_some());
        assert_eq!(of_leaf.scts, [[7]]);
        let of_issuer = read(&[entry(1, &[]), entry(2, &block)]);
        assert!(of_issuer.delegated.is_none() && of_issuer.scts.is_empty());
    }
}
