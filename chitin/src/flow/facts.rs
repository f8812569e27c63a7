//! What has been negotiated: written by the flows, and read by the getters of every connection kind.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::{CertificateDer, DnsName};

use crate::crypto::SupportedKxGroup;
use crate::crypto::suites::SupportedCipherSuite;
use crate::names::{EchStatus, HandshakeKind, NamedGroup, ProtocolVersion, Side};
use crate::schedule::exporter::Exporter;

/// Each fact is set once, when it is certain. What authenticates the peer is set after its signature has been checked.
pub(crate) struct Facts {
    pub(crate) side: Side,
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<SupportedCipherSuite>,
    pub(crate) group: Option<&'static dyn SupportedKxGroup>,
    /// The group of the session that TLS 1.2 resumes without a key exchange of its own.
    pub(crate) session_group: Option<NamedGroup>,
    pub(crate) alpn: Option<Box<[u8]>>,
    /// Shared with the sessions that a client keeps.
    pub(crate) peer: Option<Arc<[CertificateDer<'static>]>>,
    pub(crate) kind: Option<HandshakeKind>,
    /// Server only: the name that the client asked for.
    pub(crate) server_name: Option<DnsName<'static>>,
    ticket_age_skew: Option<i32>,
    /// Client only.
    pub(crate) tickets_received: u32,
    pub(crate) exporter: Option<Exporter>,
    /// The server takes the early data of this connection.
    pub(crate) early_data: bool,
    /// Client only.
    pub(crate) ech: EchStatus,
    rare: Option<Box<Rare>>,
}

/// What few connections have. The others do not pay for its room.
#[derive(Default)]
struct Rare {
    external_psk: Option<Vec<u8>>,
    resumption_data: Box<[u8]>,
}

impl Facts {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            version: None,
            suite: None,
            group: None,
            session_group: None,
            alpn: None,
            peer: None,
            kind: None,
            server_name: None,
            ticket_age_skew: None,
            tickets_received: 0,
            exporter: None,
            early_data: false,
            ech: EchStatus::NotOffered,
            rare: None,
        }
    }

    /// The name of the external key that both sides have proved themselves with, now or when the session was made.
    pub(crate) fn external_psk(&self) -> Option<&[u8]> {
        self.rare.as_ref()?.external_psk.as_deref()
    }

    pub(crate) fn set_external_psk(&mut self, identity: Option<&[u8]>) {
        if let Some(identity) = identity {
            self.rare.get_or_insert_default().external_psk = Some(identity.to_vec());
        }
    }

    /// Server only: by how many milliseconds the session that was resumed is older for the client than for us, or 24 days if more.
    pub(crate) fn ticket_age_skew(&self) -> Option<i64> {
        self.ticket_age_skew.map(i64::from)
    }

    pub(crate) fn set_ticket_age_skew(&mut self, skew: Option<i64>) {
        let most = |skew: i64| if skew < 0 { i32::MIN } else { i32::MAX };
        self.ticket_age_skew = skew.map(|skew| i32::try_from(skew).unwrap_or(most(skew)));
    }

    /// Server only: what the application had put into the session that was resumed; nothing, if it was nothing.
    pub(crate) fn resumption_data(&self) -> Option<&[u8]> {
        let resumed = self.kind == Some(HandshakeKind::Resumed);
        resumed.then(|| self.rare.as_ref().map_or(&[][..], |rare| &rare.resumption_data))
    }

    pub(crate) fn set_resumption_data(&mut self, data: Box<[u8]>) {
        if !data.is_empty() {
            self.rare.get_or_insert_default().resumption_data = data;
        }
    }

    /// The group of the key exchange that all secrets go back to, in this handshake or an earlier one.
    pub(crate) fn key_exchange_group(&self) -> Option<NamedGroup> {
        self.group.map(|group| group.name()).or(self.session_group)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("side", &self.side)
            .field("version", &self.version)
            .field("suite", &self.suite)
            .field("group", &self.group.map(|group| group.name()))
            .field("alpn", &self.alpn)
            .field("kind", &self.kind)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
