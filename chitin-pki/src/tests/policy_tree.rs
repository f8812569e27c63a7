//! The graph of RFC 9618 against the tree of RFC 5280 section 6.1, which it has to agree with.
//!
//! The tree here is written from the text of section 6.1, as slowly as that has it, and shares nothing with the graph. Both judge
//! many small paths whose extensions are drawn at random.

use alloc::vec::Vec;
use std::collections::BTreeSet;

use super::support::*;
use crate::budget::Purse;
use crate::policies::{PolicyInputs, evaluate};
use crate::{Certificate, oid_from_text};

/// What is drawn of a certificate.
#[derive(Clone, Debug, Default)]
struct Drawn {
    policies: Option<BTreeSet<u8>>,
    mappings: Vec<(u8, u8)>,
    explicit: Option<u8>,
    no_mapping: Option<u8>,
    no_any: Option<u8>,
    self_issued: bool,
}

#[derive(Clone, Debug)]
struct Inputs {
    initial: Option<Vec<u8>>,
    explicit: bool,
    no_mapping: bool,
    no_any: bool,
}

const ANY: u8 = 0;

/// The octets of the identifier of a policy, 1.2.n or anyPolicy.
fn octets(n: u8) -> Vec<u8> {
    if n == ANY { oid_from_text("2.5.29.32.0").unwrap() } else { Vec::from([0x2a, n]) }
}

/// A node of the tree: (valid_policy, expected_policy_set), its depth and its parent.
struct Node {
    depth: usize,
    policy: u8,
    expected: BTreeSet<u8>,
    parent: Option<usize>,
    there: bool,
}

struct Tree(Vec<Node>);

impl Tree {
    fn new() -> Self {
        Self(Vec::from([Node {
            depth: 0,
            policy: ANY,
            expected: BTreeSet::from([ANY]),
            parent: None,
            there: true,
        }]))
    }

    fn is_null(&self) -> bool {
        !self.0[0].there
    }

    fn at(&self, depth: usize) -> Vec<usize> {
        (0..self.0.len()).filter(|&node| self.0[node].there && self.0[node].depth == depth).collect()
    }

    fn any_at(&self, depth: usize) -> Option<usize> {
        self.at(depth).into_iter().find(|&node| self.0[node].policy == ANY)
    }

    fn children(&self, of: usize) -> Vec<usize> {
        (0..self.0.len()).filter(|&node| self.0[node].there && self.0[node].parent == Some(of)).collect()
    }

    fn add(&mut self, parent: usize, policy: u8, expected: BTreeSet<u8>) {
        let depth = self.0[parent].depth + 1;
        self.0.push(Node { depth, policy, expected, parent: Some(parent), there: true });
    }

    fn delete(&mut self, node: usize) {
        self.0[node].there = false;
        self.children(node).into_iter().for_each(|child| self.delete(child));
    }

    /// "If there is a node of depth i-1 or less without any child nodes, delete that node. Repeat."
    fn prune(&mut self, depth: usize) {
        for above in (0..depth).rev() {
            for node in self.at(above) {
                if self.children(node).is_empty() {
                    self.0[node].there = false;
                }
            }
        }
    }
}

/// RFC 5280 section 6.1, of which only the policies: whether the path is valid, and for which policies.
fn by_tree(path: &[Drawn], inputs: &Inputs) -> Option<BTreeSet<u8>> {
    let n = path.len();
    let mut tree = Tree::new();
    let first = |now: bool| if now { 0 } else { n + 1 };
    let (mut explicit, mut mapping, mut any) =
        (first(inputs.explicit), first(inputs.no_mapping), first(inputs.no_any));
    for (i, cert) in (1..).zip(path) {
        // 6.1.3 (d) and (e)
        match &cert.policies {
            Some(policies) if !tree.is_null() => {
                for &policy in policies.iter().filter(|policy| **policy != ANY) {
                    let fits: Vec<_> = tree.at(i - 1);
                    let fits: Vec<_> =
                        fits.into_iter().filter(|&node| tree.0[node].expected.contains(&policy)).collect();
                    let parents = if fits.is_empty() { Vec::from_iter(tree.any_at(i - 1)) } else { fits };
                    parents.into_iter().for_each(|parent| tree.add(parent, policy, BTreeSet::from([policy])));
                }
                if policies.contains(&ANY) && (any > 0 || (i < n && cert.self_issued)) {
                    for node in tree.at(i - 1) {
                        let have: BTreeSet<_> =
                            tree.children(node).into_iter().map(|c| tree.0[c].policy).collect();
                        for policy in tree.0[node].expected.clone().difference(&have) {
                            tree.add(node, *policy, BTreeSet::from([*policy]));
                        }
                    }
                }
                tree.prune(i);
            }
            Some(_) => {}
            None => tree.delete(0),
        }
        // 6.1.3 (f)
        if explicit == 0 && tree.is_null() {
            return None;
        }
        if i == n {
            break;
        }
        // 6.1.4 (b)
        for from in cert.mappings.iter().map(|(from, _)| *from).collect::<BTreeSet<_>>() {
            let to: BTreeSet<_> = cert.mappings.iter().filter(|(a, _)| *a == from).map(|(_, b)| *b).collect();
            let mapped: Vec<_> = tree.at(i).into_iter().filter(|&node| tree.0[node].policy == from).collect();
            if mapping == 0 {
                mapped.into_iter().for_each(|node| tree.delete(node));
                tree.prune(i);
            } else if !mapped.is_empty() {
                mapped.into_iter().for_each(|node| tree.0[node].expected = to.clone());
            } else if let Some(node) = tree.any_at(i) {
                let parent = tree.0[node].parent.unwrap();
                tree.add(parent, from, to);
            }
        }
        // 6.1.4 (h) to (j)
        if !cert.self_issued {
            explicit = explicit.saturating_sub(1);
            mapping = mapping.saturating_sub(1);
            any = any.saturating_sub(1);
        }
        let lower = |counter: &mut usize, to: Option<u8>| {
            *counter = to.map_or(*counter, |to| usize::from(to).min(*counter));
        };
        lower(&mut explicit, cert.explicit);
        lower(&mut mapping, cert.no_mapping);
        lower(&mut any, cert.no_any);
    }
    // 6.1.5 (a), (b) and (g)
    explicit = explicit.saturating_sub(1);
    if path[n - 1].explicit == Some(0) {
        explicit = 0;
    }
    let of_anchor = |tree: &Tree| -> Vec<usize> {
        let below_any = |node: &Node| node.parent.is_some_and(|parent| tree.0[parent].policy == ANY);
        (0..tree.0.len()).filter(|&node| tree.0[node].there && below_any(&tree.0[node])).collect()
    };
    if let (Some(initial), false) = (&inputs.initial, tree.is_null()) {
        for node in of_anchor(&tree) {
            if tree.0[node].policy != ANY && !initial.contains(&tree.0[node].policy) {
                tree.delete(node);
            }
        }
        if let Some(last) = tree.any_at(n) {
            let have: BTreeSet<_> = of_anchor(&tree).into_iter().map(|node| tree.0[node].policy).collect();
            let parent = tree.0[last].parent.unwrap();
            for policy in initial.iter().filter(|policy| !have.contains(policy)) {
                tree.add(parent, *policy, BTreeSet::new());
            }
            tree.delete(last);
        }
        tree.prune(n);
    }
    if explicit == 0 && tree.is_null() {
        return None;
    }
    // anyPolicy is a policy of the path only where it is one of the last certificate.
    let found =
        of_anchor(&tree).into_iter().filter(|&node| tree.0[node].policy != ANY || tree.0[node].depth == n);
    Some(found.map(|node| tree.0[node].policy).collect())
}

fn by_graph(path: &[Drawn], inputs: &Inputs, key: &rcgen::KeyPair) -> Option<BTreeSet<u8>> {
    let ders: Vec<_> = path.iter().enumerate().map(|(at, drawn)| drawn.certificate(at, key)).collect();
    let certificates: Vec<_> = ders.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    let initial: Option<Vec<_>> =
        inputs.initial.as_ref().map(|list| list.iter().map(|n| octets(*n)).collect());
    let initial: Option<Vec<&[u8]>> = initial.as_ref().map(|list| list.iter().map(Vec::as_slice).collect());
    let inputs = PolicyInputs {
        initial_set: initial.as_deref(),
        require_explicit: inputs.explicit,
        inhibit_mapping: inputs.no_mapping,
        inhibit_any: inputs.no_any,
    };
    let found = evaluate(certificates.iter(), &inputs, &mut Purse::new()).ok()?;
    let named = found.policies.iter().map(|policy| policy[policy.len() - 1]);
    Some(named.chain(found.any.then_some(ANY)).collect())
}

impl Drawn {
    /// It is signed by nobody: this is about the extensions alone.
    fn certificate(&self, at: usize, key: &rcgen::KeyPair) -> pki_types::CertificateDer<'static> {
        let [subject, other] = [at + 1, at].map(|number| std::format!("ca {number}"));
        let mut parts = Parts::leaf(if self.self_issued { &subject } else { &other }, key);
        parts.subject = common_name(&subject);
        let oid = |n: u8| tlv(6, &[&octets(n)]);
        let mut add = |number, value: Vec<u8>| parts.extensions.push(id_ce(number, &[], &value));
        if let Some(policies) = &self.policies {
            let list: Vec<_> = policies.iter().rev().map(|n| tlv(0x30, &[&oid(*n)])).collect();
            add(32, tlv(0x30, &[&list.concat()]));
        }
        if !self.mappings.is_empty() {
            let list: Vec<_> = self.mappings.iter().map(|(a, b)| tlv(0x30, &[&oid(*a), &oid(*b)])).collect();
            add(33, tlv(0x30, &[&list.concat()]));
        }
        let count = |tag, count: Option<u8>| count.map(|n| tlv(tag, &[&[n]])).unwrap_or_default();
        if self.explicit.is_some() || self.no_mapping.is_some() {
            add(36, tlv(0x30, &[&count(0x80, self.explicit), &count(0x81, self.no_mapping)]));
        }
        if self.no_any.is_some() {
            add(54, count(2, self.no_any));
        }
        parts.sign_by(|_| Vec::from([0]))
    }
}

/// Numbers that look random and are the same each time (the generator of Numerical Recipes).
struct Dice(u32);

impl Dice {
    fn throw(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % below
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.throw(many) == 0
    }

    fn policy(&mut self) -> u8 {
        u8::try_from(self.throw(4)).unwrap() + 1
    }

    fn count(&mut self, rarity: u32) -> Option<u8> {
        self.one_in(rarity).then(|| u8::try_from(self.throw(3)).unwrap())
    }

    fn certificate(&mut self) -> Drawn {
        let policies = (!self.one_in(12)).then(|| {
            let count = self.throw(4);
            let named = (0..count).map(|_| self.policy()).collect::<BTreeSet<_>>();
            let any = named.is_empty() || self.one_in(3);
            named.into_iter().chain(any.then_some(ANY)).collect()
        });
        let pairs = if self.one_in(2) { self.throw(4) } else { 0 };
        Drawn {
            policies,
            mappings: (0..pairs).map(|_| (self.policy(), self.policy())).collect(),
            explicit: self.count(6),
            no_mapping: self.count(6),
            no_any: self.count(6),
            self_issued: self.one_in(5),
        }
    }

    fn inputs(&mut self) -> Inputs {
        let initial = self.one_in(2).then(|| {
            let count = self.throw(3) + 1;
            (0..count).map(|_| self.policy()).collect()
        });
        Inputs { initial, explicit: self.one_in(2), no_mapping: self.one_in(6), no_any: self.one_in(6) }
    }
}

#[test]
fn the_graph_agrees_with_the_tree() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut dice = Dice(5280);
    let (mut refused, mut with_policies) = (0, 0);
    for _ in 0..5_000 {
        let length = dice.throw(5) + 1;
        let path: Vec<_> = (0..length).map(|_| dice.certificate()).collect();
        let inputs = dice.inputs();
        let (tree, graph) = (by_tree(&path, &inputs), by_graph(&path, &inputs, &key));
        assert_eq!(graph, tree, "{inputs:?} {path:#?}");
        refused += usize::from(tree.is_none());
        with_policies += usize::from(tree.is_some_and(|policies| !policies.is_empty()));
    }
    // Each outcome comes often enough to say something.
    assert!(refused > 500 && with_policies > 500, "{refused} {with_policies}");
}
