//! The handshake as a picture: from a list of what was recorded to text, and nothing else.
//!
//! It knows no connection. Whatever is drawn was recorded, in the order in which one end saw it.

use std::fmt::Write;

use crate::text::commas;

/// One thing that crossed the wire, or ended the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who sent it.
    pub from: End,
    pub what: What,
    /// Under which key.
    pub key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

impl End {
    /// The other one.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A handshake message: its name and its size with the four-byte header.
    Message {
        name: String,
        len: usize,
    },
    /// A ChangeCipherSpec record, which means nothing in TLS 1.3. RFC 8446 appendix D.4.
    ChangeCipherSpec {
        len: usize,
    },
    /// Application data records in a row: how many, and their bytes on the wire.
    Data {
        records: u64,
        wire: u64,
    },
    Alert {
        fatal: bool,
        name: String,
    },
    /// This end gave up.
    Failed {
        error: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Plain,
    Early,
    Handshake,
    Traffic,
    /// Nothing crossed the wire, or it was not said.
    None,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Early => "early key",
            Self::Handshake => "handshake key",
            Self::Traffic => "traffic key",
            Self::None => "",
        }
    }
}

/// Draws the steps, one arrow each.
pub fn draw(steps: &[Step]) -> String {
    let mut out = format!("  client{:>width$}\n", "server", width = WIDTH - 2);
    for step in steps {
        let (label, size) = match &step.what {
            What::Message { name, len } => (name.clone(), bytes(*len as u64)),
            What::ChangeCipherSpec { len } => ("(ChangeCipherSpec)".into(), bytes(*len as u64)),
            What::Data { records, wire } => {
                let plural = if *records == 1 { "" } else { "s" };
                (format!("application data, {} record{plural}", commas(*records)), bytes(*wire))
            }
            What::Alert { fatal, name } => {
                (format!("alert {name}{}", if *fatal { " (fatal)" } else { "" }), String::new())
            }
            What::Failed { error } => {
                failure(&mut out, step.from, error);
                continue;
            }
        };
        let gap = (LABEL + SIZE).saturating_sub(label.chars().count());
        let _ = writeln!(out, "    | {label}{size:>gap$} {:<KEY$} |", step.key.name());
        let _ = match step.from {
            End::Client => writeln!(out, "    |{}>|", "-".repeat(WIDTH - 1)),
            End::Server => writeln!(out, "    |<{}|", "-".repeat(WIDTH - 1)),
        };
    }
    out
}

fn failure(out: &mut String, end: End, error: &str) {
    let side = match end {
        End::Client => "client",
        End::Server => "server",
    };
    let _ = writeln!(out, "    X {side} gave up: {error}");
}

fn bytes(count: u64) -> String {
    format!("{} B", commas(count))
}

const LABEL: usize = 38;
const SIZE: usize = 14;
const KEY: usize = 13;
/// Between the two lines: a blank, label and size, a blank, key, a blank.
const WIDTH: usize = LABEL + SIZE + KEY + 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: End, name: &str, len: usize, key: Key) -> Step {
        Step { from, what: What::Message { name: name.into(), len }, key }
    }

    #[test]
    fn a_picture_line_by_line() {
        let steps = [
            message(End::Client, "ClientHello", 1530, Key::Plain),
            message(End::Server, "ServerHello", 1210, Key::Plain),
            Step {
                from: End::Client,
                what: What::Data { records: 16_384, wire: 268_795_904 },
                key: Key::Traffic,
            },
        ];
        let expected = "  client                                                            server
    | ClientHello                                  1,530 B plain         |
    |------------------------------------------------------------------->|
    | ServerHello                                  1,210 B plain         |
    |<-------------------------------------------------------------------|
    | application data, 16,384 records       268,795,904 B traffic key   |
    |------------------------------------------------------------------->|
";
        assert_eq!(draw(&steps), expected);
    }

    #[test]
    fn every_line_is_as_wide_as_the_next() {
        let steps = [
            message(End::Server, "HelloRetryRequest", 88, Key::Plain),
            message(End::Client, "EndOfEarlyData", 4, Key::Early),
            Step { from: End::Client, what: What::ChangeCipherSpec { len: 6 }, key: Key::Plain },
            Step {
                from: End::Server,
                what: What::Alert { fatal: false, name: "CloseNotify".into() },
                key: Key::None,
            },
        ];
        let widths: Vec<_> = draw(&steps).lines().skip(1).map(|line| line.chars().count()).collect();
        assert_eq!(widths, [WIDTH + 6; 8]);
    }

    #[test]
    fn more_steps_change_the_picture_and_none_still_has_two_ends() {
        let plain = [message(End::Client, "Finished", 52, Key::Handshake)];
        let mutual = [
            message(End::Client, "Certificate", 600, Key::Handshake),
            message(End::Client, "Finished", 52, Key::Handshake),
        ];
        assert_ne!(draw(&plain), draw(&mutual));
        assert_eq!(draw(&[]).lines().count(), 1);
    }

    #[test]
    fn a_failure_names_the_end_that_gave_up() {
        let step = Step {
            from: End::Client,
            what: What::Failed { error: "bad certificate".into() },
            key: Key::None,
        };
        assert!(draw(&[step]).ends_with("X client gave up: bad certificate\n"));
    }
}
