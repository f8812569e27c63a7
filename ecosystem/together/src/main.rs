//! One program that uses many crates on rustls 0.23 at once, each for what it is there for, over loopback.

mod servers;
mod site;

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use sqlx_core::net::tls::{CertificateInput, TlsConfig};
use sqlx_core::net::{Socket, WithSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use site::Site;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> Outcome<()> {
    let site = Arc::new(Site::new()?);
    // What looks for the roots of the platform finds ours. Set before there is a second thread.
    std::env::set_var("SSL_CERT_FILE", site.root_file());
    tokio::runtime::Runtime::new()?.block_on(all(site))
}

async fn all(site: Arc<Site>) -> Outcome<()> {
    let web = servers::web(&site).await?;
    let echo = servers::echo(&site).await?;
    told("reqwest", reqwest(web)).await?;
    told("reqwest, to a name that the certificate has not", reqwest_elsewhere(web)).await?;
    told("ureq", ureq(web, site.clone())).await?;
    told("tonic", tonic(&site)).await?;
    told("quinn", quinn(&site)).await?;
    told("sqlx-core", sqlx(echo, &site)).await?;
    told("lettre", lettre(&site)).await?;
    told("rustls-platform-verifier", platform_verifier(echo)).await
}

async fn told(name: &str, what: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    tokio::time::timeout(PATIENCE, what).await?.map_err(|e| format!("{name}: {e:?}"))?;
    println!("{name}: works");
    Ok(())
}

/// With its own defaults: HTTP/2 by ALPN, and the roots of the platform.
async fn reqwest(web: SocketAddr) -> Outcome<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("https://localhost:{}/there", web.port());
    for _ in 0..2 {
        let answer = client.get(&url).send().await?.error_for_status()?;
        assert_eq!(answer.version(), reqwest::Version::HTTP_2);
        assert_eq!(answer.text().await?, "you asked for /there");
    }
    Ok(())
}

async fn reqwest_elsewhere(web: SocketAddr) -> Outcome<()> {
    let client = reqwest::Client::builder().no_proxy().resolve("elsewhere.test", web).build()?;
    let error = match client.get(format!("https://elsewhere.test:{}/", web.port())).send().await {
        Ok(_) => return Err("it was believed".into()),
        Err(error) => error,
    };
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(some) = cause {
        if let Some(rustls::Error::InvalidCertificate(why)) = some.downcast_ref() {
            assert!(matches!(why, rustls::CertificateError::NotValidForNameContext { .. }), "{why:?}");
            return Ok(());
        }
        // An error of I/O keeps another inside, whose own cause it says is the next.
        let inner = some.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        cause = match inner {
            Some(inner) => Some(inner),
            None => some.source(),
        };
    }
    Err(format!("no error of a certificate: {error:?}").into())
}

/// HTTP/1.1 and a root of the program's own, without async.
async fn ureq(web: SocketAddr, site: Arc<Site>) -> Outcome<()> {
    tokio::task::spawn_blocking(move || {
        let root = ureq::tls::Certificate::from_der(&site.root).to_owned();
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::Specific(Arc::new(vec![root])))
            .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder().proxy(None).tls_config(tls).build().new_agent();
        let mut answer = agent.get(format!("https://localhost:{}/here", web.port())).call()?;
        assert_eq!(answer.body_mut().read_to_string()?, "you asked for /here");
        Ok(())
    })
    .await?
}

/// The service that tells of a server's health, as servers offer it.
async fn tonic(site: &Site) -> Outcome<()> {
    use tonic_health::pb::health_client::HealthClient;
    use tonic_health::pb::HealthCheckRequest;

    let address = servers::health(site).await?;
    let tls = tonic::transport::ClientTlsConfig::new()
        .ca_certificate(tonic::transport::Certificate::from_pem(&site.root_pem))
        .domain_name("localhost");
    let channel = tonic::transport::Channel::from_shared(format!("https://{address}"))?
        .tls_config(tls)?
        .connect()
        .await?;
    let answer = HealthClient::new(channel).check(HealthCheckRequest { service: String::new() }).await?;
    // SERVING
    assert_eq!(answer.into_inner().status, 1);
    Ok(())
}

async fn quinn(site: &Site) -> Outcome<()> {
    let address = servers::quic_echo(site)?;
    let config = quinn::ClientConfig::with_root_certificates(Arc::new(site.roots()?))?;
    let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse()?)?;
    endpoint.set_default_client_config(config);
    let connection = endpoint.connect(address, "localhost")?.await?;
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(b"over QUIC").await?;
    send.finish()?;
    assert_eq!(receive.read_to_end(100).await?, b"over QUIC");
    connection.close(0_u32.into(), b"");
    endpoint.wait_idle().await;
    Ok(())
}

/// A database's socket, raised to TLS as its drivers do it.
async fn sqlx(echo: SocketAddr, site: &Site) -> Outcome<()> {
    let raise = Raise { root: CertificateInput::Inline(site.root_pem.clone().into_bytes()) };
    sqlx_core::net::connect_tcp("127.0.0.1", echo.port(), raise).await??;
    Ok(())
}

struct Raise {
    root: CertificateInput,
}

impl WithSocket for Raise {
    type Output = sqlx_core::Result<()>;

    async fn with_socket<S: Socket>(self, socket: S) -> Self::Output {
        let config = TlsConfig {
            accept_invalid_certs: false,
            accept_invalid_hostnames: false,
            hostname: "localhost",
            root_cert_path: Some(&self.root),
            client_cert_path: None,
            client_key_path: None,
        };
        sqlx_core::net::tls::handshake(socket, config, Exchange).await?
    }
}

struct Exchange;

impl WithSocket for Exchange {
    type Output = sqlx_core::Result<()>;

    async fn with_socket<S: Socket>(self, mut socket: S) -> Self::Output {
        socket.write(b"select").await?;
        socket.flush().await?;
        let (mut heard, mut length) = ([0; 6], 0);
        while length < heard.len() {
            let mut room = &mut heard[length..];
            match socket.read(&mut room).await? {
                0 => break,
                some => length += some,
            }
        }
        assert_eq!(&heard, b"select");
        socket.shutdown().await?;
        Ok(())
    }
}

/// A letter, without async.
async fn lettre(site: &Site) -> Outcome<()> {
    use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
    use lettre::{Message, SmtpTransport, Transport};

    let (address, post) = servers::post(site).await?;
    let root = Certificate::from_pem(site.root_pem.as_bytes())?;
    tokio::task::spawn_blocking(move || {
        let tls = TlsParameters::builder("localhost".into()).add_root_certificate(root).build_rustls()?;
        let letter = Message::builder()
            .from("a@example.org".parse()?)
            .to("b@example.org".parse()?)
            .subject("TLS")
            .body("A letter under seal.".to_owned())?;
        let mailer = SmtpTransport::builder_dangerous("127.0.0.1")
            .port(address.port())
            .tls(Tls::Wrapper(tls))
            .timeout(Some(PATIENCE))
            .build();
        mailer.send(&letter)?;
        Outcome::Ok(())
    })
    .await??;
    assert!(post.await?.contains("A letter under seal."));
    Ok(())
}

/// A config of the program's own, checked by the roots of the platform.
async fn platform_verifier(echo: SocketAddr) -> Outcome<()> {
    let config = rustls::ClientConfig::with_platform_verifier()?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let socket = TcpStream::connect(echo).await?;
    let mut tls = connector.connect(ServerName::try_from("localhost")?, socket).await?;
    tls.write_all(b"hello").await?;
    tls.shutdown().await?;
    let mut heard = Vec::new();
    tls.read_to_end(&mut heard).await?;
    assert_eq!(heard, b"hello");
    Ok(())
}
