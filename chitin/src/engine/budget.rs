//! How much useless traffic a peer may send. Each number has its reason; each is per connection, and those that data resets
//! are reset by a record of application data with something in it.

use crate::error::{Error, PeerMisbehaved};
use crate::flow::certs::COMPRESSION;
use crate::names::HandshakeType;

/// What a peer has used up.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    empty_records: u8,
    warnings: u8,
    ccs: u8,
    key_updates: u8,
    /// Answers that the peer owes us, at most: it may answer several of our requests at once.
    key_updates_due: u16,
    renegotiations: u8,
    idle_messages: u16,
}

/// Empty records hide traffic patterns, singly. A peer that sends nothing else makes us decrypt for nothing.
pub(crate) const EMPTY_RECORDS: u8 = 32;

/// user_canceled comes once, before a close_notify. RFC 8446 section 6.1.
pub(crate) const WARNINGS: u8 = 4;

/// Middlebox compatibility mode sends one, in front of each flight: two with a retry. RFC 8446 appendix D.4.
pub(crate) const CCS: u8 = 4;

/// Each costs two key derivations. Honest peers update after millions of records.
pub(crate) const KEY_UPDATES: u8 = 32;

/// A peer that is told no should not ask again. Nothing excuses this either.
const RENEGOTIATIONS: u8 = 4;

/// Handshake messages after the handshake without data between them. Servers send a few tickets at once.
///
/// Over QUIC nothing is counted: data go past us there, so that the tickets which a server renews for weeks would add up to a flood. Tickets are all that
/// may come, one is held at a time, and the store has a bound; what they cost is time, for bytes that the transport can refuse as all others. Over
/// records a peer has as many for a byte of data between them.
pub(crate) const IDLE_MESSAGES: u16 = 256;

/// Handshake bytes of QUIC that wait behind a question, beside a chain. The longest flight that an honest peer sends has one in
/// it, and what else there is is small beside that.
pub(crate) const WAITING: usize = 0x1_0000;

impl Budget {
    pub(crate) fn empty_record(&mut self) -> Result<(), Error> {
        spend(&mut self.empty_records, EMPTY_RECORDS, PeerMisbehaved::TooManyEmptyFragments)
    }

    pub(crate) fn warning(&mut self) -> Result<(), Error> {
        spend(&mut self.warnings, WARNINGS, PeerMisbehaved::TooManyWarningAlertsReceived)
    }

    pub(crate) fn ccs(&mut self) -> Result<(), Error> {
        spend(&mut self.ccs, CCS, PeerMisbehaved::TooManyChangeCipherSpecs)
    }

    /// The peer asks for another handshake of TLS 1.2.
    pub(crate) fn renegotiation(&mut self) -> Result<(), Error> {
        spend(&mut self.renegotiations, RENEGOTIATIONS, PeerMisbehaved::TooManyRenegotiationRequests)
    }

    /// We ask the peer to update its keys: one update of its is no useless traffic. Who sends only, and hears nothing else, would be flooded by
    /// what it has asked for. RFC 8446 section 4.6.3.
    pub(crate) fn key_update_asked_for(&mut self) {
        self.key_updates_due = self.key_updates_due.saturating_add(1);
    }

    /// A handshake message in application traffic.
    pub(crate) fn message_in_traffic(&mut self, typ: HandshakeType) -> Result<(), Error> {
        if typ == HandshakeType::KeyUpdate {
            if let Some(left) = self.key_updates_due.checked_sub(1) {
                self.key_updates_due = left;
                return Ok(());
            }
            spend(&mut self.key_updates, KEY_UPDATES, PeerMisbehaved::TooManyKeyUpdateRequests)?;
        }
        self.idle_messages = self.idle_messages.saturating_add(1);
        match self.idle_messages > IDLE_MESSAGES {
            true => Err(PeerMisbehaved::TooManyUselessRecords.into()),
            false => Ok(()),
        }
    }

    pub(crate) fn data(&mut self) {
        (self.empty_records, self.key_updates, self.idle_messages) = (0, 0, 0);
    }
}

fn spend(used: &mut u8, limit: u8, error: PeerMisbehaved) -> Result<(), Error> {
    *used = used.saturating_add(1);
    match *used > limit {
        true => Err(error.into()),
        false => Ok(()),
    }
}

/// The longest body that a message may have. Nobody has proved anything yet when most of them come, so a peer must not make
/// us collect more than an honest one ever sends. `certificate` is what the config allows.
pub(crate) fn longest(typ: HandshakeType, certificate: usize) -> usize {
    match typ {
        // A hello holds at most 64 KiB of extensions; with post-quantum shares and tickets it has 2 to 4 KiB.
        HandshakeType::ClientHello => 0x1_0000,
        // A HelloRetryRequest may bring a cookie of nearly 64 KiB.
        HandshakeType::ServerHello => 0x1_0080,
        HandshakeType::EncryptedExtensions => 0x4000,
        // The names of all authorities that a server accepts: at most 64 KiB, and the schemes.
        HandshakeType::CertificateRequest => 0x1_1000,
        // What a server of TLS 1.3 puts into its Certificate, one of TLS 1.2 sends behind it.
        HandshakeType::Certificate | HandshakeType::CertificateStatus => certificate,
        // Refused if it was not offered, and then a certificate would have come in its place.
        HandshakeType::CompressedCertificate => certificate.saturating_add(COMPRESSION),
        // The largest signature in use, of ML-DSA-87, has 4,627 bytes; in TLS 1.2 a share may stand before it.
        HandshakeType::CertificateVerify | HandshakeType::ServerKeyExchange => 0x4000,
        // As long as a hash.
        HandshakeType::Finished => 64,
        // A ticket of at most 64 KiB, and what little else there is.
        HandshakeType::NewSessionTicket => 0x1_1000,
        HandshakeType::KeyUpdate => 16,
        // A share of one curve is the longest of all others that are not refused as unexpected.
        _ => 0x1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_budget_ends_and_data_refills_some() {
        let mut budget = Budget::default();
        assert!((0..EMPTY_RECORDS).all(|_| budget.empty_record().is_ok()));
        assert_eq!(budget.empty_record(), Err(PeerMisbehaved::TooManyEmptyFragments.into()));
        assert!((0..KEY_UPDATES).all(|_| budget.message_in_traffic(HandshakeType::KeyUpdate).is_ok()));
        let error = budget.message_in_traffic(HandshakeType::KeyUpdate);
        assert_eq!(error, Err(PeerMisbehaved::TooManyKeyUpdateRequests.into()));
        budget.data();
        assert!(budget.empty_record().is_ok());
        // What we have asked for is no useless message of either kind.
        (0..2 * IDLE_MESSAGES).for_each(|_| budget.key_update_asked_for());
        assert!((0..2 * IDLE_MESSAGES).all(|_| budget.message_in_traffic(HandshakeType::KeyUpdate).is_ok()));
        assert!((0..KEY_UPDATES).all(|_| budget.message_in_traffic(HandshakeType::KeyUpdate).is_ok()));
        assert!(budget.message_in_traffic(HandshakeType::KeyUpdate).is_err());
        budget.data();
        assert!(
            (0..IDLE_MESSAGES).all(|_| budget.message_in_traffic(HandshakeType::NewSessionTicket).is_ok())
        );
        assert!(budget.message_in_traffic(HandshakeType::NewSessionTicket).is_err());
        assert!((0..WARNINGS).all(|_| budget.warning().is_ok()));
        assert!((0..CCS).all(|_| budget.ccs().is_ok()));
        budget.data();
        assert!(budget.warning().is_err() && budget.ccs().is_err(), "data does not excuse these");
    }
}
