//! Hash functions and HMAC.

crate::crypto::digest::hash_and_hmac!(ring, fips: false);
