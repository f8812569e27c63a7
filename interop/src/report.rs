//! What one side says of a connection, and the comparison with what the case was to bring.

use std::fmt::Debug;

use chitin::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

/// What one side says of a connection; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub version: Option<ProtocolVersion>,
    pub suite: Option<CipherSuite>,
    pub group: Option<NamedGroup>,
    pub resumed: Option<bool>,
    pub retried: Option<bool>,
    /// Said by a server: that the client proved who it is.
    pub client: Option<bool>,
    /// That early data arrived, or was accepted.
    pub early: Option<bool>,
    /// Said by a client: the scheme that the server signed with.
    pub scheme: Option<SignatureScheme>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    Version,
    Suite,
    Group,
    Resumed,
    Retried,
    Client,
    Early,
    Scheme,
}

impl Field {
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Suite => "suite",
            Self::Group => "group",
            Self::Resumed => "resumption",
            Self::Retried => "HelloRetryRequest",
            Self::Client => "client authentication",
            Self::Early => "early data",
            Self::Scheme => "signature",
        }
    }
}

/// What a side never says, and why.
pub type Mute = &'static [(Field, &'static str)];

impl Report {
    /// Holds what a side says against what was to come. It may be silent only about what is listed.
    ///
    /// # Errors
    ///
    /// The first field that differs, or that is missing without a reason.
    pub fn hold(&self, who: &str, said: &Report, mute: Mute) -> Result<(), String> {
        let check = Check { who, mute };
        check.field(Field::Version, self.version, said.version)?;
        check.field(Field::Suite, self.suite, said.suite)?;
        check.field(Field::Group, self.group, said.group)?;
        check.field(Field::Resumed, self.resumed, said.resumed)?;
        check.field(Field::Retried, self.retried, said.retried)?;
        check.field(Field::Client, self.client, said.client)?;
        check.field(Field::Early, self.early, said.early)?;
        check.field(Field::Scheme, self.scheme, said.scheme)
    }
}

struct Check<'a> {
    who: &'a str,
    mute: Mute,
}

impl Check<'_> {
    /// A field that the case leaves open is not looked at.
    fn field<T: Debug + PartialEq>(
        &self,
        field: Field,
        due: Option<T>,
        said: Option<T>,
    ) -> Result<(), String> {
        let who = self.who;
        match (due, said) {
            (None, _) => Ok(()),
            (Some(due), Some(said)) if due == said => Ok(()),
            (Some(due), Some(said)) => Err(format!("{}: {who} says {said:?}, and not {due:?}", field.name())),
            (Some(_), None) if self.mute.iter().any(|(mute, _)| *mute == field) => Ok(()),
            (Some(due), None) => Err(format!("{}: {who} says nothing, and not {due:?}", field.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_and_an_unexplained_silence_are_found() {
        let due = Report { resumed: Some(true), group: Some(NamedGroup::X25519), ..Report::default() };
        let mute: Mute = &[(Field::Group, "it has no words for it")];
        let says = |resumed, group| Report { resumed, group, ..Report::default() };
        assert_eq!(due.hold("it", &says(Some(true), Some(NamedGroup::X25519)), &[]), Ok(()));
        assert_eq!(due.hold("it", &says(Some(true), None), mute), Ok(()));
        assert!(due.hold("it", &says(Some(true), None), &[]).unwrap_err().contains("says nothing"));
        assert!(due.hold("it", &says(Some(false), None), mute).unwrap_err().contains("resumption"));
        // Who may be silent may not be wrong.
        assert!(due.hold("it", &says(Some(true), Some(NamedGroup::secp256r1)), mute).is_err());
    }
}
