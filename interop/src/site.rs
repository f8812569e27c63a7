//! The certificates that all cases share, in memory for our side and as files for the other.

use std::path::{Path, PathBuf};
use std::process::Command;

use chitin::RootCertStore;
use chitin::pki_types::pem::PemObject;
use chitin::pki_types::{CertificateDer, PrivateKeyDer};
use testkit::pki::{Identity, KeyType, KeyUsagePurpose, PemFiles, Pki, Spec};

/// The key in a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    P256,
    Rsa,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl Key {
    pub const ML_DSA: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    fn post_quantum(self) -> bool {
        Self::ML_DSA.contains(&self)
    }
}

/// Somebody's chain and key.
pub struct Credential {
    key: Key,
    pub identity: Identity,
    pub files: PemFiles,
}

pub struct Site {
    pki: Pki,
    servers: Vec<Credential>,
    clients: Vec<Credential>,
    post_quantum: Option<PostQuantum>,
}

/// A root with ML-DSA, under which all with such keys stand.
struct PostQuantum {
    root: PathBuf,
    store: RootCertStore,
}

impl Site {
    /// Makes them. Those with ML-DSA come from Go, a second implementation of it, if its program is given.
    ///
    /// # Errors
    ///
    /// What Go's program says.
    pub fn new(go: Option<&Path>) -> Result<Self, String> {
        let pki = Pki::new();
        let classic = |key, identity: Identity| Credential { key, files: pki.write(&identity), identity };
        let mut servers = vec![
            classic(Key::P256, pki.server(KeyType::P256)),
            classic(Key::Rsa, pki.issuing.issue(&rsa_server())),
        ];
        let mut clients = vec![
            classic(Key::P256, pki.client(KeyType::P256)),
            classic(Key::Rsa, pki.client(KeyType::Rsa2048)),
        ];
        let mut post_quantum = None;
        if let Some(go) = go {
            let dir = pki.dir.path().to_owned();
            let out = Command::new(go).args(["-role", "certificates", "-out"]).arg(&dir).output();
            let out = out.map_err(|err| testkit::peer::missing(&go.display().to_string(), &err))?;
            if !out.status.success() {
                return Err(format!("Go makes no certificates: {}", String::from_utf8_lossy(&out.stderr)));
            }
            for (key, name) in Key::ML_DSA.into_iter().zip(["44", "65", "87"]) {
                servers.push(Credential::read(key, &dir, &format!("server-{name}"))?);
                clients.push(Credential::read(key, &dir, &format!("client-{name}"))?);
            }
            let root = dir.join("ml-dsa-root.pem");
            let mut store = RootCertStore::empty();
            for cert in certificates(&root)? {
                store.add(cert).map_err(|err| format!("{}: {err}", root.display()))?;
            }
            post_quantum = Some(PostQuantum { root, store });
        }
        Ok(Self { pki, servers, clients, post_quantum })
    }

    pub fn server(&self, key: Key) -> &Credential {
        find(&self.servers, key)
    }

    pub fn client(&self, key: Key) -> &Credential {
        find(&self.clients, key)
    }

    /// The root above certificates of this key, as PEM.
    pub fn root(&self, key: Key) -> &Path {
        match &self.post_quantum {
            Some(world) if key.post_quantum() => &world.root,
            _ => &self.pki.root_pem,
        }
    }

    pub fn store(&self, key: Key) -> RootCertStore {
        match &self.post_quantum {
            Some(world) if key.post_quantum() => world.store.clone(),
            _ => self.pki.root.store(),
        }
    }

    /// All authorities above classical certificates, as PEM in one file.
    pub fn authorities(&self) -> PathBuf {
        let below = std::fs::read_to_string(&self.server(Key::P256).files.rest).unwrap_or_default();
        let root = std::fs::read_to_string(&self.pki.root_pem).unwrap_or_default();
        let path = self.path("authorities");
        std::fs::write(&path, below + &root).expect("a file for authorities");
        path
    }

    /// A path that nobody else uses.
    pub fn path(&self, name: &str) -> PathBuf {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        self.pki.dir.path().join(format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

/// The tools of NSS want the usage of RSA key transport in a certificate of RSA, also where the key only signs.
fn rsa_server() -> Spec {
    let mut spec = Spec::server(KeyType::Rsa2048);
    spec.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    spec
}

impl Credential {
    /// Somebody's chain and key, from two files.
    pub fn load(chain: &Path, key: &Path) -> Result<Identity, String> {
        Ok(Identity {
            chain: certificates(chain)?,
            key: PrivateKeyDer::from_pem_file(key).map_err(|err| format!("{}: {err}", key.display()))?,
        })
    }

    fn read(key: Key, dir: &Path, name: &str) -> Result<Self, String> {
        let chain = dir.join(format!("{name}.chain.pem"));
        let file = dir.join(format!("{name}.key.pem"));
        let identity = Self::load(&chain, &file)?;
        let files = PemFiles { leaf: chain.clone(), rest: chain.clone(), chain, key: file, has_rest: false };
        Ok(Self { key, identity, files })
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    all.map_err(|err| format!("{}: {err}", file.display()))
}

fn find(all: &[Credential], key: Key) -> &Credential {
    let found = all.iter().find(|credential| credential.key == key);
    found.unwrap_or_else(|| panic!("no certificate for {key:?}"))
}
