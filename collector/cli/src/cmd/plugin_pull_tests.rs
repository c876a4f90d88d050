//! A collector that lies or breaks off leaves no file; and what one file may take the place of.

use tidelock_components::SigningKey;
use tidelock_proto::v1::component_service_server::{ComponentService, ComponentServiceServer};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use super::*;

type Messages = Vec<Result<v1::PullComponentResponse, Status>>;

/// A collector that answers every pull with these messages.
struct Fake(Messages);

#[tonic::async_trait]
impl ComponentService for Fake {
    type PullComponentStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<v1::PullComponentResponse, Status>>>;

    async fn push_component(
        &self,
        _: Request<Streaming<v1::PushComponentRequest>>,
    ) -> Result<Response<v1::PushComponentResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_components(
        &self,
        _: Request<v1::ListComponentsRequest>,
    ) -> Result<Response<v1::ListComponentsResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn pull_component(
        &self,
        _: Request<v1::PullComponentRequest>,
    ) -> Result<Response<Self::PullComponentStream>, Status> {
        Ok(Response::new(tokio_stream::iter(self.0.clone())))
    }
}

async fn pulled(messages: Messages, what: &What) -> Result<Pulled, Trouble> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = ComponentServiceServer::new(Fake(messages));
    tokio::spawn(
        Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    fetch(&Client::of_test(endpoint.connect_lazy(), "shop"), what).await
}

fn digest(bytes: &[u8]) -> Sha256 {
    sha256_hex(bytes).parse().unwrap()
}

/// The messages of an honest collector.
fn honest(bytes: &[u8], signatures: &str) -> Messages {
    let first = v1::PullComponentResponse {
        sha256: digest(bytes).as_bytes().to_vec(),
        size_bytes: bytes.len() as u64,
        signatures: signatures.to_owned(),
        chunk: Vec::new(),
    };
    let part = |chunk: &[u8]| Ok(v1::PullComponentResponse { chunk: chunk.to_vec(), ..Default::default() });
    std::iter::once(Ok(first)).chain(bytes.chunks(3).map(part)).collect()
}

fn named(name: &str, version: &str) -> What {
    What::Name { name: name.to_owned(), version: version.to_owned() }
}

#[tokio::test]
async fn what_is_not_the_component_that_was_asked_for_is_not_taken() {
    let bytes = b"component".as_slice();
    let wanted = What::Digest(digest(bytes));
    assert_eq!(pulled(honest(bytes, ""), &wanted).await.unwrap().bytes, bytes);

    let mut other = honest(bytes, "");
    other[2] = Ok(v1::PullComponentResponse { chunk: b"XXX".to_vec(), ..Default::default() });
    let mut short = honest(bytes, "");
    short.pop();
    let mut long = honest(bytes, "");
    long.push(Ok(v1::PullComponentResponse { chunk: b"more".to_vec(), ..Default::default() }));
    let huge = v1::PullComponentResponse {
        sha256: digest(bytes).as_bytes().to_vec(),
        size_bytes: MAX_BYTES + 1,
        ..Default::default()
    };
    let nobody = v1::PullComponentResponse { sha256: vec![1; 31], ..Default::default() };
    for (messages, word) in [
        (other, "their digest is"),
        (short, "6 of 9 bytes came"),
        (long, "more than the 9 bytes"),
        (honest(b"another", ""), "it is component"),
        (vec![Ok(huge)], "at most"),
        (vec![Ok(nobody)], "nothing is written"),
        (Vec::new(), "it is empty"),
    ] {
        let trouble = pulled(messages, &wanted).await.unwrap_err();
        assert!(trouble.exit == Exit::Failed && trouble.message.contains(word), "{word}: {trouble}");
    }
    let mut cut = honest(bytes, "");
    cut[2] = Err(Status::unavailable("the collector stops"));
    assert_eq!(pulled(cut, &wanted).await.unwrap_err().exit, Exit::Unreachable);
}

#[tokio::test]
async fn a_name_is_believed_of_a_good_signature_alone() {
    let bytes = b"component".as_slice();
    let (key, _) = SigningKey::make().unwrap();
    let sign = |version: &str, of: &[u8]| key.sign("stock", version, &sha256_hex(of)).unwrap().to_string();
    let (good, older, other) = (sign("0.2.0", bytes), sign("0.1.0", bytes), sign("0.3.0", b"other"));
    let forged = good.replace("0.2.0", "0.4.0");
    let all = [good.as_str(), &older, &other, &forged].map(|text| format!("{text}\n")).concat();
    for version in ["0.1.0", "0.2.0"] {
        let pulled = pulled(honest(bytes, &all), &named("stock", version)).await.unwrap();
        assert_eq!((pulled.signed.len(), pulled.bad), (2, 2));
    }
    for version in ["0.3.0", "0.4.0", "0.5.0"] {
        let trouble = pulled(honest(bytes, &all), &named("stock", version)).await.unwrap_err();
        assert!(trouble.message.contains("no good signature"), "{version}: {trouble}");
    }
    // What one has signed comes back as it was, byte for byte.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stock.wasm");
    let one = pulled(honest(bytes, &good), &named("stock", "0.2.0")).await.unwrap();
    keep(&file, &one, Place::New).unwrap();
    assert_eq!(fs::read(&file).unwrap(), bytes);
    assert_eq!(fs::read_to_string(signature_path(&file)).unwrap(), good);
}

#[tokio::test]
async fn a_component_and_its_signatures_are_written_together_or_not_at_all() {
    let bytes = b"component".as_slice();
    let (key, _) = SigningKey::make().unwrap();
    let signature = key.sign("stock", "0.1.0", &sha256_hex(bytes)).unwrap().to_string();
    let signed = pulled(honest(bytes, &signature), &named("stock", "0.1.0")).await.unwrap();
    let unsigned = pulled(honest(b"new", ""), &What::Digest(digest(b"new"))).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stock.wasm");
    let left = || fs::read_dir(dir.path()).unwrap().count();
    // Nothing can be drafted, as on a disk that is full.
    fs::create_dir(dir.path().join("stock.wasm.new")).unwrap();
    assert!(keep(&file, &signed, Place::New).is_err());
    assert_eq!(left(), 1, "neither the component nor its signature is there");
    fs::remove_dir(dir.path().join("stock.wasm.new")).unwrap();
    keep(&file, &signed, Place::New).unwrap();
    assert_eq!(left(), 2);
    for force in [false, true] {
        assert_eq!(free(&file, force).ok(), force.then_some(Place::Over));
    }
    assert!(keep(&file, &unsigned, Place::New).is_err());
    assert_eq!(fs::read(&file).unwrap(), bytes);
    keep(&file, &unsigned, Place::Over).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(left(), 1, "the signature of what was there does not stay beside it");
    // A signature alone is in the way as well.
    fs::remove_file(&file).unwrap();
    fs::write(signature_path(&file), signature).unwrap();
    assert!(free(&file, false).unwrap_err().message.contains("stock.wasm.sig is there already"));
    assert!(free(dir.path(), true).unwrap_err().message.contains("no file to write over"));
}

#[test]
fn a_component_is_named_by_its_digest_or_as_it_is_signed() {
    let hex = "ab".repeat(32);
    for text in [hex.clone(), format!("sha256:{hex}")] {
        let what = What::read(&text).unwrap();
        assert_eq!(what, What::Digest(hex.parse().unwrap()), "{text}");
        assert_eq!(what.file().unwrap(), Path::new("abababababab.wasm"));
    }
    assert_eq!(What::read("stock@0.1.0").unwrap(), named("stock", "0.1.0"));
    assert_eq!(What::read("stock@0.1.0").unwrap().file().unwrap(), Path::new("stock.wasm"));
    for odd in ["../../etc/x@1", "two words@1", "a/b@1"] {
        assert_eq!(What::read(odd).unwrap().file().unwrap_err().exit, Exit::Usage, "{odd}");
    }
    for none in ["", "stock", "@1", "stock@", "sha256:abab"] {
        assert_eq!(What::read(none).unwrap_err().exit, Exit::Usage, "{none:?}");
    }
}
