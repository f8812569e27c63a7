//! Certificate policies: the extensions, what a caller may ask for, and whether a path meets it. RFC 9618.
//!
//! The tree of RFC 5280 grows exponentially with the policies of a chain, so we build the graph of RFC 9618 section 5,
//! which has at most one node for a policy and a level. Qualifiers are for people, and are not looked at.

mod extensions;
mod graph;

use alloc::vec::Vec;

pub(crate) use extensions::{CertificatePolicies, PolicyConstraints, PolicyMappings, inhibit_any_policy};

use crate::budget::Purse;
use crate::cert::Certificate;
use crate::error::Problem;
use crate::oid;
use graph::Graph;

/// What a caller asks of the policies of a path: the inputs (c) to (g) of RFC 5280 section 6.1.1.
///
/// The default asks for nothing: any policy will do, none need be there, and what the certificates themselves demand
/// holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct PolicyInputs<'v> {
    /// The policies that will do, each as the octets of its identifier, as [`oid_from_text`](crate::oid_from_text) makes
    /// them. None: any policy.
    pub initial_set: Option<&'v [&'v [u8]]>,
    /// A path must be valid for one of these policies.
    pub require_explicit: bool,
    /// No certificate may say that a policy of its issuer's is another of its own.
    pub inhibit_mapping: bool,
    /// `anyPolicy` in a certificate stands for none.
    pub inhibit_any: bool,
}

/// The policies that a path is valid for and that the caller asked for. RFC 5280 section 6.1.6.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySet {
    /// It is valid for every policy there is.
    pub any: bool,
    /// The octets of the identifiers, sorted; those that are there beside `any`, too.
    pub policies: Vec<Vec<u8>>,
}

impl PolicySet {
    /// Whether a policy, by the octets of its identifier, is in the set.
    pub fn contains(&self, policy: &[u8]) -> bool {
        self.any || self.policies.iter().any(|held| held == policy)
    }

    /// Whether the path is valid for no policy that was asked for.
    pub fn is_empty(&self) -> bool {
        !self.any && self.policies.is_empty()
    }
}

/// A certificate's rules broken, or the place in the path where the policies ran out.
pub(crate) struct Refusal {
    /// From the anchor's side: 0 is the certificate that the anchor signed.
    pub(crate) depth: usize,
    pub(crate) problem: Problem,
}

/// Goes down a path from the certificate that the anchor signed to the leaf. RFC 5280 section 6.1.3 (d) to (f), 6.1.4 (a),
/// (b), (h) to (j), 6.1.5 (a), (b), (g), as RFC 9618 has them.
pub(crate) fn evaluate<'p, 'a: 'p>(
    path: impl ExactSizeIterator<Item = &'p Certificate<'a>> + Clone,
    inputs: &PolicyInputs<'_>,
    purse: &mut Purse,
) -> Result<PolicySet, Refusal> {
    // Nobody asks, and without policies in the certificates a path is valid for none.
    let says_nothing = |certificate: &Certificate<'_>| {
        certificate.extensions.policies.is_none() && certificate.extensions.policy_constraints.is_none()
    };
    if !inputs.require_explicit && path.clone().all(says_nothing) {
        return Ok(PolicySet::default());
    }
    let count = path.len();
    // Certificates that may pass until the rule holds; more than there are of them: never. RFC 5280 section 6.1.2 (d) to (f).
    let unless = |now: bool| if now { 0 } else { count.saturating_add(1) };
    let mut explicit = unless(inputs.require_explicit);
    let mut mapping = unless(inputs.inhibit_mapping);
    let mut inhibit_any = unless(inputs.inhibit_any);
    let mut graph = Graph::new();

    for (depth, certificate) in path.enumerate() {
        let refuse = |problem: Problem| Refusal { depth, problem };
        let last = depth.saturating_add(1) == count;
        let extensions = &certificate.extensions;
        match extensions.policies {
            Some(policies) => {
                purse.policies(policies.len()).map_err(refuse)?;
                let any = inhibit_any > 0 || (!last && certificate.is_self_issued());
                graph.descend(&policies, any);
            }
            None => graph.clear(),
        }
        if explicit == 0 && graph.is_empty() {
            return Err(refuse(Problem::NoValidPolicy));
        }
        let constraints = extensions.policy_constraints.unwrap_or_default();
        if last {
            // RFC 5280 section 6.1.5 (a) and (b).
            explicit = explicit.saturating_sub(1);
            if constraints.require_explicit == Some(0) {
                explicit = 0;
            }
            break;
        }
        if let Some(mappings) = extensions.policy_mappings {
            purse.policies(mappings.len()).map_err(refuse)?;
            match mapping {
                0 => graph.forget(&mappings),
                _ => graph.map(&mappings),
            }
        }
        if !certificate.is_self_issued() {
            for counter in [&mut explicit, &mut mapping, &mut inhibit_any] {
                *counter = counter.saturating_sub(1);
            }
        }
        lower(&mut explicit, constraints.require_explicit);
        lower(&mut mapping, constraints.inhibit_mapping);
        lower(&mut inhibit_any, extensions.inhibit_any_policy);
    }

    let found = constrained(graph.authority_set(), inputs.initial_set);
    if explicit == 0 && found.is_empty() {
        return Err(Refusal { depth: count.saturating_sub(1), problem: Problem::NoValidPolicy });
    }
    Ok(found)
}

/// RFC 5280 section 6.1.4 (i) and (j): a certificate may only be stricter than those above it.
fn lower(counter: &mut usize, to: Option<u32>) {
    if let Some(to) = to.and_then(|to| usize::try_from(to).ok()) {
        *counter = to.min(*counter);
    }
}

/// RFC 9618 section 5.5 (g): of the policies that the authorities let pass, those that the caller asked for.
fn constrained(mut authority: Vec<&[u8]>, initial: Option<&[&[u8]]>) -> PolicySet {
    let any = authority.contains(&oid::ANY_POLICY);
    authority.retain(|policy| *policy != oid::ANY_POLICY);
    let (any, mut policies) = match initial.filter(|set| !set.contains(&oid::ANY_POLICY)) {
        None => (any, authority),
        Some(asked) if any => (false, asked.to_vec()),
        Some(asked) => {
            authority.retain(|policy| asked.contains(policy));
            (false, authority)
        }
    };
    policies.sort_unstable();
    policies.dedup();
    PolicySet { any, policies: policies.into_iter().map(<[u8]>::to_vec).collect() }
}
