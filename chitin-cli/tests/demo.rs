//! The demo's exit status, its table, and that the picture follows the connection.

mod support;

use support::run;

/// The names on the arrows, with their direction, up to the first application data.
fn arrows(picture: &str) -> Vec<String> {
    let mut arrows = Vec::new();
    let mut lines = picture.lines().skip_while(|line| !line.trim_start().starts_with("client ")).skip(1);
    while let (Some(label), Some(arrow)) = (lines.next(), lines.next()) {
        let name = label.trim_start().trim_start_matches("| ").split(' ').next().unwrap_or_default();
        if name == "application" {
            break;
        }
        // A ChangeCipherSpec means nothing, and who sends one is not what these tests are about.
        if !name.starts_with('(') {
            arrows.push(format!("{}{name}", if arrow.contains('>') { '>' } else { '<' }));
        }
    }
    arrows
}

/// The two pictures of an output.
fn pictures(text: &str) -> (Vec<String>, Vec<String>) {
    let (full, resumed) = text.split_once("\nresumed with a ticket").unwrap();
    let (_, full) = full.split_once("\nfull handshake, ").unwrap();
    (arrows(full), arrows(resumed))
}

#[test]
fn the_picture_is_that_of_rfc_8446_figure_1_and_3() {
    let text = run(&["demo", "--size", "1"], b"").succeeded().text();
    let (full, resumed) = pictures(&text);
    let expected =
        ">ClientHello <ServerHello <EncryptedExtensions <Certificate <CertificateVerify <Finished >Finished";
    assert_eq!(full.join(" "), expected);
    assert_eq!(resumed.join(" "), ">ClientHello <ServerHello <EncryptedExtensions <Finished >Finished");
    for fact in ["TLS 1.3", "X25519MLKEM768", "MB/s", "CN=Chitin development root", "NewSessionTicket"] {
        assert!(text.contains(fact), "{fact} not in\n{text}");
    }
}

#[test]
fn retry_and_client_authentication_change_the_picture() {
    let text = run(&["demo", "--size", "1", "--hrr", "--mtls"], b"").succeeded().text();
    let (full, resumed) = pictures(&text);
    let expected = ">ClientHello <HelloRetryRequest >ClientHello <ServerHello <EncryptedExtensions <CertificateRequest \
        <Certificate <CertificateVerify <Finished >Certificate >CertificateVerify >Finished";
    assert_eq!(full.join(" "), expected);
    assert_eq!(resumed.join(" "), ">ClientHello <ServerHello <EncryptedExtensions <Finished >Finished");
    assert!(text.contains("CN=Demo client") && text.contains("secp384r1"), "{text}");
}
