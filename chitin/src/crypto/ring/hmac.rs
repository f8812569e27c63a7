//! HMAC, and what is made of it.

crate::crypto::digest::hmacs!(ring);
