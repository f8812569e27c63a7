//! What Encrypted Client Hello says on the wire: lists of configurations, and the extension in its forms. RFC 9849 sections 4
//! and 5.
//!
//! Written by hand, not declared: a configuration is kept for its owner, and what it is depends on its version.

use alloc::vec::Vec;

use pki_types::{DnsName, EchConfigListBytes};

use crate::error::InvalidMessage;
use crate::names::{
    EchClientHelloType, EchConfigContents, EchConfigExtension, EchConfigPayload, EchVersion, HpkeAead,
    HpkeKdf, HpkeKem, HpkeKeyConfig, HpkeSymmetricCipherSuite, PayloadU16,
};
use crate::wire::codec::{MAX8, MAX16, Opaque, Reader, Wire, nest};
use crate::wire::extensions::{Seen, ext};

/// How much a signal of acceptance has. RFC 9849 section 7.2.
pub(crate) const CONFIRMATION_LEN: usize = 8;

/// The signal in a HelloRetryRequest. RFC 9849 section 5.
pub(crate) type Confirmation = [u8; CONFIRMATION_LEN];

impl Wire<'_> for Confirmation {
    const NAME: &'static str = "ECH confirmation";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        r.array(Self::NAME)
    }
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

/// `ECHConfigList`: what is published, and what a server that rejects answers. RFC 9849 section 4.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConfigList(pub(crate) Vec<EchConfigPayload>);

impl<'a> Wire<'a> for ConfigList {
    const NAME: &'static str = "ECH configuration list";
    fn read(r: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let configs = configs(r)?.map(|config| config.map(|(config, _)| config));
        configs.collect::<Result<_, _>>().map(Self)
    }
    fn write(&self, out: &mut Vec<u8>) {
        nest(out, MAX16, |out| self.0.iter().for_each(|config| config.write(out)));
    }
}

/// The configurations of a published list, each with its bytes, which the key schedule of HPKE takes in.
///
/// # Errors
///
/// The list is malformed, here or further on.
pub(crate) fn published<'a>(
    list: &'a EchConfigListBytes<'_>,
) -> Result<Vec<(EchConfigPayload, &'a [u8])>, InvalidMessage> {
    let mut r = Reader::new(list);
    let all = configs(&mut r)?.collect();
    r.done(ConfigList::NAME)?;
    all
}

type Config<'a> = (EchConfigPayload, &'a [u8]);

fn configs<'a>(
    r: &mut Reader<'a>,
) -> Result<impl Iterator<Item = Result<Config<'a>, InvalidMessage>> + use<'a>, InvalidMessage> {
    let mut rest = Reader::new(r.prefixed(4, MAX16, ConfigList::NAME)?);
    Ok(core::iter::from_fn(move || {
        let before = rest.clone().rest();
        // Behind an error there is nothing that one could make sense of.
        let mut one = || {
            let config = EchConfigPayload::read(&mut rest)?;
            let used = before.len().saturating_sub(rest.left());
            Ok((config, before.get(..used).unwrap_or_default()))
        };
        match (before.is_empty(), one()) {
            (true, _) => None,
            (false, Ok(config)) => Some(Ok(config)),
            (false, Err(error)) => {
                rest.rest();
                Some(Err(error))
            }
        }
    }))
}

impl Wire<'_> for EchConfigPayload {
    const NAME: &'static str = "ECH configuration";

    /// One whose public name is no host name is to be passed over (RFC 9849 section 6.1.7), as if its version were unknown.
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        let version = EchVersion::from(r.u16("ECH version")?);
        let body = r.prefixed(0, MAX16, Self::NAME)?;
        let known = match version {
            EchVersion::V18 => read_contents(body)?,
            _ => None,
        };
        Ok(match known {
            Some(contents) => Self::V18(contents),
            None => Self::Unknown { version, contents: PayloadU16::new(body.to_vec()) },
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let version = match self {
            Self::V18(_) => EchVersion::V18,
            Self::Unknown { version, .. } => *version,
        };
        u16::from(version).write(out);
        nest(out, MAX16, |out| match self {
            Self::V18(contents) => write_contents(contents, out),
            Self::Unknown { contents, .. } => out.extend_from_slice(contents.as_ref()),
        });
    }
}

fn read_contents(body: &[u8]) -> Result<Option<EchConfigContents>, InvalidMessage> {
    let mut r = Reader::new(body);
    let config_id = r.u8("ECH config id")?;
    let kem_id = HpkeKem::from(r.u16("HPKE KEM")?);
    let public_key = PayloadU16::new(r.prefixed(1, MAX16, "HPKE public key")?.to_vec());
    let mut suites = Reader::new(r.prefixed(4, MAX16, "HPKE cipher suites")?);
    let mut symmetric_cipher_suites = Vec::new();
    while suites.any_left() {
        symmetric_cipher_suites.push(HpkeSymmetricCipherSuite {
            kdf_id: HpkeKdf::from(suites.u16("HPKE KDF")?),
            aead_id: HpkeAead::from(suites.u16("HPKE AEAD")?),
        });
    }
    let maximum_name_length = r.u8("maximum name length")?;
    let public_name = read_public_name(r.prefixed(1, MAX8, "public name")?);
    let mut block = Reader::new(r.prefixed(0, MAX16, "ECH configuration extensions")?);
    r.done(EchConfigPayload::NAME)?;

    let (mut seen, mut extensions) = (Seen::default(), Vec::new());
    while block.any_left() {
        let typ = block.u16("extension type")?;
        let contents = block.prefixed(0, MAX16, "extension body")?.to_vec();
        seen.push(typ);
        extensions.push(EchConfigExtension { typ, contents });
    }
    seen.no_duplicates()?;
    let key_config = HpkeKeyConfig { config_id, kem_id, public_key, symmetric_cipher_suites };
    Ok(public_name.map(|public_name| EchConfigContents {
        key_config,
        maximum_name_length,
        public_name,
        extensions,
    }))
}

fn write_contents(contents: &EchConfigContents, out: &mut Vec<u8>) {
    let EchConfigContents { key_config, maximum_name_length, public_name, extensions } = contents;
    out.push(key_config.config_id);
    u16::from(key_config.kem_id).write(out);
    Opaque::<1, MAX16>(key_config.public_key.as_ref()).write(out);
    nest(out, MAX16, |out| key_config.symmetric_cipher_suites.iter().for_each(|suite| suite.write(out)));
    out.push(*maximum_name_length);
    Opaque::<1, MAX8>(public_name.as_ref().as_bytes()).write(out);
    nest(out, MAX16, |out| {
        for extension in extensions {
            extension.typ.write(out);
            Opaque::<0, MAX16>(&extension.contents).write(out);
        }
    });
}

impl Wire<'_> for HpkeSymmetricCipherSuite {
    const NAME: &'static str = "HPKE cipher suite";
    fn read(r: &mut Reader<'_>) -> Result<Self, InvalidMessage> {
        Ok(Self { kdf_id: r.u16("HPKE KDF")?.into(), aead_id: r.u16("HPKE AEAD")?.into() })
    }
    fn write(&self, out: &mut Vec<u8>) {
        u16::from(self.kdf_id).write(out);
        u16::from(self.aead_id).write(out);
    }
}

/// A host name of LDH labels, and nothing that somebody could take for an IPv4 address: RFC 9849 section 6.1.7. No name has a dot
/// at its end in TLS.
fn read_public_name(bytes: &[u8]) -> Option<DnsName<'static>> {
    let last = bytes.rsplit(|byte| *byte == b'.').next()?;
    let ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let number = match last {
        [b'0', b'x' | b'X', digits @ ..] => hex(digits),
        digits => digits.iter().all(u8::is_ascii_digit),
    };
    match bytes.iter().all(|byte| ldh(*byte)) && !number {
        true => DnsName::try_from(bytes).ok().map(|name| name.to_owned()),
        false => None,
    }
}

/// The extension of an outer hello. RFC 9849 section 5.
pub(crate) struct OuterEch<'a> {
    pub(crate) suite: HpkeSymmetricCipherSuite,
    pub(crate) config_id: u8,
    /// Empty in a second hello: the key is that of the first.
    pub(crate) enc: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl OuterEch<'_> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(EchClientHelloType::Outer.into());
        self.suite.write(out);
        out.push(self.config_id);
        Opaque::<0, MAX16>(self.enc).write(out);
        Opaque::<1, MAX16>(self.payload).write(out);
    }
}

/// The extension of an inner hello: that it is one. RFC 9849 section 5.
pub(crate) fn write_inner(out: &mut Vec<u8>) {
    out.push(EchClientHelloType::Inner.into());
}

/// Where in a whole HelloRetryRequest its signal is; `None` if it has none. The message has been read, so it is well-formed.
pub(crate) fn confirmation_at(retry: &[u8]) -> Option<usize> {
    let at = |r: &Reader<'_>| retry.len().saturating_sub(r.left());
    let mut r = Reader::new(retry);
    // The header, version and random, the session id, the suite and the compression.
    r.take(4 + 2 + 32, "head").ok()?;
    r.prefixed(0, 32, "session id").ok()?;
    r.take(2 + 1, "choices").ok()?;
    r.take(2, "length of the extensions").ok()?;
    while r.any_left() {
        let code = r.u16("extension type").ok()?;
        let body = r.prefixed(0, MAX16, "extension body").ok()?;
        if code == ext::encrypted_client_hello {
            return at(&r).checked_sub(body.len()).filter(|_| body.len() == CONFIRMATION_LEN);
        }
    }
    None
}

/// A hello as it is authenticated and encoded: without the header of the message. RFC 9849 sections 5.1 and 5.2.
pub(crate) fn without_header(hello: &[u8]) -> &[u8] {
    hello.get(4..).unwrap_or_default()
}

/// Stands in an encoded inner hello for extensions that are as in the outer one, in the order that they have there. RFC 9849
/// section 5.1.
pub(crate) fn write_outer_extensions(codes: &[u16], out: &mut Vec<u8>) {
    ext::ech_outer_extensions.write(out);
    nest(out, MAX16, |out| nest(out, MAX8, |out| codes.iter().for_each(|code| code.write(out))));
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::wire::codec::tests::{cut_and_extended, good};

    /// One configuration by hand: id 7, X25519, a key of three bytes, two suites, names of 32, "a.example".
    fn config(name: &[u8], extensions: &[u8]) -> Vec<u8> {
        let mut out = vec![0xfe, 0x0d];
        nest(&mut out, MAX16, |out| {
            out.extend([7, 0, 0x20, 0, 3, 9, 9, 9, 0, 8, 0, 1, 0, 1, 0, 3, 0, 3, 32]);
            Opaque::<1, 255>(name).write(out);
            Opaque::<0, MAX16>(extensions).write(out);
        });
        out
    }

    fn list(configs: &[&[u8]]) -> Vec<u8> {
        let mut out = vec![];
        nest(&mut out, MAX16, |out| configs.iter().for_each(|config| out.extend_from_slice(config)));
        out
    }

    #[test]
    fn lists_are_read_and_written() {
        let known = config(b"a.example", &[0x80, 1, 0, 2, 5, 6, 0, 9, 0, 0]);
        let unknown = [0xfe, 0x0c, 0, 2, 1, 2];
        let bytes = list(&[&unknown, &known]);
        let ConfigList(configs) = good::<ConfigList>(&bytes);
        let [EchConfigPayload::Unknown { version, contents }, EchConfigPayload::V18(parsed)] = &configs[..]
        else {
            panic!("{configs:?}")
        };
        assert_eq!((*version, contents.as_ref()), (EchVersion::Unknown(0xfe0c), &[1, 2][..]));
        let key = &parsed.key_config;
        assert_eq!((key.config_id, key.kem_id), (7, HpkeKem::DHKEM_X25519_HKDF_SHA256));
        assert_eq!(key.public_key.as_ref(), [9, 9, 9]);
        let [_, second] = key.symmetric_cipher_suites[..] else { panic!("{key:?}") };
        assert_eq!((second.kdf_id, second.aead_id), (HpkeKdf::HKDF_SHA512, HpkeAead::CHACHA20_POLY_1305));
        assert_eq!((parsed.maximum_name_length, parsed.public_name.as_ref()), (32, "a.example"));
        let of = |typ, contents: &[u8]| EchConfigExtension { typ, contents: contents.to_vec() };
        assert_eq!(parsed.extensions, [of(0x8001, &[5, 6]), of(9, &[])]);
        cut_and_extended(&bytes, |b| ConfigList::read_all(b).is_ok());

        let both = EchConfigListBytes::from(bytes);
        let with_bytes = published(&both).unwrap();
        assert!(with_bytes.iter().map(|(_, bytes)| *bytes).eq([&unknown[..], &known]));
    }

    #[test]
    fn what_is_malformed_spoils_the_list() {
        let good = config(b"a.example", &[]);
        let twice = config(b"a.example", &[0, 9, 0, 0, 0, 9, 0, 0]);
        let cut = config(b"a.example", &[0, 9, 0]);
        // The length of the configuration, of its key, and of its suites.
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            bytes
        };
        let bad = [twice, cut, with(3, good[3] - 1), with(8, 0), with(8, 200), with(13, 6), with(13, 0)];
        for bad in bad {
            for bytes in [list(&[&bad]), list(&[&good, &bad]), list(&[&bad, &good])] {
                assert!(ConfigList::read_all(&bytes).is_err(), "{bytes:?}");
                assert!(published(&bytes.into()).is_err());
            }
        }
        assert!(ConfigList::read_all(&[0, 0]).is_err(), "empty");
        assert!(published(&[list(&[&good]), vec![0]].concat().into()).is_err());
    }

    /// RFC 9849 section 6.1.7.
    #[test]
    fn public_names_are_host_names_or_the_configuration_is_passed_over() {
        let name_of = |name: &[u8]| {
            let ConfigList(configs) = ConfigList::read_all(&list(&[&config(name, &[])])).unwrap();
            match &configs[..] {
                [EchConfigPayload::V18(contents)] => Some(contents.public_name.as_ref().to_string()),
                [EchConfigPayload::Unknown { version: EchVersion::V18, .. }] => None,
                other => panic!("{other:?}"),
            }
        };
        let label = [b'a'; 63];
        for good in [b"a".as_slice(), b"A.example", b"xn--ab-1.example", b"1.2.3.4a", b"0x", b"0xg", &label] {
            let expected = (good != b"0x").then(|| core::str::from_utf8(good).unwrap().to_string());
            assert_eq!(name_of(good), expected);
        }
        let long_label = [b'a'; 64];
        let bad: [&[u8]; 16] = [
            b".",
            b"a.",
            b".a",
            b"a..b",
            b"-a",
            b"a-.b",
            b"a_b",
            b"a b",
            b"*.example",
            b"\xc3\xa4",
            b"127.0.0.1",
            b"1",
            b"a.01",
            b"a.0x7f",
            b"::1",
            &long_label,
        ];
        for bad in bad {
            assert_eq!(name_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn forms_of_the_extension() {
        let suite = HpkeSymmetricCipherSuite { kdf_id: HpkeKdf::HKDF_SHA256, aead_id: HpkeAead::AES_256_GCM };
        let mut out = vec![];
        OuterEch { suite, config_id: 5, enc: &[1, 2], payload: &[3] }.write(&mut out);
        write_inner(&mut out);
        write_outer_extensions(&[10, 51], &mut out);
        assert_eq!(
            out,
            [&[0, 0, 1, 0, 2, 5, 0, 2, 1, 2, 0, 1, 3][..], &[1], &[0xfd, 0, 0, 5, 4, 0, 10, 0, 51]].concat()
        );
        assert_eq!(good::<Confirmation>(&[1, 2, 3, 4, 5, 6, 7, 8]), [1, 2, 3, 4, 5, 6, 7, 8]);
        cut_and_extended(&[1, 2, 3, 4, 5, 6, 7, 8], |b| Confirmation::read_all(b).is_ok());
    }
}
