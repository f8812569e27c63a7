//! Every message under protection, spoilt before it is sealed: the record layer finds nothing wrong, so the flows have to see it.
//!
//! Both flights of a mutual handshake, then tickets. Whoever reads refuses with the alert that the error documents; a
//! length that grew makes it wait, and no more than that.

use std::sync::{Arc, Mutex, OnceLock};

use testkit::hello::{join_messages, message, split_messages};
use testkit::liar::{Liar, Meant, Say};
use testkit::pair::{Pair, Side};
use testkit::pki::{Identity, KeyType, Spec};

use crate::bench::{Told, asking_server_of, client, client_of, documented_alert, provider, server, world};

/// A mutual handshake in which one side's flight under the handshake keys is what `change` makes of it.
fn mutual(lying: Side, mut change: impl FnMut(Vec<u8>) -> Vec<u8> + Send + 'static) -> Pair {
    // Signatures of Ed25519 have one length, so that a position means the same in every run.
    static IDENTITIES: OnceLock<[Identity; 2]> = OnceLock::new();
    let [of_client, of_server] = IDENTITIES.get_or_init(|| {
        let issuing = &world().issuing;
        [issuing.issue(&Spec::client(KeyType::Ed25519)), issuing.issue(&Spec::server(KeyType::Ed25519))]
    });
    let liar = Liar::new();
    let wrapped = liar.provider(&provider());
    liar.script(move |meant: Meant| match (meant.key, meant.typ) {
        (0, 22) => change(meant.body).chunks(1 << 14).map(Say::handshake).collect(),
        _ => meant.honest(),
    });
    let pair = match lying {
        Side::Client => Pair::new(client_of(wrapped, of_client), asking_server_of(provider(), of_server)),
        Side::Server => Pair::new(client_of(provider(), of_client), asking_server_of(wrapped, of_server)),
    };
    pair.tamper(lying, liar.tamper())
}

/// The flight as it is meant.
fn honest(lying: Side) -> Vec<u8> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let to = seen.clone();
    let mut pair = mutual(lying, move |flight| {
        to.lock().unwrap().extend(&flight);
        flight
    });
    pair.handshake().unwrap();
    assert!(pair.is_done());
    let flight = seen.lock().unwrap().clone();
    assert!(flight.len() > 500, "only {} bytes", flight.len());
    flight
}

/// Somebody refuses it, with the right alert, or waits for ever if that is allowed.
fn refused(mut pair: Pair, may_wait: bool, what: &str) {
    match pair.settle() {
        Err(failed) => {
            let told = Told::from(failed);
            assert_eq!(told.alert, documented_alert(&told.error), "{what}: {:?}", told.error);
        }
        Ok(()) => assert!(may_wait && !pair.is_done(), "{what}: nobody minds; done: {}", pair.is_done()),
    }
    assert!(pair.arrived(Side::Client).is_empty() && pair.arrived(Side::Server).is_empty());
}

/// Where the lengths of messages stand in a flight.
fn lengths(flight: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut lengths = Vec::new();
    for (_, body) in split_messages(flight) {
        lengths.extend(at + 1..at + 4);
        at += 4 + body.len();
    }
    lengths
}

fn every_bit(lying: Side) {
    let flight = honest(lying);
    let lengths = lengths(&flight);
    for at in 0..flight.len() {
        for bit in [at % 8, (at + 3) % 8] {
            let pair = mutual(lying, move |mut flight| {
                flight[at] ^= 1 << bit;
                flight
            });
            refused(
                pair,
                lengths.contains(&at),
                &format!("bit {bit} of byte {at} of the {lying:?}'s flight"),
            );
        }
    }
}

#[test]
fn every_byte_of_the_servers_flight() {
    every_bit(Side::Server);
}

#[test]
fn every_byte_of_the_clients_flight() {
    every_bit(Side::Client);
}

/// What may be done to one message among others.
fn changes(number: usize, messages: &[(u8, Vec<u8>)]) -> Vec<Vec<u8>> {
    let (typ, body) = &messages[number];
    let around = |instead: &[Vec<u8>]| {
        let (before, after) = (join_messages(&messages[..number]), join_messages(&messages[number + 1..]));
        [before, instead.concat(), after].concat()
    };
    let mut changed = vec![
        around(&[]),
        around(&[message(*typ, body), message(*typ, body)]),
        around(&[message(*typ, &[&body[..], &[0]].concat())]),
        around(&[message(*typ, &[&[0], &body[..]].concat())]),
        around(&[message(*typ, &vec![0; 110 * 1024])]),
        around(&[message(0x63, body)]),
        around(&[message(24, &[0]), message(*typ, body)]),
        around(&[message(20, &[7; 32]), message(*typ, body)]),
    ];
    changed.extend((0..body.len()).map(|len| around(&[message(*typ, &body[..len])])));
    if number + 1 < messages.len() {
        let mut swapped = messages.to_vec();
        swapped.swap(number, number + 1);
        changed.push(join_messages(&swapped));
    }
    changed
}

fn every_message(lying: Side) {
    let messages = split_messages(&honest(lying));
    for number in 0..messages.len() {
        for way in 0..changes(number, &messages).len() {
            let pair =
                mutual(lying, move |flight| changes(number, &split_messages(&flight)).swap_remove(way));
            // Without the last message there is nothing to mind yet.
            let may_wait = way == 0 && number == messages.len() - 1;
            refused(pair, may_wait, &format!("change {way} of message {number} of the {lying:?}"));
        }
    }
}

#[test]
fn every_message_of_the_server() {
    every_message(Side::Server);
}

#[test]
fn every_message_of_the_client() {
    every_message(Side::Client);
}

/// A ticket is the server's own business for the most part: whatever it says, the data behind it arrives, or it is refused.
#[test]
fn every_bit_of_a_ticket() {
    let honest = {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let to = seen.clone();
        let mut pair = ticketing(move |ticket| {
            to.lock().unwrap().extend(&ticket);
            ticket
        });
        pair.handshake().unwrap();
        let bytes = seen.lock().unwrap().clone();
        message(4, &split_messages(&bytes)[0].1)
    };
    let (mut fine, mut bad) = (0, 0);
    for at in 0..honest.len() {
        for bit in 0..8 {
            let mut pair = ticketing(move |mut tickets| {
                tickets[at] ^= 1 << bit;
                tickets
            });
            match pair.settle().and_then(|()| pair.send(Side::Server, b"data")) {
                Ok(data) => {
                    // A length that grew swallows the next ticket, but never data.
                    assert!(data == b"data", "bit {bit} of byte {at}");
                    fine += 1;
                }
                Err(failed) => {
                    let told = Told::from(failed);
                    assert_eq!(told.alert, documented_alert(&told.error), "bit {bit} of byte {at}");
                    bad += 1;
                }
            }
        }
    }
    assert!(fine > 100 && bad > 10, "{fine} were fine and {bad} were not");
}

/// A connection whose tickets are what `change` makes of them.
fn ticketing(mut change: impl FnMut(Vec<u8>) -> Vec<u8> + Send + 'static) -> Pair {
    let liar = Liar::new();
    let config = server(liar.provider(&provider()));
    liar.script(move |meant: Meant| match (meant.key, meant.typ) {
        (1, 22) => vec![Say::handshake(&change(meant.body))],
        _ => meant.honest(),
    });
    Pair::new(client(provider()), config).tamper(Side::Server, liar.tamper())
}
