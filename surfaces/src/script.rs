//! What a peer says and what the application does, as bytes that can be mutated.
//!
//! A script is two bytes of options and then steps. Lengths of messages and records are not in it where the RFC derives them
//! from what follows: else nearly every mutation would end in the record layer. Any bytes are a script.

/// How a record is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// In the clear.
    No,
    /// As TLS 1.3 does: the type is inside.
    Tls13,
    /// As TLS 1.2 does: the type stays outside.
    Tls12,
    /// As TLS 1.3 does, under a key that nobody has.
    Broken,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A handshake message, whose header has the length of the body.
    Message { seal: Seal, typ: u8, body: Vec<u8> },
    /// A record, whose header has the length of the body.
    Record { seal: Seal, typ: u8, body: Vec<u8> },
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// The next so many messages share records with the first of them.
    Join(u8),
    /// From here on bytes arrive in pieces of at most this length; 0: whole.
    Chop(u8),
    /// The application does something.
    Call(Call, u8),
    /// The next step happens so many times.
    Repeat(u8),
    /// A handshake message with this length in its header, and zeros for a body, as many as a script may have.
    Filler { seal: Seal, typ: u8, len: u32 },
}

/// What an application may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Write,
    Close,
    RefreshKeys,
    Answer,
    Defer,
    Read,
    HoldPlaintext,
    HoldOutput,
    EarlyData,
    Export,
    BufferLimit,
    OpenOnRead,
    ResumptionData,
    Eof,
    Print,
    RejectEarlyData,
}

const CALLS: [Call; 16] = [
    Call::Write,
    Call::Close,
    Call::RefreshKeys,
    Call::Answer,
    Call::Defer,
    Call::Read,
    Call::HoldPlaintext,
    Call::HoldOutput,
    Call::EarlyData,
    Call::Export,
    Call::BufferLimit,
    Call::OpenOnRead,
    Call::ResumptionData,
    Call::Eof,
    Call::Print,
    Call::RejectEarlyData,
];

const SEALS: [Seal; 4] = [Seal::No, Seal::Tls13, Seal::Tls12, Seal::Broken];

/// The most bytes that stand behind one step.
const MOST: usize = u16::MAX as usize;

/// Takes options and steps out of any bytes.
pub fn parse(bytes: &[u8]) -> (u16, Vec<Step>) {
    let mut rest = Rest(bytes);
    let options = u16::from_be_bytes([rest.byte(), rest.byte()]);
    let mut steps = Vec::new();
    while !rest.0.is_empty() {
        steps.push(step(&mut rest));
    }
    (options, steps)
}

/// The bytes that [`parse`] takes for these options and steps.
pub fn write(options: u16, steps: &[Step]) -> Vec<u8> {
    let mut out = options.to_be_bytes().to_vec();
    for step in steps {
        match step {
            Step::Message { seal, typ, body } => {
                out.extend([number(*seal), *typ]);
                sized(&mut out, body);
            }
            Step::Record { seal, typ, body } => {
                out.extend([4 | number(*seal), *typ]);
                sized(&mut out, body);
            }
            Step::Raw(bytes) => {
                out.push(8);
                sized(&mut out, bytes);
            }
            Step::Join(n) => out.extend([12, *n]),
            Step::Chop(n) => out.extend([16, *n]),
            Step::Call(call, how) => {
                let at = CALLS.iter().position(|have| have == call).unwrap_or_default();
                out.extend([20, at as u8, *how]);
            }
            Step::Repeat(n) => out.extend([24, *n]),
            Step::Filler { seal, typ, len } => {
                out.extend([28 | number(*seal), *typ]);
                out.extend(&len.to_be_bytes()[1..]);
            }
        }
    }
    out
}

fn step(rest: &mut Rest<'_>) -> Step {
    let kind = rest.byte();
    let seal = SEALS[usize::from(kind & 3)];
    match kind >> 2 & 7 {
        0 => Step::Message { seal, typ: rest.byte(), body: rest.sized() },
        1 => Step::Record { seal, typ: rest.byte(), body: rest.sized() },
        2 => Step::Raw(rest.sized()),
        3 => Step::Join(rest.byte()),
        4 => Step::Chop(rest.byte()),
        5 => Step::Call(CALLS[usize::from(rest.byte()) % CALLS.len()], rest.byte()),
        6 => Step::Repeat(rest.byte()),
        _ => {
            let typ = rest.byte();
            let len = u32::from_be_bytes([0, rest.byte(), rest.byte(), rest.byte()]);
            Step::Filler { seal, typ, len }
        }
    }
}

fn number(seal: Seal) -> u8 {
    SEALS.iter().position(|have| *have == seal).unwrap_or_default() as u8
}

fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(MOST)];
    out.extend((bytes.len() as u16).to_be_bytes());
    out.extend(bytes);
}

/// What is left to read; behind the end come zeros.
pub struct Rest<'a>(pub &'a [u8]);

impl<'a> Rest<'a> {
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Bytes behind a length of two bytes, as far as they are there.
    pub fn sized(&mut self) -> Vec<u8> {
        let len = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        self.take(len).to_vec()
    }

    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(len.min(self.0.len()));
        self.0 = tail;
        head
    }
}

/// The bytes of a record.
pub fn record(seal: Seal, typ: u8, body: &[u8]) -> Vec<u8> {
    let mut payload = body.to_vec();
    let outer = match seal {
        Seal::No => typ,
        Seal::Tls13 | Seal::Broken => {
            payload.push(typ);
            23
        }
        Seal::Tls12 => typ,
    };
    match seal {
        Seal::No => {}
        Seal::Tls13 | Seal::Tls12 => payload.push(crate::glass::TAG),
        Seal::Broken => payload.push(0),
    }
    let len = payload.len().min(MOST) as u16;
    let mut bytes = vec![outer, 3, 3];
    bytes.extend(len.to_be_bytes());
    bytes.extend(&payload[..usize::from(len)]);
    bytes
}

/// A handshake message with its header.
pub fn message(typ: u8, body: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (body.len() as u32).to_be_bytes();
    [&[typ, a, b, c][..], body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let body = vec![1, 2, 3];
        let mut steps = vec![
            Step::Raw(vec![9; 300]),
            Step::Join(3),
            Step::Chop(1),
            Step::Repeat(200),
            Step::Filler { seal: Seal::Tls13, typ: 11, len: 0x01_0203 },
        ];
        for seal in SEALS {
            steps.push(Step::Message { seal, typ: 20, body: body.clone() });
            steps.push(Step::Record { seal, typ: 23, body: body.clone() });
        }
        steps.extend(CALLS.map(|call| Step::Call(call, 7)));
        assert_eq!(parse(&write(0x8001, &steps)), (0x8001, steps));
    }

    #[test]
    fn any_bytes_are_a_script() {
        assert_eq!(parse(&[]), (0, vec![]));
        for byte in 0..=255 {
            assert_eq!(parse(&[0, 0, byte]).1.len(), 1);
        }
        let (_, steps) = parse(&[0, 0, 0, 1, 0xff, 0xff, 7]);
        assert_eq!(steps, [Step::Message { seal: Seal::No, typ: 1, body: vec![7] }]);
    }

    #[test]
    fn records_are_formed_as_their_version_does() {
        assert_eq!(record(Seal::No, 22, b"a"), [22, 3, 3, 0, 1, b'a']);
        assert_eq!(record(Seal::Tls13, 22, b"a"), [23, 3, 3, 0, 3, b'a', 22, 0xa5]);
        assert_eq!(record(Seal::Tls12, 22, b"a"), [22, 3, 3, 0, 2, b'a', 0xa5]);
        assert_eq!(message(4, b"ab"), [4, 0, 0, 2, b'a', b'b']);
    }
}
