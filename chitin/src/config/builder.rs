//! The stages in which a config is built: versions, then a verifier, then a certificate.
//!
//! Each stage is a type, so a config that lacks one of them does not compile. What can be wrong with a provider is found
//! out here, before any connection.

use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

use super::client::ClientConfig;
use super::ech::EchMode;
use super::server::ServerConfig;
use super::time::TimeProvider;
use super::versions::{DEFAULT_VERSIONS, EnabledVersions};
use crate::builder::sealed;
use crate::crypto::CryptoProvider;
use crate::crypto::suites::{SupportedProtocolVersion, TLS13};
use crate::error::Error;
use crate::names::ProtocolVersion;

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
    /// Of a client.
    pub(crate) client_ech_mode: Option<EchMode>,
}

/// The kind of config a builder makes: [`ClientConfig`] or [`ServerConfig`].
pub trait ConfigSide: sealed::Sealed {}

impl ConfigSide for ClientConfig {}
impl ConfigSide for ServerConfig {}

impl sealed::Sealed for ClientConfig {}
impl sealed::Sealed for ServerConfig {}

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

    /// Takes the versions in `versions` that this build and the provider have.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if the provider has cipher suites of none of them, or no key exchange group for the best.
    pub fn with_protocol_versions(
        self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<ConfigBuilder<S, WantsVerifier>, Error> {
        let versions = spoken(&self.provider, EnabledVersions::new(versions)?)?;
        Ok(self.next(WantsVerifier { versions, client_ech_mode: None }))
    }
}

impl ConfigBuilder<ClientConfig, WantsVersions> {
    /// Hides the client's hello, or looks as if it did. The only version is TLS 1.3 then. RFC 9849.
    ///
    /// # Errors
    ///
    /// Those of [`Self::with_protocol_versions`].
    pub fn with_ech(self, mode: EchMode) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
        let mut next = self.with_protocol_versions(&[&TLS13])?;
        next.state.client_ech_mode = Some(mode);
        Ok(next)
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
#[allow(clippy::expect_used)]
pub(super) fn process_default_provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default_or_from_features().expect(
        "no process-default CryptoProvider: install one with CryptoProvider::install_default, or name one with \
         builder_with_provider",
    )
}

/// The versions that `provider` can speak: it has a suite of each, and a group for its key exchange.
///
/// # Errors
///
/// None is left. And a provider with suites of TLS 1.3 and no group for them is a mistake, not a wish for TLS 1.2.
fn spoken(provider: &CryptoProvider, asked: EnabledVersions) -> Result<EnabledVersions, Error> {
    let has_suite = |version| match version {
        ProtocolVersion::TLSv1_2 => provider.suites12().next().is_some(),
        _ => provider.cipher_suites.iter().any(|suite| suite.tls13().is_some()),
    };
    let has_group = |version| provider.groups(version).next().is_some();
    let with_suites = asked.retain(has_suite).ok_or_else(|| unfit("no usable cipher suites configured"))?;
    if provider.kx_groups.is_empty() {
        return Err(unfit("no kx groups configured"));
    }
    let versions = with_suites.retain(has_group);
    match versions {
        Some(versions)
            if versions.contains(ProtocolVersion::TLSv1_3)
                == with_suites.contains(ProtocolVersion::TLSv1_3) =>
        {
            Ok(versions)
        }
        _ => {
            let version = with_suites.iter().next();
            Err(Error::General(format!("no kx group of the provider is usable for {version:?}")))
        }
    }
}

fn unfit(what: &str) -> Error {
    Error::General(what.into())
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use super::*;
    use crate::config::testing::provider;
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
            fn usable_for_version(&self, version: ProtocolVersion) -> bool {
                version == ProtocolVersion::TLSv1_2
            }
        }
        let error = refused(|p| p.kx_groups = alloc::vec![&Old]);
        assert!(matches!(&error, Error::General(text) if text.contains("TLSv1_3")), "{error:?}");
    }

    #[test]
    #[cfg(feature = "tls12")]
    fn versions_follow_what_the_provider_has() {
        let versions = |change: &dyn Fn(&mut CryptoProvider)| {
            let mut provider = crate::crypto::tested::default_provider();
            change(&mut provider);
            let builder = ServerConfig::builder_with_provider(Arc::new(provider));
            builder
                .with_safe_default_protocol_versions()
                .map(|builder| format!("{:?}", builder.state.versions))
        };
        assert_eq!(versions(&|_| {}).unwrap(), "[TLSv1_3, TLSv1_2]");
        assert_eq!(versions(&|p| p.cipher_suites.retain(|s| s.tls13().is_none())).unwrap(), "[TLSv1_2]");
        assert_eq!(versions(&|p| p.cipher_suites.retain(|s| s.tls13().is_some())).unwrap(), "[TLSv1_3]");
        // Groups that TLS 1.2 does not have.
        let hybrid = |p: &mut CryptoProvider| p.kx_groups.retain(|g| g.name() == NamedGroup::X25519MLKEM768);
        assert_eq!(versions(&hybrid).unwrap(), "[TLSv1_3]");
    }

    #[test]
    #[cfg(feature = "tls12")]
    fn the_process_default_serves_builders_without_a_provider() {
        let client = ClientConfig::builder();
        assert!(!client.crypto_provider().cipher_suites.is_empty());
        assert_eq!(
            format!("{client:?}"),
            "ConfigBuilder<ClientConfig, _> { state: WantsVerifier { versions: [TLSv1_3, TLSv1_2], client_ech_mode: None }, .. }"
        );
        let server = ServerConfig::builder_with_protocol_versions(&[&TLS13]);
        assert!(format!("{server:?}").starts_with("ConfigBuilder<ServerConfig, _>"));
    }
}
