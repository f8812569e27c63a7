//! As much of s2n-tls in C as the worker takes. All of this worker's `unsafe` is here.

use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use s2n_tls_sys as c;
use worker::{Chain, Pipes};

use crate::Tickets;

pub struct Config {
    raw: NonNull<c::s2n_config>,
    chain: Option<NonNull<c::s2n_cert_chain_and_key>>,
    /// The callback has its address.
    tickets: Option<Arc<Tickets>>,
}

pub struct Connection {
    raw: NonNull<c::s2n_connection>,
    /// The callbacks have its address.
    _pipes: Box<Pipes>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Client,
    Server,
}

pub enum Progress {
    Done(usize),
    Blocked,
}

// SAFETY, for all of this file but the callbacks: pointers are those of objects that `self` owns and frees when it is dropped, or of what is
// borrowed for as long as the call and which s2n-tls copies or only reads, as its documentation says of each function.

impl Config {
    pub fn new(policy: &str) -> Result<Self, String> {
        let raw = NonNull::new(unsafe { c::s2n_config_new_minimal() }).ok_or_else(error)?;
        let config = Self { raw, chain: None, tickets: None };
        let policy = CString::new(policy).map_err(|e| e.to_string())?;
        done(unsafe { c::s2n_config_set_cipher_preferences(raw.as_ptr(), policy.as_ptr()) })?;
        done(unsafe { c::s2n_config_set_session_tickets_onoff(raw.as_ptr(), 1) })?;
        Ok(config)
    }

    pub fn trust(&mut self, pem: &str) -> Result<(), String> {
        let pem = CString::new(pem).map_err(|e| e.to_string())?;
        done(unsafe { c::s2n_config_add_pem_to_trust_store(self.raw.as_ptr(), pem.as_ptr()) })
    }

    pub fn identity(&mut self, chain: &Chain) -> Result<(), String> {
        let raw = NonNull::new(unsafe { c::s2n_cert_chain_and_key_new() }).ok_or_else(error)?;
        self.chain = Some(raw);
        // It takes them as mutable, and reads them.
        let (mut pem, mut key) = (chain.pem.clone().into_bytes(), chain.key_pem.clone().into_bytes());
        done(unsafe {
            c::s2n_cert_chain_and_key_load_pem_bytes(
                raw.as_ptr(),
                pem.as_mut_ptr(),
                pem.len() as u32,
                key.as_mut_ptr(),
                key.len() as u32,
            )
        })?;
        done(unsafe { c::s2n_config_add_cert_chain_and_key_to_store(self.raw.as_ptr(), raw.as_ptr()) })
    }

    /// A client that does not demand to be asked for a certificate still answers with one.
    pub fn authenticate_clients(&mut self, demand: bool) -> Result<(), String> {
        let how = if demand { c::s2n_cert_auth_type::REQUIRED } else { c::s2n_cert_auth_type::OPTIONAL };
        done(unsafe { c::s2n_config_set_client_auth_type(self.raw.as_ptr(), how) })
    }

    /// A server asks for no name: whoever has a chain may come.
    pub fn accept_any_name(&mut self) -> Result<(), String> {
        done(unsafe {
            c::s2n_config_set_verify_host_callback(self.raw.as_ptr(), Some(any_name), ptr::null_mut())
        })
    }

    pub fn give_tickets(&mut self, count: u8) -> Result<(), String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?.as_secs();
        let (name, mut key) = (b"the key of bench", [7_u8; 32]);
        done(unsafe {
            c::s2n_config_add_ticket_crypto_key(
                self.raw.as_ptr(),
                name.as_ptr(),
                name.len() as u32,
                key.as_mut_ptr(),
                key.len() as u32,
                now - 1,
            )
        })?;
        done(unsafe { c::s2n_config_set_initial_ticket_count(self.raw.as_ptr(), count) })
    }

    pub fn on_ticket(&mut self, tickets: Arc<Tickets>) -> Result<(), String> {
        let context = Arc::as_ptr(&tickets).cast_mut().cast();
        self.tickets = Some(tickets);
        done(unsafe { c::s2n_config_set_session_ticket_cb(self.raw.as_ptr(), Some(ticket), context) })
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        unsafe { c::s2n_config_free(self.raw.as_ptr()) };
        if let Some(chain) = self.chain {
            unsafe { c::s2n_cert_chain_and_key_free(chain.as_ptr()) };
        }
    }
}

impl Connection {
    /// `config` has to outlive it, which the pair of a worker sees to: a library lets go of its connections first.
    pub fn new(role: Role, config: &Config, pipes: Pipes, whole_records: bool) -> Result<Self, String> {
        let mode = match role {
            Role::Client => c::s2n_mode::CLIENT,
            Role::Server => c::s2n_mode::SERVER,
        };
        let raw = NonNull::new(unsafe { c::s2n_connection_new(mode) }).ok_or_else(error)?;
        let pipes = Box::new(pipes);
        let context: *mut c_void = ptr::from_ref(&*pipes).cast_mut().cast();
        let connection = Self { raw, _pipes: pipes };
        let raw = raw.as_ptr();
        done(unsafe { c::s2n_connection_set_config(raw, config.raw.as_ptr()) })?;
        // A failed handshake is what some checks want, and nobody waits for it.
        done(unsafe { c::s2n_connection_set_blinding(raw, c::s2n_blinding::SELF_SERVICE_BLINDING) })?;
        if whole_records {
            done(unsafe { c::s2n_connection_prefer_throughput(raw) })?;
        }
        done(unsafe { c::s2n_connection_set_recv_cb(raw, Some(read)) })?;
        done(unsafe { c::s2n_connection_set_send_cb(raw, Some(write)) })?;
        done(unsafe { c::s2n_connection_set_recv_ctx(raw, context) })?;
        done(unsafe { c::s2n_connection_set_send_ctx(raw, context) })?;
        Ok(connection)
    }

    pub fn set_name(&mut self, name: &CStr) -> Result<(), String> {
        done(unsafe { c::s2n_set_server_name(self.raw.as_ptr(), name.as_ptr()) })
    }

    pub fn resume(&mut self, session: &[u8]) -> Result<(), String> {
        done(unsafe { c::s2n_connection_set_session(self.raw.as_ptr(), session.as_ptr(), session.len()) })
    }

    pub fn negotiate(&mut self) -> Result<Progress, String> {
        let mut blocked = c::s2n_blocked_status::NOT_BLOCKED;
        progress(unsafe { c::s2n_negotiate(self.raw.as_ptr(), &mut blocked) } as isize)
    }

    pub fn send(&mut self, data: &[u8]) -> Result<Progress, String> {
        let mut blocked = c::s2n_blocked_status::NOT_BLOCKED;
        let (from, len) = (data.as_ptr().cast(), data.len() as isize);
        progress(unsafe { c::s2n_send(self.raw.as_ptr(), from, len, &mut blocked) })
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> Result<Progress, String> {
        let mut blocked = c::s2n_blocked_status::NOT_BLOCKED;
        let (into, len) = (buffer.as_mut_ptr().cast(), buffer.len() as isize);
        progress(unsafe { c::s2n_recv(self.raw.as_ptr(), into, len, &mut blocked) })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        unsafe { c::s2n_connection_free(self.raw.as_ptr()) };
    }
}

fn done(code: c_int) -> Result<(), String> {
    if code == 0 { Ok(()) } else { Err(error()) }
}

fn progress(code: isize) -> Result<Progress, String> {
    match usize::try_from(code) {
        Ok(n) => Ok(Progress::Done(n)),
        Err(_) => {
            let kind = unsafe { c::s2n_error_get_type(*c::s2n_errno_location()) };
            if kind == c::s2n_error_type::BLOCKED as c_int { Ok(Progress::Blocked) } else { Err(error()) }
        }
    }
}

fn error() -> String {
    let text = unsafe { c::s2n_strerror(*c::s2n_errno_location(), c"EN".as_ptr()) };
    if text.is_null() {
        return "s2n-tls does not say what".into();
    }
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

// The callbacks. As `read` and `write` of a socket: the number of bytes, or -1 and the reason where all of Unix has it.

unsafe extern "C" fn read(context: *mut c_void, into: *mut u8, len: u32) -> c_int {
    // SAFETY: s2n-tls gives back the context, which the connection keeps alive, and a buffer of its own of that length.
    let (pipes, into) = unsafe { (&*context.cast::<Pipes>(), slice::from_raw_parts_mut(into, len as usize)) };
    match pipes.incoming.get(into) {
        0 => {
            const EAGAIN: c_int = 11;
            errno::set_errno(errno::Errno(EAGAIN));
            -1
        }
        n => n as c_int,
    }
}

unsafe extern "C" fn write(context: *mut c_void, from: *const u8, len: u32) -> c_int {
    // SAFETY: as above.
    let (pipes, from) = unsafe { (&*context.cast::<Pipes>(), slice::from_raw_parts(from, len as usize)) };
    pipes.outgoing.put(from);
    len as c_int
}

unsafe extern "C" fn any_name(_: *const std::ffi::c_char, _: usize, _: *mut c_void) -> u8 {
    1
}

unsafe extern "C" fn ticket(
    _: *mut c::s2n_connection,
    context: *mut c_void,
    ticket: *mut c::s2n_session_ticket,
) -> c_int {
    // SAFETY: the config keeps the context alive; the ticket is there for as long as the call.
    let tickets = unsafe { &*context.cast::<Tickets>() };
    let mut len = 0;
    if unsafe { c::s2n_session_ticket_get_data_len(ticket, &mut len) } != 0 {
        return -1;
    }
    let mut code = 0;
    tickets.take(len, |into| {
        code = unsafe { c::s2n_session_ticket_get_data(ticket, into.len(), into.as_mut_ptr()) };
    });
    code
}
