//! This project as a worker.

#![forbid(unsafe_code)]

#[path = "../../shared/rustls_api.rs"]
mod rustls_api;
#[path = "../../shared/unbuffered_api.rs"]
mod unbuffered_api;

use rustls_api::{Memo, Ours, Primitives};
use tls::crypto::{aws_lc_rs, ring};
use tls::trust::SignatureMemo;
use tls::{ClientConfig, ServerConfig};
use unbuffered_api::Known;
use worker::Material;

fn main() {
    if worker::is_known() {
        worker::serve(|material| ours(material).map(Known));
    } else {
        worker::serve(ours);
    }
}

fn ours(material: &Material) -> Result<Ours, String> {
    let primitives = match &*material.variant {
        "ring" => Primitives {
            provider: ring::default_provider(),
            groups: ring::ALL_KX_GROUPS.to_vec(),
            ticketer: ring::Ticketer::new().map_err(|e| e.to_string())?,
        },
        _ => Primitives {
            provider: aws_lc_rs::default_provider(),
            groups: aws_lc_rs::ALL_KX_GROUPS.to_vec(),
            ticketer: aws_lc_rs::Ticketer::new().map_err(|e| e.to_string())?,
        },
    };
    let mut ours = Ours::new(material, primitives)?;
    let is_measured = material.variant == "memo";
    let memos = [ours.client.signature_memo(), ours.server.signature_memo()];
    for memo in memos.into_iter().flatten().filter(|_| !is_measured) {
        memo.set_size(0);
    }
    ours.memo = Memo { is_measured, hits };
    Ok(ours)
}

fn hits(client: &ClientConfig, server: &ServerConfig) -> usize {
    [client.signature_memo(), server.signature_memo()].into_iter().flatten().map(SignatureMemo::hits).sum()
}
