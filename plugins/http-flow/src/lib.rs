//! Any scenario, described by its steps.
//!
//! Most teams have one business function that no ready-made check knows. They write down what a visitor
//! does, as a flow in the plan, and need no code.

use tidelock_plugin::flow::{FlowSettings, Player, play_all};
use tidelock_plugin::prelude::*;

/// The plugin.
pub struct HttpFlow;

impl Check for HttpFlow {
    fn manifest() -> Manifest {
        Manifest::new(
            "http-flow",
            env!("CARGO_PKG_VERSION"),
            "Every step of the flow was answered as the flow expects, in order, by one visitor with cookies.",
        )
        .blind_spot("It sees only what the flow's expectations name: a wrong page with the right status passes a status check.")
        .blind_spot("It runs no scripts: what a browser builds in JavaScript is not there.")
        .needs_http("target")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = FlowSettings::parse(ctx.settings_text())?;
        ctx.scenario(|run| {
            let mut player = Player::new(ctx, &settings.target, settings.given.clone());
            play_all(&settings.flow, &mut player, run)
        })
    }
}

tidelock_plugin::export!(HttpFlow);

#[cfg(test)]
mod tests {
    use super::*;
    use tidelock_plugin::testing::{FakeHost, reply};

    fn run(settings: &Value) -> Result<Report, Trouble> {
        let host = FakeHost::new().http(|_, request| {
            Ok(match request.path.as_str() {
                "/api/products" => reply(200, &[], r#"[{"sku":"tea","stock":3}]"#),
                _ => reply(404, &[], ""),
            })
        });
        host.rc().run::<HttpFlow>(settings)
    }

    fn products(stock: Value) -> Value {
        json!({
            "target": "shop",
            "sku": "tea",
            "flow": { "steps": [{
                "name": "products",
                "request": { "path": "/api/products" },
                "expect": { "json": { "/0/sku": "{{sku}}", "/0/stock": stock } }
            }] }
        })
    }

    #[test]
    fn a_flow_that_is_answered_as_expected_passes() {
        let report = run(&products(json!({ "at_least": 1 }))).unwrap();
        assert_eq!((report.outcome, report.steps[0].name.as_str()), (Outcome::Pass, "products"));
    }

    #[test]
    fn a_flow_that_is_answered_otherwise_fails() {
        let report = run(&products(json!({ "at_least": 4 }))).unwrap();
        assert_eq!(
            (report.outcome, report.note.as_str()),
            (Outcome::Fail, "products: /0/stock is 3, less than 4")
        );
    }

    #[test]
    fn settings_without_a_flow_are_refused() {
        let refused = run(&json!({ "target": "shop" }));
        assert_eq!(refused, Err(Trouble::BadSettings("the key `flow` is missing".to_owned())));
    }

    #[test]
    fn the_manifest_names_its_target_and_its_schema_is_json() {
        let manifest = HttpFlow::manifest();
        assert_eq!(manifest.needs[0].setting, "target");
        assert!(serde_json::from_str::<Value>(&manifest.settings_schema).is_ok());
    }
}
