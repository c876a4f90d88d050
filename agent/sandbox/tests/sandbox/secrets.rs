//! Secrets go out, and never come back.

use serde_json::json;
use tidelock_model::{Cause, Outcome};
use tidelock_sandbox::protocol::{Credential, CredentialKind, HttpGrant, RunResult, Secret};

use crate::rig::{Rig, http_settings, local, not_run, secret, seen, target};
use crate::server::Server;

const VALUE: &str = "hunter 2&2";

async fn call(rig: &Rig, shop: HttpGrant, secrets: Vec<Secret>, settings: serde_json::Value) -> RunResult {
    let mut request = rig.request(http_settings(settings));
    request.targets = vec![target("shop", shop)];
    request.secrets = secrets;
    let result = rig.client.run(request).await;
    let shown = format!("{result:?}");
    for spelling in
        [VALUE, "hunter%202%262", "hunter+2%262", "aHVudGVyIDImMg", "YW5uOmh1bnRlciAyJjI", "hunter 2\\u00262"]
    {
        assert!(!shown.contains(spelling), "{spelling} is in {shown}");
    }
    result
}

fn with(kind: CredentialKind, url: &str) -> HttpGrant {
    HttpGrant { credential: Some(Credential { kind, secret: "pw".to_owned() }), ..local(url) }
}

fn secrets() -> Vec<Secret> {
    vec![secret("pw", VALUE, "127.0.0.1")]
}

#[tokio::test]
async fn a_credential_is_put_in_and_taken_out() {
    let (rig, server) = (Rig::new().await, Server::start());
    let echo = || json!({ "path": "/echo" });
    let note = seen(&call(&rig, with(CredentialKind::Bearer, &server.url()), secrets(), echo()).await);
    assert!(note.contains("authorization: Bearer [secret:pw]"), "{note}");
    let note = seen(&call(&rig, with(CredentialKind::Basic, &server.url()), secrets(), echo()).await);
    assert!(note.contains("authorization: Basic [secret:pw]"), "{note}");
    let header = CredentialKind::Header("x-api-key".to_owned());
    let note = seen(&call(&rig, with(header, &server.url()), secrets(), echo()).await);
    assert!(note.contains("x-api-key: [secret:pw]"), "{note}");
    let form = json!({
        "path": "/echo", "method": "POST", "body": "user=ann&token=mine",
        "headers": { "content-type": "application/x-www-form-urlencoded" },
    });
    let field = CredentialKind::FormField("token".to_owned());
    let note = seen(&call(&rig, with(field, &server.url()), secrets(), form).await);
    assert!(note.contains("user=ann&token=[secret:pw]") && !note.contains("mine"), "{note}");
    let over = json!({ "headers": { "Authorization": "Bearer mine" }, "on-failure": "pass" });
    not_run(
        &call(&rig, with(CredentialKind::Bearer, &server.url()), secrets(), over).await,
        Cause::Denied,
        "the host's",
    );
}

#[tokio::test]
async fn a_handle_is_filled_in_where_it_may_go() {
    let (rig, server) = (Rig::new().await, Server::start());
    for (settings, want) in [
        (
            json!({ "path": "/echo", "method": "POST", "body": "p=secret%3Apw&x=1",
                    "headers": { "content-type": "application/x-www-form-urlencoded" } }),
            "p=[secret:pw]&x=1",
        ),
        (
            json!({ "path": "/echo", "method": "POST", "body": "{\"p\":\"secret:pw\"}",
                    "headers": { "content-type": "application/json" } }),
            "{\"p\":\"[secret:pw]\"}",
        ),
        (json!({ "path": "/echo?p=secret:pw" }), "GET /echo?p=[secret:pw] HTTP/1.1"),
        (json!({ "path": "/echo", "headers": { "x-p": "secret:pw" } }), "x-p: [secret:pw]"),
        // ann:secret:pw
        (
            json!({ "path": "/echo", "headers": { "authorization": "Basic YW5uOnNlY3JldDpwdw==" } }),
            "authorization: Basic [secret:pw]",
        ),
        (json!({ "path": "/header?secret:pw" }), "x-echo: [secret:pw]"),
        (json!({ "path": "/to?/echo?secret:pw", "follow": true }), "200 /echo?[secret:pw] "),
    ] {
        let note = seen(&call(&rig, local(&server.url()), secrets(), settings.clone()).await);
        assert!(note.contains(want), "{settings}: no {want:?} in {note}");
    }
}

#[tokio::test]
async fn a_secret_does_not_go_where_its_owner_did_not_send_it() {
    let (rig, server) = (Rig::new().await, Server::start());
    let elsewhere = || vec![secret("pw", VALUE, "shop.example")];
    let handle = || json!({ "path": "/echo?secret:pw", "on-failure": "pass" });
    not_run(
        &call(&rig, local(&server.url()), elsewhere(), handle()).await,
        Cause::Denied,
        "may not go to 127.0.0.1",
    );
    let credential = with(CredentialKind::Bearer, &server.url());
    not_run(&call(&rig, credential, elsewhere(), json!({})).await, Cause::AboveCeiling, "may not go to");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_secret_that_is_missing_is_a_cause() {
    let (rig, server) = (Rig::new().await, Server::start());
    let credential = with(CredentialKind::Bearer, &server.url());
    not_run(
        &call(&rig, credential, vec![], json!({})).await,
        Cause::SecretMissing,
        "secret:pw of target shop",
    );
    let settings = json!({ "user": "secret:other" });
    not_run(
        &call(&rig, local(&server.url()), secrets(), settings).await,
        Cause::SecretMissing,
        "secret:other",
    );
    let short = vec![secret("pw", "abc", "127.0.0.1")];
    not_run(&call(&rig, local(&server.url()), short, json!({})).await, Cause::SecretMissing, "3 bytes");
}

#[tokio::test]
async fn a_secret_that_an_operator_also_wrote_into_settings_is_scrubbed_from_all_words() {
    let rig = Rig::new().await;
    let mut request = rig.request(json!({ "act": "could-not-look", "why": format!("it is {VALUE}") }));
    request.secrets = secrets();
    let result = rig.client.run(request).await;
    assert_eq!(result.outcome, Outcome::NotRun);
    assert_eq!(result.detail, "it is [secret:pw]");
}
