//! How a server shows that it has read the inner hello. RFC 9849 section 7.2.

use subtle::ConstantTimeEq;

use crate::crypto::hash::Output;
use crate::crypto::suites::Tls13CipherSuite;
use crate::schedule::tls13::expand_label;

/// In which message it shows it: the label differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    InServerHello,
    InHelloRetryRequest,
}

/// Is `signal` what only a reader of the inner hello, with this random, can make? `hash` is that of its transcript, with
/// zeros in place of the signal.
pub(crate) fn confirms(
    suite: &Tls13CipherSuite,
    shown: Shown,
    inner_random: &[u8; 32],
    hash: &Output,
    signal: &[u8],
) -> bool {
    let label: &[u8] = match shown {
        Shown::InServerHello => b"ech accept confirmation",
        Shown::InHelloRetryRequest => b"hrr ech accept confirmation",
    };
    let secret = suite.hkdf_provider.extract_from_secret(None, inner_random);
    let mut expected = [0; 8];
    // Far less than HKDF can give.
    let made = expand_label(secret.as_ref(), label, hash.as_ref(), &mut expected);
    made.is_ok() && bool::from(expected.ct_eq(signal))
}
