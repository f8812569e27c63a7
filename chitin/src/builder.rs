//! Keeps the kinds of config to the two that there are. It is in a place of its own because 0.23 has it there.

pub mod sealed {
    /// Nobody else may be a side.
    #[allow(unnameable_types)]
    pub trait Sealed {}
}
