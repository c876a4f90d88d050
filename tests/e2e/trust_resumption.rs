//! A session of TLS is never taken up again: whoever comes back shows the certificate anew, and one that was revoked
//! in between gets no further than a stranger.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tidelock_tests::{World, WorldOptions, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::raw::{Raw, Shown};

/// What a client of HTTP/2 says first: the preface, and settings that change nothing.
const FIRST_WORDS: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A client that keeps whatever it could come back with.
fn keeps_sessions(world: &World, shown: &Shown) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(&world.operator.ca).expect("the collector's authority") {
        roots.add(authority.expect("a certificate")).expect("an authority");
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(shown.certificate.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("its versions are the provider's").with_root_certificates(roots);
    let mut config = config.with_client_auth_cert(chain.expect("certificates"), key).expect("they fit");
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = Resumption::in_memory_sessions(8);
    TlsConnector::from(Arc::new(config))
}

/// Connects, hears the collector's first words, and tells how the connection came about and what it could be taken
/// up with again.
async fn visit(world: &World, with: &TlsConnector) -> (Option<HandshakeKind>, u32) {
    let stream = TcpStream::connect(world.address("agents")).await.expect("it listens");
    let name = ServerName::try_from("127.0.0.1").expect("an address");
    let mut stream = with.connect(name, stream).await.expect("the certificate is good");
    stream.write_all(FIRST_WORDS).await.expect("it takes bytes");
    let _ = stream.read_u8().await.expect("it answers");
    let connection = stream.get_ref().1;
    (connection.handshake_kind(), connection.tls13_tickets_received())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_shows_the_certificate_anew() {
    let world = World::start(&WorldOptions::default());
    let shown = Shown::of(&world.enrol("target", "third"));
    let client = keeps_sessions(&world, &shown);
    for time in ["first", "second"] {
        let seen = visit(&world, &client).await;
        assert_eq!(seen, (Some(HandshakeKind::Full), 0), "the {time} time");
    }
    let _ = Raw::begin(&world, &shown, [9; 16]).await.expect("it is enrolled");
    let _ = world
        .operator
        .run(&["agent", "revoke", "third", "--side", "target", "--reason", "it was stolen"])
        .good();
    let told = eventually("the revoked agent gets no session", || {
        let again = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(Raw::begin(&world, &shown, [9; 16]))
        });
        again.err().ok_or("it got one".to_owned())
    });
    assert!(told.message().contains("revoked"), "{told:?}");
}
