//! What a flow may ask of the world outside, and how it is answered on the spot.
//!
//! A state that needs something *is* a question. The engine answers it at once through the config's own objects; the one
//! question that only the application can answer is the config of a server that has seen a hello first. The flow continues
//! in the same `on_answer` either way.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::panic::AssertUnwindSafe;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::config::hello::{Chosen, ClientHello as HelloView};
use crate::config::psk::{ExternalPsk, OfferedPsks, ServerPsks};
use crate::config::resolve::{CertificateRequest, ResolvesClientCert};
use crate::config::server::ServerConfig;
use crate::config::sessions::StoresServerSessions;
use crate::config::time::TimeProvider;
use crate::config::verify::{ClientCertVerifier, ServerCertVerifier};
use crate::crypto::credential::Credential;
use crate::crypto::signer::Signer;
use crate::crypto::ticket::{ProducesTickets, SealedTicket, SpareNonce};
use crate::error::Error;
pub(crate) use crate::error::guard::{guarded, told};
use crate::names::{HashAlgorithm, ProtocolVersion};
use crate::wire::client_hello::ClientHello;

/// What the application's objects are called in errors.
pub(crate) const STORE: &str = "client session store";
pub(crate) const SERVER_STORE: &str = "session store";
pub(crate) const SERVER_VERIFIER: &str = "server certificate verifier";
pub(crate) const CLIENT_VERIFIER: &str = "client certificate verifier";
pub(crate) const CLIENT_RESOLVER: &str = "client certificate resolver";
pub(crate) const SERVER_RESOLVER: &str = "server certificate resolver";
/// That of a client, or of a server.
pub(crate) const PSKS: &str = "external PSKs";
pub(crate) const TICKETER: &str = "ticketer";
pub(crate) const KEY_LOG: &str = "key log";

/// One thing a flow needs to know. It lends the `Arc`s themselves, so that work can be taken elsewhere later.
pub(crate) enum Question<'a> {
    /// Which config to serve this hello with.
    Config,
    ServerCertificate {
        config: &'a Arc<ServerConfig>,
        hello: &'a ClientHello,
        version: ProtocolVersion,
    },
    ClientCertificate {
        resolver: &'a Arc<dyn ResolvesClientCert>,
        request: CertificateRequest<'a>,
    },
    /// The key has chosen a scheme, and given this for it.
    Sign {
        signer: &'a dyn Signer,
        message: &'a [u8],
    },
    VerifyServer {
        verifier: &'a Arc<dyn ServerCertVerifier>,
        chain: &'a [CertificateDer<'static>],
        name: &'a ServerName<'static>,
        ocsp: &'a [u8],
        scts: &'a [Vec<u8>],
        now: UnixTime,
    },
    VerifyClient {
        verifier: &'a Arc<dyn ClientCertVerifier>,
        chain: &'a [CertificateDer<'static>],
        now: UnixTime,
    },
    /// Which of the external keys that a client offers, if any.
    ChoosePsk {
        psks: &'a Arc<dyn ServerPsks>,
        config: &'a Arc<ServerConfig>,
        hello: &'a ClientHello,
        names: &'a [Vec<u8>],
        hashes: &'a [HashAlgorithm],
    },
    /// The external key of this name.
    FindPsk {
        psks: &'a Arc<dyn ServerPsks>,
        identity: &'a [u8],
    },
    OpenTicket {
        ticketer: &'a Arc<dyn ProducesTickets>,
        ticket: &'a [u8],
    },
    SealTicket {
        ticketer: &'a Arc<dyn ProducesTickets>,
        plain: &'a [u8],
        /// What the ticket before this one has left.
        spare: Option<&'a SpareNonce>,
    },
    LoadSession {
        store: &'a Arc<dyn StoresServerSessions>,
        id: &'a [u8],
    },
    /// Take the session out: whoever gets it has the only use of it.
    SpendSession {
        store: &'a Arc<dyn StoresServerSessions>,
        id: &'a [u8],
    },
    StoreSession {
        store: &'a Arc<dyn StoresServerSessions>,
        id: &'a [u8],
        session: &'a [u8],
    },
}

/// The answer to a question, of its kind.
pub(crate) enum Answer {
    Config(Arc<ServerConfig>),
    Certificate(Option<Credential>),
    Signature(Vec<u8>),
    /// The chain is good: an error does not come as an answer, it ends the connection.
    Verified,
    /// An opened ticket, a loaded session; `None` is a refusal.
    Bytes(Option<Vec<u8>>),
    /// A ticket; `None` if there is none.
    Sealed(Option<SealedTicket>),
    Stored(bool),
    Psk(Option<ExternalPsk>),
}

impl Question<'_> {
    /// Asks the object that the question names. `None`: only the application can answer.
    ///
    /// # Errors
    ///
    /// A verdict against the peer, a key that cannot sign, or an object that panicked.
    pub(crate) fn answer_now(&self) -> Option<Result<Answer, Error>> {
        match self {
            Self::Config => None,
            question => Some(guarded(question.name(), || question.ask())),
        }
    }

    fn ask(&self) -> Result<Answer, Error> {
        Ok(match self {
            Self::Config => return Err(Error::General("only the application has the config".into())),
            Self::ServerCertificate { config, hello, version } => {
                let view = view_for(config, hello, *version);
                Answer::Certificate(config.cert_resolver.resolve_credential(view))
            }
            Self::ClientCertificate { resolver, request } => {
                Answer::Certificate(resolver.resolve_credential(*request))
            }
            Self::Sign { signer, message } => Answer::Signature(signer.sign(message)?),
            Self::VerifyServer { verifier, chain, name, ocsp, scts, now } => {
                let (end_entity, intermediates) =
                    chain.split_first().ok_or(Error::NoCertificatesPresented)?;
                let scts: Vec<&[u8]> = scts.iter().map(Vec::as_slice).collect();
                verifier.verify_server_cert_with_scts(end_entity, intermediates, name, ocsp, &scts, *now)?;
                Answer::Verified
            }
            Self::VerifyClient { verifier, chain, now } => {
                let (end_entity, intermediates) =
                    chain.split_first().ok_or(Error::NoCertificatesPresented)?;
                verifier.verify_client_cert(end_entity, intermediates, *now)?;
                Answer::Verified
            }
            Self::ChoosePsk { psks, config, hello, names, hashes } => {
                let hello = view_for(config, hello, ProtocolVersion::TLSv1_3);
                Answer::Psk(psks.choose(&OfferedPsks { hello, names, hashes }))
            }
            Self::FindPsk { psks, identity } => Answer::Psk(psks.find(identity)),
            Self::OpenTicket { ticketer, ticket } => Answer::Bytes(ticketer.decrypt(ticket)),
            Self::SealTicket { ticketer, plain, spare } => {
                Answer::Sealed(ticketer.encrypt_next(plain, *spare))
            }
            Self::LoadSession { store, id } => Answer::Bytes(store.get(id)),
            Self::SpendSession { store, id } => Answer::Bytes(store.take(id)),
            Self::StoreSession { store, id, session } => {
                Answer::Stored(store.put(id.to_vec(), session.to_vec()))
            }
        })
    }

    /// For events and errors.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Config => "server config",
            Self::ServerCertificate { .. } => SERVER_RESOLVER,
            Self::ClientCertificate { .. } => CLIENT_RESOLVER,
            Self::Sign { .. } => "signing key",
            Self::VerifyServer { .. } => SERVER_VERIFIER,
            Self::VerifyClient { .. } => CLIENT_VERIFIER,
            Self::ChoosePsk { .. } | Self::FindPsk { .. } => PSKS,
            Self::OpenTicket { .. } | Self::SealTicket { .. } => TICKETER,
            Self::LoadSession { .. } | Self::SpendSession { .. } | Self::StoreSession { .. } => SERVER_STORE,
        }
    }

    /// Is `answer` of the kind that this question asks for?
    pub(crate) fn fits(&self, answer: &Answer) -> bool {
        match self {
            Self::Config => matches!(answer, Answer::Config(_)),
            Self::ServerCertificate { .. } | Self::ClientCertificate { .. } => {
                matches!(answer, Answer::Certificate(_))
            }
            Self::Sign { .. } => matches!(answer, Answer::Signature(_)),
            Self::VerifyServer { .. } | Self::VerifyClient { .. } => matches!(answer, Answer::Verified),
            Self::ChoosePsk { .. } | Self::FindPsk { .. } => matches!(answer, Answer::Psk(_)),
            Self::OpenTicket { .. } | Self::LoadSession { .. } | Self::SpendSession { .. } => {
                matches!(answer, Answer::Bytes(_))
            }
            Self::SealTicket { .. } => matches!(answer, Answer::Sealed(_)),
            Self::StoreSession { .. } => matches!(answer, Answer::Stored(_)),
        }
    }
}

/// What those see of a hello who choose for a handshake of `version`.
fn view_for<'a>(config: &'a ServerConfig, hello: &'a ClientHello, version: ProtocolVersion) -> HelloView<'a> {
    let (suites, clock) = (&config.provider.cipher_suites[..], &config.time_provider);
    let chosen = Some(AssertUnwindSafe(Chosen { version, suites, clock }));
    HelloView { chosen, ..view(hello) }
}

/// What resolvers and acceptors see of a hello.
pub(crate) fn view(hello: &ClientHello) -> HelloView<'_> {
    HelloView { server_name: hello.server_name.as_ref(), hello: Some(hello), chosen: None }
}

/// The time of now.
///
/// # Errors
///
/// The clock gives none, or panicked. Nothing that depends on the time is then believed.
pub(crate) fn now(clock: &Arc<dyn TimeProvider>) -> Result<UnixTime, Error> {
    guarded("time provider", || clock.current_time().ok_or_else(|| Error::FailedToGetCurrentTime))
}
