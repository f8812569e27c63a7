//! NIST's PKITS, with its table of inputs and expected results.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use chitin_pki::{Certificate, PolicyInputs, PolicySet, Purpose, oid_from_text};
use pki_types::{CertificateDer, UnixTime};
use serde_json::Value;

use crate::data::{self, list, text, texts};
use crate::revocation;
use crate::settings::Settings;
use crate::tally::{Case, Tally};

/// Runs all rows of the table.
pub fn run(folder: &Path, settings: &Settings) -> Result<Tally, String> {
    let suite = data::read(folder, "pkits/pkits.json.xz")?;
    let time = data::time(text(&suite, "validation_time")?)?;
    let certificates = Named::read(&suite["certs"], base64)?;
    let lists = Named::read(&suite["crls"], base64)?;
    let policies = Named::read(&suite["policies"], oid_from_text)?;
    let (mut cases, mut refused_for_dsa) = (Vec::new(), 0);
    for row in list(&suite, "tests")? {
        let id = text(row, "id")?;
        let fault = |error: String| format!("{id}: {error}");
        // No algorithm of TLS 1.3 is DSA, so no run has it. For those who do not, the table has another answer.
        let without_dsa = text(row, "boringssl").map_err(fault)? == WITHOUT_DSA;
        let accept = text(row, "expected_result").map_err(fault)? == "SUCCESS" && !without_dsa;
        let path = texts(row, "certs").and_then(|names| certificates.all(&names)).map_err(fault)?;
        let path: Vec<_> = path.into_iter().map(CertificateDer::from).collect();
        let inputs = Inputs::read(row, &policies).map_err(fault)?;
        let lists = texts(row, "crls").and_then(|names| lists.all(&names)).map_err(fault)?;
        let start = Instant::now();
        let answer = answer(&path, &lists, &inputs, time, settings);
        let took = start.elapsed();
        if without_dsa {
            // It has to be for that reason.
            let by_algorithm = |why: &String| why.contains("signed with an algorithm that is not allowed");
            let named = answer.as_ref().is_err_and(by_algorithm);
            if !named {
                return Err(fault("a certificate with DSA was not refused for it".into()));
            }
            refused_for_dsa += 1;
        }
        cases.push(Case { id: id.to_owned(), accept, answer, took });
    }
    Ok(Tally::new("pkits", cases).with_note(format!("{refused_for_dsa} of them by refusing DSA")))
}

/// What a row asks of policies, and what shall come out.
struct Inputs<'s> {
    initial_set: Vec<&'s [u8]>,
    require_explicit: bool,
    inhibit_mapping: bool,
    inhibit_any: bool,
    user_constrained: PolicySet,
}

impl<'s> Inputs<'s> {
    fn read(row: &Value, policies: &'s Named) -> Result<Self, String> {
        let mut user_constrained = policies.all(&texts(row, "user_constrained_policy_set")?)?;
        let any_policy = oid_from_text(ANY_POLICY).ok_or("anyPolicy")?;
        let any = user_constrained.contains(&&any_policy[..]);
        user_constrained.retain(|policy| *policy != any_policy);
        user_constrained.sort_unstable();
        let flag = |key: &str| row[key].as_bool().ok_or_else(|| format!("no flag {key}"));
        Ok(Self {
            initial_set: policies.all(&texts(row, "initial_policy_set")?)?,
            require_explicit: flag("initial_explicit_policy")?,
            inhibit_mapping: flag("initial_policy_mapping_inhibit")?,
            inhibit_any: flag("initial_inhibit_any_policy")?,
            user_constrained: PolicySet {
                any,
                policies: user_constrained.into_iter().map(<[u8]>::to_vec).collect(),
            },
        })
    }
}

/// The path is given from the anchor on. A row that is to be accepted says for which policies, too.
fn answer(
    path: &[CertificateDer<'_>],
    lists: &[&[u8]],
    inputs: &Inputs<'_>,
    time: UnixTime,
    settings: &Settings,
) -> Result<(), String> {
    let [root, pool @ .., leaf] = path else { return Err("a path of less than two".into()) };
    let leaf = Certificate::parse(leaf).map_err(|e| e.to_string())?;
    let policies = PolicyInputs {
        initial_set: Some(&inputs.initial_set),
        require_explicit: inputs.require_explicit,
        inhibit_mapping: inputs.inhibit_mapping,
        inhibit_any: inputs.inhibit_any,
    };
    // Some rows end in a CA certificate, and none is about TLS.
    let found = settings.with_verifier(core::slice::from_ref(root), time, Purpose::Any, |verifier| {
        let verifier = verifier.with_policies(policies);
        let path = revocation::verify(&verifier, &leaf, pool, lists).map_err(|e| e.to_string())?;
        Ok::<_, String>(path.policies)
    })?;
    match found == inputs.user_constrained {
        true => Ok(()),
        false => Err(format!("it is valid for {found:?}")),
    }
}

/// Octets by names.
struct Named(BTreeMap<String, Vec<u8>>);

impl Named {
    fn read(object: &Value, decode: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Self, String> {
        let object = object.as_object().ok_or("no object of names")?;
        let read = |(name, value): (&String, &Value)| {
            let octets = value.as_str().and_then(&decode).ok_or_else(|| format!("{name}: {value}"))?;
            Ok::<_, String>((name.clone(), octets))
        };
        object.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn all(&self, names: &[&str]) -> Result<Vec<&[u8]>, String> {
        let get = |name: &&str| self.0.get(*name).map(Vec::as_slice).ok_or_else(|| format!("no {name}"));
        names.iter().map(get).collect()
    }
}

/// What the table says beside rows that are to be accepted by those who have DSA.
const WITHOUT_DSA: &str = "FAILURE: DSA not supported";

/// RFC 5280 section 4.2.1.4.
const ANY_POLICY: &str = "2.5.29.32.0";

/// RFC 4648 section 4.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn base64_is_read() {
        for (text, bytes) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(base64(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(base64("Z g="), None);
    }
}
