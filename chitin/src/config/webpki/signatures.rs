//! How the verifiers of certificates check what is signed in a handshake: all in the same way.

/// The methods of a verifier that are about signatures of the handshake. Its `supported()` are the algorithms. By default it knows
/// certificates alone; the names are those of functions that check signatures of both versions.
macro_rules! handshake_signatures {
    () => {
        $crate::config::webpki::signatures::handshake_signatures!(
            verify_tls12_signature,
            verify_tls13_signature
        );
    };
    ($tls12:ident, $tls13:ident) => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &pki_types::CertificateDer<'_>,
            dss: &crate::crypto::verify::DigitallySignedStruct,
        ) -> Result<crate::crypto::verify::HandshakeSignatureValid, crate::error::Error> {
            crate::crypto::verify::$tls12(message, cert, dss, self.supported())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &pki_types::CertificateDer<'_>,
            dss: &crate::crypto::verify::DigitallySignedStruct,
        ) -> Result<crate::crypto::verify::HandshakeSignatureValid, crate::error::Error> {
            crate::crypto::verify::$tls13(message, cert, dss, self.supported())
        }

        fn supported_verify_schemes(&self) -> alloc::vec::Vec<crate::names::SignatureScheme> {
            self.supported().supported_schemes()
        }
    };
}

pub(super) use handshake_signatures;
