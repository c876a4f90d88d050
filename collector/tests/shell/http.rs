//! The plain HTTP face, as scripts and rollout tools call it.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{Collector, MIGRATION, PLAN};

/// Head and body of the answer to one GET, over HTTP/1.1.
pub(crate) async fn get(collector: &Collector, path: &str, headers: &[(&str, &str)]) -> (String, String) {
    ask(collector, "GET", path, headers, "").await
}

/// The same of any request.
pub(crate) async fn ask(
    collector: &Collector,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (String, String) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(collector.ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let mut config = config.unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tcp = TcpStream::connect(("127.0.0.1", collector.api_port())).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The end may come without a good-bye.
    let _ = tls.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gates_over_http_are_shut_unless_open_and_known() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let token = collector.issue("ci", "viewer", MIGRATION).await;
    let bearer = format!("Bearer {token}");
    let signed = [("authorization", bearer.as_str())];
    let ready = format!("/v1/migrations/{MIGRATION}/gates/ready");

    let (head, body) = get(&collector, &ready, &signed).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&json["schema"], &json["open"]), (&"tidelock.gate/v1".into(), &false.into()));
    assert_eq!((&json["gate"], &json["migration"]), (&"ready".into(), &MIGRATION.into()));
    assert_eq!(header(&head, "cache-control"), Some("no-store"), "{head}");
    let tag = header(&head, "etag").unwrap().to_owned();
    let (head, _) = get(&collector, &ready, &[signed[0], ("if-none-match", &tag)]).await;
    assert!(head.starts_with("HTTP/1.1 304"), "{head}");
    assert_eq!(header(&head, "cache-control"), Some("no-store"), "{head}");
    let (head, _) = get(&collector, &format!("{ready}?wait=1s"), &signed).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (head, body) = get(&collector, "/v1/gates/ready", &signed).await;
    assert!(head.starts_with("HTTP/1.1 200") && body.contains(MIGRATION), "{head}");

    let (head, body) = get(&collector, &format!("{ready}/open"), &signed).await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert_eq!(header(&head, "cache-control"), Some("no-store"), "{head}");
    assert!(body.contains("hold: ") || body.contains("unknown: "), "{body}");
    for (path, headers, status) in [
        (ready.as_str(), &[][..], "401"),
        (ready.as_str(), &[("authorization", "Bearer tlk1.no")][..], "401"),
        ("/v1/migrations/shop-moves/gates/nowhere", &signed[..], "404"),
        ("/v1/migrations/other/gates/ready", &signed[..], "404"),
        ("/v1/migrations/shop-moves/gates/ready?wait=soon", &signed[..], "400"),
    ] {
        let (head, _) = get(&collector, path, headers).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flaggers_hooks_say_no_unless_the_gate_is_open_or_going_back_is_decided() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let token = collector.issue("flagger", "viewer", MIGRATION).await;
    let json = [("content-type", "application/json")];
    let body =
        |token: &str| format!(r#"{{"name":"shop","phase":"Progressing","metadata":{{"token":"{token}"}}}}"#);
    let hooks = format!("/v1/migrations/{MIGRATION}/hooks/flagger");
    for (path, token, status) in [
        (format!("{hooks}/gates/ready"), token.as_str(), "403"),
        (format!("{hooks}/rollback"), token.as_str(), "403"),
        (format!("{hooks}/gates/nowhere"), token.as_str(), "404"),
        (format!("{hooks}/gates/ready"), "", "401"),
        (format!("{hooks}/rollback"), "tlk1.no", "401"),
        ("/v1/migrations/other/hooks/flagger/rollback".to_owned(), token.as_str(), "404"),
    ] {
        let (head, _) = ask(&collector, "POST", &path, &json, &body(token)).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
    }
}
