//! What is noted of made-up answers.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::host::net::Resolved;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    Answer {
        status,
        headers: map,
        body: body.as_bytes().to_vec(),
        connect: Duration::ZERO,
        tls: Duration::ZERO,
        first_byte: Duration::ZERO,
        transfer: Duration::ZERO,
        total: Duration::ZERO,
        resolved: Arc::default(),
    }
}

fn shop() -> Origin {
    Origin::parse_target("https://shop.example").unwrap()
}

fn noted(looks: &[(&str, Answer)]) -> WirePages {
    let mut notes = Notes::default();
    let mut scrubber = Scrubber::default();
    scrubber.learn("token", "hunter22");
    for (path, answer) in looks {
        notes.look(&shop(), path, answer, &scrubber);
    }
    notes.told()
}

fn told(pages: &WirePages) -> Vec<String> {
    let word = |shown: &WireShown| format!("{} {:?} {} {}", shown.page, shown.via, shown.host, shown.url);
    pages.shown.iter().map(word).collect()
}

#[test]
fn a_page_is_listed_with_what_it_shows_and_without() {
    let pages = noted(&[
        ("/?q=1", answer(200, &[("content-type", "text/html")], r#"<a href="https://old.example/a">"#)),
        (
            "/cart",
            answer(
                200,
                &[],
                r#"<a href="/own"><a href="https://shop.example/x"><a href="http://SHOP.example/">"#,
            ),
        ),
        ("/go", answer(302, &[("location", "//old.example/b?token=hunter22")], "")),
        ("/stay", answer(302, &[("location", "/cart")], "")),
        ("/broken", answer(500, &[], "https://old.example/")),
    ]);
    assert_eq!(
        pages.seen,
        [
            "https://shop.example/",
            "https://shop.example/cart",
            "https://shop.example/go",
            "https://shop.example/stay"
        ]
    );
    assert_eq!(
        told(&pages),
        [
            "https://shop.example/ Link old.example https://old.example/a",
            "https://shop.example/go Redirect old.example https://old.example/b",
        ]
    );
    assert!(!pages.cut);
}

#[test]
fn a_name_is_noted_with_all_its_addresses() {
    let mut page = answer(200, &[], "");
    let addresses = vec!["203.0.113.7".parse().unwrap(), "::ffff:203.0.113.8".parse().unwrap()];
    page.resolved = Arc::new(Resolved { addresses });
    assert_eq!(
        told(&noted(&[("/", page)])),
        [
            "https://shop.example/ Address 203.0.113.7 https://shop.example",
            "https://shop.example/ Address 203.0.113.8 https://shop.example",
        ]
    );
}

#[tokio::test]
async fn a_name_is_noted_with_its_aliases_once() {
    let shared = Shared::default();
    shared.learn_aliases("shop.example", vec!["lb.old.example".to_owned()]);
    let mut notes = Notes::default();
    for path in ["/a", "/b"] {
        notes.look(&shop(), path, &answer(200, &[], ""), &Scrubber::default());
    }
    let pages = notes.finish(&shared, &Scrubber::default()).await;
    assert_eq!(told(&pages), ["https://shop.example/a Alias lb.old.example https://shop.example"]);
    assert!(!pages.cut);
}

#[test]
fn what_names_one_thing_is_no_page_of_its_own() {
    let page = |path: &str| name(&shop(), path).replace("https://shop.example", "");
    for (path, want) in [
        ("/orders/17", "/orders/*"),
        ("/orders/0af7651916cd43dd/items", "/orders/*/items"),
        ("/orders/5f1c0f5e-7a44-4f5e-9d3c-1b2a3c4d5e6f", "/orders/*"),
        ("/v1/products", "/v1/products"),
        ("/2fa", "/2fa"),
        ("/feedface", "/feedface"),
        ("/o/order-2026-000017", "/o/*"),
    ] {
        assert_eq!(page(path), want);
    }
}

#[test]
fn no_secret_is_noted() {
    let pages = noted(&[("/hunter22/x", answer(200, &[], "https://old.example/hunter22"))]);
    let all = format!("{pages:?}");
    assert!(!all.contains("hunter22") && all.contains("[secret:token]"), "{all}");
}

#[test]
fn a_picture_is_not_read_and_two_bytes_a_letter_is_said() {
    let link = "https://old.example/";
    assert!(noted(&[("/a", answer(200, &[("content-type", "image/png")], link))]).shown.is_empty());
    assert_eq!(noted(&[("/a", answer(200, &[("content-type", "image/svg+xml")], link))]).shown.len(), 1);
    assert!(noted(&[("/a", answer(200, &[("content-type", "text/html; charset=UTF-16LE")], ""))]).cut);
}

#[test]
fn places_come_before_pages_and_what_does_not_fit_is_said() {
    let links =
        |from: usize, to: usize| (from..to).map(|n| format!("https://h{n}.example/ ")).collect::<String>();
    let many: Vec<(String, Answer)> =
        (0..10).map(|n| (format!("/p{n}"), answer(200, &[], &links(0, 20)))).collect();
    let many: Vec<(&str, Answer)> = many
        .iter()
        .map(|(path, a)| (path.as_str(), answer(a.status, &[], &String::from_utf8_lossy(&a.body))))
        .collect();
    let pages = noted(&many);
    assert_eq!((pages.seen.len(), pages.shown.len(), pages.cut), (10, 64, false));
    assert!(pages.shown[..20].iter().all(|shown| shown.page.ends_with("/p0")));
    let pages = noted(&[("/", answer(200, &[], &links(0, 65)))]);
    assert_eq!((pages.shown.len(), pages.cut), (64, true));
    let many: Vec<String> = (0..65).map(|n| format!("/{}", "x".repeat(n + 1))).collect();
    let many: Vec<(&str, Answer)> = many.iter().map(|path| (path.as_str(), answer(200, &[], ""))).collect();
    let pages = noted(&many);
    assert_eq!((pages.seen.len(), pages.cut), (64, true));
}
