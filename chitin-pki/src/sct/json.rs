//! The list of logs as Chrome publishes it: `log_list.json`, version 3 of its format.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use pki_types::UnixTime;
use serde_json::Value;

use super::logs::{Log, LogList, LogState, Operator};
use crate::base64;
use crate::der::{self, Reader};
use crate::time::Time;

/// Why a list of logs cannot be read: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogListFault(String);

impl LogList {
    /// Reads a list in the third version of Chrome's format. That it comes from whom it should is for the caller to check:
    /// Chrome's comes with a signature beside it.
    ///
    /// Logs in a state that is unknown count as rejected. Logs of the kind `tiled_logs` are read like the others.
    ///
    /// # Errors
    ///
    /// [`LogListFault`] if it is not JSON or lacks something that is needed.
    pub fn from_json(json: &[u8]) -> Result<Self, LogListFault> {
        let list: Value = serde_json::from_slice(json).map_err(|error| LogListFault(error.to_string()))?;
        let timestamp = time(&list, "log_list_timestamp", "the list")?;
        let mut logs = Vec::new();
        for operator in array(&list, "operators") {
            let name = text(operator, "name", "an operator")?;
            for log in array(operator, "logs").iter().chain(array(operator, "tiled_logs")) {
                logs.push(read_log(log, name)?);
            }
        }
        match logs.is_empty() {
            true => Err(LogListFault("there is no log in it".to_string())),
            false => Ok(Self { timestamp, logs }),
        }
    }
}

fn read_log(log: &Value, operator: &str) -> Result<Log, LogListFault> {
    let whose = format!("a log of {operator}");
    let key = base64::decode(text(log, "key", &whose)?)
        .ok_or_else(|| LogListFault(format!("the key of {whose} is not Base64")))?;
    let mut previous_operators = Vec::new();
    for previous in array(log, "previous_operators") {
        let name = text(previous, "name", &whose)?.to_string();
        previous_operators.push(Operator { name, until: time(previous, "end_time", &whose)? });
    }
    previous_operators.sort_by_key(|operator| operator.until);
    Ok(Log { key, operator: operator.to_string(), previous_operators, state: state(log, &whose)? })
}

fn state(log: &Value, whose: &str) -> Result<LogState, LogListFault> {
    let Some(states) = log.get("state").and_then(Value::as_object) else { return Ok(LogState::Rejected) };
    Ok(match states.iter().next() {
        Some((name, value)) => match name.as_str() {
            "pending" => LogState::Pending,
            "qualified" => LogState::Qualified,
            "usable" => LogState::Usable,
            "readonly" => LogState::ReadOnly,
            "retired" => LogState::Retired { since: time(value, "timestamp", whose)? },
            _ => LogState::Rejected,
        },
        None => LogState::Rejected,
    })
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, key: &str, whose: &str) -> Result<&'v str, LogListFault> {
    let text = value.get(key).and_then(Value::as_str);
    text.ok_or_else(|| LogListFault(format!("{whose} has no {key}")))
}

/// A time like 2026-01-31T00:00:00Z, RFC 3339, which is that of certificates but for the signs in it.
fn time(value: &Value, key: &str, whose: &str) -> Result<UnixTime, LogListFault> {
    let text = text(value, key, whose)?;
    let fault = || LogListFault(format!("{key} of {whose} is no time: {text}"));
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole).trim_end_matches('Z');
    let mut digits: Vec<u8> = whole.bytes().filter(u8::is_ascii_digit).collect();
    digits.push(b'Z');
    let mut encoded = Vec::new();
    der::put(&mut encoded, der::GENERALIZED_TIME, &digits);
    match whole.len() == SIGNS && text.ends_with('Z') {
        true => Time::read(&mut Reader::new(&encoded)).map(Time::unix).map_err(|_| fault()),
        false => Err(fault()),
    }
}

impl core::error::Error for LogListFault {}

impl fmt::Display for LogListFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list of logs cannot be read: {}", self.0)
    }
}

/// What 2026-01-31T00:00:00 has.
const SIGNS: usize = 19;
