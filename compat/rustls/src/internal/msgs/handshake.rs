//! Configurations of Encrypted Client Hello, RFC 9849 section 4.

pub use chitin::internal::msgs::handshake::{
    EchConfigContents, EchConfigPayload, HpkeKeyConfig, HpkeSymmetricCipherSuite,
};
