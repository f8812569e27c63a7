//! rustls from crates.io as a worker, with either of its providers.

#![forbid(unsafe_code)]

#[path = "../../shared/rustls_api.rs"]
mod rustls_api;
#[path = "../../shared/unbuffered_api.rs"]
mod unbuffered_api;

use rustls_api::{Ours, Primitives};
use tls::crypto::{aws_lc_rs, ring};
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
    Ours::new(material, primitives)
}
