//! What a client is told of Encrypted Client Hello. RFC 9849.

use alloc::vec::Vec;
use core::fmt;

use pki_types::EchConfigListBytes;

use crate::crypto::hpke::{Hpke, HpkePublicKey, HpkeSuite};
use crate::error::{EncryptedClientHelloError, Error};
use crate::names::{EchConfigContents, EchConfigPayload};
use crate::wire::codec::Wire;
use crate::wire::ech;

/// Whether a client hides its hello, or only looks as if it did.
#[derive(Clone, Debug)]
pub enum EchMode {
    /// The hello is hidden; a server that does not take it is not connected to.
    ///
    /// What nobody on the way learns is the name of the server, and which session is offered. What else a hello says (application
    /// protocols, transport parameters of QUIC, groups) stands in the outer one too, since a server that rejects has to go on with it.
    Enable(EchConfig),

    /// Something is sent that means nothing, so that those who hide are not the only ones. RFC 9849 section 6.2.
    Grease(EchGreaseConfig),
}

impl EchMode {
    /// Says whether its HPKE suite is a FIPS-approved implementation.
    pub fn fips(&self) -> bool {
        match self {
            Self::Enable(config) => config.suite.fips(),
            Self::Grease(config) => config.suite.fips(),
        }
    }
}

impl From<EchConfig> for EchMode {
    fn from(config: EchConfig) -> Self {
        Self::Enable(config)
    }
}

impl From<EchGreaseConfig> for EchMode {
    fn from(config: EchGreaseConfig) -> Self {
        Self::Grease(config)
    }
}

/// To whom hellos are encrypted, and how. RFC 9849 section 4.
///
/// It belongs to one service: make a config for each.
#[derive(Clone)]
pub struct EchConfig {
    pub(crate) contents: EchConfigContents,
    /// The configuration as it was published. The keys depend on all of it.
    pub(crate) bytes: Vec<u8>,
    pub(crate) suite: &'static dyn Hpke,
}

impl EchConfig {
    /// Takes the first configuration of a published list for which there is a suite among `hpke_suites`.
    ///
    /// Such lists are found in the DNS (RFC 9848) or with the application. Configurations of other versions are passed over, and
    /// those with extensions that must be understood, or with a public name that is no host name. Within a configuration the
    /// server's first suite is taken.
    ///
    /// # Errors
    ///
    /// [`InvalidConfigList`](EncryptedClientHelloError::InvalidConfigList) for a malformed list,
    /// [`NoCompatibleConfig`](EncryptedClientHelloError::NoCompatibleConfig) if there is nothing in it for us.
    pub fn new(
        ech_config_list: EchConfigListBytes<'_>,
        hpke_suites: &[&'static dyn Hpke],
    ) -> Result<Self, Error> {
        let configs =
            ech::published(&ech_config_list).map_err(|_| EncryptedClientHelloError::InvalidConfigList)?;
        let mut usable = configs.into_iter().filter_map(|(config, bytes)| {
            let (contents, suite) = choose(config, hpke_suites)?;
            Some(Self { contents, bytes: bytes.to_vec(), suite })
        });
        usable.next().ok_or_else(|| EncryptedClientHelloError::NoCompatibleConfig.into())
    }

    /// Takes the first configuration of those that a server sent when it rejected another, as
    /// [`ServerRejectedEncryptedClientHello`](crate::PeerIncompatible::ServerRejectedEncryptedClientHello) has them. Not in rustls 0.23.
    ///
    /// They are as good as published ones, for one new connection: RFC 9849 section 6.1.6. Try again once or twice, not without end.
    ///
    /// # Errors
    ///
    /// [`NoCompatibleConfig`](EncryptedClientHelloError::NoCompatibleConfig) if there is nothing in it for us. A server that says so has turned ECH off.
    pub fn from_retry_configs(
        configs: &[EchConfigPayload],
        hpke_suites: &[&'static dyn Hpke],
    ) -> Result<Self, Error> {
        let mut list = Vec::new();
        ech::ConfigList(configs.to_vec()).write(&mut list);
        match configs {
            [] => Err(EncryptedClientHelloError::NoCompatibleConfig.into()),
            _ => Self::new(list.into(), hpke_suites),
        }
    }
}

/// What of a configuration there is to use. RFC 9849 sections 4.2 and 6.1.
fn choose(
    config: EchConfigPayload,
    hpke_suites: &[&'static dyn Hpke],
) -> Option<(EchConfigContents, &'static dyn Hpke)> {
    const MANDATORY: u16 = 0x8000;
    let EchConfigPayload::V18(contents) = config else { return None };
    let kem = contents.key_config.kem_id;
    let ours = |wanted| hpke_suites.iter().copied().find(|suite| suite.suite() == wanted);
    let mut suites = contents.key_config.symmetric_cipher_suites.iter();
    let suite = suites.find_map(|sym| ours(HpkeSuite { kem, sym: *sym }))?;
    // We understand none at all.
    let understood = contents.extensions.iter().all(|extension| extension.typ & MANDATORY == 0);
    understood.then_some((contents, suite))
}

impl fmt::Debug for EchConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EchConfig").field("contents", &self.contents).field("suite", &self.suite).finish()
    }
}

/// What a client sends that only looks as if it hid something. RFC 9849 section 6.2.
#[derive(Clone, Debug)]
pub struct EchGreaseConfig {
    pub(crate) suite: &'static dyn Hpke,
    pub(crate) placeholder_key: HpkePublicKey,
}

impl EchGreaseConfig {
    /// Looks like `suite`. `placeholder_key` is any public key of its KEM, best one that was made for this
    /// ([`Hpke::generate_key_pair`]) and whose private key is forgotten.
    pub fn new(suite: &'static dyn Hpke, placeholder_key: HpkePublicKey) -> Self {
        Self { suite, placeholder_key }
    }
}

#[cfg(test)]
#[cfg(feature = "aws_lc_rs")]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::crypto::aws_lc_rs::hpke::{
        ALL_SUPPORTED_SUITES, DH_KEM_P256_HKDF_SHA256_AES_128, DH_KEM_X25519_HKDF_SHA256_AES_128,
        DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305,
    };
    use crate::names::{
        EchConfigExtension, EchVersion, HpkeAead, HpkeKdf, HpkeKem, HpkeKeyConfig, HpkeSymmetricCipherSuite,
        PayloadU16,
    };

    fn sym(aead_id: HpkeAead) -> HpkeSymmetricCipherSuite {
        HpkeSymmetricCipherSuite { kdf_id: HpkeKdf::HKDF_SHA256, aead_id }
    }

    fn contents(config_id: u8, change: impl FnOnce(&mut EchConfigContents)) -> EchConfigPayload {
        let mut contents = EchConfigContents {
            key_config: HpkeKeyConfig {
                config_id,
                kem_id: HpkeKem::DHKEM_X25519_HKDF_SHA256,
                public_key: PayloadU16::new(vec![9; 32]),
                symmetric_cipher_suites: vec![sym(HpkeAead::CHACHA20_POLY_1305), sym(HpkeAead::AES_128_GCM)],
            },
            maximum_name_length: 0,
            public_name: "public.example".try_into().unwrap(),
            extensions: Vec::new(),
        };
        change(&mut contents);
        EchConfigPayload::V18(contents)
    }

    fn list(configs: &[EchConfigPayload]) -> EchConfigListBytes<'static> {
        let mut out = Vec::new();
        ech::ConfigList(configs.to_vec()).write(&mut out);
        out.into()
    }

    #[test]
    fn the_first_configuration_and_the_first_suite_that_we_have() {
        let of_type = |typ| EchConfigExtension { typ, contents: Vec::new() };
        let old = EchConfigPayload::Unknown {
            version: EchVersion::Unknown(0xfe0c),
            contents: PayloadU16::new(vec![1, 2]),
        };
        let nameless = contents(1, |_| {});
        let mut bytes = Vec::new();
        nameless.write(&mut bytes);
        // A public name that is no host name.
        let at = bytes.windows(6).position(|w| w == b"public").unwrap();
        bytes[at] = b'_';
        let nameless = EchConfigPayload::read_all(&bytes).unwrap();
        let configs = [
            old,
            nameless,
            contents(2, |c| c.extensions.push(of_type(0x8001))),
            contents(3, |c| c.key_config.kem_id = HpkeKem::DHKEM_X448_HKDF_SHA512),
            contents(4, |c| c.key_config.symmetric_cipher_suites = vec![sym(HpkeAead::EXPORT_ONLY)]),
            contents(5, |c| c.extensions.push(of_type(1))),
            contents(6, |_| {}),
        ];
        let chosen = EchConfig::new(list(&configs), ALL_SUPPORTED_SUITES).unwrap();
        assert_eq!(chosen.contents.key_config.config_id, 5);
        assert_eq!(chosen.suite.suite(), DH_KEM_X25519_HKDF_SHA256_CHACHA20_POLY1305.suite());
        let mut bytes = Vec::new();
        configs[5].write(&mut bytes);
        assert_eq!(chosen.bytes, bytes);

        let only: &[&'static dyn Hpke] =
            &[DH_KEM_P256_HKDF_SHA256_AES_128, DH_KEM_X25519_HKDF_SHA256_AES_128];
        let chosen = EchConfig::new(list(&configs), only).unwrap();
        assert_eq!(chosen.suite.suite(), DH_KEM_X25519_HKDF_SHA256_AES_128.suite());

        let none = Error::from(EncryptedClientHelloError::NoCompatibleConfig);
        assert_eq!(EchConfig::new(list(&configs[..5]), ALL_SUPPORTED_SUITES).unwrap_err(), none);
        assert_eq!(EchConfig::new(list(&configs), &[]).unwrap_err(), none);
        assert_eq!(EchConfig::from_retry_configs(&[], ALL_SUPPORTED_SUITES).unwrap_err(), none);
        let retried = EchConfig::from_retry_configs(&configs, ALL_SUPPORTED_SUITES).unwrap();
        assert_eq!(retried.bytes, bytes);
        let malformed = EchConfig::new(vec![0, 1, 0].into(), ALL_SUPPORTED_SUITES).unwrap_err();
        assert_eq!(malformed, EncryptedClientHelloError::InvalidConfigList.into());
    }
}
