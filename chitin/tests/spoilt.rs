//! A pair in memory whose bytes are cut, spoilt, lost, doubled and put in another order.
//!
//! Whatever happens on the way, nobody hangs, nobody panics, and no wrong byte arrives. All of this holds for stock
//! rustls 0.23 too, except that it lets the larger records of TLS 1.2 through to decryption.

use chitin::client::Resumption;
use chitin::{
    AlertDescription, ClientConfig, Error, HandshakeKind, InvalidMessage, NamedGroup, ServerConfig,
};
use testkit::configs::{ClientAuth, ClientOpts, ServerOpts, client_config, server_config};
use testkit::pair::{Chop, Failed, Pair, Record, Side, Tamper, tamper};
use testkit::pki::{KeyType, Pki};

const CHOPS: [Chop; 5] = [Chop::Whole, Chop::Records, Chop::Bytes(1), Chop::Bytes(7), Chop::Bytes(4096)];

/// Ed25519 leaves, so that signatures and with them records have the same lengths each time.
fn configs(pki: &Pki, groups: &[NamedGroup]) -> (ClientConfig, ServerConfig) {
    let client_opts = ClientOpts { identity: Some(pki.client(KeyType::Ed25519)), ..Default::default() };
    let server_opts = ServerOpts {
        groups: groups.to_vec(),
        client_auth: ClientAuth::Required(pki.root.store()),
        ..Default::default()
    };
    let mut client = client_config(pki.root.store(), &client_opts);
    // Each connection is to look like the first, and to end with Finished: nobody misses a lost ticket.
    client.resumption = Resumption::disabled();
    let mut server = server_config(&pki.server(KeyType::Ed25519), &server_opts);
    server.send_tls13_tickets = 0;
    (client, server)
}

fn pair(pki: &Pki) -> Pair {
    let (client, server) = configs(pki, &[]);
    Pair::new(client, server)
}

#[test]
fn any_chop_gives_the_same_connection() {
    let pki = Pki::new();
    // P-384 is offered without a share, so this handshake takes the longest way.
    let cells = [
        (&[][..], HandshakeKind::Full),
        (&[NamedGroup::secp384r1][..], HandshakeKind::FullWithHelloRetryRequest),
    ];
    for (groups, kind) in cells {
        for chop in CHOPS {
            let (client, server) = configs(&pki, groups);
            let mut pair = Pair::new(client, server).chop(chop);
            pair.handshake().unwrap();
            assert_eq!(pair.client.handshake_kind(), Some(kind));
            assert_eq!(pair.server.handshake_kind(), Some(kind));
            let data: Vec<u8> = (0..40_000u32).map(|i| (i % 251) as u8).collect();
            for from in [Side::Client, Side::Server] {
                assert!(pair.send(from, &data).unwrap() == data, "{chop:?} {from:?}");
            }
            pair.close(Side::Client).unwrap();
            assert_eq!(pair.hang_up(Side::Server).unwrap(), 0);
            assert_eq!(pair.hang_up(Side::Client).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
        }
    }
}

/// Every bit of every handshake record matters: no spoilt handshake completes on the side that was lied to.
#[test]
fn no_flipped_bit_goes_unseen_in_the_handshake() {
    let pki = Pki::new();
    let (client, server) = configs(&pki, &[]);
    let (client, server) = (std::sync::Arc::new(client), std::sync::Arc::new(server));
    let mut honest = Pair::new(client.clone(), server.clone());
    honest.handshake().unwrap();
    for side in [Side::Client, Side::Server] {
        for (number, record) in Record::split(honest.flown(side)).iter().enumerate() {
            let bits = record.body.len() * 8;
            // A few dozen bits of each record, its ends among them.
            for bit in (0..bits).step_by((bits / 24).max(1)).chain([bits - 1]) {
                let mut pair =
                    Pair::new(client.clone(), server.clone()).tamper(side, tamper::flip_bit(number, bit));
                if pair.settle().is_ok() {
                    // Nobody noticed at once; then somebody must still wait for what will not come.
                    assert!(!pair.is_done(), "{side:?}, record {number}, bit {bit}");
                }
            }
        }
    }
}

/// What becomes of one record of application data.
#[test]
fn spoilt_application_data_is_refused() {
    let pki = Pki::new();
    for from in [Side::Client, Side::Server] {
        let cells: [(&str, Make); 6] = [
            ("first bit", || first(tamper::flip_bit(0, 0))),
            ("last bit of the tag", || {
                first(tamper::map(0, |record| *record.body.last_mut().unwrap() ^= 0x80))
            }),
            ("lost", || first(tamper::drop_record(0))),
            ("twice", || first(tamper::duplicate(0))),
            ("swapped", || first(tamper::swap_with_next(0))),
            ("cut", || first(tamper::truncate(0, 10))),
        ];
        for (cell, tamper) in cells {
            let mut pair = pair(&pki);
            pair.handshake().unwrap();
            let mut pair = pair.tamper(from, tamper());
            // Two records: the second shows what the first was worth.
            let outcome = pair.send(from, b"one").and_then(|_| pair.send(from, b"two"));
            let Err(failed) = outcome else { panic!("{cell} {from:?}: {outcome:?}") };
            assert_eq!(failed.error, Error::DecryptError, "{cell} {from:?}");
            assert_eq!(
                failed.echo,
                Some(Error::AlertReceived(AlertDescription::BadRecordMac)),
                "{cell} {from:?}"
            );
            let arrived = pair.arrived(from);
            assert!(arrived.is_empty() || (cell == "twice" && arrived == b"one"), "{cell}: {arrived:?}");
        }
    }
}

/// Makes a tamper anew for each pair.
type Make = fn() -> Tamper;

/// Counts records from the moment the tamper is put in.
fn first(mut inner: Tamper) -> Tamper {
    let mut number = 0;
    Box::new(move |_, record| {
        number += 1;
        inner(number - 1, record)
    })
}

#[test]
fn an_oversized_record_is_refused_unread() {
    let pki = Pki::new();
    // RFC 8446 section 5.2: a protected record is at most 2^14 + 256 long.
    let mut pair = pair(&pki);
    pair.handshake().unwrap();
    let head = [23, 3, 3, 0x41, 0x01];
    let failed = pair.give(Side::Server, &head).unwrap_err();
    assert_eq!(failed.error, Error::InvalidMessage(InvalidMessage::MessageTooLarge));
    assert_eq!(failed.echo, Some(Error::AlertReceived(AlertDescription::RecordOverflow)));
}

#[test]
fn rubbish_instead_of_a_hello_is_refused() {
    let pki = Pki::new();
    for rubbish in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], &[0; 64], &[0xff; 64], &[22, 3, 1, 0, 0]]
    {
        let Failed { side, last_words, .. } = *pair(&pki).give(Side::Server, rubbish).unwrap_err();
        assert_eq!(side, Side::Server);
        // A plain fatal alert: RFC 8446 sections 5.1 and 6.
        assert!(matches!(last_words[..], [21, 3, 3, 0, 2, 2, _]), "{last_words:?}");
    }
}

#[test]
fn a_lost_record_stalls_or_breaks_the_handshake() {
    let pki = Pki::new();
    let (client, server) = configs(&pki, &[]);
    let (client, server) = (std::sync::Arc::new(client), std::sync::Arc::new(server));
    let mut honest = Pair::new(client.clone(), server.clone());
    honest.handshake().unwrap();
    for side in [Side::Client, Side::Server] {
        for (number, record) in Record::split(honest.flown(side)).iter().enumerate() {
            let half = record.body.len() / 2;
            let changes = [
                ("lost", tamper::drop_record(number)),
                ("twice", tamper::duplicate(number)),
                ("cut", tamper::truncate(number, half)),
            ];
            for (cell, change) in changes {
                let mut pair = Pair::new(client.clone(), server.clone()).tamper(side, change);
                let smooth = pair.settle().is_ok() && pair.is_done();
                // RFC 8446 section 5: change_cipher_spec means nothing, so losing or repeating it may go by.
                assert!(
                    !smooth || record.typ == 20,
                    "{side:?}, record {number}, {cell}: {} bytes",
                    record.body.len()
                );
            }
        }
    }
}
