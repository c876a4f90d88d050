//! What pages show is noted where that is asked for, and of the run's own targets alone.

use serde_json::json;
use tidelock_model::{Pages, Via};
use tidelock_sandbox::protocol::{Connect, HttpGrant, TargetGrant};

use crate::rig::{Rig, http_settings, local, target};
use crate::server::Server;

const PAGE: &str = "/echo?next=https://old.example/a";

async fn noted(rig: &Rig, shop: HttpGrant, own: bool, path: &str) -> Pages {
    let mut request = rig.request(http_settings(json!({ "path": path, "times": 2 })));
    request.targets = vec![TargetGrant { own, ..target("shop", shop) }];
    request.notes_shown = true;
    rig.client.run(request).await.pages
}

#[tokio::test]
async fn links_and_redirects_are_noted_with_their_page() {
    let (rig, server) = (Rig::new().await, Server::start());
    let pages = noted(&rig, local(&server.url()), true, PAGE).await;
    assert_eq!((pages.seen, pages.cut), (vec![format!("{}/echo", server.url())], false));
    let shown = &pages.shown[0];
    assert_eq!((pages.shown.len(), shown.via, shown.host.as_str()), (1, Via::Link, "old.example"));
    assert_eq!(shown.url, "https://old.example/a");

    let pages = noted(&rig, local(&server.url()), true, "/to?https://old.example/b").await;
    assert_eq!((pages.shown[0].via, pages.shown[0].url.as_str()), (Via::Redirect, "https://old.example/b"));

    let nothing = noted(&rig, local(&server.url()), true, "/ok").await;
    assert_eq!((nothing.seen.len(), nothing.shown.len()), (1, 0), "looked at, and nothing found");
}

#[tokio::test]
async fn nothing_is_noted_unasked_or_of_the_other_side() {
    let (rig, server) = (Rig::new().await, Server::start());
    let unasked = rig.call(local(&server.url()), json!({ "path": PAGE })).await;
    assert_eq!(unasked.pages, Pages::default());
    assert_eq!(noted(&rig, local(&server.url()), false, PAGE).await, Pages::default());
}

#[tokio::test]
async fn the_addresses_of_a_name_are_noted_on_every_connection() {
    let (rig, server) = (Rig::new().await, Server::start());
    let mut by_name = local(&format!("http://localhost:{}", server.address.port()));
    by_name.addresses = vec!["127.0.0.1".to_owned(), "::1".to_owned()];
    for connect in [Connect::New, Connect::Reuse, Connect::Reuse] {
        let pages = noted(&rig, HttpGrant { connect, ..by_name.clone() }, true, "/ok").await;
        let address = pages.shown.iter().find(|shown| shown.host == "127.0.0.1");
        assert_eq!(address.map(|shown| shown.via), Some(Via::Address), "{connect:?}: {pages:?}");
    }
}
