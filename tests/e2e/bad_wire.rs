//! Bytes that are no message, in a session of an enrolled agent and at the open call of the API: each is
//! answered with its code, costs at most 100 times its sender's work, and changes nothing.

use prost::Message as _;
use tidelock_proto::v1;
use tidelock_proto::v1::session_request::Message as Said;
use tidelock_tests::{World, WorldOptions, resident_bytes};
use tonic::Code;

use crate::call::{Answer, as_batch, call, claiming, hello, message};
use crate::costs::Costs;
use crate::raw::{Shown, batch};

const EPOCH: [u8; 16] = [5; 16];
const SESSION: (&str, &str) = ("agents", "/tidelock.v1.AgentService/Session");
const ENROL: (&str, &str) = ("api", "/tidelock.v1.EnrolService/Enrol");
const GRPC: &[(&str, &str)] = &[("content-type", "application/grpc"), ("te", "trailers")];

/// What one message of at most 4 MiB may add to the collector's memory, for good.
const GROWTH_BYTES: u64 = 96 << 20;
/// The same for all of a test, for good and for a moment: a byte of a message is never more than 128 in memory.
const MAY_GROW: [u64; 2] = [2 * GROWTH_BYTES, 512 << 20];

/// The bytes after a good hello, and the code and words that they get.
type Row = (&'static str, Vec<u8>, Code, &'static str);

/// A batch as a request, with these bytes for its only finding.
fn finding(bytes: &[u8]) -> Vec<u8> {
    let mut wire = batch(EPOCH, 1, Vec::new()).encode_to_vec();
    wire.push(0x1a);
    prost::encode_length_delimiter(bytes.len(), &mut wire).expect("a vector has room");
    wire.extend_from_slice(bytes);
    message(&as_batch(&wire))
}

/// A batch that is good so far as it goes, and then one of its fields again: the last one counts.
fn again(field: &[u8]) -> Vec<u8> {
    let wire = [&batch(EPOCH, 1, Vec::new()).encode_to_vec()[..], field].concat();
    message(&as_batch(&wire))
}

/// Groups within groups, as no message of ours has them.
fn nested(depth: usize) -> Vec<u8> {
    [[0xa3, 6].repeat(depth), [0xa4, 6].repeat(depth)].concat()
}

fn frames() -> Vec<Row> {
    let beat = v1::SessionRequest { message: Some(Said::Heartbeat(v1::Heartbeat::default())) };
    let beat = beat.encode_to_vec();
    vec![
        ("a length of 4 GiB", claiming(0, u32::MAX, b"abc"), Code::OutOfRange, "too large"),
        ("4 MiB and a byte", message(&vec![0; (4 << 20) + 1]), Code::OutOfRange, "too large"),
        ("compressed, and nobody said how", claiming(1, 3, b"abc"), Code::Internal, "compress"),
        ("a flag that is none", claiming(7, 3, b"abc"), Code::Internal, "compression flag"),
        ("a second hello", hello(EPOCH), Code::InvalidArgument, "begins once"),
        ("nothing in it", message(b""), Code::InvalidArgument, "is empty"),
        ("an unknown field alone", message(b"\xfa\x01\x03abc"), Code::InvalidArgument, "is empty"),
        ("a message that is cut", message(&beat[..beat.len().min(1)]), Code::InvalidArgument, "message"),
    ]
}

fn fields() -> Vec<Row> {
    let bad = Code::InvalidArgument;
    // Where the field itself is not what is wrong, it is one that nobody knows: number 15.
    vec![
        ("field number 0", message(b"\x00\x01"), bad, "tag"),
        ("field number 2^29", message(b"\x80\x80\x80\x80\x10\x01"), bad, "key"),
        ("a wire type that is none", message(b"\x16"), bad, "wire type"),
        ("a group that ends and never began", message(b"\x7c"), bad, "group"),
        ("a group that never ends", message(b"\x7b"), bad, "varint"),
        ("a number of eleven bytes", message(&[&[0x78][..], &[0xff; 10], &[1]].concat()), bad, "varint"),
        ("a batch that is longer than its message", message(b"\x12\xff\x01a"), bad, "underflow"),
        ("a batch that is a number", message(b"\x10\x01"), bad, "wire type"),
        ("10,000 groups deep", message(&nested(10_000)), bad, "recursion"),
        ("the same in a finding", finding(&nested(10_000)), bad, "recursion"),
        ("a name that is no UTF-8", finding(b"\x0a\x02\xc3\x28"), bad, "UTF-8"),
        ("a note that is no UTF-8", finding(b"\xca\x01\x02\xff\xfe"), bad, "UTF-8"),
        ("a number where a text is", finding(b"\x08\x01"), bad, "wire type"),
        ("an empty finding", finding(b""), bad, "outcome"),
        ("an outcome twice, and the last is none", finding(b"\x78\x01\x78\x4d"), bad, "outcome"),
        ("a first number twice, and the last is none", again(b"\x10\x00"), bad, "first_seq"),
        ("an epoch twice, and the last is none", again(b"\x0a\x01a"), bad, "spool_epoch"),
    ]
}

/// Much from little: each of these few bytes would be hundreds in memory.
fn swollen() -> Vec<Row> {
    let bad = Code::InvalidArgument;
    let head = batch(EPOCH, 1, Vec::new()).encode_to_vec();
    let findings = [head.clone(), [0x1a, 0].repeat(1_000_000)].concat();
    let in_two = [as_batch(&findings), as_batch(b"")].concat();
    vec![
        ("a million findings", message(&as_batch(&findings)), bad, "at most 512"),
        ("a million findings in an unusual wrapping", message(&in_two), bad, "at most 512"),
        ("a million steps", finding(&[0x8a, 1, 0].repeat(1_000_000)), bad, "outcome"),
        ("a million shown pages", finding(&[0xda, 1, 0].repeat(1_000_000)), bad, "outcome"),
        ("a million contracts", message(&[0x12, 0].repeat(2_000_000)), bad, ""),
    ]
}

struct Bench {
    world: World,
    shown: Shown,
    pid: u32,
    costs: Costs,
}

impl Bench {
    fn new() -> Bench {
        let world = World::collector_alone();
        world.apply(&WorldOptions::default().plan);
        let shown = Shown::of(&world.enrol("target", "raw"));
        let pid = world.collector.as_ref().expect("it runs").pid();
        let costs = Costs::of(&world, MAY_GROW);
        Bench { world, shown, pid, costs }
    }

    /// In a session, once the earlier one has been cleared away.
    async fn session(&self, headers: &[(&str, &str)], body: &[u8], ends: bool) -> Answer {
        for _ in 0..200 {
            let answer = call(&self.world, SESSION, Some(&self.shown), headers, body.to_vec(), ends).await;
            let answer = answer.expect("the collector answers");
            if answer.grpc != Some(Code::AlreadyExists) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the earlier session never ended");
    }

    /// A good hello and these bytes, again and again: each time the same answer, and never at too high a cost.
    async fn refuses(&self, (name, bytes, code, words): &Row) {
        let body = [hello(EPOCH), bytes.clone()].concat();
        let said = async || {
            let answer = self.session(GRPC, &body, false).await;
            assert_eq!(answer.grpc, Some(*code), "{name}: {answer:?}");
            assert!(answer.words.replace("%20", " ").contains(words), "{name}: {answer:?}");
        };
        self.costs.weigh(name, said).await;
    }

    fn is_well(&mut self, after: &str) {
        self.costs.is_well(&mut self.world, after);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_answered_with_its_code_and_changes_nothing() {
    let mut bench = Bench::new();
    for row in frames().into_iter().chain(fields()) {
        bench.refuses(&row).await;
        bench.is_well(row.0);
    }
    let unread = bench.session(GRPC, &hello(EPOCH)[..9], true).await;
    assert_ne!(unread.grpc, Some(Code::Ok), "a hello that is cut: {unread:?}");
    let early = bench.session(GRPC, &finding(b""), false).await;
    assert_eq!(early.grpc, Some(Code::InvalidArgument), "a batch before the hello: {early:?}");
    bench.is_well("bytes that are no message");
}

/// What an agent says of itself is shown on screens and in logs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_with_an_escape_in_any_of_its_words_begins_no_session() {
    let mut bench = Bench::new();
    let plain = v1::Hello {
        agent_version: "raw".to_owned(),
        spool_epoch: EPOCH.to_vec(),
        boot_id: "boot".to_owned(),
        ..v1::Hello::default()
    };
    for bad in ["a\u{1b}[2J".to_owned(), "a\u{202e}txt".to_owned(), "a\n".to_owned(), "a".repeat(4096)] {
        let hellos = [
            ("version", v1::Hello { agent_version: bad.clone(), ..plain.clone() }),
            ("boot", v1::Hello { boot_id: bad.clone(), ..plain.clone() }),
            ("contract", v1::Hello { contracts: vec![bad.clone()], ..plain.clone() }),
        ];
        for (field, hello) in hellos {
            let wire = v1::SessionRequest { message: Some(Said::Hello(hello)) }.encode_to_vec();
            let answer = bench.session(GRPC, &message(&wire), false).await;
            assert_eq!(answer.grpc, Some(Code::InvalidArgument), "{field} {bad:?}: {answer:?}");
        }
    }
    let good = bench.session(GRPC, &hello(EPOCH), true).await;
    assert_eq!(good.grpc, Some(Code::Ok), "the same without it: {good:?}");
    bench.is_well("escapes in a hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_would_swell_is_refused_before_it_does() {
    let mut bench = Bench::new();
    for row in swollen() {
        let (name, before) = (row.0, resident_bytes(bench.pid).expect("it runs"));
        bench.refuses(&row).await;
        let grown = resident_bytes(bench.pid).expect("it runs").saturating_sub(before);
        assert!(grown <= GROWTH_BYTES, "{name}: the collector grew by {} KiB", grown / 1024);
        bench.is_well(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusual_call_is_answered_as_grpc_says() {
    let mut bench = Bench::new();
    let good = hello(EPOCH);
    let kind = ("content-type", "application/grpc");
    for encoding in ["gzip", "zstd", "snake-oil"] {
        let headers = [kind, ("grpc-encoding", encoding)];
        let bomb = [good.clone(), claiming(1, 5, b"\x1f\x8b\x08\0\0")].concat();
        let said = async || {
            let answer = bench.session(&headers, &bomb, false).await;
            assert_eq!(answer.grpc, Some(Code::Unimplemented), "{encoding}: {answer:?}");
        };
        bench.costs.weigh(encoding, said).await;
    }
    let late = bench.session(&[kind, ("grpc-timeout", "0n")], &good, true).await;
    assert!(late.grpc.is_some(), "no time at all: {late:?}");
    let half = bench.session(GRPC, &good, true).await;
    assert_eq!((half.grpc, half.bytes > 0), (Some(Code::Ok), true), "half closed: {half:?}");
    for path in ["/tidelock.v1.AgentService/NoSuchCall", "/no.such.Service/Call", "/", "/../../etc/passwd"] {
        let said = async || {
            let to = ("agents", path);
            let answer = call(&bench.world, to, Some(&bench.shown), GRPC, good.clone(), true).await;
            let code = answer.as_ref().and_then(|answer| answer.grpc);
            assert_eq!(code, Some(Code::Unimplemented), "{path}: {answer:?}");
        };
        bench.costs.weigh(path, said).await;
    }
    bench.is_well("unusual calls");
}

/// The one call that needs neither certificate nor access.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_a_code_and_no_certificate() {
    let mut bench = Bench::new();
    let token = |token: &str| {
        message(&v1::EnrolRequest { token: token.to_owned(), ..Default::default() }.encode_to_vec())
    };
    let rows: Vec<Row> = vec![
        ("no token", token(""), Code::PermissionDenied, ""),
        ("a token of nobody", token("tlj1.e30"), Code::PermissionDenied, ""),
        ("a token that is too long", token(&"a".repeat(3000)), Code::PermissionDenied, ""),
        ("a token with an escape", token("tlj1.\u{1b}[2J"), Code::PermissionDenied, ""),
        ("a token that would be SQL", token("' OR 1=1; --"), Code::PermissionDenied, ""),
        ("65 KiB", message(&vec![0; 65 * 1024]), Code::OutOfRange, "too large"),
        ("a length of 4 GiB", claiming(0, u32::MAX, b""), Code::OutOfRange, "too large"),
        ("10,000 groups deep", message(&nested(10_000)), Code::Internal, "recursion"),
        ("no UTF-8", message(b"\x0a\x02\xc3\x28"), Code::Internal, "UTF-8"),
        ("compressed", claiming(1, 3, b"abc"), Code::Internal, "compress"),
    ];
    for (name, bytes, code, words) in rows {
        let said = async || {
            let answer = call(&bench.world, ENROL, None, GRPC, bytes.clone(), true).await;
            let answer = answer.unwrap_or_else(|| panic!("{name}: no answer"));
            // Wrong tokens of one address are few.
            let many = code == Code::PermissionDenied && answer.grpc == Some(Code::ResourceExhausted);
            assert!(many || answer.grpc == Some(code), "{name}: {answer:?}");
            assert!(answer.words.replace("%20", " ").contains(words), "{name}: {answer:?}");
        };
        bench.costs.weigh(name, said).await;
    }
    let listed = bench.world.operator.run(&["agent", "ls", "-o", "json"]).good();
    assert!(listed.out.contains("raw") && !listed.out.contains("OR 1=1"), "{}", listed.out);
    bench.is_well("strangers");
}
