//! Bounds of connections: the deadline in a program's hands, and what an error says of a limit.

use std::io::{Cursor, ErrorKind, Read, Write};
use std::time::Duration;

use chitin::{Deadline, Error, Guarded, InvalidMessage, Limits};
use testkit::configs::{ClientOpts, ServerOpts, client_config, server_config};
use testkit::hello::edit_hello;
use testkit::pair::{Pair, Side};
use testkit::pki::{KeyType, Pki};

#[test]
fn a_deadline_lends_a_socket_until_it_is_over() {
    let mut limits = Limits::default();
    assert_eq!(limits.handshake_time, Duration::from_secs(30));
    let left = limits.deadline().left().unwrap();
    assert!(left <= Duration::from_secs(30) && left > Duration::from_secs(20), "{left:?}");

    let mut told = Vec::new();
    let tell = |_: &mut Cursor<Vec<u8>>, left| {
        told.push(left);
        Ok(())
    };
    let mut guarded: Guarded<_, _> = limits.deadline().guard(Cursor::new(b"hello".to_vec()), tell);
    let mut first = [0; 2];
    guarded.read_exact(&mut first).unwrap();
    guarded.write_all(b"y").unwrap();
    assert_eq!(&first, b"he");
    drop(guarded);
    assert!(told.len() == 2 && told.iter().all(|left| *left <= Duration::from_secs(30)), "{told:?}");

    limits.handshake_time = Duration::ZERO;
    let mut late = limits.deadline().guard(Cursor::new(b"hello".to_vec()), |_: &mut _, _| Ok(()));
    assert_eq!(late.read(&mut first).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(late.write(&first).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_deadline_goes_by_the_clock_of_the_application() {
    let deadline = Deadline::starting_at(Duration::from_secs(7), Duration::from_secs(3));
    assert_eq!(deadline.left_at(Duration::from_secs(8)), Some(Duration::from_secs(2)));
    assert_eq!(deadline.left_at(Duration::from_secs(10)), None);
}

/// 512 extensions are as many as a hello may have, whatever its length.
#[test]
fn a_hello_of_too_many_extensions_says_what_and_how_many() {
    let pki = Pki::new();
    for (all, refused) in [(512, false), (513, true)] {
        let more = edit_hello(0, move |hello| {
            let codes = (0x4000..).take(all - hello.extensions.len());
            codes.for_each(|code| hello.add(code, &[]));
        });
        let client = client_config(pki.root.store(), &ClientOpts::default());
        let server = server_config(&pki.server(KeyType::P256), &ServerOpts::default());
        let mut pair = Pair::new(client, server).tamper(Side::Client, more);
        let error = pair.settle().unwrap_err().error;
        match error {
            Error::InvalidMessage(InvalidMessage::TooManyItems { what, limit }) => {
                assert!(refused);
                assert_eq!((what, limit), ("extensions", 512));
            }
            other => assert!(!refused, "{other:?}"),
        }
    }
}
