//! Hash functions.

crate::crypto::digest::hashes!(aws_lc_rs, fips: super::FIPS);
