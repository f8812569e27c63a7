//! Encrypted Client Hello as the flags want it: which mode a client gets, and what has to come of it.

use chitin::client::{EchConfig, EchGreaseConfig, EchMode, EchStatus};
use chitin::crypto::aws_lc_rs::hpke::{ALL_SUPPORTED_SUITES, DH_KEM_X25519_HKDF_SHA256_AES_128};
use chitin::crypto::hpke::Hpke;
use chitin::internal::msgs::handshake::{EchConfigContents, EchConfigPayload};
use chitin::{EncryptedClientHelloError, Error, PeerIncompatible};

use crate::Trouble;
use crate::options::Options;
use crate::session::same;
use crate::setup::{Setup, server_name};

/// What an application does with these flags. Without a configuration for us it goes on without, or with GREASE, or not at all.
pub fn mode(options: &Options, tls13: bool) -> Result<Option<EchMode>, Trouble> {
    let config = match &options.ech_config_list {
        _ if !tls13 => Err(Error::from(EncryptedClientHelloError::NoCompatibleConfig)),
        Some(list) => EchConfig::new(list.clone().into(), ALL_SUPPORTED_SUITES),
        None => Err(EncryptedClientHelloError::NoCompatibleConfig.into()),
    };
    match config {
        Ok(config) => Ok(Some(config.into())),
        Err(Error::InvalidEncryptedClientHello(EncryptedClientHelloError::NoCompatibleConfig))
            if !options.reject_unusable_ech =>
        {
            (tls13 && options.ech_grease).then(grease).transpose()
        }
        Err(error) => Err(Trouble::Library(error)),
    }
}

fn grease() -> Result<EchMode, Trouble> {
    let (placeholder, _) = DH_KEM_X25519_HKDF_SHA256_AES_128.generate_key_pair()?;
    Ok(EchGreaseConfig::new(DH_KEM_X25519_HKDF_SHA256_AES_128, placeholder).into())
}

/// Holds the end of a connection against what is expected of it.
pub fn check(
    setup: &Setup,
    options: &Options,
    status: Option<EchStatus>,
    done: Result<(), Trouble>,
) -> Result<(), Trouble> {
    if let (Ok(()), Some(status)) = (&done, status) {
        same("ECH accepted", status == EchStatus::Accepted, options.expect_ech_accept)?;
    }
    if let Some(name) = setup.notes.lock().verified_name.clone() {
        if let Some(public) = &options.expect_ech_name_override {
            same("name", &name, public)?;
        }
        if options.expect_no_ech_name_override {
            same("name", name.as_str(), &server_name(options)?.to_str())?;
        }
    }
    let rejected = match &done {
        Err(Trouble::Library(Error::PeerIncompatible(
            PeerIncompatible::ServerRejectedEncryptedClientHello(configs),
        ))) => Some(configs.as_deref().map(encoded)),
        _ => None,
    };
    if let Some(list) = &options.expect_ech_retry_configs {
        same("retry configurations", rejected.clone(), Some(Some(list.clone())))?;
    }
    if options.expect_no_ech_retry_configs {
        // A list without anything that we could use says that ECH is off, as none at all does.
        let usable = rejected
            .clone()
            .flatten()
            .is_some_and(|list| EchConfig::new(list.into(), ALL_SUPPORTED_SUITES).is_ok());
        same("rejection", (rejected.is_some(), usable), (true, false))?;
    }
    done
}

/// The list as it was on the wire. RFC 9849 section 4.
fn encoded(configs: &[EchConfigPayload]) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let contents = |c: &EchConfigContents| {
        let key = &c.key_config;
        let suites: Vec<u8> = key
            .symmetric_cipher_suites
            .iter()
            .flat_map(|suite| [u16::from(suite.kdf_id), u16::from(suite.aead_id)])
            .flat_map(u16::to_be_bytes)
            .collect();
        let extensions: Vec<u8> = c
            .extensions
            .iter()
            .flat_map(|extension| [&extension.typ.to_be_bytes()[..], &sized(&extension.contents)].concat())
            .collect();
        let name = c.public_name.as_ref().as_bytes();
        [
            &[key.config_id][..],
            &u16::from(key.kem_id).to_be_bytes(),
            &sized(key.public_key.as_ref()),
            &sized(&suites),
            &[c.maximum_name_length, name.len() as u8],
            name,
            &sized(&extensions),
        ]
        .concat()
    };
    let config = |config: &EchConfigPayload| match config {
        EchConfigPayload::V18(c) => [&[0xfe, 0x0d][..], &sized(&contents(c))].concat(),
        EchConfigPayload::Unknown { version, contents } => {
            [&u16::from(*version).to_be_bytes()[..], &sized(contents.as_ref())].concat()
        }
    };
    sized(&configs.iter().flat_map(config).collect::<Vec<u8>>())
}
