//! External pre-shared keys of TLS 1.3: what an application gives, and whom it is asked for. RFC 8446 sections 2.2 and 4.2.11,
//! RFC 9257, RFC 9258.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, ServerName, UnixTime};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::hello::ClientHello;
use super::resolve::ResolvesServerCert;
use super::verify::{ServerCertVerified, ServerCertVerifier};
use crate::crypto::signer::CertifiedKey;
use crate::crypto::suites::{SupportedCipherSuite, Tls13CipherSuite};
use crate::crypto::verify::{DigitallySignedStruct, HandshakeSignatureValid};
use crate::error::{CertificateError, Error};
use crate::names::{HashAlgorithm, ProtocolVersion, SignatureScheme};
use crate::schedule::tls13::{self, EarlyPsk, PskKind};
use crate::wire::codec::{MAX8, Opaque, Wire};
use crate::wire::extensions::ImportedIdentity;

/// A key that a client and a server were given before they meet, with the name that they know it by.
///
/// Each proves with it to the other that it has it; no certificate is shown. A fresh key exchange goes with it in any case
/// (`psk_dhe_ke`), so that recorded connections stay secret when the key is lost, and early data never does.
///
/// Whoever has the key can be either side of it. So a key belongs to one client and one server, and never the same one to both
/// roles of a node (RFC 9257 section 6); where a group shares one, or a node is both, [`imported`](Self::imported) with
/// [`between`] as its context keeps them apart.
///
/// A key is not a password: what people can remember can be guessed by whoever has seen one handshake. It has to come from a
/// generator of random bytes, or from a protocol that is made for passwords.
///
/// Copies are cheap: they share the bytes, which are wiped with the last one.
#[derive(Clone)]
pub struct ExternalPsk(Arc<Inner>);

struct Inner {
    identity: Vec<u8>,
    secret: Zeroizing<Vec<u8>>,
    hash: HashAlgorithm,
    form: Form,
}

/// How the key gets into a handshake.
#[derive(PartialEq, Eq)]
enum Form {
    Plain,
    Imported { context: Vec<u8> },
}

impl ExternalPsk {
    /// Makes a key that is imported (RFC 9258): what a handshake uses is derived from it, for the very version and hash. This is
    /// the form to choose where the peer knows it.
    ///
    /// `hash` is the one that belongs to the key, SHA-256 if nobody says another; one of the config's suites has to have it, and the key
    /// can be used with every suite. `context` is
    /// whatever both sides know of how they came by the key and who they are: see [`between`]. It may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::General`] if `secret` is shorter than 16 bytes (RFC 9257 section 6), if `identity` is empty or has more than
    /// 1024 bytes, or `context` more than 1024.
    pub fn imported(
        identity: &[u8],
        secret: &[u8],
        hash: HashAlgorithm,
        context: &[u8],
    ) -> Result<Self, Error> {
        Self::new(identity, secret, hash, Form::Imported { context: context.to_vec() })
    }

    /// Makes a key that is used as it is (RFC 8446 section 4.2.11), for peers that know nothing of importing.
    ///
    /// It can be used only with suites of `hash`, SHA-256 if nobody says another. Do not use it anywhere else: neither with
    /// another hash, nor in TLS 1.2, nor imported under the same name.
    ///
    /// # Errors
    ///
    /// Those of [`Self::imported`].
    pub fn plain(identity: &[u8], secret: &[u8], hash: HashAlgorithm) -> Result<Self, Error> {
        Self::new(identity, secret, hash, Form::Plain)
    }

    fn new(identity: &[u8], secret: &[u8], hash: HashAlgorithm, form: Form) -> Result<Self, Error> {
        let context = match &form {
            Form::Plain => 0,
            Form::Imported { context } => context.len(),
        };
        let general =
            |why: &str, len: usize| Err(Error::General(alloc::format!("{why}; this one has {len}")));
        match (secret.len(), identity.len(), context) {
            (short @ ..MIN_SECRET, _, _) => general("an external PSK has at least 16 bytes", short),
            (_, 0, _) => general("the identity of an external PSK has at least one byte", 0),
            (_, long, _) if long > MAX_NAME => {
                general("the identity of an external PSK has at most 1024 bytes", long)
            }
            (_, _, long) if long > MAX_NAME => {
                general("the context of an external PSK has at most 1024 bytes", long)
            }
            _ => {
                let secret = Zeroizing::new(secret.to_vec());
                Ok(Self(Arc::new(Inner { identity: identity.to_vec(), secret, hash, form })))
            }
        }
    }

    /// Returns the name of the key, without what importing adds to it.
    pub fn identity(&self) -> &[u8] {
        &self.0.identity
    }

    /// Returns the context of a key that is imported; `None` for one that is used as it is.
    pub fn context(&self) -> Option<&[u8]> {
        match &self.0.form {
            Form::Plain => None,
            Form::Imported { context } => Some(context),
        }
    }

    /// Returns the hash that belongs to the key.
    pub fn hash(&self) -> HashAlgorithm {
        self.0.hash
    }

    /// A key that nobody has. `None` cannot be.
    pub(crate) fn of_nobody() -> Option<Self> {
        Self::imported(b"nobody", &[0; 32], HashAlgorithm::SHA256, b"").ok()
    }

    /// The name under which it stands in a hello, to be used with suites of `hash`. `None`: it cannot be used with them.
    pub(crate) fn offered_as(&self, hash: HashAlgorithm) -> Option<Vec<u8>> {
        match &self.0.form {
            Form::Plain => (self.0.hash == hash).then(|| self.0.identity.clone()),
            Form::Imported { context } => {
                let mut name = Vec::new();
                ImportedIdentity {
                    external_identity: Opaque(&self.0.identity),
                    context: Opaque(context),
                    target_protocol: ProtocolVersion::TLSv1_3,
                    target_kdf: kdf(hash)?,
                }
                .write(&mut name);
                Some(name)
            }
        }
    }

    /// The label of its binders.
    pub(crate) fn kind(&self) -> PskKind {
        match self.0.form {
            Form::Plain => PskKind::External,
            Form::Imported { .. } => PskKind::Imported,
        }
    }

    /// The first stage of a key schedule with this key, under `suite`. `all` are the suites that are enabled: one of them has to
    /// have the hash of the key. `None`: it cannot be used.
    pub(crate) fn early(
        &self,
        suite: &'static Tls13CipherSuite,
        all: &[SupportedCipherSuite],
    ) -> Option<EarlyPsk> {
        let name = self.offered_as(suite.common.hash_provider.algorithm())?;
        match self.0.form {
            Form::Plain => Some(EarlyPsk::new(suite, &self.0.secret)),
            Form::Imported { .. } => {
                let mut suites = all.iter().filter_map(|suite| suite.tls13());
                let own = suites.find(|suite| suite.common.hash_provider.algorithm() == self.0.hash)?;
                let key =
                    tls13::import_psk(own, &self.0.secret, &name, suite.common.hash_provider.output_len());
                Some(EarlyPsk::new(suite, key.as_bytes()))
            }
        }
    }

    /// Is it the same key, by name, form and bytes?
    pub(crate) fn is(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.0, &other.0);
        let names = ours.identity == theirs.identity && ours.form == theirs.form && ours.hash == theirs.hash;
        names & bool::from(ours.secret.as_slice().ct_eq(theirs.secret.as_slice()))
    }
}

impl fmt::Debug for ExternalPsk {
    /// Shows the name, never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ExternalPsk");
        out.field("identity", &self.0.identity).field("hash", &self.0.hash);
        if let Form::Imported { context } = &self.0.form {
            out.field("context", context);
        }
        out.finish_non_exhaustive()
    }
}

/// Returns a context for [`ExternalPsk::imported`] that names both nodes by their roles, in the form of RFC 9258 appendix A.
///
/// A hello that comes back to the node which sent it, or goes to another one that shares the key, finds no key there: the names do
/// not stand in that order. `client` and `server` are whatever names the nodes know each other by; what is beyond 255 bytes
/// of one is left out, so hash longer ones.
pub fn between(client: &[u8], server: &[u8]) -> Vec<u8> {
    let mut context = Vec::new();
    for node in [client, server] {
        Opaque::<0, MAX8>(node.get(..MAX8.min(node.len())).unwrap_or_default()).write(&mut context);
    }
    context
}

/// Chooses the external PSKs that a client offers.
pub trait ClientPsks: fmt::Debug + Send + Sync {
    /// Returns the keys to offer to `server_name`, best first. It is asked once for each connection.
    ///
    /// Their names go out in the clear. None for servers that one has nothing in common with: an empty list.
    fn offer(&self, server_name: &ServerName<'_>) -> Vec<ExternalPsk>;
}

/// Knows the external PSKs that a server takes.
pub trait ServerPsks: fmt::Debug + Send + Sync {
    /// Returns the key of this name, which is that of [`ExternalPsk::identity`]: of imported keys without what importing adds.
    ///
    /// Nothing is known of the client yet: anybody can send any name. It is also asked when a session is to be resumed that goes
    /// back to a key; one that is no longer here, or is another one, ends the session.
    fn find(&self, identity: &[u8]) -> Option<ExternalPsk>;

    /// Chooses a key for the client that offers these, or none: then the server shows a certificate, if it may. This is what
    /// connections call.
    ///
    /// By default it is the first one that [`Self::find`] knows, in the client's order.
    fn choose(&self, offered: &OfferedPsks<'_>) -> Option<ExternalPsk> {
        offered.identities().find_map(|identity| self.find(identity).filter(|psk| offered.has(psk)))
    }
}

/// The external PSKs that a client offers, and what else it says. Nothing in it is authenticated.
#[derive(Debug)]
pub struct OfferedPsks<'a> {
    pub(crate) hello: ClientHello<'a>,
    pub(crate) names: &'a [Vec<u8>],
    /// Of the suites that client and server have in common.
    pub(crate) hashes: &'a [HashAlgorithm],
}

impl OfferedPsks<'_> {
    /// Returns the hello: the server name that the client asks for, say, or whether it could check a certificate.
    pub fn client_hello(&self) -> &ClientHello<'_> {
        &self.hello
    }

    /// Returns the names of the keys, in the client's order; of imported ones without what importing adds. Tickets are among them:
    /// nobody can tell them from names. Of long lists only the first sixteen are looked at.
    pub fn identities(&self) -> impl Iterator<Item = &[u8]> {
        let mut last = None;
        self.names.iter().filter_map(move |name| {
            let imported = ImportedIdentity::read_all(name).ok();
            let imported = imported.filter(|imported| imported.target_protocol == ProtocolVersion::TLSv1_3);
            let identity = imported.map_or(name.as_slice(), |imported| imported.external_identity.0);
            // It is there once for each hash.
            (last.replace(identity) != Some(identity)).then_some(identity)
        })
    }

    /// Says whether the client offers this key in its form, with its context, and for a suite that both sides have.
    pub fn has(&self, psk: &ExternalPsk) -> bool {
        let names = self.hashes.iter().filter_map(|hash| psk.offered_as(*hash));
        names.into_iter().any(|name| self.names.contains(&name))
    }
}

/// A few external PSKs, to be offered to every server, or to be taken from clients. Its order is that of preference.
///
/// The list is fixed; an application whose keys come and go, or depend on the peer, implements [`ClientPsks`] or [`ServerPsks`]
/// itself.
#[derive(Clone, Debug)]
pub struct PskList(Vec<ExternalPsk>);

impl From<Vec<ExternalPsk>> for PskList {
    /// Makes a list of keys, best first.
    fn from(keys: Vec<ExternalPsk>) -> Self {
        Self(keys)
    }
}

impl ClientPsks for PskList {
    fn offer(&self, _: &ServerName<'_>) -> Vec<ExternalPsk> {
        self.0.clone()
    }
}

impl ServerPsks for PskList {
    fn find(&self, identity: &[u8]) -> Option<ExternalPsk> {
        self.0.iter().find(|psk| psk.identity() == identity).cloned()
    }

    fn choose(&self, offered: &OfferedPsks<'_>) -> Option<ExternalPsk> {
        self.0.iter().find(|psk| offered.has(psk)).cloned()
    }
}

/// For servers that show no certificate.
#[derive(Debug)]
pub(crate) struct NoServerCert;

impl ResolvesServerCert for NoServerCert {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

/// For clients that trust keys and no certificates.
#[derive(Debug)]
pub(crate) struct NoServerCerts;

impl ServerCertVerifier for NoServerCerts {
    // No flow gets here, since no certificate is let pass; a caller that does anyway is told no.

    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(not_trusted())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(not_trusted())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(not_trusted())
    }

    /// Said only if somebody lets certificates pass after all; a list must not be empty.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        Vec::from([SignatureScheme::ECDSA_NISTP256_SHA256])
    }
}

fn not_trusted() -> Error {
    CertificateError::UnknownIssuer.into()
}

/// The registered number of HKDF with this hash. RFC 9258 section 10.
fn kdf(hash: HashAlgorithm) -> Option<u16> {
    match hash {
        HashAlgorithm::SHA256 => Some(1),
        HashAlgorithm::SHA384 => Some(2),
        _ => None,
    }
}

/// 128 bits. RFC 9257 section 6.
const MIN_SECRET: usize = 16;

/// Of an identity, and of a context. Both go out in each hello, several times where several hashes are offered; honest ones are the
/// names of devices and have tens of bytes.
pub(crate) const MAX_NAME: usize = 1024;
