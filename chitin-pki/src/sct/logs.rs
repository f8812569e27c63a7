//! Logs, and who runs them.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use pki_types::UnixTime;

/// The logs whose timestamps count, as of some day.
#[derive(Clone, Debug)]
pub struct LogList {
    /// When the list was made. One that is too old is not held against anybody: see [`LogList::is_fresh`].
    pub timestamp: UnixTime,
    /// The logs, in any order.
    pub logs: Vec<Log>,
}

/// A log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its public key: a `SubjectPublicKeyInfo` in DER. SHA-256 of it is the log's id.
    pub key: Vec<u8>,
    /// Who runs it.
    pub operator: String,
    /// Who ran it before, and until when, the oldest first.
    pub previous_operators: Vec<Operator>,
    /// How far its timestamps count.
    pub state: LogState,
}

/// Who ran a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its name.
    pub name: String,
    /// The end of its time.
    pub until: UnixTime,
}

/// How far a log's timestamps count.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogState {
    /// It has asked to be taken in.
    Pending,
    /// It is taken in, and not known everywhere yet.
    Qualified,
    /// It works.
    Usable,
    /// It takes nothing new.
    ReadOnly,
    /// Timestamps from before this moment still count, beside others.
    Retired {
        /// When it was retired.
        since: UnixTime,
    },
    /// It is not trusted.
    Rejected,
}

impl LogList {
    /// The list is not older than ten weeks, or of the future.
    ///
    /// Logs come and go, so with an old list good certificates would be refused. A policy with such a list lets everything
    /// pass, which is what browsers do that have not been updated for so long.
    pub fn is_fresh(&self, now: UnixTime) -> bool {
        let end = self.timestamp.as_secs().saturating_add(LIFE.as_secs());
        now.as_secs() <= end
    }
}

impl Log {
    /// Who ran it at this time.
    pub(super) fn operator_at(&self, time: UnixTime) -> &str {
        let before = self.previous_operators.iter().find(|operator| time < operator.until);
        before.map_or(&self.operator, |operator| &operator.name)
    }
}

/// For how long a list counts: what Chrome has.
const LIFE: Duration = Duration::from_secs(70 * 86_400);
