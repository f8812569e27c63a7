//! The revocation lists of a case, for suites that want every certificate of a path to be spoken of.

use chitin_pki::{Certificate, Error, Inquiry, Path, Revocation, RevocationList, Verifier};
use pki_types::CertificateDer;

/// Finds a path of which the lists say that nothing is revoked. A list that cannot be read is as if it were not there.
pub fn verify<'v, 'c>(
    verifier: &Verifier<'v>,
    leaf: &Certificate<'c>,
    pool: &'c [CertificateDer<'_>],
    lists: &[impl AsRef<[u8]>],
) -> Result<Path<'v, 'c>, Error> {
    let parse = |der: &[u8]| RevocationList::parse(der.to_vec().into());
    let lists: Vec<_> = lists.iter().filter_map(|der| parse(der.as_ref()).ok()).collect();
    let mut inquiry = Inquiry::new(Revocation::by_lists(&lists), pool);
    let (path, _) = verifier.verify_with(leaf, pool, |path| inquiry.check(verifier, path))?;
    Ok(path)
}
