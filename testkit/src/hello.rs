//! Hellos taken apart and put together again, and the framing of handshake messages: for tests that change what flies in the
//! clear. It knows forms, never rules, so it writes what no honest peer would.

use crate::pair::{Record, Tamper};

/// Cuts handshake bytes into types and bodies. RFC 8446 section 4.
///
/// # Panics
///
/// When the bytes end inside a message.
pub fn split_messages(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut messages = Vec::new();
    while let [typ, a, b, c, rest @ ..] = bytes {
        let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (body, rest) = rest.split_at(len);
        messages.push((*typ, body.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "{} bytes after the last whole message", bytes.len());
    messages
}

/// One handshake message with its header.
pub fn message(typ: u8, body: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = u32::try_from(body.len()).expect("no message is that long").to_be_bytes();
    [&[typ, a, b, c][..], body].concat()
}

/// The reverse of [`split_messages`].
pub fn join_messages(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    messages.iter().flat_map(|(typ, body)| message(*typ, body)).collect()
}

/// Bytes behind a two-byte length.
pub fn sized16(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("it fits 16 bits");
    [&len.to_be_bytes()[..], bytes].concat()
}

/// A ClientHello, or a ServerHello or HelloRetryRequest, which have one suite and one compression method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// 1 for a client's, 2 for a server's.
    pub typ: u8,
    pub version: u16,
    pub random: [u8; 32],
    pub session_id: Vec<u8>,
    pub suites: Vec<u16>,
    pub compressions: Vec<u8>,
    pub extensions: Vec<(u16, Vec<u8>)>,
}

/// A cursor for bytes that are known to be good.
struct Cut<'a>(&'a [u8]);

impl<'a> Cut<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(n);
        self.0 = tail;
        head
    }

    fn number(&mut self, width: usize) -> usize {
        self.take(width).iter().fold(0, |n, byte| n << 8 | usize::from(*byte))
    }

    fn sized(&mut self, width: usize) -> &'a [u8] {
        let len = self.number(width);
        self.take(len)
    }

    fn number16(&mut self) -> u16 {
        self.number(2) as u16
    }
}

impl Hello {
    /// Reads a message with its header.
    ///
    /// # Panics
    ///
    /// When it is no hello.
    pub fn read(bytes: &[u8]) -> Self {
        let messages = split_messages(bytes);
        let [(typ @ (1 | 2), body)] = &messages[..] else { panic!("not one hello: {messages:?}") };
        let mut cut = Cut(body);
        let version = cut.number16();
        let random = cut.take(32).try_into().unwrap();
        let session_id = cut.sized(1).to_vec();
        let client = *typ == 1;
        let suites = if client { cut.sized(2) } else { cut.take(2) };
        let suites = suites.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let compressions = if client { cut.sized(1) } else { cut.take(1) }.to_vec();
        let mut block = Cut(cut.sized(2));
        let mut extensions = Vec::new();
        while !block.0.is_empty() {
            extensions.push((block.number16(), block.sized(2).to_vec()));
        }
        Self { typ: *typ, version, random, session_id, suites, compressions, extensions }
    }

    /// Writes the message with its header.
    pub fn write(&self) -> Vec<u8> {
        let mut body = self.version.to_be_bytes().to_vec();
        body.extend(self.random);
        body.push(self.session_id.len() as u8);
        body.extend(&self.session_id);
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
        if self.typ == 1 {
            body.extend(sized16(&suites));
            body.push(self.compressions.len() as u8);
        } else {
            body.extend(suites);
        }
        body.extend(&self.compressions);
        let extensions: Vec<u8> = self
            .extensions
            .iter()
            .flat_map(|(code, body)| [code.to_be_bytes().to_vec(), sized16(body)].concat())
            .collect();
        body.extend(sized16(&extensions));
        message(self.typ, &body)
    }

    /// The body of one extension.
    ///
    /// # Panics
    ///
    /// When the hello has none of that code.
    pub fn body(&mut self, code: u16) -> &mut Vec<u8> {
        let found = self.extensions.iter_mut().find(|(have, _)| *have == code);
        &mut found.unwrap_or_else(|| panic!("no extension {code}")).1
    }

    /// Takes one extension out.
    ///
    /// # Panics
    ///
    /// When the hello has none of that code.
    pub fn remove(&mut self, code: u16) {
        self.body(code);
        self.extensions.retain(|(have, _)| *have != code);
    }

    /// Puts an extension before all others, so that a PSK stays the last.
    pub fn add(&mut self, code: u16, body: &[u8]) {
        self.extensions.insert(0, (code, body.to_vec()));
    }
}

/// Changes the `nth` message in the clear of one direction, counted from 0; a hello of ours fills one record.
pub fn edit_hello(nth: usize, mut edit: impl FnMut(&mut Hello) + 'static) -> Tamper {
    edit_record(nth, move |record| {
        let mut hello = Hello::read(&record.body);
        edit(&mut hello);
        record.body = hello.write();
        Vec::new()
    })
}

/// Changes the `nth` record of handshake messages in the clear of one direction, and says what flies behind it.
pub fn edit_record(nth: usize, mut edit: impl FnMut(&mut Record) -> Vec<Record> + 'static) -> Tamper {
    let mut seen = 0;
    Box::new(move |_, mut record| {
        let mut behind = Vec::new();
        if record.typ == 22 {
            if seen == nth {
                behind = edit(&mut record);
            }
            seen += 1;
        }
        behind.insert(0, record);
        behind
    })
}

/// Changes each handshake message of a flight of TLS 1.2, which is in the clear until the side's ChangeCipherSpec. `edit`
/// gets type and body of each, and gives what is to stand in its place; a record without messages does not fly.
///
/// # Panics
///
/// When a record ends inside a message.
pub fn edit_messages(mut edit: impl FnMut(u8, Vec<u8>) -> Vec<(u8, Vec<u8>)> + 'static) -> Tamper {
    let mut clear = true;
    Box::new(move |_, mut record| {
        clear &= record.typ != 20;
        if !clear || record.typ != 22 {
            return vec![record];
        }
        let edited: Vec<_> =
            split_messages(&record.body).into_iter().flat_map(|(typ, body)| edit(typ, body)).collect();
        record.body = join_messages(&edited);
        if record.body.is_empty() { Vec::new() } else { vec![record] }
    })
}

/// Changes the body of each message of one type in the clear.
pub fn edit_bodies(target: u8, mut edit: impl FnMut(&mut Vec<u8>) + 'static) -> Tamper {
    edit_messages(move |typ, mut body| {
        if typ == target {
            edit(&mut body);
        }
        vec![(typ, body)]
    })
}

/// Changes a hello among other messages.
pub fn edit_hello_in_flight(target: u8, mut edit: impl FnMut(&mut Hello) + 'static) -> Tamper {
    edit_bodies(target, move |body| {
        let mut hello = Hello::read(&message(target, body));
        edit(&mut hello);
        *body = split_messages(&hello.write()).remove(0).1;
    })
}
