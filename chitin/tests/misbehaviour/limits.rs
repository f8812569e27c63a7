//! Record sizes and tickets that peers ask for or were asked for. RFC 8449 and RFC 9149.

use chitin::Error;
use testkit::hello::sized16;
use testkit::liar::{Liar, Say};
use testkit::pair::{Pair, Side};

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{Bench, Told, client, extension, provider, server};

const ENCRYPTED_EXTENSIONS: u8 = 8;
const RECORD_SIZE_LIMIT: u16 = 28;
const TICKET_REQUEST: u16 = 58;

/// Records of 1000 bytes, and a type byte.
const SIZE: Option<usize> = Some(1005);

/// A pair in which one side lies; both have agreed on records of 1000 bytes.
fn agreed(b: &Bench, lying: Side) -> (Pair, Liar) {
    let liar = Liar::new();
    let wrapped = liar.provider(&provider());
    let (mut client, mut server) = match lying {
        Side::Client => (client(wrapped), server(provider())),
        Side::Server => (client(provider()), server(wrapped)),
    };
    client.max_fragment_size = SIZE;
    server.max_fragment_size = SIZE;
    (b.pair(client, server).tamper(lying, liar.tamper()), liar)
}

/// Afterwards the one that lies sends an inner plaintext of so many zeros and a type.
fn sends(b: &Bench, lying: Side, inner: Vec<u8>) -> Told {
    let (mut pair, liar) = agreed(b, lying);
    pair.handshake().unwrap();
    // What is just short enough passes.
    liar.next(vec![Say::record(23, &[7; 1000])]);
    assert_eq!(pair.send(lying, b"!").unwrap(), [7; 1000]);
    liar.next(vec![Say::Inner(inner)]);
    pair.send(lying, b"!").expect_err("nobody complains").into()
}

fn says_extension(b: &Bench, extensions: Vec<u8>) -> Told {
    let liar = Liar::new();
    let (mut client, server) = (client(provider()), server(liar.provider(&provider())));
    // The largest, so that the flight is one record.
    client.max_fragment_size = Some(16_389);
    let pair = b.pair(client, server).tamper(Side::Server, liar.tamper());
    liar.edit(ENCRYPTED_EXTENSIONS, move |body| *body = sized16(&extensions));
    b.fail(pair)
}

fn padded(content: usize, padding: usize) -> Vec<u8> {
    [vec![7; content], vec![23], vec![0; padding]].concat()
}

cases! {
    a_record_size_that_is_too_small = Wrong::OfferedTooSmallRecordSizeLimit, |b| b.client_hello(|h| h.add(RECORD_SIZE_LIMIT, &[0, 63]));
    no_record_size = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| b.client_hello(|h| h.add(RECORD_SIZE_LIMIT, &[64]));
    a_record_size_and_more = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| b.client_hello(|h| h.add(RECORD_SIZE_LIMIT, &[64, 0, 0]));
    a_record_size_of_a_server_that_is_too_small = Wrong::OfferedTooSmallRecordSizeLimit, |b| says_extension(b, extension(RECORD_SIZE_LIMIT, &[0, 63]));
    a_record_size_that_was_not_asked_for = Wrong::UnsolicitedEncryptedExtension, |b| b.lying_server(|l| {
        l.edit(ENCRYPTED_EXTENSIONS, |body| *body = sized16(&extension(RECORD_SIZE_LIMIT, &[64, 0])));
    });
    a_byte_more_than_agreed = Error::PeerSentOversizedRecord, |b| sends(b, Side::Server, padded(1001, 0));
    a_byte_more_than_agreed_of_a_client = Error::PeerSentOversizedRecord, |b| sends(b, Side::Client, padded(1001, 0));
    more_padding_than_agreed = Error::PeerSentOversizedRecord, |b| sends(b, Side::Server, padded(1, 1000));
    more_padding_than_agreed_of_a_client = Error::PeerSentOversizedRecord, |b| sends(b, Side::Client, padded(1000, 1));
    half_a_ticket_request = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| b.client_hello(|h| h.add(TICKET_REQUEST, &[1]));
    tickets_that_were_not_asked_for = Wrong::UnsolicitedEncryptedExtension, |b| says_extension(b, extension(TICKET_REQUEST, &[1]));
    another_ticket_request_after_a_retry = Wrong::UnexpectedChangesInSecondClientHello, |b| b.second_client_hello(|h| h.add(TICKET_REQUEST, &[1, 1]));
}
