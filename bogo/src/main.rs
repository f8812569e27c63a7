//! The shim that BoringSSL's protocol test runner starts, once for each case.
//!
//! It uses the library as an application would, and does what the flags say. Its exit status is 0 for success, 89 for what it
//! cannot do, 90 for what no case can expect (a mistake of the shim, a panic, a broken expectation), and 1 for an error of the
//! connection, whose name is then on the standard error output.
#![forbid(unsafe_code)]

mod compress;
mod ech;
mod errors;
mod options;
mod parts;
mod quic;
mod session;
mod setup;

use std::panic;
use std::process::ExitCode;

use options::Plan;

/// Why a process does not end with 0.
#[derive(Debug)]
pub enum Trouble {
    /// The library said no.
    Library(chitin::Error),
    /// A part of the application said no, with this name and error.
    Refused(&'static str, chitin::Error),
    /// The peer closed in the midst of the handshake.
    Closed,
    /// The peer closed and did not say so, though it should have.
    NoCloseNotify,
    /// The peer sent data where it should have closed.
    DataOnShutdown,
    /// Handshake bytes of QUIC came at another level than that of now.
    WrongLevel,
    /// Not possible, or not yet.
    Unimplemented(String),
    /// Something is not as it has to be, and no case can want that.
    Mistake(String),
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.last().is_some_and(|word| word == "-is-handshaker-supported") {
        println!("No");
        return ExitCode::SUCCESS;
    }
    let trouble = match panic::catch_unwind(|| run(words)) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(trouble)) => trouble,
        Err(_) => Trouble::Mistake("a panic".into()),
    };
    match trouble {
        Trouble::Library(error) => {
            eprintln!("{} {error:?}", errors::canonical(&error));
            ExitCode::FAILURE
        }
        Trouble::Refused(name, error) => {
            eprintln!("{name} {error:?}");
            ExitCode::FAILURE
        }
        Trouble::Closed => {
            eprintln!(":CONNECTION_CLOSED:");
            ExitCode::FAILURE
        }
        Trouble::NoCloseNotify => {
            eprintln!("Unexpected SSL_shutdown result: -1 != 1");
            ExitCode::FAILURE
        }
        Trouble::DataOnShutdown => {
            eprintln!(":APPLICATION_DATA_ON_SHUTDOWN:");
            ExitCode::FAILURE
        }
        Trouble::WrongLevel => {
            eprintln!(":WRONG_ENCRYPTION_LEVEL_RECEIVED:");
            ExitCode::FAILURE
        }
        Trouble::Unimplemented(what) => {
            eprintln!("{what}");
            ExitCode::from(89)
        }
        Trouble::Mistake(what) => {
            eprintln!("{what}");
            ExitCode::from(90)
        }
    }
}

fn run(words: Vec<String>) -> Result<(), Trouble> {
    let plan = Plan::parse(words.into_iter()).map_err(|what| Trouble::Unimplemented(what.to_string()))?;
    // Whatever a later connection cannot do has to show before the first.
    let setup = setup::Setup::new(&plan)?;
    setup.begin(&plan.resume)?;
    setup.begin(&plan.retry)?;
    if plan.initial.quic {
        [&plan.initial, &plan.resume, &plan.retry].into_iter().try_for_each(quic::check_flags)?;
    }
    for at in 0..=plan.initial.resume_count {
        let options = plan.connection(at);
        let run = if options.quic { quic::run } else { session::run };
        run(&setup, options, &plan.retry, at > 0).map_err(|trouble| {
            match (trouble, setup.notes.lock().refused) {
                (Trouble::Library(error), Some(name)) => Trouble::Refused(name, error),
                (trouble, _) => trouble,
            }
        })?;
        setup.clock.advance(options.resumption_delay);
    }
    Ok(())
}
