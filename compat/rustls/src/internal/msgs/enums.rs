//! Numbers that have names.

pub use chitin::internal::msgs::enums::{AlertLevel, EchVersion, ExtensionType, HpkeAead, HpkeKdf, HpkeKem};
