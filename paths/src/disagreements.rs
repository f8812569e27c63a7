//! The disagreements that are written down, and whether they are those of a run.

use std::fmt::Write;

use crate::tally::{Disagreement, Kind};

/// Lines of `profiles | FA or FR | case | reason`; empty lines and those that begin with `#` are for people.
pub struct Disagreements<'t> {
    lines: Vec<Line<'t>>,
}

struct Line<'t> {
    profiles: Vec<&'t str>,
    kind: Kind,
    id: &'t str,
    reason: &'t str,
}

/// A run beside what is written down.
pub struct Report {
    /// As expected, with the reasons.
    known: Vec<(Disagreement, String)>,
    new: Vec<Disagreement>,
    vanished: Vec<String>,
}

impl<'t> Disagreements<'t> {
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines = lines.map(|line| Line::parse(line).ok_or_else(|| format!("disagreements.txt: {line}")));
        Ok(Self { lines: lines.collect::<Result<_, _>>()? })
    }

    /// Holds what a run found against what is written down for its profile.
    pub fn compare(&self, profile: &str, found: impl Iterator<Item = Disagreement>) -> Report {
        let mut open: Vec<_> = self.lines.iter().filter(|line| line.profiles.contains(&profile)).collect();
        let mut report = Report { known: Vec::new(), new: Vec::new(), vanished: Vec::new() };
        for disagreement in found {
            match open.iter().position(|line| line.kind == disagreement.kind && line.id == disagreement.id) {
                Some(at) => report.known.push((disagreement, open.remove(at).reason.to_owned())),
                None => report.new.push(disagreement),
            }
        }
        report.vanished = open.iter().map(|line| format!("{} {}", line.kind.short(), line.id)).collect();
        report
    }
}

impl<'t> Line<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let fields: Vec<&str> = line.splitn(4, '|').map(str::trim).collect();
        let [profiles, kind, id, reason] = fields[..] else { return None };
        let kind = [Kind::FalseAccept, Kind::FalseReject].into_iter().find(|k| k.short() == kind)?;
        // A reason is a sentence.
        let good = !id.is_empty() && reason.contains(' ') && reason.ends_with('.');
        good.then(|| Self { profiles: profiles.split(' ').collect(), kind, id, reason })
    }
}

impl Report {
    /// Each disagreement with what we said and why that is so.
    pub fn listing(&self) -> String {
        let mut out = String::new();
        for (disagreement, reason) in &self.known {
            let Disagreement { kind, id, answer } = disagreement;
            let _ = writeln!(out, "{} {id}\n   we say: {answer}\n   reason: {reason}", kind.short());
        }
        out
    }

    /// Fails if a disagreement is new or gone.
    pub fn verdict(&self) -> Result<(), String> {
        if self.new.is_empty() && self.vanished.is_empty() {
            return Ok(());
        }
        let mut out = String::from("paths/disagreements.txt is not what was found");
        for Disagreement { kind, id, answer } in &self.new {
            let _ = write!(out, "\nnew:      {} {id}: {answer}", kind.short());
        }
        for gone in &self.vanished {
            let _ = write!(out, "\nvanished: {gone}");
        }
        Err(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# why\n\ndefault strict | FA | a::b | It is fine.\nstrict | FR | c | It is | not.\n";

    fn found(list: &[(Kind, &str)]) -> impl Iterator<Item = Disagreement> {
        list.iter().map(|(kind, id)| Disagreement { kind: *kind, id: (*id).into(), answer: "answer".into() })
    }

    #[test]
    fn a_new_or_vanished_disagreement_fails() {
        use Kind::{FalseAccept, FalseReject};
        let written = Disagreements::parse(TEXT).unwrap();
        let verdict = |profile, list: &[_]| written.compare(profile, found(list)).verdict();
        assert_eq!(verdict("default", &[(FalseAccept, "a::b")]), Ok(()));
        assert_eq!(verdict("strict", &[(FalseReject, "c"), (FalseAccept, "a::b")]), Ok(()));
        assert_eq!(verdict("other", &[]), Ok(()));
        let error = verdict("default", &[(FalseReject, "a::b")]).unwrap_err();
        assert!(
            error.contains("new:      FR a::b: answer") && error.contains("vanished: FA a::b"),
            "{error}"
        );
        assert!(verdict("strict", &[(FalseReject, "c")]).is_err());
        assert!(verdict("default", &[(FalseAccept, "a::b"), (FalseAccept, "d")]).is_err());
        let listing = written.compare("strict", found(&[(FalseReject, "c")])).listing();
        assert_eq!(listing, "FR c\n   we say: answer\n   reason: It is | not.\n");
    }

    #[test]
    fn a_line_has_four_fields_and_a_reason() {
        for bad in [
            "default | FA | a",
            "default | XX | a | It is fine.",
            "default | FA | a | no",
            "default | FA | | It is.",
        ] {
            assert!(Disagreements::parse(bad).is_err(), "{bad}");
        }
    }
}
