//! Bounded stores of sessions in memory, behind locks.
//!
//! A store that cannot answer (a poisoned lock) behaves as if it were empty: the handshake is then a full one. What is forgotten is
//! wiped, and nothing in here prints a secret.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use pki_types::ServerName;
use zeroize::Zeroizing;

#[cfg(not(feature = "std"))]
use crate::config::lock::MakeMutex;
use crate::config::lock::Mutex;
use crate::config::name_key::{NameKey, Named};
use crate::config::sessions::{
    ClientSessionStore, StoresServerSessions, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use crate::config::shards::Sharded;
use crate::names::NamedGroup;

/// Tickets kept for one server. A server sends two or so in a connection, and browsers open about six connections at
/// once; more would only grow old.
pub(crate) const TICKETS_PER_SERVER: usize = 8;

/// Keeps the sessions of a server in memory, up to a number of them.
///
/// Threads seldom wait for each other, and what a step does is the same however many sessions there are.
pub struct ServerSessionMemoryCache {
    sessions: Sharded<Vec<u8>, Zeroizing<Vec<u8>>>,
    /// Is there room for any?
    room: bool,
}

impl ServerSessionMemoryCache {
    /// Makes a store for at most `size` sessions, and for 16 million in any case. The oldest is forgotten for a new one; in stores of
    /// more than 64, which are in parts of 32 to 64, the oldest of its part. A part takes a quarter of a kilobyte from the beginning.
    #[cfg(feature = "std")]
    pub fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { sessions: Sharded::new(size, Mutex::new), room: size > 0 })
    }

    /// Makes a store for at most `size` sessions, and for 16 million in any case, behind locks of `M`. The oldest is forgotten for a
    /// new one; in stores of more than 64, which are in parts of 32 to 64 with a lock each, the oldest of its part. A part takes a
    /// quarter of a kilobyte from the beginning.
    #[cfg(not(feature = "std"))]
    pub fn new<M: MakeMutex>(size: usize) -> Arc<Self> {
        Arc::new(Self { sessions: Sharded::new(size, Mutex::new::<M>), room: size > 0 })
    }

    #[cfg(all(test, feature = "std"))]
    pub(super) fn poison(&self) {
        self.sessions.poison();
    }
}

impl StoresServerSessions for ServerSessionMemoryCache {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let value = Zeroizing::new(value);
        // A session that is forgotten for it is wiped and freed when nobody waits for the lock any more.
        let _gone = match self.sessions.lock(&*key) {
            Some(mut sessions) if self.room => sessions.insert(key, value),
            _ => return false,
        };
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.sessions.lock(key)?.get(key).map(|value| value.to_vec())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut value = self.sessions.lock(key)?.remove(key)?;
        Some(core::mem::take(&mut *value))
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl fmt::Debug for ServerSessionMemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.sessions.len();
        f.debug_struct("ServerSessionMemoryCache").field("len", &len).finish_non_exhaustive()
    }
}

/// Keeps the sessions of a client in memory, for a number of servers.
pub struct ClientSessionMemoryCache {
    servers: Sharded<NameKey, Server>,
}

#[derive(Default)]
struct Server {
    kx_hint: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tickets: VecDeque<Tls13ClientSessionValue>,
}

impl ClientSessionMemoryCache {
    /// Makes a store for about `size` sessions: at most eight for each server, and the servers used longest ago are
    /// forgotten for new ones. More than 64 servers are in parts of 32 to 64, and the oldest of its part is forgotten.
    #[cfg(feature = "std")]
    pub fn new(size: usize) -> Self {
        Self { servers: Sharded::new(size.div_ceil(TICKETS_PER_SERVER), Mutex::new) }
    }

    /// Makes a store for about `size` sessions, behind locks of `M`: at most eight for each server, and the servers used
    /// longest ago are forgotten for new ones. More than 64 servers are in parts of 32 to 64 with a lock each, and the oldest of its
    /// part is forgotten.
    #[cfg(not(feature = "std"))]
    pub fn new<M: MakeMutex>(size: usize) -> Self {
        Self { servers: Sharded::new(size.div_ceil(TICKETS_PER_SERVER), Mutex::new::<M>) }
    }

    fn change(&self, server_name: ServerName<'static>, change: impl FnOnce(&mut Server)) {
        // What goes for it is wiped and freed when nobody waits for that any more.
        let key = NameKey(server_name);
        let _gone = match self.servers.lock(&key) {
            Some(mut servers) => servers.change(key, change),
            None => return,
        };
    }

    #[cfg(all(test, feature = "std"))]
    pub(super) fn poison(&self) {
        self.servers.poison();
    }
}

impl ClientSessionStore for ClientSessionMemoryCache {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.change(server_name, |server| server.kx_hint = Some(group));
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        let name = server_name as &dyn Named;
        self.servers.lock(name)?.get(name)?.kx_hint
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.change(server_name, |server| server.tls12 = Some(value));
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let name = server_name as &dyn Named;
        self.servers.lock(name)?.get(name)?.tls12.clone()
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        let name = server_name as &dyn Named;
        if let Some(server) = self.servers.lock(name).as_mut().and_then(|servers| servers.get_mut(name)) {
            server.tls12 = None;
        }
    }

    fn insert_tls13_ticket(&self, server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.change(server_name, |server| {
            if server.tickets.len() >= TICKETS_PER_SERVER {
                server.tickets.pop_front();
            }
            server.tickets.push_back(value);
        });
    }

    fn take_tls13_ticket(&self, server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        // The newest: it has the longest life left, and the server's keys for it are the least likely to be gone.
        let name = server_name as &dyn Named;
        self.servers.lock(name)?.get_mut(name)?.tickets.pop_back()
    }
}

impl fmt::Debug for ClientSessionMemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The names would say whom the client talks to.
        let servers = self.servers.len();
        f.debug_struct("ClientSessionMemoryCache").field("servers", &servers).finish_non_exhaustive()
    }
}
