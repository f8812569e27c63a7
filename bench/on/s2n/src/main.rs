//! s2n-tls as a worker, over the same `aws-lc` as ours.
//!
//! It speaks to the interface in C: the crate above that has no way to ask for a second ticket, which everybody else gives.

mod c;

use std::ffi::CString;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use worker::{Case, End, Group, Kind, Library, Material, Pipes, Suite, Version};

use c::{Config, Connection, Progress, Role};

fn main() {
    s2n_tls::init::init();
    worker::serve(Theirs::new);
}

struct Theirs {
    // Before what its callback has the address of.
    client: Config,
    server: Config,
    name: CString,
    tickets: Arc<Tickets>,
    /// Whether data is to be sent, and then in whole records, as everybody else does it.
    records: bool,
    mutual: bool,
}

/// What the client was given; kept only where connections are to be resumed.
#[derive(Default)]
pub struct Tickets {
    count: AtomicUsize,
    keep: bool,
    last: Mutex<Vec<u8>>,
}

impl Tickets {
    /// `write` brings a ticket of that length.
    fn take(&self, len: usize, write: impl FnOnce(&mut [u8])) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if self.keep {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.resize(len, 0);
            write(&mut last);
        }
    }
}

impl Theirs {
    fn new(material: &Material) -> Result<Self, String> {
        let case = &material.case;
        let [clients, servers] = policies(case)?;
        let tickets = Arc::new(Tickets { keep: case.resumed, ..Tickets::default() });
        let mut client = Config::new(clients)?;
        client.trust(&material.client_roots.pem)?;
        if material.client_has_certificate {
            client.identity(&material.client)?;
        }
        if case.mutual {
            client.authenticate_clients(false)?;
        }
        client.on_ticket(tickets.clone())?;

        let mut server = Config::new(servers)?;
        server.identity(&material.server)?;
        if case.mutual {
            server.trust(&material.server_roots.pem)?;
            server.authenticate_clients(true)?;
            server.accept_any_name()?;
        }
        server.give_tickets(if case.version == Version::V13 { 2 } else { 1 })?;
        let name = CString::new(material.name).map_err(|e| e.to_string())?;
        Ok(Self {
            client,
            server,
            name,
            tickets,
            records: !matches!(case.kind, Kind::Handshake),
            mutual: case.mutual,
        })
    }
}

/// Versions, suites and groups come in sets with names, one for each side. These lead to what is wanted: the server's order counts, and that
/// client knows no TLS 1.3.
fn policies(case: &Case) -> Result<[&'static str; 2], String> {
    match (case.version, case.group, case.suite) {
        (Version::V13, Group::X25519, Suite::Aes128) => Ok(["20210825"; 2]),
        (Version::V13, Group::X25519, Suite::Aes256) => Ok(["20190801"; 2]),
        (Version::V13, Group::X25519MlKem768, Suite::Aes128) => Ok(["default_pq"; 2]),
        (Version::V12, _, Suite::Aes128) => Ok(["20240501", "20210825"]),
        (_, _, suite) => Err(format!("{} {suite:?} as the first choice", worker::LACKING)),
    }
}

impl Library for Theirs {
    type Client = S2n;
    type Server = S2n;

    fn client(&self, pipes: Pipes) -> Result<S2n, String> {
        let mut connection = Connection::new(Role::Client, &self.client, pipes, self.records)?;
        connection.set_name(&self.name)?;
        if self.tickets.keep {
            let last = self.tickets.last.lock().unwrap_or_else(PoisonError::into_inner);
            if !last.is_empty() {
                connection.resume(&last)?;
            }
        }
        Ok(S2n { connection, shaking: true })
    }

    fn server(&self, pipes: Pipes) -> Result<S2n, String> {
        Ok(S2n {
            connection: Connection::new(Role::Server, &self.server, pipes, self.records)?,
            shaking: true,
        })
    }

    /// It has none for connections whose clients have certificates.
    fn gives_tickets(&self) -> bool {
        !self.mutual
    }

    fn tickets(&self) -> usize {
        self.tickets.count.load(Ordering::Relaxed)
    }
}

struct S2n {
    connection: Connection,
    shaking: bool,
}

impl End for S2n {
    fn advance(&mut self) -> Result<(), String> {
        if self.shaking {
            match self.connection.negotiate()? {
                Progress::Blocked => return Ok(()),
                Progress::Done(_) => self.shaking = false,
            }
        }
        // There is no data: what a read does is to take in tickets.
        self.receive(&mut [0; 1]).map(drop)
    }

    fn is_handshaking(&self) -> bool {
        self.shaking
    }

    fn send(&mut self, mut data: &[u8]) -> Result<(), String> {
        while !data.is_empty() {
            match self.connection.send(data)? {
                Progress::Done(n) => data = &data[n..],
                Progress::Blocked => return Err("the pipe is full".into()),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut got = 0;
        loop {
            match self.connection.receive(buffer)? {
                Progress::Done(n @ 1..) => got += n,
                Progress::Done(0) | Progress::Blocked => return Ok(got),
            }
        }
    }
}
