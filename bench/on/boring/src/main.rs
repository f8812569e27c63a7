//! BoringSSL as a worker, of the version that the crate `boring-sys` brings.

#[path = "../../shared/openssl_api.rs"]
mod openssl_api;

use openssl_api::{Differs, Theirs, groups, suite_12, text};
use tls::ssl::SslContextBuilder;
use worker::{Case, Suite, Version};

struct BoringSsl;

impl Differs for BoringSsl {
    const TICKETS_WAIT: bool = true;

    /// Nobody chooses a suite of TLS 1.3 from BoringSSL: it takes AES-128 where the processor has AES, and ChaCha20 where it has not,
    /// which the conductor makes it believe. AES-256 comes first under one policy, whose other choices are taken back.
    fn choose(context: &mut SslContextBuilder, case: &Case) -> Result<(), String> {
        if case.suite == Suite::Aes256 && case.version == Version::V13 {
            prefer_aes_256(context)?;
        }
        context.set_cipher_list(suite_12(case)).map_err(text)?;
        context.set_curves_list(groups(case)).map_err(text)
    }

    fn tickets(_: &mut SslContextBuilder, count: usize) -> Result<(), String> {
        // They are two in TLS 1.3 and one in TLS 1.2, as everywhere here.
        let _ = count;
        Ok(())
    }
}

fn prefer_aes_256(context: &mut SslContextBuilder) -> Result<(), String> {
    use boring_sys::{SSL_CTX_set_compliance_policy, ssl_compliance_policy_t};
    // SAFETY: the pointer is that of a context that is borrowed for as long as the call.
    let done = unsafe {
        SSL_CTX_set_compliance_policy(
            context.as_ptr(),
            ssl_compliance_policy_t::ssl_compliance_policy_cnsa_202407,
        )
    };
    if done == 1 { Ok(()) } else { Err("BoringSSL does not take the policy that prefers AES-256".into()) }
}

fn main() {
    worker::serve(Theirs::<BoringSsl>::new);
}
