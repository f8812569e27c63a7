//! Names of servers as keys of a map: hashed in one step, and looked up by what is borrowed.

use core::borrow::Borrow;
use core::hash::{Hash, Hasher};

use pki_types::ServerName;

/// A name that is a key. Two are the same as [`ServerName`] has it, where the case of ASCII does not count.
#[derive(Clone)]
pub(super) struct NameKey(pub(super) ServerName<'static>);

/// What a map is asked for.
pub(super) trait Named {
    fn name(&self) -> &ServerName<'_>;
}

impl Named for NameKey {
    fn name(&self) -> &ServerName<'_> {
        &self.0
    }
}

impl Named for ServerName<'_> {
    fn name(&self) -> &ServerName<'_> {
        self
    }
}

impl<'q> Borrow<dyn Named + 'q> for NameKey {
    fn borrow(&self) -> &(dyn Named + 'q) {
        self
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Named + '_ {}

impl Hash for dyn Named + '_ {
    /// All bytes at once. `ServerName` hashes each by itself, which takes several times as long.
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.name() {
            ServerName::DnsName(name) => {
                let name = name.as_ref().as_bytes();
                let mut lower = [0; LONGEST];
                lower.iter_mut().zip(name).for_each(|(to, from)| *to = from.to_ascii_lowercase());
                state.write(lower.get(..name.len()).unwrap_or(&lower));
            }
            name => name.hash(state),
        }
    }
}

impl PartialEq for NameKey {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for NameKey {}

impl Hash for NameKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self as &dyn Named).hash(state);
    }
}

/// No DNS name is longer. RFC 1035 section 2.3.4.
const LONGEST: usize = 255;

#[cfg(all(test, feature = "std"))]
mod tests {
    use core::hash::BuildHasher;
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn names_that_are_the_same_are_one_key() {
        let name = |text: &'static str| ServerName::try_from(text).unwrap();
        let longest = "a.".repeat(126) + "a";
        let map: HashMap<NameKey, usize> = ["host.example", "10.0.0.1", "::1", longest.clone().leak()]
            .into_iter()
            .enumerate()
            .map(|(at, text)| (NameKey(name(text)), at))
            .collect();
        let find = |text: &str| map.get(&ServerName::try_from(text).unwrap() as &dyn Named).copied();
        assert_eq!([find("host.example"), find("HOST.eXample")], [Some(0); 2]);
        assert_eq!([find("10.0.0.1"), find("::1"), find("0:0::1")], [Some(1), Some(2), Some(2)]);
        assert_eq!([find(&longest), find(&longest.to_uppercase())], [Some(3); 2]);
        assert_eq!([find("host.example."), find("other.example"), find("10.0.0.2")], [None; 3]);
        let hash = |text| map.hasher().hash_one(NameKey(name(text)));
        assert_ne!(hash("host.example"), hash("other.example"));
    }
}
