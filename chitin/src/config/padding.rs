//! How much padding goes into protected records.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::error::guard::told;
use crate::record::seal::Padding;

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

/// The same policy in the form that the record layer takes. It does the cutting.
pub(crate) fn for_records(policy: Option<&Arc<dyn RecordPadding>>) -> Option<Padding> {
    let policy = Arc::clone(policy?);
    Some(Box::new(move |content_len| told("record padding", || policy.padding(content_len))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct ToHundred;

    impl RecordPadding for ToHundred {
        fn padding(&self, content_len: usize) -> usize {
            100usize.saturating_sub(content_len)
        }
    }

    #[test]
    fn the_record_layer_asks_the_policy() {
        assert!(for_records(None).is_none());
        let policy: Arc<dyn RecordPadding> = Arc::new(ToHundred);
        let padding = for_records(Some(&policy)).unwrap();
        assert_eq!((padding(30), padding(200)), (Ok(70), Ok(0)));
    }
}
