//! The way in: records, opened where they lie, and what each is to the connection: data for the caller, bytes of messages, an
//! alert. Plain traffic goes a short way, which comes to the same.

use alloc::boxed::Box;
use core::ops::Range;

use crate::carrier::{Carrier, Direction};
#[cfg(feature = "logging")]
use crate::engine::log_target;
use crate::engine::{Engine, no_records};
use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::flow::cx::Gate;
use crate::log::log_line;
use crate::names::{AlertDescription, AlertLevel, ContentType, Side};
use crate::observe::{self, Event, KeyLevel};
use crate::record::inbox::Inbox;
use crate::record::open::{Opener, Place, Plain, Pulled};

/// What became of a call of [`Engine::advance`]. `used` counts on errors too: what was opened must not be shown again.
pub(crate) struct Advance {
    pub(crate) used: usize,
    pub(crate) got: Result<Got, Error>,
}

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    /// All whole records are used up.
    NeedInput,
    /// Application data lies in this range of the input.
    Data(Range<usize>),
    /// Application data lies in so many bytes of `out`.
    DataInto(usize),
    /// Early data lies in this range of the input. RFC 8446 section 2.3.
    EarlyData(Range<usize>),
    /// The peer has said close_notify.
    PeerClosed,
    /// A question waits for the application.
    Paused,
}

/// What came of one record.
enum Step {
    /// It is not all there.
    NeedInput,
    /// The record of so many bytes is used up, and maybe the caller is to be told of something.
    Passed { end: usize, got: Option<Got> },
    /// It has data in it.
    Data { body: Place, end: usize },
}

impl Engine {
    /// Consumes records until there is something to tell the caller. With `out`, application data may be opened straight into
    /// it; everything else is as without.
    pub(crate) fn advance(&mut self, input: &mut [u8], out: Option<&mut [u8]>) -> Advance {
        // So ends each row of records, and where nothing is buffered each write begins so.
        if input.is_empty() && out.is_none() && self.plain_opener().is_some() {
            return Advance { used: 0, got: Ok(Got::NeedInput) };
        }
        let opened = match out {
            None => self.open_plainly(input),
            Some(_) => None,
        };
        match opened {
            // What comes all the time. The long way would come to the same.
            Some(Ok(plain)) if plain.is_data() => Advance { used: plain.end, got: Ok(Got::Data(plain.body)) },
            opened => self.advance_slowly(input, out, opened),
        }
    }

    /// Opens the record at the head of `input`, if there is plain traffic and nobody looks on. If it is no application data,
    /// [`Self::advance_slowly`] has to take it.
    #[inline]
    pub(crate) fn open_plainly(&mut self, input: &mut [u8]) -> Option<Result<Plain, Box<Error>>> {
        let opened = self.plain_opener()?.pull_plainly(input);
        if matches!(&opened, Some(Ok(plain)) if plain.is_data()) {
            self.budget.data();
        }
        opened
    }

    /// Opens all application data at the head of `inbox`, if there is plain traffic and nobody looks on. The record behind it may have been
    /// opened as well: then it is something else, and [`Self::advance_slowly`] has to take it.
    pub(crate) fn open_data(&mut self, inbox: &mut Inbox) -> Option<Result<Plain, Box<Error>>> {
        let open = self.plain_opener()?;
        let before = inbox.unread();
        let behind = loop {
            match open.pull_plainly(inbox.sealed()) {
                Some(Ok(plain)) if plain.is_data() => inbox.used_data(plain.end, plain.body),
                behind => break behind,
            }
        };
        if inbox.unread() > before {
            self.budget.data();
        }
        behind
    }

    /// What opens records, if there is plain traffic and nobody looks on.
    #[inline]
    fn plain_opener(&mut self) -> Option<&mut Opener> {
        let Carrier::Records(records) = &mut self.carrier else { return None };
        let is_plain = self.state.is_connected()
            && self.read.gate == Gate::Open
            && !self.read.peer_closed
            && self.joiner.is_empty()
            && !records.is_observed();
        is_plain.then_some(&mut records.open)
    }

    /// [`Self::advance`], whatever comes. The first record may be `opened` already.
    pub(crate) fn advance_slowly(
        &mut self,
        input: &mut [u8],
        mut out: Option<&mut [u8]>,
        mut opened: Option<Result<Plain, Box<Error>>>,
    ) -> Advance {
        let mut used = 0;
        let got = loop {
            if self.state.is_over() || self.paused {
                break self.state.failure().map_or(Ok(Got::Paused), Err);
            }
            // Whatever follows a close_notify is ignored. RFC 8446 section 6.1.
            if self.read.peer_closed {
                used = input.len();
                break Ok(Got::NeedInput);
            }
            let rest = input.get_mut(used..).unwrap_or_default();
            match self.one_record(rest, out.as_deref_mut(), opened.take()) {
                Err(error) => {
                    // What was opened into the caller's slice may have been refused behind that.
                    if let Some(out) = out {
                        out.fill(0);
                    }
                    break Err(self.fail(error));
                }
                Ok(Step::NeedInput) => break Ok(Got::NeedInput),
                Ok(Step::Passed { end, got }) => {
                    used = used.saturating_add(end);
                    if let Some(got) = got {
                        break Ok(got);
                    }
                }
                Ok(Step::Data { body, end }) => {
                    let at = used;
                    used = used.saturating_add(end);
                    break Ok(match body {
                        Place::Input(range) if self.read.gate != Gate::Open => {
                            Got::EarlyData(moved(range, at))
                        }
                        Place::Input(range) => Got::Data(moved(range, at)),
                        Place::Out(len) => Got::DataInto(len),
                    });
                }
            }
        };
        Advance { used, got }
    }

    /// Takes one record, and says what came of it. `opened`: what it was found to be already.
    fn one_record(
        &mut self,
        input: &mut [u8],
        out: Option<&mut [u8]>,
        opened: Option<Result<Plain, Box<Error>>>,
    ) -> Result<Step, Error> {
        self.carrier.check_observer()?;
        // Early data always lies in the input: it is not for whoever reads now.
        let mut out = out.filter(|_| self.read.gate == Gate::Open);
        let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
        let (typ, body, end) = match opened {
            Some(done) => {
                let Plain { typ, body, end } = done.map_err(|error| *error)?;
                (typ, Place::Input(body), end)
            }
            None => match records.open.pull(input, out.as_deref_mut())? {
                Pulled::Incomplete => return Ok(Step::NeedInput),
                // Early data that is passed over is a record of another type all the same. RFC 8446 section 5.1.
                Pulled::Skipped { .. } if !self.joiner.is_empty() => {
                    return Err(PeerMisbehaved::RejectedEarlyDataInterleavedWithHandshakeMessage.into());
                }
                Pulled::Skipped { end } => return Ok(Step::Passed { end, got: None }),
                Pulled::Record { typ, body, end } => (typ, body, end),
            },
        };
        if self.carrier.is_observed() {
            self.record_event(typ, end);
        }
        // A record of another type must not come between the fragments of a message. RFC 8446 section 5.1.
        if typ != ContentType::Handshake && !self.joiner.is_empty() {
            return Err(PeerMisbehaved::MessageInterleavedWithHandshakeMessage.into());
        }
        if typ == ContentType::ApplicationData {
            return Ok(match self.data_record(body.len())? {
                true => Step::Data { body, end },
                false => Step::Passed { end, got: None },
            });
        }
        let got = match body {
            Place::Input(range) => self.control_record(typ, input.get(range).unwrap_or_default())?,
            Place::Out(len) => {
                // It was no application data after all: nothing of it may stay in the caller's slice.
                let out = out.unwrap_or_default();
                let done = self.control_record(typ, out.get(..len).unwrap_or_default());
                out.fill(0);
                done?
            }
        };
        Ok(Step::Passed { end, got })
    }

    #[cold]
    fn record_event(&self, content: ContentType, len: usize) {
        // The record of middlebox compatibility mode is never protected.
        let level = match content {
            ContentType::ChangeCipherSpec => KeyLevel::Plaintext,
            _ => self.carrier.level(Direction::Read),
        };
        self.carrier.event(Event::Record { direction: observe::Direction::In, content, len, level });
    }

    /// Application data of `len` bytes has come. Is there anything in it?
    fn data_record(&mut self, len: usize) -> Result<bool, Error> {
        match &mut self.read.gate {
            Gate::Closed => return Err(unexpected_data()),
            // The plaintext counts, without padding and type. RFC 8446 section 4.2.10.
            Gate::Early { left } => {
                *left = left.checked_sub(len).ok_or(PeerMisbehaved::TooMuchEarlyDataReceived)?;
            }
            Gate::Open => {}
        }
        match len {
            0 => self.budget.empty_record()?,
            _ => self.budget.data(),
        }
        Ok(len > 0)
    }

    fn control_record(&mut self, typ: ContentType, body: &[u8]) -> Result<Option<Got>, Error> {
        match typ {
            ContentType::Handshake => self.handshake_bytes(body).map(|()| None),
            ContentType::Alert => self.read_alert(body),
            ContentType::ChangeCipherSpec => self.read_change_cipher_spec().map(|()| None),
            got_type => Err(unexpected_record(got_type)),
        }
    }

    /// In TLS 1.3 it is no step, and nothing that an observer should hear of: looked at by nobody, but not for ever. RFC 8446
    /// section 5.
    #[inline(never)]
    fn read_change_cipher_spec(&mut self) -> Result<(), Error> {
        self.budget.ccs()?;
        if self.is_tls12() {
            let (state, mut cx) = self.split();
            let next = state.take().on_ccs(&mut cx)?;
            self.enter(next);
        }
        Ok(())
    }

    /// RFC 8446 section 6: only close_notify and user_canceled are no errors, whatever the level says; but for a fatal close_notify
    /// during the handshake.
    #[cold]
    fn read_alert(&mut self, body: &[u8]) -> Result<Option<Got>, Error> {
        let [level, description] = *body else {
            return Err(match body.len() {
                0 | 1 => InvalidMessage::MessageTooShort.into(),
                _ => InvalidMessage::TrailingData("alert").into(),
            });
        };
        let (level, description) = (AlertLevel::from(level), AlertDescription::from(description));
        if !matches!(level, AlertLevel::Warning | AlertLevel::Fatal) {
            return Err(PeerMisbehaved::UnknownAlertLevel.into());
        }
        let fatal = level == AlertLevel::Fatal;
        self.carrier.event(Event::Alert { direction: observe::Direction::In, fatal, description });
        log_line!(
            debug,
            log_target(self.facts.side),
            "{:?}: the peer sent an alert: {description:?}",
            self.facts.side
        );
        match description {
            // Whoever closes has no cause to call it fatal, and what the peer means is that there will be no connection.
            AlertDescription::CloseNotify if fatal && self.is_handshaking() => {
                Err(Error::AlertReceived(description))
            }
            AlertDescription::CloseNotify => {
                self.read.peer_closed = true;
                Ok(Some(Got::PeerClosed))
            }
            AlertDescription::UserCanceled => self.budget.warning().map(|()| None),
            // In TLS 1.2 a warning ends nothing. RFC 5246 section 7.2.
            _ if !fatal && self.is_tls12() => self.budget.warning().map(|()| None),
            // The one that comes before such a server has chosen. RFC 6066 section 3.
            AlertDescription::UnrecognisedName
                if !fatal && self.facts.version.is_none() && self.facts.side == Side::Client =>
            {
                self.budget.warning().map(|()| None)
            }
            _ => Err(Error::AlertReceived(description)),
        }
    }
}

fn moved(range: Range<usize>, by: usize) -> Range<usize> {
    by.saturating_add(range.start)..by.saturating_add(range.end)
}

/// Application data before the handshake allows it.
#[cold]
fn unexpected_data() -> Error {
    Error::InappropriateMessage {
        expect_types: [ContentType::Handshake].to_vec(),
        got_type: ContentType::ApplicationData,
    }
}

#[cold]
fn unexpected_record(got_type: ContentType) -> Error {
    let expect_types = [ContentType::Handshake, ContentType::Alert].to_vec();
    Error::InappropriateMessage { expect_types, got_type }
}
