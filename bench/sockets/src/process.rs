//! A process on one processor, what it has spent, and its end.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Time on a processor so far: in nanoseconds as the scheduler counts it, and in ticks of a hundredth of a second where it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    pub seconds: f64,
    pub user: f64,
    pub system: f64,
}

impl Spent {
    pub fn since(self, before: Self) -> Self {
        Self {
            seconds: self.seconds - before.seconds,
            user: self.user - before.user,
            system: self.system - before.system,
        }
    }

    /// How much of it was in the kernel: system calls, and so the copies and the queues of the sockets.
    pub fn share_of_system(self) -> f64 {
        self.system / (self.user + self.system).max(1.0)
    }

    /// Of a process with one thread, also of one that has ended and has not been waited for.
    fn of(process: u32) -> Result<Self, String> {
        let read = |file: &str| {
            let path = format!("/proc/{process}/{file}");
            fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))
        };
        let (schedstat, stat) = (read("schedstat")?, read("stat")?);
        let spent = Self::parse(&schedstat, &stat)
            .ok_or_else(|| format!("{schedstat:?} or {stat:?} of {process}"))?;
        Ok(spent)
    }

    fn parse(schedstat: &str, stat: &str) -> Option<Self> {
        let nanoseconds: f64 = schedstat.split_whitespace().next()?.parse().ok()?;
        // The name stands in brackets and may have anything in it; user and system are the twelfth and thirteenth behind it.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse().ok();
        Some(Self { seconds: nanoseconds / 1e9, user: ticks()?, system: ticks()? })
    }
}

/// Ends with its owner.
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts a program that may run on this processor and on no other.
    pub fn start(processor: usize, program: &str, arguments: &[String]) -> Result<Self, String> {
        let child = Command::new("taskset")
            .args(["--cpu-list", &processor.to_string(), program])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("taskset {program}: {e}"))?;
        Ok(Self { name: program.to_owned(), child })
    }

    pub fn spent(&self) -> Result<Spent, String> {
        Spent::of(self.child.id()).map_err(|why| format!("{}: {why}", self.name))
    }

    /// Its standard output, once.
    pub fn output(&mut self) -> Result<std::process::ChildStdout, String> {
        self.child.stdout.take().ok_or_else(|| format!("{} has no output", self.name))
    }

    /// Waits for its end, and says what it has spent in its whole life.
    pub fn finish(mut self, most: Duration) -> Result<Spent, String> {
        let began = Instant::now();
        while !self.has_ended()? {
            if began.elapsed() > most {
                return Err(format!("{} did not end within {most:?}", self.name));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // It is there until it is waited for, and so are its numbers.
        let spent = self.spent()?;
        let status = self.child.wait().map_err(|e| format!("{}: {e}", self.name))?;
        if status.success() { Ok(spent) } else { Err(format!("{} ended with {status}", self.name)) }
    }

    fn has_ended(&self) -> Result<bool, String> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        Ok(stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_any_name() {
        let stat = "77 (a) 1 2 (b) R 1 77 1 0 -1 4194304 95 0 0 0 40 10 0 0 20 0 1 0 5 6 7\n";
        let spent = Spent::parse("1500000000 3 4\n", stat).unwrap();
        assert_eq!(spent, Spent { seconds: 1.5, user: 40.0, system: 10.0 });
        assert_eq!(spent.share_of_system(), 0.2);
        assert_eq!(Spent::parse("", stat), None);
    }

    #[test]
    fn a_process_that_works_spends_and_one_that_sleeps_does_not() {
        let shell = |script: &str| {
            let arguments = ["-c".to_owned(), script.to_owned()];
            Process::start(0, "sh", &arguments).unwrap().finish(Duration::from_secs(60)).unwrap().seconds
        };
        let (work, sleep) =
            (shell("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"), shell("exec sleep 0.3"));
        assert!(work > 10.0 * sleep, "{work} {sleep}");
    }

    #[test]
    fn a_failure_and_an_endless_process_are_told() {
        let start = |script: &str| Process::start(0, "sh", &["-c".to_owned(), script.to_owned()]).unwrap();
        assert!(start("exit 3").finish(Duration::from_secs(60)).unwrap_err().contains("exit status: 3"));
        assert!(
            start("exec sleep 60").finish(Duration::from_millis(50)).unwrap_err().contains("did not end")
        );
    }
}
