//! Mutations that know what lengths are.
//!
//! A fuzzing engine changes bytes. In a message that stands in lengths within lengths nearly every insertion breaks all of them,
//! and what comes behind the decoders is seldom reached with anything longer or shorter than an honest peer says. Here bytes
//! that look like a length around the place are changed along with it; they need not be one.

use crate::script::{self, Call, Seal, Step};

/// Numbers that follow from a seed. They need not be good.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        // xorshift64, by Marsaglia.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.roll(256) as u8
    }
}

/// A script with one or two changes in its steps or in the body of one.
pub fn script(input: &[u8], seed: u32) -> Vec<u8> {
    let mut dice = Dice(u64::from(seed) << 1 | 1);
    let (mut options, mut steps) = script::parse(input);
    for _ in 0..=dice.roll(2) {
        let at = dice.roll(steps.len());
        match dice.roll(12) {
            0 => options ^= 1 << dice.roll(16),
            1 if !steps.is_empty() => drop(steps.remove(at)),
            2 if !steps.is_empty() => steps.insert(dice.roll(steps.len()), steps[at].clone()),
            3 if !steps.is_empty() => {
                let with = dice.roll(steps.len());
                steps.swap(at, with);
            }
            4 => steps.insert(at, odd_step(&mut dice)),
            _ => match steps.get_mut(at) {
                Some(Step::Message { body, .. } | Step::Record { body, .. }) => {
                    *body = resized(body, &mut dice)
                }
                _ => steps.insert(at, odd_step(&mut dice)),
            },
        }
    }
    script::write(options, &steps)
}

/// A message or a session behind some bytes that are left as they are.
pub fn body(input: &[u8], behind: usize, seed: u32) -> Vec<u8> {
    let (head, body) = input.split_at(behind.min(input.len()));
    let mut dice = Dice(u64::from(seed) << 1 | 1);
    [head, &resized(body, &mut dice)].concat()
}

fn odd_step(dice: &mut Dice) -> Step {
    let seal = [Seal::No, Seal::Tls13, Seal::Tls12, Seal::Broken][dice.roll(4)];
    match dice.roll(6) {
        0 => Step::Chop(dice.byte()),
        1 => Step::Join(dice.byte() % 5),
        2 => Step::Repeat(dice.byte() % 50),
        3 => Step::Filler { seal, typ: dice.byte() % 26, len: (dice.roll(1 << 17)) as u32 },
        4 => Step::Record { seal, typ: 20 + dice.byte() % 4, body: vec![dice.byte() % 3, dice.byte() % 120] },
        _ => {
            let calls = [
                Call::Write,
                Call::Close,
                Call::RefreshKeys,
                Call::Answer,
                Call::Defer,
                Call::EarlyData,
                Call::HoldOutput,
                Call::HoldPlaintext,
                Call::Eof,
                Call::OpenOnRead,
            ];
            Step::Call(calls[dice.roll(calls.len())], dice.byte())
        }
    }
}

/// Bytes that may be a length, and what it may be of.
#[derive(Clone, Copy)]
struct Field {
    at: usize,
    width: usize,
    end: usize,
}

impl Field {
    fn start(&self) -> usize {
        self.at + self.width
    }
}

/// The body with something put in or taken out, and lengths around it that follow.
fn resized(body: &[u8], dice: &mut Dice) -> Vec<u8> {
    let at = dice.roll(body.len() + 1);
    let fields = nested(fields_around(body, at), dice);
    // The whole of the inner field, nothing, or a few bytes.
    let (from, to) = match (dice.roll(4), fields.last()) {
        (0, Some(inner)) => (inner.start(), inner.end),
        (1, _) => (at, at),
        (_, Some(inner)) => (at, (at + 1 + dice.roll(4)).min(inner.end)),
        (_, None) => (at, (at + 1 + dice.roll(4)).min(body.len())),
    };
    let put: Vec<u8> = match dice.roll(4) {
        0 => Vec::new(),
        1 => vec![dice.byte()],
        2 => {
            let other = body.get(dice.roll(body.len() + 1)..).unwrap_or_default();
            other.iter().take(dice.roll(40)).copied().collect()
        }
        _ => vec![dice.byte(); dice.roll(300)],
    };
    let mut out = [&body[..from], &put, &body[to..]].concat();
    for field in fields {
        let len = field.end - field.start() + put.len() - (to - from);
        let bytes = (len as u32).to_be_bytes();
        out[field.at..field.start()].copy_from_slice(&bytes[4 - field.width..]);
    }
    out
}

/// What may be a length of bytes around `at`: one byte, two or three, that count to inside the body.
fn fields_around(body: &[u8], at: usize) -> Vec<Field> {
    let mut fields = Vec::new();
    for pos in 0..at.min(body.len()) {
        for width in 1..=3 {
            let Some(bytes) = body.get(pos..pos + width) else { continue };
            let len = bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
            let field = Field { at: pos, width, end: pos + width + len };
            if field.start() <= at && at <= field.end && field.end <= body.len() && len > 0 {
                fields.push(field);
            }
        }
    }
    fields
}

/// Some of them, each inside the one before. Few are true lengths, and messages have at most four around a place.
fn nested(fields: Vec<Field>, dice: &mut Dice) -> Vec<Field> {
    let mut chosen: Vec<Field> = Vec::new();
    for _ in 0..dice.roll(5) {
        let fits = |field: &&Field| {
            let inside = |inner: &Field, outer: &Field| outer.start() <= inner.at && inner.end <= outer.end;
            chosen.iter().all(|other| inside(field, other) || inside(other, field))
        };
        let fitting: Vec<_> = fields.iter().filter(fits).copied().collect();
        // What ends where the message does, or another field, is more likely one.
        let tight: Vec<_> = fitting
            .iter()
            .filter(|field| fields.iter().any(|other| other.at != field.at && other.end == field.end))
            .copied()
            .collect();
        let from = if dice.roll(2) == 0 && !tight.is_empty() { &tight } else { &fitting };
        chosen.extend(from.get(dice.roll(from.len())));
        chosen.sort_by_key(|field| field.at);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use chitin::internal_testing::DECODERS;

    use super::*;

    /// NewSessionTicket (RFC 8446 section 4.6.1): lifetime, age_add, nonce, ticket, and early_data in a block.
    const TICKET: &[u8] =
        &[0, 0, 14, 16, 1, 2, 3, 4, 2, 9, 8, 0, 5, 1, 2, 3, 4, 5, 0, 8, 0, 42, 0, 4, 0, 0, 4, 0];

    #[test]
    fn a_changed_message_is_often_still_one() {
        let (_, decode) = DECODERS.iter().find(|(name, _)| *name == "NewSessionTicket").unwrap();
        assert!(decode(TICKET));
        let changed = (1..1000).map(|seed| body(TICKET, 0, seed)).filter(|new| new.len() != TICKET.len());
        let whole = changed.filter(|new| decode(new)).count();
        assert!(whole > 100, "{whole} of a thousand");
    }

    #[test]
    fn a_changed_script_is_a_script_and_the_same_for_a_seed() {
        for (target, name, seed) in crate::seeds::all() {
            if !["client13", "server12"].contains(&target) {
                continue;
            }
            for dice in 1..20 {
                let new = script(&seed, dice);
                assert_eq!(new, script(&seed, dice), "{name}");
                let (options, steps) = script::parse(&new);
                assert_eq!(script::write(options, &steps), new, "{name}");
            }
        }
    }

    #[test]
    fn nothing_is_too_little_to_change() {
        for seed in 0..200 {
            let _ = (script(&[], seed), body(&[], 1, seed), body(&[7], 1, seed), script(&[0, 0, 0], seed));
        }
    }
}
