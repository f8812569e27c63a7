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

/// The padding for one record: what `policy` wants, cut so that content and padding stay within `max_content`.
pub(crate) fn padding_for(
    policy: Option<&dyn RecordPadding>,
    content_len: usize,
    max_content: usize,
) -> usize {
    match policy {
        None => 0,
        Some(policy) => policy.padding(content_len).min(max_content.saturating_sub(content_len)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(usize);

    impl RecordPadding for Always {
        fn padding(&self, _: usize) -> usize {
            self.0
        }
    }

    #[test]
    fn padding_is_cut_to_what_fits() {
        let table = [(None, 10, 0), (Some(Always(5)), 10, 5), (Some(Always(usize::MAX)), 10, 90)];
        for (policy, len, expected) in table {
            assert_eq!(padding_for(policy.as_ref().map(|p| p as &dyn RecordPadding), len, 100), expected);
        }
        assert_eq!(padding_for(Some(&Always(7)), 100, 100), 0);
        assert_eq!(padding_for(Some(&Always(7)), 101, 100), 0);
    }
}
