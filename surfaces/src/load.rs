//! Files of certificates and keys, as an operator hands them over.

use chitin::internal_testing;
use chitin::load::Wanted;

/// What is wanted and whether there is a password, then a file. Passwords of the seeds are `secret`.
///
/// What comes out is whole DER, the same each time, and no error shows the password.
pub fn load(input: &[u8]) {
    let Some((how, file)) = input.split_first() else { return };
    let (wanted, password) = (wanted(*how), password(*how));
    let found = internal_testing::load(file, password, wanted);
    assert_eq!(found, internal_testing::load(file, password, wanted), "it is something else the second time");
    match found {
        Ok((certificates, keys)) => {
            let all = certificates.iter().map(AsRef::as_ref).chain(keys.iter().map(Vec::as_slice));
            all.for_each(|der| assert_eq!(der.first(), Some(&0x30), "this is no DER of these kinds"));
        }
        Err(error) => {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(PASSWORD), "the password is in an error");
            assert!(!text.chars().any(char::is_control), "what a file says reaches a terminal");
        }
    }
}

/// What a seed says, for the test that all of it is reached: what comes out, or the kind of the error.
pub fn what_is_loaded(input: &[u8]) -> String {
    let Some((how, file)) = input.split_first() else { return "nothing".into() };
    let wanted = wanted(*how);
    match internal_testing::load(file, password(*how), wanted) {
        Ok(_) => format!("{wanted:?}"),
        Err(error) => {
            let text = format!("{error:?}");
            text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().into()
        }
    }
}

fn wanted(how: u8) -> Wanted {
    [Wanted::PrivateKey, Wanted::Certificates, Wanted::ChainAndKey][usize::from(how % 3)]
}

fn password(how: u8) -> Option<&'static str> {
    (how & 0x80 == 0).then_some(PASSWORD)
}

const PASSWORD: &str = "secret";
