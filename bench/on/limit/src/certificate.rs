//! Where in a certificate lie what was signed, the signature, and the key that checks the next one. No more of it is read.

pub struct Certificate {
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
    /// The bit string of the public key, without its algorithm.
    pub key: Vec<u8>,
}

impl Certificate {
    pub fn find(der: &[u8]) -> Option<Self> {
        let (outer, _) = element(der)?;
        let (signed, rest) = whole(outer)?;
        let (_algorithm, rest) = whole(rest)?;
        let (signature, _) = element(rest)?;
        let (mut inner, _) = element(signed)?;
        // Version, serial number, algorithm, issuer, validity, subject.
        for _ in 0..6 {
            inner = whole(inner)?.1;
        }
        let (info, _) = element(inner)?;
        let (_algorithm, rest) = whole(info)?;
        let (key, _) = element(rest)?;
        Some(Self {
            signed: signed.to_vec(),
            signature: signature.get(1..)?.to_vec(),
            key: key.get(1..)?.to_vec(),
        })
    }
}

/// The first element with its head, and what follows it.
fn whole(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = element(der)?;
    Some(der.split_at(der.len() - rest.len()))
}

/// The body of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = der.split_at_checked(2)?;
    let (len, rest) = match head[1] {
        short @ ..0x80 => (usize::from(short), rest),
        long => {
            let (len, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (len.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(len)
}
