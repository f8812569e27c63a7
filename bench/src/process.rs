//! A worker as a process: orders in, answers out.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use worker::{Case, Facts, Heap, Slice};

use crate::crew::Member;

/// glibc gives the end of its heap back to the system when 128 KiB there are free, and takes it again, page by page. Whether a buffer lies there
/// is chance, and doubles the time of a burst. A process of any size has other memory behind it; so have all workers.
const KEEP_MEMORY: &str = "glibc.malloc.trim_threshold=268435456:glibc.malloc.mmap_threshold=33554432";

pub struct Worker {
    pub name: &'static str,
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// `place`: by how many bytes its memory begins behind where it would.
    pub fn start(member: &Member, case: &Case, folder: &Path, place: usize) -> Result<Self, String> {
        let program = member.program()?;
        let mut child = Command::new(&program)
            .arg(folder)
            .args([case.id, member.variant, &place.to_string()])
            .env("GLIBC_TUNABLES", KEEP_MEMORY)
            .envs(member.environment(case))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{} has no pipes", member.name));
        };
        Ok(Self { name: member.name, child, orders, answers: BufReader::new(answers) })
    }

    fn ask(&mut self, order: &str) -> Result<Value, String> {
        let mut line = String::new();
        let read = writeln!(self.orders, "{order}").and_then(|()| self.answers.read_line(&mut line));
        read.map_err(|e| format!("{}: {e}", self.name))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|_| format!("{} ended after `{order}`", self.name))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(why) => Err(format!("{}: {why}", self.name)),
            None => Ok(answer),
        }
    }

    /// `None`: it says that it does not have what the case is about.
    pub fn check(&mut self) -> Result<Option<Facts>, String> {
        match self.ask("check") {
            Err(why) if why.contains(worker::LACKING) => {
                eprintln!("  {why}");
                Ok(None)
            }
            answer => self.read(answer?).map(Some),
        }
    }

    pub fn heap(&mut self) -> Result<Heap, String> {
        let answer = self.ask("heap")?;
        self.read(answer)
    }

    pub fn slice(&mut self, microseconds: u64) -> Result<Slice, String> {
        let answer = self.ask(&format!("slice {microseconds}"))?;
        self.read(answer)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, answer: Value) -> Result<T, String> {
        serde_json::from_value(answer).map_err(|e| format!("{}: {e}", self.name))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It ends with its standard input; after an error it might not.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds this process, and all that it starts from here on, to one processor: what workers take turns on is then the same, with the same
/// caches and the same neighbours. Returns its number.
pub fn hold_to_one_processor() -> Result<usize, String> {
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(|e| format!("/proc/self/status: {e}"))?;
    let last = last_allowed(&status).ok_or("no list of processors in /proc/self/status")?;
    let done = Command::new("taskset")
        .args(["--cpu-list", "--pid", &last.to_string(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()
        .map_err(|e| format!("taskset: {e}"))?;
    if done.success() { Ok(last) } else { Err("taskset did not do it".into()) }
}

/// Interrupts like the first ones.
fn last_allowed(status: &str) -> Option<usize> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    list.rsplit([',', '-']).next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_processor_of_a_list_is_found() {
        let status = |list: &str| format!("Name:\tbench\nCpus_allowed_list:\t{list}\nMems_allowed:\t0\n");
        assert_eq!(last_allowed(&status("0-1")), Some(1));
        assert_eq!(last_allowed(&status("0-3,8")), Some(8));
        assert_eq!(last_allowed(&status("5")), Some(5));
        assert_eq!(last_allowed("Name:\tbench\n"), None);
    }
}
