//! Numbers with names: the registries of TLS as enums, and the plain data that errors and the public API carry.
//!
//! Nothing here reads or writes the wire, and nothing here imports anything else of this crate. The codec of these types
//! is on a higher floor, so that errors may name them.

mod cipher_suites;
mod data;
mod enums;
mod session_id;

pub use cipher_suites::CipherSuite;
pub use data::{
    DistinguishedName, EchConfigContents, EchConfigExtension, EchConfigPayload, EchStatus, GetRandomFailed,
    HandshakeKind, HpkeKeyConfig, HpkeSymmetricCipherSuite, KeyExchangeAlgorithm, PayloadU16, Side,
    UnsupportedOperationError,
};
#[allow(unused_imports)] // some only have users once every floor stands
pub use enums::{
    AlertDescription, AlertLevel, CertificateCompressionAlgorithm, CertificateStatusType, CertificateType,
    ClientCertificateType, Compression, ContentType, EcCurveType, EcPointFormat, EchClientHelloType,
    EchVersion, ExtensionType, HandshakeType, HashAlgorithm, HpkeAead, HpkeKdf, HpkeKem, KeyUpdateRequest,
    NamedGroup, ProtocolVersion, PskKeyExchangeMode, ServerNameType, SignatureAlgorithm, SignatureScheme,
};

pub(crate) use session_id::SessionId;

/// Declares an open enum: the values that have a name, and `Unknown` for all others, so that reading never fails.
macro_rules! open_enum {
    ($(#[$attr:meta])* pub enum $name:ident: u8 { $($body:tt)* }) => {
        $crate::names::open_enum!(@declare u8, 1; $(#[$attr])* $name { $($body)* });
    };
    ($(#[$attr:meta])* pub enum $name:ident: u16 { $($body:tt)* }) => {
        $crate::names::open_enum!(@declare u16, 2; $(#[$attr])* $name { $($body)* });
    };
    (@declare $int:ident, $len:literal; $(#[$attr:meta])* $name:ident {
        $( $(#[$variant_attr:meta])* $variant:ident = $value:literal ),* $(,)?
    }) => {
        $(#[$attr])*
        #[non_exhaustive]
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(
                #[doc = concat!("Value ", stringify!($value), ".")]
                $(#[$variant_attr])*
                $variant,
            )*
            /// A value that has no name here. Made from a number, this never holds one that has.
            Unknown($int),
        }

        // A table is complete even where nobody asks for each of its faces yet.
        #[allow(dead_code)]
        impl $name {
            /// Each value that has a name.
            #[cfg(test)]
            pub(crate) const NAMED: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the number as it stands on the wire, in network order.
            pub fn to_array(self) -> [u8; $len] {
                self.value().to_be_bytes()
            }

            /// Returns the name, or `None` for a value without one.
            pub fn as_str(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some(stringify!($variant)),)*
                    Self::Unknown(_) => None,
                }
            }

            /// The number.
            pub(crate) const fn value(self) -> $int {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Unknown(value) => value,
                }
            }
        }

        impl From<$int> for $name {
            fn from(value: $int) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    _ => Self::Unknown(value),
                }
            }
        }

        impl From<$name> for $int {
            fn from(name: $name) -> Self {
                name.value()
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.as_str() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!(stringify!($name), "({:#x})"), self.value()),
                }
            }
        }
    };
}
pub(crate) use open_enum;

#[cfg(test)]
mod foreign_suites;
#[cfg(test)]
mod tests;
