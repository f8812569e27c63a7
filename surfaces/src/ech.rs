//! Lists of ECH configurations (RFC 9849 section 4), as the DNS and servers that reject give them, and the hello that is made for one.

use std::sync::Arc;

use chitin::client::EchConfig;
use chitin::crypto::hpke::{
    EncapsulatedSecret, Hpke, HpkeOpener, HpkePrivateKey, HpkePublicKey, HpkeSealer, HpkeSuite,
};
use chitin::internal::msgs::enums::{HpkeAead, HpkeKdf, HpkeKem};
use chitin::internal::msgs::handshake::HpkeSymmetricCipherSuite;
use chitin::{ClientConfig, ClientConnection, EncryptedClientHelloError, Error};
use pki_types::ServerName;

use crate::configs::{self, Version};
use crate::glass;

/// A list that is taken has a configuration that a hello can be made for, and the hello does not show what it hides.
pub fn ech(list: &[u8]) {
    let config = match EchConfig::new(list.into(), &[&GlassHpke]) {
        Ok(config) => config,
        Err(Error::InvalidEncryptedClientHello(
            EncryptedClientHelloError::InvalidConfigList | EncryptedClientHelloError::NoCompatibleConfig,
        )) => return,
        Err(error) => panic!("a list is refused with {error:?}"),
    };
    let plain = configs::client(Version::Tls13, 0, &glass::GROUPS);
    let builder =
        ClientConfig::builder_with_details(plain.crypto_provider().clone(), plain.time_provider.clone());
    let client = builder.with_ech(config.into()).expect("the provider has TLS 1.3");
    let client = client.with_root_certificates(configs::roots()).with_no_client_auth();
    let name = ServerName::try_from(HIDDEN).expect("a name");
    let mut conn = ClientConnection::new(Arc::new(client), name).expect("a hello");
    let mut hello = Vec::new();
    while conn.wants_write() {
        conn.write_tls(&mut hello).expect("a vector takes everything");
    }
    let shows = |bytes: &[u8]| bytes.windows(HIDDEN.len()).any(|part| part == HIDDEN.as_bytes());
    assert!(!shows(&hello) || shows(list), "the hidden name is seen");
}

const HIDDEN: &str = "hidden.example";

/// A suite that takes every key and hides in a way that anybody can undo.
#[derive(Debug)]
struct GlassHpke;

impl Hpke for GlassHpke {
    fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        pub_key: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Vec<u8>), Error> {
        let (enc, mut sealer) = self.setup_sealer(info, pub_key)?;
        Ok((enc, sealer.seal(aad, plaintext)?))
    }

    fn setup_sealer(
        &self,
        _: &[u8],
        _: &HpkePublicKey,
    ) -> Result<(EncapsulatedSecret, Box<dyn HpkeSealer>), Error> {
        Ok((EncapsulatedSecret(vec![7; 32]), Box::new(GlassSealer)))
    }

    fn open(
        &self,
        _: &EncapsulatedSecret,
        _: &[u8],
        _: &[u8],
        _: &[u8],
        _: &HpkePrivateKey,
    ) -> Result<Vec<u8>, Error> {
        Err(Error::DecryptError)
    }

    fn setup_opener(
        &self,
        _: &EncapsulatedSecret,
        _: &[u8],
        _: &HpkePrivateKey,
    ) -> Result<Box<dyn HpkeOpener>, Error> {
        Err(Error::DecryptError)
    }

    fn generate_key_pair(&self) -> Result<(HpkePublicKey, HpkePrivateKey), Error> {
        Ok((HpkePublicKey(vec![7; 32]), HpkePrivateKey::from(vec![7; 32])))
    }

    fn suite(&self) -> HpkeSuite {
        let sym = HpkeSymmetricCipherSuite { kdf_id: HpkeKdf::HKDF_SHA256, aead_id: HpkeAead::AES_128_GCM };
        HpkeSuite { kem: HpkeKem::DHKEM_X25519_HKDF_SHA256, sym }
    }
}

#[derive(Debug)]
struct GlassSealer;

impl HpkeSealer for GlassSealer {
    fn seal(&mut self, _: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(plaintext.iter().map(|byte| byte ^ glass::TAG).chain([glass::TAG; 16]).collect())
    }
}
