//! What a connection has negotiated, gathered once and printed by everyone the same way.

use chitin::crypto::{aws_lc_rs, raw_public_key};
use chitin::pki_types::CertificateDer;
use chitin::trust::pin_of_key;
use chitin::{CommonState, HandshakeKind};

use crate::certificate::Summary;
use crate::text::clean_bytes;

/// The facts of a connection after its handshake.
#[derive(Clone, Debug)]
pub struct Facts {
    pub version: String,
    pub suite: String,
    pub group: String,
    pub alpn: Option<String>,
    pub kind: Option<HandshakeKind>,
    /// The peer's chain, as the peer was authenticated with (on resumption: originally).
    pub peer: Vec<CertificateDer<'static>>,
}

impl Facts {
    pub fn of(state: &CommonState) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            version: state
                .protocol_version()
                .map_or_else(unknown, |v| format!("{v:?}").replace("TLSv1_", "TLS 1.")),
            suite: state.negotiated_cipher_suite().map_or_else(unknown, |s| format!("{:?}", s.suite())),
            group: state
                .negotiated_key_exchange_group()
                .map_or_else(|| "none".into(), |g| format!("{:?}", g.name())),
            alpn: state.alpn_protocol().map(clean_bytes),
            kind: state.handshake_kind(),
            peer: state.peer_certificates().unwrap_or_default().to_vec(),
        }
    }

    pub fn handshake(&self) -> &'static str {
        match self.kind {
            Some(HandshakeKind::Full) => "full",
            Some(HandshakeKind::FullWithHelloRetryRequest) => "full, after HelloRetryRequest",
            Some(HandshakeKind::Resumed) => "resumed",
            None => "unfinished",
        }
    }

    /// The first rows of every table.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("version", self.version.clone()),
            ("suite", self.suite.clone()),
            ("group", self.group.clone()),
            ("ALPN", self.alpn.clone().unwrap_or_else(|| "none".into())),
            ("handshake", self.handshake().into()),
        ]
    }
}

/// A chain, one row for each certificate; a row's further lines are set below its first.
pub fn chain_rows(label: &'static str, chain: &[CertificateDer<'_>]) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    for (at, der) in chain.iter().enumerate() {
        let mut lines = match Summary::read(der) {
            Some(summary) => summary.lines(),
            None if raw_public_key(der).is_some() => vec!["a raw public key, which names nobody".into()],
            None => vec![format!("{} bytes that we cannot show", der.len())],
        };
        lines.extend(pin(der).map(|pin| format!("pin      {pin}")));
        for (line, text) in lines.into_iter().enumerate() {
            let head = if line == 0 { format!("{at}  ") } else { "   ".into() };
            rows.push((if at == 0 && line == 0 { label } else { "" }, head + &text));
        }
    }
    rows
}

fn pin(der: &CertificateDer<'_>) -> Option<String> {
    pin_of_key(der, &aws_lc_rs::default_provider()).ok().map(|pin| pin.to_string())
}

/// The subject of the peer's own certificate, short.
pub fn peer_name(chain: &[CertificateDer<'_>]) -> Option<String> {
    let leaf = chain.first()?;
    Some(Summary::read(leaf).map_or_else(|| "(unreadable)".into(), |summary| summary.subject))
}

/// Labels to the left, values aligned to their right.
pub fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("  {label:<width$}  {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_line_up() {
        let text = table(&[("a", "1".into()), ("long", "2".into()), ("", "3".into())]);
        assert_eq!(text, "  a     1\n  long  2\n        3\n");
    }
}
