//! Whether the work was done that is measured: nothing is taken from a library's own word that the wire or a refusal can show.

use std::path::Path;

use crate::case::{Case, Kind, Version};
use crate::material::Material;
use crate::meter::Meter;
use crate::orders::Facts;
use crate::pair::{Library, Pair};
use crate::seen::Seen;

/// Connections that are compared with each other.
const ROUNDS: usize = 4;

/// Makes connections of the case and looks at what went over the wire.
pub fn good<L: Library>(pair: &mut Pair<L>, case: &Case) -> Result<Facts, String> {
    // A resumed one needs one before it.
    pair.handshake(&mut Meter::nothing())?;
    let mut all = Vec::<Seen>::new();
    let mut tickets = 0;
    for _ in 0..ROUNDS {
        pair.pipes.incoming.tap();
        pair.pipes.outgoing.tap();
        let before = pair.library.tickets();
        pair.handshake(&mut Meter::nothing())?;
        tickets = pair.library.tickets() - before;
        let (up, down) = (pair.pipes.outgoing.untap(), pair.pipes.incoming.untap());
        let seen = Seen::read(&up, &down).ok_or("what went over the wire is no handshake")?;
        agrees(&seen, case)?;
        if case.version == Version::V12 && seen.tickets != tickets {
            return Err(format!("{} tickets on the wire, {tickets} for the application", seen.tickets));
        }
        for before in &all {
            fresh(before, &seen)?;
        }
        all.push(seen);
    }
    let due = if pair.library.gives_tickets() { case.tickets() } else { 0 };
    if !case.resumed && tickets != due {
        return Err(format!("{tickets} tickets instead of {due}"));
    }
    match (pair.library.remembers(), pair.library.memo_hits()) {
        (false, 0) | (true, 1..) => {}
        (false, _) => return Err("signatures were taken from a memo".into()),
        (true, 0) => return Err("no signature was taken from the memo".into()),
    }
    if matches!(case.kind, Kind::Bulk { .. } | Kind::BulkKnown { .. }) {
        pair.burst(&mut Meter::nothing())?;
    }
    Ok(Facts { tickets, resumed: case.resumed })
}

fn agrees(seen: &Seen, case: &Case) -> Result<(), String> {
    let version = match case.version {
        Version::V12 => 0x0303,
        Version::V13 => 0x0304,
    };
    let mut suite = case.suite.code(case.version);
    if case.version == Version::V12 && case.rsa {
        suite += 4;
    }
    // A resumed connection of TLS 1.2 exchanges no keys.
    let group = if case.version == Version::V12 && case.resumed { 0 } else { case.group.code() };
    let got = (seen.version, seen.suite, seen.group, seen.resumed);
    if got != (version, suite, group, case.resumed) {
        return Err(format!("not the connection of the case: version, suite, group, resumed: {got:x?}"));
    }
    if case.version == Version::V12 && !seen.extended_master_secret {
        return Err("no extended master secret".into());
    }
    Ok(())
}

/// Nothing that belongs to one connection may be seen in another.
fn fresh(before: &Seen, now: &Seen) -> Result<(), String> {
    let pairs = [
        (&before.client_random, &now.client_random, "random of the client"),
        (&before.server_random, &now.server_random, "random of the server"),
        (&before.client_share, &now.client_share, "key share of the client"),
        (&before.server_share, &now.server_share, "key share of the server"),
    ];
    for (before, now, what) in pairs {
        if before == now && !now.is_empty() {
            return Err(format!("two connections with the same {what}"));
        }
    }
    Ok(())
}

/// Makes connections that have to fail, since one thing is wrong with each.
pub fn refusals<L: Library>(
    folder: &Path,
    case: &Case,
    material: &Material,
    new: impl Fn(&Material) -> Result<L, String>,
) -> Result<(), String> {
    // Only a full handshake looks at certificates.
    let case = Case { resumed: false, ..*case };
    let stranger = Material::stranger(folder, &case)?;
    let material = Material { case, ..material.clone() };
    let refused = |what: &str, material: &Material| match Pair::new(&case, new(material)?)
        .handshake(&mut Meter::nothing())
    {
        Ok(()) => Err(format!("a handshake went through {what}: nobody verified")),
        Err(_) => Ok(()),
    };
    refused(
        "with a chain of another root",
        &Material { client_roots: stranger.clone(), ..material.clone() },
    )?;
    refused("with a certificate for another name", &Material { name: "other.example", ..material.clone() })?;
    if case.mutual {
        refused("with a client of another root", &Material { server_roots: stranger, ..material.clone() })?;
        refused(
            "without a client's certificate",
            &Material { client_has_certificate: false, ..material.clone() },
        )?;
    }
    Ok(())
}
