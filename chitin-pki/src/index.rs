//! Which anchors have a name, without a look at each.

use alloc::boxed::Box;
use core::fmt;

use pki_types::TrustAnchor;

/// The positions of anchors, by how their names are written. Made once for a list of anchors, and used with that list only.
///
/// It leads to what is looked at first: [`Verifier`](crate::Verifier) compares each name it is led to, and goes through all anchors
/// for a name that is written otherwise.
#[derive(Clone, Default)]
pub struct AnchorIndex {
    /// A sum of the name and the position, sorted; empty for few anchors.
    places: Box<[(u32, u32)]>,
}

impl AnchorIndex {
    /// An index of these anchors, in the order of their list.
    pub fn new<'a>(anchors: impl Iterator<Item = &'a TrustAnchor<'a>>) -> Self {
        let mut places: alloc::vec::Vec<_> =
            (0..u32::MAX).zip(anchors).map(|(at, anchor)| (sum(&anchor.subject), at)).collect();
        match places.len() < WORTHWHILE {
            true => Self::default(),
            false => {
                places.sort_unstable();
                Self { places: places.into() }
            }
        }
    }

    /// The anchors that may have this name, written so, in their order. `None`: they are to be looked at one by one.
    pub(crate) fn find(&self, name: &[u8]) -> Option<impl Iterator<Item = usize>> {
        if self.places.is_empty() {
            return None;
        }
        let wanted = sum(name);
        let from = self.places.partition_point(|(sum, _)| *sum < wanted);
        let found = self.places.iter().skip(from).take_while(move |(sum, _)| *sum == wanted);
        Some(found.filter_map(|(_, at)| usize::try_from(*at).ok()))
    }
}

impl fmt::Debug for AnchorIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hundreds of sums would say nothing, and drown everything else.
        match self.places.len() {
            0 => f.write_str("AnchorIndex(none: too few anchors)"),
            anchors => write!(f, "AnchorIndex({anchors} anchors)"),
        }
    }
}

/// Tells most names from each other. Whoever makes two with one sum makes us compare one name more.
fn sum(name: &[u8]) -> u32 {
    let mut sum = u64::try_from(name.len()).unwrap_or_default();
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
    u32::try_from(sum >> 32).unwrap_or_default()
}

/// With fewer anchors it takes no longer to look at each.
const WORTHWHILE: usize = 8;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use pki_types::Der;

    use super::*;

    fn anchor(name: &[u8]) -> TrustAnchor<'_> {
        let subject_public_key_info = Der::from_slice(&[]);
        TrustAnchor { subject: Der::from_slice(name), subject_public_key_info, name_constraints: None }
    }

    /// Beside a look at each.
    #[test]
    fn each_anchor_of_a_name_is_found_in_its_order() {
        let names: Vec<Vec<u8>> = (0..100_u8).map(|n| alloc::vec![n % 40; usize::from(n % 40)]).collect();
        let anchors: Vec<_> = names.iter().map(|name| anchor(name)).collect();
        let index = AnchorIndex::new(anchors.iter());
        for name in names.iter().chain([&alloc::vec![77; 9], &alloc::vec![0; 8]]) {
            let found: Vec<usize> = index.find(name).unwrap().filter(|at| names[*at] == *name).collect();
            let plain: Vec<usize> = (0..names.len()).filter(|at| names[*at] == *name).collect();
            assert_eq!(found, plain);
        }
    }

    #[test]
    fn an_index_is_shown_by_its_size() {
        let anchors = [(); 9].map(|()| anchor(b"a"));
        assert_eq!(std::format!("{:?}", AnchorIndex::new(anchors.iter())), "AnchorIndex(9 anchors)");
        let few = AnchorIndex::new(anchors.iter().take(1));
        assert_eq!(std::format!("{few:?}"), "AnchorIndex(none: too few anchors)");
    }

    #[test]
    fn few_anchors_have_none() {
        let few = [anchor(b"a"), anchor(b"b")];
        assert!(AnchorIndex::new(few.iter()).find(b"a").is_none());
    }
}
