//! TLS 1.2: full and resumed, with the extended master secret.

use aws_lc_rs::aead::{Aad, MAX_TAG_LEN};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac::Tag;
use worker::Meter;

use super::{Done, Primitives, nonce, open, record_key, seal, sizes};
use crate::schedule::Secret;

pub struct Fixed {
    /// Label and seed: of the master secret and of Finished, and of the key block.
    with_hash: [u8; 15 + 32],
    with_randoms: [u8; 13 + 64],
}

impl Fixed {
    pub fn new() -> Self {
        Self { with_hash: [0x31; 15 + 32], with_randoms: [0x32; 13 + 64] }
    }
}

/// What a side has once keys are there.
struct Keys {
    master: Secret,
    client: aws_lc_rs::aead::LessSafeKey,
    server: aws_lc_rs::aead::LessSafeKey,
}

impl Keys {
    /// 40 bytes of key block are two blocks of the PRF.
    fn new(fixed: &Fixed, master: &[u8]) -> Done<Self> {
        let master = Secret::new(master);
        let block = master.prf(&fixed.with_randoms, 2);
        let key = |at: usize| record_key(&block.as_ref()[at..at + 16]);
        Ok(Self { client: key(0)?, server: key(16)?, master })
    }

    /// With the extended master secret, whose 48 bytes are two blocks, too.
    fn from_exchange(fixed: &Fixed, transcript: &Context, shared: &[u8]) -> Done<Self> {
        std::hint::black_box(transcript.clone().finish());
        let block = Secret::new(shared).prf(&fixed.with_hash, 2);
        let mut master = [0; 48];
        master[..32].copy_from_slice(block.as_ref());
        Self::new(fixed, &master)
    }

    fn finished(&self, fixed: &Fixed, transcript: &mut Context) -> Tag {
        std::hint::black_box(transcript.clone().finish());
        let tag = self.master.prf(&fixed.with_hash, 1);
        transcript.update(&tag.as_ref()[..12]);
        tag
    }
}

pub fn run(all: &Primitives, fixed: &Fixed, meter: &mut Meter) -> Done<()> {
    if all.case.resumed { resumed(all, fixed, meter) } else { full(all, fixed, meter) }
}

fn full(all: &Primitives, fixed: &Fixed, meter: &mut Meter) -> Done<()> {
    let filler = |n: usize| &all.filler[..n];

    let mut ours = meter.client(|| {
        std::hint::black_box(all.draw::<32>()?);
        let mut ours = Context::new(&SHA256);
        ours.update(filler(sizes::CLIENT_HELLO));
        Done::Ok(ours)
    })?;

    let (offered, signature, theirs) = meter.server(|| {
        std::hint::black_box(all.draw::<44>()?);
        let mut theirs = Context::new(&SHA256);
        theirs.update(filler(sizes::CLIENT_HELLO));
        theirs.update(filler(sizes::SERVER_HELLO));
        theirs.update(filler(all.server.message));
        let (shares, public) = all.offer()?;
        let signature = all.sign(&all.server, filler(64 + sizes::KEY_EXCHANGE - 8))?;
        theirs.update(filler(sizes::KEY_EXCHANGE));
        theirs.update(&signature);
        theirs.update(filler(4));
        Done::Ok((public, signature, (theirs, shares)))
    })?;

    let (answered, mut sealed, keys) = meter.client(|| {
        ours.update(filler(sizes::SERVER_HELLO));
        ours.update(filler(all.server.message));
        all.verify_chain(&all.server)?;
        all.verify_message(&all.server, filler(64 + sizes::KEY_EXCHANGE - 8), &signature)?;
        ours.update(filler(sizes::KEY_EXCHANGE));
        ours.update(&signature);
        ours.update(filler(4));
        let (public, secret) = all.answer(&offered)?;
        ours.update(filler(sizes::KEY_EXCHANGE_BACK));
        let keys = Keys::from_exchange(fixed, &ours, &secret)?;
        keys.finished(fixed, &mut ours);
        Done::Ok((public, seal(&keys.client, filler(sizes::FINISHED_12))?, keys))
    })?;

    let mut back = meter.server(|| {
        let (mut theirs, shares) = (theirs.0, theirs.1);
        let secret = all.complete(shares, &answered)?;
        theirs.update(filler(sizes::KEY_EXCHANGE_BACK));
        let keys = Keys::from_exchange(fixed, &theirs, &secret)?;
        open(&keys.client, &mut sealed)?;
        let finished = keys.finished(fixed, &mut theirs);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())?;
        let mut state = filler(sizes::TICKET_STATE).to_vec();
        all.ticket_key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut state)?;
        theirs.update(&state);
        keys.finished(fixed, &mut theirs);
        seal(&keys.server, filler(sizes::FINISHED_12))
    })?;

    meter.client(|| {
        open(&keys.server, &mut back)?;
        ours.update(filler(sizes::TICKET_STATE + MAX_TAG_LEN));
        let finished = keys.finished(fixed, &mut ours);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())
    })?;

    meter.client(|| drop((ours, answered, sealed, keys)));
    meter.server(|| drop((offered, signature, back)));
    Ok(())
}

fn resumed(all: &Primitives, fixed: &Fixed, meter: &mut Meter) -> Done<()> {
    let filler = |n: usize| &all.filler[..n];
    const TICKET: usize = 12 + sizes::TICKET_STATE + MAX_TAG_LEN;

    let mut ours = meter.client(|| {
        std::hint::black_box(all.draw::<64>()?);
        let mut ours = Context::new(&SHA256);
        ours.update(filler(sizes::CLIENT_HELLO + TICKET));
        Done::Ok(ours)
    })?;

    // The ticket was sealed when the session was made.
    let mut ticket = filler(sizes::TICKET_STATE).to_vec();
    all.ticket_key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut ticket)?;

    let (mut sealed, keys, mut theirs) = meter.server(|| {
        std::hint::black_box(all.draw::<32>()?);
        let mut theirs = Context::new(&SHA256);
        theirs.update(filler(sizes::CLIENT_HELLO + TICKET));
        all.ticket_key.open_in_place(nonce(), Aad::empty(), &mut ticket)?;
        theirs.update(filler(sizes::SERVER_HELLO));
        let keys = Keys::new(fixed, &[5; 48])?;
        keys.finished(fixed, &mut theirs);
        Done::Ok((seal(&keys.server, filler(sizes::FINISHED_12))?, keys, theirs))
    })?;

    let (mut back, ours) = meter.client(|| {
        ours.update(filler(sizes::SERVER_HELLO));
        let keys = Keys::new(fixed, &[5; 48])?;
        open(&keys.server, &mut sealed)?;
        let finished = keys.finished(fixed, &mut ours);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())?;
        keys.finished(fixed, &mut ours);
        Done::Ok((seal(&keys.client, filler(sizes::FINISHED_12))?, (ours, keys)))
    })?;

    meter.server(|| {
        open(&keys.client, &mut back)?;
        let finished = keys.finished(fixed, &mut theirs);
        verify_slices_are_equal(finished.as_ref(), finished.as_ref())
    })?;

    meter.client(|| drop((ours, back)));
    meter.server(|| drop((sealed, keys, theirs, ticket)));
    Ok(())
}
