//! The way to an order: log in, browse, fill a cart, pay.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidelock_plugin::flow::{Expect, Extract, FlowStep, FormLogin, Halt, Match, Player, Request, Statuses};
use tidelock_plugin::{Context, Reply, Scenario, Stop, ensure};

use crate::settings::{PAY, Settings};

/// An order that the shop says it has made.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) total: f64,
    pub(crate) expected_total: f64,
    /// The step that paid, to be sent again.
    pub(crate) paid_by: FlowStep,
}

/// The synthetic customer.
pub(crate) struct Shopper<'c> {
    pub(crate) settings: &'c Settings,
    pub(crate) player: Player<'c>,
}

impl<'c> Shopper<'c> {
    pub(crate) fn new(ctx: &'c Context, settings: &'c Settings) -> Shopper<'c> {
        let key = format!("tidelock-{}-{}-{}", ctx.side_name(), ctx.round(), ctx.random_hex(8));
        Shopper { settings, player: Player::new(ctx, &settings.target, settings.given(&key)) }
    }

    /// Goes the whole way.
    pub(crate) fn buy(&mut self, run: &mut Scenario) -> Result<Order, Stop> {
        match self.settings.flow.clone() {
            Some(flow) => {
                self.player.declare(&flow)?;
                for step in &flow.steps {
                    self.take(step, run)?;
                    if step.name == PAY {
                        return self.order(step.clone());
                    }
                }
                Err(Stop::blind("the flow has no step `pay`"))
            }
            None => self.usual_way(run),
        }
    }

    fn usual_way(&mut self, run: &mut Scenario) -> Result<Order, Stop> {
        if self.settings.user.is_some() {
            run.step("login", |_| self.log_in())?;
        }
        run.step("browse", |step| {
            let seen = self.browse()?;
            step.note(seen);
            Ok(())
        })?;
        self.take(&self.cart(), run)?;
        let pay = self.pay();
        self.take(&pay, run)?;
        self.order(pay)
    }

    /// Takes one step and records it.
    pub(crate) fn take(&mut self, step: &FlowStep, run: &mut Scenario) -> Result<Reply, Stop> {
        let player = &mut self.player;
        run.step(&step.name, |notes| {
            let reply = player.play(step).map_err(|halt| halt.stop)?;
            notes.note(format!("{} answered {}", reply.path, reply.status));
            Ok(reply)
        })
    }

    /// Takes a step again without recording it.
    pub(crate) fn again(&mut self, step: &FlowStep) -> Result<Reply, Halt> {
        self.player.play(step)
    }

    fn log_in(&mut self) -> Result<(), Stop> {
        let form = FormLogin {
            path: &self.settings.login_path,
            csrf_selector: &self.settings.csrf_selector,
            ..FormLogin::default()
        };
        for step in form.steps() {
            self.player.play(&step).map_err(|halt| halt.stop.at(&step.name))?;
        }
        Ok(())
    }

    /// Chooses the product and remembers what it must cost.
    fn browse(&mut self) -> Result<String, Stop> {
        let list = self.call("products", &self.settings.products_path);
        let products = self.player.play(&list).map_err(|halt| halt.stop)?.json()?;
        let products = products.as_array().ok_or_else(|| Stop::Wrong("the answer is no list".to_owned()))?;
        let quantity = self.settings.quantity;
        let fits = |product: &&Value| match &self.settings.product {
            Some(wanted) => product["id"] == json!(wanted),
            None => product.get("stock").is_none_or(|stock| stock.as_u64() >= Some(quantity)),
        };
        let Some(product) = products.iter().find(fits) else {
            let wanted = self.settings.product.as_deref().unwrap_or("in stock");
            return Err(Stop::Wrong(format!("of {} products none is {wanted}", products.len())));
        };
        let price = product[&self.settings.price_field].as_u64();
        let price = price.ok_or_else(|| Stop::Wrong(format!("{} has no whole price", product["id"])))?;
        ensure!(price > 0, "{} costs nothing", product["id"]);
        self.player.vars.insert("product".to_owned(), product["id"].clone());
        self.player.vars.insert("expected_total".to_owned(), json!(price.saturating_mul(quantity)));
        Ok(format!("{quantity} of {} at {price}", product["id"]))
    }

    /// A call to the API with the plan's headers.
    pub(crate) fn call(&self, name: &str, path: &str) -> FlowStep {
        let headers = self.settings.headers.clone();
        FlowStep {
            name: name.to_owned(),
            request: Request { path: path.to_owned(), headers, ..Request::default() },
            expect: Expect { status: Some(Statuses::ranges(&[(200, 299)])), ..Expect::default() },
            ..FlowStep::default()
        }
    }

    fn cart(&self) -> FlowStep {
        let mut step = self.call("cart", &self.settings.cart_path);
        step.request.json = Some(json!({ "product": "{{product}}", "quantity": "{{quantity}}" }));
        step.extract = taken(&[("cart_id", "/cart_id")]);
        let total = Match::equals(json!("{{expected_total}}"));
        step.expect.json = BTreeMap::from([(self.settings.total_pointer.clone(), total)]);
        step
    }

    fn pay(&self) -> FlowStep {
        let mut step = self.call(PAY, &self.settings.checkout_path);
        step.request.headers.insert(self.settings.idempotency_header.clone(), json!("{{idempotency_key}}"));
        step.request.json = Some(json!({ "cart_id": "{{cart_id}}", "card": "{{card}}", "synthetic": true }));
        step.extract = taken(&[("order_id", "/order_id"), ("total", &self.settings.total_pointer)]);
        step
    }

    /// The order as the last answer told it.
    pub(crate) fn order(&self, paid_by: FlowStep) -> Result<Order, Stop> {
        let value = |name: &str| self.player.vars.get(name).cloned().unwrap_or_default();
        let number = |name: &str| {
            let value = value(name);
            let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
            number.ok_or_else(|| Stop::Wrong(format!("{name} is {value}, which is no number")))
        };
        let id = match value("order_id") {
            Value::String(id) => id,
            Value::Number(id) => id.to_string(),
            other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(Stop::Wrong(format!("the order's id is {other}")));
            }
        };
        ensure!(!id.is_empty(), "the order's id is empty");
        Ok(Order { id, total: number("total")?, expected_total: number("expected_total")?, paid_by })
    }
}

fn taken(places: &[(&str, &str)]) -> BTreeMap<String, Extract> {
    let place = |pointer: &str| Extract { json: Some(pointer.to_owned()), ..Extract::default() };
    places.iter().map(|(name, pointer)| ((*name).to_owned(), place(pointer))).collect()
}
