//! Certificate Transparency: logs of our own with two operators, their list in Chrome's format, and certificates by another
//! encoder (`rcgen`) with the timestamps that those logs have signed.
//!
//! It is always the first of June of 2030. The list is of that day, and the timestamps are of the first of May.

#[path = "transparency/handshakes.rs"]
mod handshakes;

use std::sync::Arc;
use std::time::Duration;

use chitin::Error;
use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::aws_lc_rs::{cipher_suite, default_provider};
use chitin::pki_types::{CertificateDer, UnixTime};
use chitin::trust::{LogList, ServerVerifier};
use rcgen::{
    CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PublicKeyData,
    SerialNumber, SigningKey, date_time_ymd,
};
use testkit::pki::pem;

/// A log: its key, and how its entry in the list begins.
struct Log {
    key: KeyPair,
    operator: &'static str,
    /// The value of `state`, and further fields.
    state: String,
}

impl Log {
    fn new(operator: &'static str, state: &str) -> Self {
        Self { key: KeyPair::generate().unwrap(), operator, state: state.into() }
    }

    fn usable(operator: &'static str) -> Self {
        Self::new(operator, &in_state("usable", "2026-01-01T00:00:00Z"))
    }

    /// Signs a timestamp. RFC 6962 section 3.2, written down once more.
    fn sign(&self, entry: &[u8], milliseconds: u64) -> Vec<u8> {
        let signed = [&[0, 0][..], &milliseconds.to_be_bytes(), entry, &[0, 0]].concat();
        let signature = self.key.sign(&signed).unwrap();
        let mut sct = vec![0];
        sct.extend(sha256(&self.key.subject_public_key_info()));
        sct.extend(milliseconds.to_be_bytes());
        sct.extend([0, 0, 4, 3]);
        sct.extend(sized(&signature));
        sct
    }

    fn sct(&self, entry: &[u8]) -> Vec<u8> {
        self.sign(entry, MAY * 1000)
    }
}

fn in_state(state: &str, since: &str) -> String {
    format!(r#""state": {{ "{state}": {{ "timestamp": "{since}" }} }}"#)
}

/// The list of these logs as Chrome publishes it.
fn json(timestamp: &str, logs: &[&Log]) -> String {
    let mut operators: Vec<&str> = logs.iter().map(|log| log.operator).collect();
    operators.dedup();
    let entry = |log: &&&Log| {
        let spki = log.key.subject_public_key_info();
        let armour = pem("PUBLIC KEY", &spki);
        let key: String = armour.lines().filter(|line| !line.starts_with('-')).collect();
        format!(
            r#"{{ "description": "a log", "key": "{key}", "url": "https://log.test/", "mmd": 86400, {} }}"#,
            log.state
        )
    };
    let operator = |name: &&str| {
        let logs: Vec<_> = logs.iter().filter(|log| log.operator == *name).map(|log| entry(&log)).collect();
        format!(
            r#"{{ "name": "{name}", "email": ["a@log.test"], "logs": [{}], "tiled_logs": [] }}"#,
            logs.join(", ")
        )
    };
    let operators: Vec<_> = operators.iter().map(operator).collect();
    format!(
        r#"{{ "version": "60.1", "log_list_timestamp": "{timestamp}", "operators": [{}] }}"#,
        operators.join(", ")
    )
}

fn list(logs: &[&Log]) -> LogList {
    LogList::from_json(json("2030-06-01T00:00:00Z", logs).as_bytes()).unwrap()
}

/// An authority, and a server's certificate that can be made anew with timestamps in it.
struct World {
    authority: KeyPair,
    root: CertificateDer<'static>,
    params: CertificateParams,
    server: KeyPair,
    /// The certificate without timestamps. Each signature is another one, so it is made once.
    bare: CertificateDer<'static>,
}

impl World {
    /// The server's certificate is valid for this many days from May on.
    fn new(days: i64) -> Self {
        let authority = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = root.self_signed(&authority).unwrap().der().clone();
        let mut params = CertificateParams::new(["localhost".to_string()]).unwrap();
        params.not_before = date_time_ymd(2030, 5, 1);
        params.not_after = params.not_before + Duration::from_secs(86_400 * u64::try_from(days).unwrap() - 1);
        params.serial_number = Some(SerialNumber::from(77u64));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (server, bare) = (KeyPair::generate().unwrap(), CertificateDer::from(Vec::new()));
        let mut world = Self { authority, root, params, server, bare };
        world.bare = world.certificate(None);
        world
    }

    fn certificate(&self, extension: Option<Vec<u8>>) -> CertificateDer<'static> {
        let mut params = self.params.clone();
        let timestamps = |list| CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], list);
        params.custom_extensions.extend(extension.map(timestamps));
        let mut issuer = CertificateParams::default();
        issuer.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = Issuer::new(issuer, &self.authority);
        params.signed_by(&self.server, &issuer).unwrap().der().clone()
    }

    /// What logs are shown before there are timestamps.
    fn before(&self) -> Vec<u8> {
        let certificate = &self.bare;
        // Behind the tag and the length (in two octets) of the whole.
        let tbs = &certificate[4..];
        let length = usize::from(u16::from_be_bytes([tbs[2], tbs[3]])) + 4;
        let issuer = sha256(&self.authority.subject_public_key_info());
        [&[0, 1][..], &issuer, &u32::try_from(length).unwrap().to_be_bytes()[1..], &tbs[..length]].concat()
    }

    /// What logs are shown of the certificate as it is.
    fn whole(&self) -> Vec<u8> {
        let certificate = &self.bare;
        [&[0, 0][..], &u32::try_from(certificate.len()).unwrap().to_be_bytes()[1..], certificate].concat()
    }

    /// The certificate with these timestamps in it.
    fn with(&self, scts: &[Vec<u8>]) -> CertificateDer<'static> {
        let list = sized(&scts.iter().flat_map(|sct| sized(sct)).collect::<Vec<_>>());
        let mut value = vec![4];
        match u8::try_from(list.len()) {
            Ok(short @ ..0x80) => value.push(short),
            Ok(long) => value.extend([0x81, long]),
            Err(_) => value.extend([&[0x82][..], &u16::try_from(list.len()).unwrap().to_be_bytes()].concat()),
        }
        value.extend(list);
        self.certificate(Some(value))
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        scts: &[&[u8]],
        logs: Option<LogList>,
    ) -> Result<(), Error> {
        let mut roots = chitin::RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let mut builder = ServerVerifier::builder(Arc::new(roots), Arc::new(default_provider()));
        if let Some(logs) = logs {
            builder = builder.with_transparency(logs);
        }
        let verifier = builder.build().unwrap();
        let name = "localhost".try_into().unwrap();
        verifier.verify_server_cert_with_scts(certificate, &[], &name, &[], scts, day()).map(|_| ())
    }

    /// With these timestamps in the certificate: whether that is enough, and if not, what the error says.
    fn embedded(&self, scts: &[Vec<u8>], logs: &[&Log]) -> Result<(), String> {
        self.verify(&self.with(scts), &[], Some(list(logs))).map_err(|error| error.to_string())
    }

    /// With these beside it.
    fn beside(&self, scts: &[Vec<u8>], logs: &[&Log]) -> Result<(), String> {
        let scts: Vec<&[u8]> = scts.iter().map(Vec::as_slice).collect();
        self.verify(&self.bare, &scts, Some(list(logs))).map_err(|error| error.to_string())
    }
}

fn sha256(data: &[u8]) -> Vec<u8> {
    let suite = cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    suite.common.hash_provider.hash(data).as_ref().to_vec()
}

fn sized(body: &[u8]) -> Vec<u8> {
    [&u16::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

/// The first of June of 2030.
fn day() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_906_502_400))
}

/// The first of May of 2030.
const MAY: u64 = 1_903_824_000;

fn refused(found: Result<(), String>, why: &str) {
    let error = found.expect_err(why);
    assert!(error.contains(why), "{error}");
}

#[test]
fn nothing_is_asked_unless_it_is_turned_on() {
    let world = World::new(90);
    let bare = &world.bare;
    assert_eq!(world.verify(bare, &[], None), Ok(()));
    let (a, b) = (Log::usable("a"), Log::usable("b"));
    let refusal = world.verify(bare, &[], Some(list(&[&a, &b])));
    assert!(refusal.unwrap_err().to_string().contains("timestamps of 0 logs"));

    let builder = ServerVerifier::builder(
        Arc::new(chitin::RootCertStore { roots: trusted(&world) }),
        Arc::new(default_provider()),
    );
    assert!(!builder.clone().build().unwrap().requests_scts());
    assert!(builder.with_transparency(list(&[&a])).build().unwrap().requests_scts());
}

fn trusted(world: &World) -> Vec<chitin::pki_types::TrustAnchor<'static>> {
    let mut roots = chitin::RootCertStore::empty();
    roots.add(world.root.clone()).unwrap();
    roots.roots
}

#[test]
fn two_logs_of_two_operators_are_enough_within_a_certificate() {
    let world = World::new(90);
    let entry = world.before();
    let (a, a2, b) = (Log::usable("a"), Log::usable("a"), Log::usable("b"));
    let logs = [&a, &a2, &b];
    assert_eq!(world.embedded(&[a.sct(&entry), b.sct(&entry)], &logs), Ok(()));
    assert_eq!(world.embedded(&[b.sct(&entry), a2.sct(&entry), a.sct(&entry)], &logs), Ok(()));
    refused(world.embedded(&[a.sct(&entry)], &logs), "1 log of 1 operator");
    refused(world.embedded(&[a.sct(&entry), a2.sct(&entry)], &logs), "2 logs of 1 operator");
    // The same log with two timestamps is one log.
    refused(world.embedded(&[a.sct(&entry), a.sign(&entry, MAY * 1000 + 1)], &logs), "1 log of 1 operator");
}

#[test]
fn a_long_life_takes_three_logs() {
    let (a, a2, b) = (Log::usable("a"), Log::usable("a"), Log::usable("b"));
    let logs = [&a, &a2, &b];
    for (days, two_are_enough) in [(180, true), (181, false), (398, false)] {
        let world = World::new(days);
        let entry = world.before();
        let (two, three) = ([a.sct(&entry), b.sct(&entry)], [a.sct(&entry), b.sct(&entry), a2.sct(&entry)]);
        assert_eq!(world.embedded(&two, &logs).is_ok(), two_are_enough, "{days}");
        assert_eq!(world.embedded(&three, &logs), Ok(()), "{days}");
    }
}

#[test]
fn logs_count_as_far_as_the_list_says() {
    let world = World::new(90);
    let (before, whole) = (world.before(), world.whole());
    let good = Log::usable("good");
    // In which state the other log is, and whether its timestamp counts within a certificate, and beside one.
    for (state, within, beside) in [
        (in_state("usable", "2026-01-01T00:00:00Z"), true, true),
        (in_state("qualified", "2026-01-01T00:00:00Z"), true, true),
        (in_state("readonly", "2026-01-01T00:00:00Z"), true, true),
        (in_state("retired", "2030-05-01T00:00:01Z"), true, false),
        (in_state("retired", "2030-05-01T00:00:00Z"), false, false),
        (in_state("rejected", "2026-01-01T00:00:00Z"), false, false),
        (in_state("pending", "2026-01-01T00:00:00Z"), false, false),
        (in_state("dreaming", "2026-01-01T00:00:00Z"), false, false),
        (r#""state": {}"#.to_string(), false, false),
        (r#""temporal_interval": {}"#.to_string(), false, false),
    ] {
        let other = Log::new("other", &state);
        let logs = [&good, &other];
        let found = world.embedded(&[good.sct(&before), other.sct(&before)], &logs);
        assert_eq!(found.is_ok(), within, "{state}: {found:?}");
        let found = world.beside(&[good.sct(&whole), other.sct(&whole)], &logs);
        assert_eq!(found.is_ok(), beside, "{state}: {found:?}");
    }
    // Retired ones alone do not do, and unknown ones count for nothing.
    let retired = |operator| Log::new(operator, &in_state("retired", "2030-05-02T00:00:00Z"));
    let (a, b) = (retired("a"), retired("b"));
    refused(world.embedded(&[a.sct(&before), b.sct(&before)], &[&a, &b]), "none of which still works");
    refused(world.embedded(&[a.sct(&before), b.sct(&before)], &[&good]), "2 more count for nothing");
}

#[test]
fn a_log_has_the_operator_of_its_time() {
    let world = World::new(90);
    let entry = world.before();
    let a = Log::usable("a");
    let state = in_state("usable", "2026-01-01T00:00:00Z");
    let sold = |until: &str| {
        Log::new(
            "b",
            &format!(r#"{state}, "previous_operators": [{{ "name": "a", "end_time": "{until}" }}]"#),
        )
    };
    let (early, late) = (sold("2030-04-01T00:00:00Z"), sold("2030-05-15T00:00:00Z"));
    assert_eq!(world.embedded(&[a.sct(&entry), early.sct(&entry)], &[&a, &early]), Ok(()));
    refused(world.embedded(&[a.sct(&entry), late.sct(&entry)], &[&a, &late]), "2 logs of 1 operator");
}

#[test]
fn timestamps_in_the_handshake_are_about_the_whole_certificate() {
    let world = World::new(398);
    let (before, whole) = (world.before(), world.whole());
    let (a, b) = (Log::usable("a"), Log::usable("b"));
    let logs = [&a, &b];
    // Two are enough here, however long the certificate lives.
    assert_eq!(world.beside(&[a.sct(&whole), b.sct(&whole)], &logs), Ok(()));
    refused(world.beside(&[a.sct(&before), b.sct(&before)], &logs), "2 more count for nothing");
    let short = World::new(90);
    refused(
        short.embedded(&[a.sct(&short.whole()), b.sct(&short.whole())], &logs),
        "2 more count for nothing",
    );
    // One of each kind does not make two.
    let certificate = short.with(&[a.sct(&short.before())]);
    let about =
        [&[0, 0][..], &u32::try_from(certificate.len()).unwrap().to_be_bytes()[1..], &certificate].concat();
    let beside = b.sct(&about);
    assert!(short.verify(&certificate, &[&beside], Some(list(&logs))).is_err());
    assert_eq!(short.verify(&certificate, &[&beside, &a.sct(&about)], Some(list(&logs))), Ok(()));
}

#[test]
fn timestamps_that_are_not_good_count_for_nothing() {
    let world = World::new(90);
    let entry = world.before();
    let (a, b) = (Log::usable("a"), Log::usable("b"));
    let logs = [&a, &b];
    let good = b.sct(&entry);
    let mut other_issuer = entry.clone();
    other_issuer[2] ^= 1;
    let mut other_key = a.sct(&entry);
    other_key[1..33].copy_from_slice(&sha256(&b.key.subject_public_key_info()));
    let mut future = Vec::new();
    for (milliseconds, counts) in [(1_906_502_400_000u64, true), (1_906_502_401_000, false)] {
        future = a.sign(&entry, milliseconds);
        assert_eq!(world.embedded(&[good.clone(), future.clone()], &logs).is_ok(), counts, "{milliseconds}");
    }
    let of_another = World::new(90).before();
    for bad in [a.sct(&other_issuer), a.sct(&of_another), other_key, future, Vec::from([1]), vec![0; 60]] {
        refused(world.embedded(&[good.clone(), bad], &logs), "1 log of 1 operator");
    }
    // Each octet of a timestamp means something.
    let sct = a.sct(&entry);
    for place in 0..sct.len() {
        let mut changed = sct.clone();
        changed[place] ^= 1;
        assert!(world.embedded(&[good.clone(), changed], &logs).is_err(), "octet {place}");
    }
    let mut longer = sct.clone();
    longer.push(0);
    assert!(world.embedded(&[good.clone(), longer], &logs).is_err());
    // A list that is malformed has no timestamps.
    for list in [&[4, 2, 0, 9][..], &[4, 0], &[5, 0], &[], &[4, 3, 0, 0, 0]] {
        let certificate = world.certificate(Some(list.to_vec()));
        assert!(world.verify(&certificate, &[], Some(self::list(&logs))).is_err());
    }
}

#[test]
fn an_old_list_is_held_against_nobody() {
    let world = World::new(90);
    let bare = &world.bare;
    let log = Log::usable("a");
    // Seventy days before, to the second.
    for (timestamp, enforced) in [("2030-03-23T00:00:00Z", true), ("2030-03-22T23:59:59Z", false)] {
        let logs = LogList::from_json(json(timestamp, &[&log]).as_bytes()).unwrap();
        assert_eq!(world.verify(bare, &[], Some(logs)).is_err(), enforced, "{timestamp}");
    }
}

#[test]
fn lists_that_lack_something_are_refused_with_its_name() {
    let log = Log::usable("a");
    let whole = json("2030-06-01T00:00:00Z", &[&log]);
    assert_eq!(LogList::from_json(whole.as_bytes()).unwrap().logs.len(), 1);
    for (what, with, says) in [
        ("log_list_timestamp", "then", "log_list_timestamp"),
        ("2030-06-01T00:00:00Z", "2030-06-31T00:00:00Z", "log_list_timestamp"),
        ("2030-06-01T00:00:00Z", "2030-06-01T00:00:00+01", "log_list_timestamp"),
        ("2030-06-01T00:00:00Z", "yesterday", "log_list_timestamp"),
        ("\"name\"", "\"called\"", "name"),
        ("\"key\": \"", "\"key\": \"!", "Base64"),
        ("\"key\"", "\"lock\"", "key"),
        ("\"operators\"", "\"people\"", "no log"),
        ("{", "", "cannot be read"),
    ] {
        let error = LogList::from_json(whole.replacen(what, with, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{what}: {error}");
    }
}
