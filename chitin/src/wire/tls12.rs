//! The messages of TLS 1.2 after the hellos, as far as ECDHE suites have them. RFC 5246 section 7.4, RFC 8422 section 5.
//!
//! ServerHelloDone and HelloRequest are empty, that is `()`; a Finished is its twelve bytes. CertificateStatus has the form
//! of TLS 1.3's extension, CertificateVerify that of its message: both are one type for both versions.

use alloc::vec::Vec;

use crate::error::InvalidMessage;
use crate::names::{ClientCertificateType, EcCurveType, NamedGroup, SignatureScheme};
use crate::wire::codec::{List, MAX8, MAX16, MAX24, Opaque, Reader, Wire, items, nest};
pub(crate) use crate::wire::extensions::CertificateStatus;
use crate::wire::extensions::SignatureSchemes;

wire_struct! {
    /// RFC 5246 section 7.4.2. The certificates are walked, and read, once: by [`Certificate12::certificates`]. Where a raw public
    /// key was agreed on it stands in place of the list, RFC 7250 section 3.
    Certificate12<'a> {
        list: Opaque<'a, 0, MAX24>,
    }
}

impl<'a> Certificate12<'a> {
    /// How many certificates there are, without reading them.
    pub(crate) fn count(&self) -> usize {
        items(self.list.0, [MAX24])
    }

    /// The certificates, end entity first. After an error comes nothing.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Result<&'a [u8], InvalidMessage>> + use<'a> {
        let mut rest = Reader::new(self.list.0);
        let mut failed = false;
        core::iter::from_fn(move || {
            (rest.any_left() && !failed)
                .then(|| rest.prefixed(1, MAX24, "certificate").inspect_err(|_| failed = true))
        })
    }

    /// Appends a message with these certificates: none, for a client that has none.
    pub(crate) fn write_chain<'c>(out: &mut Vec<u8>, chain: impl Iterator<Item = &'c [u8]>) {
        nest(out, MAX24, |out| chain.for_each(|der| Opaque::<1, MAX24>(der).write(out)));
    }
}

/// RFC 8422 section 5.4, with a named curve: RFC 8422 has done away with all others.
#[derive(Clone, Debug)]
pub(crate) struct EcdhParams<'a> {
    pub(crate) group: NamedGroup,
    pub(crate) public: Opaque<'a, 1, MAX8>,
}

/// Written by hand: the other types of curve would go on in other ways.
impl<'a> Wire<'a> for EcdhParams<'a> {
    const NAME: &'static str = "EcdhParams";

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        match EcCurveType::read(r)? {
            EcCurveType::NamedCurve => Ok(Self { group: NamedGroup::read(r)?, public: Opaque::read(r)? }),
            _ => Err(InvalidMessage::UnsupportedCurveType),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        EcCurveType::NamedCurve.write(out);
        self.group.write(out);
        self.public.write(out);
    }
}

/// RFC 8422 section 5.4.
#[derive(Clone, Debug)]
pub(crate) struct ServerKeyExchange<'a> {
    pub(crate) params: EcdhParams<'a>,
    /// The same as bytes: what is signed, behind both randoms.
    pub(crate) params_raw: &'a [u8],
    pub(crate) scheme: SignatureScheme,
    pub(crate) signature: Opaque<'a, 0, MAX16>,
}

/// Written by hand: what was signed is kept as it was received.
impl<'a> Wire<'a> for ServerKeyExchange<'a> {
    const NAME: &'static str = "ServerKeyExchange";

    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let mut whole = r.clone();
        let params = EcdhParams::read(r)?;
        let params_raw = whole.take(whole.left().saturating_sub(r.left()), Self::NAME)?;
        Ok(Self { params, params_raw, scheme: SignatureScheme::read(r)?, signature: Opaque::read(r)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.params_raw);
        self.scheme.write(out);
        self.signature.write(out);
    }
}

wire_struct! {
    /// RFC 5246 section 7.4.4.
    CertificateRequest12<'a> {
        types:       List<'a, ClientCertificateType, 1, MAX8>,
        schemes:     SignatureSchemes<'a>,
        /// DER of distinguished names. Empty: any.
        authorities: List<'a, Opaque<'a, 1, MAX16>, 0, MAX16>,
    }
}

impl CertificateRequest12<'_> {
    /// Appends a message that takes keys of RSA and of ECDSA, which with RFC 8422 section 5.5 means Ed25519 too.
    pub(crate) fn write_for<'n>(
        out: &mut Vec<u8>,
        schemes: &[SignatureScheme],
        authorities: impl Iterator<Item = &'n [u8]>,
    ) {
        nest(out, MAX8, |out| {
            ClientCertificateType::RSASign.write(out);
            ClientCertificateType::ECDSASign.write(out);
        });
        nest(out, MAX16, |out| schemes.iter().for_each(|scheme| scheme.write(out)));
        nest(out, MAX16, |out| authorities.for_each(|name| Opaque::<1, MAX16>(name).write(out)));
    }
}

wire_struct! {
    /// RFC 8422 section 5.7.
    ClientKeyExchange<'a> {
        public: Opaque<'a, 1, MAX8>,
    }
}

wire_struct! {
    /// RFC 5077 section 3.3. An empty ticket says that there will be none after all.
    NewSessionTicket12<'a> {
        lifetime_hint: u32,
        ticket:        Opaque<'a, 0, MAX16>,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::names::CertificateStatusType;
    use crate::wire::codec::tests::{cut_and_extended, good};
    use crate::wire::tls13::CertificateVerify;

    #[test]
    fn certificate() {
        let bytes = [0, 0, 11, 0, 0, 3, 1, 2, 3, 0, 0, 2, 4, 5];
        let message = good::<Certificate12<'_>>(&bytes);
        let chain: Vec<&[u8]> = message.certificates().map(|der| der.unwrap()).collect();
        assert_eq!(chain, [&[1, 2, 3][..], &[4, 5]]);
        cut_and_extended(&bytes, |b| Certificate12::read_all(b).is_ok());
        let mut written = vec![];
        Certificate12::write_chain(&mut written, chain.into_iter());
        assert_eq!(written, bytes);
        // No certificate at all is a message too.
        assert!(good::<Certificate12<'_>>(&[0, 0, 0]).certificates().next().is_none());
        // Cut inside the list, and an empty certificate: an error once, then the end.
        for bad in [&[0, 0, 7, 0, 0, 3, 1, 2, 3, 0][..], &[0, 0, 3, 0, 0, 0]] {
            let message = Certificate12::read_all(bad).unwrap();
            assert!(message.certificates().last().unwrap().is_err());
        }
    }

    #[test]
    fn server_key_exchange() {
        let bytes = [3, 0, 29, 4, 9, 8, 7, 6, 8, 4, 0, 3, 1, 2, 3];
        let message = good::<ServerKeyExchange<'_>>(&bytes);
        assert_eq!(message.params.group, NamedGroup::X25519);
        assert_eq!(message.params.public.0, [9, 8, 7, 6]);
        assert_eq!(message.params_raw, &bytes[..8]);
        assert_eq!(message.scheme, SignatureScheme::RSA_PSS_SHA256);
        assert_eq!(message.signature.0, [1, 2, 3]);
        cut_and_extended(&bytes, |b| ServerKeyExchange::read_all(b).is_ok());
        let mut params = vec![];
        message.params.write(&mut params);
        assert_eq!(params, message.params_raw);
        cut_and_extended(&params, |b| EcdhParams::read_all(b).is_ok());
        for other in [0, 1, 2, 4, 255] {
            let mut explicit = bytes;
            explicit[0] = other;
            assert_eq!(
                ServerKeyExchange::read_all(&explicit).unwrap_err(),
                InvalidMessage::UnsupportedCurveType
            );
        }
        assert!(EcdhParams::read_all(&[3, 0, 29, 0]).is_err(), "no point");
    }

    #[test]
    fn certificate_request() {
        let bytes = [2, 1, 64, 0, 4, 4, 3, 8, 4, 0, 4, 0, 2, 0x30, 0];
        let message = good::<CertificateRequest12<'_>>(&bytes);
        assert!(message.types.iter().eq([ClientCertificateType::RSASign, ClientCertificateType::ECDSASign]));
        let schemes = [SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256];
        assert!(message.schemes.iter().eq(schemes));
        assert!(message.authorities.iter().map(|name| name.0).eq([&[0x30, 0]]));
        cut_and_extended(&bytes, |b| CertificateRequest12::read_all(b).is_ok());
        let mut written = vec![];
        CertificateRequest12::write_for(&mut written, &schemes, [&[0x30, 0][..]].into_iter());
        assert_eq!(written, bytes);
        assert!(CertificateRequest12::read_all(&[0, 0, 2, 4, 3, 0, 0]).is_err(), "no types");
        assert!(CertificateRequest12::read_all(&[1, 1, 0, 0, 0, 0]).is_err(), "no schemes");
        assert!(CertificateRequest12::read_all(&[1, 1, 0, 1, 4, 0, 0]).is_err(), "half a scheme");
        assert!(CertificateRequest12::read_all(&[1, 1, 0, 2, 4, 3, 0, 2, 0, 0]).is_err(), "an empty name");
        assert!(CertificateRequest12::read_all(&[1, 1, 0, 2, 4, 3, 0, 0]).is_ok(), "no names");
    }

    #[test]
    fn the_small_ones() {
        let exchange = [3, 1, 2, 3];
        assert_eq!(good::<ClientKeyExchange<'_>>(&exchange).public.0, [1, 2, 3]);
        cut_and_extended(&exchange, |b| ClientKeyExchange::read_all(b).is_ok());
        assert!(ClientKeyExchange::read_all(&[0]).is_err(), "no point");

        let ticket = [0, 0, 1, 0, 0, 2, 5, 6];
        let message = good::<NewSessionTicket12<'_>>(&ticket);
        assert_eq!((message.lifetime_hint, message.ticket.0), (256, &[5, 6][..]));
        cut_and_extended(&ticket, |b| NewSessionTicket12::read_all(b).is_ok());
        assert!(good::<NewSessionTicket12<'_>>(&[0, 0, 0, 0, 0, 0]).ticket.0.is_empty());

        let status = [1, 0, 0, 2, 7, 8];
        let message = good::<CertificateStatus<'_>>(&status);
        assert_eq!((message.kind, message.response.0), (CertificateStatusType::OCSP, &[7, 8][..]));
        cut_and_extended(&status, |b| CertificateStatus::read_all(b).is_ok());

        let verify = [4, 1, 0, 2, 1, 2];
        assert_eq!(good::<CertificateVerify<'_>>(&verify).scheme, SignatureScheme::RSA_PKCS1_SHA256);
        cut_and_extended(&verify, |b| CertificateVerify::read_all(b).is_ok());
        assert!(<()>::read_all(&[]).is_ok() && <()>::read_all(&[0]).is_err());
    }
}
