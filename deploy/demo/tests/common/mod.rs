//! One shop inside the test, and a customer who visits it.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tidelock_demo::client::{Answer, Call, Http, Jar};
use tidelock_demo::serve::{Listen, Running};
use tidelock_demo::shop::{self, Fault, ShopOptions, TEST_CARD};
use tidelock_demo::{Side, TOKEN_HEADER};

pub(crate) const TOKEN: &str = "test-token";

/// A shop of the test's own, with its folder.
pub(crate) struct Shop {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
    pub(crate) http: Http,
    side: Side,
}

impl Shop {
    pub(crate) async fn open(side: Side) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let options = ShopOptions {
            side,
            listen: Listen::free(),
            db: folder.path().join("shop.db"),
            build: format!("test+{side}"),
            token: TOKEN.to_owned(),
            job_every: Duration::from_millis(100),
        };
        let running = shop::start(options).await.unwrap();
        Shop { running, folder, http: Http::new(), side }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.http.send(Call::get(self.url(path))).await.unwrap()
    }

    pub(crate) async fn control(&self, call: Call) -> Value {
        self.http.send(call.header(TOKEN_HEADER, TOKEN)).await.unwrap().good().unwrap().json()
    }

    pub(crate) async fn break_it(&self, fault: Fault) {
        self.control(Call::post(self.url(&format!("/_demo/faults/{fault}")))).await;
    }

    pub(crate) async fn fix(&self, fault: Fault) {
        self.control(Call::new(http::Method::DELETE, self.url(&format!("/_demo/faults/{fault}")))).await;
    }

    pub(crate) async fn healthy(&self) -> bool {
        self.get("/healthz").await.status == 200
    }

    pub(crate) async fn queue(&self, name: &str) -> Value {
        // monitor:monitor-secret
        let call = Call::get(self.url(&format!("/api/queues/%2F/{name}")))
            .header("authorization", "Basic bW9uaXRvcjptb25pdG9yLXNlY3JldA==");
        self.http.send(call).await.unwrap().good().unwrap().json()
    }

    /// Asks until `yes`, at most ten seconds.
    pub(crate) async fn until(&self, path: &str, yes: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..400 {
            last = self.get(path).await.json();
            if yes(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} {path} never became so: {last}", self.side);
    }

    pub(crate) async fn queue_until(&self, name: &str, yes: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..400 {
            last = self.queue(name).await;
            if yes(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the queue {name} never became so: {last}");
    }
}

/// Somebody with cookies.
pub(crate) struct Customer {
    pub(crate) base: String,
    pub(crate) http: Http,
    pub(crate) jar: Jar,
}

impl Customer {
    pub(crate) fn of(base: impl Into<String>) -> Customer {
        Customer { base: base.into(), http: Http::new(), jar: Jar::default() }
    }

    pub(crate) async fn send(&mut self, call: Call) -> Answer {
        let answer = self.http.send(self.jar.fill(call)).await.unwrap();
        self.jar.keep(&answer);
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Call::get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(Call::post(format!("{}{path}", self.base)).json(body)).await
    }

    pub(crate) async fn log_in(&mut self, user: &str, password: &str) -> Answer {
        let page = self.get("/login").await.text();
        let token = page.split_once("csrf_token\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        let form = [("user", user), ("password", password), ("csrf_token", token.as_str())];
        self.send(Call::post(format!("{}/login", self.base)).form(&form)).await
    }

    /// A cart of two lanterns: its id.
    pub(crate) async fn cart(&mut self) -> String {
        let cart =
            self.post("/api/cart", &json!({ "product": "lantern", "quantity": 2 })).await.good().unwrap();
        assert_eq!(cart.json()["total_cents"], 9_800);
        cart.json()["cart_id"].as_str().unwrap().to_owned()
    }

    /// Pays as a check does: the order is kept, and nobody works on it.
    pub(crate) async fn pay(&mut self, cart: &str, key: &str) -> Answer {
        self.checkout(cart, key, true).await
    }

    /// Pays as a customer does.
    pub(crate) async fn buy(&mut self, cart: &str, key: &str) -> Answer {
        self.checkout(cart, key, false).await
    }

    async fn checkout(&mut self, cart: &str, key: &str, synthetic: bool) -> Answer {
        let body = json!({ "cart_id": cart, "card": TEST_CARD, "synthetic": synthetic });
        let call =
            Call::post(format!("{}/api/checkout", self.base)).json(&body).header("idempotency-key", key);
        self.send(call).await
    }
}

/// A shop with a customer who is logged in.
pub(crate) async fn shop_and_customer() -> (Shop, Customer) {
    let shop = Shop::open(Side::Source).await;
    let mut customer = Customer::of(shop.running.url());
    assert_eq!(customer.log_in("probe", "probe-secret").await.status, 303);
    (shop, customer)
}
