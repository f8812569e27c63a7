//! Signed certificate timestamps by each of their three ways, and the list of logs.

use std::time::Duration;

use chitin_pki::{
    Certificate, Delivered, Digests, Log, LogList, LogState, Operator, Purpose, Transparency, Verifier,
    anchor_from_der, split_timestamps,
};
use pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use crate::configs;
use crate::revocation::Good;
use crate::script::Rest;

/// A certificate (the server's, if it is none that leads to the root), the list of the handshake, and the value of the extension of an
/// OCSP response; the first two stand behind their lengths. All signatures are good.
///
/// There is an answer, and what is added behind it makes it no worse.
pub fn timestamps(input: &[u8]) {
    are_enough(input);
}

/// The timestamps in an input are enough.
pub fn are_enough(input: &[u8]) -> bool {
    let mut rest = Rest(input);
    let how = rest.byte();
    let (certificate, list, stapled) = (rest.sized(), rest.sized(), rest.0);
    let handshake = split_timestamps(&list);
    if let Some(found) = &handshake {
        let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
        let inner: Vec<u8> = found.iter().flat_map(|sct| sized(sct)).collect();
        assert_eq!(sized(&inner), list, "what was taken apart is not what it was");
    }
    let handshake = handshake.unwrap_or_default();

    let root = CertificateDer::from(configs::CA);
    let anchors = [anchor_from_der(&root).expect("a good root")];
    let algorithms: &[&dyn SignatureVerificationAlgorithm] = &[&Good];
    let now = UnixTime::since_unix_epoch(Duration::from_secs(configs::NOW));
    let verifier = Verifier::new(algorithms, &anchors, now, Purpose::Any);
    let (theirs, own) = (CertificateDer::from(certificate), CertificateDer::from(configs::SERVER));
    let path = |der| verifier.verify(&Certificate::parse(der).ok()?, &[]).ok();
    let Some(path) = path(&theirs).or_else(|| path(&own)) else {
        panic!("our own certificate is a good one")
    };

    let logs = logs(how);
    let policy = Transparency { logs: &logs, algorithms, digests: &LastOctets };
    let ocsp = (how & 1 != 0).then_some(stapled);
    let asked = |handshake: &[&[u8]]| policy.check(&path, &Delivered { handshake, ocsp }, now);
    let answer = asked(&handshake);
    if let Err(error) = &answer {
        drop(format!("{error} {error:?}"));
    }
    let more: Vec<&[u8]> = handshake.iter().copied().chain([&b"none"[..], b""]).collect();
    assert!(asked(&more).is_ok() || answer.is_err(), "a further timestamp took away from the others");
    answer.is_ok()
}

/// Three logs of two operators, in states that the input chooses.
fn logs(how: u8) -> LogList {
    let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let state = |bits: u8| match bits & 3 {
        0 => LogState::Usable,
        1 => LogState::Retired { since: time(configs::NOW - 1000) },
        2 => LogState::ReadOnly,
        _ => LogState::Rejected,
    };
    let log = |number: u8, operator: &str| {
        // A point on P-256 as far as its form goes, by the last octet of which logs are told apart here. RFC 5480 section 2.
        let key = [P256, &[7; 63], &[number]].concat();
        let sold = Operator { name: "before".into(), until: time(configs::NOW - 9000) };
        Log {
            key,
            operator: operator.into(),
            previous_operators: vec![sold],
            state: state(how >> (2 * number)),
        }
    };
    LogList { timestamp: time(configs::NOW), logs: vec![log(1, "a"), log(2, "b"), log(3, "b")] }
}

/// A hash that an input can meet: the last octet, over and over.
struct LastOctets;

impl Digests for LastOctets {
    fn sha1(&self, data: &[u8]) -> [u8; 20] {
        [data.last().copied().unwrap_or(0); 20]
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        [data.last().copied().unwrap_or(0); 32]
    }
}

/// The list of logs in Chrome's format. What can be read has a log, and a name for each operator.
pub fn log_list(input: &[u8]) {
    is_list(input);
}

/// An input is a list of logs.
#[cfg(not(feature = "log-list"))]
pub fn is_list(_: &[u8]) -> bool {
    false
}

/// An input is a list of logs.
#[cfg(feature = "log-list")]
pub fn is_list(input: &[u8]) -> bool {
    match LogList::from_json(input) {
        Ok(list) => {
            assert!(!list.logs.is_empty());
            let _ = (list.is_fresh(UnixTime::since_unix_epoch(Duration::ZERO)), format!("{list:?}"));
            true
        }
        Err(fault) => {
            drop(format!("{fault} {fault:?}"));
            false
        }
    }
}

/// How the public key of a log begins: the algorithm, and that the point is not compressed.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
    1, 7, 3, 0x42, 0, 4,
];
