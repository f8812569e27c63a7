//! IP addresses in certificates and in name constraints.

use core::fmt;

use pki_types::IpAddr;

/// The octets of an address, as certificates have them.
pub(crate) fn octets(address: &IpAddr) -> &[u8] {
    match address {
        IpAddr::V4(v4) => v4.as_ref(),
        IpAddr::V6(v6) => v6.as_ref(),
    }
}

/// Whether the octets could be an address: 4 or 16 of them. RFC 5280 section 4.2.1.6.
pub(crate) fn is_address(octets: &[u8]) -> bool {
    matches!(octets.len(), 4 | 16)
}

/// An address and a mask. RFC 5280 section 4.2.1.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subnet<'a> {
    address: &'a [u8],
    mask: &'a [u8],
}

impl<'a> Subnet<'a> {
    /// Reads a constraint. None if it is not 8 or 32 octets or the mask has gaps (RFC 4632 section 3.1).
    pub(crate) fn new(constraint: &'a [u8]) -> Option<Self> {
        if !matches!(constraint.len(), 8 | 32) {
            return None;
        }
        let (address, mask) = constraint.split_at_checked(constraint.len() / 2)?;
        let mut ended = false;
        for octet in mask {
            if (ended && *octet != 0) || octet.leading_ones() != octet.count_ones() {
                return None;
            }
            ended = *octet != 0xff;
        }
        Some(Self { address, mask })
    }

    /// Whether the address is in the subnet, also if it is one of IPv4 that is written as one of IPv6 (RFC 4291 section 2.5.5.2)
    /// and the subnet is not. That is for exclusions: who connects to either gets the same host.
    pub(crate) fn reaches(&self, address: &[u8]) -> bool {
        let inner = address.strip_prefix(&V4_MAPPED).filter(|inner| inner.len() == 4);
        self.contains(address) || inner.is_some_and(|inner| self.contains(inner))
    }

    /// Whether the address is in the subnet. Addresses of the other family never are.
    pub(crate) fn contains(&self, address: &[u8]) -> bool {
        address.len() == self.address.len()
            && address.iter().zip(self.address).zip(self.mask).all(|((a, b), mask)| a & mask == b & mask)
    }
}

/// How an address of IPv6 begins that stands for one of IPv4.
const V4_MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// An address as people write it.
pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt(f, self.0)
    }
}

/// Writes an address as people do; other numbers of octets in hexadecimal.
pub(crate) fn fmt(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return fmt::Display::fmt(&core::net::Ipv4Addr::from(v4), f);
    }
    if let Ok(v6) = <[u8; 16]>::try_from(octets) {
        return fmt::Display::fmt(&core::net::Ipv6Addr::from(v6), f);
    }
    f.write_str("malformed IP address ")?;
    octets.iter().take(32).try_for_each(|octet| write!(f, "{octet:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_contain_their_addresses() {
        for (constraint, address, expected) in [
            (&[192, 0, 2, 0, 255, 255, 255, 0][..], &[192, 0, 2, 7][..], true),
            (&[192, 0, 2, 0, 255, 255, 255, 0], &[192, 0, 3, 7], false),
            (&[192, 0, 2, 0, 255, 255, 255, 0], &[192, 0, 2], false),
            (&[192, 0, 2, 9, 255, 255, 254, 0], &[192, 0, 3, 7], true),
            (&[0; 8], &[8, 8, 8, 8], true),
            (&[0; 8], &[0; 16], false),
            (&[0; 32], &[0; 16], true),
            (&[0; 32], &[0; 4], false),
            (&[127, 0, 0, 1, 255, 255, 255, 255], &[127, 0, 0, 1], true),
            (&[127, 0, 0, 1, 255, 255, 255, 255], &[127, 0, 0, 2], false),
        ] {
            assert_eq!(
                Subnet::new(constraint).unwrap().contains(address),
                expected,
                "{constraint:?} {address:?}"
            );
        }
    }

    #[test]
    fn subnets_have_two_halves_and_a_mask_without_gaps() {
        assert!(Subnet::new(&[10, 0, 0, 0, 255, 240, 0, 0]).is_some());
        for bad in [
            &[][..],
            &[10, 0, 0, 0],
            &[10, 0, 0, 0, 255, 0, 255, 0],
            &[10, 0, 0, 0, 255, 0xa0, 0, 0],
            &[10, 0, 0, 0, 0, 255, 0, 0],
            &[0; 16],
            &[0; 33],
        ] {
            assert!(Subnet::new(bad).is_none(), "{bad:?}");
        }
    }
}
