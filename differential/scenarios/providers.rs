//! What the built-in provider has, and in which order.

use tls::crypto::{CryptoProvider, aws_lc_rs};
use tls::server::ProducesTickets;
use tls::{Error, ProtocolVersion, SignatureAlgorithm, ticketer::TicketRotator};
use world::{Notes, World};

pub fn run(world: &World, notes: &mut Notes) {
    let provider = aws_lc_rs::default_provider();
    let suites = |suites: &[tls::SupportedCipherSuite]| suites.iter().map(|s| s.suite()).collect::<Vec<_>>();
    let groups =
        |groups: &[&dyn tls::crypto::SupportedKxGroup]| groups.iter().map(|g| g.name()).collect::<Vec<_>>();
    notes.value("suites", suites(&provider.cipher_suites));
    notes.value("all suites", suites(aws_lc_rs::ALL_CIPHER_SUITES));
    notes.value("default suites", suites(aws_lc_rs::DEFAULT_CIPHER_SUITES));
    notes.value("groups", groups(&provider.kx_groups));
    notes.value("all groups", groups(aws_lc_rs::ALL_KX_GROUPS));
    notes.value("default groups", groups(aws_lc_rs::DEFAULT_KX_GROUPS));
    notes.value("schemes", provider.signature_verification_algorithms.supported_schemes());
    let mapping = provider.signature_verification_algorithms.mapping;
    notes.value("mapping", mapping.iter().map(|(scheme, all)| (*scheme, all.len())).collect::<Vec<_>>());
    notes.value("algorithms", provider.signature_verification_algorithms.all.len());
    notes.value("fips", provider.fips());
    notes.text("provider", format!("{provider:?}").split_whitespace().next().unwrap_or_default());
    notes.value("key provider", provider.key_provider);
    notes.value("random", provider.secure_random);
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let name = suite.suite();
        notes.value(format_args!("{name:?}"), suite);
        notes.value(format_args!("{name:?}, version"), suite.version());
        notes.value(format_args!("{name:?}, fips"), suite.fips());
        let common = match suite {
            tls::SupportedCipherSuite::Tls12(suite) => &suite.common,
            tls::SupportedCipherSuite::Tls13(suite) => &suite.common,
        };
        notes.value(format_args!("{name:?}, limit"), common.confidentiality_limit);
        notes.value(format_args!("{name:?}, hash"), common.hash_provider.algorithm());
        for algorithm in [
            SignatureAlgorithm::RSA,
            SignatureAlgorithm::ECDSA,
            SignatureAlgorithm::ED25519,
            SignatureAlgorithm::DSA,
        ] {
            notes.value(
                format_args!("{name:?}, usable for {algorithm:?}"),
                suite.usable_for_signature_algorithm(algorithm),
            );
        }
        if let tls::SupportedCipherSuite::Tls12(suite) = suite {
            let shape = suite.aead_alg.key_block_shape();
            notes.value(
                format_args!("{name:?}, key block"),
                (shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len),
            );
            notes.value(format_args!("{name:?}, kx and sign"), (suite.kx, suite.sign));
        }
        if let tls::SupportedCipherSuite::Tls13(suite) = suite {
            notes.value(format_args!("{name:?}, key"), suite.aead_alg.key_len());
            notes.value(format_args!("{name:?}, quic"), suite.quic.map(|quic| quic.aead_key_len()));
            let resumes = |other: &tls::SupportedCipherSuite| {
                other.tls13().is_some_and(|o| suite.can_resume_from(o).is_some())
            };
            let from: Vec<_> =
                aws_lc_rs::ALL_CIPHER_SUITES.iter().filter(|o| resumes(o)).map(|o| o.suite()).collect();
            notes.value(format_args!("{name:?}, resumes from"), from);
        }
    }
    for group in aws_lc_rs::ALL_KX_GROUPS {
        let name = group.name();
        notes.value(format_args!("{name:?}"), group);
        notes.value(format_args!("{name:?}, fips"), group.fips());
        notes.value(
            format_args!("{name:?}, versions"),
            (
                group.usable_for_version(ProtocolVersion::TLSv1_2),
                group.usable_for_version(ProtocolVersion::TLSv1_3),
            ),
        );
        let started = group.start().unwrap();
        notes.value(format_args!("{name:?}, share"), started.pub_key().len());
        notes.value(
            format_args!("{name:?}, part"),
            started.hybrid_component().map(|(group, key)| (group, key.len())),
        );
        notes.value(format_args!("{name:?}, field"), started.ffdhe_group().is_some());
        for (case, share) in
            [("no share", vec![]), ("zeros", vec![0; started.pub_key().len()]), ("short", vec![4; 5])]
        {
            let result = group.start().unwrap().complete(&share).map(drop);
            notes.value(format_args!("{name:?}, {case}"), result);
            notes
                .value(format_args!("{name:?}, {case}, at once"), group.start_and_complete(&share).map(drop));
        }
    }
    notes.value("process default before", CryptoProvider::get_default().is_some());
    tickets(notes);
    keys(world, notes);
}

fn tickets(notes: &mut Notes) {
    let ticketer = aws_lc_rs::Ticketer::new().unwrap();
    notes.text("ticketer", format!("{ticketer:?}").split([' ', '{']).next().unwrap_or_default());
    notes.value("ticketer enabled", (ticketer.enabled(), ticketer.lifetime()));
    let sealed = ticketer.encrypt(b"secret").unwrap();
    notes.value("opened", ticketer.decrypt(&sealed));
    notes.value("opened twice", ticketer.decrypt(&sealed));
    notes.value("spoilt", ticketer.decrypt(&[&sealed[..], &[0]].concat()));
    notes.value("nothing", ticketer.decrypt(&[]));
    let other = aws_lc_rs::Ticketer::new().unwrap();
    notes.value("another's", other.decrypt(&sealed));
    #[derive(Debug)]
    struct Plain;
    impl ProducesTickets for Plain {
        fn enabled(&self) -> bool {
            true
        }
        fn lifetime(&self) -> u32 {
            7
        }
        fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
            Some(plain.to_vec())
        }
        fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
            Some(cipher.to_vec())
        }
    }
    let rotator = TicketRotator::new(100, || Ok(Box::new(Plain))).unwrap();
    notes.value("rotator", (rotator.enabled(), rotator.lifetime()));
    notes.value("rotated", (rotator.encrypt(b"x"), rotator.decrypt(b"y")));
    let broken = TicketRotator::new(100, || Err(tls::crypto::GetRandomFailed));
    notes.value("broken rotator", broken.map(drop));
    #[allow(deprecated)]
    let switcher = tls::ticketer::TicketSwitcher::new(100, || Ok(Box::new(Plain))).unwrap();
    notes.value("switcher", (switcher.enabled(), switcher.lifetime(), switcher.encrypt(b"x")));
}

fn keys(world: &World, notes: &mut Notes) {
    for id in [&world.good, &world.ed25519, &world.rsa] {
        let any = aws_lc_rs::sign::any_supported_type(&id.key).unwrap();
        let kind = any.algorithm();
        notes.value(
            format_args!("{kind:?} key as ECDSA"),
            aws_lc_rs::sign::any_ecdsa_type(&id.key).map(|k| k.algorithm()),
        );
        let tls::pki_types::PrivateKeyDer::Pkcs8(pkcs8) = &id.key else { continue };
        notes.value(
            format_args!("{kind:?} key as EdDSA"),
            aws_lc_rs::sign::any_eddsa_type(pkcs8).map(|k| k.algorithm()),
        );
    }
    let junk = tls::pki_types::PrivateKeyDer::Pkcs8(b"junk".to_vec().into());
    notes.value("junk key", aws_lc_rs::sign::any_supported_type(&junk).map(drop));
    notes.value("junk key as ECDSA", aws_lc_rs::sign::any_ecdsa_type(&junk).map(drop));
    let errors: [Error; 2] =
        [tls::crypto::GetRandomFailed.into(), tls::crypto::cipher::UnsupportedOperationError.into()];
    notes.value("errors of providers", errors);
}
