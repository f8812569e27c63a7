//! Declarations of structs and extension blocks, without procedural macros.

/// A struct whose fields follow each other on the wire.
macro_rules! wire_struct {
    ($(#[$meta:meta])* $name:ident<$lt:lifetime> { $($(#[$note:meta])* $field:ident : $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name<$lt> { $($(#[$note])* pub(crate) $field: $type,)* }

        impl<$lt> $crate::wire::codec::Wire<$lt> for $name<$lt> {
            const NAME: &'static str = stringify!($name);
            fn read(r: &mut $crate::wire::codec::Reader<$lt>) -> Result<Self, $crate::error::InvalidMessage> {
                Ok(Self { $($field: <$type>::read_field(r, stringify!($field))?,)* })
            }
            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                $(self.$field.write(out);)*
            }
        }
    };
}

/// The table of RFC 8446 section 4.2: which extension may stand in which message.
macro_rules! extension_table {
    ($($name:ident = $code:literal in $($column:ident)*;)*) => {
        /// The code points, under the names of the RFCs.
        ///
        /// Those that nobody reads or writes yet are here for the table: it is whole, as that of the RFC.
        #[allow(non_upper_case_globals, dead_code)]
        pub(crate) mod ext {
            $(pub(crate) const $name: u16 = $code;)*
        }

        /// The messages in which extension `code` may stand; `None` if we do not know it.
        pub(crate) const fn allowed_in(code: u16) -> Option<u8> {
            match code {
                $($code => Some(0 $(| $column)*),)*
                _ => None,
            }
        }
    };
}

/// The extensions of one message that we understand. Reading refuses duplicates, bad bodies and trailing bytes; what else
/// the block may hold is asked of `seen`, which keeps every code in its order.
macro_rules! extension_block {
    ($(#[$meta:meta])* $name:ident<$lt:lifetime> in $column:ident { $($field:ident : $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name<$lt> {
            $(pub(crate) $field: Option<$type>,)*
            pub(crate) seen: $crate::wire::extensions::Seen,
            pub(crate) lifetime: core::marker::PhantomData<&$lt ()>,
        }

        // A row of the block that the table does not allow does not compile.
        $(const _: () = assert!(matches!($crate::wire::extensions::allowed_in($crate::wire::extensions::ext::$field),
            Some(columns) if columns & $crate::wire::extensions::$column != 0));)*

        impl<$lt> $crate::wire::codec::Wire<$lt> for $name<$lt> {
            const NAME: &'static str = stringify!($name);
            fn read(r: &mut $crate::wire::codec::Reader<$lt>) -> Result<Self, $crate::error::InvalidMessage> {
                use $crate::wire::codec::{MAX16, Reader};
                let mut block = Self::default();
                let mut rest = Reader::new(r.prefixed(0, MAX16, Self::NAME)?);
                while rest.any_left() {
                    let code = rest.u16("extension type")?;
                    let body = rest.prefixed(0, MAX16, "extension body")?;
                    block.seen.push(code);
                    match code {
                        $($crate::wire::extensions::ext::$field => block.$field = Some(<$type>::read_all_of(body, stringify!($field))?),)*
                        _ => {}
                    }
                }
                block.seen.no_duplicates()?;
                Ok(block)
            }
            fn write(&self, out: &mut alloc::vec::Vec<u8>) {
                use $crate::wire::codec::{MAX16, nest};
                nest(out, MAX16, |_out| {
                    $(if let Some(value) = &self.$field {
                        $crate::wire::extensions::ext::$field.write(_out);
                        nest(_out, MAX16, |out| value.write(out));
                    })*
                });
            }
        }
    };
}
