//! A verifier of servers from parts: whole roots, a strict profile, revocation lists beside the server's
//! staple, pins that are only reported on, and all there is to say of a refusal.
//!
//! ```text
//! cargo run --example verifier --features load -- localhost:4433 roots.pem [LIST.der...]
//! ```

use std::env;
use std::error::Error;
use std::fs;
use std::io::{Read, Write, stdout};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use chitin::crypto::aws_lc_rs::default_provider;
use chitin::pki_types::CertificateRevocationListDer;
use chitin::trust::{PinSet, Profile, Revocation, Roots, ServerVerifier, pin_of_key};
use chitin::{ClientConfig, ClientConnection, Stream, load};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let target = words.next().ok_or("usage: verifier HOST:PORT ROOTS [LIST...]")?;
    let (host, _) = target.rsplit_once(':').ok_or("the port is missing")?;
    let roots = words.next().ok_or("a file of roots is missing")?;
    let roots = load::certificates_file(Path::new(&roots), None)?;
    let lists = words.map(|file| fs::read(file).map(CertificateRevocationListDer::from));
    let lists = lists.collect::<Result<Vec<_>, _>>()?;

    let provider = Arc::new(default_provider());
    let pins = roots.iter().try_fold(PinSet::new(), |pins, root| {
        Ok::<_, chitin::Error>(pins.with(pin_of_key(root, &provider)?))
    })?;
    // With lists every certificate has to be in the scope of one; without, the server's staple is all there is.
    let revocation = Revocation::new().with_staples();
    let revocation = match lists.is_empty() {
        true => revocation.allow_unknown_status(),
        false => revocation.with_lists(lists),
    };
    for (position, why) in revocation.unusable_lists() {
        eprintln!("list {position} cannot be used: {why}");
    }
    let verifier = ServerVerifier::builder(Roots::whole(roots)?, provider.clone())
        .with_profile(Profile::Rfc5280Strict)
        .with_max_intermediates(3)
        .with_revocation(revocation)
        .with_reported_pins(pins, |report| eprintln!("the certificate {}", report.problem))
        .with_report(|diagnosis| eprintln!("{diagnosis}"))
        .build()?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_server_verifier(verifier)
        .with_no_client_auth();

    let mut connection = ClientConnection::new(Arc::new(config), host.to_owned().try_into()?)?;
    let mut socket = TcpStream::connect(&target)?;
    let mut stream = Stream::new(&mut connection, &mut socket);
    write!(stream, "GET / HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if let Some(peer) = connection.peer_identity() {
        eprintln!("{} has the names {:?}", peer.subject(), peer.dns_names());
    }
    Ok(stdout().write_all(&answer)?)
}
