//! What lies on the collector's disk lets nobody in who reads it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidelock_proto::v1;

use crate::agent::{enrol, join_token, join_token_for};
use crate::http;
use crate::support::{Collector, MIGRATION, PLAN};

/// The forms in which a secret could lie somewhere: as it is shown, and its bytes as they are or in hexadecimal digits.
struct Secret {
    of: &'static str,
    forms: [Vec<u8>; 3],
}

impl Secret {
    /// Of a token to sign in with.
    fn access(of: &'static str, token: &str) -> Secret {
        Secret::new(of, token.strip_prefix("tlk1.").unwrap())
    }

    /// Of a join token, which carries more than its secret.
    fn join(of: &'static str, token: &str) -> Secret {
        let carried = URL_SAFE_NO_PAD.decode(token.strip_prefix("tlj1.").unwrap()).unwrap();
        let carried: serde_json::Value = serde_json::from_slice(&carried).unwrap();
        Secret::new(of, carried["s"].as_str().unwrap())
    }

    fn new(of: &'static str, text: &str) -> Secret {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        assert_eq!(bytes.len(), 32, "{of} has 256 bits");
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Secret { of, forms: [text.as_bytes().to_vec(), bytes, digits.into_bytes()] }
    }

    fn lies_in(&self, content: &[u8]) -> bool {
        self.forms.iter().any(|form| content.windows(form.len()).any(|part| part == form))
    }
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// What is in a file, without its empty pages: most of a journal is room for more.
fn content(path: &Path) -> Vec<u8> {
    const EMPTY: &[u8] = &[0; 4096];
    let pages = fs::read(path).unwrap();
    pages.chunks(EMPTY.len()).filter(|page| !EMPTY.starts_with(page)).collect::<Vec<_>>().concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_of_the_collector_holds_a_token_that_lets_a_person_or_an_agent_in() {
    let mut collector = Collector::start().await;
    collector.apply(PLAN).await.unwrap();
    let olga = collector.issue("olga", "person", "").await;
    let ci = collector.issue_for("ci", "pipeline", (MIGRATION, "cutover")).await;
    let waiting = join_token(&collector, v1::Side::Source, "a").await;
    let pods = join_token_for(&collector, v1::Side::Target, "", 2).await;
    enrol(&collector, &pods).await.unwrap();
    // Refused asks are written down, and errors tell what is wrong: not with the token in them.
    let path = format!("/v1/migrations/{MIGRATION}/gates/ready?wait={ci}");
    let bearer = format!("Bearer {ci}");
    let (head, _) = http::get(&collector, &path, &[("authorization", bearer.as_str())]).await;
    assert!(head.starts_with("HTTP/1.1 40"), "{head}");
    let mistyped = format!("{olga}x");
    let request = v1::GetGateRequest { migration: MIGRATION.to_owned(), gate: "ready".to_owned() };
    assert!(collector.gates(&mistyped).await.get_gate(request).await.is_err());
    assert!(enrol(&collector, &format!("{waiting}x")).await.is_err());
    collector.stop().await;

    let secrets = [
        Secret::access("the first operator", &collector.operator),
        Secret::access("a person", &olga),
        Secret::access("a pipeline", &ci),
        Secret::join("a join token that waits", &waiting),
        Secret::join("a join token of pods", &pods),
    ];
    let dir = collector.dir.path();
    let (mut names, mut found) = (Vec::new(), Vec::new());
    for path in files(dir) {
        let name = path.strip_prefix(dir).unwrap().display().to_string();
        let content = content(&path);
        let lies = secrets.iter().filter(|secret| secret.lies_in(&content));
        found.extend(lies.map(|secret| (name.clone(), secret.of)));
        names.push(name);
    }
    // The first operator's token is handed over in a file, for the operator to take away. It shows that they are found.
    assert_eq!(found, [("operator.token".to_owned(), "the first operator")]);
    for part in ["access.toml", "join.toml", ".seg", "refused.jsonl"] {
        assert!(names.iter().any(|name| name.contains(part)), "no file of {part} was looked at: {names:?}");
    }
}
