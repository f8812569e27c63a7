//! Lists of parts in bytes, for fingerprints.

use alloc::vec::Vec;

/// Parts as one, each after its length, so that no two lists of parts have the same bytes.
pub(super) fn joined(parts: Vec<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        out.extend(part);
    }
    out
}
