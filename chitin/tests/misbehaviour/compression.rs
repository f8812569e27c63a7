//! Compressed certificates of a server and of a client that lie. RFC 8879.

use chitin::compress::{CertCompressor, CertDecompressor, DecompressionFailed};
use chitin::{CertificateCompressionAlgorithm, Error, HandshakeType};
use testkit::liar::Liar;
use testkit::packing::{FIRST, MARK, SECOND};
use testkit::pair::Side;

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{
    Bench, Told, asking_server, chain_body, client, client_with_certificate, extension, provider, server,
    world,
};
use testkit::hello::{edit_hello, sized16};

const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const COMPRESSED: u8 = 25;

const DECOMPRESSOR: &[&dyn CertDecompressor] = &[&FIRST];
const COMPRESSOR: &[&dyn CertCompressor] = &[&FIRST];

/// Both sides know the first algorithm, and a server lies in its flight.
fn lying_server(b: &Bench, lie: fn(&Liar)) -> Told {
    let liar = Liar::new();
    let (mut client, mut server) = (client(provider()), server(liar.provider(&provider())));
    client.cert_decompressors = DECOMPRESSOR.to_vec();
    server.cert_compressors = COMPRESSOR.to_vec();
    lie(&liar);
    b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()))
}

/// The same of a client that shows a certificate.
fn lying_client(b: &Bench, lie: fn(&Liar)) -> Told {
    let liar = Liar::new();
    let (mut client, mut server) =
        (client_with_certificate(liar.provider(&provider())), asking_server(provider()));
    client.cert_compressors = COMPRESSOR.to_vec();
    server.cert_decompressors = DECOMPRESSOR.to_vec();
    lie(&liar);
    b.fail(b.pair(client, server).tamper(Side::Client, liar.tamper()))
}

/// The body of a CompressedCertificate.
fn compressed(algorithm: u16, len: usize, packed: &[u8]) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap().to_be_bytes()[1..].to_vec();
    [&algorithm.to_be_bytes()[..], &number(len), &number(packed.len()), packed].concat()
}

fn packed(plain: &[u8]) -> Vec<u8> {
    [&[MARK], plain].concat()
}

fn says(liar: &Liar, body: Vec<u8>) {
    liar.edit(COMPRESSED, move |old| *old = body.clone());
}

/// Never gets that far.
#[derive(Debug)]
struct Exploding;

impl CertDecompressor for Exploding {
    fn decompress(&self, _: &[u8], _: &mut [u8]) -> Result<(), DecompressionFailed> {
        panic!("on purpose")
    }

    fn algorithm(&self) -> CertificateCompressionAlgorithm {
        FIRST.0.into()
    }
}

fn exploding(b: &Bench, lie: fn(&Liar)) -> Told {
    let liar = Liar::new();
    let (mut client, mut server) = (client(provider()), server(liar.provider(&provider())));
    client.cert_decompressors = vec![&Exploding];
    server.cert_compressors = COMPRESSOR.to_vec();
    lie(&liar);
    b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()))
}

cases! {
    a_spoilt_stream = Wrong::InvalidCertCompression, |b| lying_server(b, |l| l.edit(COMPRESSED, |body| body[8] ^= 1));
    more_than_announced = Wrong::InvalidCertCompression, |b| lying_server(b, |l| l.edit(COMPRESSED, |body| body[4] ^= 1));
    a_spoilt_stream_of_a_client = Wrong::InvalidCertCompression, |b| lying_client(b, |l| l.edit(COMPRESSED, |body| body[8] ^= 1));
    less_than_announced_of_a_client = Wrong::InvalidCertCompression, |b| lying_client(b, |l| l.edit(COMPRESSED, |body| body[3] += 1));
    an_algorithm_that_was_not_offered = Wrong::SelectedUnofferedCertCompression, |b| lying_server(b, |l| l.edit(COMPRESSED, |body| body[1] ^= 3));
    an_algorithm_that_was_not_offered_of_a_client = Wrong::SelectedUnofferedCertCompression,
        |b| lying_client(b, |l| l.edit(COMPRESSED, |body| body[1] ^= 3));
    /// Refused by what it announces: the decompressor is not asked.
    a_bomb = Bad::CertificatePayloadTooLarge, |b| exploding(b, |l| says(l, compressed(FIRST.0, 100 * 1024 + 1, &[MARK])));
    the_largest_bomb_of_a_client = Bad::CertificatePayloadTooLarge, |b| lying_client(b, |l| says(l, compressed(FIRST.0, 0xff_ffff, &[MARK])));
    /// As large as a Certificate may be, and nothing in it.
    a_dud = Wrong::InvalidCertCompression, |b| lying_server(b, |l| says(l, compressed(FIRST.0, 100 * 1024, &[MARK])));
    a_panicking_decompressor = Error::CallbackPanicked("certificate decompressor"), |b| exploding(b, |_| {});
    a_compressed_chain_without_end = Bad::HandshakeMessageTooLong { typ: HandshakeType::CompressedCertificate, len: 103_425, limit: 103_424 },
        |b| lying_server(b, |l| says(l, compressed(FIRST.0, 5, &[MARK; 103_425 - 8])));
    nothing_compressed = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| lying_server(b, |l| says(l, compressed(FIRST.0, 5, &[])));
    a_byte_behind_it = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| lying_server(b, |l| l.edit(COMPRESSED, |body| body.push(0)));
    half_a_head = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| lying_server(b, |l| says(l, vec![0x7a, 1, 0]));
    /// The rules for a chain hold for one that was compressed.
    an_empty_chain_compressed = Wrong::ServerSentEmptyCertificateList, |b| lying_server(b, |l| {
        let plain = chain_body(&[]);
        says(l, compressed(FIRST.0, plain.len(), &packed(&plain)));
    });
    an_empty_message_compressed = like!(Error::InvalidMessage(Bad::MissingData(_))), |b| lying_server(b, |l| says(l, compressed(FIRST.0, 0, &[MARK])));
    a_chain_with_context_compressed = Wrong::WrongCertificateContext, |b| lying_client(b, |l| {
        let plain = [&[1, 9][..], &chain_body(&world().client.chain)[1..]].concat();
        says(l, compressed(FIRST.0, plain.len(), &packed(&plain)));
    });
    compressed_where_nothing_was_offered = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Certificate, HandshakeType::CertificateRequest],
        got_type: HandshakeType::CompressedCertificate,
    }, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        CERTIFICATE => vec![(COMPRESSED, compressed(1, body.len(), &body))],
        _ => vec![(typ, body)],
    }));
    compressed_by_a_client_where_nothing_was_offered = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Certificate],
        got_type: HandshakeType::CompressedCertificate,
    }, |b| b.lying_client(|l| l.messages(|typ, body| match typ {
        CERTIFICATE => vec![(COMPRESSED, compressed(1, body.len(), &body))],
        _ => vec![(typ, body)],
    }));
    two_chains = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::CertificateVerify],
        got_type: HandshakeType::CompressedCertificate,
    }, |b| lying_server(b, |l| l.messages(|typ, body| match typ {
        COMPRESSED => vec![(typ, body.clone()), (typ, body)],
        _ => vec![(typ, body)],
    }));
    an_algorithm_offered_twice = Wrong::OfferedDuplicateCertificateCompressions,
        |b| b.client_hello(|h| h.add(27, &[6, 0, 1, 0, 2, 0, 1]));
    an_algorithm_offered_twice_in_a_request = Wrong::OfferedDuplicateCertificateCompressions, |b| b.lying_server(|l| {
        l.messages(|typ, body| match typ {
            ENCRYPTED_EXTENSIONS => {
                let block = [extension(13, &[0, 2, 4, 3]), extension(27, &[4, 0x7a, 1, 0x7a, 1])].concat();
                vec![(typ, body), (CERTIFICATE_REQUEST, [&[0][..], &sized16(&block)].concat())]
            }
            _ => vec![(typ, body)],
        });
    });
    no_algorithm_offered = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.client_hello(|h| h.add(27, &[0]));
    half_an_algorithm_offered = like!(Error::InvalidMessage(_)), |b| b.client_hello(|h| h.add(27, &[3, 0, 1, 0]));
    other_algorithms_after_a_retry = Wrong::UnexpectedChangesInSecondClientHello, |b| {
        let mut client = client(provider());
        client.cert_decompressors = vec![&FIRST, &SECOND];
        let server = server(crate::bench::retrying());
        b.fail(b.pair(client, server).tamper(Side::Client, edit_hello(1, |h| *h.body(27) = vec![2, 0x7a, 1])))
    };
}
