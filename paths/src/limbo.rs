//! x509-limbo, and BetterTLS, which comes in the same form.

use std::path::Path;
use std::time::Instant;

use chitin_pki::{Certificate, GeneralName, Purpose, Verifier, verify_name};
use pki_types::pem::PemObject;
use pki_types::{CertificateDer, CertificateRevocationListDer, ServerName};
use serde_json::Value;

use crate::data::{self, list, text, texts};
use crate::interface::{Peer, Trust};
use crate::revocation;
use crate::settings::Settings;
use crate::tally::{Case, Tally};

const BETTERTLS: &str = "bettertls::";

/// The cases that were made for limbo itself.
pub fn core(folder: &Path, settings: &Settings) -> Result<Tally, String> {
    let suite = data::read(folder, "limbo-core.json.xz")?;
    run("limbo", &suite, settings, |id| !id.starts_with(BETTERTLS))
}

/// Those of BetterTLS.
pub fn bettertls(folder: &Path, settings: &Settings) -> Result<Tally, String> {
    let suite = data::read(folder, "limbo.json.xz")?;
    run("bettertls", &suite, settings, |id| id.starts_with(BETTERTLS))
}

fn run(
    name: &'static str,
    suite: &Value,
    settings: &Settings,
    wanted: impl Fn(&str) -> bool,
) -> Result<Tally, String> {
    let mut cases = Vec::new();
    for case in list(suite, "testcases")? {
        let id = text(case, "id")?;
        if !wanted(id) {
            continue;
        }
        let fault = |error: String| format!("{id}: {error}");
        let accept = match text(case, "expected_result").map_err(fault)? {
            "SUCCESS" => true,
            "FAILURE" => false,
            other => return Err(fault(format!("expected result {other}"))),
        };
        let question = Question::read(case).map_err(fault)?;
        let start = Instant::now();
        let answer = question.answer(settings);
        cases.push(Case { id: id.to_owned(), accept, answer, took: start.elapsed() });
    }
    Ok(Tally::new(name, cases))
}

/// A case, read. What is wrong with it is a fault of the suite or of this reader, and never an answer.
struct Question<'v> {
    trusted: Vec<CertificateDer<'static>>,
    pool: Vec<CertificateDer<'static>>,
    leaf: CertificateDer<'static>,
    time: pki_types::UnixTime,
    purpose: Purpose,
    server: Option<ServerName<'v>>,
    mailboxes: Vec<&'v str>,
    max_intermediates: Option<usize>,
    crls: Vec<CertificateRevocationListDer<'static>>,
}

impl<'v> Question<'v> {
    fn read(case: &'v Value) -> Result<Self, String> {
        let certificate =
            |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| format!("PEM: {e:?}"));
        let certificates =
            |key| texts(case, key)?.into_iter().map(certificate).collect::<Result<Vec<_>, _>>();
        let list_of = |pem: &str| {
            CertificateRevocationListDer::from_pem_slice(pem.as_bytes()).map_err(|e| format!("PEM: {e:?}"))
        };
        if !list(case, "signature_algorithms")?.is_empty() {
            return Err("a choice of signature algorithms is not provided for".into());
        }
        let purpose = match text(case, "validation_kind")? {
            "SERVER" => Purpose::ServerAuth,
            "CLIENT" => Purpose::ClientAuth,
            other => return Err(format!("validation kind {other}")),
        };
        let server = match &case["expected_peer_name"] {
            Value::Null => None,
            name => Some(ServerName::try_from(text(name, "value")?).map_err(|e| e.to_string())?),
        };
        let mut mailboxes = Vec::new();
        for name in list(case, "expected_peer_names")? {
            match text(name, "kind")? {
                "RFC822" => mailboxes.push(text(name, "value")?),
                other => return Err(format!("a peer's name of kind {other}")),
            }
        }
        Ok(Self {
            trusted: certificates("trusted_certs")?,
            pool: certificates("untrusted_intermediates")?,
            leaf: certificate(text(case, "peer_certificate")?)?,
            time: data::time(case["validation_time"].as_str().unwrap_or(TIME))?,
            purpose,
            server,
            mailboxes,
            max_intermediates: case["max_chain_depth"].as_u64().map(|depth| depth as usize),
            crls: texts(case, "crls")?.into_iter().map(list_of).collect::<Result<_, _>>()?,
        })
    }

    fn answer(&self, settings: &Settings) -> Result<(), String> {
        if settings.by_interface {
            let trust = Trust { trusted: &self.trusted, lists: &self.crls };
            let peer = Peer { leaf: &self.leaf, pool: &self.pool, time: self.time };
            return match (self.purpose, &self.server) {
                (Purpose::ClientAuth, _) => trust.client(&peer),
                (_, Some(name)) => trust.server(&peer, name),
                (_, None) => trust.some_server(&peer),
            };
        }
        settings.with_verifier(&self.trusted, self.time, self.purpose, |verifier| self.ask(verifier))
    }

    fn ask(&self, verifier: Verifier<'_>) -> Result<(), String> {
        let leaf = Certificate::parse(&self.leaf).map_err(|e| e.to_string())?;
        let verifier = match self.max_intermediates {
            Some(max) => verifier.with_max_intermediates(max),
            None => verifier,
        };
        let found = match self.crls.is_empty() {
            true => verifier.verify(&leaf, &self.pool),
            false => revocation::verify(&verifier, &leaf, &self.pool, &self.crls),
        };
        found.map_err(|e| e.to_string())?;
        if let Some(name) = &self.server {
            verify_name(&leaf, name).map_err(|e| e.to_string())?;
        }
        let has = |wanted: &&str| {
            leaf.names()
                .any(|name| matches!(name, GeneralName::Email(mailbox) if mailbox == wanted.as_bytes()))
        };
        match self.mailboxes.iter().find(|wanted| !has(wanted)) {
            Some(missing) => Err(format!("the mailbox {missing} is not in it")),
            None => Ok(()),
        }
    }
}

/// For the cases that do not say when: a day on which all that they have in common is valid.
const TIME: &str = "2026-11-21T00:00:00Z";
