//! What an authority says of the certificates it issued: revocation lists and OCSP responses, made by `openssl ca` and
//! `openssl ocsp`.
//!
//! It owns the book that OpenSSL keeps of an authority (`index.txt`), and calls OpenSSL. It encodes nothing itself.

use std::ffi::OsString;
use std::fmt::Write;
use std::process::Command;

use chitin::pki_types::{CertificateDer, CertificateRevocationListDer};
use chitin_pki::Certificate;

use crate::args;
use crate::pki::{Authority, Identity, pem};
use crate::tempdir::TempDir;

/// The book of an authority.
pub struct Book {
    dir: TempDir,
    lines: String,
}

/// What a revocation list is to say beside its entries. Times are written like `20300101000000Z`.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Its number; none leaves it out.
    pub number: Option<u32>,
    pub from: &'a str,
    pub until: &'a str,
    /// Further extensions, as lines of a configuration file of OpenSSL's.
    pub extensions: &'a str,
}

impl Default for List<'_> {
    /// The first list of 2030.
    fn default() -> Self {
        Self { number: Some(1), from: "20300101000000Z", until: "20310101000000Z", extensions: "" }
    }
}

impl Book {
    /// Opens a book in the name of `authority`.
    pub fn of(authority: &Authority) -> Self {
        let dir = TempDir::new();
        dir.write("ca.pem", pem("CERTIFICATE", authority.cert()));
        dir.write("ca.key", authority.key_pem());
        Self { dir, lines: String::new() }
    }

    /// Notes a certificate that is good.
    pub fn good(&mut self, certificate: &CertificateDer<'_>) -> &mut Self {
        let serial = serial(certificate);
        writeln!(self.lines, "V\t20450101000000Z\t\t{serial}\tunknown\t/CN={serial}").unwrap();
        self
    }

    /// Notes a certificate that was revoked on the first of January of 2029, for a reason in OpenSSL's words.
    pub fn revoked(&mut self, certificate: &CertificateDer<'_>, reason: &str) -> &mut Self {
        self.line(&serial(certificate), reason);
        self
    }

    /// Notes this many certificates that were revoked, with serial numbers of 16 octets.
    pub fn revoked_many(&mut self, count: u32) -> &mut Self {
        for number in 0..count {
            // Spread over all values, and none comes twice: the multiplier is odd.
            let spread = number.wrapping_mul(0x9e37_79b1);
            self.line(&format!("7F{spread:08X}{:022X}", number), "superseded");
        }
        self
    }

    fn line(&mut self, serial: &str, reason: &str) {
        let reason = if reason.is_empty() { String::new() } else { format!(",{reason}") };
        writeln!(self.lines, "R\t20450101000000Z\t290101000000Z{reason}\t{serial}\tunknown\t/CN={serial}")
            .unwrap();
    }

    /// Signs a revocation list of what is noted, by `openssl ca`.
    ///
    /// # Panics
    ///
    /// When OpenSSL does not make it.
    pub fn list(&self, list: &List<'_>) -> CertificateRevocationListDer<'static> {
        let dir = self.dir.path().display();
        let number = match list.number {
            Some(number) => {
                self.dir.write("number", format!("{number:04X}\n"));
                format!("crlnumber = {dir}/number\n")
            }
            None => String::new(),
        };
        self.dir.write("index.txt", &self.lines);
        let config = self.dir.write(
            "ca.cnf",
            format!(
                "[ca]\ndefault_ca = ours\n[ours]\ndatabase = {dir}/index.txt\n{number}default_md = sha256\nunique_subject = no\n\
                 [crl]\nauthorityKeyIdentifier = keyid\n{}\n",
                list.extensions
            ),
        );
        openssl(&args![
            "ca",
            "-gencrl",
            "-config",
            config,
            "-cert",
            self.dir.path().join("ca.pem"),
            "-keyfile",
            self.dir.path().join("ca.key"),
            "-crlexts",
            "crl",
            "-crl_lastupdate",
            list.from,
            "-crl_nextupdate",
            list.until,
            "-out",
            self.dir.path().join("crl.pem"),
        ]);
        let der = openssl(&args!["crl", "-in", self.dir.path().join("crl.pem"), "-outform", "DER"]);
        CertificateRevocationListDer::from(der)
    }
}

/// How an OCSP response is to be made. By default the authority signs it itself, and it is right for a day.
#[derive(Clone, Copy, Default)]
pub struct Answer<'a> {
    /// Who signs it in the authority's place.
    pub signer: Option<&'a Identity>,
    /// For how many minutes it is right.
    pub minutes: Minutes,
    /// The hash that names the issuer.
    pub hash: Hash,
    /// The signer is named by its key, not by its name.
    pub by_key: bool,
    /// No certificate is in the response.
    pub bare: bool,
}

/// For how long a response is right.
#[derive(Clone, Copy, Default)]
pub enum Minutes {
    #[default]
    Day,
    Of(u32),
    /// It does not say.
    Unsaid,
}

/// The hash that names the issuer of a certificate in a response.
#[derive(Clone, Copy, Default)]
pub enum Hash {
    #[default]
    Sha1,
    Sha256,
    Sha512,
}

impl Book {
    /// Signs an OCSP response about a certificate, right from now on, by `openssl ocsp`.
    ///
    /// # Panics
    ///
    /// When OpenSSL does not make it.
    pub fn response(&self, certificate: &CertificateDer<'_>, answer: &Answer<'_>) -> Vec<u8> {
        let file = |name: &str| self.dir.path().join(name);
        self.dir.write("index.txt", &self.lines);
        self.dir.write("asked.pem", pem("CERTIFICATE", certificate));
        let hash = match answer.hash {
            Hash::Sha1 => "-sha1",
            Hash::Sha256 => "-sha256",
            Hash::Sha512 => "-sha512",
        };
        let asked = ["ocsp", "-no_nonce", "-issuer"].map(OsString::from).into_iter();
        let asked =
            asked.chain(args![file("ca.pem"), hash, "-cert", file("asked.pem"), "-reqout", file("request")]);
        openssl(&asked.collect::<Vec<_>>());
        let (signer, key) = match answer.signer {
            None => (file("ca.pem"), file("ca.key")),
            Some(identity) => {
                let files = identity.write(&self.dir, "responder");
                (files.leaf, files.key)
            }
        };
        let mut args = args![
            "ocsp",
            "-index",
            file("index.txt"),
            "-CA",
            file("ca.pem"),
            "-rsigner",
            signer,
            "-rkey",
            key,
            "-reqin",
            file("request"),
            "-respout",
            file("response"),
            "-noverify",
        ];
        match answer.minutes {
            Minutes::Day => args.extend(args!["-ndays", "1"]),
            Minutes::Of(minutes) => args.extend(args!["-nmin", minutes.to_string()]),
            Minutes::Unsaid => {}
        }
        if answer.by_key {
            args.push("-resp_key_id".into());
        }
        if answer.bare {
            args.push("-resp_no_certs".into());
        }
        openssl(&args);
        std::fs::read(file("response")).expect("OpenSSL has written it")
    }
}

/// Puts an extension into the one answer of a response and has the authority sign it again, with the algorithm that it was signed
/// with: `openssl ocsp` has no word for this. OpenSSL verifies what comes out.
///
/// # Panics
///
/// When it does not verify.
pub fn with_extension(response: &[u8], extension: &[u8], authority: &Authority) -> Vec<u8> {
    with_answers(response, authority, |answers| {
        let [answer] = &answers[..] else { panic!("not one answer") };
        let [(_, fields, _)] = parts(answer)[..] else { panic!("not one answer") };
        vec![tlv(0x30, &[fields, &tlv(0xa1, &[&tlv(0x30, &[extension])])])]
    })
}

/// Puts the answers of all these responses into the first, in this order, and has the authority sign it again. OpenSSL verifies
/// what comes out.
///
/// # Panics
///
/// When it does not verify.
pub fn joined(responses: &[&[u8]], authority: &Authority) -> Vec<u8> {
    with_answers(responses[0], authority, |_| {
        responses.iter().flat_map(|response| answers(&signed_fields(response)).1).collect()
    })
}

/// The fields of what is signed in a response. RFC 6960 section 4.2.1.
fn signed_fields(response: &[u8]) -> Vec<Vec<u8>> {
    let whole = parts(parts(response)[0].1);
    let of_type = parts(parts(whole[1].1)[0].1);
    let basic = parts(parts(of_type[1].1)[0].1);
    parts(basic[0].1).iter().map(|(_, _, raw)| raw.to_vec()).collect()
}

/// The answers among the fields, and which field they are.
fn answers(fields: &[Vec<u8>]) -> (usize, Vec<Vec<u8>>) {
    let at = fields.iter().position(|raw| raw[0] == 0x30).expect("a list of answers");
    let list = parts(&fields[at]);
    (at, parts(list[0].1).iter().map(|(_, _, raw)| raw.to_vec()).collect())
}

fn with_answers(
    response: &[u8],
    authority: &Authority,
    edit: impl FnOnce(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
) -> Vec<u8> {
    let whole = parts(parts(response)[0].1);
    let explicit = parts(whole[1].1);
    let of_type = parts(explicit[0].1);
    let outer = parts(of_type[1].1);
    let basic = parts(outer[0].1);
    let mut signed = signed_fields(response);
    let (at, before) = answers(&signed);
    signed[at] = tlv(0x30, &edit(before).iter().map(Vec::as_slice).collect::<Vec<_>>());
    let data = tlv(0x30, &signed.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let signature = tlv(3, &[&[0], &authority.sign(&data)]);
    let basic = tlv(0x30, &[&data, basic[1].2, &signature]);
    let of_type = tlv(0x30, &[of_type[0].2, &tlv(4, &[&basic])]);
    let out = tlv(0x30, &[whole[0].2, &tlv(0xa0, &[&of_type])]);

    let dir = TempDir::new();
    let ca = dir.write("ca.pem", pem("CERTIFICATE", authority.cert()));
    let file = dir.write("response", &out);
    openssl(&args!["ocsp", "-respin", file, "-issuer", &ca, "-CAfile", &ca]);
    out
}

/// The elements of some DER: tag, contents, and the whole.
fn parts(mut der: &[u8]) -> Vec<(u8, &[u8], &[u8])> {
    let mut found = Vec::new();
    while let [tag, first, ..] = *der {
        let more = if first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let length = match more {
            0 => usize::from(first),
            _ => der[2..2 + more].iter().fold(0, |length, &octet| length << 8 | usize::from(octet)),
        };
        let (whole, rest) = der.split_at(2 + more + length);
        found.push((tag, &whole[2 + more..], whole));
        der = rest;
    }
    found
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len()).expect("a small response").to_be_bytes();
    let header = match length {
        [0, short @ ..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [header, body].concat()
}

/// The serial number of a certificate in hex, as OpenSSL's book has it.
fn serial(certificate: &CertificateDer<'_>) -> String {
    let certificate = Certificate::parse(certificate).expect("an honest certificate");
    certificate.serial().iter().fold(String::new(), |mut hex, octet| {
        write!(hex, "{octet:02X}").unwrap();
        hex
    })
}

fn openssl(args: &[OsString]) -> Vec<u8> {
    let output = Command::new("openssl").args(args).output();
    let output = output.unwrap_or_else(|err| panic!("{}", crate::peer::missing("openssl", &err)));
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
