use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tempfile::TempDir;

use super::*;
use crate::testing::{Collector, Knobs, Pki};

#[test]
fn what_join_writes_the_agent_can_read() {
    let answer = v1::EnrolResponse {
        agent_address: "c.example:7443".to_owned(),
        server_name: "weird\"name\n".to_owned(),
        migration: "shop\n[secrets.x]".to_owned(),
        ..v1::EnrolResponse::default()
    };
    let config = Config::parse(Path::new("/x/agent.toml"), &config_text(&answer)).unwrap();
    assert_eq!(config.server_name, "weird\"name\n");
    assert!(config.secrets.is_empty() && config.allow.hosts.is_none());
}

fn token(pki: &Pki) -> String {
    let body = format!(r#"{{"f":"{}","s":"one-time"}}"#, pki.fingerprint());
    format!("tlj1.{}", URL_SAFE_NO_PAD.encode(body))
}

async fn try_join(dir: &Path, pki: &Pki, server: &Pki, signs: bool) -> (Result<()>, String) {
    join_as(dir, (pki, server), signs, false).await
}

async fn join_as(dir: &Path, (pki, server): (&Pki, &Pki), signs: bool, again: bool) -> (Result<()>, String) {
    let knobs = Knobs { signer: signs.then(|| Arc::new(Pki::new())), ..Knobs::default() };
    let collector = Collector::start(server.open_server(), knobs).await;
    let ask = Join {
        url: format!("https://{}", collector.address),
        token: token(pki),
        name: None,
        dir: dir.to_path_buf(),
        if_missing: false,
        again,
        starts: false,
        ca_file: None,
    };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let joined = join(ask, &mut Out::new(&mut data, &mut talk)).await;
    (joined, String::from_utf8(data).unwrap())
}

#[tokio::test]
async fn a_token_becomes_a_folder_that_can_start() {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let home = dir.path().join("agent");
    let (joined, said) = try_join(&home, &pki, &pki, true).await;
    joined.unwrap();
    assert_eq!(said, "joined shop as target/hz-7\n");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home), mode(&home.join("agent.key"))), (0o700, 0o600));
    let config = Config::read(&home.join("agent.toml")).unwrap();
    assert_eq!(config.collector, "collector.example:7443");
    let (again, _) = try_join(&home, &pki, &pki, true).await;
    assert!(again.unwrap_err().to_string().contains("is there already"));
    // A pod that starts again finds its agent, needs no token, and calls nobody.
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let ask = Join {
        url: "https://nobody.invalid:1".to_owned(),
        token: "used up".to_owned(),
        name: None,
        dir: home.clone(),
        if_missing: true,
        again: false,
        starts: false,
        ca_file: None,
    };
    join(ask, &mut Out::new(&mut data, &mut talk)).await.unwrap();
    assert!(String::from_utf8(talk).unwrap().contains("nothing was changed"));
}

#[tokio::test]
async fn a_collector_that_the_token_does_not_name_never_sees_it() {
    let (dir, pki, other) = (TempDir::new().unwrap(), Pki::new(), Pki::new());
    let (joined, _) = try_join(dir.path(), &pki, &other, true).await;
    let error = joined.unwrap_err().to_string();
    assert!(error.contains("does not present the authority that the token names"), "{error}");
    assert!(!dir.path().join("agent.key").exists());
}

#[tokio::test]
async fn a_refusal_is_told_and_leaves_nothing_behind() {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let (joined, _) = try_join(dir.path(), &pki, &pki, false).await;
    assert!(joined.unwrap_err().to_string().contains("the token is used up"));
    assert!(!dir.path().join("agent.key").exists());
}

#[tokio::test]
async fn an_agent_joins_again_with_a_new_key_and_keeps_what_its_operator_wrote() {
    let (dir, pki) = (TempDir::new().unwrap(), Pki::new());
    let home = dir.path().join("agent");
    let (nobody, _) = join_as(&home, (&pki, &pki), true, true).await;
    assert!(nobody.unwrap_err().to_string().contains("joined before"));
    try_join(&home, &pki, &pki, true).await.0.unwrap();
    let config = home.join("agent.toml");
    let mine = std::fs::read_to_string(&config).unwrap() + "\n# of the operator\n";
    std::fs::write(&config, &mine).unwrap();
    std::fs::create_dir_all(home.join("spool")).unwrap();
    std::fs::write(home.join("spool/kept"), "waits").unwrap();
    let old = std::fs::read_to_string(home.join("agent.key")).unwrap();
    let (refused, _) = join_as(&home, (&pki, &pki), false, true).await;
    assert!(refused.unwrap_err().to_string().contains("the token is used up"));
    assert_eq!(std::fs::read_to_string(home.join("agent.key")).unwrap(), old, "a refusal changes nothing");
    let (joined, said) = join_as(&home, (&pki, &pki), true, true).await;
    joined.unwrap();
    assert_eq!(said, "joined shop as target/hz-7\n");
    assert_eq!(std::fs::read_to_string(&config).unwrap(), mine);
    assert_eq!(std::fs::read_to_string(home.join("spool/kept")).unwrap(), "waits");
    let new = std::fs::read_to_string(home.join("agent.key")).unwrap();
    assert_ne!(new, old);
    let pair = std::fs::read_to_string(home.join("agent.pem")).unwrap();
    assert!(pair.contains(new.trim()), "certificate and key are one file");
    let mode = std::fs::metadata(home.join("agent.pem")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}
