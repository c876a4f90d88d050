//! A receiver of messages, as a real server on this machine: it keeps what came and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

/// One message, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What was answered.
    pub(crate) status: u16,
}

impl Came {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The id of a CloudEvent.
    pub(crate) fn id(&self) -> u64 {
        self.json()["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// The server.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    came: Arc<Mutex<Vec<Came>>>,
    /// What is answered next, a status and further headers; 204 once this is empty.
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// A plain one.
    pub(crate) async fn plain() -> Receiver {
        Receiver::serve(None).await
    }

    /// One behind TLS, and its authority.
    pub(crate) async fn tls() -> (Receiver, String) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls_pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Receiver::serve(Some(TlsAcceptor::from(Arc::new(config)))).await, made.cert.pem())
    }

    async fn serve(tls: Option<TlsAcceptor>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (came, answers) = (Arc::<Mutex<Vec<Came>>>::default(), Arc::<Mutex<VecDeque<_>>>::default());
        let (keep, told) = (came.clone(), answers.clone());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (keep, told, tls) = (keep.clone(), told.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => drop(one(stream, &keep, &told).await),
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                drop(one(stream, &keep, &told).await);
                            }
                        }
                    }
                });
            }
        });
        Receiver { port, came, answers, task }
    }

    /// Answers so before it answers 204 again.
    pub(crate) fn answer(&self, status: u16, headers: &str) {
        self.answers.lock().unwrap().push_back((status, headers.to_owned()));
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// Waits until so many have come, for at most half a minute.
    pub(crate) async fn wait(&self, number: usize) -> Vec<Came> {
        crate::support::until(&format!("{number} messages came"), || async {
            Some(self.came()).filter(|came| came.len() >= number)
        })
        .await
    }

    /// Nothing more comes for a while.
    pub(crate) async fn quiet(&self) -> Vec<Came> {
        let mut before = self.came().len();
        loop {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            let now = self.came();
            if now.len() == before {
                return now;
            }
            before = now.len();
        }
    }
}

async fn one<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    keep: &Mutex<Vec<Came>>,
    answers: &Mutex<VecDeque<(u16, String)>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let (status, more) = answers.lock().unwrap().pop_front().unwrap_or((204, String::new()));
    keep.lock().unwrap().push(Came { at: Instant::now(), path, headers, body, status });
    let answer = format!("HTTP/1.1 {status} Told\r\n{more}content-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await
}
