//! The revocation lists of a case, for suites that want every certificate of a path to be spoken of.

use chitin_pki::{Path, Revocation, RevocationList, Verifier};
use pki_types::CertificateDer;

/// Asks all lists about all of a path. One that cannot be read is as if it were not there.
pub fn check(
    verifier: &Verifier<'_>,
    path: &Path<'_, '_>,
    pool: &[CertificateDer<'_>],
    lists: &[impl AsRef<[u8]>],
) -> Result<(), String> {
    let parse = |der: &[u8]| RevocationList::parse(der.to_vec().into());
    let lists: Vec<_> = lists.iter().filter_map(|der| parse(der.as_ref()).ok()).collect();
    Revocation::by_lists(&lists).check(verifier, path, pool).map(|_| ()).map_err(|e| e.to_string())
}
