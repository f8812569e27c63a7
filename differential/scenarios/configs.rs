//! The defaults of every field, and how configs look.

use tls::client::{ClientSessionStore, Resumption, Tls12Resumption};
use tls::compress::CompressionCache;
use tls::version::TLS13;
use tls::{ClientConfig, KeyLog, KeyLogFile, NoKeyLog};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    let c = ClientConfig::builder().with_root_certificates(roots(world)).with_no_client_auth();
    notes.value("client alpn_protocols", &c.alpn_protocols);
    notes.value("client check_selected_alpn", c.check_selected_alpn);
    notes.text("client resumption", shape(&c.resumption));
    notes.value("client max_fragment_size", c.max_fragment_size);
    notes.text("client client_auth_cert_resolver", shape(&c.client_auth_cert_resolver));
    notes.value("client has certificates", c.client_auth_cert_resolver.has_certs());
    notes.value("client enable_sni", c.enable_sni);
    notes.text("client key_log", shape(&c.key_log));
    notes.value("client key_log will", c.key_log.will_log("CLIENT_RANDOM"));
    notes.value("client enable_secret_extraction", c.enable_secret_extraction);
    notes.value("client enable_early_data", c.enable_early_data);
    notes.value("client require_ems", c.require_ems);
    notes.text("client time_provider", shape(&c.time_provider));
    notes.value("client cert_compressors", &c.cert_compressors);
    notes.text("client cert_compression_cache", shape(&c.cert_compression_cache));
    notes.value("client cert_decompressors", &c.cert_decompressors);
    notes.value("client send_ticket_request", &c.send_ticket_request);
    notes.value("client fips", c.fips());

    let s = server_config(world, tls::DEFAULT_VERSIONS);
    notes.value("server ignore_client_order", s.ignore_client_order);
    notes.value("server max_fragment_size", s.max_fragment_size);
    notes.text("server session_storage", shape(&s.session_storage));
    notes.value("server session_storage caches", s.session_storage.can_cache());
    notes.value("server ticketer", (s.ticketer.enabled(), s.ticketer.lifetime()));
    notes.value("server ticketer encrypts", s.ticketer.encrypt(b"x"));
    notes.value("server ticketer decrypts", s.ticketer.decrypt(b"x"));
    notes.text("server ticketer shows", shape(&s.ticketer));
    notes.text("server cert_resolver", shape(&s.cert_resolver));
    notes.value("server alpn_protocols", &s.alpn_protocols);
    notes.text("server key_log", shape(&s.key_log));
    notes.value("server enable_secret_extraction", s.enable_secret_extraction);
    notes.value("server max_early_data_size", s.max_early_data_size);
    notes.value("server send_half_rtt_data", s.send_half_rtt_data);
    notes.value("server send_tls13_tickets", s.send_tls13_tickets);
    notes.value("server max_tls13_tickets", s.max_tls13_tickets);
    notes.value("server require_ems", s.require_ems);
    notes.text("server time_provider", shape(&s.time_provider));
    notes.value("server cert_compressors", &s.cert_compressors);
    notes.text("server cert_compression_cache", shape(&s.cert_compression_cache));
    notes.value("server cert_decompressors", &s.cert_decompressors);
    notes.value("server fips", s.fips());

    notes.text("client config", shape(&c));
    notes.text("server config", shape(&s));
    let (client, server) = connected(world, &TLS13);
    notes.text("client connection", shape(&client));
    notes.text("server connection", shape(&server));
    notes.text("resumption, disabled", shape(Resumption::disabled()));
    notes.text(
        "resumption, of TLS 1.2 disabled",
        shape(Resumption::default().tls12_resumption(Tls12Resumption::Disabled)),
    );
    notes.text("cache of 2", shape(CompressionCache::new(2)));
    notes.text("cache of 0", shape(CompressionCache::new(0)));
    notes.text("NoKeyLog", shape(NoKeyLog));
    let file = KeyLogFile::new();
    notes.text("KeyLogFile", shape(&file));
    notes.value("KeyLogFile will", file.will_log("CLIENT_RANDOM"));
    notes.value("versions", tls::ALL_VERSIONS);
    notes.value("default versions", tls::DEFAULT_VERSIONS);
    notes.value("compressors", tls::compress::default_cert_compressors());
    notes.value("decompressors", tls::compress::default_cert_decompressors());

    let store = tls::client::ClientSessionMemoryCache::new(4);
    let name = localhost();
    notes.value(
        "new store",
        (
            store.kx_hint(&name),
            store.take_tls13_ticket(&name).is_some(),
            store.tls12_session(&name).is_some(),
        ),
    );
    store.set_kx_hint(name.clone(), tls::NamedGroup::X25519);
    notes.value("store with a hint", store.kx_hint(&name));
    notes.text("store shows", shape(&store));
    let sessions = tls::server::ServerSessionMemoryCache::new(4);
    use tls::server::StoresServerSessions;
    notes.value("put", sessions.put(b"a".to_vec(), b"1".to_vec()));
    notes.value("put again", sessions.put(b"a".to_vec(), b"2".to_vec()));
    notes.value("got", (sessions.get(b"a"), sessions.take(b"a"), sessions.take(b"a"), sessions.get(b"b")));
    (0..200_u32).for_each(|at| {
        sessions.put(at.to_be_bytes().to_vec(), vec![1]);
    });
    let kept = (0..200_u32).filter(|at| sessions.get(&at.to_be_bytes()).is_some()).count();
    notes.value("kept of 200 in a cache of 4", kept);
    notes.value("the last is kept", sessions.get(&199_u32.to_be_bytes()).is_some());
    let nothing = tls::server::NoServerSessionStorage {};
    notes.value("no storage", (nothing.put(vec![1], vec![2]), nothing.get(&[1]), nothing.can_cache()));
}

/// The name of the type, and the names of its fields: what is in them has a note of its own.
fn shape(of: impl std::fmt::Debug) -> String {
    let text = format!("{of:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().into()
}
