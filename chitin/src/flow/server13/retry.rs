//! A client that is asked for another hello, with a share of another group. RFC 8446 section 4.1.4.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::config::server::ServerConfig;
use crate::crypto::SupportedKxGroup;
use crate::crypto::suites::Tls13CipherSuite;
use crate::error::{Error, PeerMisbehaved};
use crate::flow::choose;
use crate::flow::cx::Cx;
use crate::flow::server_psk::Keyed;
use crate::flow::server13::Server::{self, WaitClientHelloAfterRetry};
use crate::flow::server13::{Chosen, refused_early_data};
use crate::names::{HandshakeKind, HandshakeType, ProtocolVersion};
use crate::record::joiner::Message;
use crate::schedule::transcript::Transcript;
use crate::secret::Secret;
use crate::wire::client_hello::ClientHello;
use crate::wire::codec::Opaque;
use crate::wire::extensions::{HelloRetryExtensions, ext};
use crate::wire::server_hello::{RETRY_RANDOM, ServerHello};

/// The client has been asked for another share.
pub(crate) struct Retried {
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    suite: &'static Tls13CipherSuite,
    psk: Option<Box<Keyed>>,
    group: &'static dyn SupportedKxGroup,
    cookie: [u8; 32],
    transcript: Transcript,
}

pub(super) fn send_hello_retry_request(
    config: Arc<ServerConfig>,
    hello: Box<ClientHello>,
    suite: &'static Tls13CipherSuite,
    psk: Option<Box<Keyed>>,
    group: &'static dyn SupportedKxGroup,
    mut transcript: Transcript,
    cx: &mut Cx<'_>,
) -> Result<Server, Error> {
    // The state stays here, so the cookie need hold nothing. A fresh random one that has to come back, compared with what we
    // sent, ties the second hello to this very request.
    let mut cookie = [0; 32];
    config.provider.secure_random.fill(&mut cookie)?;
    transcript.add(hello.raw());
    let mut transcript = transcript.fold_first_hello();
    let extensions = HelloRetryExtensions {
        supported_versions: Some(ProtocolVersion::TLSv1_3),
        cookie: Some(Opaque(&cookie)),
        key_share: Some(group.name()),
        ..Default::default()
    };
    let named = HandshakeType::HelloRetryRequest;
    cx.emit_as(&mut transcript, HandshakeType::ServerHello, named, |out| {
        ServerHello::write(out, &RETRY_RANDOM, hello.session_id(), suite.common.suite, &extensions);
    });
    // A client need not ask for it: whoever is in between may want it, and the client drops it. RFC 8446 appendix D.4.
    cx.send_compat_ccs()?;
    cx.flush()?;
    if hello.has(ext::early_data) {
        cx.carrier.skip_early_data(refused_early_data(&config), true);
    }
    Ok(WaitClientHelloAfterRetry(Box::new(Retried { config, hello, suite, psk, group, cookie, transcript })))
}

impl Retried {
    pub(super) fn read_client_hello(self, m: Message<'_>, cx: &mut Cx<'_>) -> Result<Server, Error> {
        let Self { config, hello: first, suite, psk, group, cookie, transcript } = self;
        let hello = ClientHello::read(m.raw)?;
        // The retry was one of TLS 1.3, and the version stays. RFC 8446 section 4.1.4.
        if choose::protocol_version(&hello, &config)? != ProtocolVersion::TLSv1_3 {
            return Err(PeerMisbehaved::UnexpectedChangesInSecondClientHello.into());
        }
        choose::check_hello(&hello)?;
        // The suite that HelloRetryRequest named is the one of this handshake. RFC 8446 section 4.1.4.
        if !hello.offers(suite.common.suite) {
            return Err(PeerMisbehaved::CipherSuiteDifferedOnRetry.into());
        }
        choose::check_second_hello(&first, &hello)?;
        choose::check_psks_kept(&first, &hello, suite)?;
        if !hello.cookie().is_some_and(|theirs| Secret::new(&cookie).matches(theirs)) {
            return Err(PeerMisbehaved::CookieDifferedOnRetry.into());
        }
        choose::check_retried_share(&hello, group.name())?;
        let kind = HandshakeKind::FullWithHelloRetryRequest;
        Chosen { config, hello, suite, psk, group, transcript, kind }.choose_psk(cx)
    }
}
