//! What skins write alike: connections are lent as what they have in common, and one of either side is as good as one of its side.

/// Lends connections of one side as what both sides have in common.
macro_rules! lend_common {
    ($($outer:ty => $common:ty;)*) => { $(
        impl core::ops::Deref for $outer {
            type Target = $common;

            fn deref(&self) -> &Self::Target {
                &self.inner
            }
        }

        impl core::ops::DerefMut for $outer {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.inner
            }
        }
    )* };
}

/// Calls the same on the connection of either side.
macro_rules! either {
    ($self:ident, $conn:ident => $call:expr) => {
        match $self {
            Self::Client($conn) => $call,
            Self::Server($conn) => $call,
        }
    };
}

/// Makes a connection of either side of one of its side, and lends it.
macro_rules! lend_either {
    ($either:ident: $client:ident, $server:ident) => {
        impl core::ops::Deref for $either {
            type Target = crate::engine::common::CommonState;

            fn deref(&self) -> &Self::Target {
                either!(self, conn => &conn.inner.common)
            }
        }

        impl core::ops::DerefMut for $either {
            fn deref_mut(&mut self) -> &mut Self::Target {
                either!(self, conn => &mut conn.inner.common)
            }
        }

        impl From<$client> for $either {
            fn from(conn: $client) -> Self {
                Self::Client(conn)
            }
        }

        impl From<$server> for $either {
            fn from(conn: $server) -> Self {
                Self::Server(conn)
            }
        }
    };
}

pub(super) use {either, lend_common, lend_either};
