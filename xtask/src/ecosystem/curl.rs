//! curl, built on rustls-ffi as users build it, against servers of OpenSSL's: what C programs see of us.
//!
//! Its source comes with the package `curl-sys` of crates.io. What each call of curl ends with on stock stands in
//! `ecosystem/curl.txt`; ours may say more behind it, since our errors do.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::build::{Side, Workspace};
use super::suites::DAILY;
use crate::crates;
use crate::tools::{make_dir, run, write};

/// How `--only` calls it.
pub const NAME: &str = "curl";

const SOURCE: (&str, &str) = ("curl-sys", "0.4.91+curl-8.22.0");

const STOCK: &str = "ecosystem/curl.txt";

const HEAD: &str = "\
# What calls of curl 8.22.0 on rustls-ffi end with on the rustls 0.23.46 of crates.io: its exit code, the status of the answer, the
# bytes that came, the version and suite that the server saw, and what curl says. `cargo xtask ecosystem --stock --only curl` writes this
# file.
";

/// Builds curl on our side or on stock, and compares what it ends with with what was written down; or writes it down.
pub fn check(root: &Path, home: &Path, cargo: &str, side: Side) -> Result<(), String> {
    let program = build(root, home, cargo, side)?;
    let world = home.join("curl-world");
    set_up(&world)?;
    let mut seen = Vec::new();
    let servers = Servers::start(&world)?;
    for (name, arguments, to) in cases() {
        seen.push(format!("{name}: {}", servers.ask(&program, &world, &arguments, to)?));
    }
    drop(servers);
    let path = root.join(STOCK);
    if side == Side::Stock {
        return write(&path, &format!("{HEAD}\n{}\n", seen.join("\n")));
    }
    let stock = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let stock: Vec<&str> = stock.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let wrong = differences(&stock, &seen);
    println!("{NAME}: {} calls, {} unlike stock", seen.len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn differences(stock: &[&str], ours: &[String]) -> Vec<String> {
    if stock.len() != ours.len() {
        return vec![format!("{NAME}: {} calls, and {} of stock", ours.len(), stock.len())];
    }
    let pairs = stock.iter().zip(ours).filter(|(theirs, own)| !own.starts_with(*theirs));
    pairs.map(|(theirs, own)| format!("{NAME}: stock: {theirs}\n{NAME}: ours:  {own}")).collect()
}

/// The library for C, and curl on top of it.
fn build(root: &Path, home: &Path, cargo: &str, side: Side) -> Result<PathBuf, String> {
    let suite = DAILY.suites.iter().find(|s| s.package == "rustls-ffi").ok_or("no suite rustls-ffi")?;
    let workspace = Workspace::lay_out(root, home, cargo, side, &DAILY)?;
    workspace.check_side(suite)?;
    let (library, header) = workspace.c_library(suite)?;
    let source = crates::fetch(&home.join("fetch-curl"), cargo, &[SOURCE])?.remove(0).join("curl");
    let folder = home.join(format!("curl-{}", side.folder()));
    make_dir(&folder)?;
    let on = ["CURL_USE_RUSTLS", "HTTP_ONLY", "CMAKE_DISABLE_FIND_PACKAGE_Perl"];
    let off = [
        "BUILD_SHARED_LIBS",
        "BUILD_TESTING",
        "BUILD_EXAMPLES",
        "BUILD_LIBCURL_DOCS",
        "BUILD_MISC_DOCS",
        "ENABLE_CURL_MANUAL",
        "CURL_BROTLI",
        "CURL_USE_LIBPSL",
        "CURL_USE_LIBSSH2",
        "CURL_ZLIB",
        "CURL_ZSTD",
        "USE_LIBIDN2",
        "USE_NGHTTP2",
    ];
    let mut configure = Command::new("cmake");
    configure.current_dir(&folder).args(["-Wno-dev", "--log-level=WARNING", "-S"]).arg(&source).arg("-B.");
    configure.args(on.map(|name| format!("-D{name}=ON"))).args(off.map(|name| format!("-D{name}=OFF")));
    configure.arg(format!("-DRUSTLS_LIBRARY={}", library.display()));
    configure.arg(format!("-DRUSTLS_INCLUDE_DIR={}", header.display()));
    configure.arg("-DCMAKE_BUILD_TYPE=Debug").stdout(Stdio::null());
    run(&mut configure).map_err(|why| format!("{why}\ncmake and a C compiler are needed"))?;
    // Make does not see that the library is another one.
    let program = folder.join("src/curl");
    let _ = fs::remove_file(&program);
    let mut make = Command::new("cmake");
    make.args(["--build", ".", "--parallel", "2", "--target", "curl"]).current_dir(&folder);
    run(make.stdout(Stdio::null()))?;
    Ok(program)
}

/// Two authorities, a server and a client under the first; a file to fetch. OpenSSL makes them.
fn set_up(world: &Path) -> Result<(), String> {
    make_dir(world)?;
    write(&world.join("file"), &"sixteen letters\n".repeat(65_536))?;
    write(&world.join("leaf"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")?;
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(world).args(line.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
        run(&mut command)
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for ca in ["ca", "other"] {
        openssl(&format!("req -x509 {key} -keyout {ca}.key -out {ca}.pem -days 2 -subj /CN={ca}"))?;
    }
    for name in ["server", "client"] {
        openssl(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"))?;
        let signed = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf";
        openssl(&format!("x509 -req -in {name}.csr {signed} -out {name}.pem"))?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum To {
    /// Says in its answer which version and suite it sees.
    Telling,
    /// The same, and wants a certificate.
    Wanting,
    /// Has a file.
    Serving,
}

/// Name, arguments, and whom it asks; `NAME` is the host in the address, if it is not `localhost`.
fn cases() -> Vec<(String, Vec<&'static str>, To)> {
    const TRUST: [&str; 2] = ["--cacert", "ca.pem"];
    const SHOW: [&str; 4] = ["--cert", "client.pem", "--key", "client.key"];
    let mut all = Vec::new();
    for (version, limits) in [("1.2", &["--tlsv1.2", "--tls-max", "1.2"][..]), ("1.3", &["--tlsv1.3"])] {
        let mut case = |name: &str, arguments: &[&[&'static str]], to| {
            all.push((format!("{version}, {name}"), [&[limits], arguments].concat().concat(), to));
        };
        case("trusted", &[&TRUST], To::Telling);
        case("a file", &[&TRUST], To::Serving);
        case("another authority", &[&["--cacert", "other.pem"]], To::Telling);
        case("another name", &[&TRUST, &[ADDRESS]], To::Telling);
        case("nothing checked", &[&["--insecure"]], To::Telling);
        case("no certificate of ours", &[&TRUST], To::Wanting);
        case("a certificate of ours", &[&TRUST, &SHOW], To::Wanting);
        case("no list of revocations", &[&TRUST, &["--crlfile", "ca.pem"]], To::Telling);
        case("two requests", &[&TRUST, &[AGAIN]], To::Serving);
    }
    let suites = ["--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256"];
    all.push(("a suite of 1.3".into(), [&TRUST[..], &suites].concat(), To::Telling));
    let suites = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"];
    all.push(("a suite of 1.2".into(), [&TRUST[..], &suites].concat(), To::Telling));
    all
}

/// Stands for the address of the server in the place of its name.
const ADDRESS: &str = "127.0.0.1";

/// Stands for a second request.
const AGAIN: &str = "again";

/// Programs of OpenSSL that listen until this is dropped.
struct Servers {
    children: Vec<Child>,
    ports: [u16; 3],
}

impl Servers {
    fn start(world: &Path) -> Result<Self, String> {
        let mut servers = Self { children: Vec::new(), ports: [0; 3] };
        let wants = ["-www", "-Verify", "2", "-verify_return_error", "-CAfile", "ca.pem"];
        for (place, more) in [&["-www"][..], &wants, &["-WWW"]].into_iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
            let port = listener.local_addr().map_err(|e| e.to_string())?.port();
            drop(listener);
            let mut server = Command::new("openssl");
            server.current_dir(world).args(["s_server", "-4", "-quiet", "-cert", "server.pem", "-key"]);
            server.args(["server.key", "-accept", &port.to_string()]).args(more);
            server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            servers.children.push(server.spawn().map_err(|e| format!("openssl: {e}"))?);
            if let Some(slot) = servers.ports.get_mut(place) {
                *slot = port;
            }
            let start = Instant::now();
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                if start.elapsed() > Duration::from_secs(20) {
                    return Err("openssl s_server does not listen".into());
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(servers)
    }

    /// What curl ends with.
    fn ask(&self, curl: &Path, world: &Path, arguments: &[&str], to: To) -> Result<String, String> {
        let (port, path) = match to {
            To::Telling => (self.ports[0], ""),
            To::Wanting => (self.ports[1], ""),
            To::Serving => (self.ports[2], "file"),
        };
        let host = if arguments.contains(&ADDRESS) { ADDRESS } else { "localhost" };
        let url = format!("https://{host}:{port}/{path}");
        let mut command = Command::new(curl);
        command.current_dir(world).args(["--silent", "--show-error", "--ipv4", "--max-time", "60"]);
        command.args(["--write-out", "\n%{http_code} %{size_download}"]);
        command.args(arguments.iter().filter(|word| ![ADDRESS, AGAIN].contains(word))).arg(&url);
        command.args(arguments.contains(&AGAIN).then_some(&url));
        let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
        let page = String::from_utf8_lossy(&output.stdout);
        let status = match to {
            // How long its pages are hangs on keys and times.
            To::Telling | To::Wanting => page.lines().last().and_then(|line| line.split(' ').next()),
            To::Serving => page.lines().last(),
        };
        let field = |name: &str| {
            let mut lines = page.lines().map(str::trim).filter(|line| line.starts_with(name));
            lines.find_map(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
        };
        let parts = [
            format!("exit {}", output.status.code().unwrap_or(-1)),
            status.unwrap_or_default().to_owned(),
            field("Protocol "),
            field("Cipher "),
            String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned(),
        ];
        Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_unlike_stocks_is_found() {
        let ours = |second: &str| vec!["a: exit 0".to_owned(), second.to_owned()];
        let stock = ["a: exit 0", "b: exit 60, bad"];
        assert!(differences(&stock, &ours("b: exit 60, bad (and why)")).is_empty());
        assert_eq!(differences(&stock, &ours("b: exit 0")).len(), 1);
        assert_eq!(differences(&stock[..1], &ours("b: exit 0")).len(), 1);
    }

    #[test]
    fn each_call_has_a_name_of_its_own() {
        let mut names: Vec<String> = cases().into_iter().map(|(name, ..)| name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
