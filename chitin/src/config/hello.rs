//! The view of a client's hello that resolvers, and who chooses a config, are shown.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::panic::AssertUnwindSafe;

use pki_types::DnsName;

use super::time::TimeProvider;
use crate::crypto::suites::SupportedCipherSuite;
use crate::names::{
    CertificateType, CipherSuite, DistinguishedName, NamedGroup, ProtocolVersion, SignatureScheme,
};
use crate::wire::client_hello::{ClientHello as Hello, Lists};

/// What a client asked for, shown to those who choose a certificate or a config.
///
/// Nothing in it is authenticated: anybody can send any hello.
pub struct ClientHello<'a> {
    pub(crate) server_name: Option<&'a DnsName<'a>>,
    /// All else that it says, which is read when somebody asks for it.
    pub(crate) hello: Option<&'a Hello>,
    /// What has been chosen, if the certificate is chosen now. The view is as safe to unwind through as in 0.23: what is lent
    /// here is only asked.
    pub(crate) chosen: Option<AssertUnwindSafe<Chosen<'a>>>,
}

/// What a server knows when it chooses a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) version: ProtocolVersion,
    pub(crate) suites: &'a [SupportedCipherSuite],
    pub(crate) clock: &'a Arc<dyn TimeProvider>,
}

impl<'a> ClientHello<'a> {
    /// Returns the name the client asked for, RFC 6066 section 3. It is a syntactically valid DNS name.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.map(AsRef::as_ref)
    }

    fn lists(&self) -> Option<&'a Lists> {
        self.hello.map(Hello::lists)
    }

    /// Returns the signature schemes the client accepts that fit the suites it offered, best first.
    pub fn signature_schemes(&self) -> &[SignatureScheme] {
        self.lists().and_then(|lists| lists.schemes.as_deref()).unwrap_or_default()
    }

    /// Returns the application protocols the client offered, best first, RFC 7301. `None` if it sent no such extension.
    pub fn alpn(&self) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        Some(self.hello?.protocols()?.iter().map(|name| name.0))
    }

    /// Returns the cipher suites the client offered, in its order, unknown ones included but for GREASE (RFC 8701).
    pub fn cipher_suites(&self) -> &[CipherSuite] {
        self.lists().map_or(&[], |lists| &lists.cipher_suites)
    }

    /// Returns the certificate types the client accepts from servers, RFC 7250.
    pub fn server_cert_types(&self) -> Option<&'a [CertificateType]> {
        self.hello?.server_cert_types.as_deref()
    }

    /// Returns the certificate types the client can show, RFC 7250.
    pub fn client_cert_types(&self) -> Option<&'a [CertificateType]> {
        self.hello?.client_cert_types.as_deref()
    }

    /// Returns the authorities the client trusts, as far as it named them, RFC 8446 section 4.2.4.
    pub fn certificate_authorities(&self) -> Option<&'a [DistinguishedName]> {
        self.hello?.authorities.as_deref()
    }

    /// Returns the version that the server has chosen; `None` if there is no config yet that could choose. Not in rustls 0.23.
    ///
    /// In TLS 1.2 the groups of the client are also the curves on which the key of a certificate may lie, and its signature
    /// schemes say nothing of curves (RFC 8422 section 5.1). In TLS 1.3 it is the other way round.
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.chosen.as_ref().map(|chosen| chosen.version)
    }

    /// Returns the key exchange groups the client supports, RFC 8446 section 4.2.7.
    pub fn named_groups(&self) -> Option<&'a [NamedGroup]> {
        self.lists()?.groups.as_deref()
    }

    /// Returns the signature schemes the client accepts within a certificate chain, if it names them apart from those of the
    /// handshake: RFC 8446 section 4.2.3. Not in rustls 0.23.
    pub fn signature_schemes_cert(&self) -> Option<&'a [SignatureScheme]> {
        self.lists()?.schemes_cert.as_deref()
    }

    /// Returns the signature schemes the client accepts of delegated credentials, RFC 9345 section 4.1.1; none if it takes no
    /// such credentials. Not in rustls 0.23.
    pub fn delegated_credential_schemes(&self) -> &'a [SignatureScheme] {
        self.lists().map_or(&[], |lists| &lists.delegated)
    }
}

// The lifetime has a name, so that the item reads as in 0.23's interface, which `cargo xtask api` compares.
#[allow(clippy::needless_lifetimes)]
impl<'a> fmt::Debug for ClientHello<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHello")
            .field("server_name", &self.server_name)
            .field("signature_schemes", &self.signature_schemes())
            .field("alpn", &self.alpn().map(|names| names.collect::<Vec<_>>()))
            .field("server_cert_types", &self.server_cert_types())
            .field("client_cert_types", &self.client_cert_types())
            .field("cipher_suites", &self.cipher_suites())
            .field("certificate_authorities", &self.certificate_authorities())
            .field("named_groups", &self.named_groups())
            .field("signature_schemes_cert", &self.signature_schemes_cert())
            .field("delegated_credential_schemes", &self.delegated_credential_schemes())
            .field("protocol_version", &self.protocol_version())
            .finish()
    }
}
