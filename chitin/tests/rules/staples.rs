//! What a server shows beside its chain: signed certificate timestamps. RFC 6962 section 3.3, RFC 8446 section 4.4.2.1.

use std::sync::Arc;

use chitin::HandshakeKind::{Full, Resumed};
use chitin::sign::{CertifiedKey, Credential, SingleCertAndKey};
use chitin::version::{TLS12, TLS13};
use chitin::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use testkit::configs::{ClientOpts, Seen, client_config};
use testkit::hello::Hello;
use testkit::pair::{Pair, Record, Side};

use crate::common::{WORLD, default_provider, kind_of, roots, server_of, shake};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
const SCT: u16 = 18;

fn credential() -> Credential {
    let identity = &WORLD.server;
    let key = CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), &default_provider());
    Credential::from(key.unwrap())
}

fn server(credential: Credential) -> ServerConfig {
    let mut server = server_of(default_provider());
    server.cert_resolver = Arc::new(SingleCertAndKey::from(credential));
    server
}

fn client(version: &'static SupportedProtocolVersion, scts: bool) -> (ClientConfig, Seen) {
    let opts = ClientOpts { versions: vec![version], scts, ..ClientOpts::default() };
    (client_config(roots(), &opts), opts.seen)
}

fn asks(pair: &Pair) -> bool {
    let hello = &Record::split(pair.flown(Side::Client))[0];
    Hello::read(&hello.body).extensions.iter().any(|(code, body)| *code == SCT && body.is_empty())
}

#[test]
fn timestamps_arrive_where_they_are_asked_for() {
    let scts = [vec![1; 120], vec![2; 117]];
    for version in VERSIONS {
        let server = Arc::new(server(credential().with_scts(&scts).unwrap()));
        let (asking, seen) = client(version, true);
        let asking = Arc::new(asking);
        let pair = shake(&asking, &server);
        assert_eq!(pair.client.protocol_version(), Some(version.version));
        assert!(asks(&pair));
        assert_eq!(seen.scts(), [scts.to_vec()]);

        // What is resumed has been checked: nobody is asked again.
        assert_eq!((kind_of(&pair), kind_of(&shake(&asking, &server))), (Full, Resumed));
        assert_eq!(seen.scts().len(), 1);

        let (silent, seen) = client(version, false);
        let pair = shake(&Arc::new(silent), &server);
        assert!(!asks(&pair));
        assert_eq!(seen.scts(), [Vec::<Vec<u8>>::new()]);
    }
}

/// An OCSP response that does not fit into a message costs the staple, and not each handshake.
#[test]
fn a_response_that_does_not_fit_is_left_out() {
    let scts = [vec![7; 60 * 1024 - 2]];
    for version in VERSIONS {
        // Timestamps of 60 KiB leave it 4 KiB, without the heads.
        for (len, timestamps, shown) in
            [(65_503, false, true), (65_504, false, false), (4_063, true, true), (4_064, true, false)]
        {
            let identity = &WORLD.server;
            let chain = identity.chain.clone();
            let mut key =
                CertifiedKey::from_der(chain, identity.key.clone_key(), &default_provider()).unwrap();
            key.ocsp = Some(vec![7; len]);
            let mut credential = Credential::from(key);
            if timestamps {
                credential = credential.with_scts(&scts).unwrap();
            }
            let (client, seen) = client(version, true);
            shake(&Arc::new(client), &Arc::new(server(credential)));
            let expected = if timestamps { scts.to_vec() } else { vec![] };
            assert_eq!(seen.scts(), [expected], "{len}");
            assert_eq!(seen.staples(), [vec![7; if shown { len } else { 0 }]], "{len}");
        }
    }
}

#[test]
fn a_server_without_timestamps_is_no_worse_for_being_asked() {
    for version in VERSIONS {
        let (client, seen) = client(version, true);
        shake(&Arc::new(client), &Arc::new(server(credential())));
        assert_eq!(seen.scts(), [Vec::<Vec<u8>>::new()]);
    }
}

#[test]
fn as_many_timestamps_as_a_credential_holds_arrive_in_both_versions() {
    let scts = [vec![7; 60 * 1024 - 2]];
    for version in VERSIONS {
        let (client, seen) = client(version, true);
        shake(&Arc::new(client), &Arc::new(server(credential().with_scts(&scts).unwrap())));
        assert_eq!(seen.scts(), [scts.to_vec()]);
    }
}
