// What the tests of tokio-rustls share lies beside the package and not in it. This is a stand-in of ours.
mod utils {
    use std::io::IoSlice;

    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio::io::{AsyncWrite, AsyncWriteExt};

    /// For the name that the tests ask for, by an authority of its own.
    pub(crate) fn make_configs() -> (ServerConfig, ClientConfig) {
        let authority = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = params.self_signed(&authority).unwrap();
        let issuer = rcgen::Issuer::new(params, &authority);

        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["foobar.com".to_owned()]).unwrap();
        let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();

        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        (server, client)
    }

    /// The whole of it, in one slice or in two.
    pub(crate) async fn write<W: AsyncWrite + Unpin>(
        writer: &mut W,
        data: &[u8],
        vectored: bool,
    ) -> std::io::Result<()> {
        if !vectored {
            return writer.write_all(data).await;
        }
        let mut written = 0;
        while written < data.len() {
            let (one, other) = data[written..].split_at((data.len() - written) / 2);
            written += match writer.write_vectored(&[IoSlice::new(one), IoSlice::new(other)]).await? {
                0 => return Err(std::io::ErrorKind::WriteZero.into()),
                some => some,
            };
        }
        Ok(())
    }
}
