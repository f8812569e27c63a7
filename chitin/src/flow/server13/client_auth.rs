//! How a client that is asked for a certificate proves who it is. RFC 8446 sections 4.3.2, 4.4.2 and 4.4.3.

use alloc::boxed::Box;
use alloc::vec::Vec;

use pki_types::UnixTime;

use crate::config::server::ServerConfig;
use crate::crypto::verify::DigitallySignedStruct;
use crate::error::Error;
use crate::flow::certs::{self, PeerChain, Signable, Signed};
use crate::flow::cx::Cx;
use crate::flow::delegation::{self, Rules};
use crate::flow::question::{self, CLIENT_VERIFIER, Question, told};
use crate::flow::server13::Server::{self, AskVerdict, WaitCertificateVerify, WaitFinished};
use crate::flow::server13::{Common, Flown};
use crate::names::{CertificateType, HandshakeType, Side, SignatureScheme};
use crate::record::joiner::Message;
use crate::wire::codec::{MAX8, MAX16, Opaque, Wire, nest};
use crate::wire::extensions::ext;

impl Common {
    /// RFC 8446 section 4.3.2. The context is empty within the handshake.
    pub(super) fn send_certificate_request(
        &mut self,
        typ: CertificateType,
        cx: &mut Cx<'_>,
    ) -> Result<(), Error> {
        let verifier = &self.config.verifier;
        let compressions = certs::offered_compressions(&self.config.cert_decompressors)?;
        let schemes = told(CLIENT_VERIFIER, || verifier.supported_verify_schemes())?;
        let authorities = certs::named_authorities(&**verifier, typ)?;
        let delegated = delegated_offered(&self.config, typ);
        cx.emit(&mut self.transcript, HandshakeType::CertificateRequest, |out| {
            Opaque::<0, MAX8>(&[]).write(out);
            nest(out, MAX16, |out| {
                ext::signature_algorithms.write(out);
                nest(out, MAX16, |out| {
                    nest(out, MAX16, |out| {
                        // Also those of certificates only: without rsa_pkcs1 few chains of RSA could be shown. RFC 8446
                        // section 4.2.3.
                        schemes.iter().for_each(|s| s.write(out));
                    });
                });
                if !delegated.is_empty() {
                    ext::delegated_credential.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX16, |out| delegated.iter().for_each(|scheme| scheme.write(out)));
                    });
                }
                if !compressions.is_empty() {
                    ext::compress_certificate.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX8, |out| compressions.iter().for_each(|c| c.write(out)));
                    });
                }
                if !authorities.is_empty() {
                    ext::certificate_authorities.write(out);
                    nest(out, MAX16, |out| {
                        nest(out, MAX16, |out| {
                            authorities.iter().for_each(|name| Opaque::<1, MAX16>(name.as_ref()).write(out));
                        });
                    });
                }
            });
        });
        Ok(())
    }
}

/// The client has been asked for a certificate.
pub(crate) struct Asked {
    pub(super) flown: Box<Flown>,
    pub(super) typ: CertificateType,
}

impl Asked {
    pub(super) fn read_certificate(self, m: Message<'_>) -> Result<Server, Error> {
        self.read_chain(m.body, m.raw)
    }

    pub(super) fn takes_compressed(&self) -> bool {
        !self.flown.common.config.cert_decompressors.is_empty()
    }

    /// RFC 8879 section 4: the transcript has the message as it came, compressed.
    pub(super) fn read_compressed_certificate(self, m: Message<'_>) -> Result<Server, Error> {
        let config = &self.flown.common.config;
        let body = certs::decompress(m.body, &config.cert_decompressors, config.max_certificate_message)?;
        self.read_chain(&body, m.raw)
    }

    /// Takes the body of a Certificate message, and what of it goes into the transcript.
    fn read_chain(self, body: &[u8], raw: &[u8]) -> Result<Server, Error> {
        let Self { mut flown, typ } = self;
        // Beside the certificates we ask for nothing else.
        let delegates = !delegated_offered(&flown.common.config, typ).is_empty();
        let chain = certs::read_chain(body, typ, |code| delegates && code == ext::delegated_credential)?;
        flown.add(raw);
        if !chain.certificates.is_empty() {
            return Ok(WaitCertificateVerify(Box::new(Presented { flown, chain })));
        }
        match told(CLIENT_VERIFIER, || flown.common.config.verifier.client_auth_mandatory())? {
            true => Err(Error::NoCertificatesPresented),
            false => Ok(WaitFinished(flown)),
        }
    }
}

/// A chain has been seen; who sent it is not known yet.
pub(crate) struct Presented {
    flown: Box<Flown>,
    chain: PeerChain,
}

impl Presented {
    pub(super) fn read_certificate_verify(mut self, m: Message<'_>) -> Result<Server, Error> {
        let flown = &self.flown;
        let message = Signable::new(Signed::ByClient, &flown.hash);
        let schemes = told(CLIENT_VERIFIER, || flown.common.config.verifier.supported_verify_schemes())?;
        let signature = certs::read_certificate_verify(m.body, self.chain.delegated.as_ref(), |scheme| {
            schemes.contains(&scheme)
        })?;
        let now = question::now(&flown.common.config.time_provider)?;
        self.flown.add(m.raw);
        let Self { flown, chain } = self;
        Ok(AskVerdict(Box::new(Claimed { flown, chain, schemes, message, signature, now })))
    }
}

/// A chain and a signature are here; neither has been checked.
pub(crate) struct Claimed {
    flown: Box<Flown>,
    chain: PeerChain,
    /// What we asked for.
    schemes: Vec<SignatureScheme>,
    message: Signable,
    signature: DigitallySignedStruct,
    now: UnixTime,
}

impl Claimed {
    pub(super) fn question(&self) -> Question<'_> {
        let Self { flown, chain, now, .. } = self;
        Question::VerifyClient {
            verifier: &flown.common.config.verifier,
            chain: &chain.certificates,
            now: *now,
        }
    }

    /// The chain is good. Does its key sign for this connection?
    pub(super) fn check_signature(self, _: &mut Cx<'_>) -> Result<Server, Error> {
        let config = &self.flown.common.config;
        let verifier = &config.verifier;
        let rules = Rules {
            by: Side::Client,
            schemes: &delegated_offered(config, CertificateType::X509),
            of_certificates: &|scheme| self.schemes.contains(&scheme),
            now: self.now,
            algorithms: &config.provider.signature_verification_algorithms,
        };
        let since = certs::check_signature13(
            &self.chain,
            self.message.as_ref(),
            &self.signature,
            &rules,
            |message, leaf, signature| verifier.verify_tls13_signature(message, leaf, signature),
        )?;
        let Self { mut flown, chain, .. } = self;
        flown.common.peer = chain.certificates;
        flown.common.authenticated = since;
        Ok(WaitFinished(flown))
    }
}

/// With what the keys of clients' delegated credentials may sign. Only a certificate delegates. RFC 9345 section 4.
fn delegated_offered(config: &ServerConfig, typ: CertificateType) -> Vec<SignatureScheme> {
    if typ != CertificateType::X509 {
        return Vec::new();
    }
    let algorithms = &config.provider.signature_verification_algorithms;
    delegation::offered(&config.delegated_credential_schemes, algorithms)
}
