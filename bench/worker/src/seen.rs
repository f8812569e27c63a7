//! What the first flights of a connection say in clear, read off the wire: no library is believed about itself.

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub version: u16,
    pub suite: u16,
    /// Of the key exchange; zero where there was none.
    pub group: u16,
    pub client_random: Vec<u8>,
    pub server_random: Vec<u8>,
    /// The public halves of the key exchange.
    pub client_share: Vec<u8>,
    pub server_share: Vec<u8>,
    pub resumed: bool,
    pub extended_master_secret: bool,
    /// Messages of TLS 1.2 with a ticket in it.
    pub tickets: usize,
}

impl Seen {
    /// `None`: not what a handshake looks like.
    pub fn read(from_client: &[u8], from_server: &[u8]) -> Option<Self> {
        let (client, server) = (clear_messages(from_client), clear_messages(from_server));
        let mut seen = Self::default();
        let (typ, hello) = client.first()?;
        let mut hello = Reader(hello);
        (*typ == 1).then_some(())?;
        hello.take(2)?;
        seen.client_random = hello.take(32)?.to_vec();
        hello.vector(1)?;
        hello.vector(2)?;
        hello.vector(1)?;
        let client_extensions = extensions(hello)?;

        let (typ, hello) = server.first()?;
        (*typ == 2).then_some(())?;
        let mut hello = Reader(hello);
        seen.version = hello.number(2)? as u16;
        seen.server_random = hello.take(32)?.to_vec();
        hello.vector(1)?;
        seen.suite = hello.number(2)? as u16;
        hello.take(1)?;
        let server_extensions = extensions(hello)?;

        if let Some(version) = find(&server_extensions, 43) {
            seen.version = u16::from_be_bytes(version.try_into().ok()?);
            let mut share = Reader(find(&server_extensions, 51)?);
            seen.group = share.number(2)? as u16;
            seen.server_share = share.vector(2)?.to_vec();
            let mut shares = Reader(Reader(find(&client_extensions, 51)?).vector(2)?);
            while seen.client_share.is_empty() {
                let group = shares.number(2)? as u16;
                let share = shares.vector(2)?;
                if group == seen.group {
                    seen.client_share = share.to_vec();
                }
            }
            seen.resumed = find(&server_extensions, 41).is_some();
            return Some(seen);
        }
        seen.extended_master_secret = find(&server_extensions, 23).is_some();
        seen.resumed = true;
        for (typ, body) in &server {
            match typ {
                4 => seen.tickets += 1,
                11 => seen.resumed = false,
                12 => {
                    let mut exchange = Reader(body);
                    exchange.take(1)?;
                    seen.group = exchange.number(2)? as u16;
                    seen.server_share = exchange.vector(1)?.to_vec();
                }
                _ => {}
            }
        }
        if let Some((_, body)) = client.iter().find(|(typ, _)| *typ == 16) {
            seen.client_share = Reader(body).vector(1)?.to_vec();
        }
        Some(seen)
    }
}

/// The handshake messages of a direction up to where it is encrypted.
fn clear_messages(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut records = Reader(bytes);
    let mut joined = Vec::new();
    while let (Some(typ), Some(_), Some(body)) = (records.number(1), records.take(2), records.vector(2)) {
        if typ != 22 {
            break;
        }
        joined.extend_from_slice(body);
    }
    let mut messages = Vec::new();
    let mut joined = Reader(&joined);
    while let (Some(typ), Some(body)) = (joined.number(1), joined.vector(3)) {
        messages.push((typ as u8, body.to_vec()));
    }
    messages
}

fn extensions(mut hello: Reader<'_>) -> Option<Vec<(u16, &[u8])>> {
    let mut block = Reader(hello.vector(2)?);
    let mut out = Vec::new();
    while !block.0.is_empty() {
        out.push((block.number(2)? as u16, block.vector(2)?));
    }
    Some(out)
}

fn find<'a>(extensions: &[(u16, &'a [u8])], wanted: u16) -> Option<&'a [u8]> {
    extensions.iter().find(|(typ, _)| *typ == wanted).map(|(_, body)| *body)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    fn vector(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let n = self.number(bytes)?;
        self.take(n)
    }
}
