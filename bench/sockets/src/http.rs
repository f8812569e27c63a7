//! As much of HTTP/1.1 as a file takes: one request after the other over one connection.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::link::{Link, Way, client_link, server_link};
use crate::material::{FILE, Folder, NAME, PIECE, Paths, piece};

/// Nobody waits longer for the other end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is read from the file, and written at once: four records.
const CHUNK: usize = 64 * 1024;

/// Says its port and then serves one connection after the other, for ever.
pub fn serve(way: Way, folder: &str) -> Result<(), String> {
    let paths = Paths::of(Path::new(folder));
    let config = crate::link::server_config(&paths)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(text)?;
    println!("{}", listener.local_addr().map_err(text)?.port());
    std::io::stdout().flush().map_err(text)?;
    loop {
        let (socket, _) = listener.accept().map_err(text)?;
        prepare(&socket)?;
        let mut link = server_link(way, &config, socket)?;
        // A client that goes away is no reason to end.
        if let Err(why) = answer(&mut *link, &paths) {
            eprintln!("our server: {why}");
        }
    }
}

fn prepare(socket: &TcpStream) -> Result<(), String> {
    socket.set_nodelay(true).map_err(text)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(text)?;
    socket.set_write_timeout(Some(PATIENCE)).map_err(text)
}

/// Answers each request with the file, until the client closes.
fn answer(link: &mut dyn Link, paths: &Paths) -> Result<(), String> {
    let mut chunk = vec![0; CHUNK];
    let mut asked = Vec::new();
    loop {
        while !is_whole_request(&asked)? {
            if !link.read(&mut |data| asked.extend_from_slice(data))? {
                return Ok(());
            }
        }
        asked.clear();
        let mut file = File::open(&paths.file).map_err(text)?;
        let len = file.metadata().map_err(text)?.len();
        link.write(format!("HTTP/1.1 200 OK\r\ncontent-length: {len}\r\n\r\n").as_bytes())?;
        loop {
            match file.read(&mut chunk).map_err(text)? {
                0 => break,
                n => link.write(&chunk[..n])?,
            }
        }
    }
}

fn is_whole_request(bytes: &[u8]) -> Result<bool, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes).map_err(text)?;
    match request.path {
        Some(path) if parsed.is_complete() && path != format!("/{FILE}") => Err(format!("asked for {path}")),
        _ => Ok(parsed.is_complete()),
    }
}

/// Fetches the file so many times over one connection.
pub fn fetch(way: Way, folder: &str, port: u16, requests: u16) -> Result<(), String> {
    let mut client = Fetcher::connect(way, Path::new(folder), port)?;
    (0..requests).try_for_each(|_| {
        client.fetch(&mut |body| {
            std::hint::black_box(body);
        })
    })
}

/// Fetches it once and holds each byte against what was written.
pub fn check(way: Way, folder: &Folder, port: u16) -> Result<(), String> {
    let mut client = Fetcher::connect(way, folder.path(), port)?;
    let (mut got, mut wrong) = (0, false);
    let mut expected = Vec::new();
    client.fetch(&mut |mut body| {
        while !body.is_empty() {
            if got % PIECE == 0 {
                expected = piece(got / PIECE);
            }
            let (now, later) = body.split_at(body.len().min(PIECE - got % PIECE));
            wrong |= now != &expected[got % PIECE..][..now.len()];
            got += now.len();
            body = later;
        }
    })?;
    match (wrong, got == folder.size()) {
        (false, true) => Ok(()),
        (true, _) => Err("other bytes came than are in the file".into()),
        (_, false) => Err(format!("{got} bytes came of {}", folder.size())),
    }
}

struct Fetcher(Box<dyn Link>);

impl Fetcher {
    fn connect(way: Way, folder: &Path, port: u16) -> Result<Self, String> {
        let config = crate::link::client_config(&Paths::of(folder))?;
        let socket = TcpStream::connect(("127.0.0.1", port)).map_err(text)?;
        prepare(&socket)?;
        client_link(way, config, socket).map(Self)
    }

    fn fetch(&mut self, body: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        self.0.write(format!("GET /{FILE} HTTP/1.1\r\nhost: {NAME}\r\n\r\n").as_bytes())?;
        let mut answer = Answer::Head(Vec::new());
        while !answer.is_over() {
            let mut failure = Ok(());
            let more = self.0.read(&mut |data| {
                if failure.is_ok() {
                    failure = answer.take(data, body);
                }
            })?;
            failure?;
            if !more {
                return Err("the connection ended before the file".into());
            }
        }
        Ok(())
    }
}

/// How far an answer has come.
enum Answer {
    Head(Vec<u8>),
    Body { left: u64 },
}

impl Answer {
    fn is_over(&self) -> bool {
        matches!(self, Self::Body { left: 0 })
    }

    fn take(&mut self, data: &[u8], body: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        match self {
            Self::Body { left } => {
                *left = left.checked_sub(data.len() as u64).ok_or("more came than was announced")?;
                body(data);
                Ok(())
            }
            Self::Head(head) => {
                head.extend_from_slice(data);
                let mut headers = [httparse::EMPTY_HEADER; 32];
                let mut response = httparse::Response::new(&mut headers);
                let httparse::Status::Complete(end) = response.parse(head).map_err(text)? else {
                    return Ok(());
                };
                if response.code != Some(200) {
                    return Err(format!("the server answered {:?}", response.code));
                }
                let length = response.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
                let length = length.and_then(|h| std::str::from_utf8(h.value).ok()?.parse().ok());
                let first = head.split_off(end);
                *self = Self::Body { left: length.ok_or("no content-length")? };
                self.take(&first, body)
            }
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_over_when_all_of_its_body_is_there() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
        for size in 1..whole.len() {
            let (mut answer, mut got) = (Answer::Head(Vec::new()), Vec::new());
            for piece in whole.chunks(size) {
                assert!(!answer.is_over());
                answer.take(piece, &mut |body| got.extend_from_slice(body)).unwrap();
            }
            assert!(answer.is_over());
            assert_eq!(got, b"0123456789");
            assert!(answer.take(b"x", &mut |_| ()).is_err());
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let take = |bytes: &[u8]| Answer::Head(Vec::new()).take(bytes, &mut |_| ());
        assert!(take(b"HTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\n").is_err());
        assert!(take(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(is_whole_request(b"GET /other HTTP/1.1\r\n\r\n").is_err());
        assert_eq!(is_whole_request(b"GET /file HTTP/1.1\r\nhost: a\r\n"), Ok(false));
        assert_eq!(is_whole_request(b"GET /file HTTP/1.1\r\nhost: a\r\n\r\n"), Ok(true));
    }
}
