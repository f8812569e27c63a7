//! Records that nobody may send. RFC 8446 section 5.

use chitin::{ContentType, Error};
use testkit::liar::Say;
use testkit::pair::{Record, Side};

use crate::bench::errors::{Bad, Wrong};

fn clear(typ: u8, body: &[u8]) -> Record {
    Record { typ, version: 0x303, body: body.to_vec() }
}

/// The client's hello comes as it is, and then these.
macro_rules! behind_the_hello {
    ($b:expr, $records:expr) => {
        $b.first_record(Side::Client, |_| $records)
    };
}

cases! {
    // In the clear.
    an_unknown_type = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::Unknown(99),
    }, |b| b.first_record(Side::Client, |r| { r.typ = 99; vec![] });
    an_unknown_version = Bad::UnknownProtocolVersion, |b| b.first_record(Side::Client, |r| { r.version = 0x203; vec![] });
    plain_http = Bad::InvalidContentType, |b| b.first_record(Side::Client, |r| {
        (r.typ, r.version) = (b'G', 0x4554);
        vec![]
    });
    a_record_that_is_too_long = Bad::MessageTooLarge, |b| b.first_record(Side::Client, |r| { r.body = vec![1; (1 << 14) + 1]; vec![] });
    a_record_without_content = Bad::InvalidEmptyPayload, |b| b.first_record(Side::Client, |r| { r.body = vec![]; vec![] });
    a_heartbeat = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::Heartbeat,
    }, |b| b.first_record(Side::Client, |r| { r.typ = 24; vec![] });
    a_change_cipher_spec_before_everything = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::ChangeCipherSpec,
    }, |b| b.first_record(Side::Client, |r| { *r = clear(20, &[1]); vec![] });
    a_change_cipher_spec_of_another_kind = Wrong::IllegalMiddleboxChangeCipherSpec, |b| behind_the_hello!(b, vec![clear(20, &[2])]);
    a_long_change_cipher_spec = Wrong::IllegalMiddleboxChangeCipherSpec, |b| behind_the_hello!(b, vec![clear(20, &[1, 1])]);
    too_many_change_cipher_specs = Wrong::TooManyChangeCipherSpecs, |b| behind_the_hello!(b, vec![clear(20, &[1]); 5]);
    half_an_alert = Bad::MessageTooShort, |b| b.first_record(Side::Client, |r| { *r = clear(21, &[2]); vec![] });
    an_alert_and_more = Bad::TrailingData("alert"), |b| b.first_record(Side::Client, |r| { *r = clear(21, &[2, 40, 0]); vec![] });
    an_alert_of_another_level = Wrong::UnknownAlertLevel, |b| b.first_record(Side::Client, |r| { *r = clear(21, &[3, 40]); vec![] });
    too_many_warnings = Wrong::TooManyWarningAlertsReceived, |b| b.first_record(Side::Client, |r| {
        *r = clear(21, &[1, 90]);
        vec![r.clone(); 4]
    });
    a_fatal_alert = Error::AlertReceived(40.into()), |b| b.first_record(Side::Client, |r| { *r = clear(21, &[2, 40]); vec![] });
    /// The level says nothing in TLS 1.3. RFC 8446 section 6.
    a_fatal_alert_that_says_it_is_a_warning = Error::AlertReceived(112.into()), |b| b.first_record(Side::Client, |r| {
        *r = clear(21, &[1, 112]);
        vec![]
    });
    a_message_in_the_clear_after_keys = Error::InappropriateMessage {
        expect_types: vec![ContentType::ApplicationData],
        got_type: ContentType::Handshake,
    }, |b| b.lying_server(|l| l.script(|_| vec![Say::Raw(clear(22, &[8, 0, 0, 2, 0, 0]))]));
    an_alert_in_the_clear_after_keys = Error::InappropriateMessage {
        expect_types: vec![ContentType::ApplicationData],
        got_type: ContentType::Alert,
    }, |b| b.lying_server(|l| l.script(|_| vec![Say::Raw(clear(21, &[2, 40]))]));

    // Under protection.
    a_forged_record = Error::DecryptError, |b| b.says(Side::Client, vec![Say::Raw(clear(23, &[7; 40]))]);
    a_record_that_is_shorter_than_a_tag = Error::DecryptError, |b| b.says(Side::Client, vec![Say::Raw(clear(23, &[7; 5]))]);
    a_record_without_anything = Error::DecryptError, |b| b.says(Side::Client, vec![Say::Raw(clear(23, &[]))]);
    a_sealed_record_that_is_too_long = Bad::MessageTooLarge, |b| b.says(Side::Client, vec![Say::Raw(clear(23, &[7; (1 << 14) + 257]))]);
    nothing_but_padding = Wrong::IllegalTlsInnerPlaintext, |b| b.says(Side::Client, vec![Say::Inner(vec![0; 9])]);
    more_content_than_allowed = Error::PeerSentOversizedRecord, |b| b.says(Side::Client, vec![Say::record(23, &[7; (1 << 14) + 1])]);
    more_padding_than_allowed = Error::PeerSentOversizedRecord, |b| b.says(Side::Server, vec![Say::record(23, &[0; (1 << 14) + 1])]);
    a_sealed_record_of_no_message = Wrong::EmptyHandshakeRecord, |b| b.says(Side::Client, vec![Say::handshake(&[])]);
    a_padded_record_of_no_message = Wrong::EmptyHandshakeRecord, |b| b.says(Side::Client, vec![Say::Inner(vec![22, 0, 0])]);
    a_sealed_record_of_no_alert = Wrong::EmptyAlertOrCcsRecord, |b| b.says(Side::Client, vec![Say::record(21, &[])]);
    a_sealed_change_cipher_spec = Wrong::IllegalMiddleboxChangeCipherSpec, |b| b.says(Side::Client, vec![Say::record(20, &[1])]);
    a_late_change_cipher_spec = Wrong::IllegalMiddleboxChangeCipherSpec, |b| b.says(Side::Client, vec![Say::Raw(clear(20, &[1]))]);
    a_sealed_record_of_unknown_type = Error::InappropriateMessage {
        expect_types: vec![ContentType::ApplicationData, ContentType::Handshake, ContentType::Alert],
        got_type: ContentType::from(99),
    }, |b| b.says(Side::Client, vec![Say::record(99, &[1])]);
    too_many_records_without_content = Wrong::TooManyEmptyFragments, |b| b.says(Side::Client, vec![Say::record(23, &[]); 33]);
    data_before_finished = Error::InappropriateMessage {
        expect_types: vec![ContentType::Handshake],
        got_type: ContentType::ApplicationData,
    }, |b| b.lying_server(|l| l.script(|_| vec![Say::record(23, b"too early")]));
    data_within_a_message = Wrong::MessageInterleavedWithHandshakeMessage, |b| b.says(Side::Client, vec![
        Say::handshake(&[24, 0]),
        Say::record(23, b"data"),
    ]);
    a_sealed_alert = Error::AlertReceived(80.into()), |b| b.says(Side::Client, vec![Say::alert(2, 80)]);
    sealed_warnings = Wrong::TooManyWarningAlertsReceived, |b| b.says(Side::Server, vec![Say::alert(1, 90); 5]);
    two_alerts_in_a_record = Bad::TrailingData("alert"), |b| b.says(Side::Client, vec![Say::record(21, &[1, 90, 1, 90])]);
}
