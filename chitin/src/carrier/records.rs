//! TLS records: the two halves of record protection and the outgoing buffer between them and the skins.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::carrier::Direction;
use crate::carrier::observer::Observer;
use crate::crypto::cipher::{MessageDecrypter, MessageEncrypter, OutboundChunks};
use crate::error::Error;
use crate::names::{AlertDescription, AlertLevel, ContentType, Side};
use crate::observe::{self, Event, KeyLevel, Trace};
use crate::record::open::Opener;
use crate::record::outbox::Outbox;
use crate::record::room::{CallersSlice, Room};
use crate::record::seal::{Padding, Sealer, SliceError};
use crate::record::whole_record_len;
use crate::schedule::tls13::TrafficSecret;

/// Opener, sealer, outbox, and under which kind of key each direction is.
pub(crate) struct Records {
    pub(crate) open: Opener,
    pub(crate) seal: Sealer,
    pub(crate) out: Outbox,
    read_level: KeyLevel,
    write_level: KeyLevel,
    /// A limit for what comes under the keys after those of early data.
    next_limit: Option<usize>,
    observer: Observer,
}

impl Records {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            open: Opener::default(),
            seal: match side {
                Side::Client => Sealer::for_client(),
                Side::Server => Sealer::default(),
            },
            out: Outbox::default(),
            read_level: KeyLevel::Plaintext,
            write_level: KeyLevel::Plaintext,
            next_limit: None,
            observer: Observer::default(),
        }
    }

    pub(crate) fn configure(
        &mut self,
        max_fragment_size: Option<usize>,
        padding: Option<Padding>,
    ) -> Result<(), Error> {
        self.seal.set_padding(padding);
        self.seal.set_max_fragment_size(max_fragment_size)
    }

    /// Early data was sent before the peer knew of the limit: its keys are not of this handshake. RFC 8449 section 4.
    pub(crate) fn limit_received(&mut self, limit: usize) {
        match self.read_level {
            KeyLevel::Early => self.next_limit = Some(limit),
            _ => self.open.set_limit(limit),
        }
    }

    pub(crate) fn set_trace(&mut self, trace: Option<Arc<dyn Trace>>) {
        self.observer.trace = trace;
    }

    #[inline]
    pub(crate) fn event(&self, event: Event<'_>) {
        self.observer.tell(event);
    }

    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.observer.trace.is_some()
    }

    pub(crate) fn check_observer(&self) -> Result<(), Error> {
        self.observer.check()
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

    /// Application data, if nothing is in its way and nobody looks on. `None`: nothing was sealed.
    #[inline]
    pub(crate) fn send_plainly(&mut self, data: &[u8]) -> Option<Result<(), Box<Error>>> {
        match self.is_observed() {
            true => None,
            false => self.seal.seal_plainly(data, &mut self.out),
        }
    }

    /// Application data, until the key has to be changed; gives what is left.
    #[inline]
    pub(crate) fn send_some_data<'a>(
        &mut self,
        data: OutboundChunks<'a>,
    ) -> Result<OutboundChunks<'a>, Error> {
        let before = self.out.len();
        let rest = self.seal.seal_some(ContentType::ApplicationData, data, &mut self.out);
        self.record_events(ContentType::ApplicationData, before);
        rest
    }

    /// Application data into the caller's slice, behind what waits in the outbox, all or nothing.
    pub(crate) fn seal_slice(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize, SliceError> {
        let waiting = self.out.len();
        let n = self.seal.seal_slice(data, &mut self.out, out)?;
        self.tell_records(ContentType::ApplicationData, out.get(waiting..n).unwrap_or_default());
        Ok(n)
    }

    /// The same if nothing is in its way, nothing waits, and nobody looks on. `None`: nothing was sealed.
    #[inline]
    pub(crate) fn seal_slice_plainly(
        &mut self,
        data: &[u8],
        out: &mut [u8],
    ) -> Option<Result<usize, Box<Error>>> {
        if self.is_observed() || !self.out.is_empty() {
            return None;
        }
        let mut room = CallersSlice::new(out, &mut self.out);
        let done = self.seal.seal_plainly(data, &mut room)?;
        Some(done.map(|()| room.used()))
    }

    /// Never protected, whatever the keys. RFC 8446 section 5.
    pub(crate) fn send_ccs(&mut self) -> Result<(), Error> {
        let record = [u8::from(ContentType::ChangeCipherSpec), 3, 3, 0, 1, 1];
        self.out.put(&record);
        let (direction, content) = (observe::Direction::Out, ContentType::ChangeCipherSpec);
        self.event(Event::Record { direction, content, len: record.len(), level: KeyLevel::Plaintext });
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
        self.record_events(content, before);
        done
    }

    /// Tells of the records behind the first `before` bytes of the outbox.
    fn record_events(&self, content: ContentType, before: usize) {
        self.tell_records(content, self.out.pending().get(before..).unwrap_or_default());
    }

    fn tell_records(&self, content: ContentType, mut new: &[u8]) {
        if self.observer.trace.is_none() {
            return;
        }
        while let Some((record, rest)) = whole_record_len(new).and_then(|len| new.split_at_checked(len)) {
            let (direction, len, level) = (observe::Direction::Out, record.len(), self.write_level);
            self.event(Event::Record { direction, content, len, level });
            new = rest;
        }
    }

    pub(crate) fn install(&mut self, direction: Direction, secret: &TrafficSecret, level: KeyLevel) {
        let suite = secret.suite();
        let (key, iv) = secret.key_and_iv();
        match direction {
            Direction::Read => self.install_read(suite.aead_alg.decrypter(key, iv), level),
            Direction::Write => {
                let limit = suite.common.confidentiality_limit;
                self.install_write(suite.aead_alg.encrypter(key, iv), limit, level);
            }
        }
    }

    pub(crate) fn uninstall_write(&mut self) {
        self.seal.uninstall();
        self.write_level = KeyLevel::Plaintext;
        self.event(Event::Keys { direction: observe::Direction::Out, level: KeyLevel::Plaintext });
    }

    pub(super) fn install_read(&mut self, aead: Box<dyn MessageDecrypter>, level: KeyLevel) {
        self.open.install(aead);
        if let Some(limit) = self.next_limit.take() {
            self.open.set_limit(limit);
        }
        self.read_level = level;
        self.event(Event::Keys { direction: observe::Direction::In, level });
    }

    pub(super) fn install_write(&mut self, aead: Box<dyn MessageEncrypter>, limit: u64, level: KeyLevel) {
        self.seal.install(aead, limit);
        self.write_level = level;
        self.event(Event::Keys { direction: observe::Direction::Out, level });
    }
}
