//! When the certificates of a stored chain are valid, as numbers: with `std` a chain is read for them once, however often it is
//! looked at.

use pki_types::{CertificateDer, UnixTime};

use crate::crypto::verify::raw_public_key;

/// When all certificates of a chain are within their dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainDates {
    /// A raw public key, which stands alone, has none; nor has nobody.
    Always,
    /// Both ends included.
    Within { first: UnixTime, last: UnixTime },
    /// Something in it is no certificate.
    Never,
}

impl ChainDates {
    /// Reads a chain for them, leaf first.
    pub(crate) fn of<'c>(chain: impl Iterator<Item = &'c [u8]>) -> Self {
        let mut chain = chain.map(CertificateDer::from).peekable();
        if chain.peek().is_some_and(|first| raw_public_key(first).is_some()) {
            return if chain.nth(1).is_none() { Self::Always } else { Self::Never };
        }
        let mut dates = Self::Always;
        for der in chain {
            let Ok(validity) = chitin_pki::Validity::read(&der) else { return Self::Never };
            let (not_before, not_after) = (validity.not_before, validity.not_after);
            let (first, last) = match dates {
                Self::Within { first, last } => (first.max(not_before), last.min(not_after)),
                _ => (not_before, not_after),
            };
            dates = Self::Within { first, last };
        }
        dates
    }

    /// Are all valid at this time?
    pub(crate) fn cover(self, time: UnixTime) -> bool {
        match self {
            Self::Always => true,
            Self::Within { first, last } => (first..=last).contains(&time),
            Self::Never => false,
        }
    }
}

/// The dates of a session's chain, which are read when the session is first offered; without `std`, each time.
#[derive(Debug, Default)]
pub(crate) struct ReadDates(#[cfg(feature = "std")] std::sync::OnceLock<ChainDates>);

impl ReadDates {
    /// Those that a session had which goes back to the same chain.
    pub(crate) fn known(dates: Option<ChainDates>) -> Self {
        let read = Self::default();
        #[cfg(feature = "std")]
        if let Some(dates) = dates {
            let _ = read.0.set(dates);
        }
        #[cfg(not(feature = "std"))]
        let _ = dates;
        read
    }

    /// What has been read so far. Without `std` nothing is kept.
    pub(crate) fn so_far(&self) -> Option<ChainDates> {
        #[cfg(feature = "std")]
        return self.0.get().copied();
        #[cfg(not(feature = "std"))]
        return None;
    }

    pub(crate) fn of(&self, chain: &[CertificateDer<'_>]) -> ChainDates {
        let read = || ChainDates::of(chain.iter().map(AsRef::as_ref));
        #[cfg(feature = "std")]
        return *self.0.get_or_init(read);
        #[cfg(not(feature = "std"))]
        return read();
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use super::*;
    use crate::config::testing::{CLIENT, at, chain};

    #[test]
    fn a_chain_is_valid_while_all_of_it_is() {
        let certificates = chain(CLIENT);
        let of = |ders: &[&[u8]]| ChainDates::of(ders.iter().copied());
        let each: alloc::vec::Vec<_> =
            certificates.iter().map(|der| chitin_pki::Validity::read(der).unwrap()).collect();
        let ders: alloc::vec::Vec<&[u8]> = certificates.iter().map(AsRef::as_ref).collect();
        let dates = of(&ders);
        for validity in &each {
            for time in [validity.not_before.as_secs(), validity.not_after.as_secs()] {
                for time in [time - 1, time, time + 1].map(at) {
                    assert_eq!(dates.cover(time), each.iter().all(|validity| validity.covers(time)));
                }
            }
        }
        assert_eq!(of(&[]), ChainDates::Always);
        assert_eq!(of(&[ders[0], &[1, 2, 3]]), ChainDates::Never);
        assert!(!ChainDates::Never.cover(at(1)) && ChainDates::Always.cover(at(1)));
    }

    /// A certificate that is valid from one of these days to another, both included.
    fn dated(from: (i32, u8, u8), to: (i32, u8, u8)) -> CertificateDer<'static> {
        let mut params = rcgen::CertificateParams::new(alloc::vec!["a.example".into()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// The first days of two years, in seconds of 1970.
    const Y2031: u64 = 1_924_992_000;
    const Y2032: u64 = 1_956_528_000;

    #[test]
    fn dates_of_two_certificates_are_what_both_have() {
        let early = dated((2030, 1, 1), (2032, 1, 1));
        let late = dated((2031, 1, 1), (2033, 1, 1));
        let both = ChainDates::Within { first: at(Y2031), last: at(Y2032) };
        for chain in [[&early, &late], [&late, &early]] {
            let dates = ChainDates::of(chain.into_iter().map(AsRef::as_ref));
            assert_eq!(dates, both);
            for (time, covered) in [(Y2031 - 1, false), (Y2031, true), (Y2032, true), (Y2032 + 1, false)] {
                assert_eq!(dates.cover(at(time)), covered, "{time}");
            }
        }
        // One that lies within the other, wherever it stands.
        let inner = dated((2031, 1, 1), (2032, 1, 1));
        let outer = dated((2030, 1, 1), (2033, 1, 1));
        for chain in [[&inner, &outer], [&outer, &inner]] {
            assert_eq!(ChainDates::of(chain.into_iter().map(AsRef::as_ref)), both);
        }
    }

    #[test]
    fn dates_that_never_meet_cover_no_time() {
        let before = dated((2030, 1, 1), (2031, 1, 1));
        let after = dated((2032, 1, 1), (2033, 1, 1));
        for chain in [[&before, &after], [&after, &before]] {
            let dates = ChainDates::of(chain.into_iter().map(AsRef::as_ref));
            for time in [Y2031 - 1, Y2031, Y2031 + 1, Y2032 - 1, Y2032, Y2032 + 1] {
                assert!(!dates.cover(at(time)), "{time}");
            }
        }
    }

    /// RFC 7250 section 3: there is nothing beside it.
    #[test]
    fn a_raw_public_key_has_no_dates_and_stands_alone() {
        let key = rcgen::PublicKeyData::subject_public_key_info(&rcgen::KeyPair::generate().unwrap());
        let of = |ders: &[&[u8]]| ChainDates::of(ders.iter().copied());
        assert_eq!(of(&[&key]), ChainDates::Always);
        assert_eq!(of(&[&key, CLIENT]), ChainDates::Never);
        assert_eq!(of(&[&key, &key]), ChainDates::Never);
        assert_eq!(of(&[CLIENT, &key]), ChainDates::Never);
    }

    #[test]
    fn what_is_known_is_not_read_again() {
        let known = ReadDates::known(Some(ChainDates::Never));
        assert_eq!(known.of(&[]), ChainDates::Never);
        assert_eq!(known.so_far(), Some(ChainDates::Never));
        let unread = ReadDates::known(None);
        assert_eq!(unread.so_far(), None);
        assert_eq!(unread.of(&[]), ChainDates::Always);
        assert_eq!(unread.so_far(), Some(ChainDates::Always));
    }
}
