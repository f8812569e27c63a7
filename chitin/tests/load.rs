//! Files of certificates and keys as OpenSSL and GnuTLS write them, read back by `chitin::load`.
//!
//! Each key comes out as OpenSSL's own plain encoding of it has it, byte by byte: that is the other implementation.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use chitin::ServerConfig;
use chitin::crypto::aws_lc_rs::default_provider;
use chitin::load::{self, LoadError, Wanted, What};
use chitin::pki_types::{CertificateDer, PrivateKeyDer};
use testkit::tempdir::TempDir;

const PASSWORD: &str = "correct horse";

/// The files of the tests: keys of each kind, a root, an authority below it, and a certificate of the EC key.
struct Files {
    dir: TempDir,
}

impl Files {
    fn get() -> &'static Self {
        static FILES: OnceLock<Files> = OnceLock::new();
        FILES.get_or_init(Self::make)
    }

    fn make() -> Self {
        let files = Self { dir: TempDir::new() };
        files.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
        files.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
        files.openssl("genpkey -algorithm ED25519 -out ed.pem");
        for name in ["root", "middle"] {
            files.openssl(&format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key"));
        }
        files.openssl("req -x509 -new -key root.key -subj /CN=root -days 3650 -out root.pem");
        files.openssl("req -new -key middle.key -subj /CN=middle -out middle.csr");
        files.openssl("req -new -key ec.pem -subj /CN=leaf -out leaf.csr");
        files.dir.write("ca.ext", "basicConstraints=critical,CA:true\n");
        files.openssl("x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile ca.ext -days 3650 -out middle.pem");
        files.openssl("x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days 3650 -out leaf.pem");
        // The root first: what comes out is to be a chain all the same.
        files.dir.write("others.pem", [files.read("root.pem"), files.read("middle.pem")].concat());
        for name in ["leaf", "middle", "root"] {
            files.openssl(&format!("x509 -in {name}.pem -outform DER -out {name}.der"));
        }
        for name in KEYS {
            files.openssl(&format!("pkcs8 -topk8 -nocrypt -in {name}.pem -outform DER -out {name}.p8"));
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs `openssl` in the folder; words are apart by blanks, and PASS is the password.
    fn openssl(&self, line: &str) {
        self.run("openssl", line);
    }

    fn run(&self, program: &str, line: &str) {
        let words =
            line.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace("PASS", PASSWORD));
        let output = Command::new(program)
            .args(words.collect::<Vec<_>>().iter().map(OsStr::new))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{}", testkit::peer::missing(program, &error)));
        assert!(output.status.success(), "{program} {line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs `openssl`, and reads what it wrote to `out`.
    fn made(&self, out: &str, line: &str) -> Vec<u8> {
        self.openssl(&format!("{line} -out {out}"));
        self.read(out)
    }

    /// A PKCS#12 file of the EC key, its certificate and the two above it.
    fn pkcs12(&self, out: &str, more: &str) -> Vec<u8> {
        let line = "pkcs12 -export -inkey ec.pem -in leaf.pem -certfile others.pem -passout";
        self.made(out, &format!("{line} {more}"))
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        ["leaf.der", "middle.der", "root.der"].map(|name| self.read(name).into()).into()
    }
}

const KEYS: [&str; 3] = ["rsa", "ec", "ed"];

fn error<T: std::fmt::Debug>(result: Result<T, LoadError>) -> LoadError {
    let error = result.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains(PASSWORD), "the password is in an error");
    error
}

#[test]
fn plain_keys_of_each_kind_in_pem_and_der() {
    let files = Files::get();
    for name in KEYS {
        let expected = PrivateKeyDer::Pkcs8(files.read(&format!("{name}.p8")).into());
        assert_eq!(load::private_key(&files.read(&format!("{name}.pem")), None), Ok(expected.clone_key()));
        assert_eq!(load::private_key(expected.secret_der(), None), Ok(expected), "{name}");
    }
}

#[test]
fn the_older_encodings_of_rsa_and_ec_keys() {
    let files = Files::get();
    for (pem, der, tool) in
        [("rsa1.pem", "rsa1.der", "rsa -in rsa.pem -traditional"), ("ec1.pem", "ec1.der", "ec -in ec.pem")]
    {
        let pem = files.made(pem, tool);
        let der = files.made(der, &format!("{tool} -outform DER"));
        let key = load::private_key(&pem, None).unwrap();
        assert_eq!(key.secret_der(), der);
        assert_eq!(load::private_key(&der, None).unwrap(), key);
        match tool.starts_with("rsa") {
            true => assert!(matches!(key, PrivateKeyDer::Pkcs1(_))),
            false => assert!(matches!(key, PrivateKeyDer::Sec1(_))),
        }
        default_provider().key_provider.load_private_key(key).unwrap();
    }
}

/// `openssl ecparam -genkey` writes the curve before the key.
#[test]
fn parameters_of_a_curve_before_the_key_are_passed_over() {
    let files = Files::get();
    let both = files.made("param.pem", "ecparam -name prime256v1 -genkey");
    assert!(both.starts_with(b"-----BEGIN EC PARAMETERS-----"));
    assert!(matches!(load::private_key(&both, None), Ok(PrivateKeyDer::Sec1(_))));
}

#[test]
fn keys_that_openssl_encrypted_with_each_cipher_and_function() {
    let files = Files::get();
    let ways = [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 aes-256-cbc",
        "-v2 aes-256-cbc -v2prf hmacWithSHA1",
        "-v2 aes-256-cbc -v2prf hmacWithSHA224",
        "-v2 aes-256-cbc -v2prf hmacWithSHA384",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512",
        "-v2 aes-256-cbc -iter 100000",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16",
    ];
    for (number, way) in ways.iter().enumerate() {
        let name = KEYS[number % KEYS.len()];
        let expected = PrivateKeyDer::Pkcs8(files.read(&format!("{name}.p8")).into());
        let line = format!("pkcs8 -topk8 -in {name}.pem -passout file:password {way}");
        files.dir.write("password", PASSWORD);
        let pem = files.made("encrypted.pem", &line);
        let der = files.made("encrypted.der", &format!("{line} -outform DER"));
        for contents in [pem, der] {
            assert_eq!(load::private_key(&contents, Some(PASSWORD)), Ok(expected.clone_key()), "{way}");
            let none = error(load::private_key(&contents, None));
            assert_eq!(none, LoadError::NoPassword { what: What::EncryptedPrivateKey }, "{way}");
            assert_eq!(none.to_string(), "this is an encrypted private key, and no password was given");
            let wrong = error(load::private_key(&contents, Some("wrong")));
            assert_eq!(wrong, LoadError::WrongPassword { what: What::EncryptedPrivateKey }, "{way}");
        }
    }
}

#[test]
fn keys_that_gnutls_encrypted() {
    let files = Files::get();
    for cipher in ["aes-128", "aes-192", "aes-256"] {
        let line = format!(
            "--to-p8 --load-privkey ec.pem --password=PASS --pkcs-cipher={cipher} --outfile=gnutls.p8"
        );
        // A blank within the password would part the words.
        files.run("certtool", &line.replace("PASS", "secret"));
        let key = load::private_key(&files.read("gnutls.p8"), Some("secret")).unwrap();
        assert_eq!(key.secret_der().len(), files.read("ec.p8").len(), "{cipher}");
        // GnuTLS encodes the key anew, so that it is the provider that tells that it is the same.
        let chain = load::certificates(&files.read("leaf.pem"), None).unwrap();
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    }
}

#[test]
fn pkcs12_of_openssl_gives_the_chain_in_order_and_the_key() {
    let files = Files::get();
    files.dir.write("p12-password", PASSWORD);
    let pass = "file:p12-password";
    let ways = [
        "",
        "-macalg SHA1",
        "-macalg SHA384",
        "-macalg SHA512 -iter 100000",
        "-keypbe aes-128-cbc -certpbe aes-192-cbc",
        "-certpbe NONE",
        "-nomac",
        // Here the MAC alone knows the password.
        "-keypbe NONE -certpbe NONE",
        "-keypbe NONE -certpbe NONE -nomac",
    ];
    for way in ways {
        let contents = files.pkcs12("chain.p12", &format!("{pass} {way}"));
        let (chain, key) =
            load::chain_and_key(&contents, Some(PASSWORD)).unwrap_or_else(|error| panic!("{way}: {error}"));
        assert_eq!(chain, files.chain(), "{way}");
        assert_eq!(key.secret_der(), files.read("ec.p8"), "{way}");
        assert_eq!(load::private_key(&contents, Some(PASSWORD)), Ok(key.clone_key()), "{way}");
        assert_eq!(load::certificates(&contents, Some(PASSWORD)), Ok(chain.clone()), "{way}");
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        if way.contains("NONE -nomac") {
            assert!(load::chain_and_key(&contents, None).is_ok());
            continue;
        }
        let none = error(load::chain_and_key(&contents, None));
        assert_eq!(none, LoadError::NoPassword { what: What::Pkcs12 }, "{way}");
        assert_eq!(none.to_string(), "this is a PKCS#12 file under a password, and no password was given");
        let wrong = error(load::chain_and_key(&contents, Some("wrong")));
        assert_eq!(wrong, LoadError::WrongPassword { what: What::Pkcs12 }, "{way}");
    }
}

/// RFC 7292 appendix B.1 hashes UTF-16; PBES2 takes UTF-8.
#[test]
fn passwords_of_pkcs12_may_be_empty_or_not_ascii() {
    let files = Files::get();
    for password in ["", "pässwörd €", "\u{1f511}"] {
        files.dir.write("odd-password", format!("{password}\n"));
        let contents = files.pkcs12("odd.p12", "file:odd-password");
        assert_eq!(load::chain_and_key(&contents, Some(password)).unwrap().0, files.chain(), "{password}");
    }
}

/// Bags say what is in them, and are not believed.
#[test]
fn what_is_no_certificate_or_key_in_a_bag_is_refused() {
    let files = Files::get();
    let good = files.pkcs12("open.p12", "pass:secret -keypbe NONE -certpbe NONE -nomac");
    for (inner, what) in [("leaf.der", "a certificate is none"), ("ec.p8", "a key is none")] {
        let inner = files.read(inner);
        let at = good.windows(inner.len()).position(|window| window == inner).unwrap();
        let mut changed = good.clone();
        changed[at] = 0x31;
        let text = error(load::chain_and_key(&changed, None)).to_string();
        assert!(text.ends_with(what), "{text}");
    }
}

#[test]
fn pkcs12_of_gnutls() {
    let files = Files::get();
    files.dir.write("all.pem", ["leaf.pem", "root.pem", "middle.pem"].map(|name| files.read(name)).concat());
    for (cipher, hash) in [("aes-128", "SHA256"), ("aes-256", "SHA1")] {
        files.run(
            "certtool",
            &format!("--to-p12 --load-privkey ec.pem --load-certificate all.pem --p12-name=x --password=secret --pkcs-cipher={cipher} --hash={hash} --outder --outfile=gnutls.p12"),
        );
        let (chain, key) = load::chain_and_key(&files.read("gnutls.p12"), Some("secret")).unwrap();
        assert_eq!(chain, files.chain());
        ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    }
}

#[test]
fn pkcs12_with_roots_alone_is_a_list_of_certificates() {
    let files = Files::get();
    let contents = files.made("roots.p12", "pkcs12 -export -nokeys -in others.pem -passout pass:secret");
    let roots = load::certificates(&contents, Some("secret")).unwrap();
    assert_eq!(roots, [files.read("root.der"), files.read("middle.der")].map(CertificateDer::from));
    let error = error(load::private_key(&contents, Some("secret")));
    assert_eq!(error.to_string(), "this is a PKCS#12 file with a certificate; a private key was expected");
}

#[test]
fn legacy_encryption_is_named_with_what_to_do() {
    let files = Files::get();
    let p12 = files.pkcs12("legacy.p12", "pass:secret -legacy");
    let text = error(load::chain_and_key(&p12, Some("secret"))).to_string();
    assert!(text.contains("RC2 of 40 bits"), "{text}");
    assert!(text.contains("openssl pkcs12 -legacy -in FILE"), "{text}");
    let p12 = files.pkcs12("des.p12", "pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES");
    let text = error(load::chain_and_key(&p12, Some("secret"))).to_string();
    assert!(text.contains("3DES with SHA-1"), "{text}");

    for (way, name) in
        [("-v2 des3", "3DES"), ("-v1 PBE-SHA1-3DES", "3DES with SHA-1"), ("-v1 PBE-MD5-DES", "DES of PKCS#5")]
    {
        let line =
            format!("pkcs8 -topk8 -in ec.pem -passout pass:secret {way} -provider legacy -provider default");
        let text = error(load::private_key(&files.made("legacy.p8", &line), Some("secret"))).to_string();
        assert!(text.contains(name) && text.contains("openssl pkcs8 -topk8"), "{way}: {text}");
    }

    let old = files.made("old.pem", "rsa -in rsa.pem -traditional -aes128 -passout pass:secret");
    let text = error(load::private_key(&old, Some("secret"))).to_string();
    assert!(text.contains("OpenSSL's old way under AES-128-CBC"), "{text}");
}

/// What an error advises is done, and then the file is read.
#[test]
fn the_advice_for_legacy_files_works() {
    let files = Files::get();
    files.pkcs12("advised.p12", "pass:secret -legacy");
    files.openssl("pkcs12 -legacy -in advised.p12 -out all.pem -passin pass:secret -passout pass:secret");
    files.openssl("pkcs12 -export -in all.pem -out new.p12 -passin pass:secret -passout pass:secret");
    let (chain, key) = load::chain_and_key(&files.read("new.p12"), Some("secret")).unwrap();
    assert_eq!(chain[0], files.chain()[0]);
    assert_eq!(key.secret_der(), files.read("ec.p8"));

    files.openssl("pkcs8 -topk8 -in ec.pem -passout pass:secret -v1 PBE-SHA1-3DES -out advised.p8");
    files.openssl(
        "pkcs8 -topk8 -v2 aes-256-cbc -in advised.p8 -out new.pem -passin pass:secret -passout pass:secret",
    );
    assert!(load::private_key(&files.read("new.pem"), Some("secret")).is_ok());
}

#[test]
fn one_file_with_chain_and_key() {
    let files = Files::get();
    let parts = ["leaf.pem", "ec.pem", "middle.pem", "root.pem"].map(|name| files.read(name));
    let (chain, key) = load::chain_and_key(&parts.concat(), None).unwrap();
    assert_eq!(chain, files.chain());
    assert_eq!(key.secret_der(), files.read("ec.p8"));
    // The same with text around it, as `openssl x509 -text` writes it, ends of lines of Windows, and a mark of UTF-8.
    let text =
        parts.map(|part| String::from_utf8(part).unwrap().replace('\n', " \r\n")).join("some text\r\n");
    assert_eq!(load::chain_and_key(format!("\u{feff}{text}").as_bytes(), None).unwrap().0, files.chain());
}

#[test]
fn errors_say_what_it_was_and_what_was_expected() {
    let files = Files::get();
    let p7 = files.made("chain.p7b", "crl2pkcs7 -nocrl -certfile leaf.pem");
    let p7_der = files.made("chain.p7", "crl2pkcs7 -nocrl -certfile leaf.pem -outform DER");
    let public = files.made("public.pem", "pkey -in ec.pem -pubout");
    let public_der = files.made("public.der", "pkey -in rsa.pem -pubout -outform DER");
    let public_rsa = files.made("public1.der", "rsa -in rsa.pem -RSAPublicKey_out -outform DER");
    let request_der = files.made("request.der", "req -in leaf.csr -outform DER");
    let parameters =
        files.made("dh.der", "genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -outform DER");
    files.dir.write("index.txt", "");
    files.dir.write(
        "crl.cnf",
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=9\n",
    );
    let list = files.made("list.pem", "ca -gencrl -config crl.cnf -keyfile root.key -cert root.pem");
    let list_der = files.made("list.der", "crl -in list.pem -outform DER");
    let key = |contents: &[u8]| error(load::private_key(contents, None)).to_string();
    let certificates = |contents: &[u8]| error(load::certificates(contents, None)).to_string();

    assert_eq!(key(&files.read("leaf.pem")), "this is a certificate; a private key was expected");
    assert_eq!(key(&files.read("leaf.der")), "this is a certificate; a private key was expected");
    assert_eq!(key(&files.read("others.pem")), "this is a certificate; a private key was expected");
    assert_eq!(certificates(&files.read("ec.pem")), "this is a private key; a certificate was expected");
    assert_eq!(certificates(&files.read("ec.p8")), "this is a private key; a certificate was expected");
    assert_eq!(
        error(load::chain_and_key(&files.read("ec.pem"), None)).to_string(),
        "this is a private key; a certificate and its private key were expected"
    );
    assert_eq!(
        error(load::chain_and_key(&files.read("leaf.pem"), None)).to_string(),
        "this is a certificate; a certificate and its private key were expected"
    );
    for request in [&files.read("leaf.csr"), &request_der] {
        assert!(
            certificates(request).starts_with("this is a certificate signing request; a certificate was")
        );
    }
    for public in [&public, &public_der, &public_rsa] {
        assert_eq!(key(public), "this is a public key; a private key was expected");
    }
    for list in [&list, &list_der] {
        assert_eq!(certificates(list), "this is a certificate revocation list; a certificate was expected");
    }
    for p7 in [&p7, &p7_der] {
        assert!(
            certificates(p7).starts_with(
                "this is PKCS#7; a certificate was expected. Take the certificates out: openssl"
            )
        );
    }
    assert_eq!(key(&parameters), "these are parameters without a key; a private key was expected");
    assert_eq!(key(b""), "a private key was expected, but the file is empty");
    assert_eq!(key(b" \n"), "a private key was expected, but the file is empty");
    assert_eq!(key(b"hello"), "this is neither PEM nor DER; a private key was expected");
    assert!(
        key(b"\xff\xfe-\0-\0").starts_with("this is text in UTF-16; a private key was expected. Save it")
    );
    assert!(key(b"\xfe\xed\xfe\xed\0\0\0\x02").contains("keytool -importkeystore"));
    assert!(key(b"PuTTY-User-Key-File-3: ssh-ed25519\n").contains("PuTTY"));
    assert!(key(b"\x30\x80\x02\x01\x03").contains("BER of indefinite length"));
    assert_eq!(
        key(&files.read("ec.p8")[..20]),
        "this is DER that is cut off or has more behind its end; a private key was expected"
    );
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    assert!(key(openssh.as_bytes()).contains("ssh-keygen -p -m PKCS8"));
    let two = [files.read("ec.pem"), files.read("ed.pem")].concat();
    assert_eq!(key(&two), "one private key was expected, 2 are there");
}

#[test]
fn damaged_pem_is_named_with_its_line() {
    let files = Files::get();
    let good = String::from_utf8(files.read("leaf.pem")).unwrap();
    let of = |text: &str| error(load::certificates(text.as_bytes(), None)).to_string();
    assert!(of(&good.replace("\nMI", "\nM*")).ends_with("its Base64 is damaged (it begins on line 1)"));
    assert!(
        of(&format!("text\n{}", good.replace("-----END CERTIFICATE-----", "")))
            .ends_with("its END is missing (it begins on line 2)")
    );
    assert!(of(&good.replace("END CERTIFICATE", "END X")).contains("another label"));
    assert!(of("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----").contains("there is nothing in it"));
}

/// The file says how much work its password is; a small file could otherwise keep a machine busy for days.
#[test]
fn the_work_of_a_password_is_bounded() {
    let files = Files::get();
    let spent = |contents: &[u8]| error(load::private_key(contents, Some("secret")));
    let many = files.made(
        "many.p8",
        "pkcs8 -topk8 -in ed.pem -passout pass:secret -v2 aes-256-cbc -iter 1000 -outform DER",
    );
    let at = many.windows(4).position(|window| window == [0x02, 0x02, 0x03, 0xe8]).unwrap();
    let mut fewer = many.clone();
    fewer[at + 2..at + 4].copy_from_slice(&[0x00, 0x80]);
    assert!(matches!(spent(&fewer), LoadError::WrongPassword { .. }), "128 rounds make another key");
    let huge = many.splice_at(at, &[0x02, 0x02, 0x03, 0xe8], &[0x02, 0x04, 0x7f, 0xff, 0xff, 0xff]);
    assert_eq!(
        spent(&huge).to_string(),
        "the file asks for 2147483647 rounds of a hash to make a key from the password; at most 10000000 are done"
    );
    let scrypt = files.made("scrypt.p8", "pkcs8 -topk8 -in ed.pem -passout pass:secret -scrypt -outform DER");
    let at = scrypt.windows(4).position(|window| window == [0x02, 0x02, 0x40, 0x00]).unwrap();
    let none = scrypt.splice_at(at, &[0x02, 0x02, 0x40, 0x00], &[0x02, 0x01, 0x00]);
    assert!(matches!(spent(&none), LoadError::Damaged { .. }), "no N at all is no reason to panic");
    let huge = scrypt.splice_at(at, &[0x02, 0x02, 0x40, 0x00], &[0x02, 0x04, 0x40, 0x00, 0x00, 0x00]);
    assert!(matches!(spent(&huge), LoadError::TooCostly { of: "bytes of memory", .. }));
    // Few blocks to look up, and many to be mixed at the same time: 128 r p is 637 MB.
    let wide = scrypt.splice_at(at + 7, &[0x02, 0x01, 0x01], &[0x02, 0x01, 0x4c]);
    let wide = wide.splice_at(at + 4, &[0x02, 0x01, 0x08], &[0x02, 0x03, 0x00, 0xff, 0xff]);
    let wide = wide.splice_at(at, &[0x02, 0x02, 0x40, 0x00], &[0x02, 0x01, 0x02]);
    assert!(matches!(spent(&wide), LoadError::TooCostly { of: "bytes of memory", asked: 654_301_440, .. }));
}

trait SpliceAt {
    /// With other bytes at a place, and the lengths of the SEQUENCEs around it (each of the short or of the 0x81 form) fitted.
    fn splice_at(&self, at: usize, old: &[u8], new: &[u8]) -> Vec<u8>;
}

impl SpliceAt for Vec<u8> {
    fn splice_at(&self, at: usize, old: &[u8], new: &[u8]) -> Vec<u8> {
        assert_eq!(&self[at..at + old.len()], old);
        let more = (new.len() as u8).wrapping_sub(old.len() as u8);
        let mut bytes = self.clone();
        let (mut from, mut to) = (0, self.len());
        // Into the element that has the place, from the outside in.
        while from < at {
            let (header, length) = match bytes[from + 1] {
                0x81 => (3, usize::from(bytes[from + 2])),
                short => (2, usize::from(short)),
            };
            let end = from + header + length;
            assert!(end <= to);
            if (from..end).contains(&at) {
                bytes[from + header - 1] = bytes[from + header - 1].wrapping_add(more);
                (from, to) = (from + header, end);
            } else {
                from = end;
            }
        }
        bytes.splice(at..at + old.len(), new.iter().copied());
        bytes
    }
}

#[test]
fn files_are_read_by_name_and_bounded() {
    let files = Files::get();
    assert_eq!(load::private_key_file(files.path("ec.pem"), None).unwrap().secret_der(), files.read("ec.p8"));
    assert_eq!(load::certificates_file(files.path("leaf.der"), None).unwrap(), files.chain()[..1]);
    let text = error(load::certificates_file(files.path("ec.pem"), None)).to_string();
    assert!(text.ends_with("ec.pem: this is a private key; a certificate was expected"), "{text}");
    let missing = error(load::chain_and_key_file(files.path("missing"), None));
    assert!(matches!(missing, LoadError::InFile { error, .. } if matches!(*error, LoadError::Io { .. })));
    files.dir.write("big", vec![b'\n'; (16 << 20) + 1]);
    let big = error(load::private_key_file(files.path("big"), None)).to_string();
    assert!(big.ends_with("big: the file has more than 16777216 bytes, the most that is read"), "{big}");
}

/// RFC 9881 appendix C.1: the seed of ML-DSA-44 that is the bytes 0 to 31.
#[test]
fn a_seed_of_ml_dsa_is_a_private_key() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MDQCAQAwCwYJYIZIAWUDBAMRBCKAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ\n\
               GhscHR4f\n\
               -----END PRIVATE KEY-----\n";
    let key = load::private_key(pem.as_bytes(), None).unwrap();
    assert!(matches!(key, PrivateKeyDer::Pkcs8(_)));
    default_provider().key_provider.load_private_key(key).unwrap();
}

#[test]
fn each_truncation_and_each_changed_byte_of_a_file_is_survived() {
    let files = Files::get();
    let plain = files.read("ec.p8");
    let encrypted = files.made(
        "short.p8",
        "pkcs8 -topk8 -in ed.pem -passout pass:secret -v2 aes-256-cbc -iter 1 -outform DER",
    );
    let p12 = files.pkcs12("short.p12", "pass:secret -iter 1 -nomac");
    for whole in [plain, encrypted, p12] {
        assert!(load::private_key(&whole, Some("secret")).is_ok());
        for end in 0..whole.len() {
            error(load::private_key(&whole[..end], Some("secret")));
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            // Not the high bits of a count, which would be a lot of work.
            changed[at] ^= 0x02;
            if let Err(failure) = load::private_key(&changed, Some("secret")) {
                assert!(!matches!(failure, LoadError::NoPassword { .. }), "there is one");
            }
        }
    }
    assert_eq!(
        error(load::private_key(b"x", None)),
        LoadError::Unexpected { wanted: Wanted::PrivateKey, found: [What::Unknown].into() }
    );
}
