//! Runs one connection through a script, and holds it against what must be true whatever a peer says.

use std::io::{self, Read, Write};
use std::ops::DerefMut;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chitin::server::Acceptor;
use chitin::trace::{Direction, Event, Trace};
use chitin::{
    ClientConnection, ConnectionCommon, ContentType, Error, HandshakeType, ProtocolVersion, ServerConfig,
    ServerConnection, SideData,
};

use crate::script::{Call, Seal, Step, message, record};

/// What an observer saw, as far as arms of flows are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    State(&'static str),
    Message(HandshakeType),
    Ccs,
    Failed,
    FatalAlert,
}

/// An observer that keeps its notes.
#[derive(Clone, Debug, Default)]
pub struct Diary(Arc<Mutex<Vec<Note>>>);

impl Diary {
    fn notes(&self) -> MutexGuard<'_, Vec<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was noted so far.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.notes())
    }
}

impl Trace for Diary {
    fn event(&self, event: Event<'_>) {
        let note = match event {
            Event::State(name) => Note::State(name),
            Event::Message { direction: Direction::In, typ, .. } => Note::Message(typ),
            Event::Record { direction: Direction::In, content: ContentType::ChangeCipherSpec, .. } => {
                Note::Ccs
            }
            Event::Alert { direction: Direction::Out, fatal: true, .. } => Note::FatalAlert,
            Event::Failed(_) => Note::Failed,
            _ => return,
        };
        self.notes().push(note);
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// As it prints itself: errors of others are never equal.
    pub error: Option<String>,
    /// The application data that came out, early data first.
    pub plaintext: Vec<u8>,
    pub early: Vec<u8>,
    /// What the connection sent.
    pub sent: Vec<u8>,
    pub version: Option<ProtocolVersion>,
    pub complete: bool,
}

/// An end of either role.
pub trait End: DerefMut<Target = ConnectionCommon<Self::Data>> {
    type Data: SideData;
    /// Writes early data, or reads it.
    fn early_data(&mut self, how: u8, early: &mut Vec<u8>);
    fn set_resumption_data(&mut self, _: &[u8]) {}
    fn reject_early_data(&mut self) {}
}

impl End for ClientConnection {
    type Data = chitin::client::ClientConnectionData;

    fn early_data(&mut self, how: u8, _: &mut Vec<u8>) {
        if let Some(mut writer) = ClientConnection::early_data(self) {
            let (before, data) = (writer.bytes_left(), vec![how; usize::from(how) * 10]);
            if let Ok(took) = writer.write(&data) {
                assert!(took <= before, "more early data than the server takes");
            }
        }
    }
}

impl End for ServerConnection {
    type Data = chitin::server::ServerConnectionData;

    fn early_data(&mut self, _: u8, early: &mut Vec<u8>) {
        if let Some(mut reader) = ServerConnection::early_data(self) {
            reader.read_to_end(early).expect("early data in memory");
        }
    }

    fn set_resumption_data(&mut self, data: &[u8]) {
        ServerConnection::set_resumption_data(self, data);
    }

    fn reject_early_data(&mut self) {
        // It panics, as in 0.23, once the handshake is over.
        if self.is_handshaking() {
            ServerConnection::reject_early_data(self);
        }
    }
}

/// The most bytes that one script may deliver: enough for the longest message and each budget, and soon over.
const DELIVERY: usize = 1 << 18;

/// The most pieces that bytes arrive in; behind them they arrive whole, or one input would take as long as a thousand others.
const PIECES: usize = 5000;

/// The most that a connection may keep to be sent for a peer that does not read: what the application wrote, and flights of a
/// handshake.
const OUTPUT: usize = 256 * 1024;

/// What is being done to a connection.
struct Run<'a, E> {
    end: E,
    diary: &'a Diary,
    chop: usize,
    delivered: usize,
    pieces: usize,
    hold_plaintext: bool,
    hold_output: bool,
    defers: bool,
    hung_up: bool,
    outcome: Outcome,
    notes: Vec<Note>,
}

/// Drives a client.
pub fn client(
    end: ClientConnection,
    diary: &Diary,
    steps: &[Step],
    defers: bool,
    chop: usize,
) -> (Outcome, Vec<Note>) {
    Run::new(end, diary, defers, chop).through(steps)
}

/// Drives a server, which may come by an acceptor.
///
/// `None`: nothing came of the acceptor, so there was no connection.
pub fn server(
    config: Arc<ServerConfig>,
    accept: bool,
    diary: &Diary,
    steps: &[Step],
    defers: bool,
    chop: usize,
) -> Option<(Outcome, Vec<Note>)> {
    if !accept {
        let end = ServerConnection::new(config).expect("the config is good");
        return Some(Run::new(end, diary, defers, chop).through(steps));
    }
    let mut acceptor = Acceptor::default();
    for (at, bytes) in steps.iter().enumerate().filter_map(|(at, step)| Some((at, plain_bytes(step)?))) {
        let pieces = if chop == 0 { bytes.len().max(1) } else { chop };
        for mut piece in bytes.chunks(pieces) {
            while !piece.is_empty() {
                match acceptor.read_tls(&mut piece) {
                    Ok(0) => panic!("an acceptor that reads nothing and waits"),
                    Ok(_) => {}
                    Err(_) => return None,
                }
                match acceptor.accept() {
                    Ok(None) => {}
                    Ok(Some(accepted)) => {
                        let hello = accepted.client_hello();
                        let _ = format!("{:?} {:?}", hello.server_name(), hello.signature_schemes());
                        assert!(hello.alpn().is_none_or(|mut list| list.all(|name| !name.is_empty())));
                        let end = match accepted.into_connection(config) {
                            Ok(end) => end,
                            Err((error, alert)) => return refused(&error, alert),
                        };
                        // An observer comes with the config, behind this state.
                        let mut before = vec![Note::State("AskConfig")];
                        // The rest of a flight whose beginning was the hello is not given: it would come late.
                        let (outcome, notes) = Run::new(end, diary, defers, chop).through(&steps[at + 1..]);
                        before.extend(notes);
                        return Some((outcome, before));
                    }
                    Err((error, alert)) => return refused(&error, alert),
                }
            }
        }
    }
    None
}

fn refused(error: &Error, mut alert: chitin::server::AcceptedAlert) -> Option<(Outcome, Vec<Note>)> {
    check_error(error);
    let mut bytes = Vec::new();
    alert.write_all(&mut bytes).expect("a vector takes everything");
    check_records(&bytes);
    None
}

pub(crate) fn plain_bytes(step: &Step) -> Option<Vec<u8>> {
    match step {
        Step::Message { seal, typ, body } => Some(record(*seal, 22, &message(*typ, body))),
        Step::Record { seal, typ, body } => Some(record(*seal, *typ, body)),
        Step::Raw(bytes) => Some(bytes.clone()),
        _ => None,
    }
}

impl<'a, E: End> Run<'a, E> {
    fn new(end: E, diary: &'a Diary, defers: bool, chop: usize) -> Self {
        let mut run = Self {
            end,
            diary,
            chop,
            delivered: 0,
            pieces: 0,
            hold_plaintext: false,
            hold_output: false,
            defers,
            hung_up: false,
            outcome: Outcome::default(),
            notes: Vec::new(),
        };
        run.drain();
        if defers {
            run.end.defer_questions();
        }
        run
    }

    fn through(mut self, steps: &[Step]) -> (Outcome, Vec<Note>) {
        let mut joined: Option<(Seal, Vec<u8>, u8)> = None;
        let mut times = 1_usize;
        for step in steps {
            let again = std::mem::replace(&mut times, 1);
            for _ in 0..again {
                if self.delivered > DELIVERY {
                    break;
                }
                match step {
                    Step::Message { seal, typ, body } => {
                        let bytes = message(*typ, body);
                        match joined.take() {
                            Some((seal, mut all, left)) => {
                                all.extend(bytes);
                                if left > 1 {
                                    joined = Some((seal, all, left - 1));
                                } else {
                                    self.give_messages(seal, &all);
                                }
                            }
                            None => self.give_messages(*seal, &bytes),
                        }
                    }
                    Step::Record { seal, typ, body } => self.give(&record(*seal, *typ, body)),
                    Step::Raw(bytes) => self.give(bytes),
                    Step::Join(n) if *n > 0 => {
                        // The seal is that of the first message that comes.
                        let seal = first_seal(steps, step);
                        joined = Some((seal, Vec::new(), *n));
                    }
                    Step::Join(_) => {}
                    Step::Chop(n) => {
                        if self.chop == 0 || *n == 0 {
                            self.chop = usize::from(*n);
                        }
                    }
                    Step::Call(call, how) => self.call(*call, *how),
                    Step::Repeat(n) => times = usize::from(*n),
                    Step::Filler { seal, typ, len } => {
                        let [_, a, b, c] = len.to_be_bytes();
                        let most = (*len as usize).min(DELIVERY / 2);
                        let bytes = [vec![*typ, a, b, c], vec![0; most]].concat();
                        self.give_messages(*seal, &bytes);
                    }
                }
                self.check();
            }
        }
        if let Some((seal, bytes, _)) = joined.filter(|(_, bytes, _)| !bytes.is_empty()) {
            self.give_messages(seal, &bytes);
        }
        self.finish()
    }

    /// Handshake messages, in as many records as they take.
    fn give_messages(&mut self, seal: Seal, bytes: &[u8]) {
        for part in bytes.chunks(1 << 14) {
            self.give(&record(seal, 22, part));
        }
    }

    fn give(&mut self, bytes: &[u8]) {
        self.delivered += bytes.len();
        let whole = self.chop == 0 || self.pieces > PIECES;
        let most = if whole { bytes.len().max(1) } else { self.chop };
        self.pieces += bytes.len() / most;
        'pieces: for piece in bytes.chunks(most) {
            let mut rest = piece;
            let over = self.outcome.error.is_some();
            while !rest.is_empty() {
                match self.end.read_tls(&mut rest) {
                    // Nothing is read behind a close_notify, and of a stream that has ended nothing comes.
                    Ok(0) => break 'pieces,
                    Ok(_) => self.process(),
                    // No room: somebody has to read, to answer, or to give up.
                    Err(_) if self.hold_plaintext || self.defers || self.outcome.error.is_some() => {
                        break 'pieces;
                    }
                    // It was held until now. Once that is read there is room, or nobody could go on.
                    Err(_) => {
                        self.process();
                        match self.end.read_tls(&mut rest) {
                            Ok(0) => break 'pieces,
                            Ok(_) => self.process(),
                            Err(_) if self.outcome.error.is_some() => break 'pieces,
                            Err(error) => panic!("no room, and nothing to read: {error}"),
                        }
                    }
                }
            }
            // A failed connection stays as it is: one piece of each step is enough to see that.
            if over {
                break;
            }
        }
        self.drain();
    }

    fn process(&mut self) {
        match self.end.process_new_packets() {
            Ok(_) => assert_eq!(self.outcome.error, None, "an error that went away"),
            Err(error) => self.failed(error),
        }
        if !self.hold_plaintext {
            self.read(usize::MAX);
        }
    }

    fn failed(&mut self, error: Error) {
        check_error(&error);
        let error = format!("{error:?}");
        match &self.outcome.error {
            Some(first) => assert_eq!(*first, error, "a second error"),
            None => self.outcome.error = Some(error),
        }
    }

    fn read(&mut self, most: usize) {
        // Early data comes first, or what was held back for it would stay.
        let mut left = most;
        let mut chunk = [0; 128];
        while left > 0 {
            let room = chunk.len().min(left);
            match self.end.reader().read(&mut chunk[..room]) {
                Ok(0) => return,
                Ok(n) => {
                    self.outcome.plaintext.extend(&chunk[..n]);
                    left -= n;
                    assert!(!self.end.is_handshaking(), "application data before the end of the handshake");
                }
                Err(error) => {
                    // What was left sealed for the reader is opened here, and so it is here that it may turn out to be bad.
                    if error.kind() == io::ErrorKind::InvalidData {
                        let failed = self.end.process_new_packets();
                        self.failed(failed.expect_err("an error that only the reader has seen"));
                    }
                    return;
                }
            }
        }
    }

    fn drain(&mut self) {
        if self.hold_output {
            return;
        }
        let mut bytes = Vec::new();
        while self.end.wants_write() {
            let wrote = self.end.write_tls(&mut bytes).expect("a vector takes everything");
            assert!(wrote > 0, "it wants to write and has nothing");
        }
        assert!(bytes.len() <= OUTPUT, "{} bytes waited to be sent", bytes.len());
        check_records(&bytes);
        self.outcome.sent.extend(bytes);
    }

    fn call(&mut self, call: Call, how: u8) {
        let size = usize::from(how) * 64;
        match call {
            Call::Write => {
                // An error of the connection comes out here, too; anything else it may refuse.
                let _ = self.end.writer().write(&vec![how; size]);
            }
            Call::Close => self.end.send_close_notify(),
            Call::RefreshKeys => {
                // Before the handshake is over, and in TLS 1.2, there is nothing to refresh.
                let _ = self.end.refresh_traffic_keys();
            }
            Call::Answer => self.answer(usize::from(how).max(1)),
            Call::Defer => {
                self.end.defer_questions();
                self.defers = true;
            }
            Call::Read => self.read(size.max(1)),
            Call::HoldPlaintext => self.hold_plaintext ^= true,
            Call::HoldOutput => self.hold_output ^= true,
            Call::EarlyData => self.end.early_data(how, &mut self.outcome.early),
            Call::Export => {
                let context = (how > 100).then_some(&b"context"[..]);
                let exported = self.end.export_keying_material([0; 40], b"EXPORTER-test", context);
                assert!(
                    exported.is_err() || !self.end.is_handshaking(),
                    "exported before the end of the handshake"
                );
            }
            Call::BufferLimit => self.end.set_buffer_limit((how > 0).then_some(size.min(1 << 14))),
            Call::OpenOnRead => {
                self.end.open_on_read(how & 1 == 1);
            }
            Call::ResumptionData => self.end.set_resumption_data(&vec![how; size]),
            Call::Eof => {
                self.hung_up = true;
                let _ = self.end.read_tls(&mut io::empty());
                self.process();
            }
            Call::Print => {
                let _ = format!("{:?}", &*self.end);
            }
            Call::RejectEarlyData => self.end.reject_early_data(),
        }
        self.drain();
    }

    fn answer(&mut self, most: usize) {
        for _ in 0..most {
            match self.end.answer_question() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.failed(error);
                    break;
                }
            }
        }
        self.process();
    }

    /// What holds between any two steps.
    fn check(&mut self) {
        self.notes.extend(self.diary.take());
        let alerts = self.notes.iter().filter(|note| **note == Note::FatalAlert).count();
        assert!(alerts <= 1, "two fatal alerts");
        if alerts == 1 && self.outcome.error.is_none() {
            // It may have been a call of the application that failed.
            self.process();
            assert!(self.outcome.error.is_some(), "a fatal alert without an error");
        }
    }

    fn finish(mut self) -> (Outcome, Vec<Note>) {
        self.hold_output = false;
        self.hold_plaintext = false;
        // What waits at the end is worked off, so that chopped and whole bytes come to the same end.
        if self.defers {
            self.answer(1000);
        }
        self.process();
        self.end.early_data(0, &mut self.outcome.early);
        self.drain();
        self.check();
        if self.outcome.error.is_some() {
            let written = self.end.writer().write(b"x");
            assert!(written.is_err() || self.outcome.error.is_some());
            assert!(!self.end.wants_write(), "something to say behind the alert");
        }
        self.outcome.version = self.end.protocol_version();
        self.outcome.complete = self.outcome.error.is_none() && !self.end.is_handshaking();
        (self.outcome, self.notes)
    }
}

/// The seal of the message that comes behind this step.
fn first_seal(steps: &[Step], join: &Step) -> Seal {
    let at = steps.iter().position(|step| std::ptr::eq(step, join)).unwrap_or_default();
    let seals = steps[at..].iter().find_map(|step| match step {
        Step::Message { seal, .. } => Some(*seal),
        _ => None,
    });
    seals.unwrap_or(Seal::No)
}

/// A panic in one of the config's objects is ours: they are built in, or glass.
pub(crate) fn check_error(error: &Error) {
    assert!(!matches!(error, Error::CallbackPanicked(_)), "{error}");
    assert!(!error.to_string().contains("interrupted"), "{error}");
    let _ = error.to_string();
}

/// Records that are whole and no longer than they may be.
fn check_records(mut bytes: &[u8]) {
    while let [typ, 3, _, high, low, rest @ ..] = bytes {
        assert!((20..=23).contains(typ), "a record of type {typ}");
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        assert!(0 < len && len <= (1 << 14) + 256 && len <= rest.len(), "a record of {len} bytes");
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "{} bytes behind the last record", bytes.len());
}
