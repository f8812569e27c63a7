/// The name of a session: up to 32 bytes. RFC 8446 section 4.1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionId {
    bytes: [u8; 32],
    len: usize,
}

impl SessionId {
    /// Copies it; no message holds a longer one, and of none longer more than 32 bytes are kept.
    pub(crate) fn new(id: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(id).for_each(|(to, from)| *to = *from);
        Self { bytes, len: id.len().min(bytes.len()) }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}
