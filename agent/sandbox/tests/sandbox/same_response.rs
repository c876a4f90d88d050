//! An answer leaves the sandbox as one digest a field, and the source's as two.

use std::collections::BTreeMap;

use serde_json::json;
use tidelock_model::{Outcome, Side};

use crate::rig::{Rig, local, target};
use crate::server::Server;

type Answer = BTreeMap<String, Vec<u8>>;

/// The first answer and the one to the same request again, and the calls that it took.
async fn answers(rig: &Rig, server: &Server, side: Side) -> (Answer, Answer, u32) {
    let step = json!({ "name": "page", "request": { "path": "/echo?x=1" }, "same_response": {} });
    let mut request = rig.request(json!({ "target": "shop", "flow": { "steps": [step] } }));
    request.targets = vec![target("shop", local(&server.url()))];
    request.side = side;
    let result = rig.client.run(request).await;
    assert_eq!(result.outcome, Outcome::Pass, "{result:?}");
    let at = |position: &str| {
        let digests = result.report.digests.iter().filter(|digest| digest.position == position);
        digests.map(|digest| (digest.key.clone(), digest.hash.clone())).collect()
    };
    (at("first"), at("again"), result.calls)
}

#[tokio::test]
async fn both_sides_are_asked_twice_and_compared_field_by_field() {
    let (rig, old, new) = (Rig::of_plugin("http-flow").await, Server::start(), Server::start());
    let (first, again, calls) = answers(&rig, &old, Side::Source).await;
    assert_eq!((first.len(), again.len(), calls), (first.len(), first.len(), 2));
    let restless: Vec<&String> =
        first.iter().filter(|(key, hash)| again[*key] != **hash).map(|(key, _)| key).collect();
    assert_eq!(restless.len(), 1, "each call has a traceparent of its own: {restless:?}");
    let (target, nothing, calls) = answers(&rig, &new, Side::Target).await;
    assert_eq!((nothing.len(), calls), (0, 2));
    // The page names the server that it came from, and each call's own parent.
    let differ = target.iter().filter(|(key, hash)| first.get(*key) != Some(*hash)).count();
    assert_eq!((differ, target.len()), (2, first.len()));
}
