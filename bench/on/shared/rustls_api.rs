//! The adapter for whatever has the API of rustls 0.23: the crate is called `tls` here, and the same text is compiled for all of them.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use tls::crypto::{CryptoProvider, SupportedKxGroup};
use tls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tls::server::{ProducesTickets, WebPkiClientVerifier};
use tls::{
    CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, NamedGroup, RootCertStore, ServerConfig,
    ServerConnection, SideData,
};
use worker::{Chain, End, Library, Material, Pipes, Version};

/// A crypto provider, and what makes tickets from it.
pub struct Primitives {
    pub provider: CryptoProvider,
    pub groups: Vec<&'static dyn SupportedKxGroup>,
    pub ticketer: Arc<dyn ProducesTickets>,
}

pub struct Ours {
    pub client: Arc<ClientConfig>,
    pub server: Arc<ServerConfig>,
    pub name: ServerName<'static>,
    store: Arc<Store>,
    pub memo: Memo,
}

/// A memo of signatures, for who has one.
pub struct Memo {
    pub is_measured: bool,
    pub hits: fn(&ClientConfig, &ServerConfig) -> usize,
}

impl Ours {
    pub fn new(material: &Material, primitives: Primitives) -> Result<Self, String> {
        let case = &material.case;
        let Primitives { mut provider, groups, ticketer } = primitives;
        // Everybody has the same groups and one suite, so that hellos are of a length.
        provider.kx_groups.clear();
        for code in case.groups() {
            let group = NamedGroup::from(*code);
            let found = groups.iter().find(|offered| offered.name() == group);
            provider.kx_groups.push(*found.ok_or_else(|| format!("{} {group:?}", worker::LACKING))?);
        }
        let suite = CipherSuite::from(
            case.suite.code(case.version) + if case.rsa && case.version == Version::V12 { 4 } else { 0 },
        );
        provider.cipher_suites.retain(|offered| offered.suite() == suite);
        let provider = Arc::new(provider);
        let versions: &[_] = match case.version {
            Version::V12 => &[&tls::version::TLS12],
            Version::V13 => &[&tls::version::TLS13],
        };

        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(text)?
            .with_root_certificates(roots(&material.client_roots.der)?);
        let mut client = if material.client_has_certificate {
            let (chain, key) = identity(&material.client);
            builder.with_client_auth_cert(chain, key).map_err(text)?
        } else {
            builder.with_no_client_auth()
        };
        let store = Arc::new(Store {
            kept: case.resumed.then(|| ClientSessionMemoryCache::new(32)),
            tickets: AtomicUsize::new(0),
        });
        client.resumption = Resumption::store(store.clone());

        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions)
            .map_err(text)?;
        let builder = if case.mutual {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots(&material.server_roots.der)?, provider);
            builder.with_client_cert_verifier(verifier.build().map_err(text)?)
        } else {
            builder.with_no_client_auth()
        };
        let (chain, key) = identity(&material.server);
        let mut server = builder.with_single_cert(chain, key).map_err(text)?;
        server.ticketer = ticketer;
        server.send_tls13_tickets = 2;

        let name = ServerName::try_from(material.name).map_err(text)?;
        let memo = Memo { is_measured: false, hits: |_, _| 0 };
        Ok(Self { client: Arc::new(client), server: Arc::new(server), name, store, memo })
    }
}

fn roots(der: &[u8]) -> Result<Arc<RootCertStore>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(der.to_vec())).map_err(text)?;
    Ok(Arc::new(roots))
}

fn identity(chain: &Chain) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificates = chain.certificates.iter().cloned().map(CertificateDer::from).collect();
    (certificates, PrivatePkcs8KeyDer::from(chain.key.clone()).into())
}

pub fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

impl Library for Ours {
    type Client = Buffered<ClientConnection>;
    type Server = Buffered<ServerConnection>;

    fn client(&self, pipes: Pipes) -> Result<Self::Client, String> {
        let conn = ClientConnection::new(self.client.clone(), self.name.clone()).map_err(text)?;
        Ok(Buffered { conn, pipes })
    }

    fn server(&self, pipes: Pipes) -> Result<Self::Server, String> {
        let conn = ServerConnection::new(self.server.clone()).map_err(text)?;
        Ok(Buffered { conn, pipes })
    }

    fn tickets(&self) -> usize {
        self.store.tickets.load(Ordering::Relaxed)
    }

    fn memo_hits(&self) -> usize {
        (self.memo.hits)(&self.client, &self.server)
    }

    fn remembers(&self) -> bool {
        self.memo.is_measured
    }
}

/// Counts tickets, and keeps them only where connections are to be resumed.
struct Store {
    kept: Option<ClientSessionMemoryCache>,
    tickets: AtomicUsize,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl ClientSessionStore for Store {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.tickets.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = &self.kept {
            kept.set_tls12_session(name, value);
        }
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.as_ref()?.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        if let Some(kept) = &self.kept {
            kept.remove_tls12_session(name);
        }
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.tickets.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = &self.kept {
            kept.insert_tls13_ticket(name, value);
        }
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept.as_ref()?.take_tls13_ticket(name)
    }
}

/// A connection of the buffered API.
pub struct Buffered<C> {
    conn: C,
    pipes: Pipes,
}

impl<C, S: SideData> Buffered<C>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
{
    fn flush(&mut self) -> Result<(), String> {
        while self.conn.wants_write() {
            self.conn.write_tls(&mut self.pipes.outgoing).map_err(text)?;
        }
        Ok(())
    }
}

impl<C, S: SideData> End for Buffered<C>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>>,
{
    fn advance(&mut self) -> Result<(), String> {
        while !self.pipes.incoming.is_empty() {
            self.conn.read_tls(&mut self.pipes.incoming).map_err(text)?;
            self.conn.process_new_packets().map_err(text)?;
        }
        self.flush()
    }

    fn is_handshaking(&self) -> bool {
        self.conn.is_handshaking()
    }

    fn send(&mut self, data: &[u8]) -> Result<(), String> {
        use std::io::Write;
        self.conn.writer().write_all(data).map_err(text)?;
        self.flush()
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut got = 0;
        while !self.pipes.incoming.is_empty() {
            self.conn.read_tls(&mut self.pipes.incoming).map_err(text)?;
            self.conn.process_new_packets().map_err(text)?;
            while let Ok(n @ 1..) = self.conn.reader().read(buffer) {
                got += n;
            }
        }
        Ok(got)
    }
}
