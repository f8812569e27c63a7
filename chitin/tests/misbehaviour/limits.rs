//! Record sizes and tickets that peers ask for or were asked for. RFC 8449 and RFC 9149.

use chitin::{Error, HandshakeType, Limits};
use testkit::hello::{edit_record, join_messages, sized16, split_messages};
use testkit::liar::{Liar, Say};
use testkit::pair::{Pair, Side};

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{Bench, Told, certificate_body, client, extension, provider, server};

const ENCRYPTED_EXTENSIONS: u8 = 8;
const FINISHED: u8 = 20;
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

/// A server that may hold as little as there is.
fn small() -> chitin::ServerConfig {
    let mut config = server(provider());
    config.limits.memory = Some(Limits::LEAST_MEMORY);
    config
}

/// A client whose first hello says that it is of this length.
fn announces(b: &Bench, config: chitin::ServerConfig, len: u16) -> Told {
    let say = move |record: &mut testkit::pair::Record| {
        record.body[1] = 0;
        record.body[2..4].copy_from_slice(&len.to_be_bytes());
        vec![]
    };
    b.fail(b.pair(client(provider()), config).tamper(Side::Client, edit_record(0, say)))
}

/// A server whose Finished is the header of another message, of which nothing more comes, behind a question that waits.
fn announces_behind_a_question(b: &Bench, memory: Option<usize>, header: [u8; 4]) -> Told {
    let liar = Liar::new();
    let (mut client, server) = (client(provider()), server(liar.provider(&provider())));
    client.limits.memory = memory;
    liar.script(move |meant| match (meant.key, meant.typ) {
        (0, 22) => {
            let mut messages = split_messages(&meant.body);
            let all = messages.len();
            messages.retain(|(typ, _)| *typ != FINISHED);
            let header: &[u8] = if messages.len() < all { &header } else { &[] };
            vec![Say::handshake(&[&join_messages(&messages), header].concat())]
        }
        _ => meant.honest(),
    });
    b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()).deferred())
}

cases! {
    /// 60,000 bytes and a header cost four times their length, and the names that they may have 48 KiB.
    more_than_there_is_memory_for = like!(Error::MemoryLimit {
        typ: HandshakeType::ClientHello,
        held: 0x8000..=0x1_4000,
        wanted: 289_168,
        limit: 196_608,
    }), |b| announces(b, small(), 0xea60);
    a_message_longer_than_is_configured = Bad::HandshakeMessageTooLong { typ: HandshakeType::ClientHello, len: 0x1001, limit: 0x1000 }, |b| {
        let mut config = server(provider());
        config.limits.handshake_message = 0x1000;
        announces(b, config, 0x1001)
    };
    a_long_message_behind_a_question = Bad::HandshakeMessageTooLong { typ: HandshakeType::Finished, len: 0x10_0000, limit: 64 }, |b| {
        announces_behind_a_question(b, None, [FINISHED, 0x10, 0, 0])
    };
    /// As a chain that is not compressed: four times, and a list.
    more_than_there_is_memory_for_behind_a_question = like!(Error::MemoryLimit {
        typ: HandshakeType::Certificate,
        wanted: 421_904,
        limit: 196_608,
        ..
    }), |b| announces_behind_a_question(b, Some(Limits::LEAST_MEMORY), [11, 1, 0x90, 0]);
    too_many_extensions = Bad::TooManyItems { what: "extensions", limit: 512 }, |b| b.client_hello(|h| {
        (0x5000..0x5200).for_each(|code| h.add(code, &[]));
    });
    /// A chain of 100 KiB that is sent as a few bytes costs four times what it says that it is, and a list.
    a_compressed_chain_is_as_long_as_it_says = like!(Error::MemoryLimit {
        typ: HandshakeType::CompressedCertificate,
        wanted: 421_888,
        limit: 196_608,
        ..
    }), |b| {
        let liar = Liar::new();
        let bomb = [&[0, 1, 1, 0x90, 0, 0, 0, 8][..], &[0; 8]].concat();
        liar.messages(move |typ, body| vec![if typ == 11 { (25, bomb.clone()) } else { (typ, body) }]);
        let mut client = client(provider());
        client.limits.memory = Some(Limits::LEAST_MEMORY);
        b.fail(b.pair(client, server(liar.provider(&provider()))).tamper(Side::Server, liar.tamper()))
    };
    too_many_certificates = Bad::TooManyItems { what: "certificates", limit: 256 }, |b| b.lying_server(|l| {
        l.edit(11, |body| *body = certificate_body(&[], &[(&[0x30, 0][..], &[][..]); 257]));
    });
    too_many_certificates_of_a_client = Bad::TooManyItems { what: "certificates", limit: 256 }, |b| b.lying_client(|l| {
        l.edit(11, |body| *body = certificate_body(&[], &[(&[0x30, 0][..], &[][..]); 257]));
    });
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
