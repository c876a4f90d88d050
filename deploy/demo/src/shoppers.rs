//! Customers who buy all day, through the switch, as real orders.
//!
//! They keep their sessions across the switch and try again when writes are shut, as people do; every
//! failure is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::client::{Answer, Call, Http, Jar};
use crate::random;
use crate::serve::{Listen, Running};
use crate::shop::TEST_CARD;

/// How often a customer tries while writes are shut.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// How many orders one session makes before the customer logs out.
const ORDERS_A_SESSION: u32 = 8;

/// The people who buy, with their passwords and what they like.
const PEOPLE: [(&str, &str, &str); 3] =
    [("anna", "anna-secret", "lantern"), ("bert", "bert-secret", "rope"), ("cleo", "cleo-secret", "kettle")];

/// How the customers are run.
#[derive(Clone, Debug)]
pub struct ShopperOptions {
    /// Where their counts are told.
    pub listen: Listen,
    /// The switch's URL.
    pub via: String,
    /// Orders a second, of all together.
    pub rate: f64,
}

#[derive(Debug, Default)]
struct Counts {
    logins: AtomicU64,
    orders: AtomicU64,
    failed: AtomicU64,
    shut: AtomicU64,
}

/// Starts the customers.
pub async fn start(options: ShopperOptions) -> anyhow::Result<Running> {
    anyhow::ensure!(
        options.rate.is_finite() && options.rate > 0.0,
        "{} orders a second make no customer: give a number above 0",
        options.rate
    );
    let counts = Arc::new(Counts::default());
    let pause = Duration::try_from_secs_f64(f64::from(u8::try_from(PEOPLE.len())?) / options.rate)
        .context("the rate is too small")?;
    let people = PEOPLE
        .into_iter()
        .map(|person| tokio::spawn(buy_for_ever(person, options.via.clone(), pause, Arc::clone(&counts))))
        .collect();
    let router = Router::new().route("/stats", get(stats)).with_state(counts);
    Running::start(&options.listen, router, people).await
}

async fn stats(State(counts): State<Arc<Counts>>) -> Json<Value> {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Json(json!({
        "logins": count(&counts.logins),
        "orders": count(&counts.orders),
        "failed": count(&counts.failed),
        "writes_shut": count(&counts.shut),
    }))
}

async fn buy_for_ever(person: (&str, &str, &str), via: String, pause: Duration, counts: Arc<Counts>) {
    let mut visit = Visit { via, http: Http::new(), jar: Jar::default(), counts };
    loop {
        if visit.shop(person, pause).await.is_err() {
            visit.counts.failed.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
        visit.jar = Jar::default();
    }
}

struct Visit {
    via: String,
    http: Http,
    jar: Jar,
    counts: Arc<Counts>,
}

impl Visit {
    async fn shop(
        &mut self,
        (user, password, product): (&str, &str, &str),
        pause: Duration,
    ) -> anyhow::Result<()> {
        self.log_in(user, password).await?;
        for _ in 0..ORDERS_A_SESSION {
            let wish = json!({ "product": product, "quantity": 1 });
            let cart = self.post("/api/cart", |call| call.json(&wish)).await?.good()?.json();
            let pay = json!({ "cart_id": cart["cart_id"], "card": TEST_CARD, "synthetic": false });
            let key = random::token();
            let order = self
                .post("/api/checkout", |call| call.json(&pay).header("idempotency-key", &key))
                .await?
                .good()?;
            anyhow::ensure!(order.json()["order_id"].is_string(), "an order without a number");
            self.counts.orders.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
        self.post("/logout", |call| call).await?;
        Ok(())
    }

    async fn log_in(&mut self, user: &str, password: &str) -> anyhow::Result<()> {
        let page = self.send(Call::get(format!("{}/login", self.via))).await?.good()?.text();
        let token = page
            .split_once("name=\"csrf_token\" value=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(token, _)| token.to_owned())
            .context("the login form has no csrf_token")?;
        let form = [("user", user), ("password", password), ("csrf_token", token.as_str())];
        let answer = self.post("/login", |call| call.form(&form)).await?;
        anyhow::ensure!(answer.status == StatusCode::SEE_OTHER, "the login answered {}", answer.status);
        self.counts.logins.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Posts, and tries again while writes are shut or the shop is away.
    async fn post(&mut self, path: &str, with: impl Fn(Call) -> Call) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.via);
        for _ in 1..TRIES {
            let answer = self.send(with(Call::post(&url))).await?;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(answer);
            }
            self.counts.shut.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
        self.send(with(Call::post(&url))).await
    }

    async fn send(&mut self, call: Call) -> anyhow::Result<Answer> {
        let answer = self.http.send(self.jar.fill(call)).await?;
        self.jar.keep(&answer);
        Ok(answer)
    }
}
