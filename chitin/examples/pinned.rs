//! Talks to a server with a self-signed certificate, or with a raw public key, that is trusted by its pins alone.
//!
//! ```text
//! cargo run --example pinned -- localhost:4433 sha256//BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=
//! ```
//!
//! What the server shows now is printed with the refusal if no pin is met, and by `chitin client`.

use std::env;
use std::error::Error;
use std::io::{Read, Write, stdout};
use std::net::TcpStream;
use std::sync::Arc;

use chitin::crypto::aws_lc_rs::default_provider;
use chitin::server::CertificateType;
use chitin::trust::{PinSet, PinnedVerifier};
use chitin::{ClientConfig, ClientConnection, Stream};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let target = words.next().ok_or("usage: pinned HOST:PORT PIN [BACKUP...]")?;
    let (host, _) = target.rsplit_once(':').ok_or("the port is missing")?;

    let mut pins = PinSet::new().with(words.next().ok_or("a pin is missing")?.parse()?);
    for backup in words {
        pins = pins.with_backup(backup.parse()?);
    }
    let provider = Arc::new(default_provider());
    let verifier = PinnedVerifier::builder(pins, provider.clone())
        .with_certificate_types([CertificateType::RawPublicKey, CertificateType::X509])
        .build()?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_pinned_servers(verifier)
        .with_no_client_auth();

    let mut connection = ClientConnection::new(Arc::new(config), host.to_owned().try_into()?)?;
    let mut socket = TcpStream::connect(&target)?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    write!(stream, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(stdout().write_all(&answer)?)
}
