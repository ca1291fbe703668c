//! Whom we trust when a relay shows its certificate.
//!
//! The roots of Mozilla are compiled in (`webpki-roots`) instead of read from the machine: a bare container has
//! none, and the same binary then trusts the same authorities everywhere. A company's own authority comes as a
//! file, and then it is the only one trusted.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// The TLS settings towards a relay. `authorities` is a PEM file. The error is a sentence for the operator.
pub(super) fn client(authorities: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let shown = file.display();
            let certificates =
                CertificateDer::pem_file_iter(file).map_err(|why| format!("{shown}: {why}"))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|why| format!("{shown}: {why}"))?;
                roots.add(certificate).map_err(|why| format!("{shown}: {why}"))?;
            }
            if roots.is_empty() {
                return Err(format!("{shown}: no certificate in it"));
            }
        }
    }
    // The provider is named, because a process with two of them linked in has no default.
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let settings = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(settings))
}
