//! The largest records that each side takes. RFC 8449.
//!
//! A limit is the length of what a protected record holds: in TLS 1.3 the content, its type byte and the padding, in TLS 1.2
//! the content alone. It binds the one that is told of it, from the keys of this handshake on, and says nothing of records in
//! the clear.

use crate::error::{Error, PeerMisbehaved};
use crate::flow::cx::Cx;
use crate::names::ProtocolVersion;

/// The smallest limit there is. RFC 8449 section 4.
const LEAST: u16 = 64;

/// The largest record content of the protocol. RFC 8446 section 5.1, RFC 5246 section 6.2.1.
const MOST_CONTENT: usize = 1 << 14;

/// The header of a record, which the public setting counts.
const HEADER: usize = 5;

/// The limit that the setting asks for: `max_fragment_size` of the config is the largest record that we send, and if it is
/// set also the largest that we want to get. RFC 8449 knows none below 64.
pub(crate) fn ours(max_fragment_size: Option<usize>, version: ProtocolVersion) -> Option<u16> {
    let content = max_fragment_size?.saturating_sub(HEADER).min(MOST_CONTENT);
    let limit = content.saturating_add(type_byte(version));
    Some(u16::try_from(limit).unwrap_or(u16::MAX).max(LEAST))
}

/// The answer of a server without a setting: the most that the version has. RFC 8449 section 4 wants it said, so that the
/// client knows that its own limit is kept.
pub(crate) fn any(version: ProtocolVersion) -> u16 {
    u16::try_from(MOST_CONTENT.saturating_add(type_byte(version))).unwrap_or(u16::MAX)
}

/// A peer's limit. One beyond the protocol's means no limit: the peer may know more than the version that was chosen.
///
/// # Errors
///
/// It is too small to be one.
pub(crate) fn check(theirs: Option<u16>) -> Result<(), Error> {
    match theirs {
        Some(limit) if limit < LEAST => Err(PeerMisbehaved::OfferedTooSmallRecordSizeLimit.into()),
        _ => Ok(()),
    }
}

/// What we protect from here on keeps to the peer's limit.
pub(crate) fn obey(theirs: u16, version: ProtocolVersion, cx: &mut Cx<'_>) {
    cx.carrier.limit_sent(usize::from(theirs).saturating_sub(type_byte(version)));
}

/// What the peer protects from here on has to keep to ours.
pub(crate) fn enforce(ours: Option<u16>, cx: &mut Cx<'_>) {
    if let Some(limit) = ours {
        cx.carrier.limit_received(usize::from(limit));
    }
}

fn type_byte(version: ProtocolVersion) -> usize {
    usize::from(version == ProtocolVersion::TLSv1_3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V12: ProtocolVersion = ProtocolVersion::TLSv1_2;
    const V13: ProtocolVersion = ProtocolVersion::TLSv1_3;

    #[test]
    fn the_setting_counts_the_header_and_tls13_the_type() {
        assert_eq!((ours(None, V12), ours(None, V13)), (None, None));
        assert_eq!((ours(Some(1005), V12), ours(Some(1005), V13)), (Some(1000), Some(1001)));
        assert_eq!((ours(Some(16_389), V12), ours(Some(16_389), V13)), (Some(16_384), Some(16_385)));
        assert_eq!((ours(Some(32), V12), ours(Some(32), V13)), (Some(64), Some(64)));
        assert_eq!((any(V12), any(V13)), (16_384, 16_385));
    }

    #[test]
    fn limits_below_64_are_none() {
        for (limit, good) in [(0, false), (63, false), (64, true), (16_385, true), (0xffff, true)] {
            assert_eq!(check(Some(limit)).is_ok(), good, "{limit}");
        }
        assert_eq!(check(None), Ok(()));
    }
}
