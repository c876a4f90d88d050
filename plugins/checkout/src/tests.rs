//! The check against a made-up shop with one fault at a time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema, header, reply};
use tidelock_plugin::{Check, HttpRequest, HttpResponse, Outcome, Report, Trouble};

use crate::Checkout;
use crate::settings::Settings;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    None,
    /// A number and a 201, and nothing behind it.
    NothingKept,
    /// One euro more than the cart said.
    WrongTotal,
    /// The total is right in the answer and wrong in the books.
    KeptAtAnotherPrice,
    /// The key is ignored.
    TwoOrders,
    /// A repeat is answered with a conflict.
    Conflict,
    /// The order does not say that it is synthetic.
    Unmarked,
    /// Taking back is answered and does nothing.
    Stays,
    SoldOut,
    Unpayable,
}

struct Shop {
    fault: Fault,
    orders: RefCell<BTreeMap<String, Value>>,
    keys: RefCell<BTreeMap<String, String>>,
}

impl Shop {
    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let customer = header(request, "cookie").is_some_and(|cookie| cookie.contains("session=s"));
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/login") => reply(200, &[], "<input name=csrf_token value=k>"),
            ("POST", "/login") => {
                reply(303, &[("location", "/account"), ("set-cookie", "session=s; Path=/")], "")
            }
            ("GET", "/api/products") => {
                let stock = if self.fault == Fault::SoldOut { 0 } else { 9 };
                let tea = json!({ "id": "tea", "price_cents": 450, "stock": stock });
                reply(200, &[], &json!([{ "id": "cup", "price_cents": 900, "stock": 0 }, tea]).to_string())
            }
            _ if !customer => reply(401, &[], "{}"),
            ("POST", "/api/cart") => {
                assert_eq!(body, json!({ "product": "tea", "quantity": 2 }));
                reply(201, &[], r#"{"cart_id":"c1","total_cents":900}"#)
            }
            ("POST", "/api/checkout") => {
                self.pay(header(request, "idempotency-key").unwrap_or_default(), &body)
            }
            (method, path) => self.order(method, path.rsplit('/').next().unwrap_or_default()),
        }
    }

    fn pay(&self, key: &str, body: &Value) -> HttpResponse {
        assert_eq!(body["synthetic"], true);
        if self.fault == Fault::Unpayable {
            return reply(500, &[], "{}");
        }
        let known = self.keys.borrow().get(key).cloned().filter(|_| self.fault != Fault::TwoOrders);
        if known.is_some() && self.fault == Fault::Conflict {
            return reply(409, &[], "{}");
        }
        let status = if known.is_some() { 200 } else { 201 };
        let id = known.unwrap_or_else(|| format!("S-{}", 1000 + self.orders.borrow().len()));
        let total = if self.fault == Fault::WrongTotal { 1000 } else { 900 };
        let kept = if self.fault == Fault::KeptAtAnotherPrice { 901 } else { total };
        if self.fault != Fault::NothingKept {
            let order = json!({ "total_cents": kept, "synthetic": self.fault != Fault::Unmarked });
            self.orders.borrow_mut().insert(id.clone(), order);
        }
        self.keys.borrow_mut().insert(key.to_owned(), id.clone());
        reply(status, &[], &json!({ "order_id": id, "total_cents": total }).to_string())
    }

    fn order(&self, method: &str, id: &str) -> HttpResponse {
        let Some(order) = self.orders.borrow().get(id).cloned() else {
            return reply(404, &[], "{}");
        };
        if method == "DELETE" {
            if self.fault != Fault::Stays {
                self.orders.borrow_mut().remove(id);
            }
            return reply(204, &[], "");
        }
        reply(200, &[], &order.to_string())
    }
}

fn run_with(fault: Fault, extra: Value) -> (Result<Report, Trouble>, usize) {
    let shop = Rc::new(Shop { fault, orders: RefCell::default(), keys: RefCell::default() });
    let seen = shop.clone();
    let host = FakeHost::new().http(move |_, request| Ok(seen.answer(request))).rc();
    let mut settings = json!({ "target": "shop", "user": "ana", "password": "secret:pw", "quantity": 2 });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let report = host.run::<Checkout>(&settings);
    let left = shop.orders.borrow().len();
    (report, left)
}

fn failed_steps(fault: Fault) -> (Vec<String>, usize) {
    let (report, left) = run_with(fault, json!({}));
    let report = report.unwrap();
    assert_eq!(report.outcome, Outcome::Fail, "{fault:?}: {report:?}");
    let failed = report.steps.into_iter().filter(|step| step.outcome == Outcome::Fail);
    (failed.map(|step| format!("{}: {}", step.name, step.note)).collect(), left)
}

#[test]
fn an_order_is_bought_proved_and_taken_back() {
    for fault in [Fault::None, Fault::Conflict] {
        let (report, left) = run_with(fault, json!({}));
        let report = report.unwrap();
        let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
        assert_eq!(names, ["login", "browse", "cart", "pay", "total", "read-back", "once", "clean-up"]);
        assert_eq!(
            (report.measure("order_total"), report.marks[0].key.as_str(), left),
            (Some(900.0), "S-1000", 0)
        );
    }
}

#[test]
fn each_fault_is_found_at_its_step_and_nothing_is_left_behind() {
    for (fault, found, left) in [
        (Fault::WrongTotal, "total: order S-1000 costs 1000, the cart said 900", 0),
        (Fault::TwoOrders, "once: one key made two orders: S-1000 and S-1001", 0),
        (Fault::KeptAtAnotherPrice, "read-back: order S-1000 was sold at 900 and is kept at 901", 0),
        (Fault::Unmarked, "read-back: order S-1000 is not marked as synthetic", 0),
        (
            Fault::Stays,
            "clean-up: after it was taken back: /api/orders/S-1000 answered 200, expected 404 or 410",
            1,
        ),
        (Fault::SoldOut, "browse: of 2 products none is in stock", 0),
        (Fault::Unpayable, "pay: /api/checkout answered 500, expected 200-299", 0),
    ] {
        assert_eq!(failed_steps(fault), (vec![found.to_owned()], left), "{fault:?}");
    }
}

#[test]
fn a_number_without_an_order_is_a_fail() {
    let (steps, _) = failed_steps(Fault::NothingKept);
    assert_eq!(
        steps[0],
        "read-back: the shop gave the number S-1000, but: /api/orders/S-1000 answered 404, expected 200-299"
    );
}

#[test]
fn a_team_describes_its_own_way_to_an_order() {
    let flow = json!({ "steps": [
        { "name": "log-in", "request": { "path": "/login", "form": { "user": "{{user}}", "password": "{{password}}" } } },
        { "name": "cart", "request": { "path": "/api/cart", "json": { "product": "tea", "quantity": "{{quantity}}" } },
          "extract": { "cart": { "json": "/cart_id" }, "expected_total": { "json": "/total_cents" } } },
        { "name": "pay",
          "request": { "path": "/api/checkout", "headers": { "Idempotency-Key": "{{idempotency_key}}" },
                       "json": { "cart_id": "{{cart}}", "card": "{{card}}", "synthetic": true } },
          "extract": { "order_id": { "json": "/order_id" }, "total": { "json": "/total_cents" } },
          "expect": { "status": 201 } },
    ] });
    let (report, left) = run_with(Fault::None, json!({ "flow": flow }));
    assert_eq!((report.unwrap().outcome, left), (Outcome::Pass, 0));
    let (report, left) = run_with(Fault::TwoOrders, json!({ "flow": flow }));
    assert_eq!((report.unwrap().outcome, left), (Outcome::Fail, 0));
    let mut short = flow.clone();
    short["steps"].as_array_mut().unwrap().pop();
    let (report, _) = run_with(Fault::None, json!({ "flow": short }));
    let Err(Trouble::BadSettings(why)) = report else { panic!("it was taken") };
    assert!(why.starts_with("flow: its last step must be `pay`"), "{why}");
}

#[test]
fn settings_that_could_not_prove_anything_are_refused() {
    for extra in [
        json!({ "password": null }),
        json!({ "quantity": 0 }),
        json!({ "order_path": "/api/orders/last" }),
        json!({ "idempotency_header": "" }),
        json!({ "total_pointer": "total" }),
        json!({ "crd": "1" }),
    ] {
        let (report, _) = run_with(Fault::None, extra.clone());
        assert!(matches!(report, Err(Trouble::BadSettings(_))), "{extra}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&Checkout::manifest().settings_schema);
}
