//! Messages after the handshake. RFC 8446 section 4.6.

use chitin::{Error, HandshakeType};
use testkit::hello::message;
use testkit::liar::Say;
use testkit::pair::Side;

use crate::bench::errors::{Bad, Wrong};
use crate::bench::extension;

/// A NewSessionTicket that is not to be kept, with this ticket and these extensions.
fn ticket(ticket: &[u8], extensions: &[u8]) -> Vec<u8> {
    let sized = testkit::hello::sized16;
    message(4, &[&[0; 4][..], &[7; 4], &[1, 1], &sized(ticket), &sized(extensions)].concat())
}

cases! {
    a_key_update_that_says_nothing = Bad::InvalidKeyUpdate, |b| b.says(Side::Client, vec![Say::handshake(&message(24, &[2]))]);
    an_empty_key_update = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| b.says(Side::Client, vec![Say::handshake(&message(24, &[]))]);
    a_long_key_update = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| b.says(Side::Client, vec![Say::handshake(&message(24, &[0, 0]))]);
    bytes_behind_a_key_update = Wrong::KeyEpochWithPendingFragment, |b| b.says(Side::Client, vec![
        Say::handshake(&[message(24, &[0]), message(24, &[0])].concat()),
    ]);
    data_under_the_key_before = Error::DecryptError, |b| b.says(Side::Client, vec![
        Say::handshake(&message(24, &[0])),
        Say::record(23, b"late"),
    ]);
    endless_key_updates = Wrong::TooManyKeyUpdateRequests, |b| {
        let (mut pair, _) = b.connected(Side::Client);
        for _ in 0..33 {
            pair.client.refresh_traffic_keys().unwrap();
        }
        b.fail(pair)
    };
    endless_tickets = Wrong::TooManyUselessRecords, |b| {
        let (mut pair, liar) = b.connected(Side::Server);
        liar.next(vec![Say::handshake(&ticket(b"t", &[]).repeat(256)), Say::handshake(&ticket(b"t", &[]))]);
        pair.send(Side::Server, b"!").expect_err("nobody complains").into()
    };
    an_empty_ticket = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.says(Side::Server, vec![Say::handshake(&ticket(&[], &[]))]);
    a_ticket_with_an_extension_twice = Wrong::DuplicateNewSessionTicketExtensions, |b| {
        b.says(Side::Server, vec![Say::handshake(&ticket(b"t", &extension(42, &[0; 4]).repeat(2)))])
    };
    a_ticket_with_a_misplaced_extension = Wrong::MisplacedServerExtension, |b| {
        b.says(Side::Server, vec![Say::handshake(&ticket(b"t", &extension(51, &[])))])
    };
    a_ticket_with_flags_in_another_form = Bad::NonMinimalFlags, |b| {
        b.says(Side::Server, vec![Say::handshake(&ticket(b"t", &extension(62, &[2, 1, 0])))])
    };
    a_ticket_with_an_empty_set_of_flags = Bad::IllegalEmptyList("flags"), |b| {
        b.says(Side::Server, vec![Say::handshake(&ticket(b"t", &extension(62, &[0])))])
    };
    a_ticket_for_a_server = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::KeyUpdate],
        got_type: HandshakeType::NewSessionTicket,
    }, |b| b.says(Side::Client, vec![Say::handshake(&ticket(b"t", &[]))]);
    a_second_handshake = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::KeyUpdate],
        got_type: HandshakeType::ClientHello,
    }, |b| b.says(Side::Client, vec![Say::handshake(&message(1, &[3; 50]))]);
    a_hello_request = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::NewSessionTicket, HandshakeType::KeyUpdate],
        got_type: HandshakeType::HelloRequest,
    }, |b| b.says(Side::Server, vec![Say::handshake(&message(0, &[]))]);
    /// Nobody has offered post_handshake_auth.
    a_late_certificate_request = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::NewSessionTicket, HandshakeType::KeyUpdate],
        got_type: HandshakeType::CertificateRequest,
    }, |b| b.says(Side::Server, vec![Say::handshake(&message(13, &[1, 7, 0, 0]))]);
}
