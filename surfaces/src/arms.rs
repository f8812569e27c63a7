//! The arms of the flows' legal orders, read from their sources, and which of them a run reached.
//!
//! Each flow begins with one `match` on (state, message), and one on ChangeCipherSpec in TLS 1.2. An arm counts as reached when
//! the flow went on after it. Beside the arms count the states themselves, questions among them, and for each state that
//! waits for a message one that it refused.

use std::collections::BTreeSet;

use chitin::{HandshakeType, ProtocolVersion};

use crate::flow::{Note, Outcome};

/// A role, in its first version and its second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

/// One thing to reach: the flow's file, the state, and what happens there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arm {
    pub flow: &'static str,
    pub state: String,
    pub what: String,
}

const FLOWS: [(&str, &str); 4] = [
    ("client13", include_str!("../../chitin/src/flow/client13.rs")),
    ("client12", include_str!("../../chitin/src/flow/client12.rs")),
    ("server13", include_str!("../../chitin/src/flow/server13.rs")),
    ("server12", include_str!("../../chitin/src/flow/server12.rs")),
];

const ENTERED: &str = "entered";
const REFUSED: &str = "refused a message";
const CCS: &str = "ChangeCipherSpec";

/// All that there is to reach.
///
/// # Panics
///
/// When a flow's file does not look as it did.
pub fn all() -> BTreeSet<Arm> {
    let mut arms = BTreeSet::new();
    for (flow, text) in FLOWS {
        let mut add = |state: &str, what: &str| {
            arms.insert(Arm { flow, state: state.to_owned(), what: what.to_owned() });
        };
        let names = names(text);
        assert!(names.len() > 8, "{flow}: no names of states");
        for (_, name) in &names {
            add(name, ENTERED);
            if !name.starts_with("Ask") {
                add(name, REFUSED);
            }
        }
        let shown = |variant: &str| {
            let found = names.iter().find(|(have, _)| *have == variant);
            found.unwrap_or_else(|| panic!("{flow}: {variant} has no name")).1
        };
        let order = between(text, "fn on_message", "(state, got)");
        for (states, rest) in
            order.lines().filter_map(|line| line.trim().strip_prefix('(')?.split_once(", T::"))
        {
            let typ = rest.split(')').next().unwrap_or_default();
            for state in states.split(" | ") {
                add(shown(variant(state)), typ);
            }
        }
        if text.contains("fn on_ccs") {
            let ccs = between(text, "fn on_ccs", "_ =>");
            for line in ccs.lines().filter(|line| line.contains("=> s.")) {
                add(shown(variant(line.trim())), CCS);
            }
        }
    }
    arms
}

/// `WaitFinished(s)` is `WaitFinished`.
fn variant(pattern: &str) -> &str {
    pattern.split('(').next().unwrap_or_default()
}

/// The variants of the enum of states, with the names that observers see.
fn names(text: &str) -> Vec<(&str, &str)> {
    let pairs = between(text, "fn name(&self)", "pub(crate) fn question");
    pairs
        .lines()
        .filter_map(|line| line.trim().split_once(" => \""))
        .map(|(pattern, name)| (variant(pattern), name.split('"').next().unwrap_or_default()))
        .collect()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no `{from}`"));
    rest.split_once(to).unwrap_or_else(|| panic!("no `{to}` behind `{from}`")).0
}

/// What a run reached.
pub fn reached(role: Role, outcome: &Outcome, notes: &[Note]) -> BTreeSet<Arm> {
    let (first, second, hello) = match role {
        Role::Client => ("client13", "client12", HandshakeType::ServerHello),
        Role::Server => ("server13", "server12", HandshakeType::ClientHello),
    };
    let older = outcome.version == Some(ProtocolVersion::TLSv1_2);
    let mut arms = BTreeSet::new();
    let (mut flow, mut state, mut came) = (first, "", None);
    for note in notes {
        let mut add = |flow, state: &str, what: &str| {
            arms.insert(Arm { flow, state: state.to_owned(), what: what.to_owned() });
        };
        match (note, came.take()) {
            (Note::Message(typ), _) => came = Some(Came::Message(*typ)),
            // What else a record of that kind is, it is not in the legal order of TLS 1.3.
            (Note::Ccs, _) if flow == second => came = Some(Came::Ccs),
            (Note::State(next), what) => {
                match what {
                    Some(Came::Message(typ)) => add(flow, state, &format!("{typ:?}")),
                    Some(Came::Ccs) => add(flow, state, CCS),
                    None => {}
                }
                if older && what == Some(Came::Message(hello)) {
                    flow = second;
                }
                state = next;
                add(flow, state, ENTERED);
            }
            (Note::Failed, Some(Came::Message(_))) => add(flow, state, REFUSED),
            (Note::FatalAlert, what) => came = what,
            (Note::Failed | Note::Ccs, _) => {}
        }
    }
    arms
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Message(HandshakeType),
    Ccs,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(flow: &str, state: &str, what: &str) -> bool {
        all().iter().any(|arm| arm.flow == flow && arm.state == state && arm.what == what)
    }

    #[test]
    fn arms_are_read_from_the_sources() {
        assert!(has("client13", "WaitServerHello", "ServerHello"));
        assert!(has("client13", "WaitCertificateOrRequest", "CompressedCertificate"));
        assert!(has("client13", "WaitCertificate", "CompressedCertificate"));
        assert!(has("client12", "WaitCertificateStatusOrServerKeyExchange", "ServerKeyExchange"));
        assert!(has("client12", "WaitChangeCipherSpec", CCS));
        assert!(has("server12", "AskCertificate", ENTERED), "the name, and not the variant");
        assert!(has("server13", "Connected", "KeyUpdate"));
        assert!(!has("server12", "WaitChangeCipherSpec", "Finished"));
    }

    #[test]
    fn a_run_reaches_what_it_went_through() {
        let notes = [
            Note::State("WaitServerHello"),
            Note::Message(HandshakeType::ServerHello),
            Note::State("WaitCertificate"),
            Note::Message(HandshakeType::Finished),
            Note::Failed,
        ];
        let outcome = Outcome { version: Some(ProtocolVersion::TLSv1_2), ..Outcome::default() };
        let arms = reached(Role::Client, &outcome, &notes);
        let arm = |flow, state: &str, what: &str| Arm { flow, state: state.into(), what: what.into() };
        let expected = [
            arm("client13", "WaitServerHello", ENTERED),
            arm("client13", "WaitServerHello", "ServerHello"),
            arm("client12", "WaitCertificate", ENTERED),
            arm("client12", "WaitCertificate", REFUSED),
        ];
        assert_eq!(arms, BTreeSet::from(expected));
    }
}
