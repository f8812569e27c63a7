//! TLS records: the two halves of record protection and the outgoing buffer between them and the skins.

use alloc::sync::Arc;

use crate::carrier::Direction;
use crate::crypto::cipher::OutboundChunks;
use crate::error::Error;
use crate::names::{AlertDescription, AlertLevel, ContentType};
use crate::observe::{self, Event, KeyLevel, Trace};
use crate::record::open::Opener;
use crate::record::outbox::Outbox;
use crate::record::seal::Sealer;
use crate::schedule::tls13::TrafficSecret;

/// Opener, sealer, outbox, and under which kind of key each direction is.
pub(crate) struct Records {
    pub(crate) open: Opener,
    pub(crate) seal: Sealer,
    pub(crate) out: Outbox,
    read_level: KeyLevel,
    write_level: KeyLevel,
    trace: Option<Arc<dyn Trace>>,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self {
            open: Opener::default(),
            seal: Sealer::default(),
            out: Outbox::default(),
            read_level: KeyLevel::Plaintext,
            write_level: KeyLevel::Plaintext,
            trace: None,
        }
    }

    pub(crate) fn set_trace(&mut self, trace: Option<Arc<dyn Trace>>) {
        self.trace = trace;
    }

    pub(crate) fn event(&self, event: Event<'_>) {
        if let Some(trace) = &self.trace {
            trace.event(event);
        }
    }

    pub(crate) fn level(&self, direction: Direction) -> KeyLevel {
        match direction {
            Direction::Read => self.read_level,
            Direction::Write => self.write_level,
        }
    }

    pub(crate) fn send_handshake(&mut self, plain: &[u8]) -> Result<(), Error> {
        self.send(ContentType::Handshake, OutboundChunks::Single(plain))
    }

    pub(crate) fn send_data(&mut self, data: OutboundChunks<'_>) -> Result<(), Error> {
        self.send(ContentType::ApplicationData, data)
    }

    /// Never protected, whatever the keys. RFC 8446 section 5.
    pub(crate) fn send_ccs(&mut self) -> Result<(), Error> {
        let record = [u8::from(ContentType::ChangeCipherSpec), 3, 3, 0, 1, 1];
        self.out.put(&record);
        self.event(Event::ChangeCipherSpec { direction: observe::Direction::Out });
        Ok(())
    }

    /// A failure to seal an alert is remembered by the sealer: there is nobody to tell here.
    pub(crate) fn send_alert(&mut self, level: AlertLevel, what: AlertDescription) {
        let _ = self.send(ContentType::Alert, OutboundChunks::Single(&[level.into(), what.into()]));
        let fatal = level == AlertLevel::Fatal;
        self.event(Event::Alert { direction: observe::Direction::Out, fatal, description: what });
    }

    fn send(&mut self, content: ContentType, payload: OutboundChunks<'_>) -> Result<(), Error> {
        let before = self.out.len();
        let done = self.seal.seal_out(content, payload, &mut self.out);
        if let Some(trace) = &self.trace {
            let new = self.out.pending().get(before..).unwrap_or_default();
            for record in crate::record::outbox::Records::of(new) {
                let (direction, len, level) = (observe::Direction::Out, record.len(), self.write_level);
                trace.event(Event::Record { direction, content, len, level });
            }
        }
        done
    }

    pub(crate) fn install(&mut self, direction: Direction, secret: &TrafficSecret, level: KeyLevel) {
        let suite = secret.suite();
        let (key, iv) = secret.key_and_iv();
        match direction {
            Direction::Read => {
                self.open.install(suite.aead_alg.decrypter(key, iv));
                self.read_level = level;
                self.event(Event::Keys { direction: observe::Direction::In, level });
            }
            Direction::Write => {
                self.seal.install(suite.aead_alg.encrypter(key, iv), suite.common.confidentiality_limit);
                self.write_level = level;
                self.event(Event::Keys { direction: observe::Direction::Out, level });
            }
        }
    }
}
