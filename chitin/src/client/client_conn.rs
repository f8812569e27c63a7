//! Early data of a client that buffers nothing. It is here because 0.23 names it so, in a place that nobody else can name.

use crate::conn::{
    ClientConnectionData, EarlyDataError, EncryptError, TransmitTlsData, UnbufferedConnectionCommon,
};

impl TransmitTlsData<'_, ClientConnectionData> {
    /// Returns what seals early data (0-RTT, RFC 8446 section 2.3) to be sent along, if some may be sent.
    pub fn may_encrypt_early_data(&mut self) -> Option<MayEncryptEarlyData<'_>> {
        let conn = self.connection();
        conn.takes_early_data().then_some(MayEncryptEarlyData { conn })
    }
}

/// Seals early data, which the server may refuse, and which somebody else may send to it again.
pub struct MayEncryptEarlyData<'c> {
    conn: &'c mut UnbufferedConnectionCommon<ClientConnectionData>,
}

impl MayEncryptEarlyData<'_> {
    /// Seals `early_data` into `outgoing_tls` and returns how many bytes of that are to be sent. If the server refuses it, the
    /// caller has to send it again, as other data.
    ///
    /// # Errors
    ///
    /// It is more than the server takes, or does not fit the slice, or the key is used up. Nothing was sealed then.
    pub fn encrypt(&mut self, early_data: &[u8], outgoing_tls: &mut [u8]) -> Result<usize, EarlyDataError> {
        match self.conn.seal_early_data(early_data, outgoing_tls) {
            Ok(Some(n)) => Ok(n),
            Ok(None) => Err(EarlyDataError::ExceededAllowedEarlyData),
            Err(error) => Err(EncryptError::from(error).into()),
        }
    }
}
