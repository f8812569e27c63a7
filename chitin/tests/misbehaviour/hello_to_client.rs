//! Server hellos and retry requests that a client refuses. RFC 8446 sections 4.1.3, 4.1.4 and 4.2.

use chitin::HandshakeType;
use testkit::hello::{Hello, message, sized16};
use testkit::pair::{Record, Side};

use crate::bench::errors::{Bad, Lacks, Wrong};
use crate::bench::{client, provider, server};

cases! {
    another_legacy_version = Wrong::WrongLegacyVersion, |b| b.server_hello(|h| h.version = 0x302);
    another_session_id = Wrong::ServerHelloWithWrongSessionId, |b| b.server_hello(|h| h.session_id[0] ^= 1);
    no_session_id = Wrong::ServerHelloWithWrongSessionId, |b| b.server_hello(|h| h.session_id.clear());
    compression = Bad::UnsupportedCompression, |b| b.server_hello(|h| h.compressions = vec![1]);
    an_unoffered_suite = Wrong::SelectedUnofferedCipherSuite, |b| b.server_hello(|h| h.suites = vec![0x1304]);
    an_older_version_by_extension = Wrong::SelectedTls12UsingTls13VersionExtension, |b| b.server_hello(|h| *h.body(43) = vec![3, 3]);
    an_older_version = Lacks::ServerTlsVersionIsDisabledByOurConfig, |b| b.server_hello(|h| h.remove(43));
    a_much_older_version = Lacks::ServerDoesNotSupportTls12Or13, |b| b.server_hello(|h| {
        h.remove(43);
        h.version = 0x302;
    });
    /// Somebody has taken TLS 1.3 out of our hello, and the server says that it would have been able.
    an_older_version_although_the_server_has_ours = Wrong::AttemptedDowngradeToTls12WhenTls13IsSupported, |b| b.server_hello(|h| {
        h.remove(43);
        h.random[24..].copy_from_slice(b"DOWNGRD\x01");
    });
    /// RFC 8446 appendix D.5.
    the_version_of_ssl_3 = Lacks::ServerDoesNotSupportTls12Or13, |b| b.server_hello(|h| h.version = 0x300);
    a_version_that_nobody_knows = Wrong::SelectedUnofferedVersion, |b| b.server_hello(|h| *h.body(43) = vec![3, 5]);
    an_unsolicited_extension = Wrong::UnsolicitedServerHelloExtension, |b| b.server_hello(|h| h.add(0x7777, &[]));
    a_psk_that_was_not_offered = Wrong::UnsolicitedServerHelloExtension, |b| b.server_hello(|h| h.add(41, &[0, 0]));
    an_extension_in_the_clear = Wrong::UnexpectedCleartextExtension, |b| b.server_hello(|h| h.add(10, &[0, 2, 0, 29]));
    an_extension_twice = Bad::DuplicateExtension(51), |b| b.server_hello(|h| {
        let share = h.body(51).clone();
        h.add(51, &share);
    });
    no_share = Wrong::MissingKeyShare, |b| b.server_hello(|h| h.remove(51));
    a_share_of_an_unoffered_group = Wrong::SelectedUnofferedKxGroup, |b| b.server_hello(|h| h.body(51)[..2].copy_from_slice(&[1, 0]));
    a_share_of_another_group = Wrong::WrongGroupForKeyShare, |b| b.server_hello(|h| h.body(51)[..2].copy_from_slice(&[0, 23]));
    a_share_of_low_order = Wrong::InvalidKeyShare, |b| b.server_hello(|h| h.body(51)[4..].fill(0));
    a_share_that_is_too_short = Wrong::InvalidKeyShare, |b| b.server_hello(|h| *h.body(51) = [&[0, 29][..], &sized16(&[9; 31])].concat());
    a_psk_without_share = Wrong::SelectedInvalidPsk, |b| b.resumed(Side::Server, |h| h.remove(51));
    another_psk = Wrong::SelectedInvalidPsk, |b| b.resumed(Side::Server, |h| *h.body(41) = vec![0, 1]);
    a_psk_with_another_hash = Wrong::ResumptionOfferedWithIncompatibleCipherSuite, |b| b.resumed(Side::Server, |h| {
        h.suites = vec![if h.suites == [0x1302] { 0x1301 } else { 0x1302 }];
    });

    // Retries.
    a_retry_with_another_legacy_version = Wrong::IllegalHelloRetryRequestWithWrongLegacyVersion, |b| b.retry_request(|h| h.version = 0x305);
    a_retry_with_another_session_id = Wrong::IllegalHelloRetryRequestWithWrongSessionId, |b| b.retry_request(|h| h.session_id[0] ^= 1);
    a_retry_for_an_older_version = Wrong::IllegalHelloRetryRequestWithUnsupportedVersion, |b| b.retry_request(|h| *h.body(43) = vec![3, 3]);
    a_retry_without_version = Wrong::IllegalHelloRetryRequestWithUnsupportedVersion, |b| b.retry_request(|h| h.remove(43));
    a_retry_with_an_unoffered_suite = Wrong::IllegalHelloRetryRequestWithUnofferedCipherSuite, |b| b.retry_request(|h| h.suites = vec![0x1304]);
    a_retry_for_nothing = Wrong::IllegalHelloRetryRequestWithNoChanges, |b| b.retry_request(|h| {
        h.remove(51);
        h.remove(44);
    });
    a_retry_for_what_was_sent = Wrong::IllegalHelloRetryRequestWithOfferedGroup, |b| b.retry_request(|h| *h.body(51) = vec![0, 29]);
    a_retry_for_an_unoffered_group = Wrong::IllegalHelloRetryRequestWithUnofferedNamedGroup, |b| b.retry_request(|h| *h.body(51) = vec![1, 0]);
    a_retry_with_an_extension_twice = Wrong::DuplicateHelloRetryRequestExtensions, |b| b.retry_request(|h| {
        let group = h.body(51).clone();
        h.add(51, &group);
    });
    a_retry_with_an_unknown_extension = Bad::UnknownHelloRetryRequestExtension, |b| b.retry_request(|h| h.add(0x7777, &[]));
    a_retry_with_a_misplaced_extension = Wrong::UnexpectedCleartextExtension, |b| b.retry_request(|h| h.add(10, &[0, 2, 0, 29]));
    a_retry_with_an_empty_cookie = like!(chitin::Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.retry_request(|h| *h.body(44) = vec![0, 0]);
    a_retry_with_compression = Bad::UnsupportedCompression, |b| b.retry_request(|h| h.compressions = vec![1]);
    another_legacy_version_after_the_retry = Wrong::LegacyVersionVariedAfterRetry, |b| b.second_server_hello(|h| h.version = 0x305);
    another_suite_after_the_retry = Wrong::SelectedDifferentCipherSuiteAfterRetry, |b| b.second_server_hello(|h| {
        h.suites = vec![if h.suites == [0x1302] { 0x1301 } else { 0x1302 }];
    });
    an_older_version_after_the_retry = Wrong::SelectedDifferentVersionAfterRetry, |b| b.second_server_hello(|h| h.remove(43));
    a_second_retry = Wrong::SecondHelloRetryRequest, |b| b.second_server_hello(|h| {
        // SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3.
        h.random = [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
            0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ];
    });

    // The message in its record.
    bytes_behind_the_retry = Wrong::KeyEpochWithPendingFragment, |b| b.record_of_retry(|record| {
        record.body.extend([2, 0]);
        vec![]
    });
    bytes_behind_the_hello = Wrong::KeyEpochWithPendingFragment, |b| b.first_record(Side::Server, |record| {
        record.body.extend([8, 0]);
        vec![]
    });
    a_whole_message_behind_the_hello = Wrong::KeyEpochWithPendingFragment, |b| b.first_record(Side::Server, |record| {
        record.body.extend(message(8, &[0, 0]));
        vec![]
    });
    an_alert_within_the_hello = Wrong::MessageInterleavedWithHandshakeMessage, |b| b.first_record(Side::Server, |record| {
        let tail = record.body.split_off(20);
        vec![Record { typ: 21, version: 0x303, body: vec![1, 90] }, Record { body: tail, ..*record }]
    });
    a_change_cipher_spec_within_the_hello = Wrong::MessageInterleavedWithHandshakeMessage, |b| b.first_record(Side::Server, |record| {
        let tail = record.body.split_off(20);
        vec![Record { typ: 20, version: 0x303, body: vec![1] }, Record { body: tail, ..*record }]
    });
    a_hello_request = chitin::Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::ServerHello],
        got_type: HandshakeType::HelloRequest,
    }, |b| b.first_record(Side::Server, |record| {
        record.body = message(0, &[]);
        vec![]
    });
}

/// A session id need not be one that we know how to make up: the server echoes whatever came.
#[test]
fn hellos_are_written_as_they_were_read() {
    let mut pair = testkit::pair::Pair::new(client(provider()), server(provider()))
        .tamper(
            Side::Client,
            testkit::hello::edit_record(0, |record| {
                assert_eq!(Hello::read(&record.body).write(), record.body);
                vec![]
            }),
        )
        .tamper(
            Side::Server,
            testkit::hello::edit_record(0, |record| {
                assert_eq!(Hello::read(&record.body).write(), record.body);
                vec![]
            }),
        );
    pair.handshake().unwrap();
}
