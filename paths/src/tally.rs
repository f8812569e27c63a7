//! What came out of the cases of a suite.

use std::fmt;
use std::time::Duration;

/// One suite in one run.
pub struct Tally {
    suite: &'static str,
    cases: Vec<Case>,
    note: Option<String>,
}

/// One case: what was expected, and what we say.
pub struct Case {
    pub id: String,
    pub accept: bool,
    /// Why it was refused.
    pub answer: Result<(), String>,
    /// How long we took.
    pub took: Duration,
}

/// A case that came out otherwise than the suite has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    pub kind: Kind,
    pub id: String,
    /// What we said.
    pub answer: String,
}

/// Which way a disagreement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    FalseAccept,
    FalseReject,
}

impl Tally {
    pub fn new(suite: &'static str, cases: Vec<Case>) -> Self {
        Self { suite, cases, note: None }
    }

    /// Says something beside the number.
    pub fn with_note(self, note: String) -> Self {
        Self { note: Some(note), ..self }
    }

    pub fn disagreements(&self) -> impl Iterator<Item = Disagreement> {
        self.cases.iter().filter_map(|case| {
            let (kind, answer) = match (case.accept, &case.answer) {
                (false, Ok(())) => (Kind::FalseAccept, "accepted".to_owned()),
                (true, Err(why)) => (Kind::FalseReject, why.clone()),
                _ => return None,
            };
            Some(Disagreement { kind, id: case.id.clone(), answer })
        })
    }

    /// Which case took longest.
    pub fn slowest(&self) -> Option<String> {
        let case = self.cases.iter().max_by_key(|case| case.took)?;
        Some(format!("{}: at most {:.1} ms, for {}", self.suite, case.took.as_secs_f64() * 1000.0, case.id))
    }

    fn count(&self, kind: Kind) -> usize {
        self.disagreements().filter(|disagreement| disagreement.kind == kind).count()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accepts, rejects) = (self.count(Kind::FalseAccept), self.count(Kind::FalseReject));
        let all = self.cases.len();
        write!(f, "{} {}/{all}", self.suite, all - accepts - rejects)?;
        if accepts + rejects > 0 {
            write!(f, " (FA {accepts}, FR {rejects})")?;
        }
        self.note.iter().try_for_each(|note| write!(f, " ({note})"))
    }
}

impl Kind {
    pub fn short(self) -> &'static str {
        match self {
            Self::FalseAccept => "FA",
            Self::FalseReject => "FR",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_counted() {
        let case = |id: &str, accept, answer: Result<(), &str>| Case {
            id: id.into(),
            accept,
            answer: answer.map_err(str::to_owned),
            took: Duration::from_millis(if id == "c" { 2 } else { 1 }),
        };
        let tally = Tally::new(
            "suite",
            vec![
                case("a", true, Ok(())),
                case("b", true, Err("why")),
                case("c", false, Ok(())),
                case("d", false, Err("rightly")),
            ],
        );
        assert_eq!(tally.to_string(), "suite 2/4 (FA 1, FR 1)");
        assert_eq!(tally.slowest().unwrap(), "suite: at most 2.0 ms, for c");
        let found: Vec<_> = tally.disagreements().map(|d| (d.kind, d.id, d.answer)).collect();
        assert_eq!(
            found,
            [
                (Kind::FalseReject, "b".into(), "why".into()),
                (Kind::FalseAccept, "c".into(), "accepted".into())
            ]
        );
        assert_eq!(Tally::new("suite", vec![case("a", true, Ok(()))]).to_string(), "suite 1/1");
    }
}
