//! Components that people take home: whole, only what they may see, and few at once.

use tidelock_collector::secret::sha256;
use tidelock_proto::v1;
use tonic::{Code, Status};

use crate::support::{COMPONENT, Collector, MIGRATION, PLAN, component, until};

/// More than what a connection takes in without a reader.
pub(crate) const LARGE: usize = 16 << 20;
/// As many as are on their way at once.
const AT_ONCE: usize = 4;

fn by_digest(bytes: &[u8]) -> v1::PullComponentRequest {
    v1::PullComponentRequest { sha256: sha256(bytes).as_bytes().to_vec(), ..Default::default() }
}

fn by_name(name: &str, version: &str) -> v1::PullComponentRequest {
    v1::PullComponentRequest { sha256: Vec::new(), name: name.to_owned(), version: version.to_owned() }
}

pub(crate) async fn push(collector: &Collector, bytes: &[u8], signature: &str) {
    try_push(collector, bytes, signature).await.unwrap();
}

async fn try_push(collector: &Collector, bytes: &[u8], signature: &str) -> Result<(), Status> {
    let first = v1::PushComponentRequest {
        sha256: sha256(bytes).as_bytes().to_vec(),
        chunk: Vec::new(),
        signature: signature.to_owned(),
    };
    let chunks = bytes.chunks(1 << 20);
    let rest = chunks.map(|chunk| v1::PushComponentRequest { chunk: chunk.to_vec(), ..Default::default() });
    let messages: Vec<_> = std::iter::once(first).chain(rest).collect();
    let mut components = collector.components(&collector.operator).await;
    components.push_component(tokio_stream::iter(messages)).await.map(drop)
}

/// What comes, put together; and what the first message says.
async fn pull(
    collector: &Collector,
    token: &str,
    asked: v1::PullComponentRequest,
) -> Result<(v1::PullComponentResponse, Vec<u8>), Status> {
    let mut components = collector.components(token).await;
    let mut stream = components.pull_component(asked).await?.into_inner();
    let first = stream.message().await?.unwrap();
    let mut bytes = Vec::new();
    while let Some(part) = stream.message().await? {
        bytes.extend_from_slice(&part.chunk);
    }
    Ok((first, bytes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_comes_whole_by_its_digest_or_its_signed_name_with_all_its_signatures() {
    let collector = Collector::start().await;
    let bytes = component(&(0..700_001_u32).map(|at| (at % 251) as u8).collect::<Vec<u8>>());
    let (unsigned, other) = (component(b"unsigned"), component(b"another build"));
    let signed = |key: &str| format!("name: stock\nversion: 0.1.0\nkey: {key}\n");
    push(&collector, &bytes, &signed("a")).await;
    push(&collector, &bytes, &signed("b")).await;
    push(&collector, &unsigned, "").await;
    let person = collector.issue("olga", "person", "").await;
    for asked in [by_digest(&bytes), by_name("stock", "0.1.0")] {
        let (first, came) = pull(&collector, &person, asked).await.unwrap();
        assert!(came == bytes && first.size_bytes == 700_009, "{} bytes came", came.len());
        assert_eq!(first.sha256, sha256(&bytes).as_bytes());
        assert!(first.signatures.contains("key: a") && first.signatures.contains("key: b"), "{first:?}");
    }
    let (first, came) = pull(&collector, &person, by_digest(&unsigned)).await.unwrap();
    assert_eq!((came, first.signatures.as_str()), (unsigned, ""));
    // Nobody has said which of the two is meant.
    push(&collector, &other, &signed("a")).await;
    let status = pull(&collector, &person, by_name("stock", "0.1.0")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    for one in [&bytes, &other] {
        assert!(status.message().contains(&format!("sha256:{}", sha256(one))), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_pull_is_refused_and_remembered_and_who_is_bound_gets_what_the_plan_runs() {
    let collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let others = component(b"of another team");
    push(&collector, &others, "name: stock\nversion: 0.1.0\n").await;
    for role in ["viewer", "pipeline"] {
        let token = collector.issue(role, role, "").await;
        let status = pull(&collector, &token, by_digest(COMPONENT)).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role}");
    }
    let status = pull(&collector, "", by_digest(COMPONENT)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    for role in ["person", "operator"] {
        let bound = collector.issue(role, role, MIGRATION).await;
        assert_eq!(pull(&collector, &bound, by_digest(COMPONENT)).await.unwrap().1, COMPONENT);
        let status = pull(&collector, &bound, by_digest(&others)).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role}");
        let status = pull(&collector, &bound, by_name("stock", "0.1.0")).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{role}");
    }
    let request = v1::ListRefusedAsksRequest { limit: 0 };
    let told = collector.accesses(&collector.operator).await.list_refused_asks(request).await.unwrap();
    let asks = told.into_inner().asks;
    for subject in ["viewer", "pipeline", "person", "operator"] {
        let told = asks.iter().any(|ask| ask.subject == subject && ask.what.contains("PullComponent"));
        assert!(told, "{subject}: {asks:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_or_not_what_its_name_says_is_not_sent() {
    let collector = Collector::start().await;
    let operator = &collector.operator;
    let code =
        async |asked: v1::PullComponentRequest| pull(&collector, operator, asked).await.unwrap_err().code();
    assert_eq!(code(by_digest(b"never pushed")).await, Code::NotFound);
    assert_eq!(code(by_name("stock", "9.9.9")).await, Code::NotFound);
    for asked in [
        v1::PullComponentRequest::default(),
        by_name("stock", ""),
        by_name("stock\nversion: 1", "1"),
        by_name(&"x".repeat(129), "1"),
        v1::PullComponentRequest { sha256: vec![1; 31], ..Default::default() },
        v1::PullComponentRequest { name: "stock".to_owned(), ..by_digest(b"a") },
    ] {
        assert_eq!(code(asked.clone()).await, Code::InvalidArgument, "{asked:?}");
    }
    let kept = component(b"as it was");
    push(&collector, &kept, "").await;
    let file = format!("data/components/{}.wasm", sha256(&kept));
    assert!(collector.path(&file).is_file(), "{file}");
    std::fs::write(collector.path(&file), b"as it is").unwrap();
    assert_eq!(code(by_digest(&kept)).await, Code::Internal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_component_is_refused_with_what_to_do_and_is_not_kept() {
    let collector = Collector::start().await;
    let module =
        "what was pushed is a WebAssembly module, not a component: build it with `tidelock plugin build`";
    let other = "what was pushed is not a WebAssembly component";
    for (bytes, why) in [
        (&b"root:x:0:0:root:/root:/bin/sh\n"[..], other),
        (&b"\0asm\x01\0\0\0"[..], module),
        (&b"\0asm"[..], other),
        (&b""[..], other),
    ] {
        let status = try_push(&collector, bytes, "").await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(why), "{status:?}");
        let status = pull(&collector, &collector.operator, by_digest(bytes)).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{status:?}");
    }
    push(&collector, &component(b""), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_are_on_their_way_at_once_and_a_reader_that_goes_makes_room() {
    let collector = Collector::start().await;
    let bytes = component(&b"7".repeat(LARGE));
    push(&collector, &bytes, "").await;
    let operator = &collector.operator;
    let mut streams = Vec::new();
    for _ in 0..AT_ONCE {
        let mut components = collector.components(operator).await;
        let mut stream = components.pull_component(by_digest(&bytes)).await.unwrap().into_inner();
        assert!(stream.message().await.unwrap().is_some());
        streams.push((components, stream));
    }
    let status = pull(&collector, operator, by_digest(&bytes)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    streams.pop();
    let came =
        until("there is room again", || async { pull(&collector, operator, by_digest(&bytes)).await.ok() });
    assert_eq!(came.await.1.len(), bytes.len());
}
