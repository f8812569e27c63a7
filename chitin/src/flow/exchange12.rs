//! The key exchange of TLS 1.2, over what the suite says: a curve (RFC 8422), or a finite field (RFC 5246, RFC 7919), which only
//! providers of others' making have.

use alloc::vec::Vec;

use crate::crypto::ffdhe::FfdheGroup;
use crate::crypto::{ActiveKeyExchange, SupportedKxGroup};
use crate::error::{Error, PeerMisbehaved};
use crate::flow::offer::Asked;
use crate::names::{KeyExchangeAlgorithm, SignatureScheme};
use crate::wire::codec::{Opaque, Wire};
use crate::wire::tls12::{ClientDhKeyExchange, ClientKeyExchange, DhParams, EcdhParams, ServerKeyExchange};

/// What a ServerKeyExchange says.
pub(crate) struct ServersHalf<'a> {
    pub(crate) group: &'static dyn SupportedKxGroup,
    pub(crate) public: &'a [u8],
    /// What is signed, behind both randoms.
    pub(crate) params_raw: &'a [u8],
    pub(crate) scheme: SignatureScheme,
    pub(crate) signature: &'a [u8],
}

impl<'a> ServersHalf<'a> {
    /// Reads the message of a suite of this kind. Its group has to be one of those that were offered: a finite field comes in
    /// full, and is known by its numbers.
    pub(crate) fn read(body: &'a [u8], kx: KeyExchangeAlgorithm, asked: &Asked) -> Result<Self, Error> {
        let mut groups = asked.groups12().filter(|group| group.name().key_exchange_algorithm() == kx);
        let unoffered = PeerMisbehaved::SelectedUnofferedKxGroup;
        match kx {
            KeyExchangeAlgorithm::DHE => {
                let message = ServerKeyExchange::<DhParams<'a>>::read_all(body)?;
                let DhParams { p, g, public } = &message.params;
                let theirs = FfdheGroup::from_params_trimming_leading_zeros(p.0, g.0);
                let group = groups.find(|group| group.ffdhe_group() == Some(theirs)).ok_or(unoffered)?;
                Ok(Self::of(group, public.0, &message))
            }
            _ => {
                let message = ServerKeyExchange::<EcdhParams<'a>>::read_all(body)?;
                let EcdhParams { group, public } = &message.params;
                let group = groups.find(|ours| ours.name() == *group).ok_or(unoffered)?;
                Ok(Self::of(group, public.0, &message))
            }
        }
    }

    fn of<P>(
        group: &'static dyn SupportedKxGroup,
        public: &'a [u8],
        message: &ServerKeyExchange<'a, P>,
    ) -> Self {
        let ServerKeyExchange { params_raw, scheme, signature, .. } = message;
        Self { group, public, params_raw, scheme: *scheme, signature: signature.0 }
    }
}

/// Appends the parameters of a ServerKeyExchange.
///
/// # Errors
/// The suite is one of finite fields, and the group is none.
pub(crate) fn write_params(
    exchange: &dyn ActiveKeyExchange,
    kx: KeyExchangeAlgorithm,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let public = exchange.pub_key();
    match kx {
        KeyExchangeAlgorithm::DHE => {
            let Some(FfdheGroup { p, g }) = exchange.ffdhe_group() else {
                return Err(Error::General("the provider's group is no finite field".into()));
            };
            DhParams { p: Opaque(p), g: Opaque(g), public: Opaque(public) }.write(out);
        }
        _ => EcdhParams { group: exchange.group(), public: Opaque(public) }.write(out),
    }
    Ok(())
}

/// Appends a ClientKeyExchange.
pub(crate) fn write_clients_half(public: &[u8], kx: KeyExchangeAlgorithm, out: &mut Vec<u8>) {
    match kx {
        KeyExchangeAlgorithm::DHE => ClientDhKeyExchange { public: Opaque(public) }.write(out),
        _ => ClientKeyExchange { public: Opaque(public) }.write(out),
    }
}

/// The client's value of a ClientKeyExchange.
pub(crate) fn read_clients_half(body: &[u8], kx: KeyExchangeAlgorithm) -> Result<&[u8], Error> {
    Ok(match kx {
        KeyExchangeAlgorithm::DHE => ClientDhKeyExchange::read_all(body)?.public.0,
        _ => ClientKeyExchange::read_all(body)?.public.0,
    })
}
