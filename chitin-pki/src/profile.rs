//! How much is asked of certificates beyond what verifying a path takes.

/// How much is asked of certificates beyond what verifying a path takes.
///
/// Each asks for all that those before it ask for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// What RFC 5280 section 6 has a verifier check, and what a peer of TLS has to be.
    ///
    /// It takes some certificates that those who issue them should not have made.
    #[default]
    Default,
    /// What RFC 5280 section 4 demands of those who issue certificates, too.
    ///
    /// Key identifiers are there, basic constraints and name constraints are critical, names are well-formed. Where whole
    /// roots are given ([`Verifier::with_roots`](crate::Verifier::with_roots)) they have to be issuers like others, and
    /// valid.
    Rfc5280Strict,
    /// What the Baseline Requirements of the CA/Browser Forum have for certificates of web servers, too.
    ///
    /// A common name is one of the alternative names, extended key usage is there and says no more than it has to, keys are
    /// RSA or on one of three curves. That wildcards do not stand for a public suffix is not looked at: it would take a
    /// list that grows old.
    CaBrowserForum,
}

/// What a certificate is in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The peer's own.
    Leaf,
    /// One that the peer sent, or that was found, between.
    Issuer,
    /// One that the caller trusts.
    Root,
}
