//! What a server chooses, as pure functions of a hello and a config. RFC 8446 sections 4.1.1 and 4.2.
//!
//! No function here touches a connection; a table of hellos tests them.

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::carrier::Parameters;
use crate::config::server::ServerConfig;
use crate::crypto::SupportedKxGroup;
use crate::crypto::credential::{Checks, Credential, ReadySigner, allowed_schemes};
use crate::crypto::suites::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};
use crate::crypto::verify::key_type_of;
use crate::error::{Error, PeerIncompatible, PeerMisbehaved};
use crate::flow::cert_types;
use crate::flow::certs;
use crate::flow::question;
use crate::flow::size_limit;
use crate::names::{CipherSuite, NamedGroup, ProtocolVersion, PskKeyExchangeMode, SignatureScheme};
use crate::wire::client_hello::ClientHello;
use crate::wire::extensions::{CH, NamedGroups, allowed_in, ext};

/// The version: the best that both know. RFC 8446 section 4.2.1: `supported_versions` decides if it is there, else
/// `legacy_version`, which cannot say more than TLS 1.2.
///
/// # Errors
///
/// There is none; or the client has fallen back to it (RFC 7507) although we know better.
pub(crate) fn protocol_version(hello: &ClientHello, config: &ServerConfig) -> Result<ProtocolVersion, Error> {
    let versions = [ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2];
    // TLS 1.2 has no external keys here.
    let enabled = |version| {
        config.versions.contains(version)
            && (version == ProtocolVersion::TLSv1_3 || !config.require_external_psk)
    };
    let best = versions.into_iter().find(|version| enabled(*version));
    // RFC 7507 section 3 goes by what the hello says, and holds also if there is no version in common.
    if hello.offers_fallback_scsv() {
        let highest = hello.versions().and_then(|theirs| versions.into_iter().find(|v| theirs.names(*v)));
        let highest = highest.unwrap_or(hello.legacy_version);
        if best.is_some_and(|best| best.value() > highest.value()) {
            return Err(PeerIncompatible::InappropriateFallback.into());
        }
    }
    // RFC 8446 appendix D.5: whatever stands in the extension.
    if hello.legacy_version == ProtocolVersion::SSLv3 {
        return Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into());
    }
    match hello.versions() {
        Some(theirs) => {
            let mutual = |version| enabled(version) && theirs.names(version);
            let chosen = versions.into_iter().find(|version| mutual(*version));
            Ok(chosen.ok_or(PeerIncompatible::Tls12NotOfferedOrEnabled)?)
        }
        None if hello.legacy_version.value() < ProtocolVersion::TLSv1_2.value() => {
            Err(PeerIncompatible::Tls12NotOffered.into())
        }
        None if enabled(ProtocolVersion::TLSv1_2) => Ok(ProtocolVersion::TLSv1_2),
        None => Err(PeerIncompatible::SupportedVersionsExtensionRequired.into()),
    }
}

/// What every hello of TLS 1.3 must be, whatever we choose. RFC 8446 sections 4.1.2 and 9.2.
pub(crate) fn check_hello(hello: &ClientHello) -> Result<(), Error> {
    if !hello.offers_only_null_compression() {
        return Err(PeerMisbehaved::OfferedIncorrectCompressions.into());
    }
    cert_types::check(hello)?;
    certs::check_compressions(hello.cert_compressions())?;
    size_limit::check(hello.record_size_limit())?;
    let misplaced =
        hello.extension_codes().any(|code| allowed_in(code).is_some_and(|columns| columns & CH == 0));
    if misplaced {
        return Err(PeerMisbehaved::MisplacedClientHelloExtension.into());
    }
    if hello.psks().is_some() && hello.psk_modes().is_none() {
        return Err(PeerMisbehaved::MissingPskModesExtension.into());
    }
    if let Some(psks) = hello.psks() {
        if psks.identities.iter().count() != psks.binders.iter().count() {
            return Err(PeerMisbehaved::PskExtensionWithMismatchedIdsAndBinders.into());
        }
    }
    Ok(())
}

/// What only a hello over QUIC must be, and what no other may be. Gives the client's transport parameters, if it is over QUIC.
pub(crate) fn quic_parameters<'a>(
    hello: &'a ClientHello,
    quic: Option<&Parameters>,
) -> Result<Option<&'a [u8]>, Error> {
    let Some(ours) = quic else {
        // RFC 9001 section 8.2. The drafts' number means nothing to us here.
        return match hello.extension(ext::quic_transport_parameters) {
            Some(_) => Err(PeerMisbehaved::QuicTransportParametersWithoutQuic.into()),
            None => Ok(None),
        };
    };
    // There are no middleboxes that it could be for. RFC 9001 section 8.4.
    if !hello.session_id().is_empty() {
        return Err(PeerMisbehaved::CompatibilitySessionIdInQuicConnection.into());
    }
    let theirs = hello.extension(ours.code()).ok_or(PeerMisbehaved::MissingQuicTransportParameters)?;
    Ok(Some(theirs))
}

/// Our suites of TLS 1.3. For QUIC they need packet protection.
pub(crate) fn suites(
    config: &ServerConfig,
    quic: bool,
) -> impl Iterator<Item = &'static Tls13CipherSuite> + '_ {
    config.provider.suites13().filter(move |suite| !quic || suite.quic.is_some())
}

/// The suite: the client's first that we have, or our first that it has; one of those that are `wanted`, if that is possible.
pub(crate) fn suite(
    hello: &ClientHello,
    config: &ServerConfig,
    quic: bool,
    wanted: impl Fn(&Tls13CipherSuite) -> bool,
) -> Result<&'static Tls13CipherSuite, Error> {
    any_suite(hello, config, quic, wanted).or_else(|_| any_suite(hello, config, quic, |_| true))
}

fn any_suite(
    hello: &ClientHello,
    config: &ServerConfig,
    quic: bool,
    wanted: impl Fn(&Tls13CipherSuite) -> bool,
) -> Result<&'static Tls13CipherSuite, Error> {
    let theirs = |name| suites(config, quic).find(|suite| suite.common.suite == name && wanted(suite));
    let suite = match config.ignore_client_order {
        true => suites(config, quic).find(|suite| wanted(suite) && hello.offers(suite.common.suite)),
        false => hello.suites().iter().find_map(theirs),
    };
    Ok(suite.ok_or(PeerIncompatible::NoCipherSuitesInCommon)?)
}

/// The group, and whether its share is here already.
pub(crate) enum Share {
    Ready { group: &'static dyn SupportedKxGroup },
    Retry { group: &'static dyn SupportedKxGroup },
}

/// Our best group that the client knows, whether its share is here or not. RFC 8446 section 4.2.8.
///
/// What shares a client sends may come from a hint that nobody has authenticated (DNS, or a server that it met before); the
/// choice must not hang on that, or whoever forges the hint has made it. So a client that knows a group of ours that is
/// better than the shares it sent is asked for that, at the price of a round trip.
pub(crate) fn share(hello: &ClientHello, config: &ServerConfig) -> Result<Share, Error> {
    let known = hello.named_groups().ok_or(PeerIncompatible::NamedGroupsExtensionRequired)?;
    let shares = hello.key_shares().ok_or(PeerIncompatible::KeyShareExtensionRequired)?;
    check_shares(shares.iter().map(|share| share.group), known)?;

    let group = config
        .provider
        .groups(ProtocolVersion::TLSv1_3)
        .find(|group| known.names(group.name()))
        .ok_or(PeerIncompatible::NoKxGroupsInCommon)?;
    Ok(match shares.iter().find(|share| share.group == group.name()) {
        Some(_) => Share::Ready { group },
        None => Share::Retry { group },
    })
}

/// Each share is of a group that is named, and no group has two. RFC 8446 section 4.2.8.
fn check_shares(
    shares: impl Iterator<Item = NamedGroup> + Clone,
    known: NamedGroups<'_>,
) -> Result<(), Error> {
    // Honest clients have two or three shares, and a dozen groups.
    let few = shares.clone().nth(FEW_SHARES).is_none();
    if few && known.body().len() <= 2 * FEW_GROUPS {
        if shares.clone().any(|share| !known.names(share)) {
            return Err(PeerMisbehaved::KeyShareForUnofferedGroup.into());
        }
        let mut each = shares.clone().enumerate();
        return match each.any(|(at, share)| shares.clone().take(at).any(|before| before == share)) {
            true => Err(PeerMisbehaved::OfferedDuplicateKeyShares.into()),
            false => Ok(()),
        };
    }
    // Sorted, or a hostile hello would cost the product of the two lengths: a hundred million comparisons.
    let mut known: Vec<u16> = known.iter().map(|group| group.value()).collect();
    known.sort_unstable();
    let mut named: Vec<u16> = shares.map(|group| group.value()).collect();
    if named.iter().any(|group| known.binary_search(group).is_err()) {
        return Err(PeerMisbehaved::KeyShareForUnofferedGroup.into());
    }
    named.sort_unstable();
    match named.windows(2).any(|pair| pair.first() == pair.last()) {
        true => Err(PeerMisbehaved::OfferedDuplicateKeyShares.into()),
        false => Ok(()),
    }
}

/// So many are looked at one by one: five hundred comparisons.
const FEW_SHARES: usize = 8;
const FEW_GROUPS: usize = 64;

/// The share of a second hello: exactly the one that was asked for. RFC 8446 section 4.1.2.
pub(crate) fn check_retried_share(hello: &ClientHello, group: NamedGroup) -> Result<(), Error> {
    let shares = hello.key_shares().ok_or(PeerIncompatible::KeyShareExtensionRequired)?;
    let mut shares = shares.iter();
    match (shares.next(), shares.next()) {
        (Some(share), None) if share.group == group => Ok(()),
        _ => Err(PeerMisbehaved::RefusedToFollowHelloRetryRequest.into()),
    }
}

/// The client's share of the group that was chosen for being there.
pub(crate) fn share_of(hello: &ClientHello, group: NamedGroup) -> Result<&[u8], Error> {
    let shares = hello.key_shares().ok_or(PeerIncompatible::KeyShareExtensionRequired)?;
    let share = shares.iter().find(|share| share.group == group);
    Ok(share.ok_or(PeerMisbehaved::RefusedToFollowHelloRetryRequest)?.key_exchange.0)
}

/// A second hello is the first, but for what a retry may change. RFC 8446 section 4.1.2.
pub(crate) fn check_second_hello(first: &ClientHello, second: &ClientHello) -> Result<(), Error> {
    if first.random != second.random {
        return Err(PeerMisbehaved::RandomDifferedOnRetry.into());
    }
    if first.session_id() != second.session_id() {
        return Err(PeerMisbehaved::SessionIdDifferedOnRetry.into());
    }
    if first.server_name != second.server_name {
        return Err(PeerMisbehaved::ServerNameDifferedOnRetry.into());
    }
    if second.has(ext::early_data) {
        return Err(PeerMisbehaved::EarlyDataAttemptedInSecondClientHello.into());
    }
    // Sorted, since a hostile hello has hundreds of extensions: looking each up would cost the square of that.
    fn kept(hello: &ClientHello) -> Vec<(u16, &[u8])> {
        let mut kept: Vec<_> = hello.extensions().filter(|(code, _)| !may_change(*code)).collect();
        kept.sort_unstable();
        kept
    }
    let same = first.legacy_version == second.legacy_version
        && first.suites().body() == second.suites().body()
        && kept(first) == kept(second);
    match same {
        true => Ok(()),
        false => Err(PeerMisbehaved::UnexpectedChangesInSecondClientHello.into()),
    }
}

/// Of its PSKs a second hello may drop those that do not go with the hash of the suite that the retry named, and no others.
/// The length of a binder tells its hash. RFC 8446 section 4.1.2.
pub(crate) fn check_psks_kept(
    first: &ClientHello,
    second: &ClientHello,
    suite: &Tls13CipherSuite,
) -> Result<(), Error> {
    let hash_len = suite.common.hash_provider.output_len();
    let had = first.psks().is_some_and(|psks| psks.binders.iter().any(|binder| binder.0.len() == hash_len));
    match had && second.psks().is_none() {
        true => Err(PeerMisbehaved::MissingPskExtensionInSecondClientHello.into()),
        false => Ok(()),
    }
}

/// The changes that RFC 8446 section 4.1.2 lists, and the ECH extension, whose payload is sealed anew (RFC 9849 section 6.1.5).
fn may_change(code: u16) -> bool {
    matches!(
        code,
        ext::key_share
            | ext::early_data
            | ext::cookie
            | ext::pre_shared_key
            | ext::padding
            | ext::encrypted_client_hello
    )
}

/// What the client can check.
fn schemes(hello: &ClientHello) -> Result<&[SignatureScheme], Error> {
    let schemes = hello.lists().schemes.as_deref();
    Ok(schemes.ok_or(PeerIncompatible::SignatureAlgorithmsExtensionRequired)?)
}

/// The same of a TLS 1.3 handshake.
fn schemes13(hello: &ClientHello) -> Result<Vec<SignatureScheme>, Error> {
    Ok(allowed_schemes(schemes(hello)?, SignatureScheme::supported_in_tls13))
}

/// What signs the answer to a hello of TLS 1.3.
///
/// # Errors
///
/// The client can check none of the key's schemes, or has to refuse a delegated credential as it is now.
pub(crate) fn signer(
    hello: &ClientHello,
    config: &ServerConfig,
    credential: &Credential,
) -> Result<ReadySigner, Error> {
    let schemes = schemes13(hello)?;
    let checks = Checks { schemes: &schemes, delegated: &hello.lists().delegated };
    let signer = certs::choose_signer(credential, &checks)?;
    let signer = signer.ok_or(PeerIncompatible::NoSignatureSchemesInCommon)?;
    if credential.is_delegated() {
        let now = question::now(&config.time_provider)?;
        if credential.is_untimely(|| Some(now)) {
            return Err(Error::General(UNTIMELY.into()));
        }
    }
    Ok(signer)
}

/// What an operator is told whose delegated credential was not replaced in time.
const UNTIMELY: &str = "our delegated credential has expired, or is valid for more than seven days to come";

/// Our first protocol that the client offers. Without an offer, or without protocols of ours, there is none.
///
/// # Errors
///
/// Both sides have protocols and none in common. RFC 7301 section 3.2. Over QUIC also if only one side has some: there must be
/// one, unless both leave ALPN out because they know by other means. RFC 9001 section 8.1.
pub(crate) fn protocol(
    hello: &ClientHello,
    config: &ServerConfig,
    quic: bool,
) -> Result<Option<Box<[u8]>>, Error> {
    let offered = hello.protocols();
    if quic && offered.is_some() == config.alpn_protocols.is_empty() {
        return Err(Error::NoApplicationProtocol);
    }
    let Some(offered) = offered.filter(|_| !config.alpn_protocols.is_empty()) else {
        return Ok(None);
    };
    let chosen =
        config.alpn_protocols.iter().find(|ours| offered.iter().any(|theirs| theirs.0 == ours.as_slice()));
    chosen.map(|chosen| Some(chosen[..].into())).ok_or(Error::NoApplicationProtocol)
}

/// We resume only with a fresh key exchange. RFC 8446 section 4.2.9.
pub(crate) fn resumes(hello: &ClientHello) -> bool {
    hello.psk_modes().is_some_and(|modes| modes.iter().any(|mode| mode == PskKeyExchangeMode::PSK_DHE_KE))
}

// ---- TLS 1.2

/// What a hello of TLS 1.2 must be, whatever we choose.
pub(crate) fn check_hello12(hello: &ClientHello, config: &ServerConfig) -> Result<(), Error> {
    if !hello.offers_null_compression() {
        return Err(PeerIncompatible::NullCompressionRequired.into());
    }
    cert_types::check(hello)?;
    // It means nothing here, but the list is wrong whoever reads it.
    certs::check_compressions(hello.cert_compressions())?;
    size_limit::check(hello.record_size_limit())?;
    // RFC 8422 section 5.1.2: a list that is there has the uncompressed form in it.
    if hello.point_formats_uncompressed() == Some(false) {
        return Err(PeerIncompatible::UncompressedEcPointsRequired.into());
    }
    // RFC 5746 section 3.6: on a first handshake there is nothing to bind to.
    if hello.renegotiation_info().is_some_and(|info| !info.is_empty()) {
        return Err(PeerMisbehaved::InvalidRenegotiationInfo.into());
    }
    if config.require_ems && !hello.extended_master_secret() {
        return Err(PeerIncompatible::ExtendedMasterSecretExtensionRequired.into());
    }
    Ok(())
}

/// Suite, group and signature scheme of a full handshake, together: the suite has to fit the key, and the scheme both.
pub(crate) fn parameters12(
    hello: &ClientHello,
    config: &ServerConfig,
    credential: &Credential,
) -> Result<Choice, Error> {
    let (lists, schemes) = (hello.lists(), schemes(hello)?);
    let ours = || config.provider.suites12();
    let mut mutual: Vec<&'static Tls12CipherSuite> = match config.ignore_client_order {
        true => ours().filter(|suite| hello.offers(suite.common.suite)).collect(),
        false => {
            let named = |name: &CipherSuite| ours().find(|suite| suite.common.suite == *name);
            let mut mutual = Vec::new();
            for suite in lists.cipher_suites.iter().filter_map(named) {
                // Each once, or a hostile hello would cost the product of this list and that of its schemes.
                if !mutual.contains(&suite) {
                    mutual.push(suite);
                }
            }
            mutual
        }
    };
    if mutual.is_empty() {
        return Err(PeerIncompatible::NoCipherSuitesInCommon.into());
    }
    let groups = lists.groups.as_deref().ok_or(PeerIncompatible::NoCipherSuiteWithoutNamedGroups)?;
    let group = config
        .provider
        .groups(ProtocolVersion::TLSv1_2)
        .find(|group| groups.contains(&group.name()))
        .ok_or(PeerIncompatible::NoKxGroupsInCommon)?;
    mutual.retain(|suite| fits_key(suite, credential));
    if mutual.is_empty() {
        return Err(PeerIncompatible::NoCipherSuitesInCommon.into());
    }
    // In TLS 1.2 the groups are also those of the keys that a client can check. RFC 8422 section 5.1.
    let key_type = credential.certified.cert.first().and_then(key_type_of);
    if key_type.and_then(|key| key.curve).is_some_and(|curve| !groups.contains(&curve)) {
        return Err(PeerIncompatible::NoCipherSuiteForCertificateCurve.into());
    }
    for suite in mutual {
        let usable = suite.resolve_sig_schemes(schemes);
        if let Some(signer) = certs::choose_signer(credential, &Checks { schemes: &usable, delegated: &[] })?
        {
            return Ok(Choice { suite, group, signer });
        }
    }
    Err(PeerIncompatible::NoCipherSuiteForSignatureSchemes.into())
}

fn fits_key(suite: &'static Tls12CipherSuite, credential: &Credential) -> bool {
    SupportedCipherSuite::Tls12(suite).usable_for_signature_algorithm(credential.certified.key.algorithm())
}

/// What is chosen of a full handshake of TLS 1.2.
pub(crate) struct Choice {
    pub(crate) suite: &'static Tls12CipherSuite,
    pub(crate) group: &'static dyn SupportedKxGroup,
    pub(crate) signer: ReadySigner,
}
