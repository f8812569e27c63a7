//! The table of extensions, and the bodies of those that are more than a number or a list.

use alloc::vec::Vec;

use crate::error::InvalidMessage;
use crate::names::{
    CertificateCompressionAlgorithm, CertificateStatusType, CertificateType, EcPointFormat, NamedGroup,
    ProtocolVersion, SignatureScheme,
};
use crate::wire::codec::{List, MAX8, MAX16, Opaque, Reader, Wire};
use crate::wire::ech::{ConfigList, Confirmation};

// The columns: client hello, server hello, encrypted extensions, certificate entry, certificate request, hello retry
// request, new session ticket, server hello of TLS 1.2.
pub(crate) const CH: u8 = 1;
pub(crate) const SH: u8 = 2;
pub(crate) const EE: u8 = 4;
pub(crate) const CT: u8 = 8;
pub(crate) const CR: u8 = 16;
pub(crate) const HRR: u8 = 32;
pub(crate) const NST: u8 = 64;
pub(crate) const SH12: u8 = 128;

extension_table! {
    server_name                  = 0  in CH EE SH12;
    max_fragment_length          = 1  in CH EE SH12;
    status_request               = 5  in CH CR CT SH12;
    // RFC 8422 section 5.1 knows it in no server hello, but some servers of TLS 1.2 echo it; it says nothing there.
    supported_groups             = 10 in CH EE SH12;
    ec_point_formats             = 11 in CH SH12;
    signature_algorithms         = 13 in CH CR;
    use_srtp                     = 14 in CH EE SH12;
    heartbeat                    = 15 in CH EE SH12;
    application_layer_protocol_negotiation = 16 in CH EE SH12;
    signed_certificate_timestamp = 18 in CH CR CT SH12;
    client_certificate_type      = 19 in CH EE SH12;
    server_certificate_type      = 20 in CH EE SH12;
    padding                      = 21 in CH;
    extended_master_secret       = 23 in CH SH12;
    compress_certificate         = 27 in CH CR;
    record_size_limit            = 28 in CH EE SH12;
    delegated_credential         = 34 in CH CR CT;
    session_ticket               = 35 in CH SH12;
    pre_shared_key               = 41 in CH SH;
    early_data                   = 42 in CH EE NST;
    supported_versions           = 43 in CH SH HRR;
    cookie                       = 44 in CH HRR;
    psk_key_exchange_modes       = 45 in CH;
    certificate_authorities      = 47 in CH CR;
    oid_filters                  = 48 in CR;
    post_handshake_auth          = 49 in CH;
    signature_algorithms_cert    = 50 in CH CR;
    key_share                    = 51 in CH SH HRR;
    quic_transport_parameters    = 57 in CH EE;
    ticket_request               = 58 in CH EE;
    // draft-ietf-tls-tlsflags section 3.
    tls_flags                    = 62 in CH SH EE CT CR HRR NST;
    // Only in an inner hello that is encoded: in no message.
    ech_outer_extensions         = 0xfd00 in;
    encrypted_client_hello       = 0xfe0d in CH EE HRR;
    renegotiation_info           = 0xff01 in CH SH12;
    // Before version 1 of QUIC had a number: draft-ietf-quic-tls-32 section 8.2.
    quic_transport_parameters_draft = 0xffa5 in CH EE;
}

/// The codes of a block in their order. Those of an honest block have their place here and take no memory of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    first: [u16; 8],
    used: usize,
    more: Vec<u16>,
}

impl Seen {
    pub(crate) fn push(&mut self, code: u16) {
        match self.first.get_mut(self.used) {
            Some(place) => {
                *place = code;
                self.used += 1;
            }
            None => self.more.push(code),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + Clone + '_ {
        self.first.iter().take(self.used).chain(&self.more).copied()
    }

    pub(crate) fn no_duplicates(&self) -> Result<(), InvalidMessage> {
        no_duplicates(self.iter())
    }
}

/// There is at most one extension of a type in a block. RFC 8446 section 4.2.
pub(crate) fn no_duplicates(codes: impl Iterator<Item = u16> + Clone) -> Result<(), InvalidMessage> {
    let mut plain = PlainlyDistinct::default();
    match codes.clone().all(|code| plain.admits(code)) {
        true => Ok(()),
        false => find_duplicate(codes),
    }
}

/// The same of codes that are not plainly distinct.
#[cold]
pub(crate) fn find_duplicate(codes: impl Iterator<Item = u16>) -> Result<(), InvalidMessage> {
    // A block of other messages than a client hello may hold 16,383 empty extensions; sorting keeps a hostile one as cheap as its bytes.
    let mut sorted: Vec<u16> = codes.collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair.first() == pair.last()) {
        Some(pair) => Err(InvalidMessage::DuplicateExtension(pair.first().copied().unwrap_or_default())),
        None => Ok(()),
    }
}

/// Codes that are distinct, with few beyond the sixty-four that most are among.
#[derive(Default)]
pub(crate) struct PlainlyDistinct {
    /// A bit for each of the sixty-four.
    low: u64,
    high: [u16; 8],
    used: usize,
}

impl PlainlyDistinct {
    /// Does another come to them? `false` means that it is there already, or that there is no room.
    #[inline]
    pub(crate) fn admits(&mut self, code: u16) -> bool {
        match code {
            0..64 => {
                let bit = 1 << code;
                let new = self.low & bit == 0;
                self.low |= bit;
                new
            }
            _ => {
                let new = !self.high.iter().take(self.used).any(|other| *other == code);
                match self.high.get_mut(self.used) {
                    Some(place) => *place = code,
                    None => return false,
                }
                self.used += 1;
                new
            }
        }
    }
}

pub(crate) type SignatureSchemes<'a> = List<'a, SignatureScheme, 2, { MAX16 - 1 }>;
pub(crate) type NamedGroups<'a> = List<'a, NamedGroup, 2, { MAX16 }>;
/// RFC 7301 section 3.1: names of 1 to 255 bytes.
pub(crate) type ProtocolNames<'a> = List<'a, Opaque<'a, 1, 255>, 2, { MAX16 }>;
/// RFC 8446 section 4.2.4: DER of distinguished names.
pub(crate) type Authorities<'a> = List<'a, Opaque<'a, 1, MAX16>, 3, { MAX16 }>;
/// RFC 7250 section 3, in a client hello.
pub(crate) type CertificateTypes<'a> = List<'a, CertificateType, 1, MAX8>;
/// RFC 8879 section 3.
pub(crate) type CertCompressions<'a> = List<'a, CertificateCompressionAlgorithm, 2, MAX_CERT_COMPRESSIONS>;
/// Bytes of such a list: 127 algorithms.
pub(crate) const MAX_CERT_COMPRESSIONS: usize = 254;
/// RFC 8446 section 4.2.1, in a client hello.
pub(crate) type ClientVersions<'a> = List<'a, ProtocolVersion, 2, 254>;
/// RFC 8446 section 4.2.8, in a client hello.
pub(crate) type KeyShares<'a> = List<'a, KeyShareEntry<'a>, 0, MAX16>;

/// RFC 8422 section 5.1.2.
pub(crate) type PointFormats<'a> = List<'a, EcPointFormat, 1, 255>;
/// RFC 6962 section 3.3: SCTs, each with its length.
pub(crate) type SctList<'a> = List<'a, Opaque<'a, 1, MAX16>, 1, MAX16>;
/// RFC 5746 section 3.2: empty in the first handshake of a connection, and there is no second.
pub(crate) type RenegotiationInfo<'a> = Opaque<'a, 0, 255>;

wire_struct! {
    /// RFC 8446 section 4.2.8.
    KeyShareEntry<'a> {
        group:        NamedGroup,
        key_exchange: Opaque<'a, 1, MAX16>,
    }
}

wire_struct! {
    /// RFC 6066 section 3. Only host names exist.
    ServerNameEntry<'a> {
        kind: crate::names::ServerNameType,
        name: Opaque<'a, 1, MAX16>,
    }
}

wire_struct! {
    /// RFC 8446 section 4.2.11.
    PskIdentity<'a> {
        identity:              Opaque<'a, 1, MAX16>,
        obfuscated_ticket_age: u32,
    }
}

wire_struct! {
    /// RFC 8446 section 4.2.11, in a client hello.
    OfferedPsks<'a> {
        identities: List<'a, PskIdentity<'a>, 7, MAX16>,
        binders:    List<'a, PskBinder<'a>, 33, MAX16>,
    }
}

wire_struct! {
    /// RFC 9258 section 5.1: the identity of an external PSK that was imported for this version and this KDF.
    ImportedIdentity<'a> {
        external_identity: Opaque<'a, 1, MAX16>,
        context:           Opaque<'a, 0, MAX16>,
        target_protocol:   ProtocolVersion,
        target_kdf:        u16,
    }
}

/// A binder is as long as a hash, and never shorter than 32 bytes.
pub(crate) type PskBinder<'a> = Opaque<'a, 32, 255>;

wire_struct! {
    /// RFC 6066 section 8, in a certificate entry: an OCSP response.
    CertificateStatus<'a> {
        kind:     CertificateStatusType,
        response: Opaque<'a, 1, { crate::wire::codec::MAX24 }>,
    }
}

wire_struct! {
    /// RFC 9345 section 4, in a certificate entry: a key that the key of the certificate vouches for.
    DelegatedCredential<'a> {
        /// Seconds from the certificate's notBefore on.
        valid_time: u32,
        /// With what the key signs handshakes.
        scheme:     SignatureScheme,
        spki:       Opaque<'a, 1, { crate::wire::codec::MAX24 }>,
        /// With what the key of the certificate has signed this.
        algorithm:  SignatureScheme,
        signature:  Opaque<'a, 0, MAX16>,
    }
}

impl DelegatedCredential<'_> {
    /// Appends what is signed of it: all before the signature.
    pub(crate) fn write_signed(&self, out: &mut Vec<u8>) {
        self.valid_time.write(out);
        self.scheme.write(out);
        self.spki.write(out);
        self.algorithm.write(out);
    }
}

/// The one name that a server selects. RFC 7301 section 3.1: the list holds exactly one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SelectedProtocol<'a>(pub(crate) &'a [u8]);

impl<'a> Wire<'a> for SelectedProtocol<'a> {
    const NAME: &'static str = "selected protocol";
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let mut names = Reader::new(r.prefixed(2, MAX16, Self::NAME)?);
        let name = names.prefixed(1, 255, Self::NAME)?;
        names.done(Self::NAME)?;
        Ok(Self(name))
    }
    fn write(&self, out: &mut Vec<u8>) {
        crate::wire::codec::nest(out, MAX16, |out| Opaque::<1, 255>(self.0).write(out));
    }
}

/// A body that is not ours to read. RFC 9001 section 8.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Whole<'a>(pub(crate) &'a [u8]);

impl<'a> Wire<'a> for Whole<'a> {
    const NAME: &'static str = "whole extension";
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        Ok(Self(r.rest()))
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0);
    }
}

extension_block! {
    /// RFC 8446 section 4.1.3, when 1.3 was chosen.
    ServerHelloExtensions<'a> in SH {
        key_share:          KeyShareEntry<'a>,
        pre_shared_key:     u16,
        supported_versions: ProtocolVersion,
    }
}

extension_block! {
    /// RFC 5246 section 7.4.1.4: the same block when 1.2 was chosen.
    ServerHello12Extensions<'a> in SH12 {
        server_name:                  (),
        status_request:               (),
        ec_point_formats:             PointFormats<'a>,
        record_size_limit:            u16,
        application_layer_protocol_negotiation: SelectedProtocol<'a>,
        signed_certificate_timestamp: SctList<'a>,
        client_certificate_type:      CertificateType,
        server_certificate_type:      CertificateType,
        extended_master_secret:       (),
        session_ticket:               (),
        renegotiation_info:           RenegotiationInfo<'a>,
    }
}

extension_block! {
    /// RFC 8446 section 4.1.4.
    HelloRetryExtensions<'a> in HRR {
        supported_versions: ProtocolVersion,
        cookie:             Opaque<'a, 1, MAX16>,
        key_share:          NamedGroup,
        encrypted_client_hello: Confirmation,
    }
}

extension_block! {
    /// RFC 8446 section 4.3.1.
    EncryptedExtensions<'a> in EE {
        server_name:       (),
        supported_groups:  NamedGroups<'a>,
        record_size_limit: u16,
        ticket_request:    u8,
        application_layer_protocol_negotiation: SelectedProtocol<'a>,
        client_certificate_type: CertificateType,
        server_certificate_type: CertificateType,
        early_data:       (),
        quic_transport_parameters: Whole<'a>,
        quic_transport_parameters_draft: Whole<'a>,
        encrypted_client_hello: ConfigList,
    }
}

extension_block! {
    /// RFC 8446 section 4.3.2. A client ignores what it does not know here.
    CertificateRequestExtensions<'a> in CR {
        signature_algorithms:    SignatureSchemes<'a>,
        compress_certificate:    CertCompressions<'a>,
        signature_algorithms_cert: SignatureSchemes<'a>,
        certificate_authorities: Authorities<'a>,
        delegated_credential: SignatureSchemes<'a>,
    }
}

extension_block! {
    /// RFC 8446 section 4.4.2.
    CertificateExtensions<'a> in CT {
        status_request: CertificateStatus<'a>,
        delegated_credential: DelegatedCredential<'a>,
        signed_certificate_timestamp: SctList<'a>,
    }
}

extension_block! {
    /// RFC 8446 section 4.6.1.
    NewSessionTicketExtensions<'a> in NST {
        early_data: u32,
        tls_flags:  Flags<'a>,
    }
}

/// Flags, the first in the lowest bit of the first byte. draft-ietf-tls-tlsflags section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags<'a>(&'a [u8]);

impl Flags<'_> {
    pub(crate) fn has(self, number: usize) -> bool {
        self.0.get(number / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1)
    }
}

impl<'a> Wire<'a> for Flags<'a> {
    const NAME: &'static str = "flags";
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let bytes = r.prefixed(1, 255, Self::NAME)?;
        // There is one form for each set of flags: a last byte without any would be another.
        match bytes.last() {
            Some(0) => Err(InvalidMessage::NonMinimalFlags),
            _ => Ok(Self(bytes)),
        }
    }
    fn write(&self, out: &mut Vec<u8>) {
        crate::wire::codec::nest(out, 255, |out| out.extend_from_slice(self.0));
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::codec::tests::{cut_and_extended, good};

    #[test]
    fn duplicates_are_refused_even_if_unknown() {
        let mut seen = Seen::default();
        seen.push(7);
        seen.push(0x2a2a);
        seen.push(3);
        assert_eq!(seen.no_duplicates(), Ok(()));
        seen.push(0x2a2a);
        assert_eq!(seen.no_duplicates(), Err(InvalidMessage::DuplicateExtension(0x2a2a)));

        // Also of many, of small codes and large ones, each at each place.
        let codes: Vec<u16> =
            [0, 63, 64, 65, 0xffff].into_iter().chain(30..45).chain(0x1000..0x1010).collect();
        let mut all = Seen::default();
        codes.iter().for_each(|code| all.push(*code));
        assert!(all.iter().eq(codes.iter().copied()));
        assert_eq!(all.no_duplicates(), Ok(()));
        for again in &codes {
            let mut twice = all.clone();
            twice.push(*again);
            assert_eq!(twice.no_duplicates(), Err(InvalidMessage::DuplicateExtension(*again)));
        }
        for few in [&[63, 0, 63][..], &[64, 0, 64], &[9, 9], &[0xffff, 0xffff]] {
            let mut seen = Seen::default();
            few.iter().for_each(|code| seen.push(*code));
            assert_eq!(seen.no_duplicates(), Err(InvalidMessage::DuplicateExtension(few[0])), "{few:?}");
        }
    }

    #[test]
    fn retry_block() {
        let bytes = [0, 18, 0, 43, 0, 2, 3, 4, 0, 44, 0, 4, 0, 2, 9, 9, 0, 51, 0, 2, 0, 29];
        let bytes = &[&[0, 20][..], &bytes[2..]].concat();
        let block = good::<HelloRetryExtensions<'_>>(bytes);
        assert_eq!(block.supported_versions, Some(ProtocolVersion::TLSv1_3));
        assert_eq!(block.cookie, Some(Opaque(&[9, 9])));
        assert_eq!(block.key_share, Some(NamedGroup::X25519));
        assert!(block.seen.iter().eq([43, 44, 51]));
        cut_and_extended(bytes, |b| HelloRetryExtensions::read_all(b).is_ok());
    }

    #[test]
    fn server_hello_block_of_tls12() {
        let bytes = [
            &[0, 46, 0, 0, 0, 0, 0, 5, 0, 0, 0, 11, 0, 2, 1, 0][..],
            b"\x00\x10\x00\x05\x00\x03\x02h2",
            &[0, 18, 0, 6, 0, 4, 0, 2, 7, 8, 0, 23, 0, 0, 0, 35, 0, 0, 0xff, 1, 0, 1, 0],
        ]
        .concat();
        let block = good::<ServerHello12Extensions<'_>>(&bytes);
        assert!(block.server_name.is_some() && block.status_request.is_some());
        assert!(block.ec_point_formats.unwrap().iter().eq([EcPointFormat::Uncompressed]));
        assert_eq!(block.application_layer_protocol_negotiation.unwrap().0, b"h2");
        assert!(block.signed_certificate_timestamp.unwrap().iter().map(|sct| sct.0).eq([[7, 8]]));
        assert!(block.extended_master_secret.is_some() && block.session_ticket.is_some());
        assert_eq!(block.renegotiation_info, Some(Opaque(&[])));
        assert!(block.seen.iter().eq([0, 5, 11, 16, 18, 23, 35, 0xff01]));
        cut_and_extended(&bytes, |b| ServerHello12Extensions::read_all(b).is_ok());
        for bad in [
            &[0, 5, 0, 23, 0, 1, 0][..],
            &[0, 5, 0, 35, 0, 1, 0],
            &[0, 5, 0, 5, 0, 1, 0],
            &[0, 5, 0, 11, 0, 1, 0],
            &[0, 6, 0, 18, 0, 2, 0, 0],
            &[0, 4, 0xff, 1, 0, 0],
            &[0, 6, 0xff, 1, 0, 2, 0, 0],
            &[0, 8, 0, 23, 0, 0, 0, 23, 0, 0],
        ] {
            assert!(ServerHello12Extensions::read_all(bad).is_err(), "{bad:?}");
        }
        let points = PointFormats::of_encoded(&[0]);
        let block = ServerHello12Extensions { ec_point_formats: Some(points), ..Default::default() };
        let mut out = vec![];
        block.write(&mut out);
        assert_eq!(out, [0, 6, 0, 11, 0, 2, 1, 0]);
    }

    /// RFC 7250 section 3: a list in a client's hello, one number in an answer.
    #[test]
    fn certificate_types_are_bytes() {
        let types = good::<CertificateTypes<'_>>(&[3, 2, 0, 9]);
        assert!(types.iter().eq([CertificateType::RawPublicKey, CertificateType::X509, 9.into()]));
        cut_and_extended(&[3, 2, 0, 9], |b| CertificateTypes::read_all(b).is_ok());
        assert_eq!(
            CertificateTypes::read_all(&[0]).err(),
            Some(InvalidMessage::IllegalEmptyList("CertificateType"))
        );
        let block = [0, 10, 0, 19, 0, 1, 2, 0, 20, 0, 1, 0];
        let of_tls13 = good::<EncryptedExtensions<'_>>(&block);
        let of_tls12 = good::<ServerHello12Extensions<'_>>(&block);
        for (client, server) in [
            (of_tls13.client_certificate_type, of_tls13.server_certificate_type),
            (of_tls12.client_certificate_type, of_tls12.server_certificate_type),
        ] {
            assert_eq!((client, server), (Some(CertificateType::RawPublicKey), Some(CertificateType::X509)));
        }
        cut_and_extended(&block, |b| EncryptedExtensions::read_all(b).is_ok());
        for bad in [&[0, 4, 0, 20, 0, 0][..], &[0, 6, 0, 20, 0, 2, 2, 0]] {
            assert!(EncryptedExtensions::read_all(bad).is_err(), "{bad:?}");
            assert!(ServerHello12Extensions::read_all(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bodies_must_be_filled() {
        // A key share of a retry with a byte too many, then one too few.
        assert!(HelloRetryExtensions::read_all(&[0, 7, 0, 51, 0, 3, 0, 29, 0]).is_err());
        assert!(HelloRetryExtensions::read_all(&[0, 5, 0, 51, 0, 1, 0]).is_err());
        // server_name in encrypted extensions is empty.
        assert!(EncryptedExtensions::read_all(&[0, 4, 0, 0, 0, 0]).is_ok());
        assert!(EncryptedExtensions::read_all(&[0, 5, 0, 0, 0, 1, 0]).is_err());
    }

    #[test]
    fn flags_have_one_form() {
        let flags = good::<Flags<'_>>(&[2, 0x01, 0x81]);
        assert!([0, 8, 15].iter().all(|number| flags.has(*number)));
        assert!([1, 7, 9, 14, 16, 2040].iter().all(|number| !flags.has(*number)));
        assert_eq!(Flags::read_all(&[0]), Err(InvalidMessage::IllegalEmptyList("flags")));
        assert_eq!(Flags::read_all(&[2, 1, 0]), Err(InvalidMessage::NonMinimalFlags));
        cut_and_extended(&[2, 0x01, 0x81], |b| Flags::read_all(b).is_ok());
    }

    #[test]
    fn selected_protocol_is_one_name() {
        assert_eq!(good::<SelectedProtocol<'_>>(b"\x00\x03\x02h2").0, b"h2");
        assert!(SelectedProtocol::read_all(b"\x00\x06\x02h2\x02h3").is_err());
        assert!(SelectedProtocol::read_all(b"\x00\x01\x00").is_err());
        cut_and_extended(b"\x00\x03\x02h2", |b| SelectedProtocol::read_all(b).is_ok());
    }

    #[test]
    fn transport_parameters_are_taken_whole() {
        for (code, body) in [(57u16, &[][..]), (57, &[1, 2, 3]), (0xffa5, &[9])] {
            let mut bytes = vec![0, body.len() as u8 + 4];
            code.write(&mut bytes);
            Opaque::<0, MAX16>(body).write(&mut bytes);
            let block = good::<EncryptedExtensions<'_>>(&bytes);
            let found = block.quic_transport_parameters.or(block.quic_transport_parameters_draft);
            assert_eq!(found, Some(Whole(body)));
            cut_and_extended(&bytes, |b| EncryptedExtensions::read_all(b).is_ok());
        }
        assert_eq!(allowed_in(ext::quic_transport_parameters), Some(CH | EE));
        assert_eq!(allowed_in(ext::quic_transport_parameters_draft), Some(CH | EE));
    }

    #[test]
    fn delegated_credentials() {
        let bytes = [0, 1, 0, 2, 4, 3, 0, 0, 2, 7, 8, 8, 4, 0, 1, 9];
        let credential = good::<DelegatedCredential<'_>>(&bytes);
        assert_eq!((credential.valid_time, credential.spki.0), (0x1_0002, &[7, 8][..]));
        assert_eq!(credential.scheme, SignatureScheme::ECDSA_NISTP256_SHA256);
        assert_eq!(
            (credential.algorithm, credential.signature.0),
            (SignatureScheme::RSA_PSS_SHA256, &[9][..])
        );
        let mut signed = vec![];
        credential.write_signed(&mut signed);
        assert_eq!(signed, bytes[..13]);
        cut_and_extended(&bytes, |b| DelegatedCredential::read_all(b).is_ok());
        assert!(
            DelegatedCredential::read_all(&[0, 1, 0, 2, 4, 3, 0, 0, 0, 8, 4, 0, 1, 9]).is_err(),
            "no key"
        );
    }

    #[test]
    fn key_shares_and_psks() {
        let share = [0, 29, 0, 3, 7, 8, 9];
        let entry = good::<KeyShareEntry<'_>>(&share);
        assert_eq!((entry.group, entry.key_exchange.0), (NamedGroup::X25519, &[7, 8, 9][..]));
        cut_and_extended(&share, |b| KeyShareEntry::read_all(b).is_ok());
        assert!(KeyShareEntry::read_all(&[0, 29, 0, 0]).is_err());

        let mut psks = vec![0, 7, 0, 1, 5, 1, 2, 3, 4, 0, 33, 32];
        psks.extend([6; 32]);
        let offered = good::<OfferedPsks<'_>>(&psks);
        assert_eq!(offered.identities.iter().next().unwrap().obfuscated_ticket_age, 0x0102_0304);
        assert_eq!(offered.binders.iter().next().unwrap().0, [6; 32]);
        cut_and_extended(&psks, |b| OfferedPsks::read_all(b).is_ok());
    }

    #[test]
    fn table_knows_who_may_say_what() {
        assert_eq!(allowed_in(ext::cookie), Some(CH | HRR));
        assert_eq!(allowed_in(ext::oid_filters), Some(CR));
        assert_eq!(allowed_in(ext::session_ticket), Some(CH | SH12));
        assert_eq!(allowed_in(0x0a0a), None);
    }
}
