//! What to know beyond the single items: attacks and what is done against them, how to do this and that, and why.
//!
//! Pages have numbers, so that they stand in an order.

/// # Mistakes of implementations
///
/// A protocol can be sound and a library that speaks it not. These are kinds of mistakes that were made, and what keeps them out here.
///
/// - *Memory errors* (Heartbleed, 2014): all crates forbid unsafe code, and lengths of the wire are only ever used to take a piece
///   of what is there. The provider's C and assembly remain.
/// - *Skipped or early messages* (SMACK, CVE-2014-0224, "goto fail"): each flow has one `match` on state and message, which is the
///   whole legal order; everything else is an error. There is no flag that says a step was done: the next state cannot be made
///   without what the step yields.
/// - *Messages across a change of keys*: no byte of a handshake message outlives the key that it came under.
/// - *Panics and endless work*: what peers send cannot make a `panic!`, an overflow or an index out of bounds; the checks are part
///   of the build. Every buffer and every loop that a peer can drive has a limit, and building a certificate path has a budget.
/// - *Timing* of comparisons: tags, binders and cookies are compared in constant time. Errors do not depend on what padding holds.
/// - *Leaks into logs*: no secret is printed, at any level, and nothing that holds one has a `Debug` that shows it.
/// - *Doubly used nonces*: a number is taken in one place, counts up from zero under each key, and never wraps.
///
/// A test stands for each of them; `docs/attacks.md` in the repository names it.
pub mod _01_impl_vulnerabilities {}

/// # Weaknesses of the protocol
///
/// TLS 1.3 has few known ones, and TLS 1.2 as it is spoken here is what remained after those of others were taken away.
///
/// | Attack | Why it does not work here |
/// |---|---|
/// | BEAST, Lucky Thirteen, POODLE | no block ciphers in CBC mode: AEAD only |
/// | RC4's biases, SWEET32 | no such ciphers |
/// | CRIME | no compression of records |
/// | Bleichenbacher, ROBOT, DROWN | no key exchange by RSA encryption |
/// | FREAK, Logjam | no export suites, no finite fields |
/// | renegotiation (2009), triple handshakes | renegotiation is refused; the extended master secret (RFC 7627) is always offered, and asked for by `require_ems` |
/// | SLOTH | no signatures with MD5 or SHA-1 |
/// | downgrades | a server marks its random when it could do better, and a client looks (RFC 8446 section 4.1.3); `TLS_FALLBACK_SCSV` is obeyed |
/// | truncation | an end without close_notify is an error of its own |
/// | ALPACA | a protocol that both sides do not share ends the handshake |
/// | replays of early data | off by default; a server takes it once, fresh, and by the config that made the session |
///
/// What is not hidden: who talks to whom, the server's name in the hello, and how much is said when.
pub mod _02_tls_vulnerabilities {}

/// # How to
///
/// *Read the hello before choosing a config:* [`Acceptor`](crate::server::Acceptor).
///
/// *Choose a certificate by name:* [`ResolvesServerCertUsingSni`](crate::server::ResolvesServerCertUsingSni), or your own
/// [`ResolvesServerCert`](crate::server::ResolvesServerCert).
///
/// *Keep the private key elsewhere* (a module, a service): implement [`SigningKey`](crate::sign::SigningKey) and
/// [`Signer`](crate::sign::Signer), put the key into a [`CertifiedKey`](crate::sign::CertifiedKey), and hand that out by a resolver. For a
/// client it is [`ResolvesClientCert`](crate::client::ResolvesClientCert).
///
/// *Use other algorithms:* a [`CryptoProvider`](crate::crypto::CryptoProvider) is a list of suites, groups and signature checks; take a
/// provider's, and change what you like. `builder_with_provider` of both configs takes it.
///
/// *Ask more of certificates*, revocation and pins say: [`trust`](crate::trust); `docs/certificates.md` in the repository has each part
/// with an example.
///
/// *Decide about certificates yourself:* implement
/// [`ServerCertVerifier`](crate::client::danger::ServerCertVerifier). Whoever does that is responsible for all of it; what has
/// `danger` in its path deserves a second pair of eyes.
///
/// *Look at traffic with Wireshark:* set the config's `key_log` to [`KeyLogFile`](crate::KeyLogFile), and the variable `SSLKEYLOGFILE`.
///
/// *Know what happened:* set the config's `trace`. See [`trace`](crate::trace).
///
/// *Drive connections without sockets or buffers of ours:* [`unbuffered`](crate::unbuffered).
///
/// *Bound what one connection may hold:* `limits` of both configs: [`Limits`](crate::Limits). By default it is the sum of what its parts may
/// have, about 1.3 MiB in the worst case, of which an idle connection has 2 KB. A server with many strangers sets it:
///
/// ```
/// # #[cfg(feature = "aws_lc_rs")]
/// # fn limited(mut config: chitin::ServerConfig) -> chitin::ServerConfig {
/// config.limits.memory = Some(192 * 1024);
/// # config
/// # }
/// ```
///
/// *End handshakes that take too long:* a [`Deadline`](crate::Deadline), which [`Limits::deadline`](crate::Limits::deadline) begins. It bounds how long
/// the memory of a slow handshake is held; an event loop asks it how long it may wait.
#[cfg(feature = "std")]
pub mod _03_howto {}

/// # How to
///
/// Most of it needs the feature `std`. Without it, connections are those of [`unbuffered`](crate::unbuffered), and the clock and
/// the provider are handed to `builder_with_details` of both configs.
#[cfg(not(feature = "std"))]
pub mod _03_howto {}

/// # What there is, and what on purpose not
///
/// There is: TLS 1.3 and 1.2, as client and server; resumption by tickets and by stores; early data; client authentication;
/// ALPN and SNI; OCSP staples handed to the verifier; certificate compression; exporters; limits of record sizes; QUIC; keys
/// handed to a kernel. The README and `docs/status.md` in the repository say it line by line.
///
/// There is not, and will not be: SSL and TLS before 1.2, renegotiation, compression of records, RSA key exchange and finite
/// fields, CBC and RC4, suites without encryption, signatures with SHA-1 or MD5, PSK without a fresh key exchange.
pub mod _04_features {}

/// # Why the defaults are what they are
///
/// - *Suites:* AES-256-GCM, AES-128-GCM and ChaCha20-Poly1305. All three are sound; which is fastest depends on the machine.
/// - *Groups:* X25519MLKEM768 first, with the feature `prefer-post-quantum`. What is recorded today may be opened by the computers of
///   some later day; a classical exchange beside it costs little and keeps what is sure today.
/// - *Versions:* both. TLS 1.2 is still asked for, and safe as it is spoken here.
/// - *Resumption:* on, in memory. It saves a signature and loses nothing but a little privacy towards the network: the server's tickets
///   are used once, and a fresh exchange comes with each.
/// - *Early data:* off, on both sides. Only an application can know which of its requests may be heard twice.
/// - *Client authentication:* to be decided for every server; there is no default.
/// - *Limits:* `docs/defaults.md` in the repository lists all of them, from a test that reads them from the code.
pub mod _05_defaults {}

/// # FIPS
///
/// With the feature `fips` the provider [`aws_lc_rs`](crate::crypto::aws_lc_rs) is the FIPS module of aws-lc, which takes Go and cmake to build. What
/// a program has to do:
///
/// 1. Turn the feature on.
/// 2. Take `crypto::default_fips_provider()`, which there is with this feature only: by hand, or as the default of the process. It has
///    no suites with ChaCha20-Poly1305 and does not have X25519 alone.
/// 3. Look, when it is running: `fips()` of [`ClientConfig`](crate::ClientConfig::fips) and [`ServerConfig`](crate::ServerConfig::fips) is true only if
///    each part of the provider is approved, `require_ems` is on, as it is by default then, and there is no ECH.
///
/// `fips()` does not see what a program brings itself: verifiers, signing keys, ticketers. Those of this crate use the module, but
/// for three things that it does not see either: the feature `load` opens encrypted keys and PKCS#12 files outside the module,
/// external pre-shared keys come from wherever the program has them, and an `AeadTicketer` uses whichever AEAD it is given.
/// Signatures of chains are verified every time: there is no memo of them.
///
/// `docs/features.md` in the repository says what else is different. Which module has which certificate, the crate
/// `aws-lc-fips-sys` says.
pub mod _06_fips {}
