//! Which kind of certificate each side shows: X.509, or a raw public key. RFC 7250 section 4.
//!
//! Both directions are agreed on apart from each other, by two extensions. A client lists what it takes and what it has; a server
//! answers each list with one type of it. What is not said means X.509.

use crate::config::server::ServerConfig;
use crate::crypto::credential::Credential;
use crate::crypto::verify::raw_public_key;
use crate::error::{Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::flow::certs::PeerChain;
use crate::flow::question::{CLIENT_VERIFIER, SERVER_RESOLVER, told};
use crate::names::CertificateType;
use crate::wire::client_hello::ClientHello;

/// Types that we know, each once, best first. There are two.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Types {
    list: [CertificateType; 2],
    len: usize,
}

impl Types {
    /// Of what is named: those that we know.
    pub(crate) fn known(named: &[CertificateType]) -> Self {
        let mut known = Self::default();
        for typ in named {
            let ours = matches!(typ, CertificateType::X509 | CertificateType::RawPublicKey);
            if ours && !known.as_slice().contains(typ) {
                known.push(*typ);
            }
        }
        known
    }

    /// Those that are in `theirs`, too.
    fn common(self, theirs: &[CertificateType]) -> Self {
        let mut common = Self::default();
        self.as_slice().iter().filter(|typ| theirs.contains(typ)).for_each(|typ| common.push(*typ));
        common
    }

    fn push(&mut self, typ: CertificateType) {
        if let Some(place) = self.list.get_mut(self.len) {
            *place = typ;
            self.len += 1;
        }
    }

    pub(crate) fn as_slice(&self) -> &[CertificateType] {
        self.list.get(..self.len).unwrap_or_default()
    }
}

/// Has a client to say what it takes or has? Not if that is X.509 alone. RFC 7250 section 4.1.
pub(crate) fn is_said(types: &[CertificateType]) -> bool {
    !types.is_empty() && types != [CertificateType::X509]
}

// ---- the client

/// What the server has chosen of the types that we offered; if it says nothing, X.509.
///
/// # Errors
///
/// It has chosen another one.
pub(crate) fn chosen(
    reply: Option<CertificateType>,
    offered: &[CertificateType],
) -> Result<CertificateType, Error> {
    match reply {
        Some(typ) if !offered.contains(&typ) => Err(no_common_type()),
        reply => Ok(reply.unwrap_or_default()),
    }
}

/// What kind of certificate a server shows that has chosen so: one that we take, said or not.
pub(crate) fn of_server(
    reply: Option<CertificateType>,
    offered: &[CertificateType],
) -> Result<CertificateType, Error> {
    match chosen(reply, offered)? {
        typ if offered.contains(&typ) => Ok(typ),
        _ => Err(no_common_type()),
    }
}

// ---- the server

/// What every hello must be that names types. RFC 7250 section 4.1: X.509 alone is not said.
pub(crate) fn check(hello: &ClientHello) -> Result<(), Error> {
    let mut lists = [&hello.server_cert_types, &hello.client_cert_types].into_iter().flatten();
    match lists.any(|types| types[..] == [CertificateType::X509]) {
        true => Err(PeerMisbehaved::OfferedOnlyDefaultCertificateType.into()),
        false => Ok(()),
    }
}

/// Of the types that we have, or take, those that are in the client's list, in our order.
///
/// # Errors
///
/// There is none: RFC 7250 section 4.2 has an alert for that.
fn common(theirs: Option<&[CertificateType]>, ours: Types) -> Result<Types, Error> {
    let common = ours.common(theirs.unwrap_or(&[CertificateType::X509]));
    match common.as_slice().is_empty() {
        true => Err(no_common_type()),
        false => Ok(common),
    }
}

/// What the types of a full handshake are: the credential may be shown, and the client has to show what is given, if it is asked.
///
/// # Errors
///
/// There is no type in common, either way; or the resolver has nothing for this client.
pub(crate) fn agree(
    hello: &ClientHello,
    config: &ServerConfig,
    credential: Option<Credential>,
) -> Result<(Credential, Option<CertificateType>), Error> {
    let ours = told(SERVER_RESOLVER, || Types::known(config.cert_resolver.certificate_types()))?;
    let usable = common(hello.server_cert_types.as_deref(), ours)?;
    // A server's list must not be empty. RFC 8446 section 4.4.2.
    let credential = credential
        .filter(|credential| !credential.certified.cert.is_empty())
        .ok_or(Error::NoServerCertificateResolved)?;
    if !usable.as_slice().contains(&credential.certificate_type()) {
        return Err(no_common_type());
    }
    if !told(CLIENT_VERIFIER, || config.verifier.offer_client_auth())? {
        return Ok((credential, None));
    }
    let ours = told(CLIENT_VERIFIER, || Types::known(config.verifier.certificate_types()))?;
    let usable = common(hello.client_cert_types.as_deref(), ours)?;
    Ok((credential, usable.as_slice().first().copied()))
}

/// What a server says of the types that it has chosen, each only to a client that has a list for it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Says {
    pub(crate) server: Option<CertificateType>,
    pub(crate) client: Option<CertificateType>,
}

impl Says {
    /// In a full handshake. `client` is what the client is asked for, if it is: else nothing is said of it. RFC 7250 section 4.2.
    pub(crate) fn of(hello: &ClientHello, server: CertificateType, client: Option<CertificateType>) -> Self {
        Self {
            server: hello.server_cert_types.is_some().then_some(server),
            client: client.filter(|_| hello.client_cert_types.is_some()),
        }
    }

    /// When a session is resumed. Nobody shows anything; what we would show is said nevertheless, if there is something.
    pub(crate) fn resumed(hello: &ClientHello, config: &ServerConfig) -> Result<Self, Error> {
        let Some(theirs) = &hello.server_cert_types else { return Ok(Self::default()) };
        let ours = told(SERVER_RESOLVER, || Types::known(config.cert_resolver.certificate_types()))?;
        Ok(Self { server: ours.common(theirs).as_slice().first().copied(), client: None })
    }
}

// ---- both

fn no_common_type() -> Error {
    PeerIncompatible::IncorrectCertificateTypeExtension.into()
}

/// Is this what was agreed on? A verifier that takes both kinds tells them by their form, so neither may come for the other. What
/// is no certificate and no key either is for the verifier to refuse.
///
/// # Errors
///
/// It is of the other kind; or something is shown beside a raw public key, which stands alone. RFC 8446 section 4.4.2.
pub(crate) fn check_chain(typ: CertificateType, chain: &PeerChain) -> Result<(), Error> {
    let Some((leaf, issuers)) = chain.certificates.split_first() else { return Ok(()) };
    let raw = raw_public_key(leaf).is_some();
    if raw != (typ == CertificateType::RawPublicKey) {
        return Err(InvalidMessage::WrongCertificateType.into());
    }
    if raw && !issuers.is_empty() {
        return Err(PeerMisbehaved::RawPublicKeyWithIssuers.into());
    }
    // They speak of certificates. RFC 6066 section 8, RFC 6962 section 3.3, RFC 9345 section 4.
    if raw && (!chain.ocsp.is_empty() || !chain.scts.is_empty() || chain.delegated.is_some()) {
        return Err(PeerMisbehaved::RawPublicKeyWithStaples.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::CertificateType::{RawPublicKey, Unknown, X509};
    use super::*;

    #[test]
    fn what_the_application_names_is_said_if_it_is_more_than_x509() {
        for (named, known_of_it, said) in [
            (&[][..], &[][..], false),
            (&[X509], &[X509], false),
            (&[RawPublicKey], &[RawPublicKey], true),
            (&[X509, RawPublicKey, X509], &[X509, RawPublicKey], true),
            (&[Unknown(1), X509, Unknown(3)], &[X509], false),
        ] {
            let known = Types::known(named);
            assert_eq!(known.as_slice(), known_of_it);
            assert_eq!(is_said(known.as_slice()), said);
        }
    }

    #[test]
    fn a_client_takes_what_it_has_offered() {
        let incompatible = || Err(PeerIncompatible::IncorrectCertificateTypeExtension.into());
        let (only, both) = (&[RawPublicKey][..], &[RawPublicKey, X509][..]);
        for (reply, offered, expected) in [
            (Some(RawPublicKey), only, Ok(RawPublicKey)),
            (Some(X509), only, incompatible()),
            (None, only, incompatible()),
            (Some(X509), both, Ok(X509)),
            (None, both, Ok(X509)),
            (Some(Unknown(1)), both, incompatible()),
            (None, &[X509], Ok(X509)),
            (None, &[], incompatible()),
        ] {
            assert_eq!(of_server(reply, offered), expected, "{reply:?} of {offered:?}");
        }
        // Of the client's own type nothing need be said, as long as nothing is asked for.
        assert_eq!(chosen(None, only), Ok(X509));
        assert_eq!(chosen(Some(X509), only), incompatible());
    }

    #[test]
    fn a_server_goes_by_its_own_order() {
        for (theirs, ours, expected) in [
            (Some(&[RawPublicKey, X509][..]), &[X509, RawPublicKey][..], &[X509, RawPublicKey][..]),
            (Some(&[RawPublicKey, Unknown(1)]), &[X509, RawPublicKey], &[RawPublicKey]),
            (Some(&[Unknown(1), X509]), &[RawPublicKey, X509], &[X509]),
            (None, &[RawPublicKey, X509], &[X509]),
            (None, &[RawPublicKey], &[]),
            (Some(&[Unknown(1)]), &[X509], &[]),
            (Some(&[RawPublicKey]), &[], &[]),
        ] {
            let found = common(theirs, Types::known(ours)).unwrap_or_default();
            assert_eq!(found.as_slice(), expected, "{theirs:?} and {ours:?}");
        }
    }
}
