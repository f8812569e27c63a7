//! The keys that a client offers with its hello: that of a session, and external ones. RFC 8446 section 4.2.11.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pki_types::UnixTime;

use crate::config::psk::ExternalPsk;
use crate::config::sessions::Tls13ClientSessionValue;
use crate::crypto::hash::{Hash, Output};
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::names::HashAlgorithm;
use crate::schedule::tls13::{Early, EarlyPsk, PskKind};
use crate::wire::codec::{MAX8, MAX16, Opaque, Wire, nest};

/// External keys of which a client offers each. Honest lists have one or two; each costs its name in every hello.
pub(crate) const EXTERNAL: usize = 8;

/// Where a key comes from.
pub(crate) enum Origin {
    Session(Box<Tls13ClientSessionValue>),
    External(ExternalPsk),
}

impl Origin {
    /// The external key that the server proves itself with, now or when it made the session.
    pub(crate) fn external(&self) -> Option<&ExternalPsk> {
        match self {
            Self::Session(session) => session.psk.as_ref(),
            Self::External(psk) => Some(psk),
        }
    }
}

/// A key that is offered, for the suites of one hash.
pub(crate) struct OfferedKey {
    origin: Origin,
    /// The name of an external key; a session has its ticket.
    name: Vec<u8>,
    /// Zero for external keys, whose age nobody counts.
    obfuscated_age: u32,
    suite: &'static Tls13CipherSuite,
    early: EarlyPsk,
}

impl OfferedKey {
    /// `suite` has the hash of the session, and is enabled.
    pub(crate) fn session(
        session: Tls13ClientSessionValue,
        obfuscated_age: u32,
        suite: &'static Tls13CipherSuite,
    ) -> Self {
        let early = EarlyPsk::new(suite, session.secret.as_bytes());
        Self { origin: Origin::Session(Box::new(session)), name: Vec::new(), obfuscated_age, suite, early }
    }

    /// An external key, for each hash that one of the `offered` suites has. `all` are those that are enabled.
    pub(crate) fn external(
        psks: Vec<ExternalPsk>,
        offered: &[&'static Tls13CipherSuite],
        all: &[SupportedCipherSuite],
    ) -> Vec<Self> {
        // The first of each hash.
        let mut suites: Vec<&'static Tls13CipherSuite> = Vec::new();
        for suite in offered {
            if !suites.iter().any(|other| hash(other) == hash(suite)) {
                suites.push(suite);
            }
        }
        let each = psks.into_iter().take(EXTERNAL).flat_map(|psk| {
            suites
                .iter()
                .filter_map(move |suite| {
                    let (name, early) = (psk.offered_as(hash(suite))?, psk.early(suite, all)?);
                    Some(Self {
                        origin: Origin::External(psk.clone()),
                        name,
                        obfuscated_age: 0,
                        suite,
                        early,
                    })
                })
                .collect::<Vec<_>>()
        });
        each.collect()
    }

    pub(crate) fn as_session(&self) -> Option<&Tls13ClientSessionValue> {
        match &self.origin {
            Origin::Session(session) => Some(session),
            Origin::External(_) => None,
        }
    }

    pub(crate) fn early(&self) -> &EarlyPsk {
        &self.early
    }

    /// RFC 8446 section 4.2.11: a PSK is bound to its hash, not to its suite.
    pub(crate) fn goes_with(&self, suite: &Tls13CipherSuite) -> bool {
        hash(self.suite) == hash(suite)
    }

    /// The server has chosen this key and this suite, which go with each other.
    pub(crate) fn chosen(self, suite: &'static Tls13CipherSuite) -> (Origin, Early) {
        (self.origin, self.early.under(suite).into_early())
    }

    /// Time has passed since the first hello.
    pub(crate) fn grow_older(&mut self, now: UnixTime) {
        let age = self.as_session().and_then(|session| session.obfuscated_age(now));
        self.obfuscated_age = age.unwrap_or(self.obfuscated_age);
    }

    /// The bytes that it takes of a hello.
    pub(crate) fn len(&self) -> usize {
        self.name().len().saturating_add(4 + 2 + 1).saturating_add(self.hash_len())
    }

    /// Of its name and of its binder.
    pub(crate) fn lens(&self) -> (usize, usize) {
        (self.name().len(), self.hash_len())
    }

    fn name(&self) -> &[u8] {
        match &self.origin {
            Origin::Session(session) => &session.ticket,
            Origin::External(_) => &self.name,
        }
    }

    fn hash_len(&self) -> usize {
        self.suite.common.hash_provider.output_len()
    }

    fn kind(&self) -> PskKind {
        match &self.origin {
            Origin::Session(_) => PskKind::Resumption,
            Origin::External(psk) => psk.kind(),
        }
    }
}

/// The body of the extension, with binders of zeros.
pub(crate) fn write(keys: &[OfferedKey], out: &mut Vec<u8>) {
    const ZEROS: [u8; Output::MAX_LEN] = [0; Output::MAX_LEN];
    let zeros = |key: &OfferedKey| ZEROS.get(..key.hash_len()).unwrap_or_default();
    write_body(keys.iter().map(|key| (key.name(), key.obfuscated_age, zeros(key))), out);
}

/// The body of the extension: identities, ages, and binders.
pub(crate) fn write_body<'a>(
    keys: impl Iterator<Item = (&'a [u8], u32, &'a [u8])> + Clone,
    out: &mut Vec<u8>,
) {
    nest(out, MAX16, |out| {
        for (name, age, _) in keys.clone() {
            Opaque::<1, MAX16>(name).write(out);
            age.write(out);
        }
    });
    nest(out, MAX16, |out| keys.for_each(|(_, _, binder)| Opaque::<0, MAX8>(binder).write(out)));
}

/// The binders are the end of the message, behind the length of their list. RFC 8446 section 4.2.11.2. `hash` hashes the
/// transcript with the hello that is cut before that.
pub(crate) fn fill_binders(
    keys: &[OfferedKey],
    hello: &mut [u8],
    hash: impl Fn(&'static dyn Hash, &[u8]) -> Output,
) {
    let list = hello.len().saturating_sub(binders_len(keys));
    let (before, mut rest) = hello.split_at_mut(list);
    let cut = before.get(..list.saturating_sub(2)).unwrap_or_default();
    for key in keys {
        let binder = key.early.binder(key.kind(), &hash(key.suite.common.hash_provider, cut));
        let (_, tail) = core::mem::take(&mut rest).split_at_mut_checked(1).unwrap_or_default();
        let (to, tail) = tail.split_at_mut_checked(key.hash_len()).unwrap_or_default();
        to.iter_mut().zip(binder.as_ref()).for_each(|(to, from)| *to = *from);
        rest = tail;
    }
}

/// The binders of a hello that ends with them, for another form of the same hello.
pub(crate) fn copy_binders(keys: &[OfferedKey], hello: &[u8], to: &mut [u8]) {
    let len = binders_len(keys);
    let ends = (hello.len().checked_sub(len), to.len().checked_sub(len));
    if let (Some(from_at), Some(to_at)) = ends {
        let binders = hello.iter().skip(from_at);
        to.iter_mut().skip(to_at).zip(binders).for_each(|(to, from)| *to = *from);
    }
}

/// With their lengths, but that of the list.
fn binders_len(keys: &[OfferedKey]) -> usize {
    keys.iter().map(|key| key.hash_len().saturating_add(1)).fold(0, usize::saturating_add)
}

fn hash(suite: &Tls13CipherSuite) -> HashAlgorithm {
    suite.common.hash_provider.algorithm()
}
