//! Hash functions and HMAC.

crate::crypto::digest::hash_and_hmac!(aws_lc_rs, fips: super::FIPS);
