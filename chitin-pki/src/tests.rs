//! Each rule of the crate from outside, by certificates of another encoder (`rcgen`) and by mutated ones.

mod anchors;
mod building;
mod constraints;
mod diagnosis;
mod errors;
mod identity;
mod indexed;
mod issuers;
mod leaf;
mod lists;
mod ml_dsa;
mod names;
mod parsing;
mod pins;
mod policies;
mod policy_tree;
mod profiles;
mod signatures;
mod support;
mod whole_paths;
