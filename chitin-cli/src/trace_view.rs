//! Records the events of one connection, for the picture and for the facts only the wire knows.
//!
//! The only file that knows what the library adds to the API of rustls 0.23: the observer. It sees messages, never keys.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use chitin::pki_types::CertificateDer;
use chitin::trace::{Direction, Event, KeyLevel, Trace};
use chitin::{ClientConfig, ContentType, HandshakeType, ServerConfig, SignatureScheme};

use crate::diagram::{End, Key, Step, What};

/// A copy of the config whose connections tell `recorder` what happens.
pub fn observed_client(config: &ClientConfig, recorder: &Arc<Recorder>) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.trace = Some(recorder.clone());
    Arc::new(config)
}

/// As [`observed_client`], for a server.
pub fn observed_server(config: &ServerConfig, recorder: &Arc<Recorder>) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.trace = Some(recorder.clone());
    Arc::new(config)
}

/// The observer of one connection.
#[derive(Debug)]
pub struct Recorder {
    end: End,
    log: Mutex<Log>,
}

/// What was recorded.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub steps: Vec<Step>,
    /// The handshake messages that each end sent (client's, server's), each as its type and a digest of its bytes.
    pub messages: [Vec<(HandshakeType, u64)>; 2],
    /// Records and bytes of each end (client's, server's) up to the first application data.
    pub handshake_wire: [(u64, u64); 2],
    /// The signature scheme in each end's CertificateVerify.
    pub signatures: [Option<SignatureScheme>; 2],
    /// The peer's Certificate message, as received. Empty if it came compressed: the command takes none such, unless it is
    /// built along with a feature that opens them.
    pub presented: Vec<CertificateDer<'static>>,
    data_seen: bool,
}

impl Recorder {
    pub fn new(end: End) -> Arc<Self> {
        Arc::new(Self { end, log: Mutex::default() })
    }

    /// A copy of everything so far.
    pub fn log(&self) -> Log {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn sender(&self, direction: Direction) -> End {
        match direction {
            Direction::Out => self.end,
            Direction::In => self.end.peer(),
        }
    }
}

impl Trace for Recorder {
    fn event(&self, event: Event<'_>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Record { direction, content, len, level } => {
                log.record(self.sender(direction), content, len, key(level));
            }
            Event::Message { direction, typ, bytes, level } => {
                if direction == Direction::In && typ == HandshakeType::Certificate {
                    log.presented = certificates(bytes, level).unwrap_or_default();
                }
                log.message(self.sender(direction), typ, bytes, key(level));
            }
            Event::Alert { direction, fatal, description } => {
                let what = What::Alert { fatal, name: format!("{description:?}") };
                log.push(Step { from: self.sender(direction), what, key: Key::None });
            }
            Event::Failed(error) => {
                let what = What::Failed { error: crate::text::clean(&error.to_string()) };
                log.push(Step { from: self.end, what, key: Key::None });
            }
            _ => {}
        }
    }
}

impl Log {
    fn record(&mut self, from: End, content: ContentType, len: usize, key: Key) {
        let len64 = len as u64;
        if content == ContentType::ApplicationData {
            self.data_seen = true;
            if let Some(Step { from: last, what: What::Data { records, wire }, .. }) = self.steps.last_mut() {
                if *last == from {
                    *records += 1;
                    *wire += len64;
                    return;
                }
            }
            self.push(Step { from, what: What::Data { records: 1, wire: len64 }, key });
            return;
        }
        if content == ContentType::ChangeCipherSpec {
            // Never protected, whatever keys are in place. RFC 8446 section 5.
            self.push(Step { from, what: What::ChangeCipherSpec { len }, key: Key::Plain });
        }
        if !self.data_seen {
            let wire = &mut self.handshake_wire[from as usize];
            *wire = (wire.0 + 1, wire.1 + len64);
        }
    }

    fn message(&mut self, from: End, typ: HandshakeType, bytes: &[u8], key: Key) {
        // RFC 8446 section 4.4.3: the scheme is the first thing after the four-byte header.
        if let (HandshakeType::CertificateVerify, Some(&[high, low])) = (typ, bytes.get(4..6)) {
            self.signatures[from as usize] = Some(SignatureScheme::from(u16::from_be_bytes([high, low])));
        }
        let mut digest = DefaultHasher::new();
        digest.write(bytes);
        let messages = &mut self.messages[from as usize];
        if messages.len() < MOST_STEPS {
            messages.push((typ, digest.finish()));
        }
        self.push(Step { from, what: What::Message { name: format!("{typ:?}"), len: bytes.len() }, key });
    }

    fn push(&mut self, step: Step) {
        if self.steps.len() < MOST_STEPS {
            self.steps.push(step);
        }
    }
}

fn key(level: KeyLevel) -> Key {
    match level {
        KeyLevel::Plaintext => Key::Plain,
        KeyLevel::Early => Key::Early,
        KeyLevel::Handshake => Key::Handshake,
        KeyLevel::Traffic => Key::Traffic,
        _ => Key::None,
    }
}

/// The certificates of a Certificate message. RFC 8446 section 4.4.2.
///
/// In TLS 1.2 alone it comes before any key is in place, without a context and extensions. RFC 5246 section 7.4.2.
fn certificates(message: &[u8], level: KeyLevel) -> Option<Vec<CertificateDer<'static>>> {
    let (context, extensions) = if level == KeyLevel::Plaintext { (0, 0) } else { (1, 2) };
    let (_header, rest) = message.split_at_checked(4)?;
    let (_context, rest) = prefixed(rest, context)?;
    let (mut list, _) = prefixed(rest, 3)?;
    let mut chain = Vec::new();
    while !list.is_empty() {
        let (certificate, rest) = prefixed(list, 3)?;
        let (_extensions, rest) = prefixed(rest, extensions)?;
        chain.push(CertificateDer::from(certificate.to_vec()));
        list = rest;
    }
    Some(chain)
}

/// A vector with a length of `width` bytes before it, and what follows. Without a length it is empty.
fn prefixed(bytes: &[u8], width: usize) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_at_checked(width)?;
    rest.split_at_checked(len.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}

/// Steps kept of one connection. A handshake has a dozen; a peer can send key updates and tickets without end.
const MOST_STEPS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn data(recorder: &Recorder, direction: Direction) {
        let (content, level) = (ContentType::ApplicationData, KeyLevel::Traffic);
        recorder.event(Event::Record { direction, content, len: 100, level });
    }

    #[test]
    fn data_in_a_row_is_one_step() {
        let recorder = Recorder::new(End::Server);
        data(&recorder, Direction::In);
        data(&recorder, Direction::In);
        data(&recorder, Direction::Out);
        let steps = recorder.log().steps;
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].from, &steps[0].what), (End::Client, &What::Data { records: 2, wire: 200 }));
        assert_eq!(steps[1].from, End::Server);
    }

    #[test]
    fn a_certificate_message_gives_its_chain() {
        // Two certificates of 2 and 1 bytes, the first with one byte of (unread) extensions.
        let body = [0, 0, 0, 14, 0, 0, 2, 0xaa, 0xbb, 0, 1, 0xff, 0, 0, 1, 0xcc, 0, 0];
        gives_its_chain(&[&[11, 0, 0, 18][..], &body].concat(), KeyLevel::Handshake);
        // The same in TLS 1.2.
        let body = [0, 0, 9, 0, 0, 2, 0xaa, 0xbb, 0, 0, 1, 0xcc];
        gives_its_chain(&[&[11, 0, 0, 12][..], &body].concat(), KeyLevel::Plaintext);
    }

    fn gives_its_chain(message: &[u8], level: KeyLevel) {
        let recorder = Recorder::new(End::Client);
        let typ = HandshakeType::Certificate;
        recorder.event(Event::Message { direction: Direction::In, typ, bytes: message, level });
        let chain = recorder.log().presented;
        assert_eq!(chain.iter().map(|c| c.as_ref()).collect::<Vec<_>>(), [&[0xaa, 0xbb][..], &[0xcc]]);
        for end in 0..message.len() {
            assert_eq!(certificates(&message[..end], level), None);
        }
    }

    #[test]
    fn a_peer_cannot_make_the_record_grow() {
        let recorder = Recorder::new(End::Client);
        for _ in 0..2 * MOST_STEPS {
            data(&recorder, Direction::In);
            data(&recorder, Direction::Out);
        }
        assert_eq!(recorder.log().steps.len(), MOST_STEPS);
    }
}
