//! What 0.23 hides and its own tests and a few dependents name all the same. It promises nothing of it there, nor do we here.
//!
//! The types that public signatures name are those of [`chitin`]; what is made of them is here, and no connection uses it.

pub mod msgs;
