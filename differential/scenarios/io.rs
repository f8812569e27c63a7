//! Buffers, their limits, and the traits of `std::io`.

use std::io::{BufRead, IoSlice, Read, Write};
use std::sync::Arc;

use tls::version::TLS13;
use tls::{ClientConnection, ServerConnection, Stream, StreamOwned};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (version, which) in BOTH {
        let mut note = |key: &str, value: String| notes.text(format_args!("{version}, {key}"), value);
        before(configs_pair(world, which), &mut note);
        limits(connected(world, which), &mut note);
        reading(connected(world, which), &mut note);
        records_of(world, which, &mut note);
        refreshes(connected(world, which), &mut note);
    }
    unread(world, notes);
    streams(world, notes);
}

type Pair = (ClientConnection, ServerConnection);
type Note<'a> = &'a mut dyn FnMut(&str, String);

fn configs_pair(world: &World, version: &'static tls::SupportedProtocolVersion) -> Pair {
    let (client, server) = configs(world, version);
    pair(client, server)
}

/// What is written before there are keys waits, within a limit.
fn before((mut client, mut server): Pair, note: Note<'_>) {
    note("read before", read(&mut client));
    note("default limit", outcome(client.writer().write(&[0; 100_000])));
    note("default limit, again", outcome(client.writer().write(&[0; 100_000])));
    note("write nothing", outcome(client.writer().write(&[])));
    note("refresh before", format!("{:?}", client.refresh_traffic_keys()));
    let exported = client.export_keying_material([0; 32], b"label", None).map(drop);
    note("export before", format!("{exported:?}"));
    note("handshake with waiting data", format!("{:?}", shake(&mut client, &mut server)));
    note("it arrives", outcome(server.reader().read(&mut vec![0; 200_000])));

    let (mut client, _) = (client, server);
    client.set_buffer_limit(Some(0));
    note("limit 0", outcome(client.writer().write(b"x")));
    client.set_buffer_limit(None);
    note("no limit", outcome(client.writer().write(&[0; 1_000_000])));
}

fn limits((mut client, mut server): Pair, note: Note<'_>) {
    note("default limit behind the handshake", outcome(client.writer().write(&[0; 200_000])));
    note("default limit behind the handshake, again", outcome(client.writer().write(&[0; 200_000])));
    take(&mut client);
    client.set_buffer_limit(Some(100));
    note("limit 100", outcome(client.writer().write(&[0; 200])));
    note("limit 100, again", outcome(client.writer().write(&[0; 200])));
    take(&mut client);
    note("limit 100, taken", outcome(client.writer().write(&[0; 50])));
    let slices = [IoSlice::new(&[1; 40]), IoSlice::new(&[2; 40])];
    take(&mut client);
    note("limit 100, vectored", outcome(client.writer().write_vectored(&slices)));
    note("flush", outcome(client.writer().flush()));
    let bytes = take(&mut client);
    note("records of vectored data", format!("{:?}", types(&bytes)));
    let _ = &mut server;
}

fn reading((mut client, mut server): Pair, note: Note<'_>) {
    note("nothing yet", read(&mut client));
    note("nothing yet, fill_buf", outcome(client.reader().fill_buf().map(<[u8]>::len)));
    note("nothing yet, first chunk", outcome(client.reader().into_first_chunk().map(<[u8]>::len)));
    note("into no buffer", outcome(client.reader().read(&mut [])));
    server.writer().write_all(b"hello").unwrap();
    server.writer().write_all(b" world").unwrap();
    let bytes = take(&mut server);
    note("records of two writes", format!("{:?}", types(&bytes)));
    note("state", state(&feed(&mut client, &bytes)));
    note("fill_buf", outcome(client.reader().fill_buf().map(<[u8]>::len)));
    client.reader().consume(2);
    note("after consume", outcome(client.reader().fill_buf().map(<[u8]>::len)));
    let mut three = [0; 3];
    note("read three", outcome(client.reader().read(&mut three)));
    note("first chunk", outcome(client.reader().into_first_chunk().map(<[u8]>::len)));
    note("state again", state(&client.process_new_packets()));
    client.reader().consume(3);
    note("read the rest", read(&mut client));
    note("wishes when all is read", wishes(&client));
    note("nothing to read from the socket", outcome(client.read_tls(&mut Never)));
}

struct Never;

impl Read for Never {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::WouldBlock.into())
    }
}

/// How data is cut, and how many slices `write_vectored` gets.
fn records_of(world: &World, version: &'static tls::SupportedProtocolVersion, note: Note<'_>) {
    for size in [None, Some(100), Some(1000)] {
        let (mut client_config, server_config) = configs(world, version);
        client_config.max_fragment_size = size;
        let (mut client, mut server) = pair(client_config, server_config);
        shake(&mut client, &mut server).unwrap();
        let length = size.map_or(40_000, |size| size * 3);
        client.writer().write_all(&vec![0; length]).unwrap();
        let mut slices = Slices::default();
        while client.wants_write() {
            client.write_tls(&mut slices).unwrap();
        }
        let lengths: Vec<u16> = {
            let (mut rest, mut all) = (&slices.bytes[..], Vec::new());
            while let [_, _, _, l0, l1, tail @ ..] = rest {
                let length = u16::from_be_bytes([*l0, *l1]);
                all.push(length);
                rest = &tail[usize::from(length)..];
            }
            all
        };
        note(&format!("fragments of {size:?}"), format!("{lengths:?}"));
        note(&format!("slices of {size:?}"), format!("{:?}", slices.calls));
    }
    let (mut client, mut server) = configs_pair(world, version);
    for flight in 0.. {
        let mut slices = Slices::default();
        if flight % 2 == 0 {
            while client.wants_write() {
                client.write_tls(&mut slices).unwrap();
            }
            feed(&mut server, &slices.bytes).unwrap();
        } else {
            while server.wants_write() {
                server.write_tls(&mut slices).unwrap();
            }
            feed(&mut client, &slices.bytes).unwrap();
        }
        if slices.bytes.is_empty() {
            break;
        }
        note(&format!("slices of flight {flight}"), format!("{:?}", slices.calls));
    }
}

fn refreshes((mut client, mut server): Pair, note: Note<'_>) {
    note("refresh", format!("{:?}", client.refresh_traffic_keys()));
    let bytes = take(&mut client);
    note("records of a refresh", format!("{:?}", types(&bytes)));
    note("refresh arrives", state(&feed(&mut server, &bytes)));
    note("answer to a refresh", format!("{:?}", types(&take(&mut server))));
    let secrets = client.dangerous_extract_secrets().map(drop);
    note("secrets without leave", format!("{secrets:?}"));
}

/// A peer that sends and is not read.
fn unread(world: &World, notes: &mut Notes) {
    let (mut client, mut server) = connected(world, &TLS13);
    server.set_buffer_limit(None);
    server.writer().write_all(&[0; 100_000]).unwrap();
    let bytes = take(&mut server);
    let (mut rest, mut stopped) = (&bytes[..], String::from("never"));
    for step in 0..1000 {
        if rest.is_empty() {
            break;
        }
        match client.read_tls(&mut rest) {
            Ok(_) => drop(client.process_new_packets().unwrap()),
            error => {
                stopped = format!("{}, after a few steps: {}", outcome(error), step < 100);
                break;
            }
        }
    }
    notes.text("unread data stops the socket", stopped);
    notes.text("wishes with unread data", wishes(&client));
    let mut buffer = vec![0; 200_000];
    let mut read = 0;
    while let Ok(length @ 1..) = client.reader().read(&mut buffer) {
        read += length;
        if !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    notes.value("all of it arrives", read);

    // Bytes that nobody processes.
    let (mut client, _) = connected(world, &TLS13);
    let mut endless = std::io::repeat(0);
    let mut error = None;
    for _ in 0..1000 {
        match client.read_tls(&mut endless) {
            Ok(_) => {}
            Err(e) => {
                error = Some(outcome::<()>(Err(e)));
                break;
            }
        }
    }
    notes.value("unprocessed bytes stop the socket", error);
}

/// Both ends in memory.
struct Loop {
    server: ServerConnection,
    to_client: Vec<u8>,
}

impl Read for Loop {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.to_client.extend(take(&mut self.server));
        let length = buffer.len().min(self.to_client.len());
        if length == 0 {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        buffer[..length].copy_from_slice(&self.to_client[..length]);
        self.to_client.drain(..length);
        Ok(length)
    }
}

impl Write for Loop {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        feed(&mut self.server, bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn streams(world: &World, notes: &mut Notes) {
    let (client, server) = configs_pair(world, &TLS13);
    let mut stream = StreamOwned::new(client, Loop { server, to_client: Vec::new() });
    notes.text("stream, flush", outcome(stream.flush()));
    notes.value("stream, handshaking after flush", stream.conn.is_handshaking());
    notes.text("stream, write", outcome(stream.write(b"line\n")));
    notes.text("stream, vectored", outcome(stream.write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")])));
    notes.text("stream, the server has", read(&mut stream.get_mut().server));
    notes.text("stream, nothing to read", outcome(stream.read(&mut [0; 4])));
    notes.text("stream, into no buffer", outcome(stream.read(&mut [])));
    stream.get_mut().server.writer().write_all(b"answer").unwrap();
    notes.text("stream, fill_buf", outcome(stream.fill_buf().map(<[u8]>::len)));
    stream.consume(3);
    let mut rest = [0; 3];
    notes.text("stream, read_exact", outcome(stream.read_exact(&mut rest)));
    stream.get_mut().server.send_close_notify();
    notes.text("stream, closed", outcome(stream.read(&mut [0; 4])));
    notes.text("stream, still closed", outcome(stream.read(&mut [0; 4])));
    let (mut conn, mut socket) = stream.into_parts();
    notes.text("stream, complete_io when all is done", outcome(conn.complete_io(&mut socket)));
    notes.text("stream, to_end", outcome(Stream::new(&mut conn, &mut socket).read_to_end(&mut Vec::new())));

    // An end in the middle, seen through a stream.
    let config = Arc::new(client_config(world, &[&TLS13]));
    let mut conn = crate::base::client(&config);
    let mut ended = Gone;
    notes.text("gone, write", outcome(Stream::new(&mut conn, &mut ended).write(b"x")));
    notes.text("gone, read", outcome(Stream::new(&mut conn, &mut ended).read(&mut [0; 4])));
    let (mut conn, _) = connected(world, &TLS13);
    notes.text(
        "gone behind the handshake, read",
        outcome(Stream::new(&mut conn, &mut ended).read(&mut [0; 4])),
    );
    notes.text("gone behind the handshake, complete_io", outcome(conn.complete_io(&mut ended)));

    // Bytes that are no TLS, seen through a stream.
    let mut conn = crate::base::client(&config);
    let mut http = Says(b"HTTP/1.0 400 Bad\r\n\r\n");
    notes.words("http, write", outcome(Stream::new(&mut conn, &mut http).write(b"x")));
    notes.words("http, read", outcome(Stream::new(&mut conn, &mut http).read(&mut [0; 4])));
}

struct Gone;

impl Read for Gone {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Ok(0)
    }
}

impl Write for Gone {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Says(&'static [u8]);

impl Read for Says {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Says {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
