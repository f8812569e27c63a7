//! What the Baseline Requirements of the CA/Browser Forum have beyond RFC 5280: the profile
//! [`CaBrowserForum`](crate::Profile). Sections are those of version 2 of the requirements for TLS server certificates.

use alloc::string::{String, ToString};

use pki_types::{IpAddr, alg_id};

use crate::budget::Purse;
use crate::cert::Certificate;
use crate::error::Problem;
use crate::general_name::GeneralName;
use crate::ip;
use crate::oid;
use crate::profile::Role;
use crate::shown;
use crate::usage::Purpose;

/// Checks one certificate by itself. As a leaf it is one for this purpose.
pub(crate) fn check(certificate: &Certificate<'_>, role: Role, purpose: Purpose) -> Result<(), Problem> {
    check_key(certificate)?;
    check_authority_key_id(certificate)?;
    // RFC 5280 section 4.2.1.11, which the strict profile does not insist on.
    let loose = certificate.extensions().find(|e| e.oid == oid::POLICY_CONSTRAINTS && !e.critical);
    if let Some(extension) = loose {
        return Err(Problem::WrongCriticality { oid: oid::arcs(extension.oid) });
    }
    match role {
        Role::Leaf if purpose != Purpose::Any => check_subscriber(certificate, purpose),
        // Section 7.1.2.1.2.
        Role::Root if certificate.extended_key_usage().is_some() => {
            Err(Problem::ForbiddenExtension { oid: oid::arcs(oid::EXTENDED_KEY_USAGE) })
        }
        _ => Ok(()),
    }
}

/// Sections 6.1.5 and 7.1.3.1.
fn check_key(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let key = certificate.spki();
    let good = match key.rsa_bits() {
        Some(bits) => bits % 8 == 0,
        None => [alg_id::ECDSA_P256, alg_id::ECDSA_P384, alg_id::ECDSA_P521]
            .iter()
            .any(|id| **id == *key.algorithm_id()),
    };
    if good { Ok(()) } else { Err(Problem::KeyNotAllowed { algorithm_id: key.algorithm_id().to_vec() }) }
}

/// Sections 7.1.2.1.3 and 7.1.2.11.1: the identifier of the key, and nothing else.
fn check_authority_key_id(certificate: &Certificate<'_>) -> Result<(), Problem> {
    match certificate.extensions.authority_key_id {
        Some(authority) if authority.has_issuer || authority.has_serial => {
            Err(Problem::BadAuthorityKeyIdentifier)
        }
        _ => Ok(()),
    }
}

fn check_subscriber(certificate: &Certificate<'_>, purpose: Purpose) -> Result<(), Problem> {
    let not_critical = |oid: &'static [u8]| match certificate.extensions().find(|e| e.oid == oid) {
        Some(extension) if extension.critical => Err(Problem::WrongCriticality { oid: oid::arcs(oid) }),
        _ => Ok(()),
    };
    // Section 7.1.2.7.10.
    let Some(usage) = certificate.extended_key_usage() else {
        return Err(Problem::MissingExtension { oid: oid::arcs(oid::EXTENDED_KEY_USAGE) });
    };
    not_critical(oid::EXTENDED_KEY_USAGE)?;
    if usage.includes(oid::ANY_EXTENDED_KEY_USAGE) {
        return Err(usage.lacks(purpose));
    }
    // Section 7.1.2.7.12.
    if !certificate.subject().is_empty() {
        not_critical(oid::SUBJECT_ALT_NAME)?;
    }
    Ok(())
}

/// Section 7.1.4.3: a common name is one of the alternative names, character by character.
///
/// We are laxer in two ways, since nothing matches a common name with what a caller asks for. What is written like no form of
/// name that the certificate has is taken for that of a person or a product. And a domain above one of the names may stand
/// for them.
///
/// There may be many of both, and each is held against each.
pub(crate) fn check_common_names(certificate: &Certificate<'_>, purse: &mut Purse) -> Result<(), Problem> {
    let count = certificate.names().count();
    for value in certificate.subject().values(oid::COMMON_NAME) {
        purse.names(count)?;
        let mut names = certificate.names();
        let contradicts = match CommonName::of(value) {
            CommonName::Address(text) => {
                let address = read_address(text);
                let octets = address.as_ref().map(ip::octets);
                has_address(certificate)
                    && !names.any(|name| matches!(name, GeneralName::Ip(other) if Some(other) == octets))
            }
            CommonName::Domain(name) => {
                has_domain(certificate) && !names.any(|other| is_domain(&other, name))
            }
            CommonName::Other => false,
        };
        if contradicts {
            let common_name = String::from_utf8_lossy(shown::first(value, shown::NAME)).into_owned();
            return Err(Problem::CommonNameIsNoAlternative { common_name });
        }
    }
    Ok(())
}

/// What the text of a common name is written like.
enum CommonName<'a> {
    Address(&'a [u8]),
    Domain(&'a [u8]),
    Other,
}

impl<'a> CommonName<'a> {
    fn of(text: &'a [u8]) -> Self {
        let number = |part: &[u8]| match part {
            [b'0', b'x' | b'X', digits @ ..] => digits.iter().all(u8::is_ascii_hexdigit),
            digits => digits.iter().all(u8::is_ascii_digit),
        };
        if text.contains(&b':') || text.rsplit(|&octet| octet == b'.').next().is_some_and(number) {
            return Self::Address(text);
        }
        match text.contains(&b'.') && !text.iter().any(u8::is_ascii_whitespace) {
            true => Self::Domain(text),
            false => Self::Other,
        }
    }
}

fn has_address(certificate: &Certificate<'_>) -> bool {
    certificate.names().any(|name| matches!(name, GeneralName::Ip(_)))
}

fn has_domain(certificate: &Certificate<'_>) -> bool {
    certificate.names().any(|name| matches!(name, GeneralName::Dns(_)))
}

/// Reads an address. None if it is not written as RFC 3986 and RFC 5952 have it.
fn read_address(text: &[u8]) -> Option<IpAddr> {
    let address = IpAddr::try_from(core::str::from_utf8(text).ok()?).ok()?;
    let written = ip::Shown(ip::octets(&address)).to_string();
    (written.as_bytes() == text).then_some(address)
}

fn is_domain(name: &GeneralName<'_>, domain: &[u8]) -> bool {
    let below = |name: &[u8]| name.strip_suffix(domain).is_some_and(|labels| labels.ends_with(b"."));
    matches!(name, GeneralName::Dns(name) if *name == domain || below(name))
}
