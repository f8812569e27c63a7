//! Records: the AEAD alone, and with the copies that a transport and a caller's buffer take.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, MAX_TAG_LEN, Nonce, UnboundKey,
};
use worker::{BURST, Kind, Material, Meter, Pipe, Suite};

use crate::failed;
use crate::handshake::Unspecified;

/// How much beside the AEAD is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Sealed and opened where it lies.
    Raw,
    /// Buffers are reused and plaintext is copied once on each side; the transport copies, too.
    Copy,
    /// Sealed from the caller's slice and opened into it; the transport copies.
    Fused,
}

pub struct Bulk {
    way: Way,
    key: LessSafeKey,
    suite: Suite,
    record: usize,
    /// What one write of the caller's comes to on the wire.
    write: usize,
    /// The caller's, of the sender and of the receiver.
    plain: Vec<u8>,
    back: Vec<u8>,
    /// The library's: records as they go out and as they came in.
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    tags: Vec<[u8; MAX_TAG_LEN]>,
    pipe: Pipe,
}

const HEAD: usize = 5;
/// The largest plaintext of a record. RFC 8446 section 5.1.
const MOST: usize = 16 * 1024;

impl Bulk {
    pub fn new(material: &Material) -> Result<Self, String> {
        let way = match &*material.variant {
            "copy" => Way::Copy,
            "fused" => Way::Fused,
            _ => Way::Raw,
        };
        let write = match material.case.kind {
            Kind::Bulk { write } | Kind::BulkKnown { write } => write,
            Kind::Handshake | Kind::Heap => MOST,
        };
        let record = write.min(MOST);
        let sealed = |plain: usize| plain / record * (HEAD + record + 1 + MAX_TAG_LEN);
        Ok(Self {
            way,
            key: key(material.case.suite).map_err(failed)?,
            suite: material.case.suite,
            record,
            write: sealed(write),
            plain: (0..BURST).map(|i| (i % 251) as u8).collect(),
            back: vec![0; BURST],
            outgoing: vec![0; sealed(BURST)],
            incoming: vec![0; sealed(BURST)],
            tags: vec![[0; MAX_TAG_LEN]; BURST / record],
            pipe: Pipe::default(),
        })
    }

    pub fn key(&self) -> Option<LessSafeKey> {
        key(self.suite).ok()
    }

    pub fn run(&mut self, meter: &mut Meter) -> Result<(), String> {
        match self.way {
            Way::Raw => {
                meter.client(|| self.seal_where_it_lies()).map_err(failed)?;
                meter.server(|| self.open_where_it_lies()).map_err(failed)
            }
            Way::Copy => {
                meter.client(|| self.copy_and_seal()).map_err(failed)?;
                meter.server(|| self.open_and_copy()).map_err(failed)
            }
            Way::Fused => {
                meter.client(|| self.seal_across()).map_err(failed)?;
                meter.server(|| self.open_across()).map_err(failed)
            }
        }
    }

    fn seal_where_it_lies(&mut self) -> Result<(), Unspecified> {
        for (n, (record, tag)) in self.plain.chunks_mut(self.record).zip(&mut self.tags).enumerate() {
            let made = self.key.seal_in_place_separate_tag(nonce(n), head(record.len()), record)?;
            tag.copy_from_slice(made.as_ref());
        }
        Ok(())
    }

    fn open_where_it_lies(&mut self) -> Result<(), Unspecified> {
        for (n, (record, tag)) in self.plain.chunks_mut(self.record).zip(&self.tags).enumerate() {
            self.key.open_in_place_separate_tag(nonce(n), head(record.len()), tag, record)?;
        }
        Ok(())
    }

    fn copy_and_seal(&mut self) -> Result<(), Unspecified> {
        let whole = HEAD + self.record + 1 + MAX_TAG_LEN;
        for (n, (plain, out)) in
            self.plain.chunks(self.record).zip(self.outgoing.chunks_mut(whole)).enumerate()
        {
            let (body, tag) = out[HEAD..].split_at_mut(self.record + 1);
            body[..self.record].copy_from_slice(plain);
            body[self.record] = 23;
            let made = self.key.seal_in_place_separate_tag(nonce(n), head(self.record), body)?;
            tag.copy_from_slice(made.as_ref());
        }
        self.send();
        Ok(())
    }

    fn open_and_copy(&mut self) -> Result<(), Unspecified> {
        let whole = HEAD + self.record + 1 + MAX_TAG_LEN;
        self.pipe.get(&mut self.incoming);
        for (n, (record, back)) in
            self.incoming.chunks_mut(whole).zip(self.back.chunks_mut(self.record)).enumerate()
        {
            let plain = self.key.open_in_place(nonce(n), head(self.record), &mut record[HEAD..])?;
            back.copy_from_slice(&plain[..self.record]);
        }
        Ok(())
    }

    /// What was written at once goes out at once, as from a library.
    fn send(&self) {
        self.outgoing.chunks(self.write).for_each(|sealed| self.pipe.put(sealed));
    }

    fn seal_across(&mut self) -> Result<(), Unspecified> {
        let whole = HEAD + self.record + 1 + MAX_TAG_LEN;
        for (n, (plain, out)) in
            self.plain.chunks(self.record).zip(self.outgoing.chunks_mut(whole)).enumerate()
        {
            let (body, rest) = out[HEAD..].split_at_mut(self.record);
            self.key.seal_out_of_place_scatter(nonce(n), head(self.record), plain, body, &[23], rest)?;
        }
        self.send();
        Ok(())
    }

    /// The type at the end of a record has no place in the caller's slice; there is one behind it, for which the next record makes room.
    fn open_across(&mut self) -> Result<(), Unspecified> {
        let whole = HEAD + self.record + 1 + MAX_TAG_LEN;
        self.pipe.get(&mut self.incoming);
        self.back.resize(BURST + 1, 0);
        for (n, record) in self.incoming.chunks(whole).enumerate() {
            let (body, tag) = record[HEAD..].split_at(self.record + 1);
            let back = &mut self.back[n * self.record..][..self.record + 1];
            self.key.open_separate_gather(nonce(n), head(self.record), body, tag, back)?;
        }
        Ok(())
    }
}

fn key(suite: Suite) -> Result<LessSafeKey, Unspecified> {
    let algorithm = match suite {
        Suite::Aes128 => &AES_128_GCM,
        Suite::Aes256 => &AES_256_GCM,
        Suite::ChaCha20 => &CHACHA20_POLY1305,
    };
    Ok(LessSafeKey::new(UnboundKey::new(algorithm, &[9; 32][..algorithm.key_len()])?))
}

fn head(len: usize) -> Aad<[u8; HEAD]> {
    let [high, low] = ((len + 1 + MAX_TAG_LEN) as u16).to_be_bytes();
    Aad::from([23, 3, 3, high, low])
}

fn nonce(sequence: usize) -> Nonce {
    let mut nonce = [0x77; 12];
    nonce[4..].copy_from_slice(&(sequence as u64).to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}
