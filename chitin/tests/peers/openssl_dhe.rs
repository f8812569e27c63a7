//! Suites over finite fields, which we leave to providers of others' making: one that is made here, against OpenSSL. RFC 5246
//! section 7.4.3, RFC 7919.

use std::sync::LazyLock;

use chitin::crypto::{
    ActiveKeyExchange, CipherSuiteCommon, CryptoProvider, KeyExchangeAlgorithm, SharedSecret,
    SupportedKxGroup,
};
use chitin::version::TLS12;
use chitin::{
    PeerIncompatible, PeerMisbehaved, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
    Tls12CipherSuite,
};
use testkit::provided;

use super::*;

const SUITE: CipherSuite = CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256;
const NAME: &str = "DHE-RSA-AES128-GCM-SHA256";

static DHE: LazyLock<Tls12CipherSuite> = LazyLock::new(|| {
    let ecdhe = provided::all_cipher_suites().iter().filter_map(|suite| match suite {
        SupportedCipherSuite::Tls12(suite) => Some(*suite),
        SupportedCipherSuite::Tls13(_) => None,
    });
    let wanted = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    let like = ecdhe.into_iter().find(|suite| suite.common.suite == wanted).unwrap();
    Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite: SUITE,
            hash_provider: like.common.hash_provider,
            confidentiality_limit: like.common.confidentiality_limit,
        },
        prf_provider: like.prf_provider,
        kx: KeyExchangeAlgorithm::DHE,
        sign: like.sign,
        aead_alg: like.aead_alg,
    }
});

/// A field with a key that is far too short, and arithmetic as one does it by hand: enough to agree on a secret.
#[derive(Debug)]
struct Field(NamedGroup);

static FIELD: Field = Field(NamedGroup::FFDHE2048);
static OTHER: Field = Field(NamedGroup::FFDHE3072);

impl SupportedKxGroup for Field {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut key = [0; 8];
        provided::default_provider().secure_random.fill(&mut key)?;
        let (key, field) = (u64::from_be_bytes(key) | 1 << 63, self.ffdhe_group().unwrap());
        Ok(Box::new(Half { group: self.0, key, public: power(field.g, key, field.p) }))
    }

    fn name(&self) -> NamedGroup {
        self.0
    }
}

struct Half {
    group: NamedGroup,
    key: u64,
    public: Vec<u8>,
}

impl ActiveKeyExchange for Half {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, Error> {
        Ok(SharedSecret::from(power(theirs, self.key, self.ffdhe_group().unwrap().p).as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        self.group
    }
}

/// `base` to the power of `exponent`, modulo `p`; all numbers in big-endian order, the result as long as `p`.
fn power(base: &[u8], exponent: u64, p: &[u8]) -> Vec<u8> {
    let p = Number::of(p, p.len() / 4);
    let base = Number::of(base, p.0.len());
    let mut result = base.clone();
    for bit in (0..exponent.ilog2()).rev() {
        result = result.times(&result, &p);
        if exponent >> bit & 1 == 1 {
            result = result.times(&base, &p);
        }
    }
    result.0.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// Limbs, the lowest first.
#[derive(Clone, PartialEq)]
struct Number(Vec<u32>);

impl Number {
    fn of(bytes: &[u8], limbs: usize) -> Self {
        let limb = |chunk: &[u8]| chunk.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte));
        let mut number: Vec<u32> = bytes.rchunks(4).map(limb).collect();
        number.resize(limbs, 0);
        Self(number)
    }

    fn times(&self, other: &Self, p: &Self) -> Self {
        let mut sum = Self(vec![0; p.0.len()]);
        for limb in other.0.iter().rev() {
            for bit in (0..32).rev() {
                sum = sum.plus(&sum, p);
                if limb >> bit & 1 == 1 {
                    sum = sum.plus(self, p);
                }
            }
        }
        sum
    }

    /// Both are less than `p`.
    fn plus(&self, other: &Self, p: &Self) -> Self {
        let mut carry = 0;
        let mut sum: Vec<u32> = self
            .0
            .iter()
            .zip(&other.0)
            .map(|(a, b)| {
                carry += u64::from(*a) + u64::from(*b);
                let limb = carry as u32;
                carry >>= 32;
                limb
            })
            .collect();
        if carry == 1 || sum.iter().rev().ge(p.0.iter().rev()) {
            let mut borrow = false;
            for (limb, p) in sum.iter_mut().zip(&p.0) {
                let (less, one) = limb.overflowing_sub(*p);
                let (less, two) = less.overflowing_sub(u32::from(borrow));
                (*limb, borrow) = (less, one || two);
            }
        }
        Self(sum)
    }
}

fn provider(groups: &[&'static dyn SupportedKxGroup]) -> Arc<CryptoProvider> {
    let cipher_suites = vec![SupportedCipherSuite::Tls12(&DHE)];
    let kx_groups = groups.to_vec();
    Arc::new(CryptoProvider { cipher_suites, kx_groups, ..provided::default_provider() })
}

const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS12];

fn client(pki: &Pki, groups: &[&'static dyn SupportedKxGroup]) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider(groups));
    let builder = builder.with_protocol_versions(VERSIONS).unwrap();
    Arc::new(builder.with_root_certificates(pki.root.store()).with_no_client_auth())
}

fn server(pki: &Pki, groups: &[&'static dyn SupportedKxGroup]) -> Arc<ServerConfig> {
    let id = pki.server(KeyType::Rsa2048);
    let builder = ServerConfig::builder_with_provider(provider(groups));
    let builder = builder.with_protocol_versions(VERSIONS).unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(id.chain.clone(), id.key.clone_key()).unwrap())
}

/// `openssl s_server` in a field of its own choice, or in one of those that have names.
fn s_server_in(pki: &Pki, field: Option<&str>) -> (Peer, SocketAddr) {
    let mut more = args!["-cipher", NAME, "-naccept", "1"];
    if let Some(field) = field {
        let file = pki.write(&pki.server(KeyType::Rsa2048)).leaf.with_file_name("field.pem");
        let group = format!("group:{field}");
        let mut make = args!["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", group, "-out"];
        make.push(file.clone().into());
        assert!(Peer::spawn("openssl", &make).finish().0.success());
        more.extend(args!["-dhparam", file]);
    }
    super::tls12::s_server12(pki, &pki.server(KeyType::Rsa2048), &more)
}

#[test]
fn client_meets_a_suite_over_a_finite_field() {
    let pki = Pki::new();
    let (mut peer, addr) = s_server_in(&pki, Some("ffdhe2048"));
    let mut link = Link::client(addr, client(&pki, &[&OTHER, &FIELD]), "localhost");
    link.handshake().unwrap_or_else(|err| panic!("{err:?} {}", peer.output()));
    let report = link.report();
    assert_eq!((report.suite, report.group), (Some(SUITE), Some(NamedGroup::FFDHE2048)));
    talk_to_server(&mut link, &mut peer);
    link.close().unwrap();
    assert_has(&peer.finish().1, &format!("CIPHER is {NAME}\n"));
}

/// A field that nobody offered may be a bad one. RFC 7919 section 5.1.
#[test]
fn client_refuses_a_field_that_it_did_not_offer() {
    let pki = Pki::new();
    for field in [None, Some("ffdhe3072")] {
        let (mut peer, addr) = s_server_in(&pki, field);
        let mut link = Link::client(addr, client(&pki, &[&FIELD]), "localhost");
        let err = link.handshake().unwrap_err().tls();
        assert_eq!(err, PeerMisbehaved::SelectedUnofferedKxGroup.into(), "{field:?}");
        peer.expect("alert illegal parameter");
    }
}

/// OpenSSL's client of TLS 1.2 lists no field, so it takes any. RFC 7919 section 4.
#[test]
fn server_meets_a_suite_over_a_finite_field() {
    let pki = Pki::new();
    let (listener, addr) = listen();
    let mut peer = super::tls12::s_client12(&pki, addr, &args!["-cipher", NAME]);
    let mut link = Link::server(&listener, server(&pki, &[&FIELD]));
    link.handshake().unwrap_or_else(|err| panic!("{err:?} {}", peer.output()));
    let report = link.report();
    assert_eq!((report.suite, report.group), (Some(SUITE), Some(NamedGroup::FFDHE2048)));
    talk_to_client(&mut link, &mut peer);
    let said = quit(&mut link, &mut peer);
    assert_has(&said, &format!("New, TLSv1.2, Cipher is {NAME}\n"));
    assert_has(&said, "Server Temp Key: DH, 2048 bits");
}

/// A client that lists fields takes none but those. RFC 7919 section 4.
#[test]
fn server_keeps_to_the_fields_that_a_client_lists() {
    let pki = Pki::new();
    let (listener, addr) = listen();
    let config = client(&pki, &[&OTHER]);
    let client = thread::spawn(move || Link::client(addr, config, "localhost").handshake());
    let mut link = Link::server(&listener, server(&pki, &[&FIELD]));
    let err = link.handshake().unwrap_err().tls();
    assert_eq!(err, PeerIncompatible::NoKxGroupsInCommon.into());
    drop(link);
    assert!(client.join().unwrap().is_err());
}
