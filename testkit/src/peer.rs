//! Programs of other makes, run as child processes: captured, bounded in time, and gone when dropped.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::net::PATIENCE;

/// A running peer program.
///
/// Its output is printed when a test panics while it lives.
pub struct Peer {
    line: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Arc<Capture>,
    stderr: Arc<Capture>,
    readers: Vec<JoinHandle<()>>,
    /// A peer never outlives this, whatever the test waits for.
    deadline: Instant,
}

/// Where the output of a peer goes when a test panics while it lives, if not to standard error.
static LAST_WORDS: OnceLock<PathBuf> = OnceLock::new();

/// Keeps the output of peers in this file when a test panics while they live, in place of printing it.
pub fn last_words_to(file: &Path) {
    LAST_WORDS.get_or_init(|| file.to_owned());
}

/// How long one peer may run. The longest cell takes a few seconds.
const LIFETIME: Duration = Duration::from_secs(60);

impl Peer {
    /// Starts a program with its standard streams in our hands.
    ///
    /// # Panics
    ///
    /// When the program is not there: a missing peer is a failure, never a skip.
    pub fn spawn(program: &str, args: &[OsString]) -> Self {
        let mut child = Command::new(program)
            .args(args)
            // A user's own settings must not change what a test sees.
            .env_remove("OPENSSL_CONF")
            .env_remove("GNUTLS_SYSTEM_PRIORITY_FILE")
            .env_remove("SSLKEYLOGFILE")
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("{}", missing(program, &err)));
        let (stdout, stderr) = (Arc::new(Capture::default()), Arc::new(Capture::default()));
        let readers = vec![
            Capture::fill(stdout.clone(), child.stdout.take().unwrap()),
            Capture::fill(stderr.clone(), child.stderr.take().unwrap()),
        ];
        let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        Self {
            line: format!("{program} {}", words.join(" ")),
            stdin: child.stdin.take(),
            child,
            stdout,
            stderr,
            readers,
            deadline: Instant::now() + LIFETIME,
        }
    }

    /// Writes to its standard input.
    ///
    /// # Panics
    ///
    /// When it does not take it.
    pub fn type_in(&mut self, text: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input was closed before");
        let done = stdin.write_all(text.as_ref()).and_then(|()| stdin.flush());
        done.unwrap_or_else(|err| panic!("{} does not listen: {err}", self.line));
    }

    /// Hands out its standard input, for a thread that writes much.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("standard input was closed before")
    }

    /// Closes its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits until its output, of either stream, holds this text.
    ///
    /// # Panics
    ///
    /// When it does not come in time.
    pub fn expect(&mut self, text: &str) {
        self.expect_times(text, 1);
    }

    /// Waits until its output, of either stream, holds this text so many times.
    ///
    /// # Panics
    ///
    /// When it does not come in time.
    pub fn expect_times(&mut self, text: &str, times: usize) {
        if !self.poll(|output| output.matches(text).count() >= times) {
            panic!("{times} times {text:?} did not come from {}", self.line);
        }
    }

    /// Waits until the text came, and says whether it did before the program ended or the time was up.
    fn poll(&mut self, done: impl Fn(&str) -> bool) -> bool {
        let end = self.deadline.min(Instant::now() + PATIENCE);
        loop {
            // Look at the program first: what it wrote before its end is then surely looked at below.
            let over = Instant::now() >= end || (self.ended() && self.drained());
            if done(&self.output()) {
                return true;
            }
            if over {
                return false;
            }
            self.stdout.wait(Duration::from_millis(5));
        }
    }

    fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    fn drained(&self) -> bool {
        self.readers.iter().all(JoinHandle::is_finished)
    }

    /// Both streams so far, standard output first.
    pub fn output(&self) -> String {
        format!("{}\n{}", self.stdout.text(), self.stderr.text())
    }

    /// Its standard output so far.
    pub fn stdout(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// Its standard error so far.
    pub fn stderr(&self) -> Vec<u8> {
        self.stderr.bytes()
    }

    /// Waits until a question about its output has an answer, and gives that.
    ///
    /// # Panics
    ///
    /// When it has none in time.
    pub fn wait_for<T>(&mut self, what: &str, answer: impl Fn(&str) -> Option<T>) -> T {
        self.poll(|output| answer(output).is_some());
        answer(&self.output()).unwrap_or_else(|| panic!("{what} did not come from {}", self.line))
    }

    /// Waits for its end; gives its exit status and everything it said.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    pub fn finish(&mut self) -> (ExitStatus, String) {
        self.hang_up();
        let end = self.deadline.min(Instant::now() + PATIENCE);
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) if self.drained() => return (status, self.output()),
                _ if Instant::now() >= end => panic!("{} does not end", self.line),
                _ => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            // The readers end with the pipes; give them a moment, so that the last words are among what we print.
            let end = Instant::now() + Duration::from_secs(1);
            while !self.drained() && Instant::now() < end {
                thread::sleep(Duration::from_millis(2));
            }
            let words = format!("---- {}\n{}\n----\n", self.line, self.output());
            match LAST_WORDS.get() {
                None => eprint!("{words}"),
                Some(file) => {
                    let file = OpenOptions::new().create(true).append(true).open(file);
                    // A panic inside a drop would end the process.
                    let _ = file.and_then(|mut file| file.write_all(words.as_bytes()));
                }
            }
        }
    }
}

/// What to say when a peer program cannot be started.
pub fn missing(program: &str, err: &io::Error) -> String {
    format!("cannot start {program}: {err}. The tests need it; `cargo xtask test` installs what they need")
}

/// Makes an argument list out of strings, paths and the like.
#[macro_export]
macro_rules! args {
    ($($arg:expr),* $(,)?) => {
        ::std::vec::Vec::<::std::ffi::OsString>::from([$(::std::ffi::OsString::from($arg)),*])
    };
}

/// Starts `openssl s_server` and waits until it listens.
///
/// # Panics
///
/// When it does not.
pub fn openssl_server(more: &[OsString]) -> (Peer, SocketAddr) {
    // With port 0 it chooses a free port and says which, so there is no race for one.
    let mut args = args!["s_server", "-accept", "127.0.0.1:0", "-tls1_3"];
    args.extend(more.iter().cloned());
    openssl_server_with(&args)
}

/// Starts `openssl` with just these arguments, which make it a server on port 0, and waits until it listens.
///
/// # Panics
///
/// When it does not.
pub fn openssl_server_with(args: &[OsString]) -> (Peer, SocketAddr) {
    let mut peer = Peer::spawn("openssl", args);
    peer.expect("ACCEPT 127.0.0.1:");
    // The line may still be on its way when its head is there.
    let mut port = None;
    let found = peer.poll(|output| port_after(output, "ACCEPT 127.0.0.1:").is_some());
    if found {
        port = port_after(&peer.output(), "ACCEPT 127.0.0.1:");
    }
    let port = port.expect("s_server names its port");
    (peer, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn port_after(output: &str, head: &str) -> Option<u16> {
    let (_, rest) = output.split_once(head)?;
    let (port, _) = rest.split_once('\n')?;
    port.trim().parse().ok()
}

/// Starts `openssl s_client` against one of our servers.
pub fn openssl_client(addr: SocketAddr, more: &[OsString]) -> Peer {
    let mut args = args!["s_client", "-connect", addr.to_string(), "-tls1_3"];
    args.extend(more.iter().cloned());
    Peer::spawn("openssl", &args)
}

/// Starts `gnutls-serv` and waits until it listens.
///
/// # Panics
///
/// When it does not, on several ports.
pub fn gnutls_server(more: &[OsString]) -> (Peer, SocketAddr) {
    let args = |port: u16| {
        let mut args = args!["--port", port.to_string()];
        args.extend(more.iter().cloned());
        args
    };
    let up = |port: u16| format!("listening on IPv4 0.0.0.0 port {port}...done");
    server_on_free_port("gnutls-serv", args, up, "bind() failed")
}

/// Starts a server that takes no port 0 with a free port in its arguments, and waits until its output has the words of `up`.
/// `busy` is what it says when somebody else has the port.
///
/// # Panics
///
/// When it does not listen, on several ports.
pub fn server_on_free_port(
    program: &str,
    args: impl Fn(u16) -> Vec<OsString>,
    up: impl Fn(u16) -> String,
    busy: &str,
) -> (Peer, SocketAddr) {
    // Another process may snatch the port between our look and its bind.
    for _ in 0..5 {
        let port =
            TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).unwrap().port();
        let mut peer = Peer::spawn(program, &args(port));
        let up = up(port);
        if peer.poll(|output| output.contains(&up)) {
            return (peer, SocketAddr::from(([127, 0, 0, 1], port)));
        }
        if !peer.output().contains(busy) {
            panic!("{} does not listen: {}", peer.line, peer.output());
        }
    }
    panic!("no free port for {program}");
}

/// Starts `gnutls-cli` against one of our servers.
pub fn gnutls_client(addr: SocketAddr, more: &[OsString]) -> Peer {
    let mut args = args!["--port", addr.port().to_string()];
    args.extend(more.iter().cloned());
    args.push(addr.ip().to_string().into());
    Peer::spawn("gnutls-cli", &args)
}

/// Starts `curl`, which reads no configuration of the user.
pub fn curl(more: &[OsString]) -> Peer {
    let mut args =
        args!["--disable", "--silent", "--show-error", "--verbose", "--max-time", "20", "--noproxy", "*"];
    args.extend(more.iter().cloned());
    Peer::spawn("curl", &args)
}

/// What a stream of a child has said so far.
#[derive(Default)]
struct Capture {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

impl Capture {
    fn fill(this: Arc<Self>, mut pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        thread::spawn(move || {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(got @ 1..) = pipe.read(&mut chunk) {
                let mut bytes = this.bytes.lock().unwrap();
                // A peer gone wild must not eat the memory of the machine; no honest one says 64 MiB.
                if bytes.len() < 64 << 20 {
                    bytes.extend_from_slice(&chunk[..got]);
                }
                this.more.notify_all();
            }
            this.more.notify_all();
        })
    }

    fn wait(&self, time: Duration) {
        let bytes = self.bytes.lock().unwrap();
        drop(self.more.wait_timeout(bytes, time).unwrap());
    }

    fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}
