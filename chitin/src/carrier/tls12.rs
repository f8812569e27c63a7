//! What TLS 1.2 adds to the carrier: the form of its records, and keys that change at a ChangeCipherSpec.
//!
//! QUIC has TLS 1.3 alone (RFC 9001 section 4.2): its flows do not come here.

use crate::carrier::{Carrier, Direction};
use crate::crypto::suites::Tls12CipherSuite;
use crate::error::Error;
use crate::observe::KeyLevel;
use crate::schedule::tls12::KeyHalf;

impl Carrier {
    /// The version is TLS 1.2: records have its form from here on, and the peer's ChangeCipherSpec is given to the flow.
    pub(crate) fn set_version12(&mut self) {
        let Self::Records(records) = self else { return };
        records.open.set_version12();
        records.seal.set_version12();
    }

    /// One direction switches to these keys. For reading, that is exactly where the peer's ChangeCipherSpec was taken.
    pub(crate) fn install_tls12(
        &mut self,
        direction: Direction,
        half: KeyHalf,
        suite: &'static Tls12CipherSuite,
    ) {
        let Self::Records(records) = self else { return };
        let KeyHalf { key, nonces } = half;
        let (aead, (iv, extra)) = (suite.aead_alg, nonces.parts());
        match direction {
            Direction::Read => records.install_read(aead.decrypter(key, iv), KeyLevel::Traffic),
            Direction::Write => records.install_write(
                aead.encrypter(key, iv, extra),
                suite.common.confidentiality_limit,
                KeyLevel::Traffic,
            ),
        }
    }

    /// Our own ChangeCipherSpec: the record, and behind it the keys. RFC 5246 section 7.1.
    pub(crate) fn change_cipher_spec(
        &mut self,
        half: KeyHalf,
        suite: &'static Tls12CipherSuite,
    ) -> Result<(), Error> {
        let Self::Records(records) = self else { return Ok(()) };
        records.send_ccs()?;
        self.install_tls12(Direction::Write, half, suite);
        Ok(())
    }
}

#[cfg(test)]
#[cfg(all(feature = "aws_lc_rs", feature = "std"))]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::carrier::Records;
    use crate::crypto::suites::SupportedCipherSuite;
    use crate::crypto::tested::all_cipher_suites;
    use crate::names::{AlertDescription, AlertLevel, ContentType, Side};
    use crate::record::open::{Place, Pulled};
    use crate::schedule::tls12::{KeyBlock, MasterSecret, Randoms};
    use crate::secret::Secret;

    fn keys(suite: &'static Tls12CipherSuite) -> KeyBlock {
        let randoms = Randoms { client: [1; 32], server: [2; 32] };
        MasterSecret::resumed(suite, Secret::new(&[3; 48]), true).key_block(&randoms)
    }

    fn one_record(carrier: &mut Carrier, wire: &mut Vec<u8>) -> Result<(ContentType, Vec<u8>), Error> {
        let Carrier::Records(records) = carrier else { panic!("these are records") };
        match records.open.pull(wire, None)? {
            Pulled::Record { typ, body: Place::Input(body), end } => {
                let body = wire[body].to_vec();
                wire.drain(..end);
                Ok((typ, body))
            }
            other => panic!("{other:?}"),
        }
    }

    fn sent(carrier: &mut Carrier) -> Vec<u8> {
        let Carrier::Records(records) = carrier else { panic!("these are records") };
        let wire = records.out.pending().to_vec();
        records.out.advance(wire.len());
        wire
    }

    /// One writes in the clear, changes its keys and goes on; the other follows.
    fn change(
        from: &mut Carrier,
        to: &mut Carrier,
        write: KeyHalf,
        read: KeyHalf,
        suite: &'static Tls12CipherSuite,
    ) {
        from.send_flight(b"in the clear").unwrap();
        from.change_cipher_spec(write, suite).unwrap();
        from.send_flight(b"finished").unwrap();
        from.send_alert(AlertLevel::Warning, AlertDescription::CloseNotify);
        let mut wire = sent(from);
        assert!(!wire.windows(8).any(|window| window == b"finished"));
        assert_eq!(one_record(to, &mut wire), Ok((ContentType::Handshake, b"in the clear".to_vec())));
        assert_eq!(one_record(to, &mut wire), Ok((ContentType::ChangeCipherSpec, vec![1])));
        let epoch = to.read_epoch();
        to.install_tls12(Direction::Read, read, suite);
        assert_ne!(to.read_epoch(), epoch);
        assert_eq!(one_record(to, &mut wire), Ok((ContentType::Handshake, b"finished".to_vec())));
        assert_eq!(one_record(to, &mut wire), Ok((ContentType::Alert, vec![1, 0])));
        assert!(wire.is_empty());
        let levels = (from.level(Direction::Write), to.level(Direction::Read));
        assert_eq!(levels, (KeyLevel::Traffic, KeyLevel::Traffic));
    }

    #[test]
    fn both_directions_change_where_the_change_is() {
        let suites = all_cipher_suites().iter().filter_map(|suite| match suite {
            SupportedCipherSuite::Tls12(suite) => Some(*suite),
            SupportedCipherSuite::Tls13(_) => None,
        });
        for suite in suites {
            let mut client = Carrier::Records(Records::new(Side::Client));
            let mut server = Carrier::Records(Records::new(Side::Server));
            client.set_version12();
            server.set_version12();
            let (of_client, of_server) = (keys(suite), keys(suite));
            change(&mut client, &mut server, of_client.client, of_server.client, suite);
            change(&mut server, &mut client, of_server.server, of_client.server, suite);
            // One's keys are not the other's.
            client.send_flight(b"x").unwrap();
            let mut wire = sent(&mut client);
            assert_eq!(one_record(&mut client, &mut wire), Err(Error::DecryptError));
        }
    }
}
