//! Inputs to begin with: what an honest peer says, written down as scripts, and a few that stray from it.
//!
//! They are made by running two honest ends, so they follow the library; `cargo run -p surfaces -- seeds` writes them to the
//! corpora. What a fuzzer found beside them stays.

use std::collections::BTreeSet;

use chitin::{ClientConnection, ServerConnection};

use crate::arms::{Role, reached};
use crate::configs::{self, CA, CLIENT, SERVER, Version, has, knob};
use crate::glass;
use crate::quic;
use crate::script::{self, Call, Seal, Step, message};
use crate::targets::{self, carry, carry_as};

/// A seed: its target, its name, and its bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// All of them, made anew.
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for role in [Role::Client, Role::Server] {
        for version in [Version::Tls13, Version::Tls12] {
            seeds.extend(flows(role, version));
        }
    }
    seeds.extend(limited(&seeds));
    seeds.extend(over_quic());
    seeds.extend(records());
    seeds.extend(messages());
    seeds.extend(certificates());
    seeds.extend(revocation());
    seeds.extend(transparency());
    seeds.extend(ech());
    seeds
}

/// The same talks to a connection with a limit, and to one without buffers.
fn limited(flows: &[Seed]) -> Vec<Seed> {
    let plain =
        flows.iter().filter(|(_, name, _)| name.starts_with("full") || name.starts_with("authenticated"));
    let each = plain.flat_map(|(target, name, bytes)| {
        let who = match *target {
            "client13" => 0,
            "server13" => 1,
            "client12" => 2,
            _ => 3,
        };
        [("limits", 4 | 16), ("unbuffered", 0)]
            .map(|(to, how)| (to, format!("{target}-{name}"), [&[who | how], &bytes[..]].concat()))
    });
    each.collect()
}

// ---- flows

/// What is odd about a talk.
#[derive(Clone, Copy, Debug, Default)]
struct Talk {
    name: &'static str,
    client: u16,
    server: u16,
    /// The client's first share is of a group that the server does not have.
    retry: bool,
    /// What the client's application does first.
    calls: &'static [(Call, u8)],
}

const TALKS: &[Talk] = &[
    Talk { name: "full", client: 0, server: 0, retry: false, calls: &[] },
    Talk { name: "retry", client: 0, server: 0, retry: true, calls: &[] },
    Talk {
        name: "both",
        client: knob::BOTH | knob::ALPN,
        server: knob::BOTH | knob::ALPN,
        retry: false,
        calls: &[],
    },
    Talk {
        name: "authenticated",
        client: knob::CLIENT_AUTH | knob::CREDULOUS,
        server: knob::CLIENT_AUTH | knob::STRICT,
        retry: false,
        calls: &[],
    },
    Talk {
        name: "raw-keys",
        client: knob::RAW | knob::CLIENT_AUTH | knob::CREDULOUS,
        server: knob::RAW | knob::CLIENT_AUTH | knob::CREDULOUS,
        retry: false,
        calls: &[],
    },
    Talk { name: "key", client: knob::PSK, server: knob::PSK, retry: false, calls: &[] },
    Talk { name: "key-retried", client: knob::PSK, server: knob::PSK, retry: true, calls: &[] },
    Talk {
        name: "session-of-a-key",
        client: knob::PSK | knob::RESUME,
        server: knob::PSK | knob::RESUME,
        retry: false,
        calls: &[],
    },
    Talk { name: "anonymous", client: 0, server: knob::CLIENT_AUTH, retry: false, calls: &[] },
    Talk { name: "sealed", client: 0, server: knob::RESUME, retry: false, calls: &[] },
    Talk { name: "ticket", client: knob::RESUME, server: knob::RESUME, retry: false, calls: &[] },
    Talk { name: "stored", client: knob::RESUME, server: 0, retry: false, calls: &[] },
    Talk {
        name: "early",
        client: knob::RESUME | knob::EARLY,
        server: knob::EARLY,
        retry: false,
        calls: &[(Call::EarlyData, 3)],
    },
    Talk {
        name: "early-refused",
        client: knob::RESUME | knob::EARLY,
        server: knob::RESUME,
        retry: false,
        calls: &[(Call::EarlyData, 3)],
    },
    Talk {
        name: "early-refused-and-looked-at-again",
        client: knob::RESUME | knob::EARLY | knob::EXTRA,
        server: 0,
        retry: false,
        calls: &[(Call::EarlyData, 3)],
    },
    Talk {
        name: "compressed",
        client: knob::COMPRESS | knob::CLIENT_AUTH,
        server: knob::COMPRESS | knob::CLIENT_AUTH,
        retry: false,
        calls: &[],
    },
    Talk { name: "small", client: knob::SMALL, server: knob::SMALL, retry: false, calls: &[] },
    Talk {
        name: "compressed-only",
        client: knob::COMPRESS,
        server: knob::COMPRESS,
        retry: false,
        calls: &[],
    },
    Talk { name: "stapled", client: 0, server: knob::STAPLE, retry: false, calls: &[] },
    Talk {
        name: "deferred",
        client: knob::DEFER | knob::CLIENT_AUTH | knob::EXTRA,
        server: knob::DEFER | knob::CLIENT_AUTH | knob::EXTRA,
        retry: false,
        calls: &[],
    },
    Talk { name: "twice", client: knob::TWICE | knob::STRICT, server: knob::TWICE, retry: false, calls: &[] },
];

/// The bits that belong to the target and not to an honest end.
const HARNESS: u16 = knob::DEFER | knob::TWICE;

fn flows(role: Role, version: Version) -> Vec<Seed> {
    let target = target(role, version);
    let mut seeds = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |name: String, options: u16, steps: &[Step], always: bool| {
        let bytes = script::write(options, steps);
        let new = arms_of(role, version, &bytes).into_iter().filter(|arm| seen.insert(arm.clone())).count();
        if always || new > 0 {
            seeds.push((target, name, bytes));
        }
    };
    let mut honest = Vec::new();
    for talk in TALKS {
        let Some((options, steps)) = talk.run(role, version) else { continue };
        add(talk.name.to_owned(), options, &steps, true);
        honest.push((talk.name, options, steps));
    }
    // From each place of each talk, a message that nobody waits for; kept where it shows something new.
    let stray = match role {
        Role::Client => 15,
        Role::Server => 2,
    };
    // What is announced need not come. RFC 6066 section 8.
    if let Some((_, options, steps)) = honest.iter().find(|(name, _, _)| *name == "stapled") {
        let kept = |step: &Step| !matches!(step, Step::Message { typ: 22, .. });
        let steps: Vec<Step> = steps.iter().filter(|step| kept(step)).cloned().collect();
        add("no-staple".to_owned(), *options, &steps, false);
    }
    for (name, options, steps) in &honest {
        for at in 0..=steps.len() {
            let seal = match steps[..at].last() {
                Some(Step::Message { seal, typ: 2, .. })
                    if version == Version::Tls13 && *seal == Seal::No =>
                {
                    Seal::Tls13
                }
                Some(Step::Message { seal, .. } | Step::Record { seal, .. }) => *seal,
                _ => Seal::No,
            };
            for seal in [seal, Seal::Tls12] {
                let mut strayed = steps[..at].to_vec();
                strayed.push(Step::Message { seal, typ: stray, body: vec![0; 4] });
                add(format!("stray-{name}-{at}"), *options, &strayed, false);
            }
        }
    }
    let (_, options, steps) = honest[0].clone();
    for (name, extra) in after(version) {
        add(name.to_owned(), options, &[steps.clone(), extra].concat(), true);
    }
    let mut chopped = vec![Step::Chop(1)];
    chopped.extend(steps.clone());
    add("chopped".to_owned(), options, &chopped, true);
    let mut joined = vec![steps[0].clone(), Step::Join(4)];
    joined.extend(steps[1..].to_vec());
    add("joined".to_owned(), options, &joined, true);
    let filler =
        Step::Filler { seal: Seal::No, typ: if role == Role::Client { 2 } else { 1 }, len: 0x00ff_ffff };
    add("long-hello".to_owned(), options, &[filler], true);
    seeds
}

/// What happens on a connection that stands.
fn after(version: Version) -> Vec<(&'static str, Vec<Step>)> {
    let seal = match version {
        Version::Tls13 => Seal::Tls13,
        Version::Tls12 => Seal::Tls12,
    };
    let data = |body: &[u8]| Step::Record { seal, typ: 23, body: body.to_vec() };
    let update = Step::Message { seal, typ: 24, body: vec![1] };
    let alert = |level, what| Step::Record { seal, typ: 21, body: vec![level, what] };
    vec![
        ("data", vec![data(b"hello"), Step::Call(Call::Write, 3), data(&[7; 300]), alert(1, 0)]),
        ("updates", vec![Step::Call(Call::HoldOutput, 0), Step::Repeat(40), update, data(b"x")]),
        ("empty", vec![Step::Repeat(40), data(b"")]),
        ("warnings", vec![Step::Repeat(10), alert(1, 90)]),
        ("fatal", vec![alert(2, 40), data(b"late")]),
        ("closing", vec![Step::Call(Call::Close, 0), data(b"still"), alert(1, 0), Step::Call(Call::Eof, 0)]),
        (
            "application",
            vec![
                Step::Call(Call::BufferLimit, 9),
                Step::Call(Call::Write, 200),
                Step::Call(Call::RefreshKeys, 0),
                Step::Call(Call::Export, 200),
                Step::Call(Call::Print, 0),
                Step::Call(Call::OpenOnRead, 1),
                data(&[1; 200]),
                Step::Call(Call::HoldPlaintext, 0),
                data(&[2; 200]),
                Step::Call(Call::Read, 1),
                Step::Repeat(70),
                Step::Call(Call::Write, 1),
            ],
        ),
        (
            "renegotiation",
            vec![
                Step::Message { seal, typ: 0, body: vec![] },
                Step::Message { seal, typ: 1, body: vec![0; 60] },
            ],
        ),
        ("oversized", vec![data(&[3; 1 << 14]), Step::Record { seal, typ: 22, body: vec![0; 300] }]),
    ]
}

impl Talk {
    /// What the peer says in it, as a script for this end. Nothing, if the version has no such talk.
    fn run(&self, role: Role, version: Version) -> Option<(u16, Vec<Step>)> {
        let early = has(self.client, knob::EARLY);
        if version == Version::Tls12 && (early || self.retry || has(self.client, knob::COMPRESS)) {
            return None;
        }
        let (client, server) = (self.client & !HARNESS, self.server & !HARNESS);
        let (config, _) = targets::new_server(version, server & !knob::EXTRA);
        let groups = match self.retry {
            true => [glass::OTHER_GROUP, glass::GROUPS[1]],
            false => glass::GROUPS,
        };
        let mut client = match self.retry {
            // A victim has the usual groups, and its peer, who is honest, has others.
            true if role == Role::Server => {
                let config = configs::client(version, client, &groups);
                ClientConnection::new(config.into(), configs::server_name()).expect("the config is good")
            }
            true => return Some(self.ask_again()),
            false => targets::new_client(version, client).0,
        };
        let mut server = ServerConnection::new(config).expect("the config is good");
        let mut steps = Vec::new();
        let options = match role {
            Role::Client => self.client,
            Role::Server => self.server,
        };
        if early {
            use crate::flow::End;
            End::early_data(&mut client, 3, &mut Vec::new());
            if role == Role::Client {
                steps.extend(self.calls.iter().map(|(call, how)| Step::Call(*call, *how)));
            }
        }
        let mut ear =
            Ear { version, joins: !has(options, knob::SMALL), sealed: false, handshake: Vec::new() };
        for turn in 0..5 {
            // All keys of glass are one key, so early data that is refused must be under none.
            let refused = turn == 0 && early && !has(self.server, knob::EARLY);
            let said = carry_as(&mut client, &mut server, |record| {
                if let ([23, ..], Some(tag), true) = (&*record, record.len().checked_sub(1), refused) {
                    record[tag] = 0;
                }
            });
            if role == Role::Server {
                ear.hear(&said, &mut steps);
            }
            let said = carry(&mut server, &mut client);
            if role == Role::Client {
                ear.hear(&said, &mut steps);
            }
            if turn == 3 {
                assert!(
                    !client.is_handshaking() && !server.is_handshaking(),
                    "{}: they did not meet",
                    self.name
                );
                targets::write(&mut client, b"a question");
                targets::write(&mut server, b"an answer");
                if version == Version::Tls13 {
                    client.refresh_traffic_keys().expect("it is TLS 1.3");
                    server.refresh_traffic_keys().expect("it is TLS 1.3");
                }
            }
        }
        if has(options, knob::DEFER) {
            let answer = Step::Call(Call::Answer, 1);
            steps = steps.into_iter().flat_map(|step| [step, answer.clone(), answer.clone()]).collect();
        }
        Some((options, steps))
    }

    /// A server's HelloRetryRequest to a client that has sent a share of its first group, and an honest flight behind it.
    fn ask_again(&self) -> (u16, Vec<Step>) {
        let (_, mut steps) =
            Self { retry: false, ..*self }.run(Role::Client, Version::Tls13).expect("TLS 1.3 has it");
        let Some(Step::Message { body, .. }) =
            steps.iter_mut().find(|step| matches!(step, Step::Message { typ: 2, .. }))
        else {
            panic!("no ServerHello")
        };
        let (hello, mut retry) = (body.clone(), body.clone());
        // SHA-256 of "HelloRetryRequest". RFC 8446 section 4.1.3.
        retry[2..34].copy_from_slice(&[
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
            0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ]);
        let head = 2 + 32 + 1 + usize::from(retry[34]) + 3;
        retry.truncate(head);
        retry.extend([0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23]);
        // The share that follows is of the group that was asked for.
        let mut again = hello;
        let at = again.windows(4).position(|w| w == [0, 51, 0, 36]).expect("a key share");
        again[at + 4..at + 6].copy_from_slice(&[0, 23]);
        *body = again;
        steps.insert(0, Step::Message { seal: Seal::No, typ: 2, body: retry });
        (self.client, steps)
    }
}

/// Hears what an honest end says.
struct Ear {
    version: Version,
    /// Messages that records cut are written down whole.
    joins: bool,
    sealed: bool,
    handshake: Vec<u8>,
}

impl Ear {
    fn hear(&mut self, mut bytes: &[u8], steps: &mut Vec<Step>) {
        while let [outer, _, _, high, low, rest @ ..] = bytes {
            let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes([*high, *low])));
            bytes = rest;
            let (seal, typ, body) = match (self.version, *outer) {
                (Version::Tls13, 23) if body.last() != Some(&glass::TAG) => {
                    (Seal::Broken, body[body.len() - 2], &body[..body.len() - 2])
                }
                (Version::Tls13, 23) => {
                    let body = &body[..body.len() - 1];
                    let end = body.iter().rposition(|byte| *byte != 0).expect("a type");
                    (Seal::Tls13, body[end], &body[..end])
                }
                (Version::Tls12, typ) if self.sealed => (Seal::Tls12, typ, &body[..body.len() - 1]),
                (_, typ) => (Seal::No, typ, body),
            };
            self.sealed |= typ == 20;
            if typ != 22 || !self.joins {
                steps.push(Step::Record { seal, typ, body: body.to_vec() });
                continue;
            }
            self.handshake.extend(body);
            while let [typ, a, b, c, rest @ ..] = &self.handshake[..] {
                let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
                let Some((body, rest)) = rest.split_at_checked(len) else { break };
                steps.push(Step::Message { seal, typ: *typ, body: body.to_vec() });
                self.handshake = rest.to_vec();
            }
        }
    }
}

fn target(role: Role, version: Version) -> &'static str {
    match (role, version) {
        (Role::Client, Version::Tls13) => "client13",
        (Role::Client, Version::Tls12) => "client12",
        (Role::Server, Version::Tls13) => "server13",
        (Role::Server, Version::Tls12) => "server12",
    }
}

/// The arms that one input of a flow's target reaches.
pub fn arms_of(role: Role, version: Version, bytes: &[u8]) -> BTreeSet<crate::arms::Arm> {
    let done = match role {
        Role::Client => Some(targets::run_client(version, bytes)),
        Role::Server => targets::run_server(version, bytes),
    };
    done.map(|(outcome, notes)| reached(role, &outcome, &notes)).unwrap_or_default()
}

// ---- QUIC

fn over_quic() -> Vec<Seed> {
    let talks = [
        ("full", 0, 0),
        ("authenticated", knob::CLIENT_AUTH | knob::CREDULOUS, knob::CLIENT_AUTH),
        ("ticket", knob::RESUME, knob::RESUME),
        ("early", knob::RESUME | knob::EARLY, knob::EARLY),
        ("deferred", knob::DEFER, knob::DEFER),
        ("twice", knob::TWICE, knob::TWICE | knob::COMPRESS),
    ];
    let mut seeds = Vec::new();
    for (name, client, server) in talks {
        let (client, server) = (client | knob::ALPN, server | knob::ALPN | quic::SERVER);
        let mut ends = (quic::new(client & !HARNESS), quic::new(server & !HARNESS));
        let (from_client, from_server) = quic::talk(&mut ends.0, &mut ends.1);
        for (who, options, said) in [("client", client, from_server), ("server", server, from_client)] {
            let mut steps = messages_of(&said);
            if has(options, knob::DEFER) {
                let answer = Step::Call(Call::Answer, 1);
                steps = steps.into_iter().flat_map(|step| [step, answer.clone(), answer.clone()]).collect();
            }
            // KeyUpdate is for the endpoint, not for TLS. RFC 9001 section 6.
            let strayed = [&steps[..], &[Step::Message { seal: Seal::No, typ: 24, body: vec![0] }]].concat();
            seeds.push(("quic", format!("{who}-{name}"), script::write(options, &steps)));
            if name == "full" {
                seeds.push(("quic", format!("{who}-update"), script::write(options, &strayed)));
            }
        }
    }
    seeds
}

fn messages_of(mut bytes: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    while let [typ, a, b, c, rest @ ..] = bytes {
        let (body, rest) = rest.split_at(u32::from_be_bytes([0, *a, *b, *c]) as usize);
        steps.push(Step::Message { seal: Seal::No, typ: *typ, body: body.to_vec() });
        bytes = rest;
    }
    steps
}

// ---- hellos with something of the input in them

/// A script for a server of TLS 1.3 in which a client offers this session, as a ticket or as the name of a stored one.
pub fn hello_with_session(session: &[u8], stored: bool) -> Vec<u8> {
    let identity = &session[..session.len().min(8000)];
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let binder = [&[32][..], &glass::MAC[..32]].concat();
    let psk = [sized(&[sized(identity), vec![0; 4]].concat()), sized(&binder)].concat();
    let body = with_extension(Version::Tls13, 41, &psk);
    let options = if stored { knob::EARLY } else { knob::RESUME | knob::EARLY };
    script::write(options, &[Step::Message { seal: Seal::No, typ: 1, body }])
}

/// The same in TLS 1.2, as a ticket.
pub fn hello12_with_ticket(session: &[u8]) -> Vec<u8> {
    let body = with_extension(Version::Tls12, 35, &session[..session.len().min(8000)]);
    script::write(knob::RESUME, &[Step::Message { seal: Seal::No, typ: 1, body }])
}

/// The body of a client's hello with one extension, at the end, in place of what it had of that code.
fn with_extension(version: Version, code: u16, value: &[u8]) -> Vec<u8> {
    let hello = client_hello(version);
    let mut at = 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    at += 1 + usize::from(hello[at]);
    let (head, mut block) = (&hello[..at], &hello[at + 2..]);
    let mut extensions = Vec::new();
    while let [c0, c1, l0, l1, rest @ ..] = block {
        let (body, rest) = rest.split_at(usize::from(u16::from_be_bytes([*l0, *l1])));
        if u16::from_be_bytes([*c0, *c1]) != code {
            extensions.extend([*c0, *c1, *l0, *l1]);
            extensions.extend(body);
        }
        block = rest;
    }
    extensions.extend(code.to_be_bytes());
    extensions.extend((value.len() as u16).to_be_bytes());
    extensions.extend(value);
    [head, &(extensions.len() as u16).to_be_bytes()[..], &extensions].concat()
}

/// The body of the hello of an honest client, which is always the same.
fn client_hello(version: Version) -> Vec<u8> {
    thread_local! {
        static HELLOS: std::cell::RefCell<[Option<Vec<u8>>; 2]> = const { std::cell::RefCell::new([None, None]) };
    }
    HELLOS.with_borrow_mut(|hellos| {
        let made = || {
            let (mut conn, _) = targets::new_client(version, 0);
            let mut bytes = Vec::new();
            conn.write_tls(&mut bytes).expect("a vector takes everything");
            bytes.split_off(5 + 4)
        };
        hellos[usize::from(version == Version::Tls13)].get_or_insert_with(made).clone()
    })
}

// ---- the parts

fn records() -> Vec<Seed> {
    let record = |seal, typ, body: &[u8]| Step::Record { seal, typ, body: body.to_vec() };
    let mut seeds = Vec::new();
    let mut add = |name: &str, options: u16, steps: &[Step]| {
        seeds.push(("records", name.to_owned(), script::write(options, steps)));
    };
    let opened = |seal| {
        vec![
            record(Seal::No, 22, b"clear"),
            record(Seal::No, 20, &[1]),
            Step::Join(1),
            record(seal, 22, b"handshake"),
            record(seal, 23, &[7; 100]),
            record(seal, 21, &[1, 0]),
        ]
    };
    add("open13", 4, &opened(Seal::Tls13));
    add("open12", 2 | 4, &opened(Seal::Tls12));
    add("open-into", 4 | 64, &opened(Seal::Tls13));
    add("limit", 4 | 8 | 50 << 8, &opened(Seal::Tls13));
    add(
        "skip",
        4 | 16,
        &[Step::Join(1), record(Seal::Broken, 23, &[1; 50]), record(Seal::Tls13, 22, b"end")],
    );
    add("skip-retry", 4 | 16 | 32, &[record(Seal::Broken, 23, &[1; 50]), record(Seal::No, 22, b"hello")]);
    add("raw", 0, &[Step::Raw(vec![22, 3, 1, 0, 2, 9, 9, 23, 3, 3])]);
    let sealed = [
        record(Seal::No, 22, &[5; 100]),
        Step::Join(1),
        record(Seal::No, 23, &[6; 200]),
        Step::Chop(1),
        record(Seal::No, 22, &[7; 40]),
    ];
    add("seal13", 1 | 64 << 4, &sealed);
    add("seal12", 1 | 2 | 64 << 4, &sealed);
    add("seal-limit", 1 | 4 | 64 << 4, &sealed);
    seeds
}

/// Each message that honest ends say, under its decoder; sessions as they are stored; compressed certificates.
fn messages() -> Vec<Seed> {
    use chitin::internal_testing::DECODERS;
    let mut seeds = Vec::new();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for role in [Role::Client, Role::Server] {
        for version in [Version::Tls13, Version::Tls12] {
            let scripts = TALKS.iter().filter_map(|talk| talk.run(role, version));
            for step in scripts.flat_map(|(_, steps)| steps) {
                match step {
                    Step::Message { typ: 1, body, .. } => bodies.push(message(1, &body)),
                    Step::Message { body, .. } => bodies.push(body),
                    _ => {}
                }
            }
        }
    }
    for version in [Version::Tls13, Version::Tls12] {
        for options in [0, knob::ALPN | knob::CLIENT_AUTH | knob::EARLY] {
            let store = std::sync::Arc::new(configs::Store::default());
            let server = configs::server(version, options, &store);
            targets::meet(&configs::client(version, options, &glass::GROUPS).into(), &server.into());
            bodies.extend(store.all().into_iter().map(|(_, session)| session));
        }
    }
    // Entries are inside, behind an empty context and the length of the list.
    let lists = bodies.iter().filter_map(|body| body.strip_prefix(&[0])?.get(3..).map(<[u8]>::to_vec));
    let entries: Vec<_> = lists.filter(|body| DECODERS[5].1(body)).collect();
    bodies.extend(entries);
    bodies.sort_by_key(|body| (body.len(), body.clone()));
    bodies.dedup();
    for (number, (name, decode)) in DECODERS.iter().enumerate() {
        // Two of each are enough: a short one and a long one.
        let fitting: Vec<_> = bodies.iter().filter(|body| body.len() > 3 && decode(body)).collect();
        let chosen = [fitting.first(), fitting.last()];
        for (which, body) in chosen.into_iter().flatten().enumerate() {
            seeds.push(("messages", format!("{name}-{which}"), [&[number as u8][..], body].concat()));
            if name.starts_with("ServerSession") {
                let how = if name.ends_with("12") { 2 } else { which as u8 };
                seeds.push(("sessions", format!("{name}-{which}"), [&[how][..], body].concat()));
            }
            if *name == "Certificate" {
                let len = (body.len() as u32).to_be_bytes();
                let plain = [&[0, 1][..], &len[1..], &len[1..], body].concat();
                seeds.push(("compressed", format!("plain-{which}"), plain));
            }
        }
    }
    // The same certificate message by other means: an empty chain in zlib (RFC 1950), stored and not compressed.
    let stored = [0x78, 0x01, 0x01, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0, 4, 0, 1];
    seeds.push(("compressed", "zlib".into(), [&[0, 1, 0, 0, 4, 0, 0, 15][..], &stored].concat()));
    // The same in brotli (RFC 7932): one metablock of four bytes that is not compressed, and an empty last one.
    let stored = [0x0c, 0x01, 0x80, 0, 0, 0, 0, 3];
    seeds.push(("compressed", "brotli".into(), [&[0, 2, 0, 0, 4, 0, 0, 8][..], &stored].concat()));
    seeds
}

/// Lists by hand: one that there is a suite for behind two of which that is not so, and two that are spoilt. RFC 9849 section 4.
fn ech() -> Vec<Seed> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let config = |kem: u8, name: &[u8], extensions: &[u8]| {
        let key = [&[1, 0, kem][..], &sized(&[9; 32]), &sized(&[0, 1, 0, 1, 0, 1, 0, 3])].concat();
        let body = [&key[..], &[16, name.len() as u8], name, &sized(extensions)].concat();
        [&[0xfe, 0x0d][..], &sized(&body)].concat()
    };
    let good = config(0x20, b"public.example", &[]);
    let other = config(0x10, b"public.example", &[0, 9, 0, 1, 7]);
    let older = [0xfe, 0x0c, 0, 2, 1, 2];
    let mandatory = config(0x20, b"public.example", &[0x80, 9, 0, 0]);
    let address = config(0x20, b"192.0.2.1", &[]);
    let list = |configs: &[&[u8]]| sized(&configs.concat());
    let decoders = chitin::internal_testing::DECODERS.iter();
    let decoder = decoders.take_while(|(name, _)| *name != "EchConfigList").count() as u8;
    vec![
        ("ech", "list".into(), list(&[&older, &other, &good])),
        ("ech", "passed-over".into(), list(&[&mandatory, &address, &good])),
        ("ech", "none".into(), list(&[&mandatory, &address])),
        ("ech", "cut".into(), list(&[&good[..good.len() - 1]])),
        ("messages", "EchConfigList".into(), [&[decoder][..], &list(&[&older, &other, &good])].concat()),
    ]
}

fn certificates() -> Vec<Seed> {
    let chain = |how: u8, parts: &[&[u8]]| {
        let mut out = vec![how];
        for part in parts {
            out.extend((part.len() as u16).to_be_bytes());
            out.extend(*part);
        }
        out
    };
    let other = include_bytes!("../../chitin/testdata/config/other-ca.der");
    vec![
        ("certificates", "server".into(), chain(0, &[SERVER])),
        ("certificates", "client".into(), chain(0, &[CLIENT, CA])),
        ("certificates", "pool".into(), chain(1, &[SERVER, other, CA, CA])),
        ("certificates", "ca".into(), chain(1, &[CA, other])),
    ]
}

/// Timestamps in the handshake and in a staple, of two operators and of one, and lists of logs by hand.
fn transparency() -> Vec<Seed> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    // Of version 1, with a signature of nothing by ECDSA. RFC 6962 section 3.2.
    let sct = |log: u8| {
        let milliseconds = (configs::NOW - 5000) * 1000;
        sized(&[&[0][..], &[log; 32], &milliseconds.to_be_bytes(), &[0, 0, 4, 3, 0, 1, 9]].concat())
    };
    let list = |logs: &[u8]| sized(&logs.iter().flat_map(|log| sct(*log)).collect::<Vec<_>>());
    let seed = |name: &str, how: u8, list: &[u8], stapled: &[u8]| {
        let seed = [&[how][..], &sized(SERVER), &sized(list), stapled].concat();
        ("timestamps", name.to_string(), seed)
    };
    let json = |state: &str| {
        let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjU1cKbps+okjd0ks/+5l/XHJXKZZP/VXx34lF33p3JlCaP12j513380uE9JFhgL1\
                   clwalE2q27IwBl8IE1HSTA==";
        let log = format!(
            r#"{{ "key": "{key}", "state": {{ {state} }}, "previous_operators": [{{ "name": "b", "end_time": "2026-01-31T00:00:00Z" }}] }}"#
        );
        let operators = format!(r#"[{{ "name": "a", "logs": [{log}], "tiled_logs": [{log}] }}]"#);
        let list = format!(r#"{{ "log_list_timestamp": "2026-01-31T00:00:00Z", "operators": {operators} }}"#);
        list.into_bytes()
    };
    vec![
        seed("two-operators", 0, &list(&[1, 2]), &[]),
        seed("one-operator", 0, &list(&[2, 3]), &[]),
        seed("stapled", 1, &list(&[1]), &tlv(4, &[&list(&[2])])),
        seed("retired", 4, &list(&[1, 2, 3]), &[]),
        seed("unknown", 0, &list(&[9]), &[]),
        ("log_list", "usable".into(), json(r#""usable": { "timestamp": "2026-01-31T00:00:00Z" }"#)),
        ("log_list", "retired".into(), json(r#""retired": { "timestamp": "2026-01-31T00:00:00Z" }"#)),
        ("log_list", "none".into(), br#"{ "log_list_timestamp": "2026-01-31T00:00:00Z" }"#.to_vec()),
    ]
}

/// Lists and staples about the server's certificate, with signatures of nothing.
fn revocation() -> Vec<Seed> {
    let der = pki_types::CertificateDer::from(SERVER);
    let leaf = chitin_pki::Certificate::parse(&der).expect("a good certificate");
    let (serial, issuer) = (tlv(2, &[leaf.serial()]), tlv(0x30, &[leaf.issuer().0]));
    let algorithm = tlv(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let signature = [3, 2, 0, 0];
    let extension = |id: u8, critical: &[u8], value: &[u8]| {
        tlv(0x30, &[&[6, 3, 0x55, 0x1d, id], critical, &tlv(4, &[value])])
    };
    let critical = [1, 1, 0xff];
    let list_until = |until: &[u8], number: u8, entries: &[u8], more: &[u8]| {
        let number = extension(20, &[], &[2, 1, number]);
        let extensions = tlv(0xa0, &[&tlv(0x30, &[&number, more])]);
        let entries = if entries.is_empty() { Vec::new() } else { tlv(0x30, &[entries]) };
        let (from, until) = (tlv(0x17, &[b"290101000000Z"]), tlv(0x17, &[until]));
        let tbs = tlv(0x30, &[&[2, 1, 1], &algorithm, &issuer, &from, &until, &entries, &extensions]);
        tlv(0x30, &[&tbs, &algorithm, &signature])
    };
    let list = |number: u8, entries: &[u8], more: &[u8]| list_until(b"350101000000Z", number, entries, more);
    let entry = |reason: u8| {
        let reason = extension(21, &[], &[10, 1, reason]);
        tlv(0x30, &[&serial, &tlv(0x17, &[b"290101000000Z"]), &tlv(0x30, &[&reason])])
    };
    let time = tlv(0x18, &[b"20300101000000Z"]);
    let staple = |status: &[u8]| {
        let sha1 = tlv(0x30, &[&[6, 5, 0x2b, 14, 3, 2, 26, 5, 0]]);
        let zeros = tlv(4, &[&[0; 20]]);
        let id = tlv(0x30, &[&sha1, &zeros, &zeros, &serial]);
        let next = tlv(0xa0, &[&tlv(0x18, &[b"20350101000000Z"])]);
        let answer = tlv(0x30, &[&id, status, &time, &next]);
        let tbs = tlv(0x30, &[&tlv(0xa1, &[&issuer]), &time, &tlv(0x30, &[&answer])]);
        let basic = tlv(4, &[&tlv(0x30, &[&tbs, &algorithm, &signature])]);
        let kind = [6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
        tlv(0x30, &[&[10, 1, 0], &tlv(0xa0, &[&tlv(0x30, &[&kind, &basic])])])
    };
    let seed = |name: &str, how: u8, parts: &[&[u8]]| {
        let mut out = vec![how];
        for part in parts {
            out.extend((part.len() as u16).to_be_bytes());
            out.extend(*part);
        }
        ("revocation", name.to_string(), out)
    };
    let point = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[b"http://lists.test/1"])])]);
    let scope = extension(28, &critical, &tlv(0x30, &[&point, &[0x83, 2, 1, 6]]));
    let users = extension(28, &critical, &tlv(0x30, &[&[0x81, 1, 0xff]]));
    let delta = extension(27, &critical, &[2, 1, 1]);
    let clean = list(1, &[], &[]);
    vec![
        seed("lists", 0, &[&[], &clean, &list(2, &entry(1), &[])]),
        seed("delta", 2, &[&[], &clean, &list(2, &entry(8), &delta)]),
        seed("scopes", 0, &[&[], &list(1, &[], &scope), &list(2, &[], &users)]),
        seed("another-point", 0, &[&[], &list(1, &[], &scope)]),
        seed("stale", 0, &[&[], &list_until(b"290201000000Z", 1, &[], &[])]),
        seed("expired", 1, &[&staple(&[0x81, 0])]),
        seed("good", 1, &[&staple(&[0x80, 0])]),
        seed("revoked", 1, &[&staple(&tlv(0xa1, &[&time, &[0xa0, 3, 10, 1, 1]])), &clean]),
        seed("later", 3, &[&[0x30, 3, 10, 1, 3], &clean]),
    ]
}

/// A DER element.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = vec![tag];
    match body.len() {
        short @ ..0x80 => out.push(short as u8),
        long @ ..0x100 => out.extend([0x81, long as u8]),
        long => out.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    out.extend(body);
    out
}
