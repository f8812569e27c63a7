//! The cases: what is measured. Every library gets exactly what stands here and nothing of its own choice.

/// A row of the results.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub id: &'static str,
    pub title: &'static str,
    /// For plots.
    pub short: &'static str,
    pub kind: Kind,
    pub version: Version,
    pub group: Group,
    pub suite: Suite,
    /// An RSA-2048 chain instead of a P-256 one.
    pub rsa: bool,
    /// Whether the server demands a certificate and the client has one.
    pub mutual: bool,
    /// Whether the connections that are measured resume one before them.
    pub resumed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Handshake,
    /// Writes of one size, as many as make a burst.
    Bulk {
        write: usize,
    },
    /// The same, but the receiving end knows the buffer in which plaintext is wanted before records are opened.
    BulkKnown {
        write: usize,
    },
    Heap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V12,
    V13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    X25519,
    X25519MlKem768,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    Aes128,
    Aes256,
    ChaCha20,
}

impl Case {
    /// The tickets that a full handshake brings the client.
    pub fn tickets(&self) -> usize {
        match self.version {
            Version::V12 => 1,
            Version::V13 => 2,
        }
    }

    /// What both sides have, by their numbers on the wire. The list of TLS 1.2 is about certificates, too (RFC 8422 section 5.1), so that it
    /// names the curve of ours.
    pub fn groups(&self) -> &'static [u16] {
        match (self.version, self.group) {
            (Version::V12, _) => &[0x001d, 0x0017],
            (Version::V13, Group::X25519) => &[0x001d],
            (Version::V13, Group::X25519MlKem768) => &[0x11ec],
        }
    }

    /// What its two figures are of.
    pub fn sides(&self) -> [&'static str; 2] {
        match self.kind {
            Kind::Handshake | Kind::Heap => ["client", "server"],
            Kind::Bulk { .. } | Kind::BulkKnown { .. } => ["send", "receive"],
        }
    }

    pub fn named(id: &str) -> Option<&'static Self> {
        CASES.iter().find(|case| case.id == id)
    }
}

impl Group {
    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::X25519 => 0x001d,
            Self::X25519MlKem768 => 0x11ec,
        }
    }
}

impl Suite {
    /// The number on the wire; in TLS 1.2 with a certificate for ECDSA.
    pub fn code(self, version: Version) -> u16 {
        match (version, self) {
            (Version::V13, Self::Aes128) => 0x1301,
            (Version::V13, Self::Aes256) => 0x1302,
            (Version::V13, Self::ChaCha20) => 0x1303,
            (Version::V12, Self::Aes128) => 0xc02b,
            (Version::V12, Self::Aes256) => 0xc02c,
            (Version::V12, Self::ChaCha20) => 0xcca9,
        }
    }
}

/// Bytes of application data that go one way between two looks at the clock.
pub const BURST: usize = 64 * 1024;

const FULL: Case = Case {
    id: "full",
    title: "TLS 1.3 full, P-256, X25519, 2 tickets",
    short: "full",
    kind: Kind::Handshake,
    version: Version::V13,
    group: Group::X25519,
    suite: Suite::Aes128,
    rsa: false,
    mutual: false,
    resumed: false,
};

const BULK: Case = Case { id: "", title: "", short: "", ..FULL };

pub const CASES: &[Case] = &[
    FULL,
    Case {
        id: "full-mlkem",
        title: "TLS 1.3 full, P-256, X25519MLKEM768, 2 tickets",
        short: "ML-KEM",
        group: Group::X25519MlKem768,
        ..FULL
    },
    Case {
        id: "full-rsa",
        title: "TLS 1.3 full, RSA-2048, X25519, 2 tickets",
        short: "RSA",
        rsa: true,
        ..FULL
    },
    Case {
        id: "mutual",
        title: "TLS 1.3 mutual, P-256, X25519, 2 tickets",
        short: "mutual",
        mutual: true,
        ..FULL
    },
    Case { id: "resumed", title: "TLS 1.3 resumed, X25519", short: "resumed", resumed: true, ..FULL },
    Case {
        id: "full-12",
        title: "TLS 1.2 full, P-256, X25519, 1 ticket",
        short: "full",
        version: Version::V12,
        ..FULL
    },
    Case {
        id: "resumed-12",
        title: "TLS 1.2 resumed",
        short: "resumed",
        version: Version::V12,
        resumed: true,
        ..FULL
    },
    Case {
        id: "aes128-16k",
        title: "AES-128-GCM, 16 KiB writes",
        short: "AES-128, 16k",
        kind: Kind::Bulk { write: 16384 },
        ..BULK
    },
    Case {
        id: "aes256-16k",
        title: "AES-256-GCM, 16 KiB writes",
        short: "AES-256, 16k",
        suite: Suite::Aes256,
        kind: Kind::Bulk { write: 16384 },
        ..BULK
    },
    Case {
        id: "chacha-16k",
        title: "ChaCha20-Poly1305, 16 KiB writes",
        short: "ChaCha20, 16k",
        suite: Suite::ChaCha20,
        kind: Kind::Bulk { write: 16384 },
        ..BULK
    },
    Case {
        id: "aes128-64k",
        title: "AES-128-GCM, 64 KiB writes",
        short: "AES-128, 64k",
        kind: Kind::Bulk { write: 65536 },
        ..BULK
    },
    Case {
        id: "aes128-1k",
        title: "AES-128-GCM, 1 KiB writes",
        short: "AES-128, 1k",
        kind: Kind::Bulk { write: 1024 },
        ..BULK
    },
    Case {
        id: "aes128-16k-known",
        title: "AES-128-GCM, 16 KiB writes, the receiver's buffer is known",
        short: "AES-128, known",
        kind: Kind::BulkKnown { write: 16384 },
        ..BULK
    },
    Case {
        id: "aes256-16k-known",
        title: "AES-256-GCM, 16 KiB writes, the receiver's buffer is known",
        short: "AES-256, known",
        suite: Suite::Aes256,
        kind: Kind::BulkKnown { write: 16384 },
        ..BULK
    },
    Case {
        id: "chacha-16k-known",
        title: "ChaCha20-Poly1305, 16 KiB writes, the receiver's buffer is known",
        short: "ChaCha20, known",
        suite: Suite::ChaCha20,
        kind: Kind::BulkKnown { write: 16384 },
        ..BULK
    },
    Case {
        id: "heap",
        title: "Heap and allocations, TLS 1.3, P-256, X25519",
        short: "",
        kind: Kind::Heap,
        ..FULL
    },
];
