//! Who serves and who fetches: ourselves in two ways, nginx, curl.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::link::Way;
use crate::material::{FILE, Folder, NAME, Paths};
use crate::process::{Process, Spent};

/// Servers have the first processor, clients the second.
const SERVERS_PROCESSOR: usize = 0;
const CLIENTS_PROCESSOR: usize = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    Ours(Way),
    Nginx,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    Ours(Way),
    Curl,
}

pub const SERVERS: &[ServerKind] =
    &[ServerKind::Ours(Way::Buffered), ServerKind::Ours(Way::Unbuffered), ServerKind::Nginx];
pub const CLIENTS: &[ClientKind] =
    &[ClientKind::Ours(Way::Buffered), ClientKind::Ours(Way::Unbuffered), ClientKind::Curl];

impl ClientKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours(way) => way.title(),
            Self::Curl => "curl, OpenSSL",
        }
    }
}

pub struct Server {
    pub name: &'static str,
    pub port: u16,
    process: Process,
}

impl Server {
    pub fn start(kind: ServerKind, folder: &Folder) -> Result<Self, String> {
        match kind {
            ServerKind::Ours(way) => Self::ours(way, folder.path()),
            ServerKind::Nginx => Self::nginx(folder.path()),
        }
    }

    fn ours(way: Way, folder: &Path) -> Result<Self, String> {
        let arguments = ["serve".to_owned(), way.name().to_owned(), folder.display().to_string()];
        let mut process = Process::start(SERVERS_PROCESSOR, &own_program()?, &arguments)?;
        let mut line = String::new();
        BufReader::new(process.output()?).read_line(&mut line).map_err(|e| format!("our server: {e}"))?;
        let port = line.trim().parse().map_err(|e| format!("our server said {line:?}: {e}"))?;
        Ok(Self { name: way.title(), port, process })
    }

    /// One process of nginx, which is the worker itself.
    fn nginx(folder: &Path) -> Result<Self, String> {
        let port = free_port()?;
        let config = folder.join("nginx.conf");
        fs::write(&config, nginx_config(folder, port)).map_err(|e| format!("{}: {e}", config.display()))?;
        let [folder, config] = [folder, &config].map(|path| path.display().to_string());
        let arguments =
            ["-p".to_owned(), folder, "-e".to_owned(), "stderr".to_owned(), "-c".to_owned(), config];
        let process = Process::start(SERVERS_PROCESSOR, "nginx", &arguments)?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > Duration::from_secs(10) {
                return Err("nginx does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { name: "nginx, OpenSSL", port, process })
    }

    pub fn spent(&self) -> Result<Spent, String> {
        self.process.spent()
    }
}

fn nginx_config(folder: &Path, port: u16) -> String {
    let Paths { certificate, key, .. } = Paths::of(folder);
    let [folder, certificate, key] = [folder, &certificate, &key].map(Path::display);
    format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n access_log off;\n keepalive_requests 1000000;\n \
         client_body_temp_path {folder}/body;\n proxy_temp_path {folder}/proxy;\n fastcgi_temp_path {folder}/fastcgi;\n \
         uwsgi_temp_path {folder}/uwsgi;\n scgi_temp_path {folder}/scgi;\n \
         server {{\n listen 127.0.0.1:{port} ssl;\n root {folder};\n ssl_certificate {certificate};\n ssl_certificate_key {key};\n \
         ssl_protocols TLSv1.3;\n ssl_ecdh_curve X25519;\n ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;\n }}\n}}\n"
    )
}

/// One that nobody had a moment ago.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

pub struct Client;

impl Client {
    pub fn start(kind: ClientKind, folder: &Folder, port: u16, requests: u16) -> Result<Process, String> {
        let path = folder.path().display().to_string();
        match kind {
            ClientKind::Ours(way) => {
                let arguments =
                    ["fetch".to_owned(), way.name().to_owned(), path, port.to_string(), requests.to_string()];
                Process::start(CLIENTS_PROCESSOR, &own_program()?, &arguments)
            }
            ClientKind::Curl => {
                let certificate = Paths::of(folder.path()).certificate.display().to_string();
                let resolve = format!("{NAME}:{port}:127.0.0.1");
                let fixed = [
                    "--silent",
                    "--show-error",
                    "--fail",
                    "--noproxy",
                    "*",
                    "--http1.1",
                    "--cacert",
                    &certificate,
                ];
                let suite = [
                    "--tls13-ciphers",
                    "TLS_AES_128_GCM_SHA256",
                    "--curves",
                    "X25519",
                    "--resolve",
                    &resolve,
                ];
                let url = format!("https://{NAME}:{port}/{FILE}");
                let urls = (0..requests).flat_map(|_| ["--output", "/dev/null", &url]);
                let all = fixed.into_iter().chain(suite).chain(urls).map(str::to_owned).collect::<Vec<_>>();
                Process::start(CLIENTS_PROCESSOR, "curl", &all)
            }
        }
    }
}

fn own_program() -> Result<String, String> {
    std::env::current_exe().map(|path| path.display().to_string()).map_err(|e| e.to_string())
}
