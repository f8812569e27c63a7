//! Secrets that are given out.

use tls::client::UnbufferedClientConnection;
use tls::version::TLS13;
use tls::{ConnectionTrafficSecrets, ExtractedSecrets, SupportedProtocolVersion};
use world::{Notes, World};

use crate::base::*;

pub fn run(world: &World, notes: &mut Notes) {
    for (name, version) in BOTH {
        for allowed in [false, true] {
            let (client, server) = extracting(world, version, allowed);
            let both = (client.dangerous_extract_secrets(), server.dangerous_extract_secrets());
            let key = format!("{name}, allowed: {allowed}");
            notes.text(format_args!("{key}, client"), shape(&both.0));
            notes.text(format_args!("{key}, server"), shape(&both.1));
            if let (Ok(client), Ok(server)) = both {
                let up = (bytes(&client.tx.1), bytes(&server.rx.1));
                let down = (bytes(&client.rx.1), bytes(&server.tx.1));
                notes.value(format_args!("{key}, they fit"), (up.0 == up.1, down.0 == down.1));
                notes.value(
                    format_args!("{key}, numbers fit"),
                    (client.tx.0 == server.rx.0, client.rx.0, server.tx.0),
                );
            }
        }
    }
    let (mut client_config, _) = configs(world, &TLS13);
    client_config.enable_secret_extraction = true;
    let client = client(&client_config.clone().into());
    notes.text("before the handshake", shape(&client.dangerous_extract_secrets()));
    let unbuffered = UnbufferedClientConnection::new(client_config.into(), localhost()).unwrap();
    notes.value("kernel before the handshake", unbuffered.dangerous_into_kernel_connection().map(drop));
}

fn extracting(
    world: &World,
    version: &'static SupportedProtocolVersion,
    allowed: bool,
) -> (tls::ClientConnection, tls::ServerConnection) {
    let (mut client_config, mut server_config) = configs(world, version);
    (client_config.enable_secret_extraction, server_config.enable_secret_extraction) = (allowed, allowed);
    let (mut client, mut server) = pair(client_config, server_config);
    shake(&mut client, &mut server).unwrap();
    (client, server)
}

fn shape(secrets: &Result<ExtractedSecrets, tls::Error>) -> String {
    match secrets {
        Ok(s) => format!("out {} {}, in {} {}", s.tx.0, kind(&s.tx.1), s.rx.0, kind(&s.rx.1)),
        Err(error) => format!("{error:?}"),
    }
}

fn kind(secrets: &ConnectionTrafficSecrets) -> &'static str {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { .. } => "AES-128",
        ConnectionTrafficSecrets::Aes256Gcm { .. } => "AES-256",
        ConnectionTrafficSecrets::Chacha20Poly1305 { .. } => "ChaCha20",
        _ => "other",
    }
}

fn bytes(secrets: &ConnectionTrafficSecrets) -> Vec<u8> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => [key.as_ref(), iv.as_ref()].concat(),
        _ => Vec::new(),
    }
}
