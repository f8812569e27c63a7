//! Hash functions.

crate::crypto::digest::hashes!(ring, fips: false);
