//! NIST's PKITS, with its table of inputs and expected results.

use std::collections::BTreeMap;
use std::path::Path;

use chitin_pki::{Certificate, Purpose, Verifier, anchor_from_der};
use pki_types::{CertificateDer, UnixTime};
use serde_json::Value;

use crate::data::{self, list, text, texts};
use crate::settings::{Settings, algorithms};
use crate::tally::{Case, Tally};

/// Runs all rows of the table.
pub fn run(folder: &Path, settings: &Settings) -> Result<Tally, String> {
    let suite = data::read(folder, "pkits/pkits.json.xz")?;
    let time = data::time(text(&suite, "validation_time")?)?;
    let certificates = Named::read(&suite["certs"])?;
    let mut cases = Vec::new();
    for row in list(&suite, "tests")? {
        let id = text(row, "id")?;
        let fault = |error: String| format!("{id}: {error}");
        let accept = text(row, "expected_result").map_err(fault)? == "SUCCESS";
        let path = texts(row, "certs").and_then(|names| certificates.all(&names)).map_err(fault)?;
        let answer = answer(&path, time, settings);
        cases.push(Case { id: id.to_owned(), accept, answer });
    }
    Ok(Tally::new("pkits", cases))
}

/// The path is given from the anchor on.
fn answer(path: &[CertificateDer<'_>], time: UnixTime, _settings: &Settings) -> Result<(), String> {
    let [root, pool @ .., leaf] = path else { return Err("a path of less than two".into()) };
    let anchors = [anchor_from_der(root).map_err(|e| e.to_string())?];
    let leaf = Certificate::parse(leaf).map_err(|e| e.to_string())?;
    Verifier::new(algorithms(), &anchors, time, Purpose::ClientAuth)
        .verify(&leaf, pool)
        .map(|_| ())
        .map_err(|e| e.to_string())
}

/// DER by names.
struct Named(BTreeMap<String, Vec<u8>>);

impl Named {
    fn read(object: &Value) -> Result<Self, String> {
        let object = object.as_object().ok_or("no object of DER")?;
        let read = |(name, value): (&String, &Value)| {
            let der = value.as_str().and_then(base64).ok_or_else(|| format!("{name}: no base64"))?;
            Ok::<_, String>((name.clone(), der))
        };
        object.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn all(&self, names: &[&str]) -> Result<Vec<CertificateDer<'_>>, String> {
        let get = |name: &&str| {
            self.0.get(*name).map(|der| CertificateDer::from(&der[..])).ok_or_else(|| format!("no {name}"))
        };
        names.iter().map(get).collect()
    }
}

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
