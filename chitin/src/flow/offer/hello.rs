//! The bytes of a client's hello: which extensions it has, in which order, and what stands in each. RFC 8446 section 4.1.2.
//!
//! The same writers make the second hello, and each form of one that hides another.

use alloc::vec;
use alloc::vec::Vec;

use crate::carrier::Parameters;
use crate::crypto::hash::{Hash, Output};
use crate::flow::cert_types;
use crate::flow::codes::Codes;
use crate::flow::ech_client::Cover;
use crate::flow::offer::Offer;
use crate::flow::offer_psk::{self, OfferedKey};
use crate::names::{
    CertificateStatusType, CertificateType, Compression, HandshakeType, ProtocolVersion, PskKeyExchangeMode,
    ServerNameType,
};
use crate::wire::codec::{MAX8, MAX16, MAX24, Opaque, Wire, nest};
use crate::wire::ech;
use crate::wire::extensions::ext;

/// In which form a hello is written that has its own name, random and PSK.
#[derive(Clone, Copy)]
pub(crate) enum Form<'a> {
    /// The one that is sent.
    Plain,
    /// The one that an outer hello hides, with its random. RFC 9849 section 5.
    Inner(&'a [u8; 32]),
}

impl Offer {
    /// The whole message, with its binders if it offers a PSK. `binder_hash` hashes the transcript with the cut hello.
    pub(crate) fn write_hello(
        &self,
        form: Form<'_>,
        binder_hash: impl Fn(&'static dyn Hash, &[u8]) -> Output,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.likely_len());
        out.push(HandshakeType::ClientHello.into());
        nest(&mut out, MAX24, |out| match form {
            Form::Plain => self.write_hello_body(&self.random, self.session_id.as_slice(), out, |out| {
                self.order.iter().for_each(|code| self.write_extension(*code, out));
                self.write_psks(out);
            }),
            Form::Inner(random) => self.write_hello_body(random, self.session_id.as_slice(), out, |out| {
                self.write_hidden_extensions(out);
                self.copied_extensions().for_each(|code| self.write_extension(code, out));
                self.write_psks(out);
            }),
        });
        if !self.psks.is_empty() {
            offer_psk::fill_binders(&self.psks, &mut out, binder_hash);
        }
        out
    }

    /// Of a hello, so that its buffer is asked for once in most configs: what varies most, and what the rest takes as a rule.
    fn likely_len(&self) -> usize {
        let shares = self.shares.iter().map(|share| share.exchange.pub_key().len());
        let psks = self.psks.iter().map(OfferedKey::len);
        shares.chain(psks).fold(384, usize::saturating_add)
    }

    /// The inner hello as it is encrypted: what is in the outer one, too, is left out of it. `inner` is it whole. RFC 9849
    /// section 5.1.
    pub(crate) fn write_encoded(&self, random: &[u8; 32], inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_hello_body(random, &[], &mut out, |out| {
            self.write_hidden_extensions(out);
            let copied: Vec<_> = self.copied_extensions().collect();
            ech::write_outer_extensions(&copied, out);
            self.write_psks(out);
        });
        offer_psk::copy_binders(&self.psks, inner, &mut out);
        out
    }

    /// The hello that is seen: with the public name, and without anything that would tell of a session. RFC 9849 section 6.1.
    pub(crate) fn write_outer(&self, cover: &Cover) -> Vec<u8> {
        let mut out = vec![HandshakeType::ClientHello.into()];
        nest(&mut out, MAX24, |out| {
            self.write_hello_body(&self.random, self.session_id.as_slice(), out, |out| {
                for code in self.order.iter() {
                    match *code {
                        ext::server_name => nested(*code, out, |out| {
                            write_server_name(cover.public_name.as_ref(), out);
                        }),
                        ext::encrypted_client_hello => {
                            nested(*code, out, |out| out.extend_from_slice(&cover.ech));
                        }
                        code => self.write_extension(code, out),
                    }
                }
                if !cover.psks.is_empty() {
                    let psks =
                        cover.psks.iter().map(|psk| (&psk.identity[..], psk.obfuscated_age, &psk.binder[..]));
                    nested(ext::pre_shared_key, out, |out| offer_psk::write_body(psks, out));
                }
            });
        });
        out
    }

    fn write_hello_body(
        &self,
        random: &[u8; 32],
        session_id: &[u8],
        out: &mut Vec<u8>,
        extensions: impl FnOnce(&mut Vec<u8>),
    ) {
        ProtocolVersion::TLSv1_2.write(out);
        out.extend_from_slice(random);
        Opaque::<0, 32>(session_id).write(out);
        nest(out, MAX16, |out| {
            self.write_grease(out, |grease| grease.suite);
            self.suite_names().for_each(|suite| suite.write(out));
        });
        nest(out, MAX8, |out| Compression::Null.write(out));
        nest(out, MAX16, extensions);
    }

    /// What an inner hello has of its own. That it is one, stands first.
    fn write_hidden_extensions(&self, out: &mut Vec<u8>) {
        nested(ext::encrypted_client_hello, out, ech::write_inner);
        if self.server_name().is_some() {
            self.write_extension(ext::server_name, out);
        }
    }

    /// What an inner hello has as the outer one does, in the same order.
    fn copied_extensions(&self) -> impl Iterator<Item = u16> + '_ {
        let own = [ext::encrypted_client_hello, ext::server_name];
        self.order.iter().copied().filter(move |code| !own.contains(code))
    }

    fn write_extension(&self, code: u16, out: &mut Vec<u8>) {
        nested(code, out, |out| self.write_body(code, out));
    }

    fn write_psks(&self, out: &mut Vec<u8>) {
        if !self.psks.is_empty() {
            nested(ext::pre_shared_key, out, |out| offer_psk::write(&self.psks, out));
        }
    }

    fn write_body(&self, code: u16, out: &mut Vec<u8>) {
        match code {
            ext::server_name => {
                if let Some(name) = self.server_name() {
                    write_server_name(name, out);
                }
            }
            ext::encrypted_client_hello => out.extend_from_slice(&self.grease_ech),
            // OCSP, any responder, no extensions. RFC 6066 section 8.
            ext::status_request => {
                CertificateStatusType::OCSP.write(out);
                out.extend_from_slice(&[0, 0, 0, 0]);
            }
            ext::supported_groups => nest(out, MAX16, |out| {
                self.write_grease(out, |grease| grease.group);
                self.offered_groups().for_each(|group| group.name().write(out));
            }),
            ext::signature_algorithms => {
                nest(out, MAX16, |out| {
                    self.write_grease(out, |grease| grease.scheme);
                    self.schemes.iter().for_each(|scheme| scheme.write(out));
                });
            }
            ext::delegated_credential => {
                nest(out, MAX16, |out| self.delegated.iter().for_each(|scheme| scheme.write(out)));
            }
            ext::server_certificate_type => {
                nest(out, MAX8, |out| self.server_types.as_slice().iter().for_each(|typ| typ.write(out)));
            }
            ext::client_certificate_type => {
                nest(out, MAX8, |out| self.client_types.as_slice().iter().for_each(|typ| typ.write(out)));
            }
            ext::ticket_request => {
                if let Some(wanted) = self.config.send_ticket_request {
                    out.extend_from_slice(&[wanted.new_session_count, wanted.resumption_count]);
                }
            }
            ext::record_size_limit => out.extend(self.size_limit().into_iter().flat_map(u16::to_be_bytes)),
            ext::compress_certificate => {
                nest(out, MAX8, |out| self.compressions.iter().for_each(|algorithm| algorithm.write(out)));
            }
            ext::application_layer_protocol_negotiation => nest(out, MAX16, |out| {
                self.protocols.iter().for_each(|name| Opaque::<1, 255>(name).write(out));
            }),
            ext::supported_versions => nest(out, MAX8, |out| {
                self.write_grease(out, |grease| grease.version);
                ProtocolVersion::TLSv1_3.write(out);
                if self.offers(ProtocolVersion::TLSv1_2) {
                    ProtocolVersion::TLSv1_2.write(out);
                }
            }),
            ext::cookie => {
                Opaque::<1, MAX16>(self.cookie.as_deref().unwrap_or_default()).write(out);
            }
            ext::psk_key_exchange_modes => nest(out, MAX8, |out| PskKeyExchangeMode::PSK_DHE_KE.write(out)),
            ext::certificate_authorities => nest(out, MAX16, |out| {
                let names = self.config.verifier.root_hint_subjects().unwrap_or_default();
                names.iter().for_each(|name| Opaque::<1, MAX16>(name.as_ref()).write(out));
            }),
            ext::key_share => nest(out, MAX16, |out| {
                if let Some(grease) = self.grease.as_ref().filter(|_| self.grease_share) {
                    grease.group.write(out);
                    Opaque::<1, MAX16>(&[0]).write(out);
                }
                self.shares.iter().for_each(|share| share.write(out));
            }),
            ext::quic_transport_parameters | ext::quic_transport_parameters_draft => {
                out.extend_from_slice(self.quic.as_ref().map_or(&[], |quic| &quic.ours));
            }
            // RFC 8422 section 5.1.2: the uncompressed form, the one that is left.
            ext::ec_point_formats => nest(out, MAX8, |out| out.push(0)),
            // RFC 5746 section 3.4: this is no renegotiation.
            ext::renegotiation_info => nest(out, MAX8, |_| {}),
            ext::session_ticket => {
                out.extend_from_slice(self.session12.as_ref().map_or(&[], |session| &session.ticket));
            }
            // The last GREASE extension has a byte, the first none. RFC 8701 section 3.1.
            code if self.grease.as_ref().is_some_and(|grease| code == grease.last) => out.push(0),
            _ => {}
        }
    }

    /// Which extensions go into the hello; GREASE at both ends, the others shuffled, so that no peer and no middlebox can
    /// come to depend on an order.
    pub(super) fn shuffled(&self, seed: &[u8]) -> Codes {
        let mut order = Codes::NONE;
        order.push(ext::supported_groups);
        let new = self.offers(ProtocolVersion::TLSv1_3);
        if new {
            order.extend([ext::supported_versions, ext::key_share]);
        }
        if self.offers(ProtocolVersion::TLSv1_2) {
            order.extend([ext::extended_master_secret, ext::ec_point_formats, ext::renegotiation_info]);
            order.extend(self.config.resumption.takes_tls12_tickets().then_some(ext::session_ticket));
        }
        order.extend(self.quic.as_ref().map(Parameters::code));
        let mut when = |condition: bool, code: u16| order.extend(condition.then_some(code));
        // What is about proofs by signature is said only where one may come. RFC 8446 section 9.2.
        let shown = self.takes_certificates();
        when(shown, ext::signature_algorithms);
        when(shown && cert_types::is_said(self.server_types.as_slice()), ext::server_certificate_type);
        when(shown && cert_types::is_said(self.client_types.as_slice()), ext::client_certificate_type);
        // What is about certificates is not asked of a raw public key.
        let certified = shown && self.server_types.as_slice().contains(&CertificateType::X509);
        when(certified && self.config.request_ocsp_response, ext::status_request);
        when(self.server_name().is_some() || self.hides(), ext::server_name);
        when(self.config.ech_mode.is_some(), ext::encrypted_client_hello);
        when(!self.protocols.is_empty(), ext::application_layer_protocol_negotiation);
        when(new && (self.config.resumption.enabled() || self.offers_psk()), ext::psk_key_exchange_modes);
        let tickets = self.config.resumption.enabled() && self.config.send_ticket_request.is_some();
        when(new && tickets, ext::ticket_request);
        when(self.size_limit().is_some(), ext::record_size_limit);
        let hints = self.config.verifier.root_hint_subjects().is_some_and(|names| !names.is_empty());
        when(certified && hints, ext::certificate_authorities);
        when(certified && self.config.verifier.requests_scts(), ext::signed_certificate_timestamp);
        when(self.early_data, ext::early_data);
        when(new && certified && !self.delegated.is_empty(), ext::delegated_credential);
        when(shown && new && !self.compressions.is_empty(), ext::compress_certificate);

        // Fisher and Yates. A byte's share of a dozen is a little uneven, which does not matter here.
        for (i, byte) in (1..order.len()).rev().zip(seed) {
            order.swap(i, i.saturating_add(1).saturating_mul(usize::from(*byte)) >> 8);
        }
        if let Some(grease) = &self.grease {
            order.insert(0, grease.first);
            order.push(grease.last);
        }
        order
    }

    fn write_grease(&self, out: &mut Vec<u8>, value: impl FnOnce(&Grease) -> u16) {
        if let Some(grease) = &self.grease {
            value(grease).write(out);
        }
    }

    pub(super) fn is_grease(&self, code: u16) -> bool {
        self.grease.as_ref().is_some_and(|grease| code == grease.first || code == grease.last)
    }
}

/// What a client drew from the generator, once for the whole handshake. RFC 8701 values come from it too.
pub(super) struct Grease {
    suite: u16,
    group: u16,
    version: u16,
    scheme: u16,
    first: u16,
    last: u16,
}

impl From<[u8; 6]> for Grease {
    fn from(draw: [u8; 6]) -> Self {
        let [suite, group, version, scheme, first, last] = draw.map(grease);
        // Two extensions must not have the same code.
        let last = if last == first { last ^ 0x1010 } else { last };
        Self { suite, group, version, scheme, first, last }
    }
}

/// An extension with this body.
fn nested(code: u16, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    code.write(out);
    nest(out, MAX16, body);
}

/// RFC 6066 section 3.
fn write_server_name(name: &str, out: &mut Vec<u8>) {
    nest(out, MAX16, |out| {
        ServerNameType::HostName.write(out);
        Opaque::<1, MAX16>(name.as_bytes()).write(out);
    });
}

/// One of the sixteen reserved values 0x0a0a, 0x1a1a, ... RFC 8701 section 2.
pub(crate) fn grease(random: u8) -> u16 {
    u16::from_be_bytes([(random & 0xf0) | 0x0a; 2])
}
