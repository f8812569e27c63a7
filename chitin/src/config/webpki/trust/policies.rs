//! What is asked of the certificate policies of a path, as an application says it.

use alloc::format;
use alloc::vec::Vec;

use chitin_pki::{PolicyInputs, oid_from_text};

use crate::error::Error;

/// Says what to ask of certificate policies (RFC 5280 section 6.1.1, as RFC 9618 has it). Not in rustls 0.23.
///
/// A verifier that has none of these takes any policy and none. What certificates demand themselves holds all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Octets of identifiers.
    accepted: Vec<Vec<u8>>,
    inhibit_mapping: bool,
    inhibit_any: bool,
}

impl Policies {
    /// Takes paths that are valid for one of these policies or more, each an object identifier such as `2.23.140.1.2.2`.
    ///
    /// # Errors
    ///
    /// [`Error::General`] names the text that is no object identifier, or says that there is none.
    pub fn one_of<'a>(identifiers: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let read = |text: &str| {
            oid_from_text(text).ok_or_else(|| Error::General(format!("{text:?} is no object identifier")))
        };
        let accepted: Vec<_> = identifiers.into_iter().map(read).collect::<Result<_, _>>()?;
        match accepted.is_empty() {
            true => Err(Error::General("no policy would ever do".into())),
            false => Ok(Self { accepted, ..Self::default() }),
        }
    }

    /// Takes no certificate's word that a policy of its issuer's is another of its own.
    pub fn without_mapping(mut self) -> Self {
        self.inhibit_mapping = true;
        self
    }

    /// Takes the policy that stands for all others for none.
    pub fn without_any_policy(mut self) -> Self {
        self.inhibit_any = true;
        self
    }

    pub(super) fn accepted(&self) -> Vec<&[u8]> {
        self.accepted.iter().map(Vec::as_slice).collect()
    }

    /// `accepted` is what [`Self::accepted`] gave.
    pub(super) fn inputs<'a>(&self, accepted: &'a [&'a [u8]]) -> PolicyInputs<'a> {
        PolicyInputs {
            initial_set: Some(accepted),
            require_explicit: true,
            inhibit_mapping: self.inhibit_mapping,
            inhibit_any: self.inhibit_any,
        }
    }

    pub(super) fn describe(&self) -> Vec<Vec<u8>> {
        let flags = [self.inhibit_mapping, self.inhibit_any].map(u8::from).to_vec();
        core::iter::once(flags).chain(self.accepted.iter().cloned()).collect()
    }
}
