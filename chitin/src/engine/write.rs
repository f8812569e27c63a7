//! The way out: application data, sealed, or held until the handshake allows it; the change of keys before their limit; and
//! close_notify. What goes into slices of the caller's is in `slices.rs`.

use alloc::boxed::Box;
use core::mem;

use crate::carrier::Carrier;
use crate::crypto::cipher::OutboundChunks;
use crate::engine::{Engine, no_records};
use crate::error::Error;
use crate::flow::cx::Gate;
use crate::names::{AlertDescription, AlertLevel, KeyUpdateRequest, ProtocolVersion};

impl Engine {
    /// Seals application data with the gate open and nothing in its way: what comes all the time. `None`: none of it was sealed, and
    /// [`Self::write`] does that or says why not.
    ///
    /// # Errors
    ///
    /// A record could not be sealed: the stream has a hole.
    #[inline]
    pub(crate) fn write_plainly(&mut self, data: &[u8]) -> Option<Result<(), Box<Error>>> {
        let Carrier::Records(records) = &mut self.carrier else { return None };
        let write = &self.write;
        let is_open = !self.state.is_over()
            && write.gate == Gate::Open
            && write.held.is_empty()
            && !write.closed
            && !write.closing;
        let waits = records.out.len();
        let has_room = write.limit.is_none_or(|limit| data.len() <= limit.saturating_sub(waits));
        match is_open && has_room && self.policy.bounds.memory().is_none() {
            true => records.send_plainly(data),
            false => None,
        }
    }

    /// Seals application data into the outbox, or holds it until the handshake allows it, within the limit. Gives how much was
    /// taken.
    ///
    /// # Errors
    ///
    /// An earlier record could not be sealed: the stream has a hole.
    pub(crate) fn write(&mut self, data: OutboundChunks<'_>) -> Result<usize, Error> {
        // What is held goes first, also if the gate is open and only the key is not there for it.
        let now = self.write.gate == Gate::Open && self.write.held.is_empty();
        let waiting = if now { self.carrier.out_len() } else { self.write.held.len() };
        let room = self.write.limit.map_or(usize::MAX, |limit| limit.saturating_sub(waiting));
        let mut taken = data.len().min(room);
        if self.policy.bounds.memory().is_some() {
            taken = taken.min(self.write_room(waiting));
        }
        let (data, _) = data.split_at(taken);
        if self.write.closed || self.write.closing || taken == 0 {
            return Ok(taken);
        }
        match now {
            true => self.seal(data)?,
            false => data.copy_to_vec(&mut self.write.held),
        }
        Ok(taken)
    }

    /// How much more early data may be written; `None` if none may be. RFC 8446 section 4.2.10.
    pub(crate) fn early_data_left(&self) -> Option<usize> {
        match self.write.gate {
            Gate::Early { left } if !self.write.closed && !self.write.closing => Some(left),
            _ => None,
        }
    }

    /// Seals early data into the outbox, as much as the server takes and as the limit for what waits allows. Gives how much.
    ///
    /// # Errors
    ///
    /// A record could not be sealed: the stream has a hole.
    pub(crate) fn write_early_data(&mut self, data: &[u8]) -> Result<usize, Error> {
        let Some(left) = self.early_data_left() else { return Ok(0) };
        let waiting = self.carrier.out_len();
        let room = self.write.limit.map_or(usize::MAX, |limit| limit.saturating_sub(waiting));
        let room = room.min(self.write_room(waiting));
        let now = data.get(..room.min(left).min(data.len())).unwrap_or_default();
        let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
        let rest = records.send_some_data(OutboundChunks::Single(now))?.len();
        let taken = now.len().saturating_sub(rest);
        // There is no KeyUpdate yet: when the key is used up, that was all.
        let left = if rest > 0 { 0 } else { left.saturating_sub(taken) };
        self.write.gate = Gate::Early { left };
        Ok(taken)
    }

    /// Seals, and changes keys before the limit of the present one. RFC 8446 section 5.5.
    #[inline]
    fn seal(&mut self, data: OutboundChunks<'_>) -> Result<(), Error> {
        let mut rest = data;
        loop {
            let Carrier::Records(records) = &mut self.carrier else { return Err(no_records()) };
            rest = records.send_some_data(rest)?;
            if rest.is_empty() {
                return Ok(());
            }
            if self.facts.version == Some(ProtocolVersion::TLSv1_2) {
                // TLS 1.2 has no way to change keys: the connection ends, in good order, before the key is used up.
                self.close();
                return Err(Error::EncryptError);
            }
            if self.is_handshaking() {
                // Half a round trip before the client's Finished there is no KeyUpdate: the rest waits for it.
                rest.copy_to_vec(&mut self.write.held);
                return Ok(());
            }
            self.send_key_update(KeyUpdateRequest::UpdateNotRequested)?;
        }
    }

    /// What waits for the gate goes out as soon as that opens, whichever call opened it: data that were written before, and close_notify.
    #[cold]
    pub(super) fn release_held(&mut self) -> Result<(), Error> {
        let held = mem::take(&mut self.write.held);
        if !held.is_empty() {
            self.seal(OutboundChunks::Single(&held))?;
        }
        if self.write.closing {
            self.close();
        }
        Ok(())
    }

    /// Switches our write keys and asks the peer to do the same. RFC 8446 section 4.6.3.
    pub(crate) fn refresh_keys(&mut self) -> Result<(), Error> {
        if let Some(error) = self.state.failure() {
            return Err(error);
        }
        // Nothing may follow a close_notify (RFC 8446 section 6.1), and there is nothing left to protect.
        match self.write.closed {
            true => Ok(()),
            false => {
                self.send_key_update(KeyUpdateRequest::UpdateRequested)?;
                self.budget.key_update_asked_for();
                Ok(())
            }
        }
    }

    pub(super) fn send_key_update(&mut self, request: KeyUpdateRequest) -> Result<(), Error> {
        let (state, mut cx) = self.split();
        let traffic = state.traffic().ok_or(Error::HandshakeNotComplete)?;
        let done = traffic.send_key_update(request, &mut cx);
        self.give_back_flight();
        done
    }

    /// `n` bytes of what was queued have been written to the peer.
    pub(crate) fn sent(&mut self, n: usize) {
        self.write.update_waits = self.write.update_waits.saturating_sub(n);
    }

    /// Says close_notify, once. What was written before goes first: if the handshake does not allow it yet, both wait. So it does behind early
    /// data: the server reads nothing behind it, and would wait for their end and for our Finished. RFC 8446 section 6.1.
    pub(crate) fn close(&mut self) {
        let early = matches!(self.write.gate, Gate::Early { .. });
        if early || !self.write.held.is_empty() {
            self.write.closing = true;
        } else if !mem::replace(&mut self.write.closed, true) {
            self.carrier.send_alert(AlertLevel::Warning, AlertDescription::CloseNotify);
        }
    }
}
