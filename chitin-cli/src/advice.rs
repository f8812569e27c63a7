//! From an error to what went wrong in plain words, and what a person can do about it.

use std::iter;
use std::net::IpAddr;

use chitin::pki_types::CertificateDer;
use chitin::trust::PinProblem;
use chitin::{AlertDescription, CertificateError, Error, PeerIncompatible};

use crate::certificate::Summary;
use crate::link::{Failure, Foreign, foreign};
use crate::text::{clean, utc};

/// Explains why a client's handshake failed. `presented` is the server's chain as far as it came, `name` what was verified.
pub fn client(failure: &Failure, presented: &[CertificateDer<'_>], name: &str) -> String {
    match foreign(failure.first()) {
        Some(Foreign::HttpResponse) => {
            return "this port speaks plain HTTP, not TLS: try http://, or another port".into();
        }
        Some(Foreign::HttpRequest) => return "the other end is an HTTP client, not a TLS server".into(),
        Some(Foreign::Other(what)) => return format!("this port does not speak TLS but {what}"),
        None => {}
    }
    match failure {
        Failure::Tls { error, .. } => tls(error, presented, Some(name)),
        Failure::Closed { first } if first.is_empty() => {
            "the peer closed the connection without a word: perhaps not a TLS port, or a refusal by address or name"
                .into()
        }
        Failure::Closed { .. } => "the peer closed the connection in the middle of the handshake".into(),
        Failure::TimedOut { first } if first.is_empty() => "no answer to our ClientHello: perhaps not a TLS port".into(),
        Failure::TimedOut { .. } => "the handshake took too long".into(),
        Failure::Io(error) => error.to_string(),
    }
}

/// Explains why a server's handshake failed, in one line for the log.
pub fn server(failure: &Failure, presented: &[CertificateDer<'_>]) -> String {
    match foreign(failure.first()) {
        Some(Foreign::HttpRequest) => {
            return "plain HTTP on the TLS port (answered 400): the client wants https://".into();
        }
        Some(_) => return "not TLS".into(),
        None => {}
    }
    match failure {
        Failure::Tls { error, .. } => tls(error, presented, None),
        Failure::Closed { first } if first.is_empty() => "closed without sending anything".into(),
        Failure::Closed { .. } => "closed in the middle of the handshake".into(),
        Failure::TimedOut { first } if first.is_empty() => "handshake timeout, nothing received".into(),
        Failure::TimedOut { .. } => "handshake timeout".into(),
        Failure::Io(error) => error.to_string(),
    }
}

/// The TLS part. `name` is what a server was verified as; of a client none is asked. If nothing is in `presented`, nothing is known
/// of the certificate.
pub fn tls(error: &Error, presented: &[CertificateDer<'_>], name: Option<&str>) -> String {
    let leaf = presented.first().and_then(|der| Summary::read(der));
    match error {
        Error::InvalidCertificate(why) => certificate(why, leaf.as_ref(), presented.len(), name),
        Error::NoCertificatesPresented => "no certificate was presented, and one is required".into(),
        Error::AlertReceived(alert) => alert_received(*alert),
        Error::NoApplicationProtocol => "no application protocol (ALPN) in common".into(),
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            "no version in common: we speak TLS 1.3 and 1.2, or the one that --tls names".into()
        }
        Error::PeerIncompatible(
            PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => "no version in common: TLS 1.3 and 1.2 are served here, or the one that --tls names".into(),
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "no cipher suite in common: only those with forward secrecy and AEAD are spoken here, and in TLS 1.2 they have to fit the certificate's key".into()
        }
        other => clean(&other.to_string()),
    }
}

fn certificate(why: &CertificateError, leaf: Option<&Summary>, chain: usize, name: Option<&str>) -> String {
    let name = name.map(clean);
    let name = name.as_deref();
    let until =
        |summary: &Summary| format!(" (it was valid {} to {} UTC)", summary.not_before, summary.not_after);
    let valid = leaf.map(until).unwrap_or_default();
    match why {
        CertificateError::Expired => {
            format!("certificate expired{valid}: renew it, or check this machine's clock")
        }
        CertificateError::ExpiredContext { time, not_after } => format!(
            "certificate expired: valid until {}, now {}: renew it, or check this machine's clock",
            utc(not_after.as_secs()),
            utc(time.as_secs())
        ),
        CertificateError::NotValidYet => {
            format!("certificate not valid yet{valid}: check this machine's clock")
        }
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "certificate not valid yet: valid from {}, now {}: check this machine's clock",
            utc(not_before.as_secs()),
            utc(time.as_secs())
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let name = name.unwrap_or("another");
            match leaf.map(|leaf| leaf.names.join(", ")) {
                Some(names) if names.is_empty() => format!(
                    "wrong name: asked for {name}, the certificate is for no names at all: {}",
                    made_anew(&[name_option(name)])
                ),
                Some(names) => format!(
                    "wrong name: asked for {name}, the certificate is for {names} (--sni NAME verifies another)"
                ),
                None => {
                    format!("wrong name: the certificate is not for {name} (--sni NAME verifies another)")
                }
            }
        }
        CertificateError::UnknownIssuer => match leaf {
            Some(leaf) if leaf.is_self_issued() && chain == 1 => format!(
                "self-signed certificate ({}), and not one of the trusted roots: to trust it, give it as the CA file",
                leaf.subject
            ),
            Some(leaf) => format!(
                "unknown CA: no trusted root leads to {}, issued by {} ({chain} presented): give that CA's root as the CA file, or send the missing intermediates",
                leaf.subject, leaf.issuer
            ),
            None => "unknown CA: no trusted root leads to the certificate".into(),
        },
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            format!("the certificate is not meant for this (extended key usage): {why}")
        }
        CertificateError::NotPinned(problem) => not_pinned(problem),
        other => {
            let why = clean(&other.to_string());
            match leaf {
                // What `openssl req -x509` makes.
                Some(leaf) if leaf.is_self_issued() && chain == 1 && leaf.ca => {
                    let no_ca = "-addext basicConstraints=critical,CA:FALSE".to_owned();
                    let options: Vec<_> = iter::once(no_ca).chain(name.map(name_option)).collect();
                    format!(
                        "self-signed certificate ({}), refused: {why}: {}",
                        leaf.subject,
                        made_anew(&options)
                    )
                }
                Some(leaf) if leaf.is_self_issued() && chain == 1 => {
                    format!("self-signed certificate ({}), refused: {why}", leaf.subject)
                }
                _ => format!("certificate refused: {why}"),
            }
        }
    }
}

/// How OpenSSL makes a certificate that is as it should be.
fn made_anew(options: &[String]) -> String {
    format!("if it is yours, make it anew, with OpenSSL's `{}`", options.join(" "))
}

/// OpenSSL's option for the name of a server.
fn name_option(name: &str) -> String {
    let kind = if name.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
    format!("-addext subjectAltName={kind}:{name}")
}

/// Each key that was seen, in a form to be pinned.
fn not_pinned(problem: &PinProblem) -> String {
    let (PinProblem::NotOnPath(mismatch) | PinProblem::NotOwn(mismatch)) = problem else {
        return clean(&problem.to_string());
    };
    let seen = mismatch.seen.iter().map(|seen| match &*seen.subject {
        "" => seen.key.to_string(),
        subject => format!("{} ({})", seen.key, clean(subject)),
    });
    format!("not pinned: what was seen is {}", seen.collect::<Vec<_>>().join(", "))
}

/// What an alert from the peer usually means. RFC 8446 section 6.2.
fn alert_received(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::HandshakeFailure => "nothing in common: version, suite, group or signature",
        AlertDescription::ProtocolVersion => {
            "it speaks none of our versions, TLS 1.3 and 1.2 or the one that --tls names"
        }
        AlertDescription::CertificateRequired => "it wants a client certificate: --cert FILE --key FILE",
        AlertDescription::UnknownCA => "it does not know the CA of our certificate",
        AlertDescription::BadCertificate => "it does not like our certificate",
        AlertDescription::CertificateExpired => "our certificate has expired, by its clock",
        AlertDescription::UnrecognisedName => "it serves no such name: --sni NAME sends another",
        AlertDescription::NoApplicationProtocol => {
            "it speaks none of the application protocols offered: --alpn P"
        }
        AlertDescription::AccessDenied => "our certificate is good, but we may not come in",
        _ => return format!("the peer refused with the alert {alert:?}"),
    };
    format!("the peer refused with the alert {alert:?}: {meaning}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chitin::pki_types::UnixTime;
    use rcgen::{CertificateParams, KeyPair};
    use std::time::Duration;

    fn self_signed() -> CertificateDer<'static> {
        let params = CertificateParams::new(vec!["a.example".into()]).unwrap();
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn a_wrong_name_shows_what_is_presented() {
        let text = tls(&CertificateError::NotValidForName.into(), &[self_signed()], Some("b.example"));
        assert!(text.contains("b.example") && text.contains("for a.example"), "{text}");
    }

    /// It is so if the chain came compressed, or cannot be read.
    #[test]
    fn of_a_certificate_that_was_not_seen_nothing_is_made_up() {
        let text = tls(&CertificateError::NotValidForName.into(), &[], Some("b.example"));
        assert!(text.contains("b.example") && !text.contains("no names"), "{text}");
        for error in [CertificateError::Expired, CertificateError::NotValidYet] {
            let text = tls(&error.into(), &[], Some("b.example"));
            assert!(!text.contains("()"), "{text}");
        }
    }

    #[test]
    fn self_signed_and_unknown_ca_are_told_apart() {
        let error = CertificateError::UnknownIssuer.into();
        assert!(tls(&error, &[self_signed()], Some("a.example")).starts_with("self-signed"));
        assert!(tls(&error, &[self_signed(), self_signed()], Some("a.example")).starts_with("unknown CA"));
        assert!(tls(&error, &[], Some("a.example")).starts_with("unknown CA"));
    }

    #[test]
    fn expiry_shows_both_times() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let error = CertificateError::ExpiredContext { time: at(1_700_000_000), not_after: at(951_782_400) };
        let text = tls(&error.into(), &[], Some("x"));
        assert!(text.contains("2000-02-29") && text.contains("2023-11-14"), "{text}");
    }

    #[test]
    fn plain_http_is_named_at_both_ends() {
        let failure = |first: &[u8]| Failure::Closed { first: first.to_vec() };
        assert!(client(&failure(b"HTTP/1.0 400"), &[], "x").contains("plain HTTP"));
        assert!(server(&failure(b"GET / HTTP/1.1"), &[]).contains("plain HTTP"));
    }
}
