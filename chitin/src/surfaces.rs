//! The inner surfaces that peers' bytes reach, opened for fuzz targets. It decides nothing: each item hands its argument to
//! one parser or to the record layer, and holds the result against what must be true of any input.
//!
//! Only the feature `testing` shows it, and there is no promise of stability.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Debug;

#[cfg(feature = "load")]
use pki_types::CertificateDer;

use crate::config::CERTIFICATE_MESSAGE;
use crate::config::compress::CertDecompressor;
use crate::crypto::cipher::{AeadKey, MessageDecrypter, MessageEncrypter};
use crate::error::{Error, InvalidMessage};
use crate::flow::certs;
#[cfg(feature = "load")]
use crate::load::{self, Limits, LoadError, Wanted};
use crate::names::ContentType;
use crate::record::open::{Opener, Place, Pulled};
use crate::record::outbox::Outbox;
use crate::record::seal::Sealer;
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::Wire;
use crate::wire::ech::ConfigList;
use crate::wire::extensions::EncryptedExtensions;
use crate::wire::server_hello::ServerHello;
use crate::wire::stored::{ServerSession, ServerSession12};
use crate::wire::tls12::{
    Certificate12, CertificateRequest12, CertificateStatus, ClientKeyExchange, NewSessionTicket12,
    ServerKeyExchange,
};
use crate::wire::tls13::{
    Certificate, CertificateEntry, CertificateRequest, CertificateVerify, CompressedCertificate,
    NewSessionTicket,
};

macro_rules! exact {
    ($message:ident) => {
        |bytes| {
            let Ok(value) = $message::read_all(bytes) else { return false };
            assert_eq!(written(&value), bytes, "{}: what was read is not what is written", $message::NAME);
            true
        }
    };
}

macro_rules! stable {
    ($message:ident) => {
        |bytes| {
            let Ok(value) = $message::read_all(bytes) else { return false };
            let once = written(&value);
            let twice = $message::read_all(&once).map(|value| written(&value));
            assert_eq!(twice.as_ref(), Ok(&once), "{}: it changes by being read", $message::NAME);
            true
        }
    };
}

/// One decoder, and whether it took the bytes.
pub type Decoder = (&'static str, fn(&[u8]) -> bool);

/// A decoder for each message and each kind of stored session.
///
/// Where a format has one encoding for one value, writing what was read gives the same bytes again. A block of extensions
/// drops what it does not know, so writing it has to be stable from the second time on.
pub const DECODERS: &[Decoder] = &[
    ("ClientHello", client_hello),
    ("ServerHello", server_hello),
    ("EncryptedExtensions", stable!(EncryptedExtensions)),
    ("CertificateRequest", stable!(CertificateRequest)),
    ("Certificate", certificate),
    ("CertificateEntry", stable!(CertificateEntry)),
    ("CompressedCertificate", exact!(CompressedCertificate)),
    ("CertificateVerify", exact!(CertificateVerify)),
    ("NewSessionTicket", stable!(NewSessionTicket)),
    ("Certificate12", certificate12),
    ("CertificateStatus", exact!(CertificateStatus)),
    ("ServerKeyExchange", exact!(ServerKeyExchange)),
    ("CertificateRequest12", exact!(CertificateRequest12)),
    ("ClientKeyExchange", exact!(ClientKeyExchange)),
    ("NewSessionTicket12", exact!(NewSessionTicket12)),
    ("ServerSession", session),
    ("ServerSession12", session12),
    ("EchConfigList", exact!(ConfigList)),
];

fn written<'a>(value: &impl Wire<'a>) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

/// Takes the message with its header, as the flows do.
fn client_hello(raw: &[u8]) -> bool {
    let Ok(hello) = ClientHello::read(raw) else { return false };
    assert_eq!(hello.raw(), raw, "a hello is kept as it came");
    assert!(hello.without_binders().len() <= raw.len(), "the part that binders cover is a part");
    for (code, body) in hello.extensions() {
        assert_eq!(hello.extension(code), Some(body), "an extension is found again");
    }
    let psks = hello.psks().map_or(0, |psks| psks.identities.iter().count());
    let shares = hello.key_shares().map_or(0, |shares| shares.iter().count());
    let protocols = hello.protocols().map_or(0, |list| list.iter().count());
    assert!(
        psks.saturating_add(shares).saturating_add(protocols) <= raw.len(),
        "lists are no longer than the hello"
    );
    let small = (hello.versions(), hello.psk_modes(), hello.cert_compressions(), hello.cookie());
    touch(&small);
    touch(&(hello.record_size_limit(), hello.ticket_request(), hello.session_ticket()));
    touch(&(hello.renegotiation_info(), hello.point_formats_uncompressed(), hello.status_request()));
    true
}

fn server_hello(body: &[u8]) -> bool {
    let Ok(hello) = ServerHello::read_all(body) else { return false };
    touch(&(hello.is_retry(), hello.is_downgrade(), hello.chosen_version()));
    let read: [Result<(), InvalidMessage>; 3] = [
        hello.extensions().map(|extensions| touch(&extensions)),
        hello.tls12_extensions().map(|extensions| touch(&extensions)),
        hello.retry_extensions().map(|extensions| touch(&extensions)),
    ];
    read.iter().any(Result::is_ok)
}

fn certificate(body: &[u8]) -> bool {
    let Ok(message) = Certificate::read_all(body) else { return false };
    // Four bytes is the least that an entry takes; after an error there is none.
    let (mut entries, mut failed) = (0_usize, false);
    for entry in message.entries() {
        assert!(!failed, "an entry behind a bad one");
        failed = entry.is_err();
        entries = entries.saturating_add(1);
    }
    assert!(entries <= body.len(), "more entries than bytes");
    !failed
}

fn certificate12(body: &[u8]) -> bool {
    let Ok(message) = Certificate12::read_all(body) else { return false };
    let chain: Result<Vec<&[u8]>, InvalidMessage> = message.certificates().collect();
    let Ok(chain) = chain else { return false };
    let mut again = Vec::new();
    Certificate12::write_chain(&mut again, chain.into_iter());
    assert_eq!(again, body, "what was read is not what is written");
    true
}

fn session(bytes: &[u8]) -> bool {
    let Some(session) = ServerSession::open(bytes) else { return false };
    assert!(session.chain().count() <= bytes.len(), "more certificates than bytes");
    assert_eq!(written(&session), bytes, "what was read is not what is written");
    // One version's session is never taken for the other's.
    assert!(ServerSession12::open(bytes).is_none(), "a session of both versions");
    true
}

fn session12(bytes: &[u8]) -> bool {
    let Some(session) = ServerSession12::open(bytes) else { return false };
    assert!(session.chain().count() <= bytes.len(), "more certificates than bytes");
    assert_eq!(written(&session), bytes, "what was read is not what is written");
    touch(&session.extended());
    true
}

/// Reads what lists and options hold, since lists read their items late.
fn touch(value: &impl Debug) {
    let _ = core::hint::black_box(alloc::format!("{value:?}").len());
}

/// Undoes the compression of a certificate message, under the limits of the flows.
///
/// # Errors
///
/// What a flow would say.
pub fn decompress(body: &[u8], decompressors: &[&'static dyn CertDecompressor]) -> Result<Vec<u8>, Error> {
    certs::decompress(body, decompressors, CERTIFICATE_MESSAGE)
}

/// The receiving half of the record layer, with the buffer before it.
#[derive(Default)]
pub struct RecordsIn {
    opener: Opener,
    input: Vec<u8>,
}

/// A record that was opened: its type, and what was in it.
pub type Opened = (ContentType, Vec<u8>);

impl RecordsIn {
    /// Takes bytes of the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Opens the next whole record. `into` is room for application data that a reader lends.
    ///
    /// # Errors
    ///
    /// What is wrong with the record.
    pub fn next(&mut self, into: Option<&mut [u8]>) -> Result<Option<Opened>, Error> {
        let mut into = into;
        loop {
            let (opened, used) = match self.opener.pull(&mut self.input, into.as_deref_mut())? {
                Pulled::Incomplete => return Ok(None),
                Pulled::Skipped { end } => (None, end),
                Pulled::Record { typ, body: Place::Input(range), end } => {
                    assert!(range.end <= end, "the body ends with its record");
                    (Some((typ, self.input.get(range).unwrap_or_default().to_vec())), end)
                }
                Pulled::Record { typ, body: Place::Out(len), end } => {
                    let body = into.as_deref().and_then(|out| out.get(..len)).unwrap_or_default().to_vec();
                    (Some((typ, body)), end)
                }
            };
            assert!(0 < used && used <= self.input.len(), "a record is a part of the input");
            self.input.drain(..used);
            if opened.is_some() {
                return Ok(opened);
            }
        }
    }

    /// Switches to the next read key.
    pub fn install(&mut self, key: Box<dyn MessageDecrypter>) {
        self.opener.install(key);
    }

    /// The version is TLS 1.2.
    pub fn set_version12(&mut self) {
        self.opener.set_version12();
    }

    /// Says what RFC 8449 lets us ask for.
    pub fn set_limit(&mut self, limit: usize) {
        self.opener.set_limit(limit);
    }

    /// Passes over refused early data.
    pub fn skip_early_data(&mut self, at_most: usize, after_retry: bool) {
        self.opener.skip_early_data(at_most, after_retry);
    }

    /// ChangeCipherSpec may come now, or may not.
    pub fn allow_ccs(&mut self, allowed: bool) {
        self.opener.ccs_allowed = allowed;
    }
}

/// The sending half of the record layer, with the buffer behind it.
#[derive(Default)]
pub struct RecordsOut {
    sealer: Sealer,
    out: Outbox,
}

impl RecordsOut {
    /// Seals all of `data` into as many records as it takes.
    ///
    /// # Errors
    ///
    /// Those of the key.
    pub fn seal(&mut self, typ: ContentType, data: &[u8]) -> Result<(), Error> {
        self.sealer.seal_out(typ, data.into(), &mut self.out)
    }

    /// Switches to the next write key, for so many records.
    pub fn install(&mut self, key: Box<dyn MessageEncrypter>, limit: u64) {
        self.sealer.install(key, limit);
    }

    /// The version is TLS 1.2.
    pub fn set_version12(&mut self) {
        self.sealer.set_version12();
    }

    /// Sets the longest record.
    ///
    /// # Errors
    ///
    /// A size that no record may have.
    pub fn set_max_fragment_size(&mut self, size: Option<usize>) -> Result<(), Error> {
        self.sealer.set_max_fragment_size(size)
    }

    /// Sets what the peer takes.
    pub fn set_peer_limit(&mut self, content: usize) {
        self.sealer.set_peer_limit(content);
    }

    /// Adds so much padding to each record.
    pub fn pad(&mut self, by: usize) {
        self.sealer.set_padding(Some(Box::new(move |_| Ok(by))));
    }

    /// Takes all that was sealed.
    pub fn take(&mut self) -> Vec<u8> {
        let bytes = self.out.pending().to_vec();
        self.out.advance(bytes.len());
        bytes
    }
}

/// What is found in a file: certificates and keys. The work on passwords is bounded far below what it is outside of tests.
///
/// # Errors
///
/// As of [`load::chain_and_key`], but that it is none if there are several keys or nothing.
#[cfg(feature = "load")]
pub fn load(
    contents: &[u8],
    password: Option<&str>,
    wanted: Wanted,
) -> Result<(Vec<CertificateDer<'static>>, Vec<Vec<u8>>), LoadError> {
    let found = load::look(contents, password, wanted, &Limits::SMALL)?;
    let keys = found.keys.iter().map(|key| key.secret_der().to_vec()).collect();
    Ok((found.certificates, keys))
}

/// An AEAD key of any length up to 32 bytes, which only the key schedule makes otherwise.
pub fn aead_key(bytes: &[u8]) -> AeadKey {
    AeadKey::new(bytes)
}
