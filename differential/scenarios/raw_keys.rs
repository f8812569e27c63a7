//! Raw public keys (RFC 7250): which sides find together, and what the others say.

use std::sync::Arc;

use tls::client::AlwaysResolvesClientRawPublicKeys;
use tls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tls::crypto::{
    aws_lc_rs, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use tls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use tls::server::AlwaysResolvesServerRawPublicKeys;
use tls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tls::sign::{CertifiedKey, SingleCertAndKey};
use tls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    let key =
        aws_lc_rs::default_provider().key_provider.load_private_key(world.good.key.clone_key()).unwrap();
    let public = CertificateDer::from(key.public_key().unwrap().to_vec());
    let keys = Keys {
        raw: Arc::new(CertifiedKey::new(vec![public], key.clone())),
        certified: Arc::new(CertifiedKey::new(world.good.chain.clone(), key)),
    };
    for (name, version) in BOTH {
        let (raw, certified) = (Type::Raw, Type::Certified);
        for (takes, shows) in [(raw, raw), (raw, certified), (certified, raw)] {
            attempt(notes, name, version, &keys, Cast { takes, shows, asks: None, has: None });
        }
        for asks in [None, Some(Type::Raw), Some(Type::Certified)] {
            for has in [None, Some(Type::Raw), Some(Type::Certified)] {
                let takes = Type::Certified;
                attempt(notes, name, version, &keys, Cast { takes, shows: takes, asks, has });
            }
        }
        let (takes, asks) = (Type::Raw, Some(Type::Raw));
        attempt(notes, name, version, &keys, Cast { takes, shows: takes, asks, has: asks });
    }
}

/// A raw public key, or a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Raw,
    Certified,
}

struct Keys {
    raw: Arc<CertifiedKey>,
    certified: Arc<CertifiedKey>,
}

/// What the client takes and the server shows; what the server asks for, and what the client has.
#[derive(Clone, Copy, Debug)]
struct Cast {
    takes: Type,
    shows: Type,
    asks: Option<Type>,
    has: Option<Type>,
}

fn attempt(
    notes: &mut Notes,
    name: &str,
    version: &'static SupportedProtocolVersion,
    keys: &Keys,
    cast: Cast,
) {
    let builder = ClientConfig::builder_with_protocol_versions(&[version])
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(cast.takes)));
    let client_config = match cast.has {
        None => builder.with_no_client_auth(),
        Some(Type::Raw) => builder
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(keys.raw.clone()))),
        Some(Type::Certified) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(keys.certified.clone())))
        }
    };
    let builder = ServerConfig::builder_with_protocol_versions(&[version]);
    let builder = match cast.asks {
        None => builder.with_no_client_auth(),
        Some(asks) => builder.with_client_cert_verifier(Arc::new(Credulous(asks))),
    };
    let server_config = match cast.shows {
        Type::Raw => {
            builder.with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(keys.raw.clone())))
        }
        Type::Certified => {
            builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(keys.certified.clone())))
        }
    };
    let (client_config, server_config) = (Arc::new(client_config), Arc::new(server_config));
    for round in ["first", "second"] {
        let (mut client, mut server) = (client(&client_config), server(&server_config));
        let (mut heard, mut said) = (None, None);
        for _ in 0..6 {
            let up = take(&mut client);
            if !up.is_empty() {
                said = said.or(feed(&mut server, &up).err());
            }
            let down = take(&mut server);
            if !down.is_empty() {
                heard = heard.or(feed(&mut client, &down).err());
            }
        }
        let mut note =
            |what: &str, value: String| notes.text(format_args!("{name}, {cast:?}, {round}, {what}"), value);
        note("the client says", format!("{heard:?}"));
        note("the server says", format!("{said:?}"));
        note("done", format!("{} {}", !client.is_handshaking(), !server.is_handshaking()));
        note("kind", format!("{:?}", client.handshake_kind()));
        let seen = |chain: Option<&[CertificateDer<'_>]>| {
            chain.map(|chain| (chain.len(), chain[0] == keys.raw.cert[0], chain[0] == keys.certified.cert[0]))
        };
        note(
            "seen",
            format!("{:?} {:?}", seen(client.peer_certificates()), seen(server.peer_certificates())),
        );
    }
}

/// Looks at signatures only.
#[derive(Debug)]
struct Credulous(Type);

impl Credulous {
    fn check13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        match self.0 {
            Type::Raw => {
                let key = SubjectPublicKeyInfoDer::from(cert.as_ref());
                verify_tls13_signature_with_raw_key(message, &key, dss, &algorithms)
            }
            Type::Certified => verify_tls13_signature(message, cert, dss, &algorithms),
        }
    }

    fn check12(
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn schemes() -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::check12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Self::schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0 == Type::Raw
    }
}

impl ClientCertVerifier for Credulous {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Self::check12(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check13(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Self::schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.0 == Type::Raw
    }
}
