//! Who a peer is by its certificate, SPIFFE ids, and who is let in.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use pki_types::{CertificateDer, DnsName};
use rcgen::{CertificateParams, KeyUsagePurpose, SanType, SerialNumber};

use super::support::*;
use crate::{AcceptedPeers, Certificate, Diagnosis, PeerIdentity, Problem, SpiffeFault, SpiffeId};

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

/// A leaf with these alternative names.
fn leaf(names: &[SanType]) -> CertificateDer<'static> {
    leaf_with(names, &as_is)
}

fn leaf_with(names: &[SanType], edit: Edit<'_>) -> CertificateDer<'static> {
    Ca::root("Root CA").leaf_with(&|params: &mut CertificateParams| {
        params.serial_number = Some(SerialNumber::from(1u64));
        params.subject_alt_names = names.to_vec();
        edit(params);
    })
}

fn identity(names: &[SanType]) -> PeerIdentity {
    PeerIdentity::claimed_by(&leaf(names)).unwrap()
}

/// The examples of SPIFFE-ID, and one broken rule each.
#[test]
fn spiffe_ids_by_the_rules_of_the_standard() {
    for (text, domain, path) in [
        ("spiffe://staging.example.com/payments/mysql", "staging.example.com", "/payments/mysql"),
        (
            "spiffe://k8s-west.example.com/ns/staging/sa/default",
            "k8s-west.example.com",
            "/ns/staging/sa/default",
        ),
        (
            "spiffe://example.com/9eebccd2-12bf-40a6-b262-65fe0487d453",
            "example.com",
            "/9eebccd2-12bf-40a6-b262-65fe0487d453",
        ),
        ("spiffe://trust_domain_name.example.com", "trust_domain_name.example.com", ""),
        ("spiffe://192.0.2.1/A_b-c.d/...", "192.0.2.1", "/A_b-c.d/..."),
    ] {
        let id: SpiffeId = text.parse().unwrap();
        assert_eq!((id.as_str(), id.trust_domain(), id.path()), (text, domain, path));
        assert_eq!(id.to_string(), text);
    }
    for bad in [
        "spiffe://",
        "spiffe:///path",
        "spiffe://Example.com/a",
        "spiffe://example.com/",
        "spiffe://example.com/a/",
        "spiffe://example.com//a",
        "spiffe://example.com/a//b",
        "spiffe://example.com/.",
        "spiffe://example.com/a/../b",
        "spiffe://example.com/a%2fb",
        "spiffe://ex%61mple.com/a",
        "spiffe://example.com/a?b",
        "spiffe://example.com/a#b",
        "spiffe://example.com?a",
        "spiffe://example.com:443/a",
        "spiffe://user@example.com/a",
        "spiffe://[2001:db8::1]/a",
        "spiffe://example.com/\u{e4}",
        "spiffe://example.com/a b",
        "spiffe://example.com\\a",
        "spiffe://ex\u{e4}mple.com/a",
    ] {
        assert_eq!(bad.parse::<SpiffeId>(), Err(SpiffeFault::Form), "{bad}");
    }
    for bad in ["", "example.com", "https://example.com/a", "SPIFFE://example.com/a", "spiffe:example.com/a"]
    {
        assert_eq!(bad.parse::<SpiffeId>(), Err(SpiffeFault::Scheme), "{bad}");
    }
    // 2048 octets in all, 255 of the trust domain.
    let of = |domain: usize, all: usize| {
        let head = std::format!("spiffe://{}/", "d".repeat(domain));
        std::format!("{head}{}", "p".repeat(all - head.len())).parse::<SpiffeId>().is_ok()
    };
    assert!(of(255, 2048) && !of(256, 2048) && !of(255, 2049));
}

#[test]
fn a_leaf_has_one_spiffe_id_or_none() {
    const ID: &str = "spiffe://example.org/web";
    let of = |names: &[SanType], edit: Edit<'_>| {
        let der = leaf_with(names, edit);
        SpiffeId::of_leaf(&Certificate::parse(&der).unwrap()).map(|id| id.to_string())
    };
    let dns = SanType::DnsName("host.example".try_into().unwrap());
    assert_eq!(of(&[dns.clone(), uri(ID)], &as_is), Ok(ID.to_string()));
    assert_eq!(of(&[uri(ID), uri("https://example.org/")], &as_is), Err(SpiffeFault::SeveralUris));
    assert_eq!(of(&[uri(ID), uri(ID)], &as_is), Err(SpiffeFault::SeveralUris));
    assert_eq!(of(&[dns], &as_is), Err(SpiffeFault::NoUri));
    assert_eq!(of(&[], &as_is), Err(SpiffeFault::NoUri));
    assert_eq!(of(&[uri("https://example.org/")], &as_is), Err(SpiffeFault::Scheme));
    assert_eq!(of(&[uri("spiffe://example.org/a/")], &as_is), Err(SpiffeFault::Form));
    assert_eq!(of(&[uri("spiffe://example.org")], &as_is), Err(SpiffeFault::NoPath));

    let ca = |params: &mut CertificateParams| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    assert_eq!(of(&[uri(ID)], &ca), Err(SpiffeFault::Authority));
    for usage in [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign] {
        let signs = |params: &mut CertificateParams| params.key_usages.push(usage);
        assert_eq!(of(&[uri(ID)], &signs), Err(SpiffeFault::Authority), "{usage:?}");
    }
}

#[test]
fn names_come_out_by_their_kinds() {
    let peer = identity(&[
        SanType::DnsName("Host.Example".try_into().unwrap()),
        SanType::DnsName("*.wild.example".try_into().unwrap()),
        SanType::IpAddress([192, 0, 2, 1].into()),
        SanType::IpAddress([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].into()),
        SanType::Rfc822Name("someone@example.org".try_into().unwrap()),
        uri("spiffe://example.org/web"),
    ]);
    assert_eq!(peer.dns_names(), ["host.example", "*.wild.example"]);
    let addresses: Vec<String> = peer.ip_addresses().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(peer.email_addresses(), ["someone@example.org"]);
    assert_eq!(peer.uris(), ["spiffe://example.org/web"]);
    assert_eq!(peer.spiffe_id().unwrap().path(), "/web");
    assert_eq!((peer.subject(), peer.common_name()), ("CN=leaf", Some("leaf")));
    assert_eq!(
        peer.to_string(),
        "\"host.example\", \"*.wild.example\", \"someone@example.org\", \"spiffe://example.org/web\", 192.0.2.1, 2001:db8::1"
    );
    for (name, held) in [
        ("host.example", true),
        ("HOST.example.", true),
        ("one.wild.example", false),
        ("*.wild.example", false),
        ("example", false),
        ("leaf", false),
        ("", false),
    ] {
        assert_eq!(peer.has_dns_name(name), held, "{name}");
    }
    assert!(PeerIdentity::claimed_by(&CertificateDer::from(&b"garbage"[..])).is_err());
}

#[test]
fn malformed_names_are_left_out() {
    let peer = identity(&[
        SanType::DnsName("a b.example".try_into().unwrap()),
        SanType::DnsName("bad..example".try_into().unwrap()),
        SanType::Rfc822Name("nobody".try_into().unwrap()),
        uri("no scheme"),
        uri("spiffe://example.org/\u{1}"),
    ]);
    assert!(peer.dns_names().is_empty() && peer.email_addresses().is_empty() && peer.uris().is_empty());
    assert_eq!(peer.spiffe_id(), Err(SpiffeFault::SeveralUris));
    assert_eq!(peer.to_string(), "none but the subject \"CN=leaf\"");
}

fn dns(name: &str) -> DnsName<'_> {
    name.try_into().unwrap()
}

#[test]
fn peers_are_let_in_by_one_of_their_names() {
    let web = identity(&[uri("spiffe://example.org/web")]);
    let db = identity(&[uri("spiffe://example.org/db"), SanType::DnsName("db.example".try_into().unwrap())]);
    let wild = identity(&[SanType::DnsName("*.example".try_into().unwrap())]);
    let both = identity(&[uri("spiffe://example.org/web"), uri("spiffe://other.example/web")]);
    let all = [&web, &db, &wild, &both];
    let accepts = |peers: AcceptedPeers| all.map(|peer| peers.accept(peer));
    let none = AcceptedPeers::new;
    assert_eq!(accepts(none()), [false; 4]);
    let id = |text: &str| text.parse().unwrap();
    assert_eq!(accepts(none().with_spiffe_id(id("spiffe://example.org/web"))), [true, false, false, false]);
    assert_eq!(accepts(none().with_spiffe_id(id("spiffe://example.org/we"))), [false; 4]);
    assert_eq!(accepts(none().with_trust_domain("example.org").unwrap()), [true, true, false, false]);
    assert_eq!(accepts(none().with_trust_domain("example.or").unwrap()), [false; 4]);
    assert_eq!(accepts(none().with_dns_name(dns("DB.example"))), [false, true, false, false]);
    let either = none().with_spiffe_id(id("spiffe://example.org/web")).with_dns_name(dns("db.example"));
    assert_eq!(accepts(either), [true, true, false, false]);
    for bad in ["", "Example.org", "spiffe://example.org", "example.org/web"] {
        assert_eq!(none().with_trust_domain(bad), Err(SpiffeFault::Form), "{bad}");
    }
    assert!(none().is_empty() && !none().with_dns_name(dns("a.example")).is_empty());
}

#[track_caller]
fn says(names: &[SanType], expected: &AcceptedPeers, problem: &str) {
    let der = leaf(names);
    let leaf = Certificate::parse(&der).unwrap();
    let why = expected.check(&leaf).unwrap_err();
    assert!(matches!(why, Problem::NotAccepted(_)));
    let text = Diagnosis::of_leaf(&leaf, why).to_string();
    let first = std::format!("The peer's own certificate, \"CN=leaf\" with serial number 01, {problem}.");
    let advice =
        "Let this peer in by one of its names, or have it show a certificate with a name that is let in.";
    assert_eq!(text.lines().collect::<Vec<_>>(), [first.as_str(), advice]);
}

#[test]
fn a_peer_that_is_not_let_in() {
    let id = AcceptedPeers::new().with_spiffe_id("spiffe://example.org/web".parse().unwrap());
    says(
        &[uri("spiffe://example.org/db")],
        &id,
        "is of nobody who is let in, which is spiffe://example.org/web; its names are \"spiffe://example.org/db\"",
    );
    says(
        &[uri("spiffe://example.org/web"), uri("spiffe://example.org/db")],
        &id,
        "is of nobody who is let in, which is spiffe://example.org/web; its names are \"spiffe://example.org/web\", \
         \"spiffe://example.org/db\"; it has no SPIFFE id, since there is more than one URI",
    );
    let many = id.clone().with_trust_domain("example.net").unwrap().with_dns_name(dns("Host.example"));
    says(
        &[],
        &many,
        "is of nobody who is let in, which are \"host.example\", spiffe://example.org/web, trust domain \"example.net\"; its names \
         are none but the subject \"CN=leaf\"; it has no SPIFFE id, since there is no URI",
    );
    let names: Vec<_> = (0..20).map(|n| std::format!("n{n:02}.example")).collect();
    let peers = names.iter().fold(AcceptedPeers::new(), |peers, name| peers.with_dns_name(dns(name)));
    let der = leaf(&[SanType::DnsName("other.example".try_into().unwrap())]);
    let text = peers.check(&Certificate::parse(&der).unwrap()).unwrap_err().to_string();
    assert!(text.ends_with("\"n15.example\" and 4 more; its names are \"other.example\""), "{text}");
}
