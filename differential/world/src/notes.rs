//! What a program saw, by key.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub what: String,
    /// A text for people: another library may say the same, and more behind it.
    pub text: bool,
}

/// Things seen, each under a key that tells where.
#[derive(Debug, Default)]
pub struct Notes {
    seen: BTreeMap<String, Seen>,
    scope: String,
}

impl Notes {
    /// What is noted from here on has keys that begin with this.
    pub fn within(&mut self, scope: &str) {
        self.scope = scope.to_owned();
    }

    /// Notes what was seen.
    pub fn text(&mut self, key: impl Display, seen: impl Display) {
        self.note(key, seen.to_string(), false);
    }

    /// Notes a text for people.
    pub fn words(&mut self, key: impl Display, seen: impl Display) {
        self.note(key, seen.to_string(), true);
    }

    /// Notes a value as `Debug` shows it.
    pub fn value(&mut self, key: impl Display, seen: impl Debug) {
        self.note(key, format!("{seen:?}"), false);
    }

    // Two things seen under one name would hide each other.
    fn note(&mut self, key: impl Display, seen: String, text: bool) {
        let key = format!("{}/{key}", self.scope);
        // The libraries differ in their name, and that shall be all.
        let seen = Seen { what: seen.replace("chitin::", "rustls::"), text };
        assert!(self.seen.insert(key.clone(), seen).is_none(), "{key} is noted twice");
    }

    /// All that was noted.
    pub fn all(self) -> BTreeMap<String, Seen> {
        self.seen
    }
}
