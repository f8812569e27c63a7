//! The account of what a connection holds in memory: the one door where what a peer sends, and what the application writes, is
//! let in. Memory that is not a buffer is counted by what it comes from: `config/limits.rs` says how much that may be.

use crate::config::limits::{BASE, cost, kept, short};
use crate::engine::{Engine, budget};
use crate::error::{Error, InvalidMessage};
use crate::flow::cx::Gate;
use crate::names::HandshakeType;
use crate::record::joiner::announced;

/// What is written takes this much for each byte at most: sealed, in a buffer with a sent part before it and room behind it.
const WRITTEN: usize = 3;

/// Once data may be sent a kilobyte of them always has room. A message that has begun and never ends must not keep the application
/// from writing: where nothing waits, nothing that is sent would make room either.
const FLOOR: usize = WRITTEN * 1024;

/// Without a limit on all of it nothing is added up here: each part has a bound of its own, and `Limits::most_memory` is their sum.
impl Engine {
    /// What is held beside what was written: the part of the inbox, which is kept free for it, is always counted.
    fn held(&self) -> usize {
        // A message that has begun is counted as what it will cost.
        let begun = weight(self.joiner.begun()).map_or(0, |(typ, len)| cost(typ, len));
        let inbox = if self.carrier.records().is_some() { self.policy.bounds.inbox() } else { 0 };
        BASE.saturating_add(inbox)
            .saturating_add(usize::try_from(self.read.kept).unwrap_or(usize::MAX))
            .saturating_add(begun.max(self.joiner.capacity()))
            .saturating_add(self.flight.capacity())
    }

    /// What was written and not sent. It counts unless the application has said how much that may be.
    fn written(&self) -> usize {
        match self.write.limit_is_set {
            true => 0,
            false => self.carrier.out_capacity().saturating_add(self.write.held.capacity()),
        }
    }

    /// What is kept free for what is written.
    fn floor(&self) -> usize {
        match self.write.gate {
            Gate::Open if !self.write.limit_is_set => FLOOR,
            _ => 0,
        }
    }

    /// How much more may be written, if the memory of the connection says so, where `waiting` bytes wait. What comes before the
    /// gate opens leaves room for the peer's part of the handshake. Half a round trip early nothing long of that is still to come.
    #[cold]
    pub(crate) fn write_room(&self, waiting: usize) -> usize {
        match self.policy.bounds.memory() {
            Some(memory) if !self.write.limit_is_set => {
                let free = memory.saturating_sub(self.held());
                let most = match self.write.gate {
                    Gate::Open => usize::MAX,
                    Gate::Closed | Gate::Early { .. } => self.policy.bounds.early(),
                };
                (free.min(most) / WRITTEN).saturating_sub(waiting)
            }
            _ => usize::MAX,
        }
    }

    /// The longest body that a message may have.
    pub(crate) fn longest(&self, typ: HandshakeType) -> usize {
        let longest = budget::longest(typ, self.policy.bounds.certificate());
        match typ {
            HandshakeType::Certificate
            | HandshakeType::CompressedCertificate
            | HandshakeType::CertificateStatus => longest,
            _ => longest.min(self.policy.bounds.message()),
        }
    }

    /// Is there room for the message that begins here, as soon as its header says how long it is? Whether its type may be that
    /// long has been looked at.
    #[inline]
    pub(crate) fn admit(&self, bytes: &[u8]) -> Result<(), Error> {
        match self.policy.bounds.memory() {
            Some(memory) => self.admit_within(memory, bytes),
            None => Ok(()),
        }
    }

    #[cold]
    fn admit_within(&self, memory: usize, bytes: &[u8]) -> Result<(), Error> {
        match weight(bytes) {
            Some((typ, len)) => self.let_in(memory, typ, cost(typ, len)),
            None => Ok(()),
        }
    }

    /// Is there room for `len` bytes that wait behind a question? Nobody splits them, so nothing else bounds them.
    pub(crate) fn let_wait(&self, len: usize) -> Result<(), Error> {
        let most = budget::WAITING.saturating_add(self.policy.bounds.certificate());
        if len > most {
            return Err(InvalidMessage::HandshakePayloadTooLarge.into());
        }
        match self.policy.bounds.memory() {
            // What it is, nobody has looked at. It is copied once when it goes on.
            Some(memory) => self.let_in(memory, HandshakeType::Unknown(0), len.saturating_mul(2)),
            None => Ok(()),
        }
    }

    fn let_in(&self, limit: usize, typ: HandshakeType, wanted: usize) -> Result<(), Error> {
        let held = self.held().saturating_add(self.written().max(self.floor()));
        match held.saturating_add(wanted) > limit {
            true => {
                Err(Error::MemoryLimit { typ, held: short(held), wanted: short(wanted), limit: short(limit) })
            }
            false => Ok(()),
        }
    }

    /// A message of the handshake has been delivered: what it cost is free again, but for what the state may keep of it until the
    /// handshake is over.
    #[inline]
    pub(crate) fn delivered(&mut self, message: &[u8]) {
        if let Some((typ, len)) = weight(message) {
            self.read.kept = self.read.kept.saturating_add(short(kept(typ, len)));
        }
    }

    /// Is what is held within the limit? It can be above where there was none yet: a server that waits for its config has that of
    /// no config.
    pub(crate) fn check_account(&self, typ: HandshakeType) -> Result<(), Error> {
        match self.policy.bounds.memory() {
            Some(memory) => self.let_in(memory, typ, 0),
            None => Ok(()),
        }
    }

    /// The handshake is complete: of all messages the peer's chain is left.
    pub(crate) fn settle_account(&mut self) {
        let chain = self.facts.peer.iter().flat_map(|chain| chain.iter());
        self.read.kept =
            chain.fold(0, |sum: u32, der| sum.saturating_add(short(der.len())).saturating_add(32));
    }
}

/// Type and length of the message that begins here, if its header is there: a compressed chain is as long as it says that it will be.
fn weight(bytes: &[u8]) -> Option<(HandshakeType, usize)> {
    let (typ, len) = announced(bytes)?;
    // Behind the header and the algorithm. RFC 8879 section 4.
    let chain = match (typ, bytes.get(6..9)) {
        (HandshakeType::CompressedCertificate, Some(&[a, b, c])) => {
            usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX)
        }
        _ => 0,
    };
    Some((typ, len.max(chain)))
}
