//! `testssl.sh` and `sslscan` against `chitin server`, as a user would run them on a machine without a network.
//!
//! What they find above INFO and OK is a list by name, with the reason beside each; what is offered is a list as well, so
//! that neither a weakness nor a suite can come in unseen. `testssl.sh` takes about two minutes, nearly all of it in its own shell:
//! a stage of its own, run by name.

mod support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use support::{Ca, Folder, Server};

/// What a scanner may dislike of our server.
const KNOWN: [(&str, &str); 2] = [
    ("cert_revocation", "a certificate of a private CA names no place to ask whether it was revoked"),
    ("HSTS", "a header of HTTP, which is up to the application; the pages here are for a look by hand"),
];

/// What a scanner may dislike or not, by its own doing.
const BY_CHANCE: [(&str, &str); 1] = [(
    "sessionresumption_ticket",
    "its client leaves at once, often before a ticket of TLS 1.3 can be there, and then it has none to resume with; OpenSSL's server fares the same",
)];

/// The attacks that testssl.sh tries. None may drop out of its report.
const ATTACKS: [&str; 17] = [
    "BEAST",
    "BREACH",
    "CCS",
    "CRIME_TLS",
    "DROWN",
    "FREAK",
    "LOGJAM",
    "LUCKY13",
    "POODLE_SSL",
    "RC4",
    "ROBOT",
    "SWEET32",
    "fallback_SCSV",
    "heartbleed",
    "secure_client_renego",
    "secure_renego",
    "ticketbleed",
];

const SUITES13: [&str; 3] =
    ["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];
const ECDSA12: [&str; 3] =
    ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"];
const RSA12: [&str; 3] =
    ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"];

/// A server with a certificate as a careful person would make it: some months to live, and good for one thing.
fn server(folder: &Folder, key: &KeyPair) -> Server {
    let ca = Ca::new("Scanned CA");
    folder.write("ca.pem", &ca.pem);
    ca.issue_for(key, folder, "server", &["localhost"], |params| {
        let now = std::time::SystemTime::now();
        params.not_before = (now - Duration::from_secs(3600)).into();
        params.not_after = (now + Duration::from_secs(180 * 86_400)).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
    });
    Server::start(folder, &[])
}

fn ecdsa_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

fn rsa_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap()
}

/// Runs a scanner to its end. Its exit status says how many things it disliked, in a way of its own.
fn scan(program: &str, args: &[&str], folder: &Folder) {
    let mut child = Command::new(program)
        .args(args)
        // What it would write beside its report goes away with the folder.
        .env("TMPDIR", folder.path(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error} (`cargo xtask test` installs it)"));
    let end = Instant::now() + LONGEST_SCAN;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{program} did not end in {LONGEST_SCAN:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// One line of a report.
#[derive(Debug)]
struct Finding {
    id: String,
    severity: String,
    text: String,
}

fn testssl(folder: &Folder, server: &Server) -> Vec<Finding> {
    let (report, ca) = (folder.path("report.json"), folder.path("ca.pem"));
    let target = format!("localhost:{}", server.port());
    let args = ["--nodns", "none", "--warnings", "off", "--add-ca", &ca, "--jsonfile", &report, &target];
    scan("testssl", &args, folder);
    let findings = findings(&std::fs::read_to_string(&report).unwrap());
    // The last thing it says. Without it the scan was cut short.
    assert!(findings.iter().any(|finding| finding.id == "scanTime"), "{findings:#?}");
    findings
}

/// testssl.sh writes each member of its flat JSON on a line of its own, and quotes nothing inside.
fn findings(json: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in json.lines() {
        let Some((name, value)) = line.trim().trim_end_matches(',').split_once(" : ") else { continue };
        let value = value.trim().trim_matches('"').to_owned();
        match name.trim().trim_matches('"') {
            "id" => findings.push(Finding { id: value, severity: String::new(), text: String::new() }),
            "severity" => findings.last_mut().unwrap().severity = value,
            "finding" => findings.last_mut().unwrap().text = value,
            _ => {}
        }
    }
    findings
}

#[track_caller]
fn the_text<'a>(findings: &'a [Finding], id: &str) -> &'a str {
    let found: Vec<&str> = findings.iter().filter(|f| f.id == id).map(|f| f.text.as_str()).collect();
    assert_eq!(found.len(), 1, "{id}: {found:?}");
    found[0]
}

/// `suites12` are those of TLS 1.2 for the key of the server, in our order.
fn testssl_finds_nothing(key: &KeyPair, suites12: &[&str]) {
    let folder = Folder::new();
    let server = server(&folder, key);
    let findings = testssl(&folder, &server);

    let by_chance = |id: &str| BY_CHANCE.iter().any(|(known, _)| *known == id);
    let disliked: BTreeSet<&str> = findings
        .iter()
        .filter(|f| !["OK", "INFO"].contains(&&*f.severity) && !by_chance(&f.id))
        .map(|f| f.id.as_str())
        .collect();
    assert_eq!(disliked, KNOWN.into_iter().map(|(id, _)| id).collect(), "{findings:#?}");

    let good = |id: &&str| findings.iter().any(|f| f.id == *id && f.severity == "OK");
    assert_eq!(ATTACKS.iter().filter(|id| !good(id)).collect::<Vec<_>>(), [&""; 0], "{findings:#?}");

    for version in ["SSLv2", "SSLv3", "TLS1", "TLS1_1"] {
        assert_eq!(the_text(&findings, version), "not offered", "{version}");
    }
    for version in ["TLS1_2", "TLS1_3"] {
        assert!(the_text(&findings, version).starts_with("offered"), "{version}");
    }
    // Each suite has a line of its own, wherever it was found: the second word is its name.
    let offered: BTreeSet<&str> = findings
        .iter()
        .filter(|f| f.id.starts_with("cipher_x"))
        .map(|f| f.text.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(offered, SUITES13.iter().chain(suites12).copied().collect());
    assert_eq!(the_text(&findings, "cipherorder_TLSv1_3"), SUITES13.join(" "));
    assert_eq!(the_text(&findings, "cipherorder_TLSv1_2"), suites12.join(" "));
    // It does not know the hybrid groups.
    assert_eq!(the_text(&findings, "PFS_ECDHE_curves"), "prime256v1 secp384r1 secp521r1 X25519");
    assert_eq!(the_text(&findings, "ALPN"), "http/1.1");
}

#[test]
fn testssl_finds_nothing_above_info_with_an_ecdsa_key() {
    testssl_finds_nothing(&ecdsa_key(), &ECDSA12);
}

#[test]
fn testssl_finds_nothing_above_info_with_an_rsa_key() {
    testssl_finds_nothing(&rsa_key(), &RSA12);
}

fn sslscan_finds_only_what_is_meant(key: &KeyPair, suites12: &[&str], signatures: &[&str]) {
    let folder = Folder::new();
    let server = server(&folder, key);
    let (report, target) = (folder.path("report.xml"), format!("localhost:{}", server.port()));
    scan("sslscan", &["--show-sigs", &format!("--xml={report}"), &target], &folder);
    let xml = std::fs::read_to_string(&report).unwrap();
    assert!(xml.contains("</document>"), "{xml}");
    let all = |element: &str, name: &str| -> Vec<String> {
        let lines = xml.lines().filter(|line| line.trim().starts_with(&format!("<{element} ")));
        lines.map(|line| attribute(line, name).to_owned()).collect()
    };

    let versions: Vec<String> =
        all("protocol", "type").into_iter().zip(all("protocol", "version")).map(|(t, v)| t + &v).collect();
    assert_eq!(versions, ["ssl2", "ssl3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"]);
    assert_eq!(all("protocol", "enabled"), ["0", "0", "0", "0", "1", "1"]);
    // Renegotiation as such is what it asks about here: that we have none is the point.
    assert_eq!(all("renegotiation", "supported"), ["0"]);
    assert_eq!(all("heartbleed", "vulnerable"), ["0", "0"]);
    assert_eq!(all("cipher", "cipher"), [&SUITES13[..], suites12].concat(), "{xml}");
    assert_eq!(all("cipher", "status").iter().filter(|status| *status == "preferred").count(), 2);
    assert!(all("cipher", "strength").iter().all(|s| s == "strong" || s == "acceptable"), "{xml}");
    // In TLS 1.2 it waits for a record that begins with ServerKeyExchange; ours lies in one record with what precedes it.
    // RFC 5246 section 6.2.1 allows that.
    assert_eq!(all("group", "id"), ["0x0017", "0x0018", "0x0019", "0x001d"], "{xml}");
    assert!(all("group", "sslversion").iter().all(|version| version == "TLSv1.3"));
    assert_eq!(all("connection-signature-algorithm", "name"), signatures, "{xml}");
}

fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    let value = line.split_once(&start).and_then(|(_, rest)| rest.split_once('"'));
    value.unwrap_or_else(|| panic!("no {name} in {line}")).0
}

#[test]
fn sslscan_finds_only_what_is_meant_with_an_ecdsa_key() {
    sslscan_finds_only_what_is_meant(&ecdsa_key(), &ECDSA12, &["ecdsa_secp256r1_sha256"]);
}

#[test]
fn sslscan_finds_only_what_is_meant_with_an_rsa_key() {
    let signatures = ["rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512"];
    sslscan_finds_only_what_is_meant(&rsa_key(), &RSA12, &signatures);
}

/// On two cores that ten others used as well, testssl.sh once took eight minutes.
const LONGEST_SCAN: Duration = Duration::from_secs(1800);
