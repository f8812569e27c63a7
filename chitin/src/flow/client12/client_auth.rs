//! How the client proves who it is, to a server that asks for a certificate. RFC 5246 sections 7.4.4 and 7.4.8.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config::client::ClientConfig;
use crate::config::resolve::CertificateRequest;
use crate::crypto::credential::ReadySigner;
use crate::error::Error;
use crate::flow::certs;
use crate::flow::client12::Client::{self, WaitServerHelloDone};
use crate::flow::client12::{Claimed, Keyed};
use crate::flow::cx::Cx;
use crate::flow::question::Question;
use crate::names::{
    CertificateType, ClientCertificateType, HandshakeType, SignatureAlgorithm, SignatureScheme,
};
use crate::record::joiner::Message;
use crate::wire::codec::{Wire, hints};
use crate::wire::tls12::CertificateRequest12;

/// What the server wants to see of us. RFC 5246 section 7.4.4.
pub(super) struct Request {
    pub(super) schemes: Vec<SignatureScheme>,
    pub(super) certificate_type: CertificateType,
    authorities: Vec<Vec<u8>>,
}

impl Request {
    /// What resolvers see of it.
    pub(super) fn view<'a>(&'a self, config: &'a ClientConfig) -> CertificateRequest<'a> {
        CertificateRequest {
            authorities: &self.authorities,
            schemes: &self.schemes,
            schemes_cert: None,
            certificate_type: self.certificate_type,
            delegated: &[],
            clock: &config.time_provider,
        }
    }
}

/// The types name kinds of keys, and a scheme counts only with a key that it goes with. RFC 5246 section 7.4.4; Ed25519 and
/// Ed448 are under the type of ECDSA, RFC 8422 section 5.5.
fn usable_schemes(request: &CertificateRequest12<'_>) -> Vec<SignatureScheme> {
    // Looked for once, and not for each scheme: both lists are the server's, and the product of their lengths may be eight million.
    let names = |wanted| request.types.iter().any(|typ| typ == wanted);
    let (rsa, ecdsa) = (names(ClientCertificateType::RSASign), names(ClientCertificateType::ECDSASign));
    let of_such_a_key = |scheme: SignatureScheme| match scheme.algorithm() {
        SignatureAlgorithm::RSA => rsa,
        SignatureAlgorithm::ECDSA | SignatureAlgorithm::ED25519 | SignatureAlgorithm::ED448 => ecdsa,
        _ => false,
    };
    request.schemes.numbers(|scheme| scheme.supported_in_tls12() && of_such_a_key(*scheme))
}

impl Claimed {
    pub(super) fn read_certificate_request(mut self: Box<Self>, m: Message<'_>) -> Result<Client, Error> {
        let message = CertificateRequest12::read_all(m.body)?;
        self.request = Some(Request {
            schemes: usable_schemes(&message),
            certificate_type: self.common.client_type,
            authorities: hints(message.authorities, |name| name.0.to_vec()).unwrap_or_default(),
        });
        self.common.messages.add(m.raw);
        Ok(WaitServerHelloDone(self))
    }
}

/// A signature over the whole handshake is being made.
pub(crate) struct Signing {
    pub(super) keyed: Keyed,
    pub(super) signer: ReadySigner,
    pub(super) message: Vec<u8>,
}

impl Signing {
    pub(super) fn question(&self) -> Question<'_> {
        Question::Sign { signer: &*self.signer.signer, message: &self.message }
    }

    pub(super) fn send_certificate_verify(
        mut self: Box<Self>,
        signature: &[u8],
        cx: &mut Cx<'_>,
    ) -> Result<Client, Error> {
        let scheme = self.signer.scheme;
        self.keyed.common.messages.emit(cx, HandshakeType::CertificateVerify, |out| {
            certs::write_certificate_verify(out, scheme, signature);
        });
        self.keyed.send_finished(cx)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_scheme_counts_with_a_key_of_a_type_that_was_named() {
        let schemes = [SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::RSA_PSS_SHA256];
        let schemes = [&schemes[..], &[SignatureScheme::ED25519, SignatureScheme::RSA_PKCS1_SHA1]].concat();
        // rsa_sign, ecdsa_sign, both, and dss_sign, which we have no keys of.
        for (types, taken) in [
            (&[1][..], &schemes[1..2]),
            (&[64], &[schemes[0], schemes[2]]),
            (&[64, 1], &schemes[..3]),
            (&[2], &[]),
        ] {
            let mut bytes = vec![types.len() as u8];
            bytes.extend(types);
            bytes.extend([0, 8]);
            bytes.extend(schemes.iter().flat_map(|scheme| scheme.to_array()));
            bytes.extend([0, 0]);
            let request = CertificateRequest12::read_all(&bytes).unwrap();
            assert_eq!(usable_schemes(&request), taken, "{types:?}");
        }
    }
}
