//! A client's offer: what it says in its hello, first and second. RFC 8446 section 4.1.2.
//!
//! An [`Offer`] is composed once. Its writer (`offer/hello.rs`) makes the hello from it, in an order that is shuffled once per
//! connection, with the PSK last; after a HelloRetryRequest the same offer, with the changes that the server asked for, writes
//! the second hello. Everything the server answers is checked against it.

mod hello;
#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;

pub(crate) use hello::{Form, grease};

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use pki_types::{ServerName, UnixTime};

use crate::carrier::Parameters;
use crate::config::check_protocols;
use crate::config::client::{ClientConfig, KeyShares};
use crate::config::ech::EchMode;
use crate::config::psk::ExternalPsk;
use crate::config::sessions::{ClientSessionCommon, Tls12ClientSessionValue, Tls13ClientSessionValue};
use crate::crypto::suites::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use crate::crypto::{ActiveKeyExchange, SupportedKxGroup, is_usable};
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types::Types;
use crate::flow::certs;
use crate::flow::codes::Codes;
use crate::flow::delegation;
use crate::flow::offer::hello::Grease;
use crate::flow::offer_psk::{OfferedKey, Origin};
use crate::flow::question::{self, CLIENT_RESOLVER, PSKS, SERVER_VERIFIER, STORE, guarded, told};
use crate::flow::size_limit;
use crate::names::{
    CertificateCompressionAlgorithm, CertificateType, CipherSuite, NamedGroup, ProtocolVersion, SessionId,
    SignatureScheme,
};
use crate::schedule::tls13::{Early, EarlySecrets};
use crate::schedule::transcript::Unhashed;
use crate::wire::codec::{MAX16, Opaque, Wire};
use crate::wire::extensions::ext;

/// Everything a client offers.
pub(crate) struct Offer {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    pub(crate) random: [u8; 32],
    /// The name of a TLS 1.2 session, or a value to be echoed: middlebox compatibility mode (RFC 8446 appendix D.4), and the
    /// sign that a ticket of TLS 1.2 was taken (RFC 5077 section 3.4). Empty if there is no use for it.
    pub(crate) session_id: SessionId,
    protocols: Vec<Vec<u8>>,
    /// What we say of our end, if the transport is QUIC.
    quic: Option<Parameters>,
    schemes: Vec<SignatureScheme>,
    /// With what the key of a delegated credential may sign. RFC 9345.
    delegated: Vec<SignatureScheme>,
    /// What the server may show, and what we can show. RFC 7250.
    server_types: Types,
    client_types: Types,
    /// How the server may compress its certificates.
    compressions: Vec<CertificateCompressionAlgorithm>,
    /// The key exchanges that have been begun, in the order of the groups.
    shares: Shares,
    /// After a retry exactly the one share that was asked for is sent.
    grease_share: bool,
    /// That of a session first, if there is one.
    psks: Vec<OfferedKey>,
    /// Early data follows the first hello.
    early_data: bool,
    session12: Option<Tls12ClientSessionValue>,
    cookie: Option<Vec<u8>>,
    /// `None`: the config wants none.
    grease: Option<Grease>,
    /// The codes of the extensions, in the order of this connection. The PSK is not among them: it comes last.
    order: Codes,
    /// What the extension for ECH has, if it means nothing; empty if there is no such extension.
    grease_ech: Vec<u8>,
    /// Which hello the server answers.
    answered: Answered,
}

/// Which of its hellos an offer stands for. RFC 9849.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    /// The only one; or both, while it is open which the server takes.
    Any,
    /// The outer one alone. It may have had a PSK that was none.
    Outer { grease_psk: bool },
}

/// The key exchange that has been begun.
struct Share {
    group: &'static dyn SupportedKxGroup,
    exchange: Box<dyn ActiveKeyExchange>,
    /// A hybrid's classical half may be offered as a share of its own: it costs nothing more than its bytes.
    component: Option<NamedGroup>,
}

/// All that have been begun. Nearly every hello has one, which takes no memory of its own.
#[derive(Default)]
struct Shares {
    one: Option<Share>,
    several: Vec<Share>,
}

impl Shares {
    fn one(share: Share) -> Self {
        Self { one: Some(share), several: Vec::new() }
    }

    fn iter(&self) -> impl Iterator<Item = &Share> {
        self.one.iter().chain(&self.several)
    }
}

impl Offer {
    /// Composes the offer, begins a key exchange and takes a ticket from the store. It is large, so it stays where it is.
    pub(crate) fn new(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        protocols: Vec<Vec<u8>>,
        quic: Option<Parameters>,
    ) -> Result<Box<Self>, Error> {
        let mut draw = [0; 32 + 32 + 6 + 32];
        config.provider.secure_random.fill(&mut draw)?;
        let short = || Error::FailedToGetRandomBytes;
        let (random, rest) = draw.split_first_chunk().ok_or_else(short)?;
        let (session_id, rest) = rest.split_first_chunk::<32>().ok_or_else(short)?;
        let (grease, shuffle) = rest.split_first_chunk::<6>().ok_or_else(short)?;

        let new = config.versions.contains(ProtocolVersion::TLSv1_3);
        let shares = match new {
            true => Share::first(&config, told(STORE, || config.resumption.store.kx_hint(&name))?)?,
            false => Shares::default(),
        };
        let schemes = told(SERVER_VERIFIER, || config.verifier.supported_verify_schemes())?;
        let server_types = told(SERVER_VERIFIER, || Types::known(config.verifier.certificate_types()))?;
        let resolver = &config.client_auth_cert_resolver;
        let client_types = told(CLIENT_RESOLVER, || Types::known(resolver.certificate_types()))?;
        // Also those that TLS 1.3 has for certificates only: without rsa_pkcs1 few chains of RSA could be shown. RFC 8446
        // section 4.2.3.
        let mut offer = Box::new(Self {
            random: *random,
            session_id: SessionId::default(),
            protocols,
            quic,
            schemes,
            delegated: delegation::offered(
                &config.delegated_credential_schemes,
                &config.provider.signature_verification_algorithms,
            ),
            server_types,
            client_types,
            compressions: certs::offered_compressions(&config.cert_decompressors)?,
            shares,
            grease_share: true,
            psks: Vec::new(),
            early_data: false,
            session12: None,
            cookie: None,
            grease: config.grease.then(|| Grease::from(*grease)),
            order: Codes::NONE,
            grease_ech: Vec::new(),
            answered: Answered::Any,
            config,
            name,
        });
        offer.psks = if new { offer.keys()? } else { Vec::new() };
        if offer.psks.is_empty() && !offer.takes_certificates() {
            return Err(Error::General(
                "an external PSK is required, and there is none for this server".into(),
            ));
        }
        if offer.offers(ProtocolVersion::TLSv1_2) && offer.config.resumption.keeps_tls12() {
            offer.session12 = offer.find_session12()?;
        }
        offer.make_room()?;
        offer.session_id = match &offer.session12 {
            Some(session) if !session.session_id().is_empty() => *session.session_id(),
            Some(_) => SessionId::new(session_id),
            // There are no middleboxes in QUIC that have to be spoken to. RFC 9001 section 8.4.
            None if new && offer.quic.is_none() => SessionId::new(session_id),
            None => SessionId::default(),
        };
        offer.early_data = offer.takes_early_data();
        offer.order = told(SERVER_VERIFIER, || offer.shuffled(shuffle))?;
        Ok(offer)
    }

    /// All keys, best first. A server that takes none of them has to show a certificate, unless the config wants none.
    fn keys(&self) -> Result<Vec<OfferedKey>, Error> {
        let external = match &self.config.external_psks {
            Some(psks) => told(PSKS, || psks.offer(&self.name))?,
            None => Vec::new(),
        };
        let session = self.take_session(&external)?;
        if external.is_empty() {
            return Ok(session.into_iter().collect());
        }
        let suites: Vec<_> = self.suites().collect();
        let mut keys = OfferedKey::external(external, &suites, &self.config.provider.cipher_suites);
        keys.splice(..0, session);
        Ok(keys)
    }

    /// May the server prove itself with a certificate?
    fn takes_certificates(&self) -> bool {
        !self.config.require_external_psk
    }

    /// A ticket is offered only if the very verifier and credential of now made it, while it lives, and while the chain it
    /// stands for is valid; one that goes back to an external key, only beside that key. Otherwise it is gone: tickets are used
    /// once.
    fn take_session(&self, external: &[ExternalPsk]) -> Result<Option<OfferedKey>, Error> {
        let store = &self.config.resumption.store;
        let Some(session) = guarded(STORE, || Ok(store.take_tls13_ticket(&self.name)))? else {
            return Ok(None);
        };
        let now = question::now(&self.config.time_provider)?;
        let proven = match &session.psk {
            Some(psk) => external.iter().any(|offered| offered.is(psk)),
            None => self.takes_certificates(),
        };
        let usable = proven
            && session.fits(&self.config)
            // Also of the same version of QUIC. RFC 9369 section 5.
            && session.quic_version == self.quic.as_ref().map(Parameters::version)
            && self.trusts(&session, now)?;
        let Some(obfuscated_age) = session.obfuscated_age(now).filter(|_| usable) else { return Ok(None) };
        let suite = session.enabled_suite(&self.config).unwrap_or(session.suite);
        Ok(Some(OfferedKey::session(session, obfuscated_age, suite)))
    }

    /// Is there a session that takes early data, of a suite that the transport has, too?
    fn takes_early_data(&self) -> bool {
        self.session().is_some_and(|session| {
            session.takes_early_data(&self.config)
                // It would be sent in vain. Endpoints of QUIC get keys for it all the same, as from 0.23, and tell their
                // applications of the refusal.
                && (self.quic.is_some() || session.agrees_with(&self.protocols))
                && self.suites().any(|suite| suite == session.suite)
        })
    }

    /// The session that is offered, which is the first key.
    fn session(&self) -> Option<&Tls13ClientSessionValue> {
        self.psks.first().and_then(OfferedKey::as_session)
    }

    /// The same rules for a session of TLS 1.2, which may be used again.
    fn find_session12(&self) -> Result<Option<Tls12ClientSessionValue>, Error> {
        let store = &self.config.resumption.store;
        let Some(session) = guarded(STORE, || Ok(store.tls12_session(&self.name)))? else { return Ok(None) };
        let now = question::now(&self.config.time_provider)?;
        let usable = session.fits(&self.config)
            && (session.ticket.is_empty() || self.config.resumption.takes_tls12_tickets())
            && self.trusts(&session, now)?;
        Ok(usable.then_some(session))
    }

    /// Does the session live, and is the chain that it stands for still good? Its dates are looked at in any case, and the
    /// verifier's mind may have changed, too.
    fn trusts(&self, session: &ClientSessionCommon, now: UnixTime) -> Result<bool, Error> {
        let chain = &session.server_chain;
        if session.expired_at(now) || !session.dates().cover(now) {
            return Ok(false);
        }
        let Some((leaf, rest)) = chain.split_first().filter(|_| self.config.resumption.reverifies()) else {
            return Ok(true);
        };
        let verifier = &self.config.verifier;
        told(SERVER_VERIFIER, || verifier.verify_server_cert(leaf, rest, &self.name, &[], now).is_ok())
    }

    /// The extensions of a hello have 64 KiB. What the config and the server make long has to fit into most of it: a session is
    /// left out for it, and nothing else can be.
    fn make_room(&mut self) -> Result<(), Error> {
        check_protocols(&self.protocols)?;
        let names = told(SERVER_VERIFIER, || self.config.verifier.root_hint_subjects().unwrap_or_default())?;
        let lengths = self.protocols.iter().map(|name| name.len().saturating_add(1));
        let lengths = lengths.chain(names.iter().map(|name| name.as_ref().len().saturating_add(2)));
        let lengths = lengths.chain(self.quic.iter().map(|quic| quic.ours.len()));
        let external = self.psks.iter().filter(|key| key.as_session().is_none()).map(OfferedKey::len);
        // An outer hello has something as long beside the inner one.
        let times = if self.hides() { 2 } else { 1 };
        let fixed =
            lengths.chain(external.map(|len| len.saturating_mul(times))).fold(0, usize::saturating_add);
        let ticket =
            |offer: &Self| offer.session().map_or(0, |session| session.ticket.len().saturating_mul(times));
        if fixed.saturating_add(ticket(self)) > VARIABLE {
            self.psks.retain(|key| key.as_session().is_none());
        }
        let with_psk = fixed.saturating_add(ticket(self));
        self.session12.take_if(|session| with_psk.saturating_add(session.ticket.len()) > VARIABLE);
        match fixed > VARIABLE {
            true => {
                let what = "protocols, authorities and the names of external PSKs do not fit a client hello";
                Err(Error::General(what.into()))
            }
            false => Ok(()),
        }
    }

    /// The largest records that we take, if the config says so: one number, whatever version is chosen. QUIC has no records.
    fn size_limit(&self) -> Option<u16> {
        if self.quic.is_some() {
            return None;
        }
        let version = match self.offers(ProtocolVersion::TLSv1_3) {
            true => ProtocolVersion::TLSv1_3,
            false => ProtocolVersion::TLSv1_2,
        };
        size_limit::ours(self.config.max_fragment_size, version)
    }

    // ---- what was offered

    /// Did the hello hold this extension? GREASE was never meant.
    pub(crate) fn offered(&self, code: u16) -> bool {
        let grease_psk = self.answered == Answered::Outer { grease_psk: true };
        let psk = code == ext::pre_shared_key && (self.offers_psk() || grease_psk);
        psk || (self.order.contains(&code) && !self.is_grease(code))
    }

    pub(crate) fn suites(&self) -> impl Iterator<Item = &'static Tls13CipherSuite> + '_ {
        self.config.provider.suites13().filter(|suite| self.can_use(suite))
    }

    fn can_use(&self, suite: &Tls13CipherSuite) -> bool {
        self.offers(ProtocolVersion::TLSv1_3) && (self.quic.is_none() || suite.quic.is_some())
    }

    /// The suite of this name, if it was offered.
    pub(crate) fn suite(&self, name: CipherSuite) -> Option<&'static Tls13CipherSuite> {
        self.suites().find(|suite| suite.common.suite == name)
    }

    /// Is this version among those of the config, and do the transport (RFC 9001 section 4.2) and the keys have it?
    pub(crate) fn offers(&self, version: ProtocolVersion) -> bool {
        let new = version == ProtocolVersion::TLSv1_3;
        // TLS 1.2 has no external keys here.
        self.config.versions.contains(version) && (new || (self.quic.is_none() && self.takes_certificates()))
    }

    /// The secrets of the early data that follows this hello, whose transcript is `hello`, and how much of it the server takes.
    /// `None` if none follows.
    pub(crate) fn early_data(&self, hello: &Unhashed) -> Option<(EarlySecrets, usize)> {
        let key = self.psks.first().filter(|_| self.early_data)?;
        let session = key.as_session()?;
        let hash = hello.hash_with(session.suite.common.hash_provider, &[]);
        let left = usize::try_from(session.max_early_data_size).unwrap_or(usize::MAX);
        Some((key.early().secrets(&hash), left))
    }

    /// What the server said of its end of a QUIC connection when it made the session.
    pub(crate) fn remembered_quic_parameters(&self) -> Option<Vec<u8>> {
        let session = self.session().filter(|_| self.quic.is_some());
        session.map(Tls13ClientSessionValue::quic_params)
    }

    /// Did early data follow the first hello, or may it still?
    pub(crate) fn sends_early_data(&self) -> bool {
        self.early_data
    }

    /// The certificate types that we can show.
    pub(crate) fn client_types(&self) -> &[CertificateType] {
        self.client_types.as_slice()
    }

    pub(crate) fn config(&self) -> &ClientConfig {
        &self.config
    }

    pub(crate) fn offered_protocol(&self, name: &[u8]) -> bool {
        self.protocols.iter().any(|offered| offered == name)
    }

    /// The suites of all versions that are offered, in the order of the provider.
    fn suite_names(&self) -> impl Iterator<Item = CipherSuite> + '_ {
        let suites = self.config.provider.cipher_suites.iter().filter(|suite| match suite {
            SupportedCipherSuite::Tls12(_) => {
                suite.tls12().is_some() && self.offers(ProtocolVersion::TLSv1_2)
            }
            SupportedCipherSuite::Tls13(suite) => self.can_use(suite),
        });
        suites.map(|suite| suite.suite())
    }

    /// All that any version of the offer can use.
    fn offered_groups(&self) -> impl Iterator<Item = &'static dyn SupportedKxGroup> + '_ {
        let versions = [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3];
        self.config.provider.kx_groups.iter().copied().filter(move |group| {
            versions.into_iter().any(|version| self.offers(version) && is_usable(*group, version))
        })
    }

    /// The suite of TLS 1.2 of this name, if it was offered.
    pub(crate) fn suite12(&self, name: CipherSuite) -> Option<&'static Tls12CipherSuite> {
        let mut suites = self.config.provider.suites12();
        suites.find(|suite| suite.common.suite == name && self.offers(ProtocolVersion::TLSv1_2))
    }

    /// The session of TLS 1.2 that was offered. Asked for once.
    pub(crate) fn take_session12(&mut self) -> Option<Tls12ClientSessionValue> {
        self.session12.take()
    }

    /// Was a session of TLS 1.3 or an external key offered?
    pub(crate) fn offers_psk(&self) -> bool {
        !self.psks.is_empty()
    }

    fn group(&self, name: NamedGroup) -> Option<&'static dyn SupportedKxGroup> {
        usable_groups(&self.config).find(|group| group.name() == name)
    }

    /// RFC 6066 section 3: an address is never sent, and a name without the dot of the root.
    fn server_name(&self) -> Option<&str> {
        match &self.name {
            ServerName::DnsName(name) if self.config.enable_sni => {
                let name = name.as_ref();
                Some(name.strip_suffix('.').unwrap_or(name))
            }
            _ => None,
        }
    }

    // ---- what is hidden of it

    /// Does the hello hide another one?
    fn hides(&self) -> bool {
        matches!(self.config.ech_mode, Some(EchMode::Enable(_)))
    }

    /// The name that is not seen.
    pub(crate) fn hidden_name(&self) -> Option<&str> {
        self.server_name()
    }

    /// The lengths of the PSK's identity and of its binder, if there is one.
    pub(crate) fn psk_lens(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.psks.iter().map(OfferedKey::lens)
    }

    /// The hello looks as if it hid another one.
    pub(crate) fn set_grease_ech(&mut self, body: Vec<u8>) {
        self.grease_ech = body;
    }

    /// The server has taken the inner hello. It has said so: there is nothing more that it could say of it, and a name was asked
    /// for only if there was one.
    pub(crate) fn uncover(&mut self) {
        let named = self.server_name().is_some();
        self.order.retain(|code| code != ext::encrypted_client_hello && (named || code != ext::server_name));
    }

    /// The server has taken the outer hello, in which no session was offered: the name of this connection is another one.
    pub(crate) fn go_on_as(&mut self, public_name: ServerName<'static>) {
        self.answered = Answered::Outer { grease_psk: !core::mem::take(&mut self.psks).is_empty() };
        self.name = public_name;
    }

    // ---- the retry

    /// Takes up what a HelloRetryRequest asks for. RFC 8446 section 4.1.4.
    ///
    /// # Errors
    ///
    /// The request would change nothing, or asks for a group that was not offered or whose share is there already.
    pub(crate) fn retry(
        &mut self,
        suite: &'static Tls13CipherSuite,
        group: Option<NamedGroup>,
        cookie: Option<&[u8]>,
    ) -> Result<(), Error> {
        if group.is_none() && cookie.is_none() {
            return Err(PeerMisbehaved::IllegalHelloRetryRequestWithNoChanges.into());
        }
        if let Some(name) = group {
            let group =
                self.group(name).ok_or(PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup)?;
            if self.shares.iter().any(|share| share.offers(name)) {
                return Err(PeerMisbehaved::IllegalHelloRetryRequestWithOfferedGroup.into());
            }
            self.shares = Shares::one(Share::alone(group)?);
            self.grease_share = false;
        }
        if let Some(cookie) = cookie {
            // Nothing may be left out of the second hello for it. RFC 8446 section 4.1.2.
            if cookie.len() > MAX_COOKIE {
                return Err(Error::General(alloc::format!(
                    "the cookie of the HelloRetryRequest has {} bytes; at most {MAX_COOKIE} fit a client hello",
                    cookie.len()
                )));
            }
            self.cookie = Some(cookie.to_vec());
            // Behind the GREASE that comes first.
            self.order.insert(usize::from(self.grease.is_some()), ext::cookie);
        }
        // There is no early data behind a second hello. RFC 8446 section 4.1.2.
        self.order.retain(|code| code != ext::early_data);
        // A PSK whose hash cannot go with the suite would be refused in any case.
        self.psks.retain(|key| key.goes_with(suite));
        if self.session().is_some() {
            let now = question::now(&self.config.time_provider)?;
            self.psks.iter_mut().for_each(|key| key.grow_older(now));
        }
        Ok(())
    }

    // ---- the choice

    /// The server has chosen: ends the offer. `selected_psk` is the index in ServerHello, `group` that of its share.
    pub(crate) fn settle(
        mut self: Box<Self>,
        suite: &'static Tls13CipherSuite,
        group: NamedGroup,
        selected_psk: Option<u16>,
    ) -> Result<Settled, Error> {
        let chosen = self.group(group).ok_or(PeerMisbehaved::SelectedUnofferedKxGroup)?;
        let shares = core::mem::take(&mut self.shares);
        let share = shares.one.into_iter().chain(shares.several).find(|share| share.offers(group));
        let share = share.ok_or(PeerMisbehaved::WrongGroupForKeyShare)?;
        let mut keys = core::mem::take(&mut self.psks).into_iter();
        let key = match selected_psk.map(|index| keys.nth(index.into())) {
            None => None,
            // What looked like a PSK was none. RFC 9849 section 6.1.2.
            Some(_) if self.answered == (Answered::Outer { grease_psk: true }) => {
                return Err(PeerMisbehaved::SelectedUnofferedPsk.into());
            }
            Some(Some(key)) if key.goes_with(suite) => Some(key.chosen(suite)),
            Some(Some(_)) => {
                return Err(PeerMisbehaved::ResumptionOfferedWithIncompatibleCipherSuite.into());
            }
            Some(None) => return Err(PeerMisbehaved::SelectedInvalidPsk.into()),
        };
        if key.is_none() && !self.takes_certificates() {
            return Err(PeerIncompatible::ServerTakesNoExternalPsk.into());
        }
        let (key, early) =
            key.map_or_else(|| (None, Early::without_psk(suite)), |(key, early)| (Some(key), early));
        let whole = share.group.name() == group;
        let asked = self.into_asked();
        Ok(Settled { whole, exchange: share.exchange, group: chosen, key, early, asked })
    }

    /// What the rest of the handshake still answers.
    pub(crate) fn into_asked(mut self: Box<Self>) -> Asked {
        let mut codes = core::mem::replace(&mut self.order, Codes::NONE);
        codes.retain(|code| !self.is_grease(code));
        let size_limit = self.size_limit();
        let Self { config, name, protocols, schemes, delegated, quic, server_types, client_types, .. } =
            *self;
        let quic = quic.map(|quic| quic.code());
        Asked {
            config,
            name,
            codes,
            protocols,
            schemes,
            delegated,
            server_types,
            client_types,
            size_limit,
            quic,
        }
    }
}

/// What is left of an offer when the server has chosen.
pub(crate) struct Settled {
    pub(crate) exchange: Box<dyn ActiveKeyExchange>,
    /// The share of the group itself, not of a hybrid's half.
    pub(crate) whole: bool,
    pub(crate) group: &'static dyn SupportedKxGroup,
    /// The key that the server has taken; `None` if it is going to show a certificate.
    pub(crate) key: Option<Origin>,
    pub(crate) early: Early,
    pub(crate) asked: Asked,
}

/// What of an offer the encrypted part of the handshake still answers.
pub(crate) struct Asked {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
    codes: Codes,
    protocols: Vec<Vec<u8>>,
    schemes: Vec<SignatureScheme>,
    pub(crate) delegated: Vec<SignatureScheme>,
    /// What the server may show, and what we can show.
    pub(crate) server_types: Types,
    pub(crate) client_types: Types,
    /// What we said of the records that we take.
    pub(crate) size_limit: Option<u16>,
    /// The extension that has to bring the server's transport parameters.
    pub(crate) quic: Option<u16>,
}

impl Asked {
    pub(crate) fn offered(&self, code: u16) -> bool {
        self.codes.contains(&code)
    }

    pub(crate) fn offered_protocol(&self, name: &[u8]) -> bool {
        self.protocols.iter().any(|offered| offered == name)
    }

    pub(crate) fn offers_protocols(&self) -> bool {
        !self.protocols.is_empty()
    }

    pub(crate) fn offered_scheme(&self, scheme: SignatureScheme) -> bool {
        self.schemes.contains(&scheme)
    }

    pub(crate) fn offered_group(&self, name: NamedGroup) -> bool {
        let of = |version| self.config.provider.groups(version);
        self.config.versions.iter().any(|version| of(version).any(|group| group.name() == name))
    }

    /// The group of this name, if it was offered and TLS 1.2 has it.
    pub(crate) fn group12(&self, name: NamedGroup) -> Option<&'static dyn SupportedKxGroup> {
        self.config.provider.groups(ProtocolVersion::TLSv1_2).find(|group| group.name() == name)
    }

    pub(crate) fn now(&self) -> Result<UnixTime, Error> {
        question::now(&self.config.time_provider)
    }
}

impl Share {
    /// Those of the first hello. Their order is that of the groups. RFC 8446 section 4.2.8.
    fn first(config: &ClientConfig, hint: Option<NamedGroup>) -> Result<Shares, Error> {
        match &config.key_shares {
            KeyShares::Predicted => Ok(Shares::one(Self::start(config, choose_first_group(config, hint)?)?)),
            KeyShares::Only(wanted) => {
                let groups = usable_groups(config).filter(|group| wanted.contains(&group.name()));
                let several = groups.map(Self::alone).collect::<Result<_, _>>()?;
                Ok(Shares { one: None, several })
            }
        }
    }

    fn start(config: &ClientConfig, group: &'static dyn SupportedKxGroup) -> Result<Self, Error> {
        let mut share = Self::alone(group)?;
        let half = share.exchange.hybrid_component().map(|(name, _)| name);
        // Shares come in the order of `supported_groups` (RFC 8446 section 4.2.8), so the half has to stand behind its hybrid.
        let behind = || usable_groups(config).skip_while(|other| other.name() != group.name());
        share.component = half.filter(|half| behind().any(|group| group.name() == *half));
        Ok(share)
    }

    /// Without a hybrid's half.
    fn alone(group: &'static dyn SupportedKxGroup) -> Result<Self, Error> {
        Ok(Self { group, exchange: group.start()?, component: None })
    }

    fn offers(&self, group: NamedGroup) -> bool {
        self.group.name() == group || self.component == Some(group)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.group.name().write(out);
        Opaque::<1, MAX16>(self.exchange.pub_key()).write(out);
        if let (Some(_), Some((name, share))) = (self.component, self.exchange.hybrid_component()) {
            name.write(out);
            Opaque::<1, MAX16>(share).write(out);
        }
    }
}

/// Room in a hello for what has no small bound: protocols, authorities and tickets. The other extensions have few KiB, also with
/// post-quantum shares; the rest is for a cookie.
pub(crate) const VARIABLE: usize = 48 * 1024;

/// The longest cookie of a HelloRetryRequest. Honest ones hold a hash, a group and a tag.
pub(crate) const MAX_COOKIE: usize = 8 * 1024;

/// A longer ticket is not kept: it could not be offered. Honest ones have a few KiB, with a client's chain inside.
pub(crate) const MAX_TICKET: usize = 32 * 1024;

fn usable_groups(config: &ClientConfig) -> impl Iterator<Item = &'static dyn SupportedKxGroup> + '_ {
    config.provider.groups(ProtocolVersion::TLSv1_3)
}

/// The group of the first share: what the server took last time, else our first.
fn choose_first_group(
    config: &ClientConfig,
    hint: Option<NamedGroup>,
) -> Result<&'static dyn SupportedKxGroup, Error> {
    usable_groups(config)
        .find(|group| Some(group.name()) == hint)
        .or_else(|| usable_groups(config).next())
        .ok_or_else(|| Error::General("the provider has no key exchange group for TLS 1.3".into()))
}
