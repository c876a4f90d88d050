//! TLS: the plan's authority or none, the right name or none.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::rig::{Rig, fails, local, measured, seen};

pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate and its key for a name.
    pub(crate) fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// A server that says the same to everybody; its port.
async fn serve(authority: &Authority, name: &str) -> u16 {
    let (certificate, key) = authority.issue(name);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_must_be_of_the_plans_authority_and_name() {
    let (rig, authority) = (Rig::new().await, Authority::new());
    let port = serve(&authority, "shop.example").await;
    let mut shop = local(&format!("https://127.0.0.1:{port}"));
    (shop.ca, shop.tls_name) = (Some(authority.pem()), Some("shop.example".to_owned()));
    let result = rig.call(shop.clone(), json!({})).await;
    assert!(seen(&result).ends_with(" hi"), "{result:?}");
    assert!(measured(&result, "tls-us") > 0.0 && measured(&result, "connect-us") > 0.0);

    let mut other_name = shop.clone();
    other_name.tls_name = None;
    fails(&rig.call(other_name, json!({})).await, "no answer from target shop");
    let mut other_authority = shop.clone();
    other_authority.ca = Some(Authority::new().pem());
    fails(&rig.call(other_authority, json!({})).await, "no answer from target shop");
    let mut public = shop;
    public.ca = None;
    fails(&rig.call(public, json!({})).await, "no answer from target shop");
}
