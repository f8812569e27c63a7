//! What RFC 5280 section 4 demands of those who issue certificates: the profile [`Rfc5280Strict`](crate::Profile).
//!
//! What `cert` and `path` demand of every certificate is not here once more. Two marks of criticality are not insisted on in
//! the certificates of a path, because section 6 makes nothing of them, and valid paths of NIST's suite lack them: that of
//! basic constraints and that of policy constraints. Both are honoured without the mark.

use crate::cert::Certificate;
use crate::der::{self, Reader};
use crate::dns;
use crate::error::Problem;
use crate::general_name::GeneralName;
use crate::ip;
use crate::oid;
use crate::profile::{Profile, Role};
use crate::spki::Ability;

/// Checks one certificate by itself.
pub(crate) fn check(certificate: &Certificate<'_>, role: Role, profile: Profile) -> Result<(), Problem> {
    if certificate.spki().ability() == Ability::SignsByEdDsa {
        certificate.check_only_signs()?;
    }
    check_key_ids(certificate, role)?;
    check_names(certificate)?;
    check_information_access(certificate)?;
    match role {
        Role::Leaf => Ok(()),
        Role::Issuer | Role::Root => check_issuer(certificate, role, profile),
    }
}

/// RFC 5280 sections 4.2.1.1 and 4.2.1.2.
fn check_key_ids(certificate: &Certificate<'_>, role: Role) -> Result<(), Problem> {
    match certificate.extensions.authority_key_id {
        Some(authority) => {
            // "self-signed": the key that signed it is its own.
            let of_another = role == Role::Root
                && certificate.is_self_issued()
                && authority.key_id != certificate.extensions.subject_key_id;
            if authority.key_id.is_none() || authority.has_issuer != authority.has_serial || of_another {
                return Err(Problem::BadAuthorityKeyIdentifier);
            }
        }
        // A root that has another's name for its issuer is not self-signed.
        None if role == Role::Root && certificate.is_self_issued() => {}
        None => return Err(missing(oid::AUTHORITY_KEY_IDENTIFIER)),
    }
    if role != Role::Leaf && certificate.extensions.subject_key_id.is_none() {
        return Err(missing(oid::SUBJECT_KEY_IDENTIFIER));
    }
    Ok(())
}

/// RFC 5280 section 4.2.1.6.
fn check_names(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let malformed = certificate.names().find(|name| match name {
        // The preferred syntax of RFC 1034 section 3.5 has no underscore.
        GeneralName::Dns(name) => {
            dns::Pattern::new(name).is_none() || name.contains(&b'_') || dns::looks_like_an_address(name)
        }
        GeneralName::Ip(address) => !ip::is_address(address),
        _ => false,
    });
    if let Some(name) = malformed {
        return Err(Problem::MalformedName { name: name.to_presented() });
    }
    let unnamed = certificate.subject().is_empty() && certificate.extensions.subject_alt_name.is_some();
    if unnamed { must_be_critical(certificate, oid::SUBJECT_ALT_NAME) } else { Ok(()) }
}

/// RFC 5280 sections 4.2.2.1 and 4.2.2.2: not critical, and a list of methods and places.
fn check_information_access(certificate: &Certificate<'_>) -> Result<(), Problem> {
    let access = [oid::AUTHORITY_INFO_ACCESS, oid::SUBJECT_INFO_ACCESS];
    for extension in certificate.extensions().filter(|extension| access.contains(&extension.oid)) {
        let mut reader = Reader::new(extension.value);
        let list = reader.expect(der::SEQUENCE, "information access")?;
        reader.end("end of the information access")?;
        let mut list = list.reader();
        if list.is_empty() {
            return Err(list.bad("empty information access"));
        }
        while !list.is_empty() {
            let mut fields = list.expect(der::SEQUENCE, "access description")?.reader();
            oid::read(&mut fields)?;
            GeneralName::read(&mut fields)?;
            fields.end("end of an access description")?;
        }
    }
    Ok(())
}

/// RFC 5280 sections 4.1.2.6, 4.2.1.9 and 4.2.1.10.
fn check_issuer(certificate: &Certificate<'_>, role: Role, profile: Profile) -> Result<(), Problem> {
    if certificate.subject().is_empty() {
        return Err(Problem::EmptySubject);
    }
    if role == Role::Root || profile >= Profile::CaBrowserForum {
        must_be_critical(certificate, oid::BASIC_CONSTRAINTS)?;
    }
    let Some(constraints) = certificate.name_constraints() else { return Ok(()) };
    // The Forum lets them be not critical, for programs that do not know them (Baseline Requirements 7.1.2.10.8).
    if profile == Profile::Rfc5280Strict {
        must_be_critical(certificate, oid::NAME_CONSTRAINTS)?;
    }
    match constraints.dns_bases().find(|base| base.starts_with(b".")) {
        Some(base) => Err(Problem::MalformedName { name: GeneralName::Dns(base).to_presented() }),
        None => Ok(()),
    }
}

fn must_be_critical(certificate: &Certificate<'_>, oid: &[u8]) -> Result<(), Problem> {
    match certificate.extensions().find(|extension| extension.oid == oid) {
        None => Err(missing(oid)),
        Some(extension) if extension.critical => Ok(()),
        Some(_) => Err(Problem::WrongCriticality { oid: oid::arcs(oid) }),
    }
}

fn missing(oid: &[u8]) -> Problem {
    Problem::MissingExtension { oid: oid::arcs(oid) }
}
