//! What one connection may hold in memory, whatever its peer does. Only numbers: the engine keeps the account (`engine/ledger.rs`).

use alloc::format;
use core::time::Duration;

use super::CERTIFICATE_MESSAGE;
#[cfg(feature = "std")]
use super::deadline::Deadline;
use crate::error::Error;
use crate::names::HandshakeType;
use crate::record::inbox::Inbox;
use crate::record::{HEADER, MAX_SEALED};

/// What one connection may hold in memory, whatever its peer does. Not in rustls 0.23.
///
/// It is part of [`ClientConfig`](crate::ClientConfig) and [`ServerConfig`](crate::ServerConfig). Take the default and change
/// what should differ:
///
/// ```
/// # #[cfg(feature = "aws_lc_rs")] {
/// use chitin::{ClientConfig, RootCertStore};
///
/// let mut config =
///     ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
/// config.limits.memory = Some(256 * 1024);
/// # }
/// ```
///
/// What a peer sends is refused as soon as it announces more than there is room for, with
/// [`Error::MemoryLimit`] or [`InvalidMessage::HandshakeMessageTooLong`](crate::InvalidMessage::HandshakeMessageTooLong). What the
/// application writes is taken as far as there is room, as with
/// [`set_buffer_limit`](crate::ConnectionCommon::set_buffer_limit).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes that a connection holds on the heap: received and not yet worked off, not yet read, not yet sent, and
    /// what it keeps of the peer's messages. `None` (the default): the sum of what each part may have for itself, which
    /// [`most_memory`](Self::most_memory) gives.
    ///
    /// At least [`LEAST_MEMORY`](Self::LEAST_MEMORY), or no connection is made. With a limit an application may write less at a
    /// time than without, and before it may be sent an eighth of that, so that what is written does not take the room of the
    /// peer's chain: some 4.5 KiB with the least. A client's early data has an eighth of its own, in which all that waits to be sent
    /// counts, the hello too: whoever sends that first has more room. What it allows by
    /// [`set_buffer_limit`](crate::ConnectionCommon::set_buffer_limit) or `max_early_data_size` comes on top: it has said so
    /// itself. An [`Acceptor`](crate::server::Acceptor) has the default until it is given its config, and a hello that takes more than that
    /// allows is refused then. The objects of the provider and of the application are not counted, nor is what they share between connections.
    pub memory: Option<usize>,

    /// The longest body of a handshake message that is no chain, where its type does not allow less: `docs/defaults.md` has
    /// those. 69,632 bytes by default, which is the most that any type allows. For chains there is `max_certificate_message`.
    pub handshake_message: usize,

    /// How long a handshake may take, for [`deadline`](Self::deadline). 30 seconds by default. Connections have no clock: it is for
    /// whoever drives them.
    pub handshake_time: Duration,
}

impl Limits {
    /// The least that [`memory`](Self::memory) may be: room for a record of the largest kind behind one that waits to be read,
    /// and for a handshake with two hellos of 1.7 KB (with a post-quantum key share, and a retry) and a chain of 8 KiB.
    pub const LEAST_MEMORY: usize = 192 * 1024;

    /// Returns what [`memory`](Self::memory) is if nothing is said, for this `max_certificate_message`: the sum of the largest
    /// input buffer, of what is kept of the longest message of each kind, and of what it takes to work off the longest.
    ///
    /// What is written and not yet sent comes on top, as far as
    /// [`set_buffer_limit`](crate::ConnectionCommon::set_buffer_limit) says: 64 KiB by default, which take up to three times as much.
    pub const fn most_memory(max_certificate_message: usize) -> usize {
        // A client hears more than a server: that has two hellos, and at most a chain.
        let hello = 2 * kept(HandshakeType::ServerHello, LONGEST);
        let extensions = kept(HandshakeType::EncryptedExtensions, LONGEST);
        let request = kept(HandshakeType::CertificateRequest, LONGEST);
        let client_hellos = 2 * kept(HandshakeType::ClientHello, LONGEST);
        let server = hello + extensions + request;
        let heard = if client_hellos > server { client_hellos } else { server };
        let chain = cost(HandshakeType::Certificate, max_certificate_message.saturating_add(SLACK));
        let longest = cost(HandshakeType::ClientHello, LONGEST);
        let last = if chain > longest { chain } else { longest };
        let chain = kept(HandshakeType::Certificate, max_certificate_message.saturating_add(SLACK));
        (BASE + Inbox::CAP + heard).saturating_add(last).saturating_add(chain)
    }

    /// Returns the deadline of a handshake that begins now.
    #[cfg(feature = "std")]
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.handshake_time)
    }

    /// What the engine holds a connection to.
    ///
    /// # Errors
    ///
    /// The limit is too small for any connection.
    pub(crate) fn bounds(&self, certificate: usize) -> Result<Bounds, Error> {
        if let Some(memory) = self.memory.filter(|memory| *memory < Self::LEAST_MEMORY) {
            let least = Self::LEAST_MEMORY;
            let why = format!("`limits.memory` is {memory}, and a connection needs at least {least} bytes");
            return Err(Error::General(why));
        }
        let message = self.handshake_message.min(LONGEST);
        Ok(Bounds {
            certificate: short(certificate),
            message: short(message),
            memory: short(self.memory.unwrap_or(usize::MAX)),
        })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: None, handshake_message: LONGEST, handshake_time: HANDSHAKE_TIME }
    }
}

/// The limits of one connection, in numbers: short ones, since every connection has them.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// How long a Certificate message may be.
    certificate: u32,
    /// How long any other message may be.
    message: u32,
    /// How much all may have; the largest number: what each part may have for itself is all that there is to look at.
    memory: u32,
}

impl Bounds {
    pub(crate) fn certificate(&self) -> usize {
        long(self.certificate)
    }

    pub(crate) fn message(&self) -> usize {
        long(self.message)
    }

    #[inline]
    pub(crate) fn memory(&self) -> Option<usize> {
        (self.memory < u32::MAX).then(|| long(self.memory))
    }

    /// How much of it an inbox may have: a quarter, and never less than [`INBOX`].
    #[inline]
    pub(crate) fn inbox(&self) -> usize {
        (long(self.memory) / 4).clamp(INBOX, Inbox::CAP)
    }

    /// How much of it may be taken by what is written before it may be sent, and once more by early data: an eighth of what messages
    /// may have.
    pub(crate) fn early(&self) -> usize {
        long(self.memory).saturating_sub(BASE).saturating_sub(self.inbox()) / EARLY
    }
}

impl Default for Bounds {
    /// What holds until a server has its config: then no chain may come yet.
    fn default() -> Self {
        Self { certificate: short(CERTIFICATE_MESSAGE), message: short(LONGEST), memory: u32::MAX }
    }
}

/// More than four GiB is without bound: the length of a message has 24 bits.
pub(crate) fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn long(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Ten round trips over a bad radio link, and a person who is asked for a card; servers of other makes have 10 to 60 seconds.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// The longest body of any handshake message that is no chain: 64 KiB of names or of a ticket, and what stands beside those.
const LONGEST: usize = 0x1_1000;

/// What a compressed chain, a header and the rest of a record add to a chain.
const SLACK: usize = 4096;

/// What each connection has for itself, the peer's doing or not: states, keys, the tail of a record behind a message.
pub(crate) const BASE: usize = 32 * 1024;

/// The least that an inbox has to have: a record's worth of plaintext that waits, one record behind it, and one read.
const INBOX: usize = 2 * (HEADER + MAX_SEALED) + 4096;

/// A request or a greeting fits into that part, and what `Limits::LEAST_MEMORY` promises into the rest.
const EARLY: usize = 8;

/// Lists of names are read into so many, each with its place in a list that grows.
const NAMES: usize = 48 * 1024;

/// What a message of this length takes while it is worked off: itself, joined from records, and what is made of it.
pub(crate) const fn cost(typ: HandshakeType, len: usize) -> usize {
    len.saturating_add(match typ {
        // Joined with what was there before, or decompressed.
        HandshakeType::Certificate | HandshakeType::CompressedCertificate => len,
        _ => 0,
    })
    .saturating_add(kept(typ, len))
}

/// What of it may stay until the handshake is over.
pub(crate) const fn kept(typ: HandshakeType, len: usize) -> usize {
    match typ {
        // The message, and its lists of numbers as such, which are twice as long; its names and the index of its extensions.
        HandshakeType::ClientHello => {
            len.saturating_mul(3).saturating_add(least(len.saturating_mul(12), NAMES))
        }
        HandshakeType::CertificateRequest => {
            len.saturating_mul(2).saturating_add(least(len.saturating_mul(12), NAMES))
        }
        // Each certificate by itself; and the message, since TLS 1.2 keeps all of them until it knows whether a signature is over
        // them.
        HandshakeType::Certificate | HandshakeType::CompressedCertificate => {
            len.saturating_mul(2).saturating_add(least(len.saturating_mul(8), NAMES / 4))
        }
        // By itself, and in the messages of TLS 1.2.
        HandshakeType::CertificateStatus => len.saturating_mul(2),
        _ => len,
    }
}

/// What an honest handshake needs fits into the least that may be set, beside what is written before it is done. Early data is
/// a client's, which hears no hellos of that kind.
const _: () = {
    let hellos = 2 * kept(HandshakeType::ClientHello, 1700);
    let chain = cost(HandshakeType::Certificate, 8192);
    let most = Limits::LEAST_MEMORY - BASE - Limits::LEAST_MEMORY / 4;
    assert!(hellos + chain <= most - most / EARLY);
    let server_hello =
        2 * kept(HandshakeType::ServerHello, 1700) + kept(HandshakeType::EncryptedExtensions, 1700);
    assert!(server_hello + chain <= most - 2 * (most / EARLY));
    assert!(INBOX <= Limits::LEAST_MEMORY / 4);
};

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}
