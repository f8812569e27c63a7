//! What can be typed after `chitin`, and its defaults. Nothing here opens a file or a socket.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chitin::SupportedProtocolVersion;
use chitin::trust::Pin;
use chitin::version::{TLS12, TLS13};
use clap::{Args as ClapArgs, Parser, Subcommand};

/// TLS 1.3 and 1.2 from the command line. Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(name = "chitin", version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a client and a server over loopback, and show what happened
    Demo(DemoArgs),
    /// Connect, and carry standard input and output
    Client(ClientArgs),
    /// Listen, and answer each connection
    Server(ServerArgs),
}

#[derive(Clone, Debug, ClapArgs)]
pub struct DemoArgs {
    /// How much to send each way
    #[arg(long, value_name = "MIB", default_value_t = DEMO_MIB, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub size: u64,
    /// Let the server insist on a group the client sent no share for: a HelloRetryRequest
    #[arg(long)]
    pub hrr: bool,
    /// Let the server ask for a client certificate
    #[arg(long)]
    pub mtls: bool,
}

impl Default for DemoArgs {
    fn default() -> Self {
        Self { size: DEMO_MIB, hrr: false, mtls: false }
    }
}

#[derive(Debug, ClapArgs)]
pub struct ClientArgs {
    /// Where to connect: a name or an address, and a port
    #[arg(value_name = "HOST:PORT")]
    pub target: Target,
    /// Trust the roots in this file and no others (default: the public web's)
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Let in only a server with this key, its own or one of those who vouch for it: sha256// and Base64, as curl has it;
    /// repeat, or put a semicolon between, for more of which any will do
    #[arg(long, value_name = "PIN", value_delimiter = ';')]
    pub pin: Vec<Pin>,
    /// Trust the pins alone and no CA: for a self-signed certificate or a raw public key
    #[arg(long, requires = "pin", conflicts_with = "ca")]
    pub pin_only: bool,
    /// Client certificate chain: PEM, DER or PKCS#12
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Its private key: PEM or DER (default: in the file of the chain)
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Take the password of the key, or of PKCS#12, from the first line of this file
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub password_file: Option<PathBuf>,
    /// Offer this application protocol; repeat for more, best first
    #[arg(long, value_name = "P", value_parser = alpn)]
    pub alpn: Vec<String>,
    /// Send and verify this name (or address) instead of HOST
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Speak this version and no other: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub tls: Option<Version>,
}

#[derive(Debug, ClapArgs)]
pub struct ServerArgs {
    /// Certificate chain: PEM (the server's own first), DER or PKCS#12
    #[arg(long, value_name = "FILE")]
    pub cert: PathBuf,
    /// Its private key: PEM or DER (default: in the file of the chain)
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Take the password of the key, or of PKCS#12, from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one, and the log says which
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4433")]
    pub listen: SocketAddr,
    /// Require a client certificate issued by the roots in this file
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,
    /// Serve the files below this directory over HTTP/1.1
    #[arg(long, value_name = "DIR", conflicts_with = "echo")]
    pub www: Option<PathBuf>,
    /// Send back whatever arrives (without --www and --echo: a page saying what was negotiated)
    #[arg(long)]
    pub echo: bool,
    /// Speak this application protocol; repeat for more, best first (default: http/1.1, or none with --echo)
    #[arg(long, value_name = "P", value_parser = alpn)]
    pub alpn: Vec<String>,
    /// Speak this version and no other: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub tls: Option<Version>,
    /// How many connections at once; further ones wait in the listen queue
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_connections: u16,
    /// A handshake must be done after this many seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub handshake_timeout: Duration,
    /// A connection on which nothing moves for this many seconds is closed
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub idle_timeout: Duration,
}

/// A host and a port, as in `example.org:443`, `192.0.2.1:443` or `[2001:db8::1]:443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub host: String,
    pub port: u16,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err("give HOST:PORT, not a URL".into());
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once("]:").ok_or("expected [ADDRESS]:PORT")?,
            None => text.rsplit_once(':').ok_or("the port is missing, as in HOST:443")?,
        };
        if host.contains(':') && !text.starts_with('[') {
            return Err("put an IPv6 address in brackets, as in [::1]:443".into());
        }
        if host.is_empty() {
            return Err("the host is missing".into());
        }
        let port = port.parse().map_err(|_| format!("{port:?} is not a port"))?;
        Ok(Self { host: host.into(), port })
    }
}

/// A version that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Tls12,
    Tls13,
}

impl Version {
    /// What a config is to be made for: this version, or all that there are.
    pub fn or_all(chosen: Option<Self>) -> &'static [&'static SupportedProtocolVersion] {
        match chosen {
            Some(Self::Tls12) => ONLY_12,
            Some(Self::Tls13) => ONLY_13,
            None => chitin::DEFAULT_VERSIONS,
        }
    }
}

fn version(text: &str) -> Result<Version, String> {
    match text {
        "1.2" => Ok(Version::Tls12),
        "1.3" => Ok(Version::Tls13),
        _ => Err("1.2 and 1.3 are spoken here".into()),
    }
}

/// RFC 7301 section 3.1: 1 to 255 bytes.
fn alpn(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.into()),
        _ => Err("a protocol name has 1 to 255 bytes".into()),
    }
}

/// Fractions are allowed; zero is not, because sockets take a zero timeout for none.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if time >= Duration::from_millis(1) && time <= MAX_SECONDS => Ok(time),
        _ => Err("expected 0.001 to 86400 seconds".into()),
    }
}

static ONLY_12: &[&SupportedProtocolVersion] = &[&TLS12];
static ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];
const MAX_SECONDS: Duration = Duration::from_secs(86_400);
const DEMO_MIB: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn nothing_typed_leaves_the_choice_to_main() {
        assert!(parse("chitin").unwrap().command.is_none());
    }

    #[test]
    fn demo_defaults_to_256_mib_both_when_typed_and_when_implied() {
        let Some(Command::Demo(typed)) = parse("chitin demo").unwrap().command else { panic!() };
        assert_eq!((typed.size, typed.hrr, typed.mtls), (256, false, false));
        assert_eq!(DemoArgs::default().size, 256);
        assert!(parse("chitin demo --size 0").is_err());
    }

    #[test]
    fn client_takes_alpn_many_times() {
        let line = "chitin client localhost:4433 --alpn h2 --alpn http/1.1 --sni example.org --ca ca.pem";
        let Some(Command::Client(args)) = parse(line).unwrap().command else { panic!() };
        assert_eq!(args.alpn, ["h2", "http/1.1"]);
        assert_eq!(args.sni.as_deref(), Some("example.org"));
        assert_eq!(args.target, Target { host: "localhost".into(), port: 4433 });
    }

    #[test]
    fn a_key_needs_its_certificate_and_may_be_in_one_file_with_it() {
        assert!(parse("chitin client h:1 --key k.pem").is_err());
        assert!(parse("chitin client h:1 --password-file p").is_err());
        assert!(parse("chitin client h:1 --cert c.pem --key k.pem").is_ok());
        assert!(parse("chitin client h:1 --cert c.p12 --password-file p").is_ok());
        assert!(parse("chitin server --key k.pem").is_err());
        assert!(parse("chitin server --cert c.p12 --password-file p").is_ok());
    }

    #[test]
    fn server_defaults() {
        let Some(Command::Server(args)) = parse("chitin server --cert c --key k").unwrap().command else {
            panic!()
        };
        assert_eq!(args.listen.to_string(), "127.0.0.1:4433");
        assert_eq!(args.max_connections, 64);
        assert_eq!(args.handshake_timeout, Duration::from_secs(10));
        assert!(!args.echo && args.www.is_none() && args.client_ca.is_none());
    }

    #[test]
    fn www_and_echo_exclude_each_other() {
        assert!(parse("chitin server --cert c --key k --www . --echo").is_err());
    }

    #[test]
    fn targets() {
        let target = |host: &str, port| Ok(Target { host: host.into(), port });
        assert_eq!("example.org:443".parse(), target("example.org", 443));
        assert_eq!("192.0.2.1:1".parse(), target("192.0.2.1", 1));
        assert_eq!("[::1]:4433".parse(), target("::1", 4433));
        for bad in ["example.org", "::1:443", "[::1]", ":443", "h:", "h:65536", "https://h:443"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn versions() {
        let chosen = |line: &str| match parse(line).unwrap().command {
            Some(Command::Client(args)) => args.tls,
            Some(Command::Server(args)) => args.tls,
            other => panic!("{other:?}"),
        };
        assert_eq!(chosen("chitin client h:1"), None);
        assert_eq!(chosen("chitin client h:1 --tls 1.2"), Some(Version::Tls12));
        assert_eq!(chosen("chitin server --cert c --key k --tls 1.3"), Some(Version::Tls13));
        assert!(parse("chitin client h:1 --tls 1.1").is_err());
    }

    #[test]
    fn timeouts() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "NaN", "inf", "x", "86401"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
