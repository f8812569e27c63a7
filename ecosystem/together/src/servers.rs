//! What the clients speak with. Each server has a task of its own, and ends with the program.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use crate::site::Site;
use crate::Outcome;

/// HTTP/1.1 and HTTP/2; says what it was asked for.
pub async fn web(site: &Site) -> Outcome<SocketAddr> {
    let acceptor = TlsAcceptor::from(Arc::new(site.server(&[b"h2", b"http/1.1"])?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not like us is no reason to stop.
                let Ok(tls) = acceptor.accept(socket).await else { return };
                let answer = service_fn(|request: Request<Incoming>| async move {
                    let text = format!("you asked for {}", request.uri().path());
                    Ok::<_, hyper::Error>(Response::new(Full::<Bytes>::from(text)))
                });
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(tls), answer).await;
            });
        }
    });
    Ok(address)
}

/// Says again what it heard, to the end.
pub async fn echo(site: &Site) -> Outcome<SocketAddr> {
    let acceptor = TlsAcceptor::from(Arc::new(site.server(&[])?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(tls) = acceptor.accept(socket).await else { continue };
            tokio::spawn(async move {
                let (mut reader, mut writer) = tokio::io::split(tls);
                let _ = tokio::io::copy(&mut reader, &mut writer).await;
                let _ = writer.shutdown().await;
            });
        }
    });
    Ok(address)
}

pub async fn health(site: &Site) -> Outcome<SocketAddr> {
    let (_, service) = tonic_health::server::health_reporter();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let identity = Identity::from_pem(&site.certificate_pem, &site.key_pem);
    let server =
        Server::builder().tls_config(ServerTlsConfig::new().identity(identity))?.add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    Ok(address)
}

pub fn quic_echo(site: &Site) -> Outcome<SocketAddr> {
    let config = quinn::crypto::rustls::QuicServerConfig::try_from(site.server(&[])?)?;
    let config = quinn::ServerConfig::with_crypto(Arc::new(config));
    let endpoint = quinn::Endpoint::server(config, "127.0.0.1:0".parse()?)?;
    let address = endpoint.local_addr()?;
    tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            let connection = incoming.await?;
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                send.write_all(&receive.read_to_end(1000).await?).await?;
                send.finish()?;
            }
        }
        Outcome::Ok(())
    });
    Ok(address)
}

/// Takes one letter, by a protocol that begins with TLS, and gives it.
pub async fn post(site: &Site) -> Outcome<(SocketAddr, oneshot::Receiver<String>)> {
    let acceptor = TlsAcceptor::from(Arc::new(site.server(&[])?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (give, letter) = oneshot::channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await?;
        let mut tls = BufReader::new(acceptor.accept(socket).await?);
        tls.write_all(b"220 localhost\r\n").await?;
        let mut line = String::new();
        let mut text = String::new();
        while tls.read_line(&mut line).await? > 0 {
            let answer = match &line[..4] {
                "EHLO" => "250 localhost\r\n",
                "DATA" => {
                    tls.write_all(b"354 go on\r\n").await?;
                    while !text.ends_with("\r\n.\r\n") {
                        tls.read_line(&mut text).await?;
                    }
                    "250 taken\r\n"
                }
                "QUIT" => break,
                _ => "250 ok\r\n",
            };
            tls.write_all(answer.as_bytes()).await?;
            line.clear();
        }
        tls.write_all(b"221 bye\r\n").await?;
        tls.shutdown().await?;
        let _ = tls.read(&mut [0]).await;
        let _ = give.send(text);
        Outcome::Ok(())
    });
    Ok((address, letter))
}
