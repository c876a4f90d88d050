//! HTTP/2 that no honest peer speaks, at both doors: it costs its sender the connection, and the collector
//! neither its life, nor memory, nor more than 100 times the sender's work.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prost::Message as _;
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_tests::{World, WorldOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::call::{hello, message};
use crate::costs::Costs;
use crate::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, Heard, PING, PREFACE, PRIORITY, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, flood, frame, head, listen, open,
};
use crate::raw::Shown;

/// What all of it together may add to the collector's memory, for good and for a moment.
const GROWTH_BYTES: [u64; 2] = [64 << 20, 256 << 20];
/// The stream of the honest call behind what is borne: above all that the cases use.
const HONEST: u32 = 99_999;
/// Calls that are begun on one connection.
const CALLS: usize = 1_000;
/// The code of a call that was not even begun.
const REFUSED_STREAM: u32 = 7;
/// What the honest ping behind it carries.
const HONEST_PING: [u8; 8] = *b"honestly";

/// How such a conversation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The connection is closed.
    Closed,
    /// The call is refused before anybody looks at what it asks; the connection may live.
    Refused,
    /// Of many calls no more are begun than this: the others are refused.
    Few(usize),
    /// It is allowed: the connection lives on, and what is asked on it honestly is answered.
    Borne,
}

struct Case {
    name: &'static str,
    first: Vec<u8>,
    times: usize,
    one: Box<dyn Fn(usize) -> Vec<u8> + Send>,
    end: End,
}

fn once(name: &'static str, end: End, bytes: Vec<u8>) -> Case {
    Case { name, first: bytes, times: 0, one: Box::new(|_| Vec::new()), end }
}

fn many(
    name: &'static str,
    end: End,
    first: Vec<u8>,
    times: usize,
    one: impl Fn(usize) -> Vec<u8> + Send + 'static,
) -> Case {
    Case { name, first, times, one: Box::new(one), end }
}

/// The number of the client's `n`th stream.
fn stream(n: usize) -> u32 {
    u32::try_from(2 * n + 1).expect("few streams")
}

/// A call that is begun and not ended.
fn begun(path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, 1, &head(path, &[]))
}

fn floods(path: &'static str) -> Vec<Case> {
    let calm = 8_u32.to_be_bytes();
    // What either door lets one connection have at once.
    let streams = if path.contains("AgentService") { 16 } else { 256 };
    let many_headers = || {
        let block = head(path, &[]);
        frame(HEADERS, 0, 1, &block)
    };
    vec![
        many("rapid reset", End::Closed, Vec::new(), 10_000, move |n| {
            let mut bytes = frame(HEADERS, END_HEADERS, stream(n), &head(path, &[]));
            bytes.extend(frame(RST_STREAM, 0, stream(n), &calm));
            bytes
        }),
        many("a head that never ends", End::Closed, many_headers(), 4_000, |n| {
            let block = [&[0, 5][..], format!("x{n:04}").as_bytes(), &[127, 0x81, 7], &[b'a'; 1024]].concat();
            frame(CONTINUATION, 0, 1, &block)
        }),
        many("a head of empty parts", End::Closed, many_headers(), 50_000, |_| {
            frame(CONTINUATION, 0, 1, b"")
        }),
        many("empty data", End::Closed, begun(path), 100_000, |_| frame(DATA, 0, 1, b"")),
        many("pings", End::Borne, Vec::new(), 100_000, |n| {
            frame(PING, 0, 0, &u64::try_from(n).expect("it fits").to_be_bytes())
        }),
        many("settings", End::Borne, Vec::new(), 50_000, |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        many("priorities", End::Borne, Vec::new(), 50_000, |n| {
            frame(PRIORITY, 0, stream(n % 1000), &[0, 0, 0, 0, 16])
        }),
        many("resets of what never was", End::Closed, Vec::new(), 1_000, |n| {
            frame(RST_STREAM, 0, stream(n), &8_u32.to_be_bytes())
        }),
        many("a thousand calls on one connection", End::Few(streams), Vec::new(), CALLS, move |n| {
            frame(HEADERS, END_HEADERS, stream(n), &head(path, &[]))
        }),
    ]
}

fn heads(path: &'static str) -> Vec<Case> {
    let whole = END_HEADERS | END_STREAM;
    let with = |name: &str, value: &[u8]| frame(HEADERS, whole, 1, &head(path, &[(name, value)]));
    // One field into the dynamic table, and then the same again ten thousand times, a byte each.
    let mut bomb = head(path, &[]);
    bomb.extend([&[0x40, 1, b'x', 127, 0xa1, 30][..], &[b'a'; 4000], &[0xbe; 10_000]].concat());
    let mut large = frame(HEADERS, 0, 1, &head(path, &[]));
    for n in 0..64 {
        let block = [&[0, 4][..], format!("y{n:03}").as_bytes(), &[127, 0x81, 127], &[b'a'; 16_256]].concat();
        large.extend(frame(CONTINUATION, if n == 63 { END_HEADERS } else { 0 }, 1, &block));
    }
    vec![
        once("a line end in metadata", End::Refused, with("x-note", b"a\r\nauthorization: b")),
        once("a zero in metadata", End::Refused, with("x-note", b"a\0b")),
        once("an escape in metadata", End::Refused, with("x-note", b"\x1b[2J")),
        once("an upper-case name", End::Refused, with("X-Note", b"a")),
        once("a name with a blank", End::Refused, with("x note", b"a")),
        once("a connection field", End::Refused, with("connection", b"close")),
        once("a second path", End::Refused, with(":path", b"/elsewhere")),
        once("a megabyte of head", End::Closed, large),
        once("a small head that unpacks to 40 MB", End::Refused, frame(HEADERS, whole, 1, &bomb)),
        once("no compression at all", End::Closed, frame(HEADERS, whole, 1, &[0xff; 64])),
    ]
}

fn broken(path: &'static str) -> Vec<Case> {
    let update = |stream, by: u32| frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes());
    let mut huge = frame(DATA, 0, 1, b"");
    huge[..3].copy_from_slice(&[0xff, 0xff, 0xff]);
    vec![
        once("a frame of 16 MB", End::Closed, [begun(path), huge].concat()),
        once("data of no call", End::Closed, frame(DATA, 0, 0, b"a")),
        once("data of a call that never was", End::Closed, frame(DATA, 0, 9, b"a")),
        once("a call with an even number", End::Closed, frame(HEADERS, END_HEADERS, 2, &head(path, &[]))),
        once("the rest of a head that never was", End::Closed, frame(CONTINUATION, END_HEADERS, 1, b"")),
        once("a window of nothing", End::Closed, update(0, 0)),
        once("too large a window", End::Closed, [update(0, 0x7fff_ffff), update(0, 0x7fff_ffff)].concat()),
        once("too large a first window", End::Closed, frame(SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0])),
        once("settings that are cut", End::Closed, frame(SETTINGS, 0, 0, &[0, 4, 0])),
        once("a short ping", End::Closed, frame(PING, 0, 0, b"a")),
        once("a farewell first", End::Closed, frame(GOAWAY, 0, 0, &[0; 8])),
        once("a frame of no known kind", End::Borne, frame(0xee, 0xff, 77, b"abc")),
    ]
}

/// A call that makes no trouble, and a ping.
fn honest() -> Vec<u8> {
    let block = head("/tidelock.v1.AgentService/NoSuchCall", &[]);
    let call = frame(HEADERS, END_HEADERS | END_STREAM, HONEST, &block);
    [call, frame(PING, 0, 0, &HONEST_PING)].concat()
}

fn fits(end: End, heard: &Heard) -> bool {
    let closed = heard.closed || heard.goaway.is_some();
    match end {
        End::Closed => closed,
        // A head that comes back is an answer, and one that is not 431 is that of whoever was called.
        End::Refused => {
            heard.heads == heard.too_large
                && (closed || !heard.resets.is_empty() || !heard.too_large.is_empty())
        }
        End::Few(most) => {
            let refused = heard.resets.iter().filter(|code| **code == REFUSED_STREAM).count();
            heard.heads.len() <= most && (closed || refused >= CALLS - most)
        }
        End::Borne => !closed && heard.heads.contains(&HONEST) && heard.ponged == Some(HONEST_PING),
    }
}

struct Watch {
    world: World,
    costs: Costs,
}

impl Watch {
    fn new() -> (Watch, Shown) {
        let world = World::collector_alone();
        world.apply(&WorldOptions::default().plan);
        let shown = Shown::of(&world.enrol("target", "raw"));
        let costs = Costs::of(&world, GROWTH_BYTES);
        (Watch { world, costs }, shown)
    }

    fn is_well(&mut self, after: &str) {
        self.costs.is_well(&mut self.world, after);
    }
}

/// Says it all at one door; gives what was heard.
async fn play(world: &World, door: &str, shown: Option<&Shown>, case: &Case) -> Heard {
    let stream = open(world, door, shown, b"h2", "127.0.0.1").await.expect("the door is open");
    let (down, mut up) = tokio::io::split(stream);
    let bytes = Arc::new(AtomicU64::new(0));
    let hearing = tokio::spawn(listen(down, Duration::from_secs(2), bytes.clone()));
    let first = [PREFACE, &case.first].concat();
    flood(&mut up, 1, |_| first.clone()).await;
    flood(&mut up, case.times, &case.one).await;
    if case.end == End::Borne {
        flood(&mut up, 1, |_| honest()).await;
    }
    hearing.await.expect("it reads on")
}

async fn at(door: &str, path: &'static str, with_certificate: bool) {
    let (mut watch, shown) = Watch::new();
    let shown = with_certificate.then_some(&shown);
    for case in floods(path).into_iter().chain(heads(path)).chain(broken(path)) {
        let what = format!("{door}, {}", case.name);
        let heard = watch.costs.weigh_once(&what, play(&watch.world, door, shown, &case)).await;
        assert!(fits(case.end, &heard), "{what}: expected {:?}, heard {heard:?}", case.end);
        watch.is_well(&what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_abuse_of_http2_by_an_enrolled_agent_hurts_the_collector() {
    at("agents", "/tidelock.v1.AgentService/Session", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_abuse_of_http2_by_a_stranger_hurts_the_collector() {
    at("api", "/tidelock.v1.EnrolService/Enrol", false).await;
}

/// Answers that nobody takes: the collector stops to read, and does not pile them up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_is_not_written_to_without_end() {
    let (mut watch, _) = Watch::new();
    let stream = open(&watch.world, "api", None, b"h2", "127.0.0.1").await.expect("the door is open");
    let (down, mut up) = tokio::io::split(stream);
    flood(&mut up, 1, |_| PREFACE.to_vec()).await;
    let sent = flood(&mut up, 1_000_000, |_| frame(PING, 0, 0, &[0; 8])).await;
    assert!(sent < 1_000_000, "17 MB of answers were taken in for somebody who reads none");
    watch.is_well("a reader that never reads");
    drop((up, down));
    watch.is_well("a reader that is gone");
}

/// The agents' door speaks HTTP/2 alone, however good the certificate: neither the handshake takes HTTP/1.1, nor does
/// whoever agreed on the other get a word for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http1_with_a_good_certificate_is_refused_at_the_door_of_agents() {
    let (mut watch, shown) = Watch::new();
    let refused = open(&watch.world, "agents", Some(&shown), b"http/1.1", "127.0.0.1").await;
    let refused = refused.expect_err("HTTP/1.1 was agreed on");
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
    let mut tls = open(&watch.world, "agents", Some(&shown), b"h2", "127.0.0.1").await.expect("a good one");
    let ask =
        b"POST /tidelock.v1.AgentService/Session HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
    tls.write_all(ask).await.expect("it listens");
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), tls.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "it is still being listened to: {answer:?}");
    assert!(!answer.windows(5).any(|five| five == b"HTTP/"), "{:?}", String::from_utf8_lossy(&answer));
    watch.is_well("HTTP/1.1");
}

/// A session whose answers nobody takes, not even into a window: what is asked in it is not piled up, nor answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_never_read_takes_a_bounded_piece_of_memory() {
    let (mut watch, shown) = Watch::new();
    let tls = open(&watch.world, "agents", Some(&shown), b"h2", "127.0.0.1").await.expect("a good one");
    let (down, mut up) = tokio::io::split(tls);
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let said = frame(DATA, 0, 1, &hello([6; 16]));
    let first = [PREFACE, &no_window, &begun("/tidelock.v1.AgentService/Session"), &said].concat();
    flood(&mut up, 1, |_| first.clone()).await;
    let beat = v1::SessionRequest { message: Some(Said::Heartbeat(v1::Heartbeat::default())) };
    let beats = frame(DATA, 0, 1, &message(&beat.encode_to_vec()).repeat(1_000));
    flood(&mut up, 20_000, |_| beats.clone()).await;
    watch.is_well("a session that nobody reads");
    drop((up, down));
    watch.is_well("a session that is gone");
}
