//! The `chitin` command: a demonstration, and the two plain halves a person debugging a server reaches for.
//!
//! This file only picks the half and turns its outcome into an exit status. It never touches a connection.

#![forbid(unsafe_code)]

mod advice;
mod args;
mod certificate;
mod client;
mod demo;
mod diagram;
mod facts;
mod files;
mod http;
mod link;
mod server;
mod text;
mod trace_view;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command, DemoArgs};
use crate::text::note;

fn main() -> ExitCode {
    let outcome = match Args::parse().command.unwrap_or(Command::Demo(DemoArgs::default())) {
        Command::Demo(args) => demo::run(&args),
        Command::Client(args) => client::run(&args),
        Command::Server(args) => server::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            note(format_args!("chitin: {message}"));
            ExitCode::FAILURE
        }
    }
}
