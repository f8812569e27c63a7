//! A server that asks for another hello. RFC 8446 section 4.1.4.

use alloc::boxed::Box;

use crate::crypto::suites::Tls13CipherSuite;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::client13::Client::{self, WaitServerHelloAfterRetry};
use crate::flow::client13::{Offered, agree, check_head};
use crate::flow::cx::{Cx, Gate};
use crate::flow::ech_client::{self, SecondHello};
use crate::flow::offer::Offer;
use crate::flow::question::{SERVER_VERIFIER, guarded};
use crate::flow::replies::{self, Reply};
use crate::names::{HandshakeKind, HandshakeType, ProtocolVersion};
use crate::record::joiner::Message;
use crate::wire::server_hello::ServerHello;

impl Offered {
    /// RFC 8446 section 4.1.4.
    pub(super) fn read_hello_retry_request(
        self,
        hello: &ServerHello<'_>,
        m: Message<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Client, Error> {
        let Self { mut offer, transcript, hidden } = self;
        let asked = hello
            .retry_extensions()
            .map_err(|error| replies::twice(error, PeerMisbehaved::DuplicateHelloRetryRequestExtensions))?;
        check_head(
            &offer,
            hello,
            PeerMisbehaved::IllegalHelloRetryRequestWithWrongLegacyVersion,
            PeerMisbehaved::IllegalHelloRetryRequestWithWrongSessionId,
        )?;
        if asked.supported_versions != Some(ProtocolVersion::TLSv1_3) {
            return Err(PeerMisbehaved::IllegalHelloRetryRequestWithUnsupportedVersion.into());
        }
        replies::check(&asked.seen, Reply::HelloRetryRequest, |code| offer.offered(code))?;
        let suite = offer
            .suite(hello.cipher_suite)
            .ok_or(PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedCipherSuite)?;
        offer.retry(suite, asked.key_share, asked.cookie.map(|cookie| cookie.0))?;

        match offer.sends_early_data() {
            // A retry refuses early data, and the second hello is in the clear. RFC 8446 section 4.2.10.
            true => {
                cx.write.gate = Gate::Closed;
                cx.carrier.uninstall_write();
            }
            false => cx.send_compat_ccs()?,
        }
        let second = guarded(SERVER_VERIFIER, || {
            ech_client::second_hello(&mut offer, transcript, hidden, suite, m.raw, cx)
        })?;
        cx.send_alone(HandshakeType::ClientHello, second.seen())?;
        Ok(WaitServerHelloAfterRetry(Box::new(Retried { offer, second, suite })))
    }
}

/// The second hello is out.
pub(crate) struct Retried {
    offer: Box<Offer>,
    second: SecondHello,
    suite: &'static Tls13CipherSuite,
}

impl Retried {
    pub(super) fn read_server_hello(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Client, Error> {
        let hello = ServerHello::read_all(m.body)?;
        // There is one retry. RFC 8446 section 4.1.4.
        if hello.is_retry() {
            return Err(PeerMisbehaved::SecondHelloRetryRequest.into());
        }
        if hello.cipher_suite != self.suite.common.suite {
            return Err(PeerMisbehaved::SelectedDifferentCipherSuiteAfterRetry.into());
        }
        let Self { mut offer, second, suite } = self;
        // The retry was one of TLS 1.3, and the version stays, whatever else was offered. RFC 8446 section 4.1.4.
        if hello.chosen_version()? != Some(ProtocolVersion::TLSv1_3) {
            return Err(PeerMisbehaved::SelectedDifferentVersionAfterRetry.into());
        }
        let chosen = second.settle(&mut offer, suite, m.raw, cx)?;
        agree(offer, suite, chosen, &hello, m, HandshakeKind::FullWithHelloRetryRequest, cx)
    }
}
