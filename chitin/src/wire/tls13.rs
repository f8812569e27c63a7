//! The messages of TLS 1.3 after the hellos.

use alloc::vec::Vec;

use crate::error::InvalidMessage;
use crate::names::{CertificateCompressionAlgorithm, SignatureScheme};
use crate::wire::codec::{MAX8, MAX16, MAX24, Opaque, Reader, Wire, items};
use crate::wire::extensions::{
    CertificateExtensions, CertificateRequestExtensions, NewSessionTicketExtensions,
};

wire_struct! {
    /// RFC 8446 section 4.3.2.
    CertificateRequest<'a> {
        context:    Opaque<'a, 0, MAX8>,
        extensions: CertificateRequestExtensions<'a>,
    }
}

wire_struct! {
    /// RFC 8446 section 4.4.2. The entries are walked, and read, once: by [`Certificate::entries`].
    Certificate<'a> {
        context: Opaque<'a, 0, MAX8>,
        list:    Opaque<'a, 0, MAX24>,
    }
}

impl<'a> Certificate<'a> {
    /// How many entries there are, without reading them.
    pub(crate) fn count(&self) -> usize {
        items(self.list.0, [MAX24, MAX16])
    }

    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = Result<CertificateEntry<'a>, InvalidMessage>> + use<'a> {
        let mut rest = Reader::new(self.list.0);
        let mut failed = false;
        core::iter::from_fn(move || {
            (rest.any_left() && !failed)
                .then(|| CertificateEntry::read(&mut rest).inspect_err(|_| failed = true))
        })
    }
}

wire_struct! {
    /// RFC 8446 section 4.4.2.
    CertificateEntry<'a> {
        cert_data:  Opaque<'a, 1, MAX24>,
        extensions: CertificateExtensions<'a>,
    }
}

wire_struct! {
    /// RFC 8879 section 4.
    CompressedCertificate<'a> {
        algorithm:           CertificateCompressionAlgorithm,
        uncompressed_length: Length24,
        compressed:          Opaque<'a, 1, MAX24>,
    }
}

/// A length of three bytes that says nothing of what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length24(pub(crate) usize);

impl Wire<'_> for Length24 {
    const NAME: &'static str = "uint24";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let [a, b, c] = r.array(Self::NAME)?;
        Ok(Self(usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)))
    }
    /// Ours are bounded by their writers.
    fn write(&self, out: &mut Vec<u8>) {
        debug_assert!(self.0 <= MAX24);
        out.extend_from_slice((self.0 as u32).to_be_bytes().get(1..).unwrap_or_default());
    }
}

wire_struct! {
    /// RFC 8446 section 4.4.3.
    CertificateVerify<'a> {
        scheme:    SignatureScheme,
        signature: Opaque<'a, 0, MAX16>,
    }
}

wire_struct! {
    /// RFC 8446 section 4.6.1.
    NewSessionTicket<'a> {
        lifetime:   u32,
        age_add:    u32,
        nonce:      Opaque<'a, 0, MAX8>,
        ticket:     Opaque<'a, 1, MAX16>,
        extensions: NewSessionTicketExtensions<'a>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::codec::tests::{cut_and_extended, good};

    #[test]
    fn compressed_certificate() {
        let bytes = [0, 2, 0x01, 0x02, 0x03, 0, 0, 2, 7, 8];
        let message = good::<CompressedCertificate<'_>>(&bytes);
        assert_eq!(message.algorithm, CertificateCompressionAlgorithm::Brotli);
        assert_eq!((message.uncompressed_length, message.compressed.0), (Length24(0x01_0203), &[7, 8][..]));
        cut_and_extended(&bytes, |b| CompressedCertificate::read_all(b).is_ok());
        assert!(CompressedCertificate::read_all(&[0, 2, 0, 0, 1, 0, 0, 0]).is_err(), "empty");
    }

    #[test]
    fn certificate() {
        let bytes = [0, 0, 0, 16, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 3, 4, 5, 6, 0, 0];
        let message = good::<Certificate<'_>>(&bytes);
        let entries: alloc::vec::Vec<_> = message.entries().map(|e| e.unwrap().cert_data.0).collect();
        assert_eq!(entries, [&[1, 2, 3][..], &[4, 5, 6]]);
        cut_and_extended(&bytes, |b| Certificate::read_all(b).is_ok());
        // Cut inside the list: an error once, then the end.
        let cut = Certificate::read_all(&[0, 0, 0, 7, 0, 0, 3, 1, 2, 3, 0]).unwrap();
        assert_eq!(cut.entries().map(|e| e.is_ok()).collect::<alloc::vec::Vec<_>>(), [false]);
        // An empty certificate is none.
        let empty = Certificate::read_all(&[0, 0, 0, 5, 0, 0, 0, 0, 0]).unwrap();
        assert!(empty.entries().next().unwrap().is_err());
    }

    #[test]
    fn certificate_entry_with_ocsp() {
        let bytes = [0, 0, 1, 9, 0, 9, 0, 5, 0, 5, 1, 0, 0, 1, 7];
        let entry = good::<CertificateEntry<'_>>(&bytes);
        assert_eq!(entry.extensions.status_request.unwrap().response.0, [7]);
        cut_and_extended(&bytes, |b| CertificateEntry::read_all(b).is_ok());
    }

    #[test]
    fn certificate_request() {
        let bytes = [0, 0, 18, 0, 13, 0, 4, 0, 2, 4, 3, 0, 47, 0, 6, 0, 4, 0, 2, 0x30, 0];
        let request = good::<CertificateRequest<'_>>(&bytes);
        let schemes = request.extensions.signature_algorithms.unwrap();
        assert!(schemes.iter().eq([SignatureScheme::ECDSA_NISTP256_SHA256]));
        assert_eq!(request.extensions.certificate_authorities.unwrap().iter().next().unwrap().0, [0x30, 0]);
        cut_and_extended(&bytes, |b| CertificateRequest::read_all(b).is_ok());
        assert!(CertificateRequest::read_all(&[0, 0, 6, 0, 13, 0, 2, 0, 0]).is_err(), "no schemes at all");
        assert!(CertificateRequest::read_all(&[0, 0, 7, 0, 13, 0, 3, 0, 1, 4]).is_err(), "half a scheme");
    }

    #[test]
    fn certificate_verify_and_ticket() {
        let verify = [8, 4, 0, 2, 1, 2];
        assert_eq!(good::<CertificateVerify<'_>>(&verify).signature.0, [1, 2]);
        cut_and_extended(&verify, |b| CertificateVerify::read_all(b).is_ok());

        let ticket = [0, 0, 1, 0, 9, 9, 9, 9, 1, 7, 0, 2, 5, 5, 0, 8, 0, 42, 0, 4, 0, 0, 0x40, 0];
        let message = good::<NewSessionTicket<'_>>(&ticket);
        assert_eq!((message.lifetime, message.nonce.0, message.ticket.0), (256, &[7][..], &[5, 5][..]));
        assert_eq!(message.extensions.early_data, Some(16384));
        cut_and_extended(&ticket, |b| NewSessionTicket::read_all(b).is_ok());
        assert!(
            NewSessionTicket::read_all(&[0, 0, 1, 0, 9, 9, 9, 9, 0, 0, 0, 0, 0]).is_err(),
            "an empty ticket"
        );
    }
}
