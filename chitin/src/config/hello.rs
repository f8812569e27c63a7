//! The view of a client's hello that resolvers, and who chooses a config, are shown.

use alloc::sync::Arc;
use core::panic::AssertUnwindSafe;

use pki_types::DnsName;

use super::time::TimeProvider;
use crate::crypto::suites::SupportedCipherSuite;
use crate::names::{
    CertificateType, CipherSuite, DistinguishedName, NamedGroup, ProtocolVersion, SignatureScheme,
};

/// What a client asked for, shown to those who choose a certificate or a config.
///
/// Nothing in it is authenticated: anybody can send any hello.
#[derive(Debug)]
pub struct ClientHello<'a> {
    pub(crate) server_name: Option<&'a DnsName<'a>>,
    pub(crate) signature_schemes: &'a [SignatureScheme],
    /// The body of the `protocol_name_list`: names, each after its one-byte length. RFC 7301 section 3.1.
    pub(crate) alpn: Option<&'a [u8]>,
    pub(crate) server_cert_types: Option<&'a [CertificateType]>,
    pub(crate) client_cert_types: Option<&'a [CertificateType]>,
    pub(crate) cipher_suites: &'a [CipherSuite],
    pub(crate) certificate_authorities: Option<&'a [DistinguishedName]>,
    pub(crate) named_groups: Option<&'a [NamedGroup]>,
    pub(crate) signature_schemes_cert: Option<&'a [SignatureScheme]>,
    pub(crate) delegated_schemes: &'a [SignatureScheme],
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

    /// Returns the signature schemes the client accepts that fit the suites it offered, best first.
    pub fn signature_schemes(&self) -> &[SignatureScheme] {
        self.signature_schemes
    }

    /// Returns the application protocols the client offered, best first, RFC 7301. `None` if it sent no such extension.
    pub fn alpn(&self) -> Option<impl Iterator<Item = &'a [u8]> + use<'a>> {
        self.alpn.map(|rest| AlpnNames { rest })
    }

    /// Returns the cipher suites the client offered, in its order, unknown ones included but for GREASE (RFC 8701).
    pub fn cipher_suites(&self) -> &[CipherSuite] {
        self.cipher_suites
    }

    /// Returns the certificate types the client accepts from servers, RFC 7250.
    pub fn server_cert_types(&self) -> Option<&'a [CertificateType]> {
        self.server_cert_types
    }

    /// Returns the certificate types the client can show, RFC 7250.
    pub fn client_cert_types(&self) -> Option<&'a [CertificateType]> {
        self.client_cert_types
    }

    /// Returns the authorities the client trusts, as far as it named them, RFC 8446 section 4.2.4.
    pub fn certificate_authorities(&self) -> Option<&'a [DistinguishedName]> {
        self.certificate_authorities
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
        self.named_groups
    }

    /// Returns the signature schemes the client accepts within a certificate chain, if it names them apart from those of the
    /// handshake: RFC 8446 section 4.2.3. Not in rustls 0.23.
    pub fn signature_schemes_cert(&self) -> Option<&'a [SignatureScheme]> {
        self.signature_schemes_cert
    }

    /// Returns the signature schemes the client accepts of delegated credentials, RFC 9345 section 4.1.1; none if it takes no
    /// such credentials. Not in rustls 0.23.
    pub fn delegated_credential_schemes(&self) -> &'a [SignatureScheme] {
        self.delegated_schemes
    }
}

/// Walks a `protocol_name_list` body. The list was checked when the hello was read; a broken one just ends.
struct AlpnNames<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for AlpnNames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let (len, rest) = self.rest.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*len))?;
        self.rest = rest;
        Some(name)
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::config::testing::hello;

    #[test]
    fn a_hello_shows_its_protocols() {
        let with = |alpn| ClientHello { alpn, ..hello(None) };
        let names = |alpn| with(alpn).alpn().map(|names| names.collect::<Vec<_>>());
        assert_eq!(names(None), None);
        assert_eq!(names(Some(b"\x02h2\x08http/1.1")), Some(Vec::from([&b"h2"[..], b"http/1.1"])));
        // Lists like these do not pass the parser; here they must only not run away.
        assert_eq!(names(Some(b"\x02h2\x09http/1.1")), Some(Vec::from([&b"h2"[..]])));
        assert_eq!(names(Some(b"")), Some(Vec::new()));
    }
}
