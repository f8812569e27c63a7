//! OCSP responses as `openssl ocsp` makes them, stapled, and asked by a verifier together with revocation lists.
//!
//! OpenSSL dates responses with the time of now, so the verifier's clock is that of now, too.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chitin::client::danger::ServerCertVerifier;
use chitin::crypto::aws_lc_rs::default_provider;
use chitin::pki_types::{
    AlgorithmIdentifier, CertificateRevocationListDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime,
};
use chitin::sign::{CertifiedKey, SingleCertAndKey};
use chitin::trust::{PinSet, Revocation, ServerVerifier, pin_of_key};
use chitin::version::{TLS12, TLS13};
use chitin::{AlertDescription, CertificateError, ClientConfig, Error, ServerConfig};
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use testkit::pair::{Pair, Side};
use testkit::pki::{Authority, Identity, KeyType, Spec, Validity};
use testkit::status::{Answer, Book, Hash, List, Minutes, joined, with_extension};

/// A root, an authority below it, a server's certificate, and the authority's book.
struct World {
    root: Authority,
    issuing: Authority,
    server: Identity,
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
        let mut book = Book::of(&issuing);
        book.good(server.leaf());
        Self { root, issuing, server, book }
    }

    fn verify(&self, staple: &[u8], policy: Revocation) -> Result<(), Error> {
        self.verify_at(staple, policy, UnixTime::now())
    }

    fn verify_at(&self, staple: &[u8], policy: Revocation, now: UnixTime) -> Result<(), Error> {
        let builder = ServerVerifier::builder(Arc::new(self.root.store()), Arc::new(default_provider()));
        let verifier = builder.with_revocation(policy).build().unwrap();
        let (leaf, rest) = self.server.chain.split_first().unwrap();
        let name = "localhost".try_into().unwrap();
        verifier.verify_server_cert(leaf, rest, &name, staple, now).map(|_| ())
    }

    /// What this book says of the server.
    fn staple(&self, answer: &Answer<'_>) -> Vec<u8> {
        self.book.response(self.server.leaf(), answer)
    }

    /// Somebody whom the authority may have entrusted with answering.
    fn responder(&self, usage: ExtendedKeyUsagePurpose) -> Identity {
        self.issuing.issue(&Spec { extended_key_usages: vec![usage], ..responder() })
    }

    /// Lists of both authorities, that of the issuing one from this book.
    fn lists(&self, book: &Book, list: &List<'_>) -> [CertificateRevocationListDer<'static>; 2] {
        [Book::of(&self.root).list(&NOW), book.list(list)]
    }
}

fn responder() -> Spec {
    Spec {
        common_name: "responder".into(),
        extended_key_usages: vec![ExtendedKeyUsagePurpose::OcspSigning],
        ..Spec::client(KeyType::P256)
    }
}

/// A list that is right from 2025 to 2045.
const NOW: List<'static> =
    List { number: Some(1), from: "20250101000000Z", until: "20450101000000Z", extensions: "" };
/// One that was right until 2021.
const OLD: List<'static> =
    List { number: Some(1), from: "20200101000000Z", until: "20210101000000Z", extensions: "" };

fn ask() -> Revocation {
    Revocation::new().with_staples()
}

fn later(minutes: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() + minutes * 60))
}

fn earlier(minutes: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() - minutes * 60))
}

const UNKNOWN: Result<(), Error> = Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus));
const REVOKED: Result<(), Error> = Err(Error::InvalidCertificate(CertificateError::Revoked));
const INVALID: Result<(), Error> = Err(Error::InvalidCertificate(CertificateError::InvalidOcspResponse));

/// The extension that demands a staple. RFC 7633 section 6.
fn must_staple() -> CustomExtension {
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5])
}

#[test]
fn a_staple_says_good_revoked_or_unknown() {
    let mut world = World::new();
    for hash in [Hash::Sha1, Hash::Sha256] {
        for (by_key, bare) in [(false, false), (true, false), (false, true), (true, true)] {
            let staple = world.staple(&Answer { hash, by_key, bare, ..Answer::default() });
            assert_eq!(world.verify(&staple, ask()), Ok(()));
        }
    }
    // A hash that we do not know names an issuer that we do not know.
    let staple = world.staple(&Answer { hash: Hash::Sha512, ..Answer::default() });
    assert_eq!(world.verify(&staple, ask()), INVALID);

    world.book = Book::of(&world.issuing);
    let unknown = world.staple(&Answer::default());
    assert_eq!(world.verify(&unknown, ask()), UNKNOWN);
    assert_eq!(world.verify(&unknown, ask().allow_unknown_status()), Ok(()));
    world.book.revoked(world.server.leaf(), "keyCompromise");
    let revoked = world.staple(&Answer::default());
    assert_eq!(world.verify(&revoked, ask()), REVOKED);
    assert_eq!(world.verify(&revoked, ask().allow_unknown_status()), REVOKED);
}

#[test]
fn without_a_staple_the_status_is_unknown() {
    let world = World::new();
    assert_eq!(world.verify(&[], ask()), UNKNOWN);
    assert_eq!(world.verify(&[], ask().allow_unknown_status()), Ok(()));
    // RFC 6960 section 4.2.1: tryLater, internalError, unauthorized.
    for status in [3, 2, 6] {
        assert_eq!(world.verify(&[0x30, 3, 10, 1, status], ask()), UNKNOWN);
    }
    // There is no such status.
    for status in [4, 7, 0x7f] {
        assert_eq!(world.verify(&[0x30, 3, 10, 1, status], ask().allow_unknown_status()), INVALID);
    }
    // Whoever does not ask is told nothing.
    assert_eq!(world.verify(b"anything", Revocation::new().allow_unknown_status()), Ok(()));
}

#[test]
fn a_staple_is_right_for_its_time_only() {
    let world = World::new();
    let hour = world.staple(&Answer { minutes: Minutes::Of(60), ..Answer::default() });
    for (when, expected) in [
        (later(0), Ok(())),
        (later(59), Ok(())),
        (later(62), INVALID),
        (earlier(4), Ok(())),
        (earlier(7), INVALID),
    ] {
        assert_eq!(world.verify_at(&hour, ask(), when), expected);
        assert_eq!(world.verify_at(&hour, ask().allow_unknown_status().accept_stale_lists(), when), expected);
    }
    // For a day, if it does not say.
    let unsaid = world.staple(&Answer { minutes: Minutes::Unsaid, ..Answer::default() });
    for (when, expected) in [(later(0), Ok(())), (later(24 * 60 - 2), Ok(())), (later(24 * 60 + 2), INVALID)]
    {
        assert_eq!(world.verify_at(&unsaid, ask(), when), expected);
    }
}

#[test]
fn a_delegate_needs_the_purpose_from_the_issuer_itself() {
    let world = World::new();
    let by = |signer: &Identity| world.staple(&Answer { signer: Some(signer), ..Answer::default() });
    let good = world.responder(ExtendedKeyUsagePurpose::OcspSigning);
    assert_eq!(world.verify(&by(&good), ask()), Ok(()));
    let by_key = world.staple(&Answer { signer: Some(&good), by_key: true, ..Answer::default() });
    assert_eq!(world.verify(&by_key, ask()), Ok(()));
    let bare = world.staple(&Answer { signer: Some(&good), bare: true, ..Answer::default() });
    assert_eq!(world.verify(&bare, ask()), INVALID);

    for usage in [
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::Any,
    ] {
        assert_eq!(world.verify(&by(&world.responder(usage)), ask()), INVALID);
    }
    let none = world.issuing.issue(&Spec { extended_key_usages: Vec::new(), ..responder() });
    assert_eq!(world.verify(&by(&none), ask()), INVALID);
    let agreement = vec![KeyUsagePurpose::KeyAgreement];
    let may_not_sign = world.issuing.issue(&Spec { key_usages: agreement, ..responder() });
    assert_eq!(world.verify(&by(&may_not_sign), ask()), INVALID);
    let expired = world.issuing.issue(&responder().validity(Validity::Expired));
    assert_eq!(world.verify(&by(&expired), ask()), INVALID);
    // Of the root, which is above; of an authority below; of a namesake; of nobody.
    let below = world.issuing.intermediate(&Spec::authority(KeyType::P256, "below"));
    let namesake = Authority::root(&Spec::authority(KeyType::P256, "issuing"));
    for authority in [&world.root, &below, &namesake] {
        assert_eq!(world.verify(&by(&authority.issue(&responder())), ask()), INVALID);
    }
    assert_eq!(world.verify(&by(&testkit::pki::self_signed(&responder())), ask()), INVALID);
}

#[test]
fn a_namesake_of_the_issuer_signs_no_staple() {
    let world = World::new();
    let namesake = Authority::root(&Spec::authority(KeyType::P256, "issuing"));
    let mut book = Book::of(&namesake);
    book.good(world.server.leaf());
    for by_key in [false, true] {
        let staple = book.response(world.server.leaf(), &Answer { by_key, ..Answer::default() });
        assert_eq!(world.verify(&staple, ask()), INVALID);
    }
}

#[test]
fn a_server_that_may_answer_for_others_does_not_answer_for_itself() {
    let mut world = World::new();
    let purposes = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::OcspSigning];
    let other = world.server.clone();
    world.server =
        world.issuing.issue(&Spec { extended_key_usages: purposes, ..Spec::server(KeyType::P256) });
    world.book.good(world.server.leaf());
    let by_itself = world.staple(&Answer { signer: Some(&world.server), ..Answer::default() });
    assert_eq!(world.verify(&by_itself, ask()), INVALID);
    let signer = std::mem::replace(&mut world.server, other);
    let for_another = world.staple(&Answer { signer: Some(&signer), ..Answer::default() });
    assert_eq!(world.verify(&for_another, ask()), Ok(()));
}

#[test]
fn a_staple_about_another_certificate_is_refused() {
    let mut world = World::new();
    let other = world.issuing.issue(&Spec::server(KeyType::P256));
    world.book.good(other.leaf());
    let staple = world.book.response(other.leaf(), &Answer::default());
    assert_eq!(world.verify(&staple, ask()), INVALID);
    assert_eq!(world.verify(&staple, ask().allow_unknown_status()), INVALID);
    // The same serial number of another issuer, which has the same responder.
    let mut of_root = Book::of(&world.root);
    of_root.good(world.server.leaf());
    let responder = world.responder(ExtendedKeyUsagePurpose::OcspSigning);
    let signed = Answer { signer: Some(&responder), ..Answer::default() };
    assert_eq!(world.verify(&of_root.response(world.server.leaf(), &signed), ask()), INVALID);
    assert_eq!(world.verify(&world.staple(&signed), ask()), Ok(()));
}

/// OpenSSL verifies each of these as a response of the root's; what it is about is for us to see.
#[test]
fn of_several_answers_the_worst_about_the_certificate_counts() {
    // Its own root signs it, since OpenSSL looks for the issuer among those it trusts.
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let [server, other] = [(); 2].map(|()| root.issue(&Spec::server(KeyType::P256)));
    let book = Book::of(&root);
    let world =
        World { issuing: Authority::root(&Spec::authority(KeyType::P256, "none")), root, server, book };
    let about = |identity: &Identity, hash, note: &dyn Fn(&mut Book)| {
        let mut book = Book::of(&world.root);
        note(&mut book);
        book.response(identity.leaf(), &Answer { hash, ..Answer::default() })
    };
    let leaf = world.server.leaf();
    let good = |book: &mut Book| {
        book.good(leaf).good(other.leaf());
    };
    let revoked = |book: &mut Book| {
        book.revoked(leaf, "superseded");
    };
    let silent = |_: &mut Book| {};
    let ours_good = about(&world.server, Hash::Sha1, &good);
    let ours_good_256 = about(&world.server, Hash::Sha256, &good);
    let ours_revoked = about(&world.server, Hash::Sha256, &revoked);
    let ours_unknown = about(&world.server, Hash::Sha256, &silent);
    let others_good = about(&other, Hash::Sha1, &good);
    let others_unknown = about(&other, Hash::Sha1, &silent);
    for (answers, expected) in [
        ([&ours_good, &ours_good_256], Ok(())),
        ([&ours_good, &ours_revoked], REVOKED),
        ([&ours_good, &ours_unknown], UNKNOWN),
        ([&ours_unknown, &ours_revoked], REVOKED),
        ([&ours_good, &others_good], Ok(())),
        ([&ours_good, &others_unknown], Ok(())),
        ([&ours_revoked, &others_good], REVOKED),
        ([&others_unknown, &others_good], INVALID),
    ] {
        let [one, two] = answers;
        for order in [[&one[..], two], [&two[..], one]] {
            assert_eq!(world.verify(&joined(&order, &world.root), ask()), expected);
        }
    }
}

/// As of lists: that it is good counts in its time only, and what was revoked stays so.
#[test]
fn an_answer_out_of_date_that_revokes_counts_beside_one_of_now_and_alone() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let server = root.issue(&Spec::server(KeyType::P256));
    let (mut good, mut revoked) = (Book::of(&root), Book::of(&root));
    good.good(server.leaf());
    revoked.revoked(server.leaf(), "superseded");
    let about = |book: &Book, hash, minutes| {
        book.response(server.leaf(), &Answer { hash, minutes, ..Answer::default() })
    };
    let hour = Minutes::Of(60);
    let (good_day, good_hour) = (about(&good, Hash::Sha256, Minutes::Day), about(&good, Hash::Sha1, hour));
    let (revoked_hour, unknown_hour) =
        (about(&revoked, Hash::Sha1, hour), about(&Book::of(&root), Hash::Sha1, hour));
    let none = Authority::root(&Spec::authority(KeyType::P256, "none"));
    let world = World { issuing: none, book: Book::of(&root), root, server };
    for (answers, expected) in [
        (&[&revoked_hour, &good_day][..], REVOKED),
        (&[&good_day, &revoked_hour], REVOKED),
        (&[&good_hour, &good_day], Ok(())),
        (&[&unknown_hour, &good_day], Ok(())),
        (&[&revoked_hour], REVOKED),
        (&[&good_hour], INVALID),
        (&[&unknown_hour], INVALID),
    ] {
        let answers: Vec<_> = answers.iter().map(|answer| &answer[..]).collect();
        assert_eq!(world.verify_at(&joined(&answers, &world.root), ask(), later(62)), expected);
    }
}

/// Verifies as another algorithm does, and counts how often it is asked about a part of the staple.
#[derive(Debug)]
struct Counting {
    inner: &'static dyn SignatureVerificationAlgorithm,
    asked: Arc<Mutex<(Vec<u8>, usize)>>,
}

impl SignatureVerificationAlgorithm for Counting {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let mut asked = self.asked.lock().unwrap();
        if asked.0.windows(message.len()).any(|part| part == message) {
            asked.1 += 1;
        }
        self.inner.verify_signature(key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.signature_alg_id()
    }
}

/// Two roots have vouched for one authority, and only one of them is pinned: the staple is asked on the path to each.
#[test]
fn a_staple_is_verified_once_for_all_paths() {
    let roots = ["one", "two"].map(|name| Authority::root(&Spec::authority(KeyType::P256, name)));
    let spec = Spec::authority(KeyType::P256, "issuing");
    let issuing = roots[0].intermediate(&spec);
    let cross = roots[1].cross(&issuing, &spec);
    let server = issuing.issue(&Spec::server(KeyType::P256));
    // Without the signer's certificate, which is verified on each path.
    let answer = Answer { bare: true, ..Answer::default() };
    let staple = Book::of(&issuing).good(server.leaf()).response(server.leaf(), &answer);

    let asked = Arc::new(Mutex::new((staple.clone(), 0)));
    let mut provider = default_provider();
    let counting = provider.signature_verification_algorithms.all.iter().map(|inner| {
        let counting: &'static dyn SignatureVerificationAlgorithm =
            Box::leak(Box::new(Counting { inner: *inner, asked: asked.clone() }));
        counting
    });
    provider.signature_verification_algorithms.all = Box::leak(counting.collect());
    let provider = Arc::new(provider);

    let mut store = roots[0].store();
    store.add(roots[1].cert().clone()).unwrap();
    let store = Arc::new(store);
    for pinned in &roots {
        let pins = PinSet::new().with(pin_of_key(pinned.cert(), &provider).unwrap());
        let builder = ServerVerifier::builder(store.clone(), provider.clone()).with_pins(pins);
        let verifier = builder.with_revocation(ask()).build().unwrap();
        asked.lock().unwrap().1 = 0;
        let pool = [issuing.cert().clone(), cross.clone()];
        let name = "localhost".try_into().unwrap();
        verifier.verify_server_cert(server.leaf(), &pool, &name, &staple, UnixTime::now()).unwrap();
        assert_eq!(asked.lock().unwrap().1, 1);
    }
}

#[test]
fn an_answer_with_an_unknown_critical_extension_does_not_count() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let server = root.issue(&Spec::server(KeyType::P256));
    let mut book = Book::of(&root);
    book.good(server.leaf());
    let world =
        World { issuing: Authority::root(&Spec::authority(KeyType::P256, "none")), root, server, book };
    let staple = world.staple(&Answer::default());
    // 1.2.3.4 with a NULL, critical or not.
    for (critical, expected) in [(&[][..], Ok(())), (&[1, 1, 0xff], INVALID)] {
        let fields = [&[6, 3, 0x2a, 3, 4], critical, &[4, 2, 5, 0]].concat();
        let extension = [&[0x30, u8::try_from(fields.len()).unwrap()], &fields[..]].concat();
        assert_eq!(world.verify(&with_extension(&staple, &extension, &world.root), ask()), expected);
    }
}

#[test]
fn a_staple_that_was_changed_or_cut_is_refused() {
    let world = World::new();
    let staple = world.staple(&Answer { bare: true, ..Answer::default() });
    assert_eq!(world.verify(&staple, ask()), Ok(()));
    for end in 1..staple.len() {
        assert!(world.verify(&staple[..end], ask()).is_err(), "{end} octets are a response");
    }
    for place in 0..staple.len() {
        for flip in [0x01, 0x80] {
            let mut changed = staple.clone();
            changed[place] ^= flip;
            assert!(world.verify(&changed, ask()).is_err(), "bit {flip:02x} of octet {place} means nothing");
        }
    }
}

#[test]
fn a_certificate_that_demands_a_staple_is_refused_without_a_good_one() {
    let mut world = World::with(vec![must_staple()]);
    let soft = || ask().allow_unknown_status();
    assert_eq!(world.verify(&[], soft()), INVALID);
    let alert = AlertDescription::from(CertificateError::InvalidOcspResponse);
    assert_eq!(alert, AlertDescription::BadCertificateStatusResponse);
    assert_eq!(world.verify(&[0x30, 3, 10, 1, 3], soft()), INVALID);
    assert_eq!(world.verify(&world.staple(&Answer::default()), soft()), Ok(()));
    // A list does not stand in for it.
    let lists = world.lists(&world.book, &NOW);
    assert_eq!(world.verify(&[], ask().with_lists(lists.clone())), INVALID);
    assert_eq!(world.verify(&[], Revocation::new().with_lists(lists)), Ok(()));
    world.book = Book::of(&world.issuing);
    assert_eq!(world.verify(&world.staple(&Answer::default()), soft()), INVALID);
}

#[test]
fn an_authority_demands_staples_of_all_that_it_issues() {
    let mut world = World::new();
    let spec = Spec { extensions: vec![must_staple()], ..Spec::authority(KeyType::P256, "issuing") };
    world.issuing = world.root.intermediate(&spec);
    world.server = world.issuing.issue(&Spec::server(KeyType::P256));
    world.book = Book::of(&world.issuing);
    world.book.good(world.server.leaf());
    assert_eq!(world.verify(&[], ask().allow_unknown_status()), INVALID);
    assert_eq!(world.verify(&world.staple(&Answer::default()), ask()), Ok(()));
}

/// The one rule that joins the sources, each row of it.
#[test]
fn the_worse_of_two_answers_counts_and_one_answer_is_enough() {
    let world = World::new();
    let (mut good, mut revoked, empty) =
        (Book::of(&world.issuing), Book::of(&world.issuing), Book::of(&world.issuing));
    good.good(world.server.leaf());
    revoked.revoked(world.server.leaf(), "superseded");
    let staple = |book: &Book| book.response(world.server.leaf(), &Answer::default());
    let (says_good, says_revoked, does_not_know) = (staple(&good), staple(&revoked), staple(&empty));
    let expired = Err(Error::InvalidCertificate(CertificateError::ExpiredRevocationListContext {
        time: UnixTime::since_unix_epoch(Duration::ZERO),
        next_update: UnixTime::since_unix_epoch(Duration::from_secs(1_609_459_200)),
    }));
    for (staple, book, list, expected) in [
        (&says_good, &good, &NOW, Ok(())),
        (&says_good, &revoked, &NOW, REVOKED),
        (&says_revoked, &good, &NOW, REVOKED),
        (&says_good, &good, &OLD, Ok(())),
        (&says_good, &revoked, &OLD, REVOKED),
        (&does_not_know, &good, &NOW, Ok(())),
        (&does_not_know, &revoked, &NOW, REVOKED),
        (&does_not_know, &good, &OLD, expired.clone()),
        (&Vec::new(), &good, &NOW, Ok(())),
        (&Vec::new(), &good, &OLD, expired),
    ] {
        let policy = ask().with_lists(world.lists(book, list));
        let mut found = world.verify(staple, policy);
        if let Err(Error::InvalidCertificate(CertificateError::ExpiredRevocationListContext {
            time, ..
        })) = &mut found
        {
            *time = UnixTime::since_unix_epoch(Duration::ZERO);
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn a_delegate_that_a_list_revokes_is_not_believed() {
    let world = World::new();
    let responder = world.responder(ExtendedKeyUsagePurpose::OcspSigning);
    let staple = world.staple(&Answer { signer: Some(&responder), ..Answer::default() });
    let mut book = Book::of(&world.issuing);
    assert_eq!(world.verify(&staple, ask().with_lists(world.lists(&book, &NOW))), Ok(()));
    book.revoked(responder.leaf(), "keyCompromise");
    assert_eq!(world.verify(&staple, ask().with_lists(world.lists(&book, &NOW))), INVALID);
}

#[test]
fn a_list_that_cannot_be_read_is_told_and_the_others_count() {
    let world = World::new();
    let garbage = || CertificateRevocationListDer::from(&b"garbage"[..]);
    let [root, clean] = world.lists(&world.book, &NOW);
    let policy = Revocation::new().with_lists([garbage(), root.clone(), garbage(), clean]);
    let told: Vec<_> = policy.unusable_lists().map(|(position, _)| position).collect();
    assert_eq!(told, [0, 2]);
    assert_eq!(world.verify(&[], policy), Ok(()));
    let list = Book::of(&world.issuing).revoked(world.server.leaf(), "").list(&NOW);
    assert_eq!(world.verify(&[], Revocation::new().with_lists([garbage(), root, list])), REVOKED);
}

#[test]
fn intermediates_of_the_verifier_complete_a_chain() {
    let mut world = World::new();
    let intermediates = world.server.chain.split_off(1);
    assert_eq!(
        world.verify(&[], Revocation::new().allow_unknown_status()),
        Err(CertificateError::UnknownIssuer.into())
    );
    let builder = ServerVerifier::builder(Arc::new(world.root.store()), Arc::new(default_provider()));
    let verifier = builder.with_intermediates(intermediates).build().unwrap();
    let name = "localhost".try_into().unwrap();
    verifier.verify_server_cert(world.server.leaf(), &[], &name, &[], UnixTime::now()).unwrap();
}

/// What the client says, and what the server hears of it.
type Refusal = (Error, Option<Error>);

/// What comes of whole handshakes of both versions with this server, when it staples this; nothing, if it is accepted.
fn shake(world: &World, staple: &[u8], policy: &Revocation) -> [Option<Refusal>; 2] {
    [&TLS12, &TLS13].map(|version| {
        let provider = Arc::new(default_provider());
        let builder = ServerVerifier::builder(Arc::new(world.root.store()), provider.clone());
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_server_verifier(builder.with_revocation(policy.clone()).build().unwrap())
            .with_no_client_auth();
        let identity = &world.server;
        let mut key =
            CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), &provider).unwrap();
        key.ocsp = Some(staple.to_vec()).filter(|staple| !staple.is_empty());
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        let failed = Pair::new(client, server).handshake().err()?;
        assert_eq!(failed.side, Side::Client);
        Some((failed.error, failed.echo))
    })
}

#[test]
fn a_staple_decides_a_whole_handshake_and_the_server_hears_why() {
    let mut world = World::new();
    let ends_with = |error: CertificateError, alert: AlertDescription| {
        let error: Error = error.into();
        [(); 2].map(|()| Some((error.clone(), Some(Error::AlertReceived(alert)))))
    };
    let good = [None, None];
    let unknown = ends_with(CertificateError::UnknownRevocationStatus, AlertDescription::UnknownCA);
    let invalid =
        ends_with(CertificateError::InvalidOcspResponse, AlertDescription::BadCertificateStatusResponse);
    let revoked = ends_with(CertificateError::Revoked, AlertDescription::CertificateRevoked);

    let staple = world.staple(&Answer::default());
    assert_eq!(shake(&world, &staple, &ask()), good);
    assert_eq!(shake(&world, &[], &ask()), unknown);
    assert_eq!(shake(&world, &[], &ask().allow_unknown_status()), good);
    assert_eq!(shake(&world, b"no response", &ask().allow_unknown_status()), invalid);
    let other = world.issuing.issue(&Spec::server(KeyType::P256));
    let of_another = world.book.good(other.leaf()).response(other.leaf(), &Answer::default());
    assert_eq!(shake(&world, &of_another, &ask()), invalid);
    let mut book = Book::of(&world.issuing);
    let says_revoked =
        book.revoked(world.server.leaf(), "keyCompromise").response(world.server.leaf(), &Answer::default());
    assert_eq!(shake(&world, &says_revoked, &ask().allow_unknown_status()), revoked);
    // Whoever has not asked for it is not bothered with it.
    assert_eq!(shake(&world, &says_revoked, &Revocation::new().allow_unknown_status()), good);
    // A list, too, ends it with this alert.
    let lists = world.lists(&book, &NOW);
    assert_eq!(shake(&world, &staple, &ask().with_lists(lists)), revoked);
}

#[test]
fn a_whole_handshake_fails_without_the_staple_that_a_certificate_demands() {
    let invalid = [(); 2].map(|()| {
        let alert = Error::AlertReceived(AlertDescription::BadCertificateStatusResponse);
        Some((CertificateError::InvalidOcspResponse.into(), Some(alert)))
    });
    let world = World::with(vec![must_staple()]);
    let soft = || ask().allow_unknown_status();
    assert_eq!(shake(&world, &[], &soft()), invalid);
    assert_eq!(shake(&world, &[0x30, 3, 10, 1, 3], &soft()), invalid);
    assert_eq!(shake(&world, &world.staple(&Answer::default()), &soft()), [None, None]);
}
