//! The public interface, item by item, where no test of behaviour comes by: `cargo xtask api --unused` names what none uses.
#![cfg(all(feature = "aws_lc_rs", feature = "std", feature = "tls12"))]

mod connections;
mod errors;
mod keys;
mod limits;
mod messages;
mod names;
mod providers;
mod small;
mod trust;
