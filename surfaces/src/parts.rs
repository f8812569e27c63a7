//! The parts by themselves: the record layer, the decoders, stored sessions, certificates, compressed certificates.

use std::time::Duration;

use chitin::ContentType;
use chitin::compress::CertDecompressor;
use chitin::internal_testing::{DECODERS, Opened, RecordsIn, RecordsOut, decompress};
use chitin::server::ProducesTickets;
use chitin::ticketer::TicketRotator;
use chitin_pki::{Certificate, PolicyInputs, Profile, Purpose, Root, Verifier, anchor_from_der, verify_name};
use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::configs::{self, Plain};
use crate::glass::{self, Glass12, Glass13};
use crate::script::{Rest, Step, message, parse, record};

/// One decoder, chosen by the first byte, on the rest.
pub fn messages(input: &[u8]) {
    let mut rest = Rest(input);
    let (_, decode) = DECODERS[usize::from(rest.byte()) % DECODERS.len()];
    decode(rest.0);
}

/// The record layer, in and out.
///
/// Bytes mean the same whole and chopped. What was sealed comes out as it went in, in records that are no longer than was set.
pub fn records(input: &[u8]) {
    let (options, steps) = parse(input);
    if options & 1 == 0 {
        let whole = open(options, &steps, usize::MAX);
        for chop in [1, 7] {
            assert_eq!(whole, open(options, &steps, chop), "in pieces of {chop} bytes");
        }
    } else {
        seal(options, &steps);
    }
}

fn open(options: u16, steps: &[Step], chop: usize) -> (Vec<Opened>, Option<String>) {
    let tls12 = options & 2 != 0;
    let mut records = RecordsIn::default();
    let mut opened = Vec::new();
    records.allow_ccs(options & 4 != 0);
    if tls12 {
        records.set_version12();
    }
    if options & 8 != 0 {
        records.set_limit(usize::from(options >> 8));
    }
    if options & 16 != 0 {
        records.skip_early_data(1000, options & 32 != 0);
    }
    let mut out = [0; 64];
    for step in steps {
        let bytes = match step {
            Step::Message { seal, typ, body } => record(*seal, 22, &message(*typ, body)),
            Step::Record { seal, typ, body } => record(*seal, *typ, body),
            Step::Raw(bytes) => bytes.clone(),
            // A key comes only where no record is half read.
            Step::Join(_) if tls12 => {
                records.install(Box::new(Glass12));
                continue;
            }
            Step::Join(_) => {
                records.install(Box::new(Glass13));
                continue;
            }
            Step::Chop(n) => {
                records.allow_ccs(n & 1 == 0);
                continue;
            }
            Step::Call(..) | Step::Repeat(_) | Step::Filler { .. } => continue,
        };
        for piece in bytes.chunks(chop.min(bytes.len()).max(1)) {
            records.feed(piece);
            loop {
                let into = (options & 64 != 0).then_some(&mut out[..]);
                match records.next(into) {
                    Ok(Some(record)) => opened.push(record),
                    Ok(None) => break,
                    Err(error) => return (opened, Some(error.to_string())),
                }
            }
        }
    }
    (opened, None)
}

fn seal(options: u16, steps: &[Step]) {
    let tls12 = options & 2 != 0;
    let (mut records, mut back) = (RecordsOut::default(), RecordsIn::default());
    let size = usize::from(options >> 4);
    let longest = match records.set_max_fragment_size(Some(size)) {
        Ok(()) => size - 5,
        Err(_) => 1 << 14,
    };
    if tls12 {
        records.set_version12();
        back.set_version12();
    }
    if options & 4 != 0 {
        let _ = records.set_max_fragment_size(None);
        records.set_peer_limit(size);
    }
    let mut sealed = false;
    for step in steps {
        let (typ, body) = match step {
            Step::Record { typ: 21..=23, body, .. } if body.is_empty() => continue,
            Step::Record { typ: typ @ 21..=23, body, .. } if sealed || *typ != 23 => (*typ, body),
            Step::Join(_) => {
                sealed = true;
                match tls12 {
                    true => records.install(Box::new(Glass12), u64::MAX),
                    false => records.install(Box::new(Glass13), u64::MAX),
                }
                match tls12 {
                    true => back.install(Box::new(Glass12)),
                    false => back.install(Box::new(Glass13)),
                }
                continue;
            }
            Step::Chop(n) => {
                records.pad(usize::from(*n) * 300);
                continue;
            }
            _ => continue,
        };
        records.seal(ContentType::from(typ), body).expect("glass seals everything");
        back.feed(&records.take());
        let mut got = Vec::new();
        while let Some((came, part)) = back.next(None).expect("what was sealed opens") {
            assert_eq!(u8::from(came), typ);
            assert!(
                part.len() <= 1 << 14 && (options & 4 != 0 || part.len() <= longest),
                "{} bytes",
                part.len()
            );
            got.extend(part);
        }
        assert_eq!(got, *body, "what was sealed is not what comes out");
    }
}

/// A ticket that nobody made does not open, nor does one that was changed; and what a ticketer opens may be anything.
pub fn sessions(input: &[u8]) {
    let mut rest = Rest(input);
    let how = rest.byte();
    for (name, decode) in DECODERS {
        if name.starts_with("ServerSession") {
            decode(rest.0);
        }
    }
    let rotator = TicketRotator::new(600, || Ok(Box::new(Plain))).expect("it has a clock");
    assert_eq!(rotator.decrypt(&rotator.encrypt(rest.0).unwrap_or_default()).as_deref(), Some(rest.0));
    // As a ticket and as a stored session, in a hello that is right but for it.
    let offered = crate::seeds::hello_with_session(rest.0, how & 1 == 1);
    match how & 2 {
        0 => crate::targets::server13(&offered),
        _ => crate::targets::server12(&crate::seeds::hello12_with_ticket(rest.0)),
    }
}

/// Certificates, each behind its length: the first is the leaf. Whatever they are, there is an answer in bounded time.
pub fn certificates(input: &[u8]) {
    let mut rest = Rest(input);
    let how = rest.byte();
    let mut chain = Vec::new();
    while !rest.0.is_empty() && chain.len() < 40 {
        chain.push(CertificateDer::from(rest.sized()));
    }
    let Some((leaf, intermediates)) = chain.split_first() else { return };
    let root = CertificateDer::from(configs::CA);
    let mut anchors = vec![anchor_from_der(&root).expect("a good root")];
    // A peer's certificate may be anybody's root.
    anchors.extend(intermediates.iter().filter(|_| how & 1 == 1).filter_map(|der| anchor_from_der(der).ok()));
    let Ok(leaf) = Certificate::parse(leaf) else { return };
    for name in [configs::NAME, "a.wild.example", "192.0.2.1", "2001:db8::1"] {
        let name = ServerName::try_from(name).expect("a name");
        if let Err(error) = verify_name(&leaf, &name) {
            let _ = format!("{error} {error:?}");
        }
    }
    let now = UnixTime::since_unix_epoch(Duration::from_secs(configs::NOW));
    let roots: Vec<_> = [root.clone()]
        .iter()
        .chain(intermediates.iter().filter(|_| how & 1 == 1))
        .filter_map(|der| Root::parse(der).ok().map(|root| root.certificate().der().to_vec()))
        .map(CertificateDer::from)
        .collect();
    let roots: Vec<_> = roots.iter().filter_map(|der| Root::parse(der).ok()).collect();
    let profile = match how >> 1 & 3 {
        0 => Profile::Default,
        1 => Profile::Rfc5280Strict,
        _ => Profile::CaBrowserForum,
    };
    let policies = PolicyInputs {
        require_explicit: how & 8 != 0,
        inhibit_mapping: how & 16 != 0,
        inhibit_any: how & 32 != 0,
        ..PolicyInputs::default()
    };
    for purpose in [Purpose::ServerAuth, Purpose::ClientAuth, Purpose::Any] {
        let bare = Verifier::new(glass::algorithms(), &anchors, now, purpose);
        let whole = Verifier::with_roots(glass::algorithms(), &roots, now, purpose);
        for verifier in [bare, whole.with_profile(profile).with_policies(policies)] {
            let found = verifier.verify(&leaf, intermediates);
            let told = verifier.diagnose(&leaf, intermediates);
            match (found, told) {
                (Ok(path), Ok(_)) => {
                    assert!(path.intermediates.len() <= 16, "a path of {}", path.intermediates.len());
                    assert!(!policies.require_explicit || path.root.is_none() || !path.policies.is_empty());
                }
                (Err(error), Err(diagnosis)) => {
                    assert_eq!(error, diagnosis.error);
                    let _ = format!("{error} {error:?} {diagnosis} {diagnosis:?}");
                }
                (found, _) => panic!("verify and diagnose differ: {:?}", found.map(|path| path.policies)),
            }
        }
    }
}

/// The body of a CompressedCertificate. What comes out has the length that was announced, and no more than may be.
pub fn compressed(input: &[u8]) {
    #[cfg(feature = "compression")]
    let built_in = chitin::compress::default_cert_decompressors();
    #[cfg(not(feature = "compression"))]
    let built_in: &[&'static dyn CertDecompressor] = &[];
    let plain: &[&'static dyn CertDecompressor] = &[&Plain];
    for decompressors in [plain, built_in] {
        match decompress(input, decompressors) {
            Ok(chain) => {
                let announced = u32::from_be_bytes([0, input[2], input[3], input[4]]) as usize;
                assert_eq!(chain.len(), announced);
                DECODERS.iter().filter(|(name, _)| *name == "Certificate").for_each(|(_, read)| {
                    read(&chain);
                });
            }
            Err(error) => {
                assert!(!matches!(error, chitin::Error::CallbackPanicked(_)), "{error}");
            }
        }
    }
}
