//! Output into slices of the caller's, for the skin that buffers nothing: whole records, and all or nothing.

use alloc::boxed::Box;

use crate::engine::Engine;
use crate::error::Error;
use crate::flow::cx::Gate;
use crate::names::{KeyUpdateRequest, ProtocolVersion};
use crate::record::seal::SliceError;

impl Engine {
    /// The first record that waits to be sent; empty if none does.
    pub(crate) fn first_record(&self) -> &[u8] {
        self.carrier.records().and_then(|records| records.out.records().next()).unwrap_or_default()
    }

    /// The first record is with the caller.
    pub(crate) fn drop_first_record(&mut self) {
        let len = self.first_record().len();
        if let Some(records) = self.carrier.records_mut() {
            records.out.advance(len);
        }
        self.sent(len);
    }

    /// Everything that waits goes to the head of `out`.
    pub(crate) fn drain_into(&mut self, out: &mut [u8]) -> Result<usize, SliceError> {
        let waiting = self.carrier.out_len();
        let to = out.get_mut(..waiting).ok_or(SliceError::TooSmall { required: waiting })?;
        if let Some(records) = self.carrier.records_mut() {
            to.copy_from_slice(records.out.pending());
            records.out.advance(waiting);
        }
        self.sent(waiting);
        Ok(waiting)
    }

    /// Seals application data into `out` with the gate open and nothing in its way: what comes all the time. `None`: nothing was sealed, and
    /// [`Self::seal_into`] does that or says why not.
    ///
    /// # Errors
    ///
    /// A record could not be sealed: the stream has a hole.
    #[inline]
    pub(crate) fn seal_plainly_into(
        &mut self,
        data: &[u8],
        out: &mut [u8],
    ) -> Option<Result<usize, Box<Error>>> {
        match self.write.gate == Gate::Open && !self.write.closed {
            true => self.carrier.records_mut()?.seal_slice_plainly(data, out),
            false => None,
        }
    }

    /// Seals application data into `out`, behind whatever waits to be sent.
    ///
    /// # Errors
    ///
    /// Nothing is sealed then, and what waits, waits on; but for a failure that ends the connection.
    pub(crate) fn seal_into(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize, SliceError> {
        if self.write.gate != Gate::Open || self.write.closed {
            return Err(SliceError::Failed(Error::EncryptError));
        }
        self.make_room_for(data.len()).map_err(SliceError::Failed)?;
        self.seal_slice(data, out)
    }

    /// Seals early data into `out`, if the server takes so much. RFC 8446 section 4.2.10.
    ///
    /// # Errors
    ///
    /// `Ok(None)`: the server does not. Nothing is sealed then, and neither on errors.
    pub(crate) fn seal_early_into(
        &mut self,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Option<usize>, SliceError> {
        let Some(left) = self.early_data_left().and_then(|left| left.checked_sub(data.len())) else {
            return Ok(None);
        };
        let n = self.seal_slice(data, out)?;
        self.write.gate = Gate::Early { left };
        Ok(Some(n))
    }

    fn seal_slice(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize, SliceError> {
        let waiting = self.carrier.out_len();
        let records = self.carrier.records_mut().ok_or(SliceError::Failed(Error::EncryptError))?;
        let n = records.seal_slice(data, out)?;
        self.sent(waiting);
        Ok(n)
    }

    /// Changes keys before they are used up (RFC 8446 section 5.5), or ends a connection that cannot. The KeyUpdate, or the
    /// close_notify, waits to be sent afterwards.
    fn make_room_for(&mut self, len: usize) -> Result<(), Error> {
        if self.has_room_for(len) {
            return Ok(());
        }
        if self.facts.version == Some(ProtocolVersion::TLSv1_2) {
            self.close();
            return Err(Error::EncryptError);
        }
        // Half a round trip before the client's Finished there is no KeyUpdate.
        if self.is_handshaking() {
            return Err(Error::EncryptError);
        }
        self.send_key_update(KeyUpdateRequest::UpdateNotRequested)?;
        match self.has_room_for(len) {
            true => Ok(()),
            false => Err(Error::EncryptError),
        }
    }

    fn has_room_for(&self, len: usize) -> bool {
        self.carrier.records().is_some_and(|records| records.seal.has_room_for(len))
    }
}
