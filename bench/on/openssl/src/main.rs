//! OpenSSL as a worker, of the version that the crate `openssl-src` brings.

#[path = "../../shared/openssl_api.rs"]
mod openssl_api;

use openssl_api::{Differs, Theirs, groups, suite_12, text};
use tls::ssl::SslContextBuilder;
use worker::{Case, Suite};

struct OpenSsl;

impl Differs for OpenSsl {
    const TICKETS_WAIT: bool = false;

    fn choose(context: &mut SslContextBuilder, case: &Case) -> Result<(), String> {
        let suite = match case.suite {
            Suite::Aes128 => "TLS_AES_128_GCM_SHA256",
            Suite::Aes256 => "TLS_AES_256_GCM_SHA384",
            Suite::ChaCha20 => "TLS_CHACHA20_POLY1305_SHA256",
        };
        context.set_ciphersuites(suite).map_err(text)?;
        context.set_cipher_list(suite_12(case)).map_err(text)?;
        let groups = groups(case);
        context.set_groups_list(groups).map_err(|e| format!("{} {groups}: {e}", worker::LACKING))
    }

    fn tickets(context: &mut SslContextBuilder, count: usize) -> Result<(), String> {
        context.set_num_tickets(count).map_err(text)
    }
}

fn main() {
    worker::serve(Theirs::<OpenSsl>::new);
}
