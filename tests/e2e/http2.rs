//! HTTP/2 by hand, frame by frame, for what no library would ever send.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tidelock_tests::World;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::raw::Shown;

/// What opens every connection: the preface, and settings that leave all as it is.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// The side of a connection that frames go into.
pub(crate) type Up = WriteHalf<TlsStream<TcpStream>>;
/// The other one.
pub(crate) type Down = ReadHalf<TlsStream<TcpStream>>;

/// One frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame of a test is short").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The head of a call, with nothing indexed and nothing compressed.
pub(crate) fn head(path: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let fixed: [(&str, &[u8]); 6] = [
        (":method", b"POST"),
        (":scheme", b"https"),
        (":path", path.as_bytes()),
        (":authority", b"localhost"),
        ("content-type", b"application/grpc"),
        ("te", b"trailers"),
    ];
    let mut block = Vec::new();
    for (name, value) in fixed.iter().chain(more) {
        block.push(0);
        for text in [name.as_bytes(), value] {
            put_length(&mut block, text.len());
            block.extend(text);
        }
    }
    block
}

/// A length as HPACK has it: seven bits, and what is left in groups of seven.
fn put_length(block: &mut Vec<u8>, length: usize) {
    if length < 127 {
        block.push(length as u8);
        return;
    }
    block.push(127);
    let mut rest = length - 127;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}

/// TLS to one of the collector's doors, from this address of the machine.
pub(crate) async fn open(
    world: &World,
    door: &str,
    shown: Option<&Shown>,
    protocol: &[u8],
    from: &str,
) -> Result<TlsStream<TcpStream>, String> {
    let text = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let authority = fs::read(&world.operator.ca).expect("the collector's authority");
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&authority) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => {
            let chain = CertificateDer::pem_slice_iter(shown.certificate.as_bytes());
            let chain = chain.collect::<Result<Vec<_>, _>>().expect("PEM");
            let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain, key).map_err(|error| text(&error))?
        }
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    let to: SocketAddr = world.address(door).parse().expect("an address");
    let tcp = plain(to, from).await.map_err(|error| text(&error))?;
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|error| text(&error))
}

/// A connection from this address of the machine.
pub(crate) async fn plain(to: SocketAddr, from: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.parse().expect("an address"), 0))?;
    socket.connect(to).await
}

/// What the other side said until it closed, or until nothing came for a while.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The code of the connection's end, when it was told.
    pub(crate) goaway: Option<u32>,
    /// The codes of streams that were reset.
    pub(crate) resets: Vec<u32>,
    /// The streams whose heads came back.
    pub(crate) heads: Vec<u32>,
    /// Those of them that say no more than that what was asked has too large a head.
    pub(crate) too_large: Vec<u32>,
    /// What the last answer to a ping carried.
    pub(crate) ponged: Option<[u8; 8]>,
    /// The connection is closed.
    pub(crate) closed: bool,
}

/// Reads frames until the connection is closed, or nothing has come for `quiet`. Counts as it goes on.
pub(crate) async fn listen(mut down: Down, quiet: Duration, bytes: Arc<AtomicU64>) -> Heard {
    let (mut heard, mut kept, mut buffer) = (Heard::default(), Vec::new(), vec![0; 64 * 1024]);
    loop {
        match tokio::time::timeout(quiet, down.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => {
                heard.closed = true;
                return heard;
            }
            Ok(Ok(count)) => {
                bytes.fetch_add(count as u64, Ordering::Relaxed);
                kept.extend_from_slice(&buffer[..count]);
            }
            Err(_) => return heard,
        }
        while let Some(whole) = first_frame(&kept) {
            let code = |at: usize| {
                whole.get(at..at + 4).map(|four| u32::from_be_bytes(four.try_into().expect("four bytes")))
            };
            match whole[3] {
                GOAWAY => heard.goaway = code(13),
                RST_STREAM => heard.resets.extend(code(9)),
                HEADERS => {
                    heard.heads.extend(code(5));
                    if is_too_large(&whole[9..]) {
                        heard.too_large.extend(code(5));
                    }
                }
                PING if whole[4] & ACK != 0 => {
                    heard.ponged = whole.get(9..17).and_then(|eight| eight.try_into().ok());
                }
                _ => {}
            }
            let length = whole.len();
            kept.drain(..length);
        }
    }
}

/// It begins with status 431, its digits compressed or as they are: the one answer that is given before anybody looks
/// at what is asked.
fn is_too_large(block: &[u8]) -> bool {
    let named = block.first().is_some_and(|first| [0x08, 0x18, 0x48].contains(first));
    let value = block.get(1..5);
    named && (value == Some(b"\x83\x69\x90\xff") || value == Some(b"\x03431"))
}

fn first_frame(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.get(..3)?;
    let length = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
    bytes.get(..9 + length)
}

/// Says the same `times` times, or as often as it is taken; gives how often that was.
pub(crate) async fn flood(up: &mut Up, times: usize, mut one: impl FnMut(usize) -> Vec<u8>) -> usize {
    let mut said = 0;
    while said < times {
        // Many in one write: a flood that waits for each of its frames is none.
        let mut bytes = Vec::with_capacity(64 * 1024);
        while said < times && bytes.len() < 48 * 1024 {
            bytes.extend(one(said));
            said += 1;
        }
        let written = tokio::time::timeout(Duration::from_secs(20), up.write_all(&bytes)).await;
        if !matches!(written, Ok(Ok(()))) {
            return said;
        }
    }
    // One that is closed meanwhile does not take it.
    let _ = up.flush().await;
    said
}
