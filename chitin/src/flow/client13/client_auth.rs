//! How the client proves who it is, to a server that asks for a certificate. RFC 8446 sections 4.3.2, 4.4.2 and 4.4.3.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config::client::ClientConfig;
use crate::config::compress::CertCompressor;
use crate::config::resolve::CertificateRequest as CertificateRequestView;
use crate::crypto::credential::{Checks, Credential, ReadySigner};
use crate::error::{Error, InvalidMessage, PeerIncompatible, PeerMisbehaved};
use crate::flow::certs::{self, Signable, Signed, Staples};
use crate::flow::client13::Client::{self, AskSignature, WaitCertificate};
use crate::flow::client13::{Finishing, Unauthenticated};
use crate::flow::cx::Cx;
use crate::flow::question::Question;
use crate::flow::replies;
use crate::names::{CertificateType, HandshakeType, SignatureScheme};
use crate::record::joiner::Message;
use crate::wire::codec::{Wire, hints};
use crate::wire::extensions::CR;
use crate::wire::tls13::CertificateRequest;

/// What the server wants to see of us. RFC 8446 section 4.3.2.
pub(crate) struct Request {
    schemes: Vec<SignatureScheme>,
    certificate_type: CertificateType,
    /// Of certificates, where that is another list.
    schemes_cert: Option<Vec<SignatureScheme>>,
    /// Of the keys of delegated credentials.
    delegated: Vec<SignatureScheme>,
    authorities: Vec<Vec<u8>>,
    /// Ours, of those that the server can undo.
    compressor: Option<&'static dyn CertCompressor>,
}

impl Request {
    /// What resolvers see of it.
    fn view<'a>(&'a self, config: &'a ClientConfig) -> CertificateRequestView<'a> {
        CertificateRequestView {
            authorities: &self.authorities,
            schemes: &self.schemes,
            schemes_cert: self.schemes_cert.as_deref(),
            certificate_type: self.certificate_type,
            delegated: &self.delegated,
            clock: &config.time_provider,
        }
    }

    fn checks(&self) -> Checks<'_> {
        Checks { schemes: &self.schemes, delegated: &self.delegated }
    }
}

impl Unauthenticated {
    pub(super) fn read_certificate_request(mut self, m: Message<'_>) -> Result<Client, Error> {
        let message = CertificateRequest::read_all(m.body)?;
        if !message.context.0.is_empty() {
            return Err(PeerMisbehaved::NonEmptyCertificateRequestContext.into());
        }
        let extensions = message.extensions;
        replies::check_places(&extensions.seen, CR)?;
        let schemes = extensions.signature_algorithms.ok_or(InvalidMessage::NoSignatureSchemes)?;
        let schemes = schemes.numbers(|scheme| scheme.supported_in_tls13());
        // Such a request asks for certificates and allows no signature with them. RFC 8446 section 4.2.3.
        if schemes.is_empty() {
            return Err(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon.into());
        }
        let authorities = extensions.certificate_authorities;
        let authorities =
            authorities.and_then(|names| hints(names, |name| name.0.to_vec())).unwrap_or_default();
        certs::check_compressions(extensions.compress_certificate)?;
        let ours = &self.common.asked.config.cert_compressors;
        self.request = Some(Box::new(Request {
            compressor: certs::choose_compressor(ours, extensions.compress_certificate)?,
            schemes,
            certificate_type: self.client_type,
            schemes_cert: extensions.signature_algorithms_cert.map(|list| list.numbers(|_| true)),
            delegated: extensions.delegated_credential.map(|list| list.numbers(|_| true)).unwrap_or_default(),
            authorities,
        }));
        self.common.transcript.add(m.raw);
        Ok(WaitCertificate(self))
    }
}

/// The server wants a certificate.
pub(crate) struct Answering {
    pub(super) finishing: Finishing,
    pub(super) request: Box<Request>,
}

impl Answering {
    pub(super) fn question(&self) -> Question<'_> {
        let config = &self.finishing.common.asked.config;
        Question::ClientCertificate {
            resolver: &config.client_auth_cert_resolver,
            request: self.request.view(config),
        }
    }

    /// Without a credential that fits, an empty list says so. RFC 8446 section 4.4.2.
    pub(super) fn send_certificate(
        self,
        credential: Option<Credential>,
        cx: &mut Cx<'_>,
    ) -> Result<Client, Error> {
        let Self { mut finishing, request } = self;
        let transcript = &mut finishing.common.transcript;
        let usable = certs::usable(credential, request.certificate_type, &request.checks())?;
        let Some((credential, signer)) = usable else {
            cx.emit(transcript, HandshakeType::Certificate, |out| {
                certs::write_chain(out, &[], Staples::default())
            });
            return finishing.send_finished(cx);
        };
        let cache = &finishing.common.asked.config.cert_compression_cache;
        let staples = Staples::of_client(&credential);
        cx.make_room(certs::room_for(credential.shown(), request.compressor));
        certs::emit_chain(cx, transcript, &credential, staples, request.compressor, cache)?;
        let message = Signable::new(Signed::ByClient, &transcript.current());
        Ok(AskSignature(Box::new(Signing { finishing, signer, message })))
    }
}

/// A signature is being made.
pub(crate) struct Signing {
    finishing: Finishing,
    signer: ReadySigner,
    message: Signable,
}

impl Signing {
    pub(super) fn question(&self) -> Question<'_> {
        Question::Sign { signer: &*self.signer.signer, message: self.message.as_ref() }
    }

    pub(super) fn send_certificate_verify(
        mut self,
        signature: &[u8],
        cx: &mut Cx<'_>,
    ) -> Result<Client, Error> {
        let transcript = &mut self.finishing.common.transcript;
        certs::emit_certificate_verify(cx, transcript, self.signer.scheme, signature);
        self.finishing.send_finished(cx)
    }
}
