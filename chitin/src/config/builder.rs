//! The stages in which a config is built: versions, then a verifier, then a certificate.
//!
//! Each stage is a type, so a config that lacks one of them does not compile. What can be wrong with a provider is found
//! out here, before any connection.

use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

use super::client::ClientConfig;
use super::server::ServerConfig;
use super::time::TimeProvider;
use super::versions::{DEFAULT_VERSIONS, EnabledVersions};
use crate::crypto::CryptoProvider;
use crate::crypto::suites::SupportedProtocolVersion;
use crate::error::Error;

/// Builds a [`ClientConfig`] or a [`ServerConfig`], stage by stage.
///
/// ```no_run
/// # #[cfg(feature = "std")] {
/// use std::sync::Arc;
///
/// let roots = chitin::RootCertStore::empty();
/// let config = chitin::ClientConfig::builder()
///     .with_root_certificates(Arc::new(roots))
///     .with_no_client_auth();
/// # }
/// ```
#[derive(Clone)]
pub struct ConfigBuilder<Side: ConfigSide, State> {
    pub(crate) state: State,
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) time_provider: Arc<dyn TimeProvider>,
    side: PhantomData<Side>,
}

/// The first stage: the versions are still open.
#[derive(Clone, Debug)]
pub struct WantsVersions {}

/// The second stage: who decides whether a peer is trusted is still open.
#[derive(Clone, Debug)]
pub struct WantsVerifier {
    pub(crate) versions: EnabledVersions,
}

/// The kind of config a builder makes: [`ClientConfig`] or [`ServerConfig`].
pub trait ConfigSide: sealed::Sealed {}

impl ConfigSide for ClientConfig {}
impl ConfigSide for ServerConfig {}

mod sealed {
    /// Nobody else may be a side.
    #[allow(unnameable_types)]
    pub trait Sealed {}
    impl Sealed for super::ClientConfig {}
    impl Sealed for super::ServerConfig {}
}

impl<Side: ConfigSide, State> ConfigBuilder<Side, State> {
    /// Returns the provider the config will use.
    pub fn crypto_provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    pub(crate) fn next<Next>(self, state: Next) -> ConfigBuilder<Side, Next> {
        ConfigBuilder { state, provider: self.provider, time_provider: self.time_provider, side: PhantomData }
    }
}

impl<S: ConfigSide> ConfigBuilder<S, WantsVersions> {
    pub(crate) fn new(provider: Arc<CryptoProvider>, time_provider: Arc<dyn TimeProvider>) -> Self {
        Self { state: WantsVersions {}, provider, time_provider, side: PhantomData }
    }

    /// Takes the versions of [`DEFAULT_VERSIONS`](crate::DEFAULT_VERSIONS).
    ///
    /// # Errors
    ///
    /// Those of [`Self::with_protocol_versions`].
    pub fn with_safe_default_protocol_versions(self) -> Result<ConfigBuilder<S, WantsVerifier>, Error> {
        self.with_protocol_versions(DEFAULT_VERSIONS)
    }

    /// Takes exactly the versions in `versions` that this build has.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if none of them is available, or if the provider lacks a cipher suite or a key exchange group
    /// for one of them.
    pub fn with_protocol_versions(
        self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ConfigBuilder<S, WantsVerifier>, Error> {
        let versions = EnabledVersions::new(versions)?;
        check_provider(&self.provider, versions)?;
        Ok(self.next(WantsVerifier { versions }))
    }
}

impl<Side: ConfigSide, State: fmt::Debug> fmt::Debug for ConfigBuilder<Side, State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = core::any::type_name::<Side>();
        let side = side.rsplit_once("::").map_or(side, |(_, name)| name);
        f.debug_struct(&format!("ConfigBuilder<{side}, _>"))
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The provider of a builder that was not given one.
///
/// # Panics
///
/// If there is none. The signatures of the API leave no other way; whoever cannot accept it names a provider.
#[cfg(feature = "std")]
#[allow(clippy::expect_used)]
pub(super) fn process_default_provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default_or_from_features().expect(
        "no process-default CryptoProvider: install one with CryptoProvider::install_default, or name one with \
         builder_with_provider",
    )
}

/// Finds the provider unfit whose every handshake would fail.
fn check_provider(provider: &CryptoProvider, versions: EnabledVersions) -> Result<(), Error> {
    let unfit = |what: &str| Err(Error::General(what.into()));
    let mut suites =
        provider.cipher_suites.iter().filter(|suite| versions.contains(suite.version().version)).peekable();
    if suites.peek().is_none() {
        return unfit("no usable cipher suites configured");
    }
    if provider.kx_groups.is_empty() {
        return unfit("no kx groups configured");
    }
    for version in versions.iter() {
        if !suites.clone().any(|suite| suite.version().version == version) {
            return Err(Error::General(format!("no cipher suite of the provider is usable for {version:?}")));
        }
        if !provider.kx_groups.iter().any(|group| group.usable_for_version(version)) {
            return Err(Error::General(format!(
                "no key exchange group of the provider is usable for {version:?}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use super::*;
    use crate::config::testing::provider;
    use crate::config::versions::ALL_VERSIONS;
    use crate::crypto::suites::{TLS12, TLS13};
    use crate::names::NamedGroup;

    fn refused(change: impl FnOnce(&mut CryptoProvider)) -> Error {
        let mut provider = (*provider()).clone();
        change(&mut provider);
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap_err()
    }

    #[test]
    fn an_unfit_provider_is_refused_before_any_connection() {
        let table = [
            (refused(|p| p.cipher_suites.clear()), "no usable cipher suites configured"),
            (
                refused(|p| p.cipher_suites.retain(|s| s.tls13().is_none())),
                "no usable cipher suites configured",
            ),
            (refused(|p| p.kx_groups.clear()), "no kx groups configured"),
        ];
        for (error, text) in table {
            assert_eq!(error, Error::General(text.into()));
        }
    }

    #[test]
    fn a_provider_whose_groups_are_for_other_versions_is_refused() {
        #[derive(Debug)]
        struct Old;
        impl crate::crypto::SupportedKxGroup for Old {
            fn start(&self) -> Result<alloc::boxed::Box<dyn crate::crypto::ActiveKeyExchange>, Error> {
                Err(Error::General("not started by this test".into()))
            }
            fn name(&self) -> NamedGroup {
                NamedGroup::secp256r1
            }
            fn usable_for_version(&self, version: crate::names::ProtocolVersion) -> bool {
                version == crate::names::ProtocolVersion::TLSv1_2
            }
        }
        let error = refused(|p| p.kx_groups = alloc::vec![&Old]);
        assert!(matches!(&error, Error::General(text) if text.contains("TLSv1_3")), "{error:?}");
    }

    #[test]
    fn tls12_alone_is_refused_and_beside_tls13_left_out() {
        let build = |versions: &[&'static SupportedProtocolVersion]| {
            ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)
        };
        assert!(matches!(build(&[&TLS12]), Err(Error::General(text)) if text.contains("TLS 1.2")));
        assert!(build(&[]).is_err());
        let both = build(&[&TLS12, &TLS13]).unwrap();
        assert_eq!(both.state.versions, build(ALL_VERSIONS).unwrap().state.versions);
    }

    #[test]
    fn the_process_default_serves_builders_without_a_provider() {
        let client = ClientConfig::builder();
        assert!(!client.crypto_provider().cipher_suites.is_empty());
        assert_eq!(
            format!("{client:?}"),
            "ConfigBuilder<ClientConfig, _> { state: WantsVerifier { versions: [TLSv1_3] }, .. }"
        );
        let server = ServerConfig::builder_with_protocol_versions(&[&TLS13]);
        assert!(format!("{server:?}").starts_with("ConfigBuilder<ServerConfig, _>"));
    }
}
