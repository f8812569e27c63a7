//! Both ends of a connection, on a wire that allocates nothing, and the meter through which each of their calls goes.

use std::io::{self, Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use chitin::pki_types::ServerName;
use chitin::{ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData};
use testkit::pair::Side;

/// Whose calls are counted.
pub struct Meter(pub Option<Side>);

impl Meter {
    pub fn on<T>(&mut self, side: Side, run: impl FnOnce() -> T) -> T {
        let (mut run, mut out) = (Some(run), None);
        let mut call = || out = run.take().map(|run| run());
        match self.0 == Some(side) {
            true => crate::counted(&mut call),
            false => call(),
        }
        out.expect("it ran")
    }
}

/// What flies in one direction.
pub struct Wire {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

impl Wire {
    fn new() -> Self {
        Self { bytes: vec![0; 64 * 1024], from: 0, to: 0 }
    }
}

impl Write for Wire {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let room = &mut self.bytes[self.to..];
        let n = buf.len().min(room.len());
        room[..n].copy_from_slice(&buf[..n]);
        self.to += n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(self.to - self.from);
        buf[..n].copy_from_slice(&self.bytes[self.from..self.from + n]);
        self.from += n;
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
        }
        Ok(n)
    }
}

pub struct Ends {
    pub client: ClientConnection,
    pub server: ServerConnection,
    up: Wire,
    down: Wire,
}

impl Ends {
    /// Runs a handshake, with what each side has to say at its end.
    pub fn connected(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, meter: &mut Meter) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let client = meter.on(Side::Client, || ClientConnection::new(client.clone(), name).unwrap());
        let server = meter.on(Side::Server, || ServerConnection::new(server.clone()).unwrap());
        let mut ends = Self { client, server, up: Wire::new(), down: Wire::new() };
        while ends.client.wants_write() || ends.server.wants_write() {
            meter.on(Side::Client, || flush(&mut ends.client, &mut ends.up));
            meter.on(Side::Server, || take(&mut ends.server, &mut ends.up));
            meter.on(Side::Server, || flush(&mut ends.server, &mut ends.down));
            meter.on(Side::Client, || take(&mut ends.client, &mut ends.down));
        }
        assert!(!ends.client.is_handshaking() && !ends.server.is_handshaking());
        ends
    }

    /// Ends both connections, which is part of what they cost.
    pub fn drop(self, meter: &mut Meter) {
        let Self { client, server, .. } = self;
        meter.on(Side::Client, || drop(client));
        meter.on(Side::Server, || drop(server));
    }

    /// One record from the client to the server, which reads it into `out`.
    pub fn send(&mut self, data: &[u8], out: &mut [u8], meter: &mut Meter) {
        meter.on(Side::Client, || {
            self.client.writer().write_all(data).unwrap();
            flush(&mut self.client, &mut self.up);
        });
        meter.on(Side::Server, || {
            let mut got = 0;
            while got < out.len() {
                take(&mut self.server, &mut self.up);
                while let Ok(n @ 1..) = self.server.reader().read(&mut out[got..]) {
                    got += n;
                }
            }
        });
        assert!(data == out);
    }
}

fn flush<S: SideData>(conn: &mut impl DerefMut<Target = ConnectionCommon<S>>, wire: &mut Wire) {
    while conn.wants_write() {
        conn.write_tls(wire).unwrap();
    }
}

fn take<S: SideData>(conn: &mut impl DerefMut<Target = ConnectionCommon<S>>, wire: &mut Wire) {
    while wire.from < wire.to {
        conn.read_tls(wire).unwrap();
        conn.process_new_packets().unwrap();
    }
}
