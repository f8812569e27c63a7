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
        let start = self.0.partition_point(|slot| slot.key < key);
        self.0.get(start..).unwrap_or_default().iter().take_while(move |slot| slot.key == key).map(|slot| {
            let position = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
            Place { at: position(slot.at), issuer: (slot.issuer != 0).then(|| position(slot.issuer)) }
        })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The last eight octets of the number: in serial numbers that count as well as in those made at random, they differ.
fn key(serial: &[u8]) -> u64 {
    let start = serial.len().saturating_sub(size_of::<u64>());
    serial.get(start..).unwrap_or_default().iter().fold(0, |key, &octet| (key << 8) | u64::from(octet))
}
