//! How much padding goes into protected records.

use core::fmt;

/// Decides how many zero bytes are added to each protected record, to hide the length of what is in it.
///
/// RFC 8446 section 5.4. It is asked once for each record of TLS 1.3 that is sent under a key. Padding costs
/// bandwidth; whether it hides anything depends on the traffic, so none is added unless a config asks for it.
pub trait RecordPadding: fmt::Debug + Send + Sync {
    /// Returns how many bytes to add to a record whose content has `content_len` bytes.
    ///
    /// The answer is cut to what fits: content, type byte and padding together are never longer than a record may be.
    fn padding(&self, content_len: usize) -> usize;
}
