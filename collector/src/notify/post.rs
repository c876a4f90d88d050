//! One POST over one connection: bounded in time and size, and never redirected.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::header::{HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The whole call, from the name to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of an answer; nothing in it is needed.
const ANSWER_BYTES: usize = 16 << 10;
/// Headers of an answer.
const ANSWER_HEADERS: usize = 64;
/// The largest file of authorities.
const MAX_CA_BYTES: u64 = 1 << 20;

/// What a receiver answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<String>,
}

/// Makes calls.
pub(super) struct Post {
    tls: TlsConnector,
}

impl Post {
    /// Trusts the public authorities and those of the file.
    pub(super) fn new(ca_file: Option<&Path>) -> anyhow::Result<Post> {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(path) = ca_file {
            let named = || format!("notify.ca_file {}", path.display());
            anyhow::ensure!(
                std::fs::metadata(path).with_context(named)?.len() <= MAX_CA_BYTES,
                "{} is larger than {MAX_CA_BYTES} bytes",
                named()
            );
            let before = roots.len();
            for certificate in CertificateDer::pem_file_iter(path).with_context(named)? {
                roots.add(certificate.with_context(named)?).with_context(named)?;
            }
            anyhow::ensure!(roots.len() > before, "{} holds no certificate", named());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Post { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Sends. The error never names the address: it may be a secret.
    pub(super) async fn send(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, String> {
        let late = |_| format!("no answer within {} s", TIMEOUT.as_secs());
        tokio::time::timeout(TIMEOUT, self.call(url, headers, body)).await.map_err(late)?
    }

    async fn call(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, String> {
        let url: Uri = url.parse().map_err(|_| "its address is no URL".to_owned())?;
        let (Some(host), Some(authority)) = (url.host(), url.authority()) else {
            return Err("its address names no host".to_owned());
        };
        let tls = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err("its address is neither https nor http".to_owned()),
        };
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        // What stands before an `@` is no part of the host.
        let named = authority.as_str().rsplit('@').next().unwrap_or(host);
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().map_err(|_| "its address has no path".to_owned())?;
        *request.headers_mut() = headers;
        let named = HeaderValue::from_str(named).map_err(|_| "its host cannot be sent".to_owned())?;
        request.headers_mut().insert(HOST, named);
        let agent = HeaderValue::from_static(concat!("tidelock/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        let stream = TcpStream::connect((bare, port)).await.map_err(|error| format!("connect: {error}"))?;
        if !tls {
            return exchange(stream, request).await;
        }
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| "its host is no name".to_owned())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| format!("TLS: {error}"))?;
        exchange(stream, request).await
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = http1::Builder::new().max_headers(ANSWER_HEADERS).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| error.to_string())?;
    // The connection ends with this call, however it ends.
    let connection = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
    let answer = sender.send_request(request).await.map_err(|error| format!("send: {error}"))?;
    let retry_after =
        answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let status = answer.status();
    // Read for good manners alone: the status has said everything.
    let _ = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
    drop(connection);
    Ok(Answer { status, retry_after })
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
