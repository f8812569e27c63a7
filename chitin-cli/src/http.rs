//! Enough of HTTP/1.1 to serve files and a status page: GET and HEAD, nothing that has a body.
//!
//! A path reaches a file only after both the path and everything it links to have been found to lie below the root.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::link::{self, Timed};
use crate::server::Stream;
use crate::text::{clean, commas, note};

/// What requests are answered with.
pub enum Answers<'a> {
    /// The files below a directory, as [`root`] gives it.
    Files(&'a Path),
    /// The same text for every path.
    Page(&'a str),
}

/// The directory to serve, with every link in its own path resolved.
pub fn root(dir: &Path) -> Result<PathBuf, String> {
    let explain = |error: io::Error| format!("{}: {error}", dir.display());
    let root = fs::canonicalize(dir).map_err(explain)?;
    match root.is_dir() {
        true => Ok(root),
        false => Err(format!("{}: not a directory", dir.display())),
    }
}

/// Answers requests until the client, a limit or an error ends it.
pub fn serve(stream: &mut Stream, number: u64, idle: Duration, answers: &Answers<'_>) -> io::Result<()> {
    let mut input = Vec::new();
    for turn in 1..=MOST_REQUESTS {
        let head = match read_head(stream, &mut input, idle)? {
            Some(head) => head,
            None => return Ok(()),
        };
        stream.sock.allow(idle);
        let last = turn == MOST_REQUESTS;
        let (response, line, keep) = match parse(&head) {
            Ok(request) => {
                let response = answer(&request, answers);
                let line = format!("{} {}", clean(&request.method), clean(&request.target));
                (response, line, request.keep_alive && !last)
            }
            Err(response) => (response, "(bad request)".into(), false),
        };
        note(format_args!("#{number} {line} {} {} B", response.status, commas(response.len)));
        send(stream, response, keep, idle)?;
        if !keep {
            return Ok(());
        }
    }
    Ok(())
}

/// To a client that forgot the TLS: an answer it can read.
pub fn answer_plain(sock: &mut Timed) {
    let body = "This port speaks HTTPS, and the request came in plain HTTP. Use https://\n";
    let head = format!(
        "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    sock.allow(PLAIN_ANSWER);
    if sock.write_all((head + body).as_bytes()).is_err() {
        return;
    }
    link::linger(sock);
}

/// The bytes up to and with the blank line; what follows stays in `input`. `None` at the end of the stream.
fn read_head(stream: &mut Stream, input: &mut Vec<u8>, idle: Duration) -> io::Result<Option<Vec<u8>>> {
    stream.sock.allow(idle);
    let mut chunk = [0; 4096];
    let mut begun = !input.is_empty();
    if begun {
        stream.sock.allow(HEAD_TIME);
    }
    loop {
        if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = input.split_off(end + 4);
            return Ok(Some(std::mem::replace(input, rest)));
        }
        // The parser makes the answer out of what there is: too long.
        if input.len() > LONGEST_HEAD {
            return Ok(Some(std::mem::take(input)));
        }
        match stream.read(&mut chunk)? {
            0 if begun => return Err(io::ErrorKind::UnexpectedEof.into()),
            0 => return Ok(None),
            count => input.extend_from_slice(&chunk[..count]),
        }
        if !begun {
            begun = true;
            // From its first byte on a request has this long, however slowly it drips in.
            stream.sock.allow(HEAD_TIME);
        }
    }
}

#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    keep_alive: bool,
}

fn parse(head: &[u8]) -> Result<Request, Response> {
    if head.len() > LONGEST_HEAD {
        return Err(Response::text(431, "the request's header fields are too large\n"));
    }
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Response::text(431, "the request has too many header fields\n"));
        }
        Ok(httparse::Status::Partial) | Err(_) => {
            return Err(Response::text(400, "this is no HTTP/1.1 request\n"));
        }
    }
    let field = |name: &str| {
        let found = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.map(|field| String::from_utf8_lossy(field.value).trim().to_ascii_lowercase())
    };
    let newer = request.version == Some(1);
    // RFC 9112 section 3.2.
    if newer && field("host").is_none() {
        return Err(Response::text(400, "an HTTP/1.1 request needs a Host field\n"));
    }
    // A body would be taken for the next request. We have no use for one.
    let body = field("transfer-encoding").is_some() || field("content-length").is_some_and(|len| len != "0");
    let connection = field("connection").unwrap_or_default();
    let says = |word: &str| connection.split(',').any(|part| part.trim() == word);
    Ok(Request {
        method: request.method.unwrap_or_default().into(),
        target: request.path.unwrap_or_default().into(),
        keep_alive: !body && !says("close") && (newer || says("keep-alive")),
    })
}

struct Response {
    status: u16,
    kind: &'static str,
    len: u64,
    body: Body,
    /// HEAD: everything but the body.
    head_only: bool,
}

enum Body {
    Text(String),
    File(File),
}

impl Response {
    fn text(status: u16, text: &str) -> Self {
        let kind = "text/plain; charset=utf-8";
        Self { status, kind, len: text.len() as u64, body: Body::Text(text.into()), head_only: false }
    }
}

fn answer(request: &Request, answers: &Answers<'_>) -> Response {
    let head_only = request.method == "HEAD";
    if !head_only && request.method != "GET" {
        return Response::text(405, "only GET and HEAD are served here\n");
    }
    let response = match answers {
        Answers::Page(page) => Response::text(
            200,
            &format!("{page}  request      {} {}\n", clean(&request.method), clean(&request.target)),
        ),
        Answers::Files(root) => file(root, &request.target),
    };
    Response { head_only, ..response }
}

fn file(root: &Path, target: &str) -> Response {
    let not_found = || Response::text(404, "no such file\n");
    let Some(path) = locate(root, target) else { return not_found() };
    // The kind is looked at before opening, because opening a pipe would wait for its other end.
    let opened = fs::metadata(&path).ok().filter(fs::Metadata::is_file).and_then(|_| File::open(&path).ok());
    let Some(file) = opened else { return not_found() };
    let Ok(len) = file.metadata().map(|data| data.len()) else { return not_found() };
    Response { status: 200, kind: content_type(&path), len, body: Body::File(file), head_only: false }
}

/// The file that a request target means, if that lies below `root` after all links are followed.
fn locate(root: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut located = root.to_path_buf();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        let part = decode(part)?;
        // Also what would be a separator, a drive or a stream elsewhere.
        if part == ".." || part.contains(['/', '\\', ':', '\0']) {
            return None;
        }
        located.push(part);
    }
    let mut located = fs::canonicalize(located).ok()?;
    if located.starts_with(root) && located.is_dir() {
        located = fs::canonicalize(located.join("index.html")).ok()?;
    }
    located.starts_with(root).then_some(located)
}

/// Percent-decoding. RFC 3986 section 2.1.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match &*extension {
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" | "log" | "pem" | "toml" => "text/plain; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn send(stream: &mut Stream, response: Response, keep: bool, idle: Duration) -> io::Result<()> {
    let reason = match response.status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        _ => "",
    };
    let allow = if response.status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
    let connection = if keep { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\n{allow}Connection: {connection}\r\n\r\n",
        response.status, response.kind, response.len
    );
    stream.write_all(head.as_bytes())?;
    match response.body {
        _ if response.head_only => {}
        Body::Text(text) => stream.write_all(text.as_bytes())?,
        Body::File(file) => {
            // A file that grows meanwhile is cut at the length that was promised; one that shrinks breaks the promise.
            let mut file = file.take(response.len);
            let mut sent = 0;
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = file.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                stream.sock.allow(idle);
                stream.write_all(&buffer[..count])?;
                sent += count as u64;
            }
            if sent < response.len {
                return Err(io::Error::other("the file became shorter while it was sent"));
            }
        }
    }
    stream.flush()
}

/// Browsers send one or two thousand bytes.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;
/// For one request's head, from its first byte to its last.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Requests on one connection. Others get their turn.
const MOST_REQUESTS: u32 = 100;
const PLAIN_ANSWER: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let keep =
            |head: &[u8]| parse(head).map(|request| request.keep_alive).map_err(|response| response.status);
        assert_eq!(keep(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(true));
        assert_eq!(keep(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n"), Ok(false));
        assert_eq!(keep(b"GET / HTTP/1.0\r\n\r\n"), Ok(false));
        assert_eq!(keep(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"), Ok(false));
        assert_eq!(keep(b"GET / HTTP/1.1\r\n\r\n"), Err(400));
        assert_eq!(keep(b"hello\r\n\r\n"), Err(400));
        assert_eq!(keep(&vec![b'a'; LONGEST_HEAD + 1]), Err(431));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(MOST_FIELDS + 1));
        assert_eq!(keep(many.as_bytes()), Err(431));
    }

    #[test]
    fn percent_decoding() {
        assert_eq!(decode("a%20b").as_deref(), Some("a b"));
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn paths_stay_below_the_root() {
        let dir = std::env::temp_dir().join(format!("chitin-www-{}", std::process::id()));
        fs::create_dir_all(dir.join("root/sub")).unwrap();
        fs::write(dir.join("root/a b.txt"), "a").unwrap();
        fs::write(dir.join("root/sub/index.html"), "i").unwrap();
        fs::write(dir.join("secret"), "s").unwrap();
        // A neighbour whose name begins like the root's.
        fs::create_dir_all(dir.join("root2")).unwrap();
        fs::write(dir.join("root2/x"), "x").unwrap();
        #[cfg(unix)]
        {
            let _ = std::os::unix::fs::symlink(dir.join("secret"), dir.join("root/out"));
            let _ = std::os::unix::fs::symlink(dir.join("root2"), dir.join("root/dir"));
            let _ = std::os::unix::fs::symlink("a b.txt", dir.join("root/in"));
        }
        let root = root(&dir.join("root")).unwrap();
        assert_eq!(locate(&root, "/a%20b.txt?x=../y").unwrap(), root.join("a b.txt"));
        assert_eq!(locate(&root, "/sub/").unwrap(), root.join("sub/index.html"));
        #[cfg(unix)]
        assert_eq!(locate(&root, "/in").unwrap(), root.join("a b.txt"));
        for bad in [
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/out",
            "/dir/x",
            "/../root2/x",
            "secret",
            "/",
            "/no",
        ] {
            assert_eq!(locate(&root, bad), None, "{bad}");
        }
        fs::remove_dir_all(&dir).unwrap();
    }
}
