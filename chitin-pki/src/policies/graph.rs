//! The valid policy graph of RFC 9618 section 5.
//!
//! A level has a node for each policy that the certificate at that depth may be said to have. Who its parents are is
//! remembered by their places in the level above, so that the size of all is that of the extensions read. A node without
//! children is left where it is: nothing comes to it from below, and only what does is counted in the end.

use alloc::vec::Vec;

use super::{CertificatePolicies, PolicyMappings};
use crate::oid;

pub(super) struct Graph<'a> {
    levels: Vec<Level<'a>>,
}

#[derive(Default)]
struct Level<'a> {
    /// There is a node for anyPolicy. Its parents are those of before, up to the root.
    any: bool,
    nodes: Vec<Node<'a>>,
    /// What a certificate below may say to continue a node: the expected policies with the places of their nodes, sorted.
    expected: Vec<(&'a [u8], usize)>,
}

struct Node<'a> {
    policy: &'a [u8],
    parents: Parents,
}

enum Parents {
    /// The node for anyPolicy: the policy is of the anchor's domain, so this is where a caller's policies count.
    Any,
    /// Places in the level above.
    Nodes(Vec<usize>),
}

impl<'a> Graph<'a> {
    /// RFC 5280 section 6.1.2 (a): one node, anyPolicy.
    pub(super) fn new() -> Self {
        Self { levels: Vec::from([Level { any: true, ..Level::default() }]) }
    }

    /// Nothing is valid any more, whatever comes.
    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.levels.last().is_none_or(|level| !level.any && level.expected.is_empty())
    }

    /// Adds the level of a certificate. RFC 5280 section 6.1.3 (d).
    pub(super) fn descend(&mut self, policies: &CertificatePolicies<'a>, any_allowed: bool) {
        let Some(above) = self.levels.last().filter(|_| !self.is_empty()) else {
            return self.clear();
        };
        let mut level = Level::default();
        let mut named: Vec<&[u8]> = policies.iter().collect();
        named.sort_unstable();
        named.dedup();
        // (d) (1)
        for &policy in named.iter().filter(|policy| **policy != oid::ANY_POLICY) {
            let parents = above.expecting(policy);
            if !parents.is_empty() {
                level.nodes.push(Node { policy, parents: Parents::Nodes(parents) });
            } else if above.any {
                level.nodes.push(Node { policy, parents: Parents::Any });
            }
        }
        // (d) (2)
        if any_allowed && named.contains(&oid::ANY_POLICY) {
            for expected in above.expected.chunk_by(|(left, _), (right, _)| left == right) {
                let Some((policy, _)) = expected.first() else { continue };
                if named.binary_search(policy).is_err() {
                    let parents = expected.iter().map(|(_, place)| *place).collect();
                    level.nodes.push(Node { policy, parents: Parents::Nodes(parents) });
                }
            }
            level.any = above.any;
        }
        level.expect_themselves();
        self.levels.push(level);
    }

    /// The certificate says which policies of the issuer's are which of its own. RFC 5280 section 6.1.4 (b) (1).
    pub(super) fn map(&mut self, mappings: &PolicyMappings<'a>) {
        let Some(level) = self.levels.last_mut() else { return };
        let mut pairs: Vec<_> = mappings.iter().collect();
        pairs.sort_unstable();
        pairs.dedup();
        level.drop_expected(&pairs);
        let places = level.places();
        for mapping in pairs.chunk_by(|(left, _), (right, _)| left == right) {
            let Some((policy, _)) = mapping.first() else { continue };
            let place = match places.binary_search_by_key(policy, |(policy, _)| *policy) {
                Ok(found) => places.get(found).map(|(_, place)| *place),
                Err(_) if level.any => {
                    level.nodes.push(Node { policy, parents: Parents::Any });
                    level.nodes.len().checked_sub(1)
                }
                Err(_) => None,
            };
            if let Some(place) = place {
                level.expected.extend(mapping.iter().map(|(_, theirs)| (*theirs, place)));
            }
        }
        level.expected.sort_unstable();
    }

    /// The certificate says so where it may not: these policies end here. RFC 5280 section 6.1.4 (b) (2).
    pub(super) fn forget(&mut self, mappings: &PolicyMappings<'a>) {
        let Some(level) = self.levels.last_mut() else { return };
        let mut pairs: Vec<_> = mappings.iter().collect();
        pairs.sort_unstable();
        level.drop_expected(&pairs);
    }

    /// The policies of the anchor's domain that lead down to the last certificate. RFC 9618 section 5.5 (g) (1) and (2).
    pub(super) fn authority_set(&self) -> Vec<&'a [u8]> {
        let mut found = Vec::new();
        let mut reached: Option<Vec<bool>> = None;
        for (depth, level) in self.levels.iter().enumerate().rev() {
            let above = depth.checked_sub(1).and_then(|above| self.levels.get(above));
            let mut next =
                above.map(|above| core::iter::repeat_n(false, above.nodes.len()).collect::<Vec<_>>());
            if reached.is_none() && level.any {
                found.push(oid::ANY_POLICY);
            }
            for (place, node) in level.nodes.iter().enumerate() {
                if reached.as_ref().is_some_and(|reached| reached.get(place) != Some(&true)) {
                    continue;
                }
                match &node.parents {
                    Parents::Any => found.push(node.policy),
                    Parents::Nodes(parents) => {
                        for parent in parents {
                            if let Some(mark) = next.as_mut().and_then(|next| next.get_mut(*parent)) {
                                *mark = true;
                            }
                        }
                    }
                }
            }
            reached = Some(next.unwrap_or_default());
        }
        found
    }
}

impl<'a> Level<'a> {
    /// RFC 5280 section 6.1.3 (d): each node expects its own policy, until it is mapped.
    fn expect_themselves(&mut self) {
        self.expected = self.places();
    }

    /// The policies with the places of their nodes, sorted.
    fn places(&self) -> Vec<(&'a [u8], usize)> {
        let mut places: Vec<_> =
            self.nodes.iter().enumerate().map(|(place, node)| (node.policy, place)).collect();
        places.sort_unstable();
        places
    }

    /// The places of the nodes that this policy continues.
    fn expecting(&self, policy: &[u8]) -> Vec<usize> {
        let start = self.expected.partition_point(|(expected, _)| *expected < policy);
        self.expected
            .iter()
            .skip(start)
            .take_while(|(expected, _)| *expected == policy)
            .map(|(_, place)| *place)
            .collect()
    }

    /// Nodes of policies that are mapped do not expect themselves. `pairs` are sorted.
    fn drop_expected(&mut self, pairs: &[(&[u8], &[u8])]) {
        self.expected
            .retain(|(policy, _)| pairs.binary_search_by_key(policy, |(issuers, _)| *issuers).is_err());
    }
}
