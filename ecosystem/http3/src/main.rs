//! A request in HTTP/3 and its answer, over loopback, twice: the second is early data in the session of the first.
//!
//! With the names of a Python that has aioquic and of `peer.py`: the same with aioquic, in both roles.

use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use quinn::crypto::rustls::{HandshakeData, QuicClientConfig, QuicServerConfig};
use quinn::Endpoint;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::RootCertStore;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// More than one flight, so that keys and windows of the application level are used in earnest.
const LONG: usize = 300_000;

/// Longer than a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::main]
async fn main() -> Outcome<()> {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = pair.cert.der().clone();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der())?;
    let server = server(certificate.clone(), key)?;
    let address = server.local_addr()?;
    tokio::spawn(serve(server));
    let client = client(certificate)?;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => requests(&client, address).await,
        [python, peer] => {
            let files = Files::new(&pair.cert.pem(), &pair.signing_key.serialize_pem())?;
            // It ends with the handle.
            let (_server, port) = serving(python, peer, &files).await?;
            requests(&client, SocketAddr::from(([127, 0, 0, 1], port))).await?;
            println!("as a client of aioquic: answered twice, once in early data");
            asked(python, peer, address.port(), &files).await?;
            println!("as a server of aioquic: asked twice, once in early data");
            Ok(())
        }
        _ => Err("usage: http3 [PYTHON PEER]".into()),
    }
}

fn server(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> Outcome<Endpoint> {
    let mut tls =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
    tls.alpn_protocols = vec![b"h3".to_vec()];
    tls.max_early_data_size = u32::MAX;
    let config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    Ok(Endpoint::server(config, "127.0.0.1:0".parse()?)?)
}

fn client(certificate: CertificateDer<'static>) -> Outcome<Endpoint> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let mut tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    tls.alpn_protocols = vec![b"h3".to_vec()];
    tls.enable_early_data = true;
    let mut endpoint = Endpoint::client("127.0.0.1:0".parse()?)?;
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?)));
    Ok(endpoint)
}

async fn serve(server: Endpoint) -> Outcome<()> {
    while let Some(incoming) = server.accept().await {
        // Early data is read before the client has shown that it is there.
        let connection = match incoming.accept()?.into_0rtt() {
            Ok((connection, _)) => connection,
            Err(connecting) => connecting.await?,
        };
        tokio::spawn(answer(connection));
    }
    Ok(())
}

async fn answer(connection: quinn::Connection) -> Outcome<()> {
    let mut http = h3::server::Connection::<_, Bytes>::new(h3_quinn::Connection::new(connection)).await?;
    while let Some(resolver) = http.accept().await? {
        let (request, mut stream) = resolver.resolve_request().await?;
        let head = http::Response::builder().header("asked", request.uri().path()).body(())?;
        stream.send_response(head).await?;
        stream.send_data(vec![b'x'; LONG].into()).await?;
        stream.finish().await?;
    }
    Ok(())
}

async fn requests(client: &Endpoint, server: SocketAddr) -> Outcome<()> {
    let connection = client.connect(server, "localhost")?;
    tokio::time::timeout(PATIENCE, async { request(connection.await?).await }).await??;
    println!("a request: answered");
    let (connection, accepted) = match client.connect(server, "localhost")?.into_0rtt() {
        Ok(early) => early,
        Err(_) => return Err("no session that takes early data".into()),
    };
    tokio::time::timeout(PATIENCE, request(connection)).await??;
    assert!(accepted.await, "early data was accepted");
    println!("another, as early data: answered");
    Ok(())
}

async fn request(connection: quinn::Connection) -> Outcome<()> {
    let (mut driver, mut http) = h3::client::new(h3_quinn::Connection::new(connection.clone())).await?;
    let driver = tokio::spawn(async move { poll_fn(|cx| driver.poll_close(cx)).await });
    let mut stream = http.send_request(http::Request::get("https://localhost/there").body(())?).await?;
    stream.finish().await?;
    let answer = stream.recv_response().await?;
    assert_eq!(answer.status(), http::StatusCode::OK);
    assert_eq!(answer.headers()["asked"], "/there");
    let mut length = 0;
    while let Some(chunk) = stream.recv_data().await? {
        length += chunk.remaining();
    }
    assert_eq!(length, LONG);
    let said = connection.handshake_data().ok_or("no handshake data")?;
    let said = said.downcast::<HandshakeData>().map_err(|_| "handshake data of another kind")?;
    assert_eq!(said.protocol.as_deref(), Some(&b"h3"[..]));
    // Without a sender of requests the driver ends.
    drop(http);
    driver.await?;
    Ok(())
}

/// A certificate and its key, for programs that want files.
struct Files(PathBuf);

impl Files {
    fn new(certificate: &str, key: &str) -> Outcome<Self> {
        let files = Self(std::env::temp_dir().join(format!("http3-{}", std::process::id())));
        std::fs::create_dir_all(&files.0)?;
        std::fs::write(files.certificate(), certificate)?;
        std::fs::write(files.key(), key)?;
        Ok(files)
    }

    fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.join("key.pem")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// aioquic as a server, and its port.
async fn serving(python: &str, peer: &str, files: &Files) -> Outcome<(tokio::process::Child, u16)> {
    let mut child = Command::new(python)
        .args([Path::new(peer), Path::new("serve"), &files.certificate(), &files.key()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = child.stdout.take().ok_or("no output")?;
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, BufReader::new(said).read_line(&mut line)).await??;
    Ok((child, line.trim().parse()?))
}

/// aioquic as a client.
async fn asked(python: &str, peer: &str, port: u16, files: &Files) -> Outcome<()> {
    let mut child = Command::new(python)
        .args([Path::new(peer), Path::new("get"), Path::new(&port.to_string()), &files.certificate()])
        .kill_on_drop(true)
        .spawn()?;
    let status = tokio::time::timeout(PATIENCE, child.wait()).await??;
    if status.success() {
        Ok(())
    } else {
        Err(format!("aioquic as a client ended with {status}").into())
    }
}
