//! `--call-timeout`: a collector that takes the connection, or even the call, and never answers is waited for as long
//! as somebody said and no longer; and then it is said what to look at.

use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use tidelock_tests::{Answer, eventually_for, program};

use super::LIMIT;

/// A server whose connections are held by this; it ends with the test's process.
fn server(holds: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port is free");
    let url = format!("https://{}", listener.local_addr().expect("it has an address"));
    let holds = Arc::new(holds);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let holds = Arc::clone(&holds);
            thread::spawn(move || holds(stream));
        }
    });
    url
}

/// Reads until the other side goes, and says nothing.
fn swallow(mut stream: impl std::io::Read) {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).is_ok_and(|read| read > 0) {}
}

/// One that speaks TLS as a collector does, and answers no call; and its authority's file.
fn deaf_behind_tls(home: &Path) -> (String, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls_pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("TLS of today").with_no_client_auth();
    let mut config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("its own key");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (config, ca) = (Arc::new(config), home.join("deaf.pem"));
    fs::write(&ca, made.cert.pem()).expect("the authority can be written");
    let url = server(move |stream| {
        let tls = rustls::ServerConnection::new(config.clone()).expect("a good configuration");
        swallow(rustls::StreamOwned::new(tls, stream));
    });
    (url, ca)
}

/// What a command says of this server; it ends by itself.
fn asked(home: &Path, server: &str, ca: Option<&Path>, words: &[&str]) -> Answer {
    let mut command = Command::new(program("tidelock"));
    command.args(words).args(["-m", "shop", "--server", server]).current_dir(home);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TIDELOCK_CONFIG", home.join("contexts.toml"));
    if let Some(ca) = ca {
        command.arg("--ca-file").arg(ca);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tidelock starts");
    let status = eventually_for(LIMIT, &format!("{words:?} ends"), || {
        let status = child.try_wait().map_err(|error| error.to_string())?;
        status.ok_or_else(|| "it still waits".to_owned())
    });
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("it speaks UTF-8");
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("it speaks UTF-8");
    Answer { code: status.code().unwrap_or(-1), out, err }
}

fn is_told(answer: &Answer, what: &str) {
    assert_eq!(answer.code, 7, "{} {}", answer.out, answer.err);
    let treat = "nothing is known of the gate, so treat it as shut";
    for word in ["the collector does not answer", what, "--call-timeout 1m", treat] {
        assert!(answer.err.contains(word), "no {word:?} in {}", answer.err);
    }
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_not_waited_for_without_an_end() {
    let home = tempfile::tempdir().expect("a folder");
    let silent = server(swallow);
    for words in [
        &["status"][..],
        &["status", "--call-timeout", "500ms"],
        &["gate", "check", "ready", "--call-timeout", "500ms"],
    ] {
        let answer = asked(home.path(), &silent, None, words);
        is_told(&answer, "somebody takes the connection there and says nothing");
        assert!(answer.err.contains("the collector's API port"), "{}", answer.err);
    }
}

#[test]
fn a_call_that_nobody_answers_ends_when_its_time_is_over() {
    let home = tempfile::tempdir().expect("a folder");
    let (deaf, ca) = deaf_behind_tls(home.path());
    let late = "somebody takes the call there and does not answer it";
    for words in [&["gate", "check", "ready"][..], &["hold", "--reason", "late"], &["doctor"]] {
        let words = [words, &["--call-timeout", "500ms"]].concat();
        let answer = asked(home.path(), &deaf, Some(&ca), &words);
        // The doctor tells of each thing that it looked at, and what is out of order.
        if words[0] == "doctor" {
            assert!(answer.code == 1 && answer.out.contains("no status from"), "{answer:?}");
        } else {
            is_told(&answer, late);
        }
    }
    let words = ["status", "--call-timeout", "500ms", "-o", "json"];
    let answer = asked(home.path(), &deaf, Some(&ca), &words);
    let told: Value = serde_json::from_str(&answer.out).expect("one document");
    assert_eq!(
        (&told["error"]["code"], &told["error"]["exit"]),
        (&"UNREACHABLE".into(), &7.into()),
        "{told}"
    );
    let hint = told["error"]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains(late) && hint.contains("--call-timeout 1m"), "{told}");
    // Whoever waits at a gate has a patience of their own for a collector that is away.
    let words =
        ["gate", "wait", "ready", "--timeout", "30s", "--connect-patience", "2s", "--call-timeout", "500ms"];
    let answer = asked(home.path(), &deaf, Some(&ca), &words);
    is_told(&answer, "still waiting");
}
