//! HMAC, and what is made of it.

crate::crypto::digest::hmacs!(aws_lc_rs);
