//! This project as a worker.

#![forbid(unsafe_code)]

#[path = "../../shared/rustls_api.rs"]
mod rustls_api;
#[path = "../../shared/unbuffered_api.rs"]
mod unbuffered_api;

use rustls_api::{Ours, Primitives};
use tls::crypto::aws_lc_rs;
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
    let primitives = Primitives {
        provider: aws_lc_rs::default_provider(),
        groups: aws_lc_rs::ALL_KX_GROUPS.to_vec(),
        ticketer: aws_lc_rs::Ticketer::new().map_err(|e| e.to_string())?,
    };
    Ours::new(material, primitives)
}
