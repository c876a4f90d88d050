//! Each illusion: the fault shows in the business, and the naive probe stays green.

#![expect(clippy::unwrap_used, reason = "in a test a surprise is a failure")]

mod common;

use std::time::Duration;

use common::{Customer, Shop, shop_and_customer};
use serde_json::{Value, json};
use tidelock_demo::Side;
use tidelock_demo::client::Call;
use tidelock_demo::shop::Fault;

#[tokio::test]
async fn queue_nothing_is_consumed_any_more() {
    let (shop, mut customer) = shop_and_customer().await;
    shop.break_it(Fault::Queue).await;
    for key in ["a", "b"] {
        let cart = customer.cart().await;
        assert_eq!(customer.buy(&cart, key).await.status, 201);
    }
    // Every consumer round is shorter than two rounds of the jobs.
    let runs = shop.get("/api/stats").await.json()["job_runs"].as_i64();
    shop.until("/api/stats", |stats| stats["job_runs"].as_i64() > runs.map(|runs| runs + 9)).await;
    let full = shop.queue("orders").await;
    assert_eq!((&full["messages_ready"], &full["consumers"]), (&json!(2), &json!(0)));
    assert!(full["head_message_timestamp"].is_i64());
    assert!(shop.healthy().await);
    shop.fix(Fault::Queue).await;
    shop.queue_until("orders", |queue| queue["messages"] == 0).await;
}

#[tokio::test]
async fn dead_letter_orders_end_in_the_other_queue() {
    let (shop, mut customer) = shop_and_customer().await;
    shop.break_it(Fault::DeadLetter).await;
    let cart = customer.cart().await;
    customer.buy(&cart, "dead").await;
    shop.queue_until("orders-dlq", |queue| queue["messages"] == 1).await;
    assert_eq!(shop.queue("orders").await["messages"], 0);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn blind_the_monitor_sees_zero_of_zero() {
    let shop = Shop::open(Side::Source).await;
    shop.break_it(Fault::Blind).await;
    let basic = "Basic bW9uaXRvcjptb25pdG9yLXNlY3JldA==";
    let list =
        shop.http.send(Call::get(shop.url("/api/queues")).header("authorization", basic)).await.unwrap();
    assert_eq!((list.status.as_u16(), list.json()), (200, Value::Array(Vec::new())));
    let one = Call::get(shop.url("/api/queues/%2F/orders")).header("authorization", basic);
    assert_eq!(shop.http.send(one).await.unwrap().status, 404);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn login_any_password_is_right() {
    let shop = Shop::open(Side::Source).await;
    shop.break_it(Fault::Login).await;
    let mut customer = Customer::of(shop.running.url());
    assert_eq!(customer.log_in("probe", "wrong").await.status, 303);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn session_the_login_works_and_the_next_page_does_not() {
    let shop = Shop::open(Side::Source).await;
    shop.break_it(Fault::Session).await;
    let mut customer = Customer::of(shop.running.url());
    assert_eq!(customer.log_in("probe", "probe-secret").await.status, 303);
    assert_eq!(customer.get("/account").await.status, 303);
    assert!(shop.healthy().await);
    shop.fix(Fault::Session).await;
    assert_eq!(customer.get("/account").await.status, 200);
}

#[tokio::test]
async fn logout_ends_nothing() {
    let (shop, mut customer) = shop_and_customer().await;
    shop.break_it(Fault::Logout).await;
    let session = customer.jar.value("session").unwrap().to_owned();
    customer.send(Call::post(shop.url("/logout"))).await;
    let again = Call::get(shop.url("/account")).header("cookie", &format!("session={session}"));
    assert_eq!(shop.http.send(again).await.unwrap().status, 200);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn checkout_a_number_and_no_order() {
    let (shop, mut customer) = shop_and_customer().await;
    shop.break_it(Fault::Checkout).await;
    let cart = customer.cart().await;
    let order = customer.pay(&cart, "lost").await;
    assert_eq!(order.status, 201);
    let path = format!("/api/orders/{}", order.json()["order_id"].as_str().unwrap());
    assert_eq!(customer.get(&path).await.status, 404);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn payment_answers_500_and_total_a_wrong_sum() {
    let (shop, mut customer) = shop_and_customer().await;
    let cart = customer.cart().await;
    shop.break_it(Fault::Payment).await;
    assert_eq!(customer.pay(&cart, "sum").await.status, 500);
    shop.fix(Fault::Payment).await;
    shop.break_it(Fault::Total).await;
    assert_eq!(customer.pay(&cart, "sum").await.json()["total_cents"], 9_900);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn double_one_key_makes_two_orders() {
    let (shop, mut customer) = shop_and_customer().await;
    shop.break_it(Fault::Double).await;
    let cart = customer.cart().await;
    let first = customer.pay(&cart, "twice").await;
    let second = customer.pay(&cart, "twice").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_ne!(first.json()["order_id"], second.json()["order_id"]);
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn cron_a_job_runs_where_nobody_owns_it() {
    let shop = Shop::open(Side::Target).await;
    shop.break_it(Fault::Cron).await;
    let body = json!({ "product": "rope", "quantity": 1, "synthetic": false });
    let order = Call::post(shop.url("/api/v1/orders"))
        .json(&body)
        .header("idempotency-key", "cron")
        .header("authorization", "Bearer partner-demo-token");
    shop.http.send(order).await.unwrap().good().unwrap();
    shop.until("/api/stats", |stats| stats["invoices"] == 1).await;
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn down_is_the_one_fault_that_the_naive_probe_sees() {
    let shop = Shop::open(Side::Source).await;
    shop.break_it(Fault::Down).await;
    assert!(!shop.healthy().await);
    shop.fix(Fault::Down).await;
    assert!(shop.healthy().await);
}

#[tokio::test]
async fn slow_is_slow_and_still_200() {
    let shop = Shop::open(Side::Source).await;
    shop.break_it(Fault::Slow).await;
    let began = tokio::time::Instant::now();
    assert!(shop.healthy().await);
    assert!(began.elapsed() >= Duration::from_millis(1_500));
}
