//! Two connections without buffers that talk through memory, and what each was told to do on the way.

use std::fmt::Debug;

use chitin::client::{EarlyDataError, UnbufferedClientConnection};
use chitin::server::UnbufferedServerConnection;
use chitin::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, TransmitTlsData, UnbufferedStatus,
};
use chitin::{CommonState, Error};

/// A state, by its name; what a test may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Read,
    ReadEarly,
    Encode,
    Transmit,
    Blocked,
    Write,
    PeerClosed,
    Closed,
}

/// What one end wants to say, and what it has heard.
#[derive(Debug, Default)]
pub struct Talk {
    /// Received from the wire, and not used up.
    pub incoming: Vec<u8>,
    /// Encoded, and not sent.
    pub outgoing: Vec<u8>,
    /// To be sealed as soon as that is allowed.
    pub to_say: Vec<u8>,
    pub to_say_early: Vec<u8>,
    /// Say close_notify once there is nothing more to say.
    pub close: bool,
    /// Offer slices that are too short first.
    pub stingy: bool,
    pub heard: Vec<u8>,
    pub heard_early: Vec<u8>,
    pub steps: Vec<Step>,
    pub early_error: Option<EarlyDataError>,
}

impl Talk {
    /// Room behind what has been encoded: what `write` needs, found out by asking for it.
    fn with_room<E: Debug>(
        &mut self,
        mut write: impl FnMut(&mut [u8]) -> Result<usize, E>,
        too_short: impl Fn(&E) -> Option<usize>,
    ) -> Result<(), E> {
        const ENOUGH: usize = 20_000;
        let at = self.outgoing.len();
        let mut room = if self.stingy { 0 } else { ENOUGH };
        loop {
            self.outgoing.resize(at + room, 0xaa);
            match write(&mut self.outgoing[at..]) {
                Ok(n) => {
                    assert!(!self.stingy || n == room, "told to give {room}, and {n} were needed");
                    self.outgoing.truncate(at + n);
                    return Ok(());
                }
                Err(error) => match too_short(&error) {
                    Some(required) => {
                        assert!(required > room);
                        assert!(self.outgoing[at..].iter().all(|byte| *byte == 0xaa), "not to be touched");
                        // One byte less is still too short.
                        room = if self.stingy && room + 1 < required { required - 1 } else { required };
                    }
                    None => {
                        self.outgoing.truncate(at);
                        return Err(error);
                    }
                },
            }
        }
    }
}

fn short(error: &EncryptError) -> Option<usize> {
    match error {
        EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => Some(*required_size),
        EncryptError::EncryptExhausted => None,
    }
}

/// One connection without buffers.
pub trait Unbuffered {
    /// Asks for the state, and does what it says.
    ///
    /// # Errors
    ///
    /// That of the connection.
    fn step(&mut self, talk: &mut Talk) -> Result<Step, Error>;

    fn common(&self) -> &CommonState;
}

macro_rules! unbuffered {
    ($connection:ty, $read_early:expr, $write_early:expr) => {
        impl Unbuffered for $connection {
            fn step(&mut self, talk: &mut Talk) -> Result<Step, Error> {
                let mut input = std::mem::take(&mut talk.incoming);
                let place = input.as_ptr_range();
                let UnbufferedStatus { mut discard, state } = self.process_tls_records(&mut input);
                let act = |state, talk: &mut Talk, discard: &mut usize| match state {
                    ConnectionState::ReadTraffic(mut read) => {
                        let len = read.peek_len();
                        let record = read.next_record().expect("a record").expect("an open record");
                        assert_eq!(len.map(usize::from), Some(record.payload.len()));
                        assert!(place.contains(&record.payload.as_ptr()), "not opened in place");
                        talk.heard.extend_from_slice(record.payload);
                        *discard += record.discard;
                        assert!(read.next_record().is_none() && read.peek_len().is_none());
                        Step::Read
                    }
                    ConnectionState::ReadEarlyData(read) => {
                        $read_early(read, talk, discard);
                        Step::ReadEarly
                    }
                    ConnectionState::EncodeTlsData(mut encode) => {
                        let too_short = |error: &EncodeError| match error {
                            EncodeError::InsufficientSize(error) => Some(error.required_size),
                            EncodeError::AlreadyEncoded => None,
                        };
                        talk.with_room(|out| encode.encode(out), too_short).expect("to be encoded");
                        assert!(matches!(encode.encode(&mut []), Err(EncodeError::AlreadyEncoded)));
                        Step::Encode
                    }
                    ConnectionState::TransmitTlsData(mut transmit) => {
                        $write_early(&mut transmit, talk);
                        if let Some(mut write) =
                            transmit.may_encrypt_app_data().filter(|_| !talk.to_say.is_empty())
                        {
                            let data = std::mem::take(&mut talk.to_say);
                            talk.with_room(|out| write.encrypt(&data, out), short).expect("to be sealed");
                        }
                        transmit.done();
                        Step::Transmit
                    }
                    ConnectionState::BlockedHandshake => Step::Blocked,
                    ConnectionState::WriteTraffic(mut write) => {
                        if !talk.to_say.is_empty() {
                            let data = std::mem::take(&mut talk.to_say);
                            talk.with_room(|out| write.encrypt(&data, out), short).expect("to be sealed");
                        }
                        if std::mem::take(&mut talk.close) {
                            talk.with_room(|out| write.queue_close_notify(out), short).expect("to be sealed");
                        }
                        Step::Write
                    }
                    ConnectionState::PeerClosed => Step::PeerClosed,
                    ConnectionState::Closed => Step::Closed,
                    other => panic!("{other:?} is new"),
                };
                let step = state.map(|state| act(state, talk, &mut discard));
                input.drain(..discard);
                talk.incoming = input;
                talk.steps.extend(step.as_ref().ok());
                step
            }

            fn common(&self) -> &CommonState {
                self
            }
        }
    };
}

unbuffered!(
    UnbufferedClientConnection,
    |_, _: &mut Talk, _: &mut usize| panic!("a client gets no early data"),
    |transmit: &mut TransmitTlsData<'_, _>, talk: &mut Talk| {
        let Some(mut early) = transmit.may_encrypt_early_data().filter(|_| !talk.to_say_early.is_empty())
        else {
            return;
        };
        let data = std::mem::take(&mut talk.to_say_early);
        let short = |error: &EarlyDataError| match error {
            EarlyDataError::Encrypt(error) => short(error),
            EarlyDataError::ExceededAllowedEarlyData => None,
        };
        talk.early_error = talk.with_room(|out| early.encrypt(&data, out), short).err();
    }
);

unbuffered!(
    UnbufferedServerConnection,
    |mut read: chitin::unbuffered::ReadEarlyData<'_, '_, _>, talk: &mut Talk, discard: &mut usize| {
        let len = read.peek_len();
        let record = read.next_record().expect("a record").expect("an open record");
        assert_eq!(len.map(usize::from), Some(record.payload.len()));
        talk.heard_early.extend_from_slice(record.payload);
        *discard += record.discard;
        assert!(read.next_record().is_none() && read.peek_len().is_none());
    },
    |_: &mut TransmitTlsData<'_, _>, _: &mut Talk| {}
);

/// A connection and its talk.
pub struct End<C> {
    pub conn: C,
    pub talk: Talk,
}

impl<C: Unbuffered> End<C> {
    pub fn new(conn: C) -> Self {
        Self { conn, talk: Talk::default() }
    }

    /// Goes on until more input is needed, or there is nothing left to do.
    ///
    /// # Errors
    ///
    /// Those of the connection, after the alert has been encoded.
    pub fn run(&mut self) -> Result<Step, Error> {
        let mut failed = None;
        // Far more than any honest exchange takes.
        for _ in 0..100_000 {
            match (self.conn.step(&mut self.talk), failed.take()) {
                (Err(error), None) => failed = Some(error),
                (Err(again), Some(error)) => {
                    assert_eq!(again, error, "an error is final");
                    return Err(error);
                }
                (Ok(Step::Encode | Step::Transmit), error) => failed = error,
                (Ok(step), Some(error)) => panic!("{step:?} after {error:?}"),
                (Ok(step @ (Step::Blocked | Step::Write | Step::Closed)), None) => return Ok(step),
                (Ok(Step::Read | Step::ReadEarly | Step::PeerClosed), None) => {}
            }
        }
        panic!("no end: {:?}", self.talk.steps.iter().rev().take(8).collect::<Vec<_>>());
    }
}

/// A client and a server.
pub struct Duo {
    pub client: End<UnbufferedClientConnection>,
    pub server: End<UnbufferedServerConnection>,
    /// So many bytes are carried at once.
    pub chop: usize,
}

impl Duo {
    pub fn new(client: UnbufferedClientConnection, server: UnbufferedServerConnection) -> Self {
        Self { client: End::new(client), server: End::new(server), chop: usize::MAX }
    }

    /// Carries until neither end has anything to say, and says where both are.
    ///
    /// # Errors
    ///
    /// That of the end that fails first.
    pub fn settle(&mut self) -> Result<(Step, Step), Error> {
        loop {
            self.client.run()?;
            carry(&mut self.client.talk, &mut self.server, self.chop)?;
            self.server.run()?;
            carry(&mut self.server.talk, &mut self.client, self.chop)?;
            if self.client.talk.outgoing.is_empty() && self.server.talk.outgoing.is_empty() {
                return Ok((self.client.run()?, self.server.run()?));
            }
        }
    }
}

/// In pieces of `chop` bytes, each worked off before the next. What is left after an error stays.
fn carry<C: Unbuffered>(from: &mut Talk, to: &mut End<C>, chop: usize) -> Result<(), Error> {
    while !from.outgoing.is_empty() {
        let now = chop.min(from.outgoing.len());
        to.talk.incoming.extend(from.outgoing.drain(..now));
        to.run()?;
    }
    Ok(())
}
