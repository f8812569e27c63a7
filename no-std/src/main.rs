//! A client and a server in one process that has no standard library: no allocator, no clock and no panic handler but its own.
//!
//! They make handshakes in memory, say something, and close: with a provider of this program's own, and with the one that comes with
//! `ring`, as the default of the process, in both versions and resumed. The exit code is zero if all of that went well.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod lock;
mod provider;
mod talk;
mod ticketer;

use alloc::sync::Arc;
use alloc::vec;
use core::ffi::{c_char, c_int};
use core::panic::PanicInfo;
use core::time::Duration;

use chitin::client::{ClientSessionMemoryCache, Resumption, WebPkiServerVerifier};
use chitin::crypto::CryptoProvider;
use chitin::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use chitin::server::ServerSessionMemoryCache;
use chitin::ticketer::TicketSwitcher;
use chitin::time_provider::TimeProvider;
use chitin::version::{TLS12, TLS13};
use chitin::{
    ClientConfig, Error, HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig,
    SupportedProtocolVersion,
};

use lock::Spin;
use talk::talk;
use ticketer::SealedTickets;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// There is nobody to tell. Whoever runs this gives up waiting.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

// The C library, on which `ring` and the allocator stand, calls this. Its name may be said once in a program, and that is what the attribute
// promises.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    let parts: [fn() -> Result<bool, Error>; 3] = [own_provider, process_default, resumption];
    for (part, number) in parts.iter().zip(1..) {
        if !matches!(part(), Ok(true)) {
            return number;
        }
    }
    0
}

// The parts of `alloc` that come compiled name these two for unwinding. This program is built to abort, and nothing calls them.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[allow(unsafe_code)]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// A day on which the certificates are valid.
#[derive(Debug)]
struct Day;

impl TimeProvider for Day {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(1_900_000_000)))
    }
}

/// A provider that is written here.
fn own_provider() -> Result<bool, Error> {
    let provider = Arc::new(provider::provider());
    let (client, server) = configs(&provider, &TLS13)?;
    talk(&Arc::new(client), &Arc::new(server), ProtocolVersion::TLSv1_3, HandshakeKind::Full)
}

/// The first that is installed stays.
fn process_default() -> Result<bool, Error> {
    let before = CryptoProvider::get_default().is_none();
    let ours = chitin::crypto::ring::default_provider();
    let suites = ours.cipher_suites.len();
    ours.install_default().map_err(|_| Error::General("installed already".into()))?;
    let refused = provider::provider().install_default().is_err_and(|back| back.cipher_suites.len() == 1);
    let stays = CryptoProvider::get_default().is_some_and(|now| now.cipher_suites.len() == suites);
    Ok(before && refused && stays && suites > 1)
}

/// Both versions, with sessions in a store and in tickets.
fn resumption() -> Result<bool, Error> {
    let provider = CryptoProvider::get_default().ok_or(Error::General("no default".into()))?;
    for (tickets, suites) in [(false, [&TLS12, &TLS13]), (true, [&TLS12, &TLS13])] {
        for version in suites {
            let (mut client, mut server) = configs(provider, version)?;
            client.resumption = Resumption::store(Arc::new(ClientSessionMemoryCache::new::<Spin>(8)));
            match tickets {
                true => {
                    server.ticketer = Arc::new(TicketSwitcher::new::<Spin>(3600, SealedTickets::make, &Day)?)
                }
                false => server.session_storage = ServerSessionMemoryCache::new::<Spin>(8),
            }
            let (client, server) = (Arc::new(client), Arc::new(server));
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                if !talk(&client, &server, version.version, kind)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

fn configs(
    provider: &Arc<CryptoProvider>,
    version: &'static SupportedProtocolVersion,
) -> Result<(ClientConfig, ServerConfig), Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(&include_bytes!("../root.der")[..]))?;
    // Once there is a process default, what is not told takes it.
    let verifier = match CryptoProvider::get_default() {
        Some(_) => WebPkiServerVerifier::builder(Arc::new(roots)),
        None => WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()),
    };
    let verifier = verifier.build().map_err(|_| Error::General("a verifier".into()))?;
    let client = ClientConfig::builder_with_details(provider.clone(), Arc::new(Day))
        .with_protocol_versions(&[version])?
        .with_webpki_verifier(verifier)
        .with_no_client_auth();
    let chain = vec![CertificateDer::from(&include_bytes!("../leaf.der")[..])];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(&include_bytes!("../leaf.key.der")[..]));
    let server = ServerConfig::builder_with_details(provider.clone(), Arc::new(Day))
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok((client, server))
}
