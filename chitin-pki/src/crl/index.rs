//! Finding a serial number among very many.
//!
//! Owns the order of the entries, and nothing else of them: they stay where they are.

use alloc::vec::Vec;

/// The entries of a list by their serial numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(Vec<Slot>);

/// Where an entry is. The part of the serial number that differs is kept here, so that a search stays in this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    key: u64,
    at: u32,
    issuer: u32,
}

/// An entry that was found by the key of a serial number. Others may have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the entry begins.
    pub(super) at: usize,
    /// Where the names of the certificate's issuer begin, if that is not the issuer of the list.
    pub(super) issuer: Option<usize>,
}

impl Index {
    /// Adds an entry; `None` if it lies beyond 4 GiB. After the last one the index wants to be [sorted](Self::sort).
    pub(super) fn push(&mut self, serial: &[u8], place: Place) -> Option<()> {
        let at = u32::try_from(place.at).ok()?;
        // No list starts with a name, so nothing is at 0.
        let issuer = u32::try_from(place.issuer.unwrap_or(0)).ok()?;
        self.0.push(Slot { key: key(serial), at, issuer });
        Some(())
    }

    pub(super) fn sort(&mut self) {
        self.0.sort_unstable();
        self.0.shrink_to_fit();
    }

    /// The entries whose serial number may be this one.
    pub(super) fn find(&self, serial: &[u8]) -> impl Iterator<Item = Place> + use<'_> {
        let key = key(serial);
        let start = self.start_of(key, || {});
        self.0.get(start..).unwrap_or_default().iter().take_while(move |slot| slot.key == key).map(|slot| {
            let position = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
            Place { at: position(slot.at), issuer: (slot.issuer != 0).then(|| position(slot.issuer)) }
        })
    }

    /// Where the slots with this key begin. `look` is called at each look into the table.
    fn start_of(&self, key: u64, mut look: impl FnMut()) -> usize {
        self.0.partition_point(|slot| {
            look();
            slot.key < key
        })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A sum over all octets (FNV-1a): numbers that count, those made at random, and those that have a part in common all differ in it. A
/// CA that makes its own numbers collide slows down only what is asked about its own certificates.
fn key(serial: &[u8]) -> u64 {
    serial.iter().fold(0xcbf2_9ce4_8422_2325, |key, &octet| {
        (key ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Serial numbers that differ at the front, at the back, and in all of their octets.
    fn serials(kind: u8, number: u32) -> Vec<u8> {
        let octets = number.to_be_bytes();
        match kind {
            0 => [&octets[..], &[7; 12]].concat(),
            1 => [&[7; 12], &octets[..]].concat(),
            _ => [octets, number.wrapping_mul(0x9e37_79b1).to_be_bytes()].concat(),
        }
    }

    /// What a search costs is counted in looks into the table: the binary logarithm of its length, and one.
    #[test]
    fn a_search_among_very_many_takes_a_few_looks_more_than_among_few() {
        for kind in 0..3 {
            for (count, most) in [(100, 8), (100_000, 18)] {
                let mut index = Index::default();
                for number in 0..count {
                    let at = usize::try_from(number).unwrap() + 1;
                    index.push(&serials(kind, number), Place { at, issuer: None }).unwrap();
                }
                index.sort();
                for number in (0..count).step_by(97) {
                    let serial = serials(kind, number);
                    let mut looks = 0;
                    index.start_of(key(&serial), || looks += 1);
                    assert!(looks <= most, "{looks} looks among {count}");
                    let found: Vec<_> = index.find(&serial).map(|place| place.at).collect();
                    assert_eq!(found, [usize::try_from(number).unwrap() + 1], "kind {kind}");
                }
                assert_eq!(index.find(&[1, 2, 3]).count(), 0);
            }
        }
    }
}
