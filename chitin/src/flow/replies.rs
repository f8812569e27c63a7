//! A server answers only what the client asked. RFC 8446 section 4.2.
//!
//! One rule for every message in which a peer answers with extensions: what we do not know or did not ask for is
//! unsolicited; what we know but does not belong into that message is misplaced.

use crate::error::{Error, InvalidMessage, PeerMisbehaved};
use crate::wire::extensions::{CT, EE, HRR, SH, SH12, Seen, allowed_in, ext};

/// A message that answers extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    ServerHello,
    /// Of TLS 1.2.
    ServerHello12,
    HelloRetryRequest,
    EncryptedExtensions,
    CertificateEntry,
}

/// Checks every extension of a reply against what was `offered`.
///
/// # Errors
///
/// `unsupported_extension` for what was not asked for, `illegal_parameter` for what stands in the wrong message.
pub(crate) fn check(seen: &Seen, reply: Reply, offered: impl Fn(u16) -> bool) -> Result<(), Error> {
    for code in seen.iter() {
        // A cookie is the one thing that a server may say unasked. RFC 8446 section 4.2.
        let asked = offered(code) || (reply == Reply::HelloRetryRequest && code == ext::cookie);
        if !asked && reply == Reply::CertificateEntry && code == ext::delegated_credential {
            // RFC 9345 section 4.1.1 names another alert.
            return Err(PeerMisbehaved::UnsolicitedDelegatedCredential.into());
        }
        if !asked && reply == Reply::EncryptedExtensions && code == ext::encrypted_client_hello {
            return Err(PeerMisbehaved::UnsolicitedEchExtension.into());
        }
        if !asked {
            return Err(reply.unsolicited());
        }
        if allowed_in(code).is_some_and(|columns| columns & reply.column() == 0) {
            return Err(reply.misplaced());
        }
    }
    Ok(())
}

/// For the messages that may hold what nobody asked for: what we know must belong there. RFC 8446 section 4.2.
///
/// # Errors
///
/// `illegal_parameter` for what stands in the wrong message.
pub(crate) fn check_places(seen: &Seen, column: u8) -> Result<(), Error> {
    match seen.iter().any(|code| allowed_in(code).is_some_and(|columns| columns & column == 0)) {
        true => Err(PeerMisbehaved::MisplacedServerExtension.into()),
        false => Ok(()),
    }
}

/// An extension that stands twice: in these messages 0.23 has a name of its own for it, and other libraries, too, answer it
/// as a matter of contents.
pub(crate) fn twice(error: InvalidMessage, name: PeerMisbehaved) -> Error {
    match error {
        InvalidMessage::DuplicateExtension(_) => name.into(),
        other => other.into(),
    }
}

impl Reply {
    fn column(self) -> u8 {
        match self {
            Self::ServerHello => SH,
            Self::ServerHello12 => SH12,
            Self::HelloRetryRequest => HRR,
            Self::EncryptedExtensions => EE,
            Self::CertificateEntry => CT,
        }
    }

    fn unsolicited(self) -> Error {
        match self {
            Self::ServerHello | Self::ServerHello12 => PeerMisbehaved::UnsolicitedServerHelloExtension.into(),
            Self::HelloRetryRequest => InvalidMessage::UnknownHelloRetryRequestExtension.into(),
            Self::EncryptedExtensions => PeerMisbehaved::UnsolicitedEncryptedExtension.into(),
            Self::CertificateEntry => PeerMisbehaved::UnsolicitedCertExtension.into(),
        }
    }

    fn misplaced(self) -> Error {
        match self {
            Self::ServerHello | Self::ServerHello12 => PeerMisbehaved::UnexpectedCleartextExtension.into(),
            // In the clear too.
            Self::HelloRetryRequest => PeerMisbehaved::UnexpectedCleartextExtension.into(),
            Self::EncryptedExtensions => PeerMisbehaved::DisallowedEncryptedExtension.into(),
            Self::CertificateEntry => PeerMisbehaved::BadCertChainExtensions.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(code: u16) -> Seen {
        let mut seen = Seen::default();
        seen.push(code);
        seen
    }

    #[test]
    fn unsolicited_and_misplaced_are_told_apart() {
        let all = |_| true;
        let none = |_| false;
        assert_eq!(check(&seen(ext::key_share), Reply::ServerHello, all), Ok(()));
        assert_eq!(
            check(&seen(ext::key_share), Reply::ServerHello, none),
            Err(PeerMisbehaved::UnsolicitedServerHelloExtension.into())
        );
        assert_eq!(
            check(&seen(ext::server_name), Reply::ServerHello, all),
            Err(PeerMisbehaved::UnexpectedCleartextExtension.into())
        );
        assert_eq!(
            check(&seen(ext::key_share), Reply::EncryptedExtensions, all),
            Err(PeerMisbehaved::DisallowedEncryptedExtension.into())
        );
        assert_eq!(check(&seen(ext::cookie), Reply::HelloRetryRequest, none), Ok(()));
        assert!(check(&seen(ext::cookie), Reply::ServerHello, none).is_err());
        assert!(check(&seen(0x7777), Reply::CertificateEntry, none).is_err());
    }
}
