//! The command line: what the runner asks of one process. It knows flags and their meaning, and nothing of TLS.
//!
//! Every flag stands here in exactly one of four ways: it sets a field, it is read and left alone for a reason given beside
//! it, it is known and not possible yet, or it is unknown. The last two end the process with status 89 before it connects.

use std::fmt;
use std::path::PathBuf;

/// The options of the connections of one process. A flag with a prefix touches only one of the three.
#[derive(Clone, Debug)]
pub struct Plan {
    pub initial: Options,
    pub resume: Options,
    /// What follows in the same connection when a client's early data was rejected.
    pub retry: Options,
}

/// A flag that this shim cannot honour.
#[derive(Debug)]
pub struct Unimplemented(pub String);

impl fmt::Display for Unimplemented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not implemented: {}", self.0)
    }
}

/// A certificate with its key, as far as the flags have described it.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub signing_prefs: Vec<u16>,
    pub ocsp: Option<Vec<u8>>,
    /// The whole list, with its length.
    pub scts: Option<Vec<u8>>,
    pub delegated: Option<Vec<u8>>,
    pub must_match_issuer: bool,
    /// There is no certificate: the public half of the key is shown.
    pub raw: bool,
    /// It is a key, and no certificate.
    pub psk: Option<Psk>,
}

/// An external key with what it is imported with.
#[derive(Clone, Debug, Default)]
pub struct Psk {
    pub key: Vec<u8>,
    pub identity: Vec<u8>,
    pub context: Vec<u8>,
    pub sha384: bool,
}

/// Which of the mock algorithms for certificates are installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CertCompression {
    #[default]
    None,
    All,
    One(u16),
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub server: bool,
    pub port: u16,
    pub shim_id: u64,
    pub ipv6: bool,
    pub resume_count: usize,

    pub shim_writes_first: bool,
    pub initial_write: Option<Vec<u8>>,
    pub initial_write_repeats: Option<usize>,
    pub read_with_unfinished_write: bool,
    pub shim_shuts_down: bool,
    pub check_close_notify: bool,
    pub read_size: Option<usize>,
    pub max_send_fragment: Option<usize>,
    pub send_alert: bool,
    pub key_update: bool,
    pub key_update_before_read: bool,

    pub min_version: Option<u16>,
    pub max_version: Option<u16>,
    pub no_tls12: bool,
    pub no_tls13: bool,
    pub expect_version: Option<u16>,

    /// Suites of TLS 1.2 by name, in tiers: those of one tier are as good as each other.
    pub ciphers: Option<Vec<Vec<String>>>,
    pub tls13_ciphers: Vec<u16>,
    /// For each, whether it is as good as the next one.
    pub tls13_ciphers_equal: Vec<bool>,
    pub server_preference: bool,
    pub expect_cipher: Option<u16>,
    pub expect_cipher_aes: Option<u16>,
    pub expect_cipher_no_aes: Option<u16>,
    pub curves: Vec<u16>,
    pub curves_equal: Vec<bool>,
    pub key_shares: Vec<u16>,
    pub no_key_shares: bool,
    pub groups_hint: Vec<u16>,
    pub grease: bool,
    pub expect_curve: Option<u16>,
    pub expect_hrr: bool,
    pub expect_no_hrr: bool,

    /// The one described before the first `-new-...-credential`; it comes last in the choice.
    pub default_credential: Credential,
    pub credentials: Vec<Credential>,
    pub expect_selected_credential: Option<i64>,
    pub use_early_callback: bool,
    pub fail_early_callback: bool,
    pub fail_cert_callback: bool,
    pub fail_cert_callback_alert: Option<u8>,
    pub cert_compression: CertCompression,
    /// What a client says that it can show; empty: what its credentials are.
    pub available_client_types: Vec<u8>,

    pub verify_peer: bool,
    pub require_client_certificate: bool,
    pub trust_cert: Option<PathBuf>,
    pub custom_verifier: bool,
    pub verify_fail: bool,
    pub reverify: bool,
    pub max_cert_list: Option<usize>,
    pub expect_verify_result: bool,
    pub verify_prefs: Vec<u16>,
    pub expect_peer_verify_prefs: Vec<u16>,
    pub expect_peer_signature_algorithm: Option<u16>,
    pub expect_peer_cert_file: Option<PathBuf>,
    pub expect_no_peer_cert: bool,
    /// What may be shown to us, best first; empty: X.509.
    pub accepted_peer_types: Vec<u8>,
    pub expect_peer_type: Option<u8>,
    /// SHA-256 of the one raw public key that is trusted.
    pub expect_peer_raw_key: Option<Vec<u8>>,
    pub client_ca_list: Option<Vec<Vec<u8>>>,
    pub expect_client_ca_list: Option<Vec<Vec<u8>>>,
    pub host_name: Option<String>,
    pub expect_server_name: Option<String>,
    pub expect_no_server_name: bool,
    pub expect_certificate_types: Option<Vec<u8>>,

    pub ask_for_ocsp: bool,
    pub expect_ocsp: Option<Vec<u8>>,
    pub decline_ocsp: bool,
    pub fail_ocsp: bool,
    pub request_scts: bool,
    pub expect_scts: Option<Vec<u8>>,
    pub expect_messages: Option<String>,

    pub alpn: Option<Vec<Vec<u8>>>,
    pub expect_alpn: Option<Vec<u8>>,
    pub expect_advertised_alpn: Option<Vec<Vec<u8>>>,
    pub select_alpn: Option<Vec<u8>>,
    pub select_empty_alpn: bool,
    pub reject_alpn: bool,
    pub allow_unknown_alpn: bool,

    pub no_ticket: bool,
    pub resumption_delay: u64,
    pub expect_session_miss: bool,
    pub expect_no_session: bool,
    pub expect_session_id: bool,
    pub expect_no_session_id: bool,
    pub expect_ticket_renewal: bool,
    /// In seconds.
    pub expect_ticket_age_skew: Option<i64>,
    pub expect_resumable_across_names: Option<bool>,
    pub expect_extended_master_secret: bool,

    pub early_data: bool,
    pub early_write_after: Option<u8>,
    pub expect_ticket_supports_early_data: bool,
    pub expect_early_data_accepted: bool,
    pub expect_early_data_rejected: bool,
    pub expect_no_early_data_offered: bool,

    pub ech_config_list: Option<Vec<u8>>,
    pub ech_grease: bool,
    pub reject_unusable_ech: bool,
    pub expect_ech_accept: bool,
    pub expect_ech_retry_configs: Option<Vec<u8>>,
    pub expect_no_ech_retry_configs: bool,
    pub expect_ech_name_override: Option<String>,
    pub expect_no_ech_name_override: bool,

    pub quic: bool,
    pub quic_parameters: Option<Vec<u8>>,
    pub expect_quic_parameters: Option<Vec<u8>>,
    pub quic_legacy: bool,

    pub export_len: Option<usize>,
    pub export_label: String,
    pub export_context: String,
    pub use_export_context: bool,
    pub export_traffic_secrets: bool,
}

impl Plan {
    /// Reads a whole command line.
    ///
    /// # Errors
    ///
    /// The first flag, or value of a flag, that is not known or not possible.
    pub fn parse(words: impl Iterator<Item = String>) -> Result<Self, Unimplemented> {
        let empty = Options::default;
        let mut plan = Self { initial: empty(), resume: empty(), retry: empty() };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-') else { return Err(Unimplemented(word)) };
            let prefix = ["on-initial-", "on-resume-", "on-retry-"]
                .into_iter()
                .find(|prefix| flag.starts_with(prefix))
                .unwrap_or("");
            let Plan { initial, resume, retry } = &mut plan;
            let targets = match prefix {
                "on-initial-" => vec![initial],
                "on-resume-" => vec![resume],
                "on-retry-" => vec![retry],
                _ => vec![initial, resume, retry],
            };
            let flag = &flag[prefix.len()..];
            let value = match has_value(flag) {
                Some(true) => words.next().ok_or_else(|| Unimplemented(word.clone()))?,
                Some(false) => String::new(),
                None => return Err(Unimplemented(word)),
            };
            for options in targets {
                options.set(flag, &value).ok_or_else(|| Unimplemented(format!("{word} {value}")))?;
            }
        }
        // No interface of the library for TLS over TCP takes any.
        match plan.initial.quic_parameters.is_some() && !plan.initial.quic {
            true => Err(Unimplemented("transport parameters without QUIC".into())),
            false => Ok(plan),
        }
    }

    pub fn connection(&self, at: usize) -> &Options {
        if at == 0 { &self.initial } else { &self.resume }
    }
}

/// Flags that are read and change nothing, each with the reason why it may be so.
const LEFT_ALONE: &[(&str, bool, &str)] = &[
    ("async", false, "a library without I/O has no other way to be driven"),
    ("implicit-handshake", false, "there is no handshake call that could be left out"),
    ("no-op-extra-handshake", false, "there is no handshake call that could be repeated"),
    ("no-tls1", false, "there is no TLS 1.0 to turn off"),
    ("no-tls11", false, "there is no TLS 1.1 to turn off"),
    ("use-old-client-cert-callback", false, "the resolver is the only callback for client certificates"),
    ("permute-extensions", false, "our clients always shuffle"),
    ("expect-early-data-reason", true, "there is no such API; whether it was accepted is checked"),
    (
        "quic-early-data-context",
        true,
        "what a server's early data depends on is its config and its transport parameters; nothing else can be named",
    ),
    (
        "use-ocsp-callback",
        false,
        "verifiers get the staple and resolvers give it; there is no other callback",
    ),
    ("set-ocsp-in-callback", false, "the resolver gives the staple with the certificate in any case"),
];

/// Not a scheme of TLS 1.2 or 1.3.
const MD5_SHA1: u16 = 0xff01;

/// Flags that set a field: `Some(true)` if a value follows. `None`: unknown, or not possible.
fn has_value(flag: &str) -> Option<bool> {
    if let Some((_, value, _)) = LEFT_ALONE.iter().find(|(name, _, _)| *name == flag) {
        return Some(*value);
    }
    const PLAIN: &[&str] = &[
        "server",
        "ipv6",
        "shim-writes-first",
        "read-with-unfinished-write",
        "shim-shuts-down",
        "check-close-notify",
        "send-alert",
        "key-update",
        "key-update-before-read",
        "no-tls12",
        "no-tls13",
        "server-preference",
        "no-key-shares",
        "enable-grease",
        "enable-ocsp-stapling",
        "expect-hrr",
        "expect-no-hrr",
        "new-x509-credential",
        "new-delegated-credential",
        "new-rpk-credential",
        "new-psk-credential",
        "psk-importer-sha256",
        "psk-importer-sha384",
        "must-match-issuer",
        "use-early-callback",
        "fail-early-callback",
        "fail-cert-callback",
        "install-cert-compression-algs",
        "reverify-on-resume",
        "decline-ocsp-callback",
        "fail-ocsp-callback",
        "verify-peer",
        "require-any-client-certificate",
        "verify-fail",
        "use-custom-verify-callback",
        "expect-verify-result",
        "enable-signed-cert-timestamps",
        "expect-no-peer-cert",
        "expect-no-server-name",
        "select-empty-alpn",
        "decline-alpn",
        "reject-alpn",
        "allow-unknown-alpn-protos",
        "no-ticket",
        "expect-session-miss",
        "expect-no-session",
        "expect-session-id",
        "expect-no-session-id",
        "expect-ticket-renewal",
        "expect-resumable-across-names",
        "expect-not-resumable-across-names",
        "expect-extended-master-secret",
        "enable-early-data",
        "expect-ticket-supports-early-data",
        "expect-accept-early-data",
        "expect-reject-early-data",
        "expect-no-offer-early-data",
        "enable-ech-grease",
        "reject-unusable-ech-config",
        "expect-ech-accept",
        "expect-no-ech-retry-configs",
        "expect-no-ech-name-override",
        "quic",
        "use-export-context",
        "export-traffic-secrets",
    ];
    const VALUED: &[&str] = &[
        "port",
        "shim-id",
        "resume-count",
        "shim-initial-write",
        "repeat-shim-initial-write",
        "read-size",
        "max-send-fragment",
        "min-version",
        "max-version",
        "expect-version",
        "cipher",
        "tls13-ciphers",
        "tls13-ciphers-flags",
        "expect-cipher",
        "expect-cipher-aes",
        "expect-cipher-no-aes",
        "curves",
        "curves-flags",
        "key-shares",
        "server-supported-groups-hint",
        "expect-curve-id",
        "fail-cert-callback-alert",
        "install-one-cert-compression-alg",
        "cert-file",
        "key-file",
        "signing-prefs",
        "ocsp-response",
        "signed-cert-timestamps",
        "delegated-credential",
        "psk-importer-key",
        "psk-importer-identity",
        "psk-importer-context",
        "expect-selected-credential",
        "verify-prefs",
        "expect-peer-verify-pref",
        "expect-peer-signature-algorithm",
        "expect-peer-cert-file",
        "accepted-peer-cert-types",
        "available-client-cert-types",
        "expect-peer-certificate-type",
        "expect-peer-rpk-sha256",
        "use-client-ca-list",
        "expect-client-ca-list",
        "expect-certificate-types",
        "host-name",
        "trust-cert",
        "expect-server-name",
        "expect-ocsp-response",
        "expect-signed-cert-timestamps",
        "expect-msg-callback",
        "ech-config-list",
        "expect-ech-retry-configs",
        "expect-ech-name-override",
        "advertise-alpn",
        "expect-alpn",
        "expect-advertised-alpn",
        "select-alpn",
        "resumption-delay",
        "expect-ticket-age-skew",
        "max-cert-list",
        "early-write-after-message",
        "quic-transport-params",
        "expect-quic-transport-params",
        "quic-use-legacy-codepoint",
        "export-keying-material",
        "export-label",
        "export-context",
    ];
    match (PLAIN.contains(&flag), VALUED.contains(&flag)) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    }
}

impl Options {
    /// `None`: the value is not understood.
    fn set(&mut self, flag: &str, value: &str) -> Option<()> {
        match flag {
            "server" => self.server = true,
            "port" => self.port = value.parse().ok()?,
            "shim-id" => self.shim_id = value.parse().ok()?,
            "ipv6" => self.ipv6 = true,
            "resume-count" => self.resume_count = value.parse().ok()?,

            "shim-writes-first" => self.shim_writes_first = true,
            "shim-initial-write" => self.initial_write = Some(value.as_bytes().to_vec()),
            "repeat-shim-initial-write" => self.initial_write_repeats = Some(value.parse().ok()?),
            "read-with-unfinished-write" => self.read_with_unfinished_write = true,
            "shim-shuts-down" => self.shim_shuts_down = true,
            "check-close-notify" => self.check_close_notify = true,
            "read-size" => self.read_size = Some(value.parse().ok()?),
            "max-send-fragment" => self.max_send_fragment = Some(value.parse().ok()?),
            "send-alert" => self.send_alert = true,
            "key-update" => self.key_update = true,
            "key-update-before-read" => self.key_update_before_read = true,

            "min-version" => self.min_version = Some(value.parse().ok()?),
            "max-version" => self.max_version = Some(value.parse().ok()?),
            "no-tls12" => self.no_tls12 = true,
            "no-tls13" => self.no_tls13 = true,
            "expect-version" => self.expect_version = Some(value.parse().ok()?),

            "cipher" => self.ciphers = Some(tiers(value)?),
            "tls13-ciphers" => self.tls13_ciphers.push(value.parse().ok()?),
            "tls13-ciphers-flags" => self.tls13_ciphers_equal.push(equal(value)?),
            "server-preference" => self.server_preference = true,
            "expect-cipher" => self.expect_cipher = Some(value.parse().ok()?),
            "expect-cipher-aes" => self.expect_cipher_aes = Some(value.parse().ok()?),
            "expect-cipher-no-aes" => self.expect_cipher_no_aes = Some(value.parse().ok()?),
            "curves" => self.curves.push(value.parse().ok()?),
            "curves-flags" => self.curves_equal.push(equal(value)?),
            "key-shares" => self.key_shares.push(value.parse().ok()?),
            "no-key-shares" => self.no_key_shares = true,
            "enable-grease" => self.grease = true,
            "enable-ocsp-stapling" => self.ask_for_ocsp = true,
            "server-supported-groups-hint" => self.groups_hint.push(value.parse().ok()?),
            "expect-curve-id" => self.expect_curve = Some(value.parse().ok()?),
            "expect-hrr" => self.expect_hrr = true,
            "expect-no-hrr" => self.expect_no_hrr = true,

            "new-x509-credential" | "new-delegated-credential" => {
                self.credentials.push(Credential::default())
            }
            "new-rpk-credential" => {
                self.credentials.push(Credential { raw: true, ..Credential::default() });
            }
            "cert-file" => self.credential().cert_file = Some(value.into()),
            "key-file" => self.credential().key_file = Some(value.into()),
            "signing-prefs" => {
                let scheme = value.parse().ok()?;
                self.credential().signing_prefs.push(scheme);
            }
            "ocsp-response" => self.credential().ocsp = Some(base64(value)?),
            "signed-cert-timestamps" => self.credential().scts = Some(base64(value)?),
            "delegated-credential" => self.credential().delegated = Some(base64(value)?),
            "new-psk-credential" => {
                self.credentials.push(Credential { psk: Some(Psk::default()), ..Credential::default() });
            }
            "psk-importer-key" => self.psk()?.key = base64(value)?,
            "psk-importer-identity" => self.psk()?.identity = base64(value)?,
            "psk-importer-context" => self.psk()?.context = base64(value)?,
            "psk-importer-sha256" => self.psk()?.sha384 = false,
            "psk-importer-sha384" => self.psk()?.sha384 = true,
            "must-match-issuer" => self.credential().must_match_issuer = true,
            "expect-selected-credential" => self.expect_selected_credential = Some(value.parse().ok()?),
            "use-early-callback" => self.use_early_callback = true,
            "fail-early-callback" => self.fail_early_callback = true,
            "fail-cert-callback" => self.fail_cert_callback = true,
            "fail-cert-callback-alert" => self.fail_cert_callback_alert = Some(value.parse().ok()?),
            "install-cert-compression-algs" => self.cert_compression = CertCompression::All,
            "install-one-cert-compression-alg" => {
                self.cert_compression = CertCompression::One(value.parse().ok()?);
            }

            "verify-peer" => self.verify_peer = true,
            "require-any-client-certificate" => self.require_client_certificate = true,
            "trust-cert" => self.trust_cert = Some(value).filter(|path| !path.is_empty()).map(PathBuf::from),
            "use-custom-verify-callback" => self.custom_verifier = true,
            "verify-fail" => self.verify_fail = true,
            "reverify-on-resume" => self.reverify = true,
            "expect-verify-result" => self.expect_verify_result = true,
            "verify-prefs" => {
                // One number is the runner's name for what TLS 1.1 did. It never gets on the wire.
                let scheme: u16 = value.parse().ok()?;
                self.verify_prefs.extend(Some(scheme).filter(|scheme| *scheme != MD5_SHA1));
            }
            "expect-peer-verify-pref" => self.expect_peer_verify_prefs.push(value.parse().ok()?),
            "expect-peer-signature-algorithm" => {
                self.expect_peer_signature_algorithm = Some(value.parse().ok()?);
            }
            "expect-peer-cert-file" => self.expect_peer_cert_file = Some(value.into()),
            "expect-no-peer-cert" => self.expect_no_peer_cert = true,
            "accepted-peer-cert-types" => self.accepted_peer_types.push(value.parse().ok()?),
            "available-client-cert-types" => self.available_client_types.push(value.parse().ok()?),
            "expect-peer-certificate-type" => self.expect_peer_type = Some(value.parse().ok()?),
            "expect-peer-rpk-sha256" => self.expect_peer_raw_key = Some(base64(value)?),
            "use-client-ca-list" => self.client_ca_list = Some(names(value)?),
            "expect-client-ca-list" => self.expect_client_ca_list = Some(names(value)?),
            "expect-certificate-types" => self.expect_certificate_types = Some(base64(value)?),
            "host-name" => self.host_name = Some(value.to_owned()),
            "expect-server-name" => self.expect_server_name = Some(value.to_owned()),
            "expect-no-server-name" => self.expect_no_server_name = true,

            "expect-ocsp-response" => self.expect_ocsp = Some(base64(value)?),
            "decline-ocsp-callback" => self.decline_ocsp = true,
            "fail-ocsp-callback" => self.fail_ocsp = true,
            "enable-signed-cert-timestamps" => self.request_scts = true,
            "expect-signed-cert-timestamps" => self.expect_scts = Some(base64(value)?),
            "expect-msg-callback" => self.expect_messages = Some(value.to_owned()),

            "advertise-alpn" => self.alpn = Some(protocols(value.as_bytes())?),
            "expect-alpn" => self.expect_alpn = Some(value.as_bytes().to_vec()),
            "expect-advertised-alpn" => self.expect_advertised_alpn = Some(protocols(value.as_bytes())?),
            "select-alpn" => {
                self.select_alpn = Some(value.as_bytes().to_vec()).filter(|name| !name.is_empty());
            }
            // A server without protocols of its own takes no notice of the extension.
            "decline-alpn" => self.select_alpn = None,
            "select-empty-alpn" => self.select_empty_alpn = true,
            "reject-alpn" => self.reject_alpn = true,
            "allow-unknown-alpn-protos" => self.allow_unknown_alpn = true,

            "no-ticket" => self.no_ticket = true,
            "resumption-delay" => self.resumption_delay = value.parse().ok()?,
            "expect-session-miss" => self.expect_session_miss = true,
            "expect-no-session" => self.expect_no_session = true,
            "expect-session-id" => self.expect_session_id = true,
            "expect-no-session-id" => self.expect_no_session_id = true,
            "expect-ticket-renewal" => self.expect_ticket_renewal = true,
            "expect-ticket-age-skew" => self.expect_ticket_age_skew = Some(value.parse().ok()?),
            "expect-resumable-across-names" => self.expect_resumable_across_names = Some(true),
            "expect-not-resumable-across-names" => self.expect_resumable_across_names = Some(false),
            "max-cert-list" => self.max_cert_list = Some(value.parse().ok()?),
            "expect-extended-master-secret" => self.expect_extended_master_secret = true,

            "enable-early-data" => self.early_data = true,
            "early-write-after-message" => self.early_write_after = Some(value.parse().ok()?),
            "expect-ticket-supports-early-data" => self.expect_ticket_supports_early_data = true,
            "expect-accept-early-data" => self.expect_early_data_accepted = true,
            "expect-reject-early-data" => self.expect_early_data_rejected = true,
            "expect-no-offer-early-data" => self.expect_no_early_data_offered = true,

            "quic" => self.quic = true,
            "ech-config-list" => self.ech_config_list = Some(base64(value)?),
            "enable-ech-grease" => self.ech_grease = true,
            "reject-unusable-ech-config" => self.reject_unusable_ech = true,
            "expect-ech-accept" => self.expect_ech_accept = true,
            "expect-ech-retry-configs" => self.expect_ech_retry_configs = Some(base64(value)?),
            "expect-no-ech-retry-configs" => self.expect_no_ech_retry_configs = true,
            "expect-ech-name-override" => self.expect_ech_name_override = Some(value.to_owned()),
            "expect-no-ech-name-override" => self.expect_no_ech_name_override = true,
            "quic-transport-params" => self.quic_parameters = Some(base64(value)?),
            "expect-quic-transport-params" => self.expect_quic_parameters = Some(base64(value)?),
            "quic-use-legacy-codepoint" => self.quic_legacy = value == "1",

            "export-keying-material" => self.export_len = Some(value.parse().ok()?),
            "export-label" => self.export_label = value.to_owned(),
            "export-context" => self.export_context = value.to_owned(),
            "use-export-context" => self.use_export_context = true,
            "export-traffic-secrets" => self.export_traffic_secrets = true,

            flag if LEFT_ALONE.iter().any(|(name, _, _)| *name == flag) => {}
            _ => return None,
        }
        Some(())
    }

    fn psk(&mut self) -> Option<&mut Psk> {
        self.credential().psk.as_mut()
    }

    fn credential(&mut self) -> &mut Credential {
        self.credentials.last_mut().unwrap_or(&mut self.default_credential)
    }
}

/// Names between colons; those in brackets, between bars, are as good as each other.
fn tiers(list: &str) -> Option<Vec<Vec<String>>> {
    let tier = |text: &str| match text.strip_prefix('[') {
        Some(inner) => Some(inner.strip_suffix(']')?.split('|').map(str::to_owned).collect()),
        None => Some(vec![text.to_owned()]),
    };
    list.split(':').map(tier).collect()
}

/// The one flag that suites and groups can have: as good as the next.
fn equal(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Names of authorities: hexadecimal DER between commas, or none.
fn names(value: &str) -> Option<Vec<Vec<u8>>> {
    match value {
        "" | "<NULL>" | "<EMPTY>" => Some(Vec::new()),
        list => list.split(',').map(hex).collect(),
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Names, each after its one-byte length.
fn protocols(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    while let Some((len, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(*len))?;
        names.push(name.to_vec());
        bytes = rest;
    }
    Some(names)
}

/// RFC 4648 section 4.
fn base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut out, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            out.push(byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Plan, Unimplemented> {
        Plan::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn a_prefix_limits_a_flag_to_its_connection() {
        let plan = parse("-port 7 -on-resume-verify-fail -on-initial-expect-alpn foo -no-ticket").unwrap();
        assert_eq!((plan.initial.port, plan.resume.port, plan.retry.port), (7, 7, 7));
        assert_eq!((plan.initial.verify_fail, plan.resume.verify_fail), (false, true));
        assert_eq!(
            (plan.initial.expect_alpn.as_deref(), &plan.resume.expect_alpn),
            (Some(&b"foo"[..]), &None)
        );
        assert!(plan.initial.no_ticket && plan.resume.no_ticket);
    }

    #[test]
    fn credentials_are_described_in_order() {
        let plan =
            parse("-cert-file a -new-x509-credential -cert-file b -new-x509-credential -key-file c").unwrap();
        let options = plan.initial;
        assert_eq!(options.default_credential.cert_file, Some("a".into()));
        assert_eq!(options.credentials[0].cert_file, Some("b".into()));
        assert_eq!(options.credentials[1].key_file, Some("c".into()));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for line in
            ["-flag-that-nobody-knows", "-on-resume-dtls", "port", "-port", "-port x", "-on-shim-server"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn encodings_are_read() {
        // RFC 4648 section 10.
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(base64("Z-"), None);
        assert_eq!(names("3000,0a"), Some(vec![vec![0x30, 0], vec![10]]));
        assert_eq!(protocols(b"\x03foo\x01x"), Some(vec![b"foo".to_vec(), b"x".to_vec()]));
        assert_eq!(protocols(b"\x03fo"), None);
        assert_eq!(tiers("A:[B|C]").unwrap(), [vec!["A"], vec!["B", "C"]]);
        assert_eq!((tiers("A:[B"), equal("2")), (None, None));
    }
}
