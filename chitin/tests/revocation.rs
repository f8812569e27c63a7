//! Revocation lists as `openssl ca` makes them, through the verifiers of the 0.23 API.
//!
//! It is always the first of June of 2030. Lists are of January of 2030 unless a test says otherwise.

use std::sync::Arc;
use std::time::Duration;

use chitin::client::WebPkiServerVerifier;
use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::aws_lc_rs::default_provider;
use chitin::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use chitin::server::{ClientCertVerifierBuilder, VerifierBuilderError, WebPkiClientVerifier};
use chitin::{AlertDescription, CertRevocationListError, CertificateError, Error};
use chitin_pki::RevocationList;
use rcgen::{CustomExtension, KeyUsagePurpose};
use testkit::pki::{Authority, Identity, KeyType, Spec};
use testkit::status::{Book, List};

type Crl = CertificateRevocationListDer<'static>;

/// A root, an authority below it, a server's certificate, and the books of both authorities.
struct World {
    root: Authority,
    issuing: Authority,
    server: Identity,
    root_book: Book,
    book: Book,
}

impl World {
    fn new() -> Self {
        Self::with(Vec::new())
    }

    fn with(extensions: Vec<CustomExtension>) -> Self {
        let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
        let issuing = root.intermediate(&Spec::authority(KeyType::P256, "issuing"));
        let server = issuing.issue(&Spec { extensions, ..Spec::server(KeyType::P256) });
        let (root_book, book) = (Book::of(&root), Book::of(&issuing));
        Self { root, issuing, server, root_book, book }
    }

    /// A list of the root's that revokes nothing.
    fn root_list(&self) -> Crl {
        self.root_book.list(&List::default())
    }

    fn verify(&self, lists: &[Crl], settings: &[Setting]) -> Result<(), Error> {
        verify(&self.root, &self.server, lists, settings)
    }

    /// With these lists in any order, and that of the root among them.
    fn verify_in_any_order(&self, lists: &[Crl]) -> Result<(), Error> {
        let mut lists = lists.to_vec();
        lists.push(self.root_list());
        let there = self.verify(&lists, &[]);
        lists.reverse();
        assert_eq!(there, self.verify(&lists, &[]), "the order of the lists counts");
        there
    }
}

#[derive(Clone, Copy)]
enum Setting {
    LeafOnly,
    AllowUnknown,
    Enforce,
}
use Setting::{AllowUnknown, Enforce, LeafOnly};

fn verify(root: &Authority, server: &Identity, lists: &[Crl], settings: &[Setting]) -> Result<(), Error> {
    let provider = Arc::new(default_provider());
    let mut builder = WebPkiServerVerifier::builder_with_provider(Arc::new(root.store()), provider)
        .with_crls(lists.iter().cloned());
    for setting in settings {
        builder = match setting {
            LeafOnly => builder.only_check_end_entity_revocation(),
            AllowUnknown => builder.allow_unknown_revocation_status(),
            Enforce => builder.enforce_revocation_expiration(),
        };
    }
    let verifier = builder.build().expect("the lists are well-formed");
    let (leaf, rest) = server.chain.split_first().unwrap();
    let name = "localhost".try_into().unwrap();
    let verify = || verifier.verify_server_cert(leaf, rest, &name, &[], day()).map(|_| ());
    let first = verify();
    assert_eq!(first, verify(), "a verifier remembers something that changes its mind");
    first
}

/// The first of June of 2030.
fn day() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_906_502_400))
}

const UNKNOWN: Result<(), Error> = Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus));
const REVOKED: Result<(), Error> = Err(Error::InvalidCertificate(CertificateError::Revoked));

fn unusable(why: CertRevocationListError) -> Result<(), Error> {
    Err(Error::InvalidCertRevocationList(why))
}

/// An issuing distribution point in the words of OpenSSL.
fn scope(lines: &str) -> String {
    format!("issuingDistributionPoint = critical, @scope\n[scope]\n{lines}")
}

/// A distribution point with this URI, and these further fields.
fn point(uri: &str, more: &[u8]) -> CustomExtension {
    let tlv = |tag: u8, body: &[u8]| [&[tag, u8::try_from(body.len()).unwrap()], body].concat();
    let name = tlv(0xa0, &tlv(0xa0, &tlv(0x86, uri.as_bytes())));
    let point = tlv(0x30, &[&name[..], more].concat());
    CustomExtension::from_oid_content(&[2, 5, 29, 31], tlv(0x30, &point))
}

#[test]
fn a_certificate_that_no_list_revokes_is_accepted() {
    let mut world = World::new();
    world.book.revoked_many(3).good(world.server.leaf());
    let lists = [world.root_list(), world.book.list(&List::default())];
    assert_eq!(world.verify(&lists, &[]), Ok(()));
    assert_eq!(world.verify(&lists, &[Enforce]), Ok(()));
}

#[test]
fn a_revoked_certificate_is_refused_by_both_roles() {
    let mut world = World::new();
    let client = world.issuing.issue(&Spec::client(KeyType::P256));
    for reason in ["", "keyCompromise", "CACompromise", "superseded", "certificateHold"] {
        let mut book = Book::of(&world.issuing);
        let list = book.revoked(world.server.leaf(), reason).list(&List::default());
        assert_eq!(world.verify(&[world.root_list(), list], &[]), REVOKED, "{reason}");
    }
    world.book.revoked(world.server.leaf(), "").revoked(client.leaf(), "");
    let lists = [world.root_list(), world.book.list(&List::default())];
    assert_eq!(world.verify(&lists, &[LeafOnly, AllowUnknown, Enforce]), REVOKED);
    assert_eq!(AlertDescription::from(CertificateError::Revoked), AlertDescription::CertificateRevoked);

    let verify = |edit: fn(ClientCertVerifierBuilder) -> ClientCertVerifierBuilder| {
        let roots = Arc::new(world.root.store());
        let builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider()));
        let verifier = edit(builder.with_crls(lists.clone())).build().unwrap();
        let (leaf, rest) = client.chain.split_first().unwrap();
        verifier.verify_client_cert(leaf, rest, day()).map(|_| ())
    };
    assert_eq!(verify(|builder| builder), REVOKED);
    let settings = |builder: ClientCertVerifierBuilder| {
        builder
            .only_check_end_entity_revocation()
            .allow_unknown_revocation_status()
            .enforce_revocation_expiration()
    };
    assert_eq!(verify(settings), REVOKED);
}

#[test]
fn a_revoked_authority_is_refused_unless_only_the_leaf_is_asked_about() {
    let mut world = World::new();
    world.root_book.revoked(world.issuing.cert(), "CACompromise");
    let lists = [world.root_list(), world.book.list(&List::default())];
    assert_eq!(world.verify(&lists, &[]), REVOKED);
    assert_eq!(world.verify(&lists, &[LeafOnly]), Ok(()));
}

/// Two roots have vouched for one authority, and one of them has taken that back.
#[test]
fn another_path_is_tried_behind_a_revoked_cross_sign() {
    let (old, new) = ("old root", "new root");
    let [old, new] = [old, new].map(|name| Authority::root(&Spec::authority(KeyType::P256, name)));
    let spec = Spec::authority(KeyType::P256, "issuing");
    let issuing = old.intermediate(&spec);
    let by_new = new.cross(&issuing, &spec);
    let server = issuing.issue(&Spec::server(KeyType::P256));
    let (leaf, by_old) = (server.leaf().clone(), issuing.cert().clone());
    let mut store = old.store();
    store.add(new.cert().clone()).unwrap();
    let store = Arc::new(store);
    let verify = |lists: &[Crl]| {
        let found = [[by_old.clone(), by_new.clone()], [by_new.clone(), by_old.clone()]].map(|pool| {
            let builder =
                WebPkiServerVerifier::builder_with_provider(store.clone(), Arc::new(default_provider()));
            let verifier = builder.with_crls(lists.iter().cloned()).build().unwrap();
            let name = "localhost".try_into().unwrap();
            verifier.verify_server_cert(&leaf, &pool, &name, &[], day()).map(|_| ())
        });
        let [there, back] = found;
        assert_eq!(there, back, "the order of the certificates counts");
        there
    };
    let list = |book: &Book| book.list(&List::default());
    let clean = [&old, &new, &issuing].map(|authority| list(&Book::of(authority)));
    let revokes = |authority: &Authority, cert: &CertificateDer<'_>| {
        list(Book::of(authority).revoked(cert, "cessationOfOperation"))
    };
    let [of_old, of_new, of_issuing] = clean.clone();
    assert_eq!(verify(&clean), Ok(()));
    let old_took_back = revokes(&old, &by_old);
    let new_took_back = revokes(&new, &by_new);
    assert_eq!(verify(&[old_took_back.clone(), of_new.clone(), of_issuing.clone()]), Ok(()));
    assert_eq!(verify(&[of_old, new_took_back.clone(), of_issuing.clone()]), Ok(()));
    assert_eq!(verify(&[old_took_back.clone(), new_took_back, of_issuing.clone()]), REVOKED);
    // Nobody speaks of the other one: that one is revoked tells more.
    assert_eq!(verify(&[old_took_back.clone(), of_issuing]), REVOKED);
    // The leaf is the same in each path.
    assert_eq!(verify(&[old_took_back, of_new, revokes(&issuing, &leaf)]), REVOKED);
}

#[test]
fn a_certificate_of_which_no_list_speaks_is_refused_unless_that_is_allowed() {
    let world = World::new();
    let own = world.book.list(&List::default());
    let others = Book::of(&Authority::root(&Spec::authority(KeyType::P256, "other"))).list(&List::default());
    assert_eq!(world.verify(std::slice::from_ref(&others), &[]), UNKNOWN);
    assert_eq!(world.verify(&[world.root_list()], &[]), UNKNOWN);
    assert_eq!(world.verify(std::slice::from_ref(&own), &[]), UNKNOWN);
    assert_eq!(world.verify(&[own], &[LeafOnly]), Ok(()));
    assert_eq!(world.verify(&[others], &[AllowUnknown]), Ok(()));
}

#[test]
fn the_newest_list_decides_and_not_the_first() {
    let mut world = World::new();
    let before = world.book.list(&List::default());
    world.book.revoked(world.server.leaf(), "certificateHold");
    let held = world.book.list(&List { number: Some(2), from: "20300201000000Z", ..List::default() });
    // Made in the same second, so that only the number tells.
    let same = world.book.list(&List { number: Some(3), ..List::default() });
    assert_eq!(world.verify_in_any_order(&[before.clone(), held.clone()]), REVOKED);
    assert_eq!(world.verify_in_any_order(&[before.clone(), same]), REVOKED);

    let mut after = Book::of(&world.issuing);
    let released = after.good(world.server.leaf()).list(&List {
        number: Some(4),
        from: "20300301000000Z",
        ..List::default()
    });
    assert_eq!(world.verify_in_any_order(&[before, held, released]), Ok(()));
}

/// An issuer that has lost count, or has signed two lists as one, has not said that all is well.
#[test]
fn where_date_and_number_do_not_tell_the_newest_list_the_worse_one_counts() {
    let world = World::new();
    let list = |revokes: bool, number, from| {
        let mut book = Book::of(&world.issuing);
        if revokes {
            book.revoked(world.server.leaf(), "superseded");
        }
        book.list(&List { number: Some(number), from, ..List::default() })
    };
    let (january, february) = ("20300101000000Z", "20300201000000Z");
    for (good, bad, expected) in [
        ((2, february), (1, january), Ok(())),
        ((2, february), (2, january), Ok(())),
        ((2, february), (1, february), Ok(())),
        ((2, february), (3, january), REVOKED),
        ((3, january), (2, february), REVOKED),
        ((2, february), (2, february), REVOKED),
        ((1, january), (2, february), REVOKED),
    ] {
        let lists = [list(false, good.0, good.1), list(true, bad.0, bad.1)];
        assert_eq!(world.verify_in_any_order(&lists), expected, "good {good:?}, bad {bad:?}");
    }
}

#[test]
fn a_list_that_somebody_else_signed_neither_counts_nor_hides_another() {
    let mut world = World::new();
    // A namesake of the issuing authority, with a key of its own.
    let namesake = Authority::root(&Spec::authority(KeyType::P256, "issuing"));
    let forged =
        Book::of(&namesake).list(&List { number: Some(9), from: "20300501000000Z", ..List::default() });
    let bad_signature = || unusable(CertRevocationListError::BadSignature);
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&forged)), bad_signature());
    assert_eq!(world.verify(std::slice::from_ref(&forged), &[AllowUnknown]), Ok(()));

    assert_eq!(world.verify_in_any_order(&[forged.clone(), world.book.list(&List::default())]), Ok(()));
    world.book.revoked(world.server.leaf(), "keyCompromise");
    assert_eq!(world.verify_in_any_order(&[forged, world.book.list(&List::default())]), REVOKED);
}

#[test]
fn a_list_counts_only_if_its_issuer_may_sign_lists() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let without =
        Spec { key_usages: vec![KeyUsagePurpose::KeyCertSign], ..Spec::authority(KeyType::P256, "issuing") };
    let issuing = root.intermediate(&without);
    let server = issuing.issue(&Spec::server(KeyType::P256));
    let lists = [Book::of(&root).list(&List::default()), Book::of(&issuing).list(&List::default())];
    assert_eq!(verify(&root, &server, &lists, &[]), unusable(CertRevocationListError::IssuerInvalidForCrl));
}

#[test]
fn a_key_for_lists_alone_is_found_in_the_chain_and_needs_a_path() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let certs =
        Spec { key_usages: vec![KeyUsagePurpose::KeyCertSign], ..Spec::authority(KeyType::P256, "issuing") };
    let lists =
        Spec { key_usages: vec![KeyUsagePurpose::CrlSign], ..Spec::authority(KeyType::P256, "issuing") };
    let issuing = root.intermediate(&certs);
    let signer = root.intermediate(&lists);
    let stranger = Authority::root(&Spec::authority(KeyType::P256, "stranger")).intermediate(&lists);
    let mut server = issuing.issue(&Spec::server(KeyType::P256));
    let mut root_book = Book::of(&root);
    let root_list = root_book.list(&List::default());

    let by_signer = [root_list.clone(), Book::of(&signer).list(&List::default())];
    let wrong_issuer = || unusable(CertRevocationListError::IssuerInvalidForCrl);
    assert_eq!(verify(&root, &server, &by_signer, &[]), wrong_issuer());
    server.chain.push(signer.cert().clone());
    assert_eq!(verify(&root, &server, &by_signer, &[]), Ok(()));

    server.chain.push(stranger.cert().clone());
    let by_stranger = [root_list, Book::of(&stranger).list(&List::default())];
    assert_eq!(verify(&root, &server, &by_stranger, &[]), wrong_issuer());

    // Who signs lists may be revoked, too.
    let revokes_it = root_book.revoked(signer.cert(), "keyCompromise").list(&List::default());
    let [_, by_signer] = by_signer;
    assert_eq!(verify(&root, &server, &[revokes_it, by_signer], &[]), wrong_issuer());
}

#[test]
fn lists_out_of_date_count_unless_told_otherwise() {
    let mut world = World::new();
    let old = List { from: "20290101000000Z", until: "20300301000000Z", ..List::default() };
    let root_list = world.root_list();
    let lists = [root_list.clone(), world.book.list(&old)];
    assert_eq!(world.verify(&lists, &[]), Ok(()));
    let next_update = UnixTime::since_unix_epoch(Duration::from_secs(1_898_553_600));
    let expired = Err(CertificateError::ExpiredRevocationListContext { time: day(), next_update }.into());
    assert_eq!(world.verify(&lists, &[Enforce]), expired);
    assert_eq!(world.verify(&lists, &[Enforce, AllowUnknown]), expired);
    let [_, stale] = lists;
    let fresh = world.book.list(&List::default());
    assert_eq!(world.verify(&[stale, root_list.clone(), fresh], &[Enforce]), Ok(()));
    // What an old list revokes is revoked.
    world.book.revoked(world.server.leaf(), "keyCompromise");
    assert_eq!(world.verify(&[root_list, world.book.list(&old)], &[Enforce]), REVOKED);
}

#[test]
fn a_list_of_the_future_does_not_count() {
    let world = World::new();
    let future = world.book.list(&List { number: Some(2), from: "20300701000000Z", ..List::default() });
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&future)), UNKNOWN);
    assert_eq!(world.verify_in_any_order(&[future, world.book.list(&List::default())]), Ok(()));
}

/// The clock may be slow, and the list's issuer has signed what it says.
#[test]
fn what_a_list_of_the_future_revokes_is_revoked() {
    let mut world = World::new();
    let now = world.book.list(&List::default());
    world.book.revoked(world.server.leaf(), "keyCompromise");
    let future = world.book.list(&List { number: Some(2), from: "20300701000000Z", ..List::default() });
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&future)), REVOKED);
    assert_eq!(world.verify_in_any_order(&[future, now]), REVOKED);
}

#[test]
fn a_list_is_about_the_certificates_of_its_distribution_point() {
    let mut world = World::with(vec![point("http://lists.test/1", &[])]);
    let one = |world: &World| {
        let extensions = scope("fullname = URI:http://lists.test/1, URI:ldap://lists.test/1");
        world.book.list(&List { extensions: &extensions, ..List::default() })
    };
    let extensions = scope("fullname = URI:http://lists.test/2");
    let two = |world: &World| {
        world.book.list(&List { number: Some(2), extensions: &extensions, ..List::default() })
    };
    let whole = |world: &World| world.book.list(&List::default());
    assert_eq!(world.verify_in_any_order(&[two(&world)]), UNKNOWN);
    assert_eq!(world.verify_in_any_order(&[one(&world), two(&world)]), Ok(()));
    assert_eq!(world.verify_in_any_order(&[whole(&world)]), Ok(()));
    // A list of another point may be the newest, it does not speak of this certificate.
    let newer = two(&world);
    world.book.revoked(world.server.leaf(), "superseded");
    assert_eq!(world.verify_in_any_order(&[one(&world), newer]), REVOKED);
    assert_eq!(world.verify_in_any_order(&[two(&world)]), UNKNOWN);
}

#[test]
fn a_list_is_about_the_kind_of_certificate_that_it_says() {
    let world = World::new();
    let list = |book: &Book, kind: &str| {
        let extensions = scope(kind);
        book.list(&List { extensions: &extensions, ..List::default() })
    };
    let (users, authorities, attributes) = ("onlyuser = TRUE", "onlyCA = TRUE", "onlyAA = TRUE");
    for (of_issuing, of_root, expected) in [
        (users, authorities, Ok(())),
        (authorities, authorities, UNKNOWN),
        (attributes, authorities, UNKNOWN),
        (users, users, UNKNOWN),
    ] {
        let lists = [list(&world.book, of_issuing), list(&world.root_book, of_root)];
        assert_eq!(world.verify(&lists, &[]), expected, "{of_issuing} {of_root}");
    }
}

#[test]
fn lists_by_reason_count_when_they_cover_all_reasons() {
    let mut world = World::with(vec![point("http://lists.test/1", &[])]);
    let list = |world: &World, number, reasons: &str| {
        let extensions = scope(&format!("fullname = URI:http://lists.test/1\nonlysomereasons = {reasons}"));
        world.book.list(&List { number: Some(number), extensions: &extensions, ..List::default() })
    };
    let some = "keyCompromise, CACompromise";
    let rest = "affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise";
    let (a, b) = (list(&world, 1, some), list(&world, 2, rest));
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&a)), UNKNOWN);
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&b)), UNKNOWN);
    assert_eq!(world.verify_in_any_order(&[a.clone(), b.clone()]), Ok(()));
    world.book.revoked(world.server.leaf(), "superseded");
    assert_eq!(world.verify_in_any_order(&[a, list(&world, 3, rest)]), REVOKED);
    // What is known is enough to refuse it, whatever else is not known.
    assert_eq!(world.verify_in_any_order(&[list(&world, 3, rest)]), REVOKED);
}

#[test]
fn deltas_change_what_their_base_says() {
    let mut world = World::new();
    let base = world.book.list(&List { number: Some(5), ..List::default() });
    let delta = |book: &Book, number, since: u8| {
        let extensions = format!("2.5.29.27 = critical, DER:0201{since:02X}");
        book.list(&List {
            number: Some(number),
            from: "20300501000000Z",
            extensions: &extensions,
            ..List::default()
        })
    };
    let empty = delta(&world.book, 6, 5);
    // By itself it says nothing of what was revoked before.
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&empty)), UNKNOWN);
    assert_eq!(world.verify_in_any_order(&[base.clone(), empty.clone()]), Ok(()));

    let mut later = Book::of(&world.issuing);
    later.revoked(world.server.leaf(), "keyCompromise");
    assert_eq!(world.verify_in_any_order(&[base.clone(), delta(&later, 7, 5)]), REVOKED);
    assert_eq!(world.verify_in_any_order(&[base.clone(), empty, delta(&later, 7, 5)]), REVOKED);
    // Since a list that we do not have; before the base; signed by a namesake.
    assert_eq!(world.verify_in_any_order(&[base.clone(), delta(&later, 7, 6)]), Ok(()));
    assert_eq!(world.verify_in_any_order(&[base.clone(), delta(&later, 4, 3)]), Ok(()));
    let namesake = Authority::root(&Spec::authority(KeyType::P256, "issuing"));
    let mut forged = Book::of(&namesake);
    forged.revoked(world.server.leaf(), "keyCompromise");
    assert_eq!(world.verify_in_any_order(&[base, delta(&forged, 7, 5)]), Ok(()));

    // A delta takes off hold what its base has.
    world.book.revoked(world.server.leaf(), "certificateHold");
    let held = world.book.list(&List { number: Some(8), ..List::default() });
    let mut released = Book::of(&world.issuing);
    released.revoked(world.server.leaf(), "removeFromCRL");
    assert_eq!(world.verify_in_any_order(std::slice::from_ref(&held)), REVOKED);
    assert_eq!(world.verify_in_any_order(&[held, delta(&released, 9, 8)]), Ok(()));
}

#[test]
fn a_base_out_of_date_counts_with_a_delta_of_now() {
    let world = World::new();
    let base = List { number: Some(5), from: "20290101000000Z", until: "20300201000000Z", ..List::default() };
    let extensions = "2.5.29.27 = critical, DER:020105";
    let delta = List { number: Some(6), extensions, ..List::default() };
    let lists = [world.root_list(), world.book.list(&base), world.book.list(&delta)];
    assert_eq!(world.verify(&lists, &[Enforce]), Ok(()));
    let [root, base, _] = lists;
    assert!(world.verify(&[root, base], &[Enforce]).is_err());
}

/// As of a whole list out of date: it does not say that nothing was revoked since, and what it says was revoked is so.
#[test]
fn what_a_delta_out_of_date_or_of_the_future_revokes_is_revoked() {
    let world = World::new();
    let base = world.book.list(&List { number: Some(5), ..List::default() });
    let delta = |reason: &str, number, from, until| {
        let mut book = Book::of(&world.issuing);
        if !reason.is_empty() {
            book.revoked(world.server.leaf(), reason);
        }
        let extensions = "2.5.29.27 = critical, DER:020105";
        book.list(&List { number: Some(number), from, until, extensions })
    };
    let old = |reason| delta(reason, 6, "20300201000000Z", "20300301000000Z");
    let later = |reason| delta(reason, 8, "20300701000000Z", "20300801000000Z");
    let now = |reason| delta(reason, 7, "20300501000000Z", "20300701000000Z");
    let verify = |deltas: &[Crl]| {
        let lists = [&[world.root_list(), base.clone()], deltas].concat();
        world.verify(&lists, &[Enforce])
    };
    let (compromised, held, released) = ("keyCompromise", "certificateHold", "removeFromCRL");
    assert_eq!(verify(&[old("")]), Ok(()));
    assert_eq!(verify(&[old(compromised)]), REVOKED);
    assert_eq!(verify(&[later("")]), Ok(()));
    assert_eq!(verify(&[later(compromised)]), REVOKED);
    // A newer one has taken it back.
    assert_eq!(verify(&[old(held), now("")]), Ok(()));
    assert_eq!(verify(&[old(held), now(released)]), Ok(()));
    assert_eq!(verify(&[old(""), now(held)]), REVOKED);
    assert_eq!(verify(&[now(released), later(held)]), REVOKED);
    // One that is out of date itself has, too; one of the future has not yet.
    let newer = |reason| delta(reason, 7, "20300301000000Z", "20300401000000Z");
    assert_eq!(verify(&[old(held), newer("")]), Ok(()));
    assert_eq!(verify(&[old(held), newer(released)]), Ok(()));
    assert_eq!(verify(&[old(""), newer(held)]), REVOKED);
    assert_eq!(verify(&[now(held), later("")]), REVOKED);
    // It has not taken back what one says that is of now still.
    let short = |reason| delta(reason, 8, "20300502000000Z", "20300503000000Z");
    assert_eq!(verify(&[now(compromised), short("")]), REVOKED);
    assert_eq!(verify(&[now(""), short("")]), Ok(()));
    assert_eq!(verify(&[now(held), later(released)]), REVOKED);
}

/// As of whole lists.
#[test]
fn where_date_and_number_do_not_tell_the_newest_delta_the_worse_one_counts() {
    let world = World::new();
    let list = |reason: Option<&str>, number, from, extensions: &str| {
        let mut book = Book::of(&world.issuing);
        if let Some(reason) = reason {
            book.revoked(world.server.leaf(), reason);
        }
        book.list(&List { number: Some(number), from, extensions, ..List::default() })
    };
    let delta = |reason, (number, from)| list(reason, number, from, "2.5.29.27 = critical, DER:020105");
    let (january, february) = ("20300131000000Z", "20300201000000Z");
    let (nothing, revoked, released) = (None, Some("keyCompromise"), Some("removeFromCRL"));
    let clean = list(None, 5, "20300101000000Z", "");
    let held = list(Some("certificateHold"), 5, "20300101000000Z", "");
    let stale = |number, from| {
        let (until, extensions) = ("20300202000000Z", "2.5.29.27 = critical, DER:020105");
        Book::of(&world.issuing).list(&List { number: Some(number), from, until, extensions })
    };
    // Out of date or not.
    let release = delta(released, (7, february));
    for (number, expected) in [(6, Ok(())), (8, REVOKED)] {
        let lists = [world.root_list(), held.clone(), release.clone(), stale(number, january)];
        assert_eq!(world.verify(&lists, &[Enforce]), expected, "{number}");
    }
    for (base, one, at, two, then, expected) in [
        (&clean, nothing, (7, february), revoked, (6, january), Ok(())),
        (&clean, nothing, (7, february), revoked, (8, january), REVOKED),
        (&clean, nothing, (8, january), revoked, (7, february), REVOKED),
        (&clean, nothing, (7, february), revoked, (7, february), REVOKED),
        (&held, released, (7, february), nothing, (6, january), Ok(())),
        // The one that does not release it leaves what the base says.
        (&held, released, (7, february), nothing, (8, january), REVOKED),
        (&held, released, (8, january), nothing, (7, february), REVOKED),
        (&held, released, (7, february), released, (8, january), Ok(())),
    ] {
        let lists = [base.clone(), delta(one, at), delta(two, then)];
        assert_eq!(world.verify_in_any_order(&lists), expected, "{one:?} {at:?}, {two:?} {then:?}");
    }
}

#[test]
fn lists_that_cannot_be_used_at_all_are_told_when_the_verifier_is_built() {
    let world = World::new();
    let build = |list: Crl| {
        let provider = Arc::new(default_provider());
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(world.root.store()), provider)
            .with_crls([list])
            .build();
        match built {
            Ok(_) => None,
            Err(VerifierBuilderError::InvalidCrl(why)) => Some(why),
            Err(error) => panic!("{error}"),
        }
    };
    let with = |extensions: &str| world.book.list(&List { extensions, ..List::default() });
    assert_eq!(build(with("")), None);
    assert_eq!(build(with("1.2.3.4 = DER:0500")), None);
    assert_eq!(
        build(with("1.2.3.4 = critical, DER:0500")),
        Some(CertRevocationListError::UnsupportedCriticalExtension)
    );
    let unnumbered = List { number: None, ..List::default() };
    assert_eq!(build(world.book.list(&unnumbered)), Some(CertRevocationListError::InvalidCrlNumber));
    // Both must be critical, or nobody who does not know them would see that the list is only a part.
    for extension in ["2.5.29.27 = DER:020101", "issuingDistributionPoint = @scope\n[scope]\nonlyCA = TRUE"] {
        assert_eq!(build(with(extension)), Some(CertRevocationListError::ParseError), "{extension}");
    }
    let whole = with("");
    for end in 0..whole.len() {
        assert!(build(whole[..end].to_vec().into()).is_some(), "{end} octets of a list are one");
    }
    assert_eq!(build([&whole[..], &[0]].concat().into()), Some(CertRevocationListError::ParseError));
}

/// RFC 5280 section 5.3.1 defines the reasons 0 to 10 without 7.
#[test]
fn lists_say_when_and_why() {
    let mut world = World::new();
    world.book.revoked(world.server.leaf(), "cessationOfOperation").revoked(world.issuing.cert(), "");
    let list =
        RevocationList::parse(world.book.list(&List { number: Some(0x1234), ..List::default() })).unwrap();
    assert_eq!((list.number(), list.len(), list.is_delta()), (&[0x12, 0x34][..], 2, false));
    assert_eq!(list.this_update().as_secs(), 1_893_456_000);
    assert_eq!(list.next_update().as_secs(), 1_924_992_000);
    let find = |der: &CertificateDer<'_>| {
        let certificate = chitin_pki::Certificate::parse(der).unwrap();
        list.find(certificate.serial(), list.issuer())
    };
    let revoked = find(world.server.leaf()).unwrap();
    // The first of January of 2029.
    assert_eq!(revoked.at.as_secs(), 1_861_920_000);
    assert_eq!(revoked.reason, Some(chitin_pki::Reason::CessationOfOperation));
    assert_eq!(find(world.issuing.cert()).unwrap().reason, None);
    assert_eq!(find(world.root.cert()), None);
    let other = chitin_pki::Certificate::parse(world.root.cert()).unwrap();
    let serial = chitin_pki::Certificate::parse(world.server.leaf()).unwrap();
    assert_eq!(
        list.find(serial.serial(), other.issuer()),
        None,
        "a list speaks of its issuer's certificates"
    );
}

/// What a look-up costs is counted beside the index; here it is that each entry of a large list is found.
#[test]
fn each_entry_of_a_large_list_is_found() {
    let world = World::new();
    let mut book = Book::of(&world.issuing);
    let list = RevocationList::parse(book.revoked_many(100_000).list(&List::default())).unwrap();
    assert_eq!(list.len(), 100_000);
    let mut serial = [0x7f; 16];
    for number in 0..100_000u32 {
        serial[1..5].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
        serial[5..12].fill(0);
        serial[12..].copy_from_slice(&number.to_be_bytes());
        assert!(list.find(&serial, list.issuer()).is_some(), "{number}");
    }
    assert!(list.find(&[0x7f; 16], list.issuer()).is_none());
}
