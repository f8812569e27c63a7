//! What is tried: the cells of the table, and the connections that fill each.

use std::fmt;

use chitin::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

use crate::report::{Field, Report};
use crate::site::Key;

/// Which side the other program takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Server,
    Client,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    V12,
    V13,
}

impl Version {
    pub fn number(self) -> ProtocolVersion {
        match self {
            Self::V12 => ProtocolVersion::TLSv1_2,
            Self::V13 => ProtocolVersion::TLSv1_3,
        }
    }

    pub fn is(self, two: &'static str, three: &'static str) -> &'static str {
        match self {
            Self::V12 => two,
            Self::V13 => three,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    Full,
    Resumed,
    ClientAuth,
    Early,
    Retry,
    PostQuantum,
}

impl Column {
    pub const ALL: [Self; 6] =
        [Self::Full, Self::Resumed, Self::ClientAuth, Self::Early, Self::Retry, Self::PostQuantum];

    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Resumed => "resumed",
            Self::ClientAuth => "client auth",
            Self::Early => "0-RTT",
            Self::Retry => "HRR",
            Self::PostQuantum => "PQ",
        }
    }

    /// Whether a report of this column has this field; `Case::due` says the rest.
    pub fn asks(self, field: Field) -> bool {
        match field {
            Field::Early => self == Self::Early,
            Field::Scheme => self == Self::PostQuantum,
            _ => true,
        }
    }

    /// Why no peer can fill this column.
    pub fn never(self, version: Version) -> Option<&'static str> {
        match (self, version) {
            (_, Version::V13) | (Self::Full | Self::Resumed | Self::ClientAuth, _) => None,
            (Self::Early, _) => Some("TLS 1.2 has no early data"),
            (Self::Retry, _) => Some("TLS 1.2 has no HelloRetryRequest"),
            (Self::PostQuantum, _) => Some("ML-KEM and ML-DSA are for TLS 1.3 alone"),
        }
    }
}

/// Where the server of a resumption keeps the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// In the ticket, sealed.
    Ticket,
    /// With itself, under a session id, or a ticket that is no more than a name.
    Store,
}

/// One or two connections, and all that they are to be.
#[derive(Clone, Debug)]
pub struct Case {
    pub column: Column,
    pub version: Version,
    pub suite: CipherSuite,
    /// The one group that the server has.
    pub group: NamedGroup,
    /// The group that the client makes a share for when the server is to ask for another.
    pub first: NamedGroup,
    /// Of the server.
    pub key: Key,
    /// Of the client, if it is to show one.
    pub client: Option<Key>,
    pub keep: Keep,
}

impl Case {
    fn new(column: Column, version: Version, suite: CipherSuite, group: NamedGroup) -> Self {
        let key = if is_rsa(suite) { Key::Rsa } else { Key::P256 };
        // The early data of our server is bound to its store.
        Self {
            column,
            version,
            suite,
            group,
            first: NamedGroup::X25519,
            key,
            client: None,
            keep: Keep::Store,
        }
    }

    /// What a cell is made of, before a peer leaves out what it lacks.
    pub fn all(column: Column, version: Version) -> Vec<Self> {
        let suites = match version {
            Version::V12 => &SUITES_12[..],
            Version::V13 => &testkit::configs::SUITES[..],
        };
        let case = |suite, group| Self::new(column, version, suite, group);
        let plain = case(suites[0], NamedGroup::X25519);
        let last = suites[suites.len() - 2];
        match column {
            Column::Full => {
                // Under RSA, since in TLS 1.2 the curve of an ECDSA certificate would have to be offered as well.
                let groups = CURVES[1..].iter().map(|group| case(last, *group));
                suites.iter().map(|suite| case(*suite, NamedGroup::X25519)).chain(groups).collect()
            }
            Column::Resumed => [Keep::Ticket, Keep::Store]
                .into_iter()
                // A suite of each hash, and in TLS 1.2 of each kind of key.
                .flat_map(|keep| {
                    [plain.suite, last].map(|suite| Self { keep, ..case(suite, NamedGroup::X25519) })
                })
                .collect(),
            Column::ClientAuth => {
                // In TLS 1.2 some ask for keys of the kind of their own alone.
                [(Key::P256, plain.suite), (Key::Rsa, last)]
                    .map(|(key, suite)| Self { client: Some(key), ..case(suite, NamedGroup::X25519) })
                    .into()
            }
            Column::Early => vec![plain],
            Column::Retry => {
                [NamedGroup::secp256r1, NamedGroup::secp384r1].map(|group| case(plain.suite, group)).into()
            }
            Column::PostQuantum => {
                let groups = HYBRIDS.map(|group| case(plain.suite, group)).into_iter();
                let signed = Key::ML_DSA.map(|key| Self { key, ..case(plain.suite, HYBRIDS[0]) }).into_iter();
                let both = Key::ML_DSA
                    .map(|key| Self { key, client: Some(key), ..case(plain.suite, HYBRIDS[0]) })
                    .into_iter();
                groups.chain(signed).chain(both).collect()
            }
        }
    }

    /// How many connections it takes.
    pub fn connections(&self) -> usize {
        if matches!(self.column, Column::Resumed | Column::Early) { 2 } else { 1 }
    }

    /// The groups that a client or a server has; a client makes a share for the first.
    pub fn groups(&self, by: Role) -> Vec<NamedGroup> {
        let mut groups = vec![self.group];
        if by == Role::Client && self.column == Column::Retry {
            groups.insert(0, self.first);
        }
        // In TLS 1.2 the curve of an ECDSA certificate must be among them. RFC 8422 section 5.1.1.
        let curve = NamedGroup::secp256r1;
        if self.version == Version::V12 && self.key == Key::P256 && self.group != curve {
            groups.push(curve);
        }
        groups
    }

    /// What a client (`by` is `Client`) or a server has to say of the connection with this number, from 0 on.
    pub fn due(&self, by: Role, number: usize) -> Report {
        let resumed = number > 0;
        Report {
            version: Some(self.version.number()),
            suite: Some(self.suite),
            // In TLS 1.2 a resumption exchanges no key.
            group: (self.version == Version::V13 || !resumed).then_some(self.group),
            resumed: Some(resumed),
            retried: (self.version == Version::V13).then_some(self.column == Column::Retry),
            client: (by == Role::Server).then_some(self.client.is_some()),
            early: (self.column == Column::Early).then_some(resumed),
            scheme: self.key.scheme().filter(|_| by == Role::Client),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {:?}, {:?}", self.suite, self.group, self.key)?;
        if self.connections() > 1 {
            write!(f, ", {:?}", self.keep)?;
        }
        match self.client {
            Some(key) => write!(f, ", client {key:?}"),
            None => Ok(()),
        }
    }
}

/// The scheme of an ML-DSA key: the only keys of ours with just one.
impl Key {
    fn scheme(self) -> Option<SignatureScheme> {
        match self {
            Self::P256 | Self::Rsa => None,
            Self::MlDsa44 => Some(SignatureScheme::ML_DSA_44),
            Self::MlDsa65 => Some(SignatureScheme::ML_DSA_65),
            Self::MlDsa87 => Some(SignatureScheme::ML_DSA_87),
        }
    }
}

pub fn is_rsa(suite: CipherSuite) -> bool {
    SUITES_12[3..].contains(&suite)
}

pub const SUITES_12: [CipherSuite; 6] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

pub const CURVES: [NamedGroup; 4] =
    [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1, NamedGroup::secp521r1];

pub const HYBRIDS: [NamedGroup; 2] = [NamedGroup::X25519MLKEM768, NamedGroup::secp256r1MLKEM768];
