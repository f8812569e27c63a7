//! How long a handshake may take: a value that an application asks. Connections themselves know no time.

use core::time::Duration;

#[cfg(feature = "std")]
use std::io::{self, Read, Write};

/// The moment by which a handshake has to be complete. Not in rustls 0.23.
///
/// A peer that says a byte now and then holds a connection for ever, and what that has in memory: timeouts of single reads do
/// not end it. Connections have no clock, so whoever drives one asks a deadline: [`left`](Self::left) is what a poll may wait,
/// and `None` says that it is over. For blocking sockets there is [`guard`](Self::guard):
///
/// ```no_run
/// # #[cfg(feature = "std")]
/// # fn serve(config: std::sync::Arc<chitin::ServerConfig>, mut sock: std::net::TcpStream) -> std::io::Result<()> {
/// let mut conn = chitin::ServerConnection::new(config.clone()).map_err(std::io::Error::other)?;
/// // From here on, whatever the client does.
/// let deadline = config.limits.deadline();
/// let mut guarded = deadline.guard(&mut sock, |sock, left| {
///     sock.set_read_timeout(Some(left))?;
///     sock.set_write_timeout(Some(left))
/// });
/// while conn.is_handshaking() {
///     conn.complete_io(&mut guarded)?;
/// }
/// // Idle connections are another matter.
/// sock.set_read_timeout(None)?;
/// sock.set_write_timeout(None)?;
/// # Ok(())
/// # }
/// ```
///
/// The time is that of a clock that only goes forward (with `std`: [`Instant`](std::time::Instant)), so a wall clock that is set
/// changes nothing; whether it counts while a machine sleeps is the system's affair. Without `std` it is any such clock of the
/// application's, as a time since whenever: [`starting_at`](Self::starting_at) and [`left_at`](Self::left_at). If that goes back
/// nevertheless, there is never more left than there was at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    start: Duration,
    time: Duration,
}

impl Deadline {
    /// Begins now, and ends after `time`.
    #[cfg(feature = "std")]
    pub fn after(time: Duration) -> Self {
        Self::starting_at(now(), time)
    }

    /// Begins at `now` and ends `time` later, by a clock of the application's.
    pub const fn starting_at(now: Duration, time: Duration) -> Self {
        Self { start: now, time }
    }

    /// Returns how much time is left: never zero. `None`: it is over.
    ///
    /// For deadlines by [`after`](Self::after) and [`Limits::deadline`](crate::Limits::deadline).
    #[cfg(feature = "std")]
    pub fn left(&self) -> Option<Duration> {
        self.left_at(now())
    }

    /// The same at `now`, by the clock that the deadline began with.
    pub fn left_at(&self, now: Duration) -> Option<Duration> {
        // A clock that goes back gives nothing.
        let passed = now.checked_sub(self.start).unwrap_or_default();
        self.time.checked_sub(passed).filter(|left| !left.is_zero())
    }

    /// Lends `io` out such that each of its reads and writes ends at the deadline, with
    /// [`TimedOut`](std::io::ErrorKind::TimedOut), however many of them it takes to get there.
    ///
    /// Before each, `wait` is told how long it may block: at least a millisecond, since sockets take zero for no limit at all, and
    /// some systems round down to it.
    #[cfg(feature = "std")]
    pub fn guard<T, W>(self, io: T, wait: W) -> Guarded<T, W>
    where
        W: FnMut(&mut T, Duration) -> io::Result<()>,
    {
        Guarded { io, wait, deadline: self }
    }
}

/// A socket, or the like, that is read and written until a [`Deadline`], which made it.
#[cfg(feature = "std")]
#[derive(Debug)]
pub struct Guarded<T, W> {
    io: T,
    wait: W,
    deadline: Deadline,
}

#[cfg(feature = "std")]
impl<T, W: FnMut(&mut T, Duration) -> io::Result<()>> Guarded<T, W> {
    fn by_the_deadline<R>(&mut self, run: impl FnOnce(&mut T) -> io::Result<R>) -> io::Result<R> {
        const LEAST: Duration = Duration::from_millis(1);
        let Some(left) = self.deadline.left() else { return Err(over()) };
        (self.wait)(&mut self.io, left.max(LEAST))?;
        run(&mut self.io).map_err(|error| match error.kind() {
            // What a blocking socket says when its timeout is over.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut if self.deadline.left().is_none() => over(),
            _ => error,
        })
    }
}

#[cfg(feature = "std")]
impl<T: Read, W: FnMut(&mut T, Duration) -> io::Result<()>> Read for Guarded<T, W> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.by_the_deadline(|io| io.read(buf))
    }
}

#[cfg(feature = "std")]
impl<T: Write, W: FnMut(&mut T, Duration) -> io::Result<()>> Write for Guarded<T, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.by_the_deadline(|io| io.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.by_the_deadline(|io| io.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.by_the_deadline(T::flush)
    }
}

#[cfg(feature = "std")]
fn over() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the time for this handshake is over")
}

/// The time since the first deadline of the process.
#[cfg(feature = "std")]
fn now() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_down_to_nothing_and_never_up() {
        let secs = Duration::from_secs;
        let deadline = Deadline::starting_at(secs(100), secs(10));
        for (now, left) in [(100, 10), (103, 7), (109, 1), (0, 10), (99, 10)] {
            assert_eq!(deadline.left_at(secs(now)), Some(secs(left)), "{now}");
        }
        assert_eq!(deadline.left_at(Duration::new(109, 999_999_999)), Some(Duration::from_nanos(1)));
        for now in [secs(110), secs(111), Duration::MAX] {
            assert_eq!(deadline.left_at(now), None);
        }
        assert_eq!(Deadline::starting_at(secs(5), Duration::MAX).left_at(Duration::MAX), Some(secs(5)));
        assert_eq!(Deadline::starting_at(secs(5), secs(0)).left_at(secs(5)), None);
    }

    /// One byte at a time, each of which takes a while: what single timeouts do not end.
    #[test]
    #[cfg(feature = "std")]
    fn a_peer_that_trickles_is_ended() {
        struct Trickle;
        impl Read for Trickle {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(10));
                buf[0] = 22;
                Ok(1)
            }
        }
        let mut told = alloc::vec::Vec::new();
        let deadline = Deadline::after(Duration::from_millis(100));
        let mut guarded = deadline.guard(Trickle, |_: &mut Trickle, left| {
            told.push(left);
            Ok(())
        });
        let mut got = 0;
        let error = loop {
            match guarded.read(&mut [0; 1]) {
                Ok(n) => got += n,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((1..=10).contains(&got), "{got}");
        assert!(told.is_sorted_by(|a, b| a > b) && told.len() == got, "{told:?}");
    }
}
