//! Whether a certificate is for the name that the caller asked for. RFC 9525.

use pki_types::ServerName;

use crate::cert::Certificate;
use crate::error::{PresentedName, Problem};
use crate::general_name::GeneralName;
use crate::{dns, ip};

/// Checks that a server's certificate is for this name.
///
/// Only the subject alternative name counts: a DNS name is looked for among its DNS names, an IP address among its IP
/// addresses. Wildcards never match addresses. This says nothing about who vouches for the certificate.
///
/// # Errors
///
/// [`Problem::NameMismatch`], with the names that the certificate has.
pub fn verify_name(certificate: &Certificate<'_>, name: &ServerName<'_>) -> Result<(), Problem> {
    let found = certificate.names().any(|presented| match (presented, name) {
        (GeneralName::Dns(presented), ServerName::DnsName(wanted)) => {
            dns::Pattern::new(presented).is_some_and(|pattern| pattern.matches(wanted.as_ref()))
        }
        (GeneralName::Ip(presented), ServerName::IpAddress(wanted)) => presented == ip::octets(wanted),
        _ => false,
    });
    if found {
        return Ok(());
    }
    Err(Problem::NameMismatch {
        expected: name.to_owned(),
        presented: certificate.names().take(PresentedName::LIMIT).map(GeneralName::to_presented).collect(),
    })
}
