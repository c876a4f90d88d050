//! What one shop does while nothing is broken.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod common;

use common::{Customer, Shop, TOKEN, shop_and_customer};
use http::Method;
use serde_json::json;
use tidelock_demo::Side;
use tidelock_demo::client::Call;
use tidelock_demo::shop::{PARTNER_TOKEN, TEST_CARD};

#[tokio::test]
async fn a_login_leads_to_the_account_and_a_logout_really_ends_it() {
    let (shop, mut customer) = shop_and_customer().await;
    let page = customer.get("/account").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Signed in as probe"));
    assert_eq!(page.header("x-build"), Some("test+source"));
    let session = customer.jar.value("session").unwrap().to_owned();
    customer.send(Call::post(shop.url("/logout"))).await;
    let again = Call::get(shop.url("/account")).header("cookie", &format!("session={session}"));
    assert_eq!(shop.http.send(again).await.unwrap().status, 303);
}

#[tokio::test]
async fn a_wrong_password_is_401_and_a_foreign_form_403() {
    let shop = Shop::open(Side::Source).await;
    let mut customer = Customer::of(shop.running.url());
    assert_eq!(customer.log_in("probe", "wrong").await.status, 401);
    assert_eq!(customer.log_in("nobody", "probe-secret").await.status, 401);
    let form = [("user", "probe"), ("password", "probe-secret"), ("csrf_token", "Zm9yZ2Vk")];
    assert_eq!(customer.send(Call::post(shop.url("/login")).form(&form)).await.status, 403);
    assert_eq!(customer.get("/account").await.status, 303);
}

#[tokio::test]
async fn a_token_login_opens_the_same_session() {
    let shop = Shop::open(Side::Source).await;
    let mut customer = Customer::of(shop.running.url());
    let wrong = customer.post("/api/login", &json!({ "user": "probe", "password": "no" })).await;
    assert_eq!(wrong.status, 401);
    let right = customer.post("/api/login", &json!({ "user": "probe", "password": "probe-secret" })).await;
    let bearer = format!("Bearer {}", right.json()["token"].as_str().unwrap());
    let page =
        shop.http.send(Call::get(shop.url("/account")).header("authorization", &bearer)).await.unwrap();
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_new_customer_can_register_once() {
    let shop = Shop::open(Side::Source).await;
    let mut customer = Customer::of(shop.running.url());
    let dora = json!({ "user": "dora", "password": "dora-secret" });
    assert_eq!(customer.post("/api/register", &dora).await.status, 201);
    assert_eq!(customer.post("/api/register", &dora).await.status, 409);
    assert_eq!(customer.log_in("dora", "dora-secret").await.status, 303);
}

#[tokio::test]
async fn one_key_makes_one_order_that_can_be_read_and_cleaned_up() {
    let (shop, mut customer) = shop_and_customer().await;
    let cart = customer.cart().await;
    let first = customer.pay(&cart, "key-1").await;
    assert_eq!(first.status, 201);
    assert_eq!(first.json()["total_cents"], 9_800);
    let again = customer.pay(&cart, "key-1").await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    let id = first.json()["order_id"].as_str().unwrap().to_owned();
    assert_eq!(customer.get(&format!("/api/orders/{id}")).await.json()["total_cents"], 9_800);
    assert_eq!(shop.get("/api/stats").await.json()["orders"], 1);
    let gone = customer.send(Call::new(Method::DELETE, shop.url(&format!("/api/orders/{id}")))).await;
    assert_eq!(gone.status, 204);
    assert_eq!(customer.get(&format!("/api/orders/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_synthetic_order_is_kept_and_never_worked_on() {
    let (shop, mut customer) = shop_and_customer().await;
    let (checked, bought) = (customer.cart().await, customer.cart().await);
    let order = customer.pay(&checked, "check").await.json();
    customer.buy(&bought, "real").await;
    // The consumer has passed once the real one is confirmed.
    let queue = shop.queue_until("orders", |queue| queue["message_stats"]["ack"] == 1).await;
    assert_eq!(queue["message_stats"]["publish"], 1);
    let path = format!("/api/orders/{}", order["order_id"].as_str().unwrap());
    assert_eq!(customer.get(&path).await.json()["state"], "placed");
}

#[tokio::test]
async fn checkout_refuses_strangers_other_cards_missing_keys_and_spent_carts() {
    let (shop, mut customer) = shop_and_customer().await;
    let cart = customer.cart().await;
    let mut stranger = Customer::of(shop.running.url());
    assert_eq!(stranger.pay(&cart, "k").await.status, 401);
    let body = json!({ "cart_id": cart, "card": "4000-0000-0000-0002" });
    let call = Call::post(shop.url("/api/checkout")).json(&body).header("idempotency-key", "k");
    assert_eq!(customer.send(call).await.status, 402);
    let body = json!({ "cart_id": cart, "card": TEST_CARD });
    assert_eq!(customer.post("/api/checkout", &body).await.status, 400);
    assert_eq!(customer.pay(&cart, "k").await.status, 201);
    assert_eq!(customer.pay(&cart, "another").await.status, 404);
    assert_eq!(customer.post("/api/cart", &json!({ "product": "moon", "quantity": 1 })).await.status, 404);
    assert_eq!(customer.post("/api/cart", &json!({ "product": "rope", "quantity": 0 })).await.status, 400);
}

#[tokio::test]
async fn a_real_order_is_never_deleted() {
    let (shop, mut customer) = shop_and_customer().await;
    let cart = customer.cart().await;
    let body = json!({ "cart_id": cart, "card": TEST_CARD, "synthetic": false });
    let call = Call::post(shop.url("/api/checkout")).json(&body).header("idempotency-key", "real");
    let order = customer.send(call).await.json();
    let path = format!("/api/orders/{}", order["order_id"].as_str().unwrap());
    assert_eq!(customer.send(Call::new(Method::DELETE, shop.url(&path))).await.status, 409);
    shop.queue_until("mail", |queue| queue["message_stats"]["ack"] == 1).await;
    assert_eq!(customer.get(&path).await.json()["state"], "confirmed");
    shop.until("/api/stats", |stats| stats["invoices"] == 1).await;
}

#[tokio::test]
async fn partners_order_with_their_token_alone() {
    let shop = Shop::open(Side::Target).await;
    let body = json!({ "product": "rope", "quantity": 3, "synthetic": true });
    let call = || Call::post(shop.url("/api/v1/orders")).json(&body).header("idempotency-key", "p-1");
    assert_eq!(shop.http.send(call()).await.unwrap().status, 401);
    let bearer = format!("Bearer {PARTNER_TOKEN}");
    let made = shop.http.send(call().header("authorization", &bearer)).await.unwrap();
    assert_eq!((made.status.as_u16(), made.json()["total_cents"].as_i64()), (201, Some(7_350)));
    assert!(made.json()["order_id"].as_str().unwrap().starts_with("T-"));
    let again = shop.http.send(call().header("authorization", &bearer)).await.unwrap();
    assert_eq!((again.status.as_u16(), again.json()), (200, made.json()));
}

#[tokio::test]
async fn the_queues_are_told_as_the_broker_tells_them() {
    let (shop, mut customer) = shop_and_customer().await;
    assert_eq!(shop.get("/api/queues").await.status, 401);
    let idle = shop.queue("orders").await;
    assert_eq!((&idle["messages"], &idle["consumers"]), (&json!(0), &json!(1)));
    assert!(idle.get("message_stats").is_none());
    let cart = customer.cart().await;
    customer.buy(&cart, "q-1").await;
    let drained = shop.queue_until("orders", |queue| queue["message_stats"]["ack"] == 1).await;
    assert_eq!(drained["message_stats"]["publish"], 1);
    assert_eq!(drained["messages"], 0);
    let basic = "Basic bW9uaXRvcjptb25pdG9yLXNlY3JldA==";
    for (path, status) in [
        ("/api/queues/%2F/unknown", 404),
        ("/api/queues/other/orders", 404),
        ("/api/queues/shop/orders", 200),
        ("/api/queues", 200),
        ("/api/overview", 200),
    ] {
        let answer = shop.http.send(Call::get(shop.url(path)).header("authorization", basic)).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
    }
}

#[tokio::test]
async fn jobs_run_on_the_source_alone_until_they_are_given_away() {
    let source = Shop::open(Side::Source).await;
    let target = Shop::open(Side::Target).await;
    let owned = target.control(Call::get(target.url("/_demo/jobs"))).await;
    assert_eq!(owned, json!({ "invoice-nightly": false, "stock-sync": false, "abandoned-cart": false }));
    let call = Call::post(source.url("/_demo/jobs")).json(&json!({ "job": "stock-sync", "enabled": false }));
    assert_eq!(source.control(call).await["stock-sync"], false);
    let call = Call::post(source.url("/_demo/jobs")).json(&json!({ "job": "no-such", "enabled": true }));
    let refused = source.http.send(call.header("x-demo-token", TOKEN)).await.unwrap();
    assert_eq!(refused.status, 404);
    source.until("/api/stats", |stats| stats["job_runs"].as_i64() > Some(6)).await;
    assert_eq!(target.get("/api/stats").await.json()["job_runs"], 0);
}

#[tokio::test]
async fn control_and_feed_need_the_token() {
    let shop = Shop::open(Side::Source).await;
    for path in ["/_demo/faults", "/_demo/jobs", "/_feed/changes?stream=data&after=0"] {
        assert_eq!(shop.get(path).await.status, 403, "{path}");
    }
    let wrong = Call::post(shop.url("/_demo/faults/down")).header("x-demo-token", "guess");
    assert_eq!(shop.http.send(wrong).await.unwrap().status, 403);
    assert!(shop.healthy().await);
}
