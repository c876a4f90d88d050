//! How this shop sells, with defaults for a small JSON API.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tidelock_plugin::flow::{Flow, FormLogin, Vars, check};
use tidelock_plugin::{Context, Trouble};

/// The step of a flow that pays.
pub(crate) const PAY: &str = "pay";

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The shop.
    pub(crate) target: String,
    /// The synthetic customer; left out for a guest.
    pub(crate) user: Option<String>,
    /// Their password, as a secret's handle.
    pub(crate) password: Option<String>,
    /// The test instrument.
    #[serde(default = "card")]
    pub(crate) card: String,
    /// What is bought; the first product that is in stock when left out.
    pub(crate) product: Option<String>,
    /// How many of it.
    #[serde(default = "quantity")]
    pub(crate) quantity: u64,
    /// The way to an order, up to and including a step `pay`; takes the place of the paths below.
    pub(crate) flow: Option<Flow>,
    /// Where the login form is.
    #[serde(default = "login_path")]
    pub(crate) login_path: String,
    /// The element whose `value` is the CSRF token; empty for a form without one.
    #[serde(default = "csrf_selector")]
    pub(crate) csrf_selector: String,
    /// The list of products.
    #[serde(default = "products_path")]
    pub(crate) products_path: String,
    /// The product's price.
    #[serde(default = "price_field")]
    pub(crate) price_field: String,
    /// Where a cart is made.
    #[serde(default = "cart_path")]
    pub(crate) cart_path: String,
    /// Where it is paid.
    #[serde(default = "checkout_path")]
    pub(crate) checkout_path: String,
    /// Where the order is read and taken back, with `{{order_id}}`.
    #[serde(default = "order_path")]
    pub(crate) order_path: String,
    /// Where the total stands in the answers of cart, checkout and order.
    #[serde(default = "total_pointer")]
    pub(crate) total_pointer: String,
    /// Where the order says that it is synthetic; empty when it does not.
    #[serde(default = "synthetic_pointer")]
    pub(crate) synthetic_pointer: String,
    /// The header that makes paying twice one order.
    #[serde(default = "idempotency_header")]
    pub(crate) idempotency_header: String,
    /// Sent with every call to the API; templates may use what a flow has taken.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Value>,
    /// The method that takes the order back; empty when a synthetic order may stay.
    #[serde(default = "cleanup_method")]
    pub(crate) cleanup_method: String,
    /// The order can still be read after it was taken back, as cancelled.
    #[serde(default)]
    pub(crate) cleanup_keeps_order: bool,
}

fn card() -> String {
    "4242-4242-4242-4242".to_owned()
}

fn quantity() -> u64 {
    1
}

fn login_path() -> String {
    FormLogin::default().path.to_owned()
}

fn csrf_selector() -> String {
    FormLogin::default().csrf_selector.to_owned()
}

fn products_path() -> String {
    "/api/products".to_owned()
}

fn price_field() -> String {
    "price_cents".to_owned()
}

fn cart_path() -> String {
    "/api/cart".to_owned()
}

fn checkout_path() -> String {
    "/api/checkout".to_owned()
}

fn order_path() -> String {
    "/api/orders/{{order_id}}".to_owned()
}

fn total_pointer() -> String {
    "/total_cents".to_owned()
}

fn synthetic_pointer() -> String {
    "/synthetic".to_owned()
}

fn idempotency_header() -> String {
    "Idempotency-Key".to_owned()
}

fn cleanup_method() -> String {
    "DELETE".to_owned()
}

impl Settings {
    /// Reads and checks the settings.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        if self.user.is_some() != self.password.is_some() {
            return Err("user, password: give both, or neither for a guest".to_owned());
        }
        if !(1..=1000).contains(&self.quantity) {
            return Err(format!("quantity: {} is not 1 to 1000", self.quantity));
        }
        if !self.order_path.contains("{{order_id}}") {
            return Err("order_path: it must have {{order_id}} in it, or any order would do".to_owned());
        }
        if self.idempotency_header.is_empty() {
            return Err(
                "idempotency_header: without it nothing tells a second click from a second order".to_owned()
            );
        }
        for (key, pointer) in
            [("total_pointer", &self.total_pointer), ("synthetic_pointer", &self.synthetic_pointer)]
        {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(format!("{key}: `{pointer}` is no JSON pointer: it begins with `/`"));
            }
        }
        self.flow.as_ref().map_or(Ok(()), |flow| self.check_flow(flow))
    }

    fn check_flow(&self, flow: &Flow) -> Result<(), String> {
        let given = self.given("");
        let used = check(flow, given.keys().map(String::as_str))?;
        let pay = flow.steps.last().filter(|step| step.name == PAY);
        let pay =
            pay.ok_or("flow: its last step must be `pay`, which makes the order; what follows is done here")?;
        for name in ["order_id", "total"] {
            if !pay.extract.contains_key(name) {
                return Err(format!("flow: the step `pay` must take `{name}` from its answer"));
            }
        }
        if !pay.sends("idempotency_key") || !used.contains("idempotency_key") {
            return Err("flow: the step `pay` must send `{{idempotency_key}}`".to_owned());
        }
        if !flow.steps.iter().any(|step| step.extract.contains_key("expected_total"))
            && !flow.vars.contains_key("expected_total")
        {
            return Err("flow: an earlier step must take `expected_total`, which the order is held against"
                .to_owned());
        }
        Ok(())
    }

    /// What templates are given.
    pub(crate) fn given(&self, key: &str) -> Vars {
        let mut given: Vars = [("card", self.card.as_str()), ("idempotency_key", key)]
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .into_iter()
            .collect();
        given.insert("quantity".to_owned(), self.quantity.into());
        for (name, value) in [("user", &self.user), ("password", &self.password), ("product", &self.product)]
        {
            given.extend(value.as_ref().map(|value| (name.to_owned(), Value::from(value.as_str()))));
        }
        given
    }
}
