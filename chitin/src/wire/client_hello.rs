//! The client hello as a server keeps it: owned, checked once, and looked up in where it lies. RFC 8446 section 4.1.2.
//!
//! It is kept because a retry, a ticket, a resolver and a second hello look at it long after the input is gone. The writing
//! side is `flow/offer/hello.rs`: a client composes its hello from what it offers, and never as a value of this type.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use once_cell::race::OnceBox;
use pki_types::DnsName;

use crate::error::InvalidMessage;
use crate::names::{
    CertificateStatusType, CertificateType, CipherSuite, Compression, DistinguishedName, EcPointFormat,
    NamedGroup, ProtocolVersion, PskKeyExchangeMode, ServerNameType, SignatureScheme,
};
use crate::wire::codec::{List, MAX16, Opaque, Reader, Wire, has_room, hints};
use crate::wire::extensions::{
    Authorities, CertCompressions, CertificateTypes, ClientVersions, KeyShares, NamedGroups, OfferedPsks,
    PlainlyDistinct, PointFormats, ProtocolNames, RenegotiationInfo, ServerNameEntry, SignatureSchemes, ext,
    find_duplicate,
};

type Suites<'a> = List<'a, CipherSuite, 2, { MAX16 - 1 }>;
type PskModes<'a> = List<'a, PskKeyExchangeMode, 1, 255>;

/// A client hello, checked as a whole.
#[derive(Debug)]
pub(crate) struct ClientHello {
    /// The whole message, with its header, as it went into the transcript.
    raw: Vec<u8>,
    pub(crate) legacy_version: ProtocolVersion,
    pub(crate) random: [u8; 32],
    session_id: Range<usize>,
    /// The items of the list, GREASE and all.
    suites: Range<usize>,
    compressions: Range<usize>,
    /// The extensions, each with its code and its length.
    extensions: Range<usize>,
    /// Which of those codes are there that have a bit: most of what is looked for is not.
    present: u64,
    /// Where the body of that extension is, which a server of TLS 1.2 asks for again and again.
    session_ticket: Option<Range<usize>>,
    pub(crate) server_name: Option<DnsName<'static>>,
    pub(crate) authorities: Option<Vec<DistinguishedName>>,
    /// What the client takes of servers, best first; `None`: X.509. RFC 7250 section 3.
    pub(crate) server_cert_types: Option<Vec<CertificateType>>,
    /// What it can show of itself.
    pub(crate) client_cert_types: Option<Vec<CertificateType>>,
    /// Where in `raw` the list of binders begins, with its length: what a binder covers ends there.
    binders_at: Option<usize>,
    lists: OnceBox<Lists>,
}

/// What a certificate is chosen by. Without GREASE: resolvers are shown the lists, and nothing is ever chosen of that.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) cipher_suites: Vec<CipherSuite>,
    pub(crate) groups: Option<Vec<NamedGroup>>,
    pub(crate) schemes: Option<Vec<SignatureScheme>>,
    /// Of certificates, where that is another list. RFC 8446 section 4.2.3.
    pub(crate) schemes_cert: Option<Vec<SignatureScheme>>,
    /// Of keys of delegated credentials; empty where the client takes none. RFC 9345 section 4.1.1.
    pub(crate) delegated: Vec<SignatureScheme>,
}

impl ClientHello {
    /// Reads a whole message, with its header. It is long, and goes from state to state: hence the box.
    ///
    /// # Errors
    ///
    /// Every extension that we know is checked here, also if it will not be used: a hello is good or it is not.
    pub(crate) fn read(raw: &[u8]) -> Result<Box<Self>, InvalidMessage> {
        let at = |r: &Reader<'_>| raw.len().saturating_sub(r.left());
        let mut r = Reader::new(raw);
        r.take(4, "handshake header")?;
        let legacy_version = ProtocolVersion::read(&mut r)?;
        let random = r.array("random")?;
        let session_id = range(raw, r.prefixed(0, 32, "session id")?, at(&r));
        let suites = range(raw, Suites::read(&mut r)?.body(), at(&r));
        let compressions = range(raw, r.prefixed(1, 255, "compression methods")?, at(&r));

        let mut hello = Box::new(Self {
            raw: raw.to_vec(),
            legacy_version,
            random,
            session_id,
            suites,
            compressions,
            extensions: 0..0,
            present: 0,
            session_ticket: None,
            server_name: None,
            authorities: None,
            server_cert_types: None,
            client_cert_types: None,
            binders_at: None,
            lists: OnceBox::new(),
        });
        // A hello of TLS 1.2 may end before its extensions.
        if r.any_left() {
            let block = r.prefixed(0, MAX16, "client hello extensions")?;
            r.done("client hello")?;
            hello.extensions = range(raw, block, raw.len());
            hello.read_extensions(raw, block)?;
        }
        Ok(hello)
    }

    fn read_extensions(&mut self, raw: &[u8], block: &[u8]) -> Result<(), InvalidMessage> {
        let mut r = Reader::new(block);
        let mut seen = 0;
        let (mut codes, mut plain) = (PlainlyDistinct::default(), true);
        while r.any_left() {
            if !has_room(seen, MAX_EXTENSIONS) {
                return Err(InvalidMessage::TooManyItems { what: "extensions", limit: MAX_EXTENSIONS });
            }
            seen += 1;
            let code = r.u16("extension type")?;
            let body = r.prefixed(0, MAX16, "extension body")?;
            self.read_extension(code, body)?;
            self.present |= bit(code);
            plain &= codes.admits(code);
            if code == ext::session_ticket {
                self.session_ticket = Some(range(raw, body, raw.len().saturating_sub(r.left())));
            }
            // RFC 8446 section 4.2.11: the PSKs come last, so that the binders are the end of the hello.
            if code == ext::pre_shared_key {
                if r.any_left() {
                    return Err(InvalidMessage::PreSharedKeyIsNotFinalExtension);
                }
                // To a hello of TLS 1.2 it says nothing: a server of TLS 1.2 does not know it. RFC 8446 section 4.2.
                if self.extension(ext::supported_versions).is_none() {
                    continue;
                }
                let binders = OfferedPsks::read_all(body)?.binders.body().len().saturating_add(2);
                self.binders_at = Some(raw.len().saturating_sub(binders));
            }
        }
        match plain {
            true => Ok(()),
            false => find_duplicate(self.extension_codes()),
        }
    }

    fn read_extension(&mut self, code: u16, body: &[u8]) -> Result<(), InvalidMessage> {
        match code {
            ext::server_name => self.server_name = read_server_name(body)?,
            ext::supported_groups => NamedGroups::read_all(body).map(drop)?,
            ext::signature_algorithms | ext::signature_algorithms_cert | ext::delegated_credential => {
                SignatureSchemes::read_all(body).map(drop)?;
            }
            ext::certificate_authorities => {
                self.authorities = hints(Authorities::read_all(body)?, |name| name.0.to_vec().into());
            }
            ext::server_certificate_type => {
                self.server_cert_types = Some(CertificateTypes::read_all(body)?.numbers(|_| true));
            }
            ext::client_certificate_type => {
                self.client_cert_types = Some(CertificateTypes::read_all(body)?.numbers(|_| true));
            }
            ext::record_size_limit | ext::ticket_request => u16::read_all(body).map(drop)?,
            ext::compress_certificate => CertCompressions::read_all(body).map(drop)?,
            ext::application_layer_protocol_negotiation => ProtocolNames::read_all(body).map(drop)?,
            ext::supported_versions => ClientVersions::read_all(body).map(drop)?,
            ext::key_share => KeyShares::read_all(body).map(drop)?,
            ext::psk_key_exchange_modes => PskModes::read_all(body).map(drop)?,
            ext::cookie => Opaque::<1, MAX16>::read_all(body).map(drop)?,
            ext::early_data
            | ext::post_handshake_auth
            | ext::extended_master_secret
            | ext::signed_certificate_timestamp => <()>::read_all(body)?,
            ext::ec_point_formats => PointFormats::read_all(body).map(drop)?,
            ext::renegotiation_info => RenegotiationInfo::read_all(body).map(drop)?,
            ext::status_request => asks_for_ocsp(body).map(drop)?,
            _ => {}
        }
        Ok(())
    }

    /// The message as it was received, with its header.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    pub(crate) fn session_id(&self) -> &[u8] {
        self.slice(&self.session_id)
    }

    /// RFC 5246 section 7.4.1.2: the null method must be in the list.
    pub(crate) fn offers_null_compression(&self) -> bool {
        self.slice(&self.compressions).contains(&Compression::Null.into())
    }

    /// All that the client named, GREASE as well.
    pub(crate) fn suites(&self) -> Suites<'_> {
        Suites::of_encoded(self.slice(&self.suites))
    }

    /// Is this cipher suite, or this signal in the place of one, in the list?
    pub(crate) fn offers(&self, suite: CipherSuite) -> bool {
        self.suites().names(suite)
    }

    /// Made when they are first asked for: most resolvers have one certificate, and ask for nothing.
    pub(crate) fn lists(&self) -> &Lists {
        let schemes = |code| self.parsed::<SignatureSchemes<'_>>(code).map(meant);
        self.lists.get_or_init(|| {
            Box::new(Lists {
                cipher_suites: meant(self.suites()),
                groups: self.named_groups().map(meant),
                schemes: schemes(ext::signature_algorithms),
                schemes_cert: schemes(ext::signature_algorithms_cert),
                delegated: schemes(ext::delegated_credential).unwrap_or_default(),
            })
        })
    }

    /// RFC 8446 section 4.1.2: a hello that offers 1.3 offers exactly the null method.
    pub(crate) fn offers_only_null_compression(&self) -> bool {
        self.slice(&self.compressions) == [u8::from(Compression::Null)]
    }

    /// The codes of all extensions, in their order.
    pub(crate) fn extension_codes(&self) -> impl Iterator<Item = u16> + Clone + '_ {
        self.extensions().map(|(code, _)| code)
    }

    /// Code and body of each extension, in their order.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = (u16, &[u8])> + Clone + '_ {
        let mut rest = self.slice(&self.extensions);
        core::iter::from_fn(move || {
            let (&[code0, code1, len0, len1], behind) = rest.split_first_chunk()?;
            let (body, behind) = behind.split_at_checked(u16::from_be_bytes([len0, len1]).into())?;
            rest = behind;
            Some((u16::from_be_bytes([code0, code1]), body))
        })
    }

    pub(crate) fn extension(&self, code: u16) -> Option<&[u8]> {
        if bit(code) != 0 && bit(code) & self.present == 0 {
            return None;
        }
        self.extensions().find(|(c, _)| *c == code).map(|(_, body)| body)
    }

    /// Is it there, whatever it says?
    #[inline]
    pub(crate) fn has(&self, code: u16) -> bool {
        match bit(code) {
            0 => self.extension(code).is_some(),
            bit => bit & self.present != 0,
        }
    }

    pub(crate) fn versions(&self) -> Option<ClientVersions<'_>> {
        self.parsed(ext::supported_versions)
    }

    /// All that the client named, GREASE as well.
    pub(crate) fn named_groups(&self) -> Option<NamedGroups<'_>> {
        self.parsed(ext::supported_groups)
    }

    pub(crate) fn key_shares(&self) -> Option<KeyShares<'_>> {
        self.parsed(ext::key_share)
    }

    pub(crate) fn psk_modes(&self) -> Option<PskModes<'_>> {
        self.parsed(ext::psk_key_exchange_modes)
    }

    pub(crate) fn psks(&self) -> Option<OfferedPsks<'_>> {
        self.parsed(ext::pre_shared_key)
    }

    pub(crate) fn protocols(&self) -> Option<ProtocolNames<'_>> {
        self.parsed(ext::application_layer_protocol_negotiation)
    }

    /// RFC 8449 section 4.
    pub(crate) fn record_size_limit(&self) -> Option<u16> {
        self.parsed(ext::record_size_limit)
    }

    /// How many tickets the client wants: of a new session, and of one that is resumed. RFC 9149 section 2.
    pub(crate) fn ticket_request(&self) -> Option<[u8; 2]> {
        self.parsed::<u16>(ext::ticket_request).map(u16::to_be_bytes)
    }

    pub(crate) fn cert_compressions(&self) -> Option<CertCompressions<'_>> {
        self.parsed(ext::compress_certificate)
    }

    pub(crate) fn cookie(&self) -> Option<&[u8]> {
        self.parsed::<Opaque<'_, 1, MAX16>>(ext::cookie).map(|cookie| cookie.0)
    }

    /// The part of the message that binders cover: all but the list of binders. RFC 8446 section 4.2.11.2.
    pub(crate) fn without_binders(&self) -> &[u8] {
        let end = self.binders_at.unwrap_or(self.raw.len());
        self.raw.get(..end).unwrap_or_default()
    }

    /// A view of an extension that `read` has checked.
    fn parsed<'a, T: Wire<'a>>(&'a self, code: u16) -> Option<T> {
        T::read_all(self.extension(code)?).ok()
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.raw.get(range.clone()).unwrap_or_default()
    }
}

/// What a list names, without the values that are there so that peers get used to unknown ones. RFC 8701 section 2.
fn meant<'a, T: Wire<'a> + From<u16>, const MIN: usize, const MAX: usize>(
    list: List<'a, T, MIN, MAX>,
) -> Vec<T> {
    // Each has two bytes, of which the list has been checked to consist.
    let values = list.body().chunks_exact(2);
    let mut meant = Vec::with_capacity(values.len());
    for value in values {
        if let &[high, low] = value {
            if high != low || low & 0x0f != 0x0a {
                meant.push(T::from(u16::from_be_bytes([high, low])));
            }
        }
    }
    meant
}

/// The bit of an extension in [`ClientHello::present`]; 0 if it has none. Nearly all that are looked for have one.
#[inline]
fn bit(code: u16) -> u64 {
    match code {
        0..63 => 1 << code,
        ext::renegotiation_info => 1 << 63,
        _ => 0,
    }
}

/// Extensions that a hello may have. IANA has named some 70 in all.
pub(crate) const MAX_EXTENSIONS: u32 = 512;

/// What only a server of TLS 1.2 asks of it; and what both versions ask of certificates.
impl ClientHello {
    /// RFC 7627 section 5.1.
    pub(crate) fn extended_master_secret(&self) -> bool {
        self.has(ext::extended_master_secret)
    }

    /// What the client says of an earlier handshake on this connection, which there is none of. RFC 5746 section 3.2.
    pub(crate) fn renegotiation_info(&self) -> Option<&[u8]> {
        self.parsed::<RenegotiationInfo<'_>>(ext::renegotiation_info).map(|info| info.0)
    }

    /// The same as a signal among the cipher suites. RFC 5746 section 3.3.
    pub(crate) fn offers_renegotiation_scsv(&self) -> bool {
        self.offers(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
    }

    /// Has the client tried a higher version before? RFC 7507 section 2.
    pub(crate) fn offers_fallback_scsv(&self) -> bool {
        self.offers(CipherSuite::TLS_FALLBACK_SCSV)
    }

    /// The ticket; empty, if the client has none and would take one. The body has no length of its own. RFC 5077 section 3.2.
    pub(crate) fn session_ticket(&self) -> Option<&[u8]> {
        self.session_ticket.as_ref().map(|ticket| self.slice(ticket))
    }

    /// Are uncompressed points among the formats? `None`: nothing is said, which means the same as yes. RFC 8422 section 5.1.
    pub(crate) fn point_formats_uncompressed(&self) -> Option<bool> {
        let formats = self.parsed::<PointFormats<'_>>(ext::ec_point_formats)?;
        Some(formats.iter().any(|format| format == EcPointFormat::Uncompressed))
    }

    /// Does the client ask for an OCSP response? RFC 6066 section 8.
    pub(crate) fn status_request(&self) -> bool {
        self.extension(ext::status_request).is_some_and(|body| asks_for_ocsp(body) == Ok(true))
    }
}

/// RFC 6066 section 8: the responders that the client trusts, and extensions; neither changes what we send. The body of a
/// type that we do not know is not ours to judge.
fn asks_for_ocsp(body: &[u8]) -> Result<bool, InvalidMessage> {
    let mut r = Reader::new(body);
    if CertificateStatusType::read(&mut r)? != CertificateStatusType::OCSP {
        return Ok(false);
    }
    List::<'_, Opaque<'_, 1, MAX16>, 0, MAX16>::read(&mut r)?;
    r.prefixed(0, MAX16, "OCSP request extensions")?;
    r.done("status request")?;
    Ok(true)
}

/// Where in `raw` a part lies that ends at `end`.
fn range(raw: &[u8], part: &[u8], end: usize) -> Range<usize> {
    debug_assert!(raw.get(end - part.len()..end) == Some(part));
    end.saturating_sub(part.len())..end
}

/// RFC 6066 section 3: a list of names, at most one of a type; only host names exist, and a host name is no IP address.
fn read_server_name(body: &[u8]) -> Result<Option<DnsName<'static>>, InvalidMessage> {
    let entries = List::<'_, ServerNameEntry<'_>, 4, MAX16>::read_all(body)?;
    let mut hosts = entries.iter().filter(|entry| entry.kind == ServerNameType::HostName);
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(InvalidMessage::InvalidServerName);
    };
    match DnsName::try_from(host.name.0) {
        // Case means nothing in a name, RFC 4343: resolvers, sessions and applications get one spelling, as in 0.23.
        Ok(name) => Ok(Some(name.to_lowercase_owned())),
        // Some clients put an address here, although they must not. It names no host of ours: as if it were not there.
        Err(_) if is_ip_address(host.name.0) => Ok(None),
        Err(_) => Err(InvalidMessage::InvalidServerName),
    }
}

fn is_ip_address(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| pki_types::IpAddr::try_from(name).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use alloc::vec;

    use super::*;
    use crate::wire::codec::nest;

    /// A client hello out of its parts, for tests of readers and choosers.
    pub(crate) fn hello(suites: &[CipherSuite], extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
        let mut out = vec![1];
        nest(&mut out, 0xff_ffff, |out| {
            out.extend([3, 3]);
            out.extend([7; 32]);
            out.extend([2, 8, 9]);
            nest(out, MAX16, |out| suites.iter().for_each(|s| s.write(out)));
            out.extend([1, 0]);
            nest(out, MAX16, |out| {
                for (code, body) in extensions {
                    code.write(out);
                    nest(out, MAX16, |out| out.extend_from_slice(body));
                }
            });
        });
        out
    }

    fn name(text: &[u8]) -> Vec<u8> {
        let mut out = vec![];
        nest(&mut out, MAX16, |out| {
            out.push(0);
            nest(out, MAX16, |out| out.extend_from_slice(text));
        });
        out
    }

    fn full() -> Vec<u8> {
        let mut psks = vec![0, 7, 0, 1, 5, 1, 2, 3, 4, 0, 33, 32];
        psks.extend([6; 32]);
        hello(
            &[CipherSuite::TLS13_AES_128_GCM_SHA256, CipherSuite::from(0x1a2a)],
            &[
                (0x0a0a, vec![]),
                (ext::server_name, name(b"example.com")),
                (ext::supported_groups, vec![0, 2, 0, 29]),
                (ext::signature_algorithms, vec![0, 2, 4, 3]),
                (ext::application_layer_protocol_negotiation, b"\x00\x03\x02h2".to_vec()),
                (ext::supported_versions, vec![4, 3, 4, 3, 3]),
                (ext::cookie, vec![0, 1, 9]),
                (ext::psk_key_exchange_modes, vec![1, 1]),
                (ext::certificate_authorities, vec![0, 4, 0, 2, 0x30, 0]),
                (ext::key_share, vec![0, 7, 0, 29, 0, 3, 7, 8, 9]),
                (ext::pre_shared_key, psks),
            ],
        )
    }

    /// RFC 8701 section 2 has sixteen such values; others that nobody knows are shown.
    #[test]
    fn grease_is_left_out_of_what_is_shown() {
        let all: Vec<u16> = (0..=u16::MAX).collect();
        let bytes: Vec<u8> = all.iter().flat_map(|value| value.to_be_bytes()).collect();
        let kept: Vec<SignatureScheme> = meant(SignatureSchemes::of_encoded(&bytes));
        let left_out: Vec<u16> = all.into_iter().filter(|value| !kept.contains(&(*value).into())).collect();
        assert_eq!((left_out.len(), left_out[0], left_out[1], left_out[15]), (16, 0x0a0a, 0x1a1a, 0xfafa));

        let suites = [0xaaaa, 0x1301, 0x1a2a].map(CipherSuite::from);
        let raw = hello(
            &suites,
            &[
                (ext::supported_groups, vec![0, 4, 0xba, 0xba, 0, 29]),
                (ext::signature_algorithms, vec![0, 4, 4, 3, 0xca, 0xca]),
                (ext::signature_algorithms_cert, vec![0, 4, 0xca, 0xca, 4, 1]),
            ],
        );
        let hello = ClientHello::read(&raw).unwrap();
        assert!(hello.offers(suites[1]) && hello.lists.get().is_none(), "nobody has asked");
        assert_eq!(hello.lists().cipher_suites, suites[1..]);
        assert_eq!(hello.lists().groups.as_deref(), Some(&[NamedGroup::X25519][..]));
        assert!(hello.named_groups().unwrap().iter().eq([NamedGroup::from(0xbaba), NamedGroup::X25519]));
        assert_eq!(hello.lists().schemes.as_deref(), Some(&[SignatureScheme::ECDSA_NISTP256_SHA256][..]));
        assert_eq!(hello.lists().schemes_cert.as_deref(), Some(&[SignatureScheme::RSA_PKCS1_SHA256][..]));
    }

    #[test]
    fn everything_is_found_again() {
        let raw = full();
        let hello = ClientHello::read(&raw).unwrap();
        assert_eq!((hello.raw(), hello.session_id()), (&raw[..], &[8, 9][..]));
        assert_eq!(hello.random, [7; 32]);
        assert!(hello.offers_only_null_compression());
        assert_eq!(hello.server_name.as_ref().unwrap().as_ref(), "example.com");
        assert_eq!(hello.lists().groups.as_deref(), Some(&[NamedGroup::X25519][..]));
        assert_eq!(hello.lists().schemes.as_deref(), Some(&[SignatureScheme::ECDSA_NISTP256_SHA256][..]));
        assert!(hello.versions().unwrap().iter().eq([ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2]));
        assert!(hello.protocols().unwrap().iter().map(|p| p.0).eq([b"h2"]));
        assert_eq!(hello.key_shares().unwrap().iter().next().unwrap().key_exchange.0, [7, 8, 9]);
        assert!(hello.psk_modes().unwrap().iter().eq([PskKeyExchangeMode::PSK_DHE_KE]));
        assert_eq!(hello.cookie(), Some(&[9][..]));
        assert_eq!(hello.psks().unwrap().identities.iter().next().unwrap().identity.0, [5]);
        assert_eq!(hello.without_binders(), &raw[..raw.len() - 35]);
        assert_eq!(hello.authorities.as_ref().unwrap().len(), 1);
        assert_eq!(hello.extension_codes().count(), 11);
    }

    #[test]
    fn truncations_and_trailing_bytes() {
        let raw = full();
        for n in 0..raw.len() {
            // Only the end before the extensions is an end that a hello may have.
            let head = 4 + 2 + 32 + 3 + 6 + 2;
            assert_eq!(ClientHello::read(&raw[..n]).is_ok(), n == head, "cut to {n}");
        }
        assert!(ClientHello::read(&[&raw[..], &[0]].concat()).is_err());
    }

    #[test]
    fn rules_of_the_block() {
        let suites = [CipherSuite::TLS13_AES_128_GCM_SHA256];
        for code in [ext::session_ticket, 63, 64, 0x2a2a] {
            let twice = hello(&suites, &[(code, vec![]), (40, vec![]), (code, vec![])]);
            assert_eq!(ClientHello::read(&twice).unwrap_err(), InvalidMessage::DuplicateExtension(code));
        }
        let mut psks = vec![0, 7, 0, 1, 5, 1, 2, 3, 4, 0, 33, 32];
        psks.extend([6; 32]);
        let not_last = hello(&suites, &[(ext::pre_shared_key, psks), (0x2a2a, vec![])]);
        assert_eq!(
            ClientHello::read(&not_last).unwrap_err(),
            InvalidMessage::PreSharedKeyIsNotFinalExtension
        );
        assert!(ClientHello::read(&hello(&[], &[])).is_err(), "no cipher suites");
        for (code, body) in [
            (ext::supported_groups, vec![0, 0]),
            (ext::supported_groups, vec![0, 1, 0]),
            (ext::signature_algorithms, vec![0, 0]),
            (ext::supported_versions, vec![0]),
            (ext::key_share, vec![0, 4, 0, 29, 0, 0]),
            (ext::psk_key_exchange_modes, vec![0]),
            (ext::cookie, vec![0, 0]),
            (ext::early_data, vec![0]),
            (ext::extended_master_secret, vec![0]),
            (ext::signed_certificate_timestamp, vec![0]),
            (ext::signature_algorithms_cert, vec![0, 0]),
            (ext::signature_algorithms_cert, vec![0, 1, 4]),
            (ext::delegated_credential, vec![0, 0]),
            (ext::server_certificate_type, vec![]),
            (ext::server_certificate_type, vec![0]),
            (ext::server_certificate_type, vec![2, 0]),
            (ext::server_certificate_type, vec![1, 2, 0]),
            (ext::client_certificate_type, vec![0]),
            (ext::client_certificate_type, vec![1, 2, 0]),
            (ext::delegated_credential, vec![0, 3, 4, 3, 4]),
            (ext::ec_point_formats, vec![0]),
            (ext::ec_point_formats, vec![2, 0]),
            (ext::renegotiation_info, vec![]),
            (ext::renegotiation_info, vec![0, 0]),
            (ext::status_request, vec![]),
            (ext::status_request, vec![1, 0, 0, 0]),
            (ext::status_request, vec![1, 0, 2, 0, 0, 0, 0]),
            (ext::status_request, vec![1, 0, 0, 0, 0, 0]),
            (ext::application_layer_protocol_negotiation, vec![0, 1, 0]),
        ] {
            assert!(ClientHello::read(&hello(&suites, &[(code, body.clone())])).is_err(), "{code}: {body:?}");
        }
        // A binder of 12 bytes is none, but only TLS 1.3 has binders.
        let mut psks = vec![0, 7, 0, 1, 5, 1, 2, 3, 4, 0, 13, 12];
        psks.extend([6; 12]);
        let of_tls12 = [(ext::pre_shared_key, psks)];
        assert!(ClientHello::read(&hello(&suites, &of_tls12)).is_ok());
        let [psks] = of_tls12;
        let of_tls13 = [(ext::supported_versions, vec![2, 3, 4]), psks];
        assert!(ClientHello::read(&hello(&suites, &of_tls13)).is_err());
    }

    #[test]
    fn what_tls12_asks() {
        let suites = [CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
        let bare = ClientHello::read(&hello(&suites, &[])).unwrap();
        assert!(!bare.extended_master_secret() && !bare.status_request());
        assert!(!bare.offers_fallback_scsv() && !bare.offers_renegotiation_scsv());
        assert_eq!((bare.renegotiation_info(), bare.session_ticket()), (None, None));
        assert_eq!(bare.point_formats_uncompressed(), None);

        let suites = [suites[0], 0x5600.into(), 0x00ff.into()];
        let raw = hello(
            &suites,
            &[
                (ext::extended_master_secret, vec![]),
                (ext::renegotiation_info, vec![2, 7, 8]),
                (ext::session_ticket, vec![9, 9, 9]),
                (ext::ec_point_formats, vec![2, 1, 0]),
                (ext::status_request, vec![1, 0, 4, 0, 2, 7, 7, 0, 1, 5]),
                (ext::signed_certificate_timestamp, vec![]),
            ],
        );
        let full = ClientHello::read(&raw).unwrap();
        assert!(full.extended_master_secret() && full.status_request());
        assert!(full.offers_fallback_scsv() && full.offers_renegotiation_scsv());
        assert_eq!(full.renegotiation_info(), Some(&[7, 8][..]));
        assert_eq!(full.session_ticket(), Some(&[9, 9, 9][..]));
        assert_eq!(full.point_formats_uncompressed(), Some(true));

        let with = |code, body| ClientHello::read(&hello(&suites, &[(code, body)])).unwrap();
        assert_eq!(with(ext::ec_point_formats, vec![1, 1]).point_formats_uncompressed(), Some(false));
        assert_eq!(with(ext::session_ticket, vec![]).session_ticket(), Some(&[][..]));
        assert_eq!(with(ext::renegotiation_info, vec![0]).renegotiation_info(), Some(&[][..]));
        assert!(!with(ext::status_request, vec![2, 9]).status_request(), "another type");
    }

    #[test]
    fn server_names() {
        let read =
            |body: Vec<u8>| ClientHello::read(&hello(&[0x1301.into()], &[(0, body)])).map(|h| h.server_name);
        assert!(read(name(b"a.example")).unwrap().is_some());
        assert_eq!(read(name(b"A.Example")).unwrap().unwrap().as_ref(), "a.example", "RFC 4343");
        assert!(read(name(b"192.0.2.1")).unwrap().is_none());
        assert!(read(name(b"2001:db8::1")).unwrap().is_none());
        for bad in [&b""[..], b"exa mple", b"\xff\xfe", b"-.-"] {
            assert!(read(name(bad)).is_err(), "{bad:?}");
        }
        let two = [&[0, 12][..], &name(b"a.b")[2..], &name(b"c.d")[2..]].concat();
        assert!(read(two).is_err());
        assert!(read(vec![0, 0]).is_err());
    }
}
