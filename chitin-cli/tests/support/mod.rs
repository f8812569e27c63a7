//! Certificates in a folder of their own, the command as a child process, and an end to every wait.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// No step of these tests takes a second; a loaded machine may take some.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that goes away with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("chitin-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A CA, and `NAME.pem` with `NAME.key` for each certificate it issues.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Ca {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn issue(
        &self,
        folder: &Folder,
        file: &str,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) {
        self.issue_for(&KeyPair::generate().unwrap(), folder, file, names, change);
    }

    pub fn issue_for(
        &self,
        key: &KeyPair,
        folder: &Folder,
        file: &str,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) {
        let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = common_name(file);
        change(&mut params);
        folder.write(&format!("{file}.pem"), params.signed_by(key, &self.issuer).unwrap().pem());
        folder.write(&format!("{file}.key"), key.serialize_pem());
    }
}

pub fn common_name(name: &str) -> DistinguishedName {
    let mut dn = DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    dn
}

/// A folder with `ca.pem` and a certificate `server` for localhost and 127.0.0.1 from it.
pub fn ordinary() -> (Folder, Ca) {
    let folder = Folder::new();
    let ca = Ca::new("Test CA");
    folder.write("ca.pem", &ca.pem);
    ca.issue(&folder, "server", &["localhost", "127.0.0.1"], |_| {});
    (folder, ca)
}

pub fn chitin(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chitin"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running `chitin server`, ended with the test.
pub struct Server {
    child: Child,
    pub addr: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// With `server.pem` and `server.key` of the folder.
    pub fn start(folder: &Folder, more: &[&str]) -> Self {
        Self::start_as(folder, "server", more)
    }

    pub fn start_as(folder: &Folder, name: &str, more: &[&str]) -> Self {
        let (cert, key) = (folder.path(&format!("{name}.pem")), folder.path(&format!("{name}.key")));
        Self::spawn(&[&["--cert", &cert, "--key", &key], more].concat())
    }

    /// With these arguments alone, on a port of its own.
    pub fn spawn(more: &[&str]) -> Self {
        let args = [&["server", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = chitin(&args).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        let addr = first.strip_prefix("listening on ").and_then(|rest| rest.split(',').next()?.parse().ok());
        let log = Arc::new(Mutex::new(first.clone()));
        let sink = log.clone();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = sink.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let Some(addr) = addr else {
            let _ = child.kill();
            panic!("no address in {first:?}");
        };
        Self { child, addr, log }
    }

    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Waits until the log has this text.
    pub fn logs(&self, wanted: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.log.lock().unwrap().contains(wanted) {
            assert!(Instant::now() < end, "{wanted:?} not in\n{}", self.log.lock().unwrap());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn tcp(&self) -> TcpStream {
        let sock = TcpStream::connect(self.addr).unwrap();
        sock.set_read_timeout(Some(PATIENCE)).unwrap();
        sock
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Outcome {
    pub clean: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into()
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(self.clean, "{}", self.stderr);
        self
    }

    /// It failed, and said this.
    #[track_caller]
    pub fn failed(self, wanted: &str) -> Self {
        assert!(!self.clean, "exit status 0");
        assert!(self.stderr.contains(wanted), "{wanted:?} not in\n{}", self.stderr);
        self
    }
}

/// Runs the command with this input until it ends.
pub fn run(args: &[&str], input: &[u8]) -> Outcome {
    finish(chitin(args).spawn().unwrap(), Cursor::new(input.to_vec()))
}

/// `chitin client HOST:PORT --ca ca.pem` and more.
pub fn client(folder: &Folder, host: &str, port: u16, more: &[&str], input: &[u8]) -> Outcome {
    let (target, ca) = (format!("{host}:{port}"), folder.path("ca.pem"));
    let mut args = vec!["client", &target, "--ca", &ca];
    args.extend(more);
    run(&args, input)
}

/// Waits for the end of a child that reads this.
pub fn finish(mut child: Child, mut input: impl Read + Send + 'static) -> Outcome {
    let mut stdin = child.stdin.take().unwrap();
    // A child that fails early leaves its input unread.
    let writer = thread::spawn(move || drop(io::copy(&mut input, &mut stdin)));
    let (stdout, stderr) = (drain(child.stdout.take().unwrap()), drain(child.stderr.take().unwrap()));
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if Instant::now() > end => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    writer.join().unwrap();
    let stderr = String::from_utf8_lossy(&stderr.join().unwrap()).into_owned();
    let status = status.unwrap_or_else(|| panic!("it did not end: {stderr}"));
    Outcome { clean: status.success(), stdout: stdout.join().unwrap(), stderr }
}

fn drain(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}
