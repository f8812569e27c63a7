//! Encrypted Client Hello as a client offers it: what is seen of a hello, what is hidden in it, and which of the two the server
//! has taken. RFC 9849 section 6.
//!
//! The offer (`offer/hello.rs`) writes a hello in each of its forms. A [`Hidden`] has what lies between the forms: the random of
//! the inner hello and its transcript, the context that encrypts, and the cover. It ends with the first answer of the server,
//! which settles on one hello and one transcript: from there on a handshake knows only a [`Settled`].

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use pki_types::{DnsName, ServerName};

use crate::config::ech::{EchConfig, EchGreaseConfig, EchMode};
use crate::crypto::hash::Output;
use crate::crypto::hpke::HpkeSealer;
use crate::crypto::suites::Tls13CipherSuite;
use crate::crypto::{CryptoProvider, SecureRandom};
use crate::error::{EncryptedClientHelloError, Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::cx::Cx;
use crate::flow::offer::{Form, Offer};
use crate::flow::question::guarded;
use crate::names::{EchConfigPayload, EchStatus, HpkeSymmetricCipherSuite};
use crate::schedule::ech::{Shown, confirms};
use crate::schedule::transcript::{Transcript, Unhashed};
use crate::wire::ech::{ConfigList, Confirmation, OuterEch, confirmation_at, without_header};

/// What a first hello has of ECH.
pub(crate) enum FirstHello {
    /// Nothing, or something that means nothing.
    Open {
        hello: Vec<u8>,
    },
    Covering {
        outer: Vec<u8>,
        hidden: Box<Hidden>,
    },
}

/// A hello that is hidden in the one that was sent.
pub(crate) struct Hidden {
    /// Of the inner hello.
    pub(crate) random: [u8; 32],
    pub(crate) transcript: Unhashed,
    sealer: Box<dyn HpkeSealer>,
    cover: Cover,
}

/// What an outer hello has in place of what is hidden.
pub(crate) struct Cover {
    pub(crate) public_name: DnsName<'static>,
    /// The body of the extension.
    pub(crate) ech: Vec<u8>,
    pub(crate) psks: Vec<GreasePsk>,
    suite: HpkeSymmetricCipherSuite,
    config_id: u8,
    maximum_name_length: u8,
}

/// Looks like a PSK that the inner hello offers, and is none. RFC 9849 section 6.1.2.
pub(crate) struct GreasePsk {
    pub(crate) identity: Vec<u8>,
    pub(crate) obfuscated_age: u32,
    pub(crate) binder: Vec<u8>,
}

/// Which hello the handshake goes on with.
#[derive(Debug)]
pub(crate) enum Settled {
    /// The only one that there is.
    Only,
    /// The inner one.
    Accepted,
    /// The outer one: the server has to be the one of the public name, and then the connection ends. With what to try next, if
    /// the server says it.
    Rejected { retry: Option<Vec<EchConfigPayload>> },
}

impl Settled {
    pub(crate) fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected { .. })
    }

    /// Such configurations count only of a server that has rejected: to GREASE they are no answer. RFC 9849 section 6.2.1.
    pub(crate) fn take_retry_configs(&mut self, configs: Option<ConfigList>) {
        if let Self::Rejected { retry } = self {
            *retry = configs.map(|ConfigList(configs)| configs);
        }
    }

    /// The handshake is complete: may the connection be used?
    ///
    /// # Errors
    ///
    /// The server has rejected, and is who it says.
    pub(crate) fn check(self) -> Result<(), Error> {
        match self {
            Self::Only | Self::Accepted => Ok(()),
            Self::Rejected { retry } => {
                Err(PeerIncompatible::ServerRejectedEncryptedClientHello(retry).into())
            }
        }
    }
}

// ---- the first hello

/// Writes the first hello, as the config wants it.
pub(crate) fn first_hello(offer: &mut Offer) -> Result<FirstHello, Error> {
    let config = offer.config();
    match &config.ech_mode {
        None => {}
        Some(EchMode::Grease(grease)) => {
            let body = grease_body(grease, offer, &config.provider)?;
            offer.set_grease_ech(body);
        }
        Some(EchMode::Enable(ech)) => return covering(ech, offer, &config.provider),
    }
    let hello = offer.write_hello(Form::Plain, |hash, cut| Unhashed::default().hash_with(hash, cut));
    Ok(FirstHello::Open { hello })
}

/// RFC 9849 section 6.1.
fn covering(config: &EchConfig, offer: &Offer, provider: &CryptoProvider) -> Result<FirstHello, Error> {
    if !offer.config().enable_sni {
        return Err(EncryptedClientHelloError::SniRequired.into());
    }
    // A server that cannot read the inner hello has to show a certificate of its public name. RFC 9849 section 6.1.7.
    if offer.config().require_external_psk {
        return Err(Error::General("ECH needs certificates, and the config requires an external PSK".into()));
    }
    let random: [u8; 32] = draw(provider.secure_random)?;
    // RFC 9849 section 6.1.1.
    let info = [b"tls ech\0", &config.bytes[..]].concat();
    let key = crate::crypto::hpke::HpkePublicKey(config.contents.key_config.public_key.as_ref().to_vec());
    let (enc, sealer) = guarded(HPKE, || config.suite.setup_sealer(&info, &key))?;
    let cover = Cover {
        public_name: config.contents.public_name.clone(),
        ech: Vec::new(),
        psks: GreasePsk::like(offer, provider.secure_random)?,
        suite: config.suite.suite().sym,
        config_id: config.contents.key_config.config_id,
        maximum_name_length: config.contents.maximum_name_length,
    };
    let mut hidden = Hidden { random, transcript: Unhashed::default(), sealer, cover };
    let inner = offer.write_hello(Form::Inner(&random), |hash, cut| Unhashed::default().hash_with(hash, cut));
    let outer = hidden.cover(offer, &inner, &enc.0)?;
    hidden.transcript.add(&inner);
    Ok(FirstHello::Covering { outer, hidden: Box::new(hidden) })
}

impl Hidden {
    /// The outer hello around this inner one. RFC 9849 sections 5.1 and 5.2.
    fn cover(&mut self, offer: &Offer, inner: &[u8], enc: &[u8]) -> Result<Vec<u8>, Error> {
        let mut encoded = offer.write_encoded(&self.random, inner);
        let name = offer.hidden_name().map(str::len);
        let padding = padding(encoded.len(), name, self.cover.maximum_name_length);
        encoded.resize(encoded.len().saturating_add(padding), 0);

        // What is authenticated is the hello as it will be, with zeros in place of the payload.
        let sealed_len = encoded.len().saturating_add(TAG_LEN);
        let zeros = self.cover.outer(offer, enc, &vec![0; sealed_len]);
        let payload =
            guarded(HPKE, || self.sealer.seal(without_header(&zeros), &encoded)).map_err(in_provider)?;
        if payload.len() != sealed_len {
            return Err(Error::General("an HPKE suite has another AEAD than it says".into()));
        }
        Ok(self.cover.outer(offer, enc, &payload))
    }
}

impl Cover {
    fn outer(&mut self, offer: &Offer, enc: &[u8], payload: &[u8]) -> Vec<u8> {
        self.ech.clear();
        OuterEch { suite: self.suite, config_id: self.config_id, enc, payload }.write(&mut self.ech);
        offer.write_outer(self)
    }
}

impl GreasePsk {
    /// As long in all parts as the offer's own.
    fn like(offer: &Offer, random: &dyn SecureRandom) -> Result<Vec<Self>, Error> {
        let one = |(identity, binder)| {
            let mut psk = Self { identity: vec![0; identity], obfuscated_age: 0, binder: vec![0; binder] };
            random.fill(&mut psk.identity)?;
            psk.renew(random)?;
            Ok(psk)
        };
        offer.psk_lens().map(one).collect()
    }

    /// What a second hello has anew: RFC 8446 section 4.1.2.
    fn renew(&mut self, random: &dyn SecureRandom) -> Result<(), Error> {
        self.obfuscated_age = u32::from_be_bytes(draw(random)?);
        Ok(random.fill(&mut self.binder)?)
    }
}

/// Hides the length of the name, as far as the server knows its longest one, and rounds up. RFC 9849 section 6.1.3.
fn padding(encoded: usize, name: Option<usize>, maximum_name_length: u8) -> usize {
    const STEP: usize = 32;
    let maximum = usize::from(maximum_name_length);
    // Without a name, as much as the extension would have.
    let for_name = name.map_or(maximum.saturating_add(9), |len| maximum.saturating_sub(len));
    let len = encoded.saturating_add(for_name);
    len.next_multiple_of(STEP).saturating_sub(encoded)
}

/// All AEADs of HPKE have it. RFC 9180 section 7.3.
const TAG_LEN: usize = 16;

// ---- GREASE

/// What a hidden hello could look like. RFC 9849 section 6.2.1.
fn grease_body(config: &EchGreaseConfig, offer: &Offer, provider: &CryptoProvider) -> Result<Vec<u8>, Error> {
    let [config_id] = draw(provider.secure_random)?;
    let (enc, _) = guarded(HPKE, || config.suite.setup_sealer(&[], &config.placeholder_key))?;
    let inner =
        offer.write_hello(Form::Inner(&[0; 32]), |hash, cut| Unhashed::default().hash_with(hash, cut));
    let len = offer.write_encoded(&[0; 32], &inner).len();
    // Most servers that publish a configuration say nothing of the length of their names.
    let padded = len.saturating_add(padding(len, Some(0), 0));
    let mut payload = vec![0; padded.saturating_add(TAG_LEN)];
    provider.secure_random.fill(&mut payload)?;
    let mut body = Vec::new();
    OuterEch { suite: config.suite.suite().sym, config_id, enc: &enc.0, payload: &payload }.write(&mut body);
    Ok(body)
}

/// States what the hello is that goes out, and under which random its early secrets are logged.
pub(crate) fn state_facts(offer: &Offer, hidden: Option<&Hidden>, cx: &mut Cx<'_>) -> Result<(), Error> {
    cx.facts.ech = match (&offer.config().ech_mode, hidden) {
        (None, _) => EchStatus::NotOffered,
        (Some(EchMode::Grease(_)), _) => EchStatus::Grease,
        (Some(EchMode::Enable(config)), _) => {
            // Who reads the log finds the hello by what is seen of it. RFC 9850 section 2.3.
            cx.log_secret("ECH_CONFIG", &config.bytes)?;
            EchStatus::Offered
        }
    };
    if let Some(hidden) = hidden {
        if let Some(secret) = guarded(HPKE, || Ok(hidden.sealer.kem_shared_secret()))? {
            cx.log_secret("ECH_SECRET", secret)?;
        }
        cx.policy.client_random = hidden.random;
        cx.hidden_hello(hidden.transcript.as_bytes());
    }
    Ok(())
}

// ---- the answer

/// The transcript that the server has chosen, in its hash, and which it is.
pub(crate) struct Chosen {
    pub(crate) transcript: Transcript,
    pub(crate) settled: Settled,
}

/// A ServerHello has come for a first hello. The last bytes of its random are the signal. RFC 9849 section 6.1.4.
pub(crate) fn settle(
    offer: &mut Offer,
    outer: Unhashed,
    hidden: Option<Box<Hidden>>,
    suite: &'static Tls13CipherSuite,
    server_hello: &[u8],
    cx: &mut Cx<'_>,
) -> Chosen {
    let hash = suite.common.hash_provider;
    let Some(hidden) = hidden else {
        return Chosen { transcript: outer.into_hashed(hash), settled: Settled::Only };
    };
    let Hidden { random, transcript, cover, .. } = *hidden;
    let inner = transcript.into_hashed(hash);
    match confirmed_by_server_hello(&inner, suite, &random, server_hello) {
        true => {
            accept(offer, random, cx);
            Chosen { transcript: inner, settled: Settled::Accepted }
        }
        false => {
            reject(offer, cover.public_name, cx);
            Chosen { transcript: outer.into_hashed(hash), settled: Settled::Rejected { retry: None } }
        }
    }
}

fn accept(offer: &mut Offer, random: [u8; 32], cx: &mut Cx<'_>) {
    offer.uncover();
    cx.facts.ech = EchStatus::Accepted;
    // RFC 9850 section 2.1.
    cx.policy.client_random = random;
}

fn reject(offer: &mut Offer, public_name: DnsName<'static>, cx: &mut Cx<'_>) {
    offer.go_on_as(ServerName::DnsName(public_name));
    cx.facts.ech = EchStatus::Rejected;
    cx.policy.client_random = offer.random;
}

fn confirmed_by_server_hello(
    inner: &Transcript,
    suite: &Tls13CipherSuite,
    random: &[u8; 32],
    server_hello: &[u8],
) -> bool {
    // The header, the version, and the first part of the random.
    const AT: usize = 4 + 2 + 24;
    confirmed(inner, suite, Shown::InServerHello, random, server_hello, AT)
}

fn confirmed(
    inner: &Transcript,
    suite: &Tls13CipherSuite,
    shown: Shown,
    random: &[u8; 32],
    message: &[u8],
    at: usize,
) -> bool {
    let signal = message.get(at..).and_then(<[u8]>::first_chunk::<{ size_of::<Confirmation>() }>);
    let Some(signal) = signal else { return false };
    let mut zeroed = message.to_vec();
    zeroed.iter_mut().skip(at).take(signal.len()).for_each(|byte| *byte = 0);
    let hash: Output = inner.current_with(&zeroed);
    confirms(suite, shown, random, &hash, signal)
}

// ---- the second hello

/// What a retry leaves of the hidden hello.
pub(crate) enum SecondHello {
    /// There is no more to be settled.
    Open { hello: Vec<u8>, chosen: Chosen },
    /// The server has read the inner hello, and has to show it once more.
    Covering { outer: Vec<u8>, inner: Transcript, random: [u8; 32] },
}

/// A HelloRetryRequest has come, and the offer has been changed for it. RFC 9849 section 6.1.5.
pub(crate) fn second_hello(
    offer: &mut Offer,
    outer: Unhashed,
    hidden: Option<Box<Hidden>>,
    suite: &'static Tls13CipherSuite,
    retry: &[u8],
    cx: &mut Cx<'_>,
) -> Result<SecondHello, Error> {
    let hash = suite.common.hash_provider;
    let mut outer = outer.into_hashed(hash).fold_first_hello();
    let Some(mut hidden) = hidden else {
        outer.add(retry);
        let hello = offer.write_hello(Form::Plain, |_, cut| outer.current_with(cut));
        outer.add(&hello);
        return Ok(SecondHello::Open { hello, chosen: Chosen { transcript: outer, settled: Settled::Only } });
    };
    let random = offer.config().provider.secure_random;
    // Those that cannot go with the suite are gone: their binders have another length.
    let binder = offer.psk_lens().map(|(_, binder)| binder).next();
    hidden.cover.psks.retain(|psk| Some(psk.binder.len()) == binder);
    hidden.cover.psks.iter_mut().try_for_each(|psk| psk.renew(random))?;

    let mut inner = core::mem::take(&mut hidden.transcript).into_hashed(hash).fold_first_hello();
    let accepted = confirmation_at(retry)
        .is_some_and(|at| confirmed(&inner, suite, Shown::InHelloRetryRequest, &hidden.random, retry, at));
    if !accepted {
        // The extension is that of the first hello: nobody has read it.
        let hello = offer.write_outer(&hidden.cover);
        reject(offer, hidden.cover.public_name, cx);
        outer.add(retry);
        outer.add(&hello);
        let chosen = Chosen { transcript: outer, settled: Settled::Rejected { retry: None } };
        return Ok(SecondHello::Open { hello, chosen });
    }
    inner.add(retry);
    let second = offer.write_hello(Form::Inner(&hidden.random), |_, cut| inner.current_with(cut));
    // The key is that of the first.
    let hello = hidden.cover(offer, &second, &[])?;
    inner.add(&second);
    cx.hidden_hello(&second);
    Ok(SecondHello::Covering { outer: hello, inner, random: hidden.random })
}

impl SecondHello {
    /// What is sent.
    pub(crate) fn seen(&self) -> &[u8] {
        match self {
            Self::Open { hello, .. } | Self::Covering { outer: hello, .. } => hello,
        }
    }

    /// The ServerHello has come. Behind a retry in which the server has accepted, it must say so, too. RFC 9849 section 6.1.5.
    pub(crate) fn settle(
        self,
        offer: &mut Offer,
        suite: &'static Tls13CipherSuite,
        server_hello: &[u8],
        cx: &mut Cx<'_>,
    ) -> Result<Chosen, Error> {
        match self {
            Self::Open { chosen, .. } => Ok(chosen),
            Self::Covering { inner, random, .. }
                if confirmed_by_server_hello(&inner, suite, &random, server_hello) =>
            {
                accept(offer, random, cx);
                Ok(Chosen { transcript: inner, settled: Settled::Accepted })
            }
            Self::Covering { .. } => Err(PeerMisbehaved::EchAcceptanceVariedAfterRetry.into()),
        }
    }
}

// ----

const HPKE: &str = "HPKE suite";

fn in_provider(error: Error) -> Error {
    match error {
        Error::CallbackPanicked(_) => error,
        _ => Error::General("the HPKE suite failed".into()),
    }
}

fn draw<const N: usize>(random: &dyn SecureRandom) -> Result<[u8; N], Error> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9849 section 6.1.3: first up to the longest name, then to a multiple of 32.
    #[test]
    fn padding_hides_lengths() {
        for (encoded, name, maximum, expected) in [
            (100, Some(10), 10, 28),
            (100, Some(10), 38, 28),
            (100, Some(10), 39, 60),
            (100, Some(20), 10, 28),
            (96, Some(10), 10, 0),
            (97, Some(10), 10, 31),
            (100, None, 0, 28),
            (100, None, 20, 60),
        ] {
            assert_eq!(padding(encoded, name, maximum), expected, "{encoded} {name:?} {maximum}");
        }
        let sizes = |maximum| (1..=64).map(move |len| 100 + len + padding(100 + len, Some(len), maximum));
        assert!(sizes(64).all(|size| size == 192), "all names up to the longest look the same");
        assert!(sizes(0).any(|size| size == 128) && sizes(0).all(|size| size % 32 == 0));
    }
}
