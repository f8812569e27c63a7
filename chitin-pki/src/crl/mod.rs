//! Certificate revocation lists: reading them, and finding out what they say of a certificate. RFC 5280 sections 5
//! and 6.3.
//!
//! Owns lists and the choice among them. Fetches nothing: the lists are the caller's. What is done about a status that
//! the lists do not tell is decided in `revocation`.

mod entry;
mod index;
mod list;
mod points;
mod problem;
mod select;

pub use entry::{Reason, Revoked};
pub use list::RevocationList;
pub use problem::{ListFault, ListProblem};
pub use select::ListMemory;
pub(crate) use select::{Answer, Lists, Work};
