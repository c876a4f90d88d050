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

    fn compared(side: Side, ignore: Value) -> Report {
        let asked = std::cell::Cell::new(0);
        let host = FakeHost::new().on(side).origin("https://shop.example", "shop").http(move |_, request| {
            asked.set(asked.get() + 1);
            let body = json!({ "sku": "tea", "price": 3.0, "at": asked.get(), "tags": [], "a/b": null,
                "self": "https://shop.example/p/1", "path": request.path });
            Ok(reply(200, &[("Content-Type", "application/json"), ("x-build", "b7")], &body.to_string()))
        });
        let step = json!({ "name": "product", "request": { "path": "/p" },
            "same_response": { "ignore": ignore, "headers": ["X-Build"] } });
        host.rc().run::<HttpFlow>(&json!({ "target": "shop", "flow": { "steps": [step] } })).unwrap()
    }

    fn keys(report: &Report, position: &str) -> Vec<String> {
        let digests = report.digests.iter().filter(|digest| digest.position == position);
        digests.map(|digest| digest.key.clone()).collect()
    }

    #[test]
    fn the_source_answers_twice_and_the_target_is_told_once() {
        let source = compared(Side::Source, json!([]));
        let fields = [
            "product/body/at",
            "product/body/a~1b",
            "product/body/path",
            "product/body/price",
            "product/body/self",
            "product/body/sku",
            "product/body/tags",
            "product/header/content-type",
            "product/header/x-build",
            "product/status",
        ];
        let fields = fields.map(str::to_owned).to_vec();
        assert_eq!((keys(&source, "first"), keys(&source, "again")), (fields.clone(), fields));
        let names: Vec<_> = source.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["product", "product-again"], "both sides do the same work");
        let of = |report: &Report, position: &str, field: &str| {
            let key = format!("product/body/{field}");
            let found = report.digests.iter().find(|d| d.key == key && d.position == position).unwrap();
            found.hash.clone()
        };
        assert_ne!(of(&source, "first", "at"), of(&source, "again", "at"), "noise");
        assert_eq!(of(&source, "first", "price"), of(&source, "again", "price"));
        let target = compared(Side::Target, json!([]));
        assert_eq!((keys(&target, "first").len(), keys(&target, "again").len()), (10, 0));
        assert_eq!(of(&target, "first", "self"), of(&source, "first", "self"));
        assert_eq!((target.steps.len(), source.digests[0].hash.len()), (2, 16));
    }

    #[test]
    fn the_plan_leaves_fields_out() {
        let report = compared(Side::Target, json!(["body/at", "body/self", "header/x-build"]));
        assert_eq!(keys(&report, "first").len(), 7);
    }

    #[test]
    fn an_own_address_is_no_difference() {
        let seen = |origin: &'static str| {
            let host = FakeHost::new().on(Side::Target).origin(origin, "shop").http(move |_, _| {
                let page =
                    format!("<a href='{origin}/x'>x</a> <b>{origin}</b> http other https://cdn.example");
                Ok(reply(200, &[("content-type", "text/html")], &page))
            });
            let step = json!({ "name": "page", "request": { "path": "/" }, "same_response": {} });
            host.rc()
                .run::<HttpFlow>(&json!({ "target": "shop", "flow": { "steps": [step] } }))
                .unwrap()
                .digests
        };
        let told = |digests: Vec<tidelock_plugin::Digest>| -> Vec<_> {
            digests.into_iter().map(|digest| (digest.key, digest.hash)).collect()
        };
        assert_eq!(told(seen("https://shop.example")), told(seen("http://shop.new.example:8080")));
    }

    #[test]
    fn an_answer_that_failed_the_second_time_fails_the_run_and_compares_nothing() {
        let asked = std::cell::Cell::new(0);
        let host = FakeHost::new().http(move |_, _| {
            asked.set(asked.get() + 1);
            Ok(reply(if asked.get() == 2 { 500 } else { 200 }, &[], "{}"))
        });
        let step = json!({ "name": "page", "request": { "path": "/" }, "same_response": {} });
        let report =
            host.rc().run::<HttpFlow>(&json!({ "target": "shop", "flow": { "steps": [step] } })).unwrap();
        assert_eq!((report.outcome, report.digests.len()), (Outcome::Fail, 0));
        assert!(report.note.starts_with("page-again: "), "{}", report.note);
    }

    #[test]
    fn only_what_reads_is_compared() {
        for (request, same, why) in [
            (json!({ "path": "/", "method": "POST" }), json!({}), "must be a GET or a HEAD"),
            (json!({ "path": "/", "form": {} }), json!({}), "must be a GET or a HEAD"),
            (json!({ "path": "/" }), json!({ "ignore": ["items"] }), "begins with none of"),
            (json!({ "path": "/" }), json!({ "ignored": [] }), "did you mean `ignore`"),
        ] {
            let step = json!({ "name": "only", "request": request, "same_response": same });
            match run(&json!({ "target": "shop", "flow": { "steps": [step] } })) {
                Err(Trouble::BadSettings(said)) => assert!(said.contains(why), "{said}"),
                other => panic!("{other:?}"),
            }
        }
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
