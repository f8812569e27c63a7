//! External keys on the side of the server: which one, if any, before anything else is chosen; what its binder says; and what a
//! session remembers of it. RFC 8446 sections 2.2 and 4.2.11.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::psk::{ExternalPsk, ServerPsks};
use crate::config::server::ServerConfig;
use crate::crypto::suites::Tls13CipherSuite;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::choose;
use crate::flow::cx::Cx;
use crate::flow::question::Question;
use crate::flow::server13::{self, Server};
use crate::names::HashAlgorithm;
use crate::schedule::tls13::{EarlyPsk, PskKind};
use crate::schedule::transcript::Transcript;
use crate::secret::Secret;
use crate::wire::client_hello::ClientHello;

/// Names of one hello that the application is shown. Honest clients offer two for each key, and a session or two before them.
pub(crate) const NAMES: usize = 16;

/// The client offers keys, and there are some on our side: which one shall it be decides about the suite, whose hash has to be
/// that of the key. So it comes first.
pub(crate) struct Greeted {
    config: Arc<ServerConfig>,
    psks: Arc<dyn ServerPsks>,
    hello: Box<ClientHello>,
    names: Vec<Vec<u8>>,
    /// Of the suites that both sides have: as many as those.
    hashes: Vec<HashAlgorithm>,
}

/// Asks for a key if there may be one.
///
/// # Errors
///
/// The config wants nothing else, and the client offers none, or not in a mode that we take.
pub(crate) fn begin(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    let required = config.require_external_psk;
    let Some(psks) = config.external_psks.clone() else {
        return match required {
            true => Err(Error::General("an external PSK is required, and the config has none".into())),
            false => server13::choose_suite(config, hello, None, cx),
        };
    };
    let names: Vec<_> = match hello.psks().filter(|_| choose::resumes(&hello)) {
        Some(offered) => offered.identities.first(NAMES, |psk| psk.identity.0.to_vec()),
        None => Vec::new(),
    };
    if names.is_empty() {
        return match (required, hello.psks().is_some()) {
            (false, _) => server13::choose_suite(config, hello, None, cx),
            (true, true) => Err(PeerIncompatible::PskKeyExchangeRequired.into()),
            (true, false) => Err(PeerIncompatible::NoExternalPskInCommon.into()),
        };
    }
    let mutual = choose::suites(&config, cx.is_quic()).filter(|suite| hello.offers(suite.common.suite));
    let hashes = mutual.map(hash).collect();
    Ok(Server::AskPsk(Box::new(Greeted { config, psks, hello, names, hashes })))
}

impl Greeted {
    pub(crate) fn question(&self) -> Question<'_> {
        let Self { psks, hello, config, names, hashes } = self;
        Question::ChoosePsk { psks, hello, config, names, hashes }
    }

    /// A key that the client has not offered is as good as none.
    pub(crate) fn choose(self, psk: Option<ExternalPsk>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { config, hello, names, hashes, .. } = self;
        let candidate = psk.map(|psk| Candidate::new(psk, &names, &hashes));
        server13::choose_suite(config, hello, candidate, cx)
    }
}

/// What the application has answered, before there is a suite.
pub(crate) struct Candidate {
    psk: ExternalPsk,
    /// Under which name it was offered for suites of which hash. A hello may have thirty thousand suites, for each of which somebody asks.
    offered: Vec<(HashAlgorithm, Vec<u8>)>,
}

impl Candidate {
    fn new(psk: ExternalPsk, names: &[Vec<u8>], hashes: &[HashAlgorithm]) -> Self {
        let offered = |hash: &HashAlgorithm| {
            let name = psk.offered_as(*hash).filter(|name| names.contains(name))?;
            Some((*hash, name))
        };
        let offered = hashes.iter().filter_map(offered).collect();
        Self { psk, offered }
    }

    /// Can the key be used with this suite, as it was offered?
    pub(crate) fn goes_with(&self, suite: &Tls13CipherSuite) -> bool {
        self.offered.iter().any(|(of, _)| *of == hash(suite))
    }

    /// `None`: it was not offered for the suite that has been chosen.
    pub(crate) fn under(self, suite: &'static Tls13CipherSuite, config: &ServerConfig) -> Option<Box<Keyed>> {
        let (_, name) = self.offered.into_iter().find(|(of, _)| *of == hash(suite))?;
        let early = self.psk.early(suite, &config.provider.cipher_suites)?;
        Some(Box::new(Keyed { psk: self.psk, name, early }))
    }
}

/// A key that we have in common with the client, if it proves to have it.
pub(crate) struct Keyed {
    psk: ExternalPsk,
    name: Vec<u8>,
    early: EarlyPsk,
}

impl Keyed {
    /// Gives the place of the key in the hello, what the schedule begins with, and what sessions are going to remember of it.
    ///
    /// # Errors
    ///
    /// The binder is wrong: the client does not have the key. Or a second hello has left it out, though it goes with the suite:
    /// RFC 8446 section 4.1.2.
    pub(crate) fn check_binder(
        self,
        hello: &ClientHello,
        transcript: &Transcript,
    ) -> Result<(u16, EarlyPsk, Tie), Error> {
        let offered = hello.psks().ok_or(PeerMisbehaved::MissingPskExtensionInSecondClientHello)?;
        let at = offered.identities.iter().position(|psk| psk.identity.0 == self.name);
        let at = at.ok_or(PeerMisbehaved::ExternalPskDroppedOnRetry)?;
        let binder = offered.binders.iter().nth(at).ok_or(PeerMisbehaved::MissingBinderInPskExtension)?;
        let expected = self.early.binder(self.psk.kind(), &transcript.current_with(hello.without_binders()));
        if !expected.matches(binder.0) {
            return Err(PeerMisbehaved::IncorrectBinder.into());
        }
        let index = u16::try_from(at).map_err(|_| PeerMisbehaved::SelectedInvalidPsk)?;
        let tie = Tie { identity: self.psk.identity().to_vec(), mark: self.early.mark() };
        Ok((index, self.early, tie))
    }
}

/// What is said to a client that offers no key of ours where one is required.
///
/// Whoever tries names learns from another answer, or from a faster one, which of them exist (RFC 8446 appendix E.6). So it is
/// treated as a client whose binder is wrong, unless the config wants to be clear.
pub(crate) fn refuse(
    config: &ServerConfig,
    suite: &'static Tls13CipherSuite,
    hello: &ClientHello,
    transcript: &Transcript,
) -> Error {
    if config.tell_unknown_psks {
        return PeerIncompatible::NoExternalPskInCommon.into();
    }
    if let Some(early) =
        ExternalPsk::of_nobody().and_then(|psk| psk.early(suite, &config.provider.cipher_suites))
    {
        let binder = early.binder(PskKind::Imported, &transcript.current_with(hello.without_binders()));
        let theirs = hello.psks().and_then(|psks| psks.binders.iter().next());
        let _ = core::hint::black_box(theirs.is_some_and(|theirs| binder.matches(theirs.0)));
    }
    PeerIncompatible::UnknownExternalPsk.into()
}

/// What a session remembers of the external key that it goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) identity: Vec<u8>,
    /// Tells the key itself from another one of the same name.
    pub(crate) mark: [u8; 16],
}

impl Tie {
    /// Is it still the key of that name?
    pub(crate) fn holds(
        &self,
        found: Option<ExternalPsk>,
        suite: &'static Tls13CipherSuite,
        config: &ServerConfig,
    ) -> bool {
        found
            .filter(|psk| psk.identity() == self.identity)
            .and_then(|psk| psk.early(suite, &config.provider.cipher_suites))
            .is_some_and(|early| Secret::new(&early.mark()).matches(&self.mark))
    }
}

fn hash(suite: &Tls13CipherSuite) -> HashAlgorithm {
    suite.common.hash_provider.algorithm()
}
