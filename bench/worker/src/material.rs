//! The certificates, which the conductor made once for all workers, and what a library is set up with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::case::Case;

/// The name of the server in its certificate, and the one that clients ask for.
pub const NAME: &str = "server.example";

/// Names of the files, below the folder of a kind of key (`p256`, `rsa`).
pub mod files {
    pub const ROOT: &str = "root";
    /// A root with the name of the true one and a key of its own.
    pub const STRANGER: &str = "stranger";
    pub const SERVER: &str = "server";
    pub const CLIENT: &str = "client";
}

/// A chain, leaf first, without its root; and the key of the leaf.
#[derive(Clone, Debug)]
pub struct Chain {
    pub certificates: Vec<Vec<u8>>,
    /// PKCS#8.
    pub key: Vec<u8>,
    /// Leaf and intermediate as one PEM text, and the key as PEM, for libraries that want that.
    pub pem: String,
    pub key_pem: String,
}

/// All that a library is set up with.
#[derive(Clone, Debug)]
pub struct Material {
    pub case: Case,
    /// Which implementation of the worker's library is meant, where it has more than one.
    pub variant: String,
    /// Whom the client believes, and whom the server, as DER and as PEM.
    pub client_roots: Root,
    pub server_roots: Root,
    pub server: Chain,
    pub client: Chain,
    /// The name that the client asks for.
    pub name: &'static str,
    /// Whether the client shows a certificate when it is asked.
    pub client_has_certificate: bool,
}

#[derive(Clone, Debug)]
pub struct Root {
    pub der: Vec<u8>,
    pub pem: String,
}

impl Material {
    pub fn read(folder: &Path, case: &Case, variant: &str) -> Result<Self, String> {
        let folder = folder.join(if case.rsa { "rsa" } else { "p256" });
        let root = Root::read(&folder, files::ROOT)?;
        Ok(Self {
            case: *case,
            variant: variant.to_owned(),
            client_roots: root.clone(),
            server_roots: root,
            server: Chain::read(&folder, files::SERVER)?,
            client: Chain::read(&folder, files::CLIENT)?,
            name: NAME,
            client_has_certificate: case.mutual,
        })
    }

    /// A root that issued none of the chains, although it has the name of the one that did.
    pub fn stranger(folder: &Path, case: &Case) -> Result<Root, String> {
        Root::read(&folder.join(if case.rsa { "rsa" } else { "p256" }), files::STRANGER)
    }
}

impl Root {
    fn read(folder: &Path, name: &str) -> Result<Self, String> {
        Ok(Self {
            der: bytes(folder.join(format!("{name}.der")))?,
            pem: text(folder.join(format!("{name}.pem")))?,
        })
    }
}

impl Chain {
    fn read(folder: &Path, name: &str) -> Result<Self, String> {
        Ok(Self {
            certificates: vec![
                bytes(folder.join(format!("{name}.der")))?,
                bytes(folder.join("intermediate.der"))?,
            ],
            key: bytes(folder.join(format!("{name}.key.der")))?,
            pem: text(folder.join(format!("{name}.pem")))? + &text(folder.join("intermediate.pem"))?,
            key_pem: text(folder.join(format!("{name}.key.pem")))?,
        })
    }
}

fn bytes(path: PathBuf) -> Result<Vec<u8>, String> {
    fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
}

fn text(path: PathBuf) -> Result<String, String> {
    fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
}
