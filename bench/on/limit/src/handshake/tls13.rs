//! TLS 1.3: full, mutual and resumed.

use aws_lc_rs::aead::{Aad, LessSafeKey, MAX_TAG_LEN};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, Digest, SHA256};
use worker::Meter;

use super::{Done, Identity, Primitives, nonce, open, record_key, seal, sizes};
use crate::schedule::{Label, Secret};

/// Computed once for all connections.
pub struct Fixed {
    traffic: Label,
    derived: Label,
    key: Label,
    iv: Label,
    finished: Label,
    resumption: Label,
    /// HKDF's salt of the first stage.
    zero: Secret,
    /// The salt of the second stage, where no PSK is.
    without_psk: Secret,
}

impl Fixed {
    pub fn new() -> Self {
        let derived = Label::new("derived", 32);
        let zero = Secret::new(&[0; 32]);
        let without_psk = Secret::new(zero.mac(&[0; 32]).as_ref()).next(&derived);
        Self {
            traffic: Label::new("c hs traffic", 32),
            derived,
            key: Label::new("key", 0),
            iv: Label::new("iv", 0),
            finished: Label::new("finished", 0),
            resumption: Label::new("resumption", 2),
            zero,
            without_psk,
        }
    }
}

/// The keys of one direction.
struct Direction {
    secret: Secret,
    record: LessSafeKey,
}

/// Both directions, of one stage.
struct Stage {
    next: Secret,
    client: Direction,
    server: Direction,
}

struct Schedule<'a> {
    fixed: &'a Fixed,
    transcript: Context,
}

impl<'a> Schedule<'a> {
    fn new(fixed: &'a Fixed) -> Self {
        Self { fixed, transcript: Context::new(&SHA256) }
    }

    fn hash(&self) -> Digest {
        self.transcript.clone().finish()
    }

    /// Extract, the two traffic secrets, and what comes of each.
    fn stage(&self, salt: &Secret, input: &[u8]) -> Done<Stage> {
        let secret = Secret::new(salt.mac(input).as_ref());
        let client = self.direction(&secret)?;
        let server = self.direction(&secret)?;
        Ok(Stage { next: secret, client, server })
    }

    fn direction(&self, from: &Secret) -> Done<Direction> {
        let secret = from.next(&self.fixed.traffic);
        let key = secret.expand(&self.fixed.key);
        std::hint::black_box(secret.expand(&self.fixed.iv));
        Ok(Direction { record: record_key(&key.as_ref()[..16])?, secret })
    }

    fn finished(&self, direction: &Direction) -> aws_lc_rs::hmac::Tag {
        direction.secret.next(&self.fixed.finished).mac(self.hash().as_ref())
    }

    /// The early secret of a PSK as the salt of the next stage, and its binder over the hello so far.
    fn psk(&self) -> (Secret, aws_lc_rs::hmac::Tag) {
        let early = Secret::new(self.fixed.zero.mac(&[3; 32]).as_ref());
        let binder = early.next(&self.fixed.traffic).next(&self.fixed.finished).mac(self.hash().as_ref());
        (early.next(&self.fixed.derived), binder)
    }

    fn tickets(&self, master: &Secret, tickets: usize) {
        let resumption = master.next(&self.fixed.traffic);
        for _ in 0..tickets {
            std::hint::black_box(resumption.expand(&self.fixed.resumption));
        }
    }
}

pub fn run(all: &Primitives, fixed: &Fixed, meter: &mut Meter) -> Done<()> {
    let case = &all.case;
    let filler = |n: usize| &all.filler[..n];
    let tickets = case.tickets();

    // ClientHello, with the binder of a resumption.
    let (shares, offered, mut ours) = meter.client(|| {
        std::hint::black_box(all.draw::<64>()?);
        let (shares, public) = all.offer()?;
        let mut ours = Schedule::new(fixed);
        ours.transcript.update(filler(sizes::CLIENT_HELLO));
        ours.transcript.update(public.x25519.as_ref());
        ours.transcript.update(&public.ml_kem);
        let mut salt = None;
        if case.resumed {
            ours.transcript.update(filler(sizes::TICKET_STATE + 12 + MAX_TAG_LEN));
            let (next, binder) = ours.psk();
            ours.transcript.update(binder.as_ref());
            salt = Some(next);
        }
        Done::Ok((shares, public, (ours, salt)))
    })?;

    // The server's flight.
    let (answered, mut flight, signature, mut theirs) = meter.server(|| {
        let random = all.draw::<72>()?;
        let mut theirs = Schedule::new(fixed);
        theirs.transcript.update(filler(sizes::CLIENT_HELLO));
        theirs.transcript.update(offered.x25519.as_ref());
        theirs.transcript.update(&offered.ml_kem);
        let mut salt = None;
        if case.resumed {
            theirs.transcript.update(filler(sizes::TICKET_STATE + 12 + MAX_TAG_LEN));
            let mut ticket = seal_ticket(all)?;
            all.ticket_key.open_in_place(nonce(), Aad::empty(), &mut ticket)?;
            let (next, binder) = theirs.psk();
            verify_slices_are_equal(binder.as_ref(), binder.as_ref())?;
            theirs.transcript.update(binder.as_ref());
            salt = Some(next);
        }
        let (public, secret) = all.answer(&offered)?;
        theirs.transcript.update(&random[..32]);
        theirs.transcript.update(filler(sizes::SERVER_HELLO - 32));
        theirs.transcript.update(public.x25519.as_ref());
        theirs.transcript.update(&public.ml_kem);
        let stage = theirs.stage(salt.as_ref().unwrap_or(&fixed.without_psk), &secret)?;
        let mut flight = sizes::ENCRYPTED_EXTENSIONS;
        let mut signature = Vec::new();
        if !case.resumed {
            if case.mutual {
                flight += sizes::CERTIFICATE_REQUEST;
            }
            flight += all.server.message;
            theirs.transcript.update(filler(flight));
            signature = sign(all, &all.server, &mut theirs)?;
            flight += signature.len() + sizes::CERTIFICATE_VERIFY;
        } else {
            theirs.transcript.update(filler(flight));
        }
        let finished = theirs.finished(&stage.server);
        theirs.transcript.update(filler(4));
        theirs.transcript.update(finished.as_ref());
        flight += sizes::FINISHED;
        let flight = seal(&stage.server.record, filler(flight + 1))?;
        let traffic = theirs.stage(&stage.next.next(&fixed.derived), &[0; 32])?;
        Done::Ok((public, flight, signature, (theirs, stage, traffic)))
    })?;

    // The client reads it and sends its own.
    let mut back = meter.client(|| {
        let (ours, salt) = &mut ours;
        let secret = all.complete(shares, &answered)?;
        ours.transcript.update(filler(sizes::SERVER_HELLO));
        ours.transcript.update(answered.x25519.as_ref());
        ours.transcript.update(&answered.ml_kem);
        let stage = ours.stage(salt.as_ref().unwrap_or(&fixed.without_psk), &secret)?;
        let plain = open(&stage.server.record, &mut flight)?;
        if !case.resumed {
            let signed = sizes::ENCRYPTED_EXTENSIONS
                + if case.mutual { sizes::CERTIFICATE_REQUEST } else { 0 }
                + all.server.message;
            ours.transcript.update(&plain[..signed]);
            verify(all, &all.server, ours, &signature)?;
        } else {
            ours.transcript.update(&plain[..sizes::ENCRYPTED_EXTENSIONS]);
        }
        let finished = ours.finished(&stage.server);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())?;
        ours.transcript.update(filler(4));
        ours.transcript.update(finished.as_ref());
        let traffic = ours.stage(&stage.next.next(&fixed.derived), &[0; 32])?;
        let mut back = 0;
        let mut signature = Vec::new();
        if case.mutual && !case.resumed {
            back = all.client.message;
            ours.transcript.update(filler(back));
            signature = sign(all, &all.client, ours)?;
            back += signature.len() + sizes::CERTIFICATE_VERIFY;
        }
        let finished = ours.finished(&stage.client);
        ours.transcript.update(filler(4));
        ours.transcript.update(finished.as_ref());
        let sealed = seal(&stage.client.record, filler(back + sizes::FINISHED + 1))?;
        ours.tickets(&traffic.next, tickets);
        Done::Ok((sealed, signature, traffic))
    })?;

    // The server checks it and sends tickets.
    let mut sent = meter.server(|| {
        let (theirs, stage, traffic) = &mut theirs;
        let plain = open(&stage.client.record, &mut back.0)?;
        if case.mutual && !case.resumed {
            theirs.transcript.update(&plain[..all.client.message]);
            verify(all, &all.client, theirs, &back.1)?;
        }
        let finished = theirs.finished(&stage.client);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())?;
        theirs.transcript.update(filler(4));
        theirs.transcript.update(finished.as_ref());
        theirs.tickets(&traffic.next, tickets);
        let mut records = Vec::with_capacity(tickets);
        for _ in 0..tickets {
            let message = seal_ticket(all)?.len() + sizes::TICKET_MESSAGE;
            records.push(seal(&traffic.server.record, filler(message + 1))?);
        }
        Done::Ok(records)
    })?;

    meter.client(|| {
        for record in &mut sent {
            open(&back.2.server.record, record)?;
        }
        Done::Ok(())
    })?;

    // Each lets go of its own, which takes time, too, and is not the other's.
    meter.client(|| drop((offered, ours, back)));
    meter.server(|| drop((answered, flight, signature, theirs, sent)));
    Ok(())
}

fn seal_ticket(all: &Primitives) -> Done<Vec<u8>> {
    let mut state = all.filler[..sizes::TICKET_STATE].to_vec();
    all.ticket_key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut state)?;
    Ok(state)
}

fn sign(all: &Primitives, with: &Identity, schedule: &mut Schedule<'_>) -> Done<Vec<u8>> {
    let signature = all.sign(with, &signed(schedule))?;
    schedule.transcript.update(&all.filler[..sizes::CERTIFICATE_VERIFY]);
    schedule.transcript.update(&signature);
    Ok(signature)
}

fn verify(all: &Primitives, by: &Identity, schedule: &mut Schedule<'_>, signature: &[u8]) -> Done<()> {
    all.verify_chain(by)?;
    // The two transcripts hash the same number of bytes, but fillers: what was signed is hashed, and then its stand-in is verified.
    std::hint::black_box(schedule.hash());
    all.verify_message(by, &[0x20; sizes::SIGNED + 32], signature)?;
    schedule.transcript.update(&all.filler[..sizes::CERTIFICATE_VERIFY]);
    schedule.transcript.update(signature);
    Ok(())
}

fn signed(schedule: &Schedule<'_>) -> [u8; sizes::SIGNED + 32] {
    std::hint::black_box(schedule.hash());
    [0x20; sizes::SIGNED + 32]
}
