//! Client hellos that a server refuses. RFC 8446 sections 4.1.2 and 4.2.

use chitin::{ContentType, Error, HandshakeType};
use testkit::hello::{Hello, edit_record, message, sized16};
use testkit::pair::{Record, Side};

use crate::bench::errors::{Bad, Lacks, Wrong};
use crate::bench::{Told, client, provider, server};

/// A pre_shared_key extension with one identity and so many binders, that says nothing true.
fn psks(binders: usize) -> Vec<u8> {
    let identities = sized16(&[0, 1, 5, 0, 0, 0, 0]);
    [identities, sized16(&[&[32][..], &[6; 32]].concat().repeat(binders))].concat()
}

/// Puts a PSK where it belongs: at the end.
fn offer_psk(hello: &mut Hello, binders: usize) {
    hello.extensions.push((41, psks(binders)));
}

/// Writes a hello back after `edit`, which early data follows in the words of RFC 8446 section 4.2.10.
fn with_early_data(record: &mut Record) {
    let mut hello = Hello::read(&record.body);
    hello.add(42, &[]);
    record.body = hello.write();
}

fn garbage(len: usize) -> Record {
    Record { typ: 23, version: 0x303, body: vec![7; len] }
}

cases! {
    an_extension_of_other_messages = Wrong::MisplacedClientHelloExtension, |b| b.client_hello(|h| h.add(48, &[0, 0]));
    compression = Wrong::OfferedIncorrectCompressions, |b| b.client_hello(|h| h.compressions = vec![1, 0]);
    psks_without_modes = Wrong::MissingPskModesExtension, |b| b.client_hello(|h| {
        h.remove(45);
        offer_psk(h, 1);
    });
    more_binders_than_psks = Wrong::PskExtensionWithMismatchedIdsAndBinders, |b| b.client_hello(|h| offer_psk(h, 2));
    a_psk_before_others = Bad::PreSharedKeyIsNotFinalExtension, |b| b.client_hello(|h| h.add(41, &psks(1)));
    only_older_versions = Lacks::Tls12NotOfferedOrEnabled, |b| b.client_hello(|h| *h.body(43) = vec![2, 3, 3]);
    /// RFC 8446 appendix D.5: whatever it offers beside it.
    ssl = Lacks::Tls12NotOfferedOrEnabled, |b| b.client_hello(|h| h.version = 0x300);
    no_supported_versions = Lacks::SupportedVersionsExtensionRequired, |b| b.client_hello(|h| h.remove(43));
    unknown_suites = Lacks::NoCipherSuitesInCommon, |b| b.client_hello(|h| h.suites = vec![0xc02f, 0x1a1a]);
    no_groups = Lacks::NamedGroupsExtensionRequired, |b| b.client_hello(|h| h.remove(10));
    no_shares = Lacks::KeyShareExtensionRequired, |b| b.client_hello(|h| h.remove(51));
    no_schemes = Lacks::SignatureAlgorithmsExtensionRequired, |b| b.client_hello(|h| h.remove(13));
    a_share_for_no_group = Wrong::KeyShareForUnofferedGroup, |b| b.client_hello(|h| *h.body(10) = vec![0, 2, 0, 29]);
    two_shares_for_one_group = Wrong::OfferedDuplicateKeyShares, |b| b.client_hello(|h| {
        *h.body(51) = sized16(&[0, 29, 0, 1, 9, 0, 29, 0, 1, 9]);
    });
    unknown_groups = Lacks::NoKxGroupsInCommon, |b| b.client_hello(|h| {
        *h.body(10) = vec![0, 2, 1, 0];
        *h.body(51) = vec![0, 0];
    });
    schemes_for_other_keys = Lacks::NoSignatureSchemesInCommon, |b| b.client_hello(|h| *h.body(13) = vec![0, 2, 8, 7]);
    /// RFC 7748 section 6.1: it leads to a secret of zeros.
    a_share_of_low_order = Wrong::InvalidKeyShare, |b| b.client_hello(|h| {
        let share = [&[0, 29, 0, 32][..], &[0; 32]].concat();
        *h.body(51) = sized16(&share);
    });
    a_cookie_out_of_nowhere = Wrong::CookieInFirstClientHello, |b| b.client_hello(|h| h.add(44, &[0, 1, 9]));
    an_extension_twice = Bad::DuplicateExtension(0x7777), |b| b.client_hello(|h| {
        h.add(0x7777, &[]);
        h.add(0x7777, &[]);
    });
    a_name_that_is_none = Bad::InvalidServerName, |b| b.client_hello(|h| {
        *h.body(0) = sized16(&[&[0][..], &sized16(b"no name")].concat());
    });
    two_names = Bad::InvalidServerName, |b| b.client_hello(|h| {
        let name = [&[0][..], &sized16(b"a.example")].concat();
        *h.body(0) = sized16(&name.repeat(2));
    });
    an_empty_list_of_groups = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.client_hello(|h| *h.body(10) = vec![0, 0]);
    an_empty_protocol_name = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.client_hello(|h| h.add(16, &[0, 2, 0, 0]));
    half_a_group = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| b.client_hello(|h| *h.body(10) = vec![0, 3, 0, 29, 0]);
    a_hello_that_goes_on = like!(Error::InvalidMessage(Bad::TrailingData("client hello"))), |b| b.first_record(Side::Client, |record| {
        let hello = [&record.body[4..], &[0]].concat();
        record.body = message(1, &hello);
        vec![]
    });
    a_hello_without_end = Bad::HandshakeMessageTooLong { typ: HandshakeType::ClientHello, len: 0x1_0001, limit: 0x1_0000 },
        |b| b.first_record(Side::Client, |record| {
            record.body[1..4].copy_from_slice(&[1, 0, 1]);
            vec![]
        });
    a_handshake_that_begins_with_its_end = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::ClientHello],
        got_type: HandshakeType::Finished,
    }, |b| b.first_record(Side::Client, |record| {
        record.body = message(20, &[0; 32]);
        vec![]
    });
    data_before_everything = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::ApplicationData,
    }, |b| b.first_record(Side::Client, |record| {
        record.typ = 23;
        vec![]
    });
    no_protocol_in_common = Error::NoApplicationProtocol, |b| {
        let (mut client, mut server) = (client(provider()), server(provider()));
        client.alpn_protocols = vec![b"h2".to_vec()];
        server.alpn_protocols = vec![b"h3".to_vec()];
        b.fail(b.pair(client, server))
    };

    // After a retry.
    another_random = Wrong::RandomDifferedOnRetry, |b| b.second_client_hello(|h| h.random[31] ^= 1);
    another_session_id = Wrong::SessionIdDifferedOnRetry, |b| b.second_client_hello(|h| h.session_id[0] ^= 1);
    another_name = Wrong::ServerNameDifferedOnRetry, |b| b.second_client_hello(|h| {
        *h.body(0) = sized16(&[&[0][..], &sized16(b"other.example")].concat());
    });
    another_suite = Wrong::CipherSuiteDifferedOnRetry, |b| b.second_client_hello(|h| h.suites = vec![0x1303]);
    another_suite_that_means_nothing = Wrong::UnexpectedChangesInSecondClientHello, |b| b.second_client_hello(|h| h.suites[0] ^= 0x1010);
    fewer_schemes = Wrong::UnexpectedChangesInSecondClientHello, |b| b.second_client_hello(|h| *h.body(13) = vec![0, 2, 4, 3]);
    another_cookie = Wrong::CookieDifferedOnRetry, |b| b.second_client_hello(|h| h.body(44)[2] ^= 1);
    no_cookie = Wrong::CookieDifferedOnRetry, |b| b.second_client_hello(|h| h.remove(44));
    another_share = Wrong::RefusedToFollowHelloRetryRequest, |b| b.second_client_hello(|h| {
        *h.body(51) = sized16(&[0, 29, 0, 1, 9]);
    });
    early_data_after_retry = Wrong::EarlyDataAttemptedInSecondClientHello, |b| b.second_client_hello(|h| h.add(42, &[]));

    /// The client cannot know yet what its second hello will be.
    bytes_behind_the_first_hello = Wrong::KeyEpochWithPendingFragment, |b| b.record_before_retry(0, |record| {
        record.body.extend([1, 0]);
        vec![]
    });

    // Sessions and early data.
    /// It goes with the suite, so there was no reason to drop it.
    no_session_in_the_second_hello = Wrong::MissingPskExtensionInSecondClientHello, |b| {
        let (client, first) = (std::sync::Arc::new(client(provider())), server(provider()));
        let mut second = server(crate::bench::retrying());
        second.session_storage = first.session_storage.clone();
        b.pair(client.clone(), first).handshake().unwrap();
        b.fail(b.pair(client, second).tamper(Side::Client, testkit::hello::edit_hello(1, |h| h.remove(41))))
    };
    a_wrong_binder = Wrong::IncorrectBinder, |b| b.resumed(Side::Client, |h| {
        *h.body(41).last_mut().unwrap() ^= 1;
    });
    /// We grant none, and pass over 16 KiB of it.
    endless_early_data = Wrong::TooMuchRefusedEarlyData, |b| b.record_before_retry(0, |record| {
        with_early_data(record);
        vec![garbage(16 * 1024 - 1), garbage(1), garbage(1)]
    });
    early_data_within_a_message = Wrong::RejectedEarlyDataInterleavedWithHandshakeMessage, early_data_within_a_message_;
}

fn early_data_within_a_message_(b: &crate::bench::Bench) -> Told {
    let mut first = edit_record(0, |record| {
        with_early_data(record);
        vec![]
    });
    let mut second = edit_record(1, |record| {
        let tail = record.body.split_off(100);
        vec![garbage(50), Record { body: tail, ..*record }]
    });
    let both = Box::new(move |number, record: Record| {
        first(number, record).into_iter().flat_map(|record| second(number, record)).collect()
    });
    b.fail(b.pair(client(provider()), server(crate::bench::retrying())).tamper(Side::Client, both))
}
