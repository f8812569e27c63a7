//! The adapter for whatever has the API of the crate `openssl`: it is called `tls` here, and the same text is compiled for both of them.
//!
//! Where the libraries in C behind it differ, the worker's own file says what is to be done ([`Differs`]).

use std::fmt;
use std::io::Write;
use std::marker::PhantomData;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tls::pkey::PKey;
use tls::ssl::{
    ErrorCode, HandshakeError, MidHandshakeSslStream, ShutdownState, Ssl, SslContext, SslContextBuilder,
    SslMethod, SslSession, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};
use tls::x509::X509;
use tls::x509::store::X509StoreBuilder;
use worker::{Case, Chain, End, Group, Library, Material, Pipes, Root, Suite, Version};

/// What the libraries do not have in common.
pub trait Differs {
    /// Chooses the suite and the groups of the case.
    fn choose(context: &mut SslContextBuilder, case: &Case) -> Result<(), String>;
    /// Whether tickets wait for the first byte that the server sends.
    const TICKETS_WAIT: bool;

    /// Chooses how many tickets a server gives in TLS 1.3.
    fn tickets(context: &mut SslContextBuilder, count: usize) -> Result<(), String>;
}

pub struct Theirs<D> {
    client: SslContext,
    server: SslContext,
    name: &'static str,
    seen: Arc<Sessions>,
    tls13: bool,
    differs: PhantomData<D>,
}

/// What the client was given; kept only where connections are to be resumed.
struct Sessions {
    tickets: AtomicUsize,
    keep: bool,
    last: Mutex<Option<SslSession>>,
}

impl<D: Differs> Theirs<D> {
    pub fn new(material: &Material) -> Result<Self, String> {
        let case = &material.case;
        let mut client = context::<D>(case)?;
        trust(&mut client, &material.client_roots)?;
        client.set_verify(SslVerifyMode::PEER);
        if material.client_has_certificate {
            identity(&mut client, &material.client)?;
        }
        let seen =
            Arc::new(Sessions { tickets: AtomicUsize::new(0), keep: case.resumed, last: Mutex::new(None) });
        client.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
        let sessions = seen.clone();
        client.set_new_session_callback(move |_, session| {
            sessions.tickets.fetch_add(1, Ordering::Relaxed);
            if sessions.keep {
                *sessions.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
            }
        });

        let mut server = context::<D>(case)?;
        identity(&mut server, &material.server)?;
        if case.mutual {
            trust(&mut server, &material.server_roots)?;
            server.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        }
        // Sessions are in tickets, and nowhere else.
        server.set_session_cache_mode(SslSessionCacheMode::OFF);
        server.set_session_id_context(b"bench").map_err(text)?;
        D::tickets(&mut server, case.tickets())?;
        let (client, server) = (client.build(), server.build());
        Ok(Self {
            client,
            server,
            name: material.name,
            seen,
            tls13: case.version == Version::V13,
            differs: PhantomData,
        })
    }
}

fn context<D: Differs>(case: &Case) -> Result<SslContextBuilder, String> {
    let mut context = SslContextBuilder::new(SslMethod::tls()).map_err(text)?;
    let version = match case.version {
        Version::V12 => SslVersion::TLS1_2,
        Version::V13 => SslVersion::TLS1_3,
    };
    context.set_min_proto_version(Some(version)).map_err(text)?;
    context.set_max_proto_version(Some(version)).map_err(text)?;
    D::choose(&mut context, case)?;
    Ok(context)
}

fn trust(context: &mut SslContextBuilder, roots: &Root) -> Result<(), String> {
    let mut store = X509StoreBuilder::new().map_err(text)?;
    store.add_cert(X509::from_der(&roots.der).map_err(text)?).map_err(text)?;
    context.set_cert_store(store.build());
    Ok(())
}

fn identity(context: &mut SslContextBuilder, chain: &Chain) -> Result<(), String> {
    let mut certificates = chain.certificates.iter().map(|der| X509::from_der(der));
    let leaf = certificates.next().ok_or("a chain without a leaf")?.map_err(text)?;
    context.set_certificate(&leaf).map_err(text)?;
    for issuer in certificates {
        context.add_extra_chain_cert(issuer.map_err(text)?).map_err(text)?;
    }
    context.set_private_key(&*PKey::private_key_from_pkcs8(&chain.key).map_err(text)?).map_err(text)
}

/// The name of the suite of TLS 1.2, which both know by OpenSSL's name.
pub fn suite_12(case: &Case) -> &'static str {
    match case.suite {
        Suite::Aes128 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        Suite::Aes256 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        Suite::ChaCha20 => "ECDHE-ECDSA-CHACHA20-POLY1305",
    }
}

/// The groups of the case, as both write them.
pub fn groups(case: &Case) -> &'static str {
    match (case.version, case.group) {
        (Version::V12, _) => "X25519:P-256",
        (Version::V13, Group::X25519) => "X25519",
        (Version::V13, Group::X25519MlKem768) => "X25519MLKEM768",
    }
}

pub fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

impl<D: Differs> Library for Theirs<D> {
    type Client = Stream;
    type Server = Stream;

    fn client(&self, pipes: Pipes) -> Result<Stream, String> {
        let mut ssl = Ssl::new(&self.client).map_err(text)?;
        ssl.set_hostname(self.name).map_err(text)?;
        ssl.param_mut().set_host(self.name).map_err(text)?;
        if self.seen.keep {
            let mut last = self.seen.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(session) = &*last {
                // SAFETY: the session came from a connection of this very context.
                unsafe { ssl.set_session(session) }.map_err(text)?;
            }
            // TLS 1.2 gives no new ticket with a resumption, and a ticket of TLS 1.3 is used once.
            if self.tls13 {
                *last = None;
            }
        }
        Ok(Stream { state: State::begun(ssl.connect(pipes))?, speaks: false })
    }

    fn server(&self, pipes: Pipes) -> Result<Stream, String> {
        let state = State::begun(Ssl::new(&self.server).map_err(text)?.accept(pipes))?;
        Ok(Stream { state, speaks: D::TICKETS_WAIT && self.tls13 })
    }

    fn tickets(&self) -> usize {
        self.seen.tickets.load(Ordering::Relaxed)
    }
}

pub struct Stream {
    state: State,
    /// Sends a byte when the handshake is done.
    speaks: bool,
}

enum State {
    Shaking(MidHandshakeSslStream<Pipes>),
    Standing(SslStream<Pipes>),
    /// In the middle of a call, or after an error.
    Nothing,
}

impl State {
    fn begun(result: Result<SslStream<Pipes>, HandshakeError<Pipes>>) -> Result<Self, String> {
        match result {
            Ok(stream) => Ok(Self::Standing(stream)),
            Err(HandshakeError::WouldBlock(stream)) => Ok(Self::Shaking(stream)),
            Err(other) => Err(text(other)),
        }
    }
}

impl Stream {
    fn standing(&mut self) -> Result<&mut SslStream<Pipes>, String> {
        match &mut self.state {
            State::Standing(stream) => Ok(stream),
            State::Shaking(_) | State::Nothing => Err("no connection".into()),
        }
    }
}

/// A connection that ends without a word makes its session one that cannot be resumed. Nobody else here says a word, either.
impl Drop for Stream {
    fn drop(&mut self) {
        if let State::Standing(stream) = &mut self.state {
            stream.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
        }
    }
}

impl End for Stream {
    fn advance(&mut self) -> Result<(), String> {
        match mem::replace(&mut self.state, State::Nothing) {
            State::Shaking(stream) => self.state = State::begun(stream.handshake())?,
            other => self.state = other,
        }
        if self.is_handshaking() {
            return Ok(());
        }
        if mem::take(&mut self.speaks) {
            self.send(&[0])?;
        }
        // There is no data but that byte: what a read does is to take in tickets.
        self.receive(&mut [0; 8]).map(drop)
    }

    fn is_handshaking(&self) -> bool {
        !matches!(self.state, State::Standing(_))
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        self.standing()?.write_all(data).map_err(text)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let stream = self.standing()?;
        let mut got = 0;
        loop {
            match stream.ssl_read(buffer) {
                Ok(0) => return Ok(got),
                Ok(n) => got += n,
                Err(error) if error.code() == ErrorCode::WANT_READ => return Ok(got),
                Err(error) => return Err(text(error)),
            }
        }
    }
}
