//! Timestamps by each of the three ways, through whole handshakes of both versions.
//!
//! The OCSP responses are from `openssl ocsp`, which dates them with the time of now; they are right until 2030 and longer.

use chitin::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use chitin::sign::{CertifiedKey, Credential, SingleCertAndKey};
use chitin::time_provider::TimeProvider;
use chitin::trust::Revocation;
use chitin::version::{TLS12, TLS13};
use chitin::{AlertDescription, ClientConfig, RootCertStore, ServerConfig};
use testkit::pair::Pair;
use testkit::pki::{Authority, KeyType, Spec};
use testkit::status::{Answer, Book, Minutes, with_extension};

use super::*;

/// It is always [`day`].
#[derive(Debug)]
struct Always;

impl TimeProvider for Always {
    fn current_time(&self) -> Option<UnixTime> {
        Some(day())
    }
}

/// What a server shows.
struct Shown {
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    staple: Option<Vec<u8>>,
    scts: Vec<Vec<u8>>,
}

impl Shown {
    fn of(world: &World, certificate: CertificateDer<'static>, scts: Vec<Vec<u8>>) -> Self {
        let key = PrivatePkcs8KeyDer::from(world.server.serialize_der()).into();
        Self { root: world.root.clone(), chain: vec![certificate], key, staple: None, scts }
    }

    /// Whether clients of both versions accept it that ask for timestamps of these logs, or else the alert that the server gets.
    fn shake(&self, logs: &[&Log], staples: bool) -> [Result<(), AlertDescription>; 2] {
        [&TLS12, &TLS13].map(|version| {
            let provider = Arc::new(default_provider());
            let mut roots = RootCertStore::empty();
            roots.add(self.root.clone()).unwrap();
            let mut builder =
                ServerVerifier::builder(Arc::new(roots), provider.clone()).with_transparency(list(logs));
            if staples {
                builder = builder.with_revocation(Revocation::new().with_staples());
            }
            let client = ClientConfig::builder_with_details(provider.clone(), Arc::new(Always))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_server_verifier(builder.build().unwrap())
                .with_no_client_auth();
            let mut key =
                CertifiedKey::from_der(self.chain.clone(), self.key.clone_key(), &provider).unwrap();
            key.ocsp = self.staple.clone();
            let mut credential = Credential::from(key);
            if !self.scts.is_empty() {
                credential = credential.with_scts(&self.scts).unwrap();
            }
            let server = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(credential)));
            match Pair::new(client, server).handshake() {
                Ok(()) => Ok(()),
                Err(failed) => match failed.echo {
                    Some(Error::AlertReceived(alert)) => Err(alert),
                    echo => panic!("{} {echo:?}", failed.error),
                },
            }
        })
    }
}

const GOOD: [Result<(), AlertDescription>; 2] = [Ok(()); 2];
const REFUSED: [Result<(), AlertDescription>; 2] = [Err(AlertDescription::CertificateUnknown); 2];

#[test]
fn timestamps_within_the_certificate() {
    let world = World::new(90);
    let entry = world.before();
    let (a, b, other) = (Log::usable("a"), Log::usable("b"), Log::usable("other"));
    let shown = Shown::of(&world, world.with(&[a.sct(&entry), b.sct(&entry)]), Vec::new());
    assert_eq!(shown.shake(&[&a, &b], false), GOOD);
    assert_eq!(shown.shake(&[&a, &other], false), REFUSED);
    let bare = Shown::of(&world, world.bare.clone(), Vec::new());
    assert_eq!(bare.shake(&[&a, &b], false), REFUSED);
}

#[test]
fn timestamps_in_the_extension_of_the_handshake() {
    let world = World::new(90);
    let whole = world.whole();
    let (a, b, other) = (Log::usable("a"), Log::usable("b"), Log::usable("other"));
    let with = |scts: Vec<Vec<u8>>| Shown::of(&world, world.bare.clone(), scts);
    assert_eq!(with(vec![a.sct(&whole), b.sct(&whole)]).shake(&[&a, &b], false), GOOD);
    assert_eq!(with(vec![a.sct(&whole), other.sct(&whole)]).shake(&[&a, &b], false), REFUSED);
    assert_eq!(with(vec![a.sct(&whole)]).shake(&[&a, &b], false), REFUSED);
}

#[test]
fn timestamps_in_the_ocsp_response() {
    let root = Authority::root(&Spec::authority(KeyType::P256, "root"));
    let identity = root.issue(&Spec::server(KeyType::P256));
    let (a, b, other) = (Log::usable("a"), Log::usable("b"), Log::usable("other"));
    let certificate = identity.leaf();
    let length = u32::try_from(certificate.len()).unwrap().to_be_bytes();
    let entry = [&[0, 0][..], &length[1..], certificate].concat();
    let minutes = Minutes::Of(10 * 366 * 24 * 60);
    let response =
        Book::of(&root).good(certificate).response(certificate, &Answer { minutes, ..Answer::default() });
    let stapled = |scts: &[Vec<u8>]| {
        // 1.3.6.1.4.1.11129.2.4.5. RFC 6962 section 3.3.
        let oid = [6, 10, 0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];
        let octets = |body: &[u8]| match u16::try_from(body.len()).unwrap().to_be_bytes() {
            [0, short @ ..0x80] => [&[4, short][..], body].concat(),
            [0, long] => [&[4, 0x81, long][..], body].concat(),
            [high, low] => [&[4, 0x82, high, low][..], body].concat(),
        };
        let list = sized(&scts.iter().flat_map(|sct| sized(sct)).collect::<Vec<_>>());
        let fields = [&oid[..], &octets(&octets(&list))].concat();
        let mut extension = octets(&fields);
        extension[0] = 0x30;
        with_extension(&response, &extension, &root)
    };
    let shown = |staple: Vec<u8>, scts: Vec<Vec<u8>>| Shown {
        root: root.cert().clone(),
        chain: identity.chain.clone(),
        key: identity.key.clone_key(),
        staple: Some(staple),
        scts,
    };
    let both = || stapled(&[a.sct(&entry), b.sct(&entry)]);
    assert_eq!(shown(both(), Vec::new()).shake(&[&a, &b], true), GOOD);
    assert_eq!(shown(both(), Vec::new()).shake(&[&a, &other], true), REFUSED);
    // Nobody believes what stands in a response that nobody has verified.
    assert_eq!(shown(both(), Vec::new()).shake(&[&a, &b], false), REFUSED);
    assert_eq!(shown(response.clone(), Vec::new()).shake(&[&a, &b], true), REFUSED);
    // One here and one in the extension make two; the same twice does not.
    let one = || stapled(&[a.sct(&entry)]);
    assert_eq!(shown(one(), vec![b.sct(&entry)]).shake(&[&a, &b], true), GOOD);
    assert_eq!(shown(one(), vec![a.sct(&entry)]).shake(&[&a, &b], true), REFUSED);
    // A response that was changed ends the handshake for itself.
    let mut changed = both();
    *changed.last_mut().unwrap() ^= 1;
    let ended = [Err(AlertDescription::BadCertificateStatusResponse); 2];
    assert_eq!(shown(changed, Vec::new()).shake(&[&a, &b], true), ended);
}
