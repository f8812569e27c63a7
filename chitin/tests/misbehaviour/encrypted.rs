//! Messages under the handshake keys, of a server and of a client that lie. RFC 8446 sections 4.3 and 4.4.

use chitin::{CertificateError, Error, HandshakeType};

use crate::bench::errors::{Bad, Wrong};
use crate::bench::{certificate_body, chain_body, client, extension, provider, server, world};
use testkit::hello::sized16;
use testkit::liar::{Liar, Say};
use testkit::pair::{Pair, Side};

const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

/// The server's EncryptedExtensions are just these.
fn says_extensions(liar: &Liar, block: Vec<u8>) {
    liar.edit(ENCRYPTED_EXTENSIONS, move |body| *body = sized16(&block));
}

/// A CertificateRequest follows EncryptedExtensions.
fn asks(liar: &Liar, request: Vec<u8>) {
    liar.messages(move |typ, body| match typ {
        ENCRYPTED_EXTENSIONS => vec![(typ, body), (CERTIFICATE_REQUEST, request.clone())],
        _ => vec![(typ, body)],
    });
}

/// The leaf comes with this block of extensions.
fn leaf_with(liar: &Liar, block: Vec<u8>) {
    liar.edit(CERTIFICATE, move |body| *body = certificate_body(&[], &[(world().server.leaf(), &block)]));
}

cases! {
    // A server's.
    an_unsolicited_extension = Wrong::UnsolicitedEncryptedExtension, |b| b.lying_server(|l| says_extensions(l, extension(0x7777, &[])));
    a_grease_extension_answered = Wrong::UnsolicitedEncryptedExtension, |b| b.lying_server(|l| says_extensions(l, extension(0x0a0a, &[])));
    an_extension_of_the_hello = Wrong::DisallowedEncryptedExtension, |b| b.lying_server(|l| says_extensions(l, extension(51, &[0, 29])));
    an_extension_twice = Bad::DuplicateExtension(0), |b| b.lying_server(|l| says_extensions(l, extension(0, &[]).repeat(2)));
    a_protocol_that_was_not_offered = Wrong::SelectedUnofferedApplicationProtocol, |b| {
        let liar = Liar::new();
        says_extensions(&liar, extension(16, &sized16(b"\x02h3")));
        let mut client = client(provider());
        client.alpn_protocols = vec![b"h2".to_vec()];
        let server = server(liar.provider(&provider()));
        b.fail(b.pair(client, server).tamper(Side::Server, liar.tamper()))
    };
    two_protocols = like!(Error::InvalidMessage(Bad::TrailingData(_))), |b| b.lying_server(|l| {
        says_extensions(l, extension(16, &sized16(b"\x02h2\x02h3")));
    });
    a_request_with_context = Wrong::NonEmptyCertificateRequestContext, |b| b.lying_server(|l| {
        asks(l, [&[1, 7][..], &sized16(&extension(13, &[0, 2, 4, 3]))].concat());
    });
    a_request_with_a_misplaced_extension = Wrong::MisplacedServerExtension, |b| b.lying_server(|l| {
        asks(l, [&[0][..], &sized16(&[extension(13, &[0, 2, 4, 3]), extension(51, &[])].concat())].concat());
    });
    /// rsa_pkcs1_sha256 is for certificates only.
    a_request_without_schemes_for_signing = crate::bench::errors::Lacks::NoCertificateRequestSignatureSchemesInCommon, |b| b.lying_server(|l| {
        asks(l, [&[0][..], &sized16(&extension(13, &[0, 2, 4, 1]))].concat());
    });
    a_request_without_schemes = Bad::NoSignatureSchemes, |b| b.lying_server(|l| asks(l, vec![0, 0, 0]));
    a_misplaced_extension_of_a_request = Wrong::MisplacedServerExtension, |b| b.lying_server(|l| {
        asks(l, [&[0][..], &sized16(&[extension(13, &[0, 2, 4, 3]), extension(51, &[])].concat())].concat());
    });
    a_chain_with_context = Wrong::WrongCertificateContext, |b| b.lying_server(|l| {
        l.edit(CERTIFICATE, |body| *body = certificate_body(&[7], &[(world().server.leaf(), &[])]));
    });
    an_unsolicited_extension_of_a_certificate = Wrong::UnsolicitedCertExtension, |b| b.lying_server(|l| leaf_with(l, extension(0x7777, &[])));
    timestamps_that_were_not_asked_for = Wrong::UnsolicitedCertExtension, |b| b.lying_server(|l| leaf_with(l, extension(18, &[0, 3, 0, 1, 7])));
    a_misplaced_extension_of_a_certificate = Wrong::BadCertChainExtensions, |b| b.lying_server(|l| leaf_with(l, extension(10, &[])));
    a_status_of_another_kind = Bad::InvalidCertificateStatusType, |b| b.lying_server(|l| leaf_with(l, extension(5, &[2, 0, 0, 1, 7])));
    an_empty_chain = Wrong::ServerSentEmptyCertificateList, |b| b.lying_server(|l| l.edit(CERTIFICATE, |body| *body = chain_body(&[])));
    an_empty_certificate = like!(Error::InvalidMessage(Bad::IllegalEmptyList(_))), |b| b.lying_server(|l| {
        l.edit(CERTIFICATE, |body| *body = certificate_body(&[], &[(&[], &[])]));
    });
    a_chain_without_end = like!(Error::InvalidMessage(Bad::HandshakeMessageTooLong { limit: 102_400, .. })), |b| b.lying_server(|l| {
        l.edit(CERTIFICATE, |body| *body = certificate_body(&[], &[(&[7; 100 * 1024], &[])]));
    });
    a_scheme_that_was_not_offered = Wrong::SignedHandshakeWithUnadvertisedSigScheme, |b| b.lying_server(|l| {
        l.edit(CERTIFICATE_VERIFY, |body| body[..2].copy_from_slice(&[0xfe, 0xfe]));
    });
    /// RSA PKCS #1 is for certificates only. RFC 8446 section 4.2.3.
    a_scheme_for_certificates = Wrong::SignedHandshakeWithUnadvertisedSigScheme, |b| b.lying_server(|l| {
        l.edit(CERTIFICATE_VERIFY, |body| body[..2].copy_from_slice(&[4, 1]));
    });
    a_scheme_of_another_key = like!(Error::InvalidCertificate(CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. })),
        |b| b.lying_server(|l| l.edit(CERTIFICATE_VERIFY, |body| body[..2].copy_from_slice(&[8, 7])));
    a_wrong_signature = CertificateError::BadSignature, |b| b.lying_server(|l| {
        l.edit(CERTIFICATE_VERIFY, |body| *body.last_mut().unwrap() ^= 1);
    });
    /// It is over the transcript, so any change before it is seen here at the latest.
    a_changed_message = CertificateError::BadSignature, |b| b.lying_server(|l| says_extensions(l, vec![]));
    a_wrong_finished = Wrong::IncorrectFinished, |b| b.lying_server(|l| l.edit(FINISHED, |body| body[0] ^= 1));
    a_short_finished = Wrong::IncorrectFinished, |b| b.lying_server(|l| l.edit(FINISHED, |body| body.truncate(12)));
    a_finished_without_end = Bad::HandshakeMessageTooLong { typ: HandshakeType::Finished, len: 65, limit: 64 }, |b| b.lying_server(|l| {
        l.edit(FINISHED, |body| body.resize(65, 0));
    });
    no_certificate_at_all = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Certificate, HandshakeType::CertificateRequest],
        got_type: HandshakeType::Finished,
    }, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        CERTIFICATE | CERTIFICATE_VERIFY => vec![],
        _ => vec![(typ, body)],
    }));
    no_proof_of_the_key = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::CertificateVerify],
        got_type: HandshakeType::Finished,
    }, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        CERTIFICATE_VERIFY => vec![],
        _ => vec![(typ, body)],
    }));
    a_message_twice = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::Certificate, HandshakeType::CertificateRequest],
        got_type: HandshakeType::EncryptedExtensions,
    }, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        ENCRYPTED_EXTENSIONS => vec![(typ, body.clone()), (typ, body)],
        _ => vec![(typ, body)],
    }));
    a_key_update_in_the_handshake = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::EncryptedExtensions],
        got_type: HandshakeType::KeyUpdate,
    }, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        ENCRYPTED_EXTENSIONS => vec![(KEY_UPDATE, vec![0]), (typ, body)],
        _ => vec![(typ, body)],
    }));
    bytes_behind_finished = Wrong::KeyEpochWithPendingFragment, |b| b.lying_server(|l| l.messages(|typ, body| match typ {
        FINISHED => vec![(typ, body), (4, vec![0; 20])],
        _ => vec![(typ, body)],
    }));

    // A client's.
    a_client_chain_with_context = Wrong::WrongCertificateContext, |b| b.lying_client(|l| {
        l.edit(CERTIFICATE, |body| *body = certificate_body(&[7], &[(world().client.leaf(), &[])]));
    });
    a_client_certificate_with_a_status = Wrong::UnsolicitedCertExtension, |b| b.lying_client(|l| {
        let status = extension(5, &[1, 0, 0, 1, 7]);
        l.edit(CERTIFICATE, move |body| *body = certificate_body(&[], &[(world().client.leaf(), &status)]));
    });
    no_client_certificate = Error::NoCertificatesPresented, |b| b.lying_client(|l| l.edit(CERTIFICATE, |body| *body = chain_body(&[])));
    a_client_scheme_that_was_not_asked_for = Wrong::SignedHandshakeWithUnadvertisedSigScheme, |b| b.lying_client(|l| {
        l.edit(CERTIFICATE_VERIFY, |body| body[..2].copy_from_slice(&[4, 1]));
    });
    a_wrong_client_signature = CertificateError::BadSignature, |b| b.lying_client(|l| {
        l.edit(CERTIFICATE_VERIFY, |body| *body.last_mut().unwrap() ^= 1);
    });
    a_wrong_client_finished = Wrong::IncorrectFinished, |b| b.lying_client(|l| l.edit(FINISHED, |body| body[0] ^= 1));
    a_client_that_skips_its_proof = Error::InappropriateHandshakeMessage {
        expect_types: vec![HandshakeType::CertificateVerify],
        got_type: HandshakeType::Finished,
    }, |b| b.lying_client(|l| l.messages(|typ, body| match typ {
        CERTIFICATE_VERIFY => vec![],
        _ => vec![(typ, body)],
    }));
    bytes_behind_the_client_finished = Wrong::KeyEpochWithPendingFragment, |b| b.lying_client(|l| l.messages(|typ, body| match typ {
        FINISHED => vec![(typ, body), (KEY_UPDATE, vec![0])],
        _ => vec![(typ, body)],
    }));
}

/// A close_notify in the midst of the handshake: nobody has proved anything, so it is no end that anybody may believe.
#[test]
fn a_close_before_the_handshake_is_done() {
    let liar = Liar::new();
    let config = server(liar.provider(&provider()));
    liar.script(|_| vec![Say::alert(1, 0)]);
    let mut pair = Pair::new(client(provider()), config).tamper(Side::Server, liar.tamper());
    pair.settle().unwrap();
    assert!(pair.client.is_handshaking());
    assert_eq!(pair.arrived(Side::Server), b"");
    assert_eq!(pair.hang_up(Side::Client).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}
