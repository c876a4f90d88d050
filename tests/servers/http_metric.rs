//! A number is what the source of numbers tells now: by PromQL from a real Prometheus, or by pointer from a page.
//! What tells nothing is never zero, and a claim is weighed on the number itself.

use serde_json::json;
use tidelock_model::{Cause, Outcome};
use tidelock_tests::{SHOPS_PLAN, World, WorldOptions, eventually};

use crate::child::free_port;
use crate::page::Page;
use crate::prometheus::{Prometheus, reads};
use crate::rig::{Check, fails, measured, not_run_for, passes, says};

/// Two series, one of which has no number, and real traffic.
fn shop(errors: u32) -> String {
    format!(
        "# TYPE shop_errors gauge\nshop_errors{{host=\"a\"}} {errors}\nshop_errors{{host=\"b\"}} 3\n\
         # TYPE shop_ratio gauge\nshop_ratio NaN\n\
         # TYPE shop_requests_total counter\nshop_requests_total{{code=\"200\"}} 97\n\
         shop_requests_total{{code=\"503\"}} 3\n"
    )
}

async fn asks(prometheus: &Prometheus, settings: serde_json::Value) -> Check {
    let mut check = Check::new("http-metric", settings).await;
    check.grant(prometheus.grant());
    check
}

#[tokio::test]
async fn a_query_gives_one_number_or_the_run_says_why_not() {
    let page = Page::start(&shop(2));
    let mut prometheus = Prometheus::start(&page);
    prometheus.until("sum(shop_errors)", &["5"]);
    let mut check =
        asks(&prometheus, json!({ "target": "t", "queries": { "errors": "sum(shop_errors)" } })).await;

    // A vector of one, a scalar, and a query whose signs a URL has no room for.
    for (query, number) in [
        ("sum(shop_errors)", 5.0),
        ("scalar(sum(shop_errors)) * 100 / 50", 10.0),
        ("sum(shop_errors{host=~\"a|b\", host!=\"b\"}) + 1 > 0", 3.0),
    ] {
        check.settings["queries"]["errors"] = query.into();
        let result = check.run().await;
        passes(&result);
        assert!((measured(&result, "errors") - number).abs() < 1e-9, "{query}: {result:?}");
    }

    for (query, words) in [
        ("shop_failures", "the query has no sample, which is not zero: shop_failures"),
        ("sum(shop_errors) > 100", "the query has no sample, which is not zero: sum(shop_errors) > 100"),
        ("shop_errors", "the query gives 2 series, not one number: sum it: shop_errors"),
        ("shop_ratio", "the query gives NaN: shop_ratio"),
        ("scalar(shop_errors)", "the query gives NaN: scalar(shop_errors)"),
        ("sum(shop_errors) / 0", "the query gives inf: sum(shop_errors) / 0"),
        ("shop_errors[1m]", "the query gives a matrix, not one number: sum it"),
        ("\"five\"", "the query gives a string, not one number: sum it"),
        // Prometheus' own words, from an answer with the status 400.
        ("sum((", "Prometheus refuses the query: invalid parameter \"query\": "),
        ("sum((", "parse error: unclosed left parenthesis"),
    ] {
        check.settings["queries"]["errors"] = query.into();
        let result = check.run().await;
        not_run_for(&result, Cause::CouldNotLook, words);
        assert!(result.report.measures.is_empty(), "{query}: {result:?}");
    }

    // Of two numbers one cannot be had: the run says which, and is no half answer.
    let two = json!({ "errors": "sum(shop_errors)", "gone": "shop_failures" });
    let result = asks(&prometheus, json!({ "target": "t", "queries": two })).await.run().await;
    not_run_for(&result, Cause::CouldNotLook, "gone: the query has no sample");

    counts(&prometheus).await;

    // Nobody is scraped any more: the last value is not told for ever.
    check.settings["queries"]["errors"] = "sum(shop_errors)".into();
    passes(&check.run().await);
    page.fail(503);
    prometheus.until("sum(shop_errors)", &[]);
    not_run_for(&check.run().await, Cause::CouldNotLook, "no sample, which is not zero");

    // A target that does not answer is a fault of the target.
    prometheus.stop();
    let result = check.run().await;
    fails(&result, "takes no connection");
    assert!(result.report.measures.is_empty(), "{result:?}");
}

/// Real traffic as Prometheus counts it.
async fn counts(prometheus: &Prometheus) {
    let (ok, total) = ("sum(shop_requests_total{code!~'5..'})", "sum(shop_requests_total)");
    let counts = |ok: &str, total: &str| json!({ "target": "t", "counts": { "ok": ok, "total": total } });
    let result = asks(prometheus, counts(ok, total)).await.run().await;
    assert_eq!(passes(&result), "97 of 100 were fine");
    assert!((measured(&result, "ok_percent") - 97.0).abs() < 1e-9, "{result:?}");
    let counted = result.report.counts.as_ref().map(|counts| (counts.ok, counts.total));
    assert_eq!(counted, Some((97, 100)));
    let result = asks(prometheus, counts(total, ok)).await.run().await;
    not_run_for(
        &result,
        Cause::CouldNotLook,
        "100 of 97 are fine: the two queries do not count the same thing",
    );
}

#[tokio::test]
async fn a_pointer_leads_to_a_number_or_the_run_says_why_not() {
    let document = json!({ "queues": [{ "depth": 12, "rate": " 3.5 ", "name": "orders", "odd": "NaN", "on": true,
        "last": null, "all": [1], "a/b": 7 }] });
    let page = Page::start(&document.to_string());
    let settings = json!({ "target": "t", "path": "/stats", "pointers": { "depth": "/queues/0/depth" } });
    let mut check = Check::new("http-metric", settings).await;
    check.grant(reads(page.port));
    for (pointer, number) in [("/queues/0/depth", 12.0), ("/queues/0/rate", 3.5), ("/queues/0/a~1b", 7.0)] {
        check.settings["pointers"]["depth"] = pointer.into();
        let result = check.run().await;
        passes(&result);
        assert!((measured(&result, "depth") - number).abs() < 1e-9, "{pointer}: {result:?}");
    }
    for missing in
        ["/queues/1/depth", "/queue", "/queues/0/name", "/queues/0/odd", "/queues/0/on", "/queues/0/last"]
    {
        check.settings["pointers"]["depth"] = missing.into();
        let result = check.run().await;
        not_run_for(&result, Cause::CouldNotLook, &format!("{missing} of /stats leads to no number"));
        assert!(result.report.measures.is_empty(), "{result:?}");
    }
    check.settings["pointers"]["depth"] = "/queues/0/depth".into();
    passes(&check.run().await);
    page.fail(503);
    fails(&check.run().await, "/stats answered 503");
    page.say("<html>12</html>");
    fails(&check.run().await, "/stats answered 200 without JSON");
    check.grant(reads(free_port()));
    let result = check.run().await;
    assert_eq!(result.outcome, Outcome::Fail, "{result:?}");
    says(&result, "takes no connection");
}

/// The whole: a plan's limit on a number of Prometheus, with the real collector and agent.
const PLAN: &str = r#"defaults: { every: 1s, timeout: 1s }
scenarios:
  errors:
    kind: flow
    title: Few visitors see errors
    if_broken: Visitors see errors
    level: critical
    plugin: builtin:http-metric
    run_on: source
    with: { target: shop, queries: { errors: "sum(shop_errors)" } }
    claims: { errors: { at_most: 10 } }
gates:
  ready: { needs: [errors] }
  cutover: { decision: cutover }
rollback: { window: 1h }
"#;

#[test]
fn a_limit_of_the_plan_is_weighed_on_the_number_and_nothing_is_not_zero() {
    let page = Page::start(&shop(50));
    let prometheus = Prometheus::start(&page);
    let plan = [SHOPS_PLAN, PLAN].concat().replace("{source}", &prometheus.url());
    let world = World::start(&WorldOptions { plan, ..WorldOptions::default() });
    let until_held = |state: &str, words: &str| {
        let fits = |hold: &serde_json::Value| {
            let reason = hold["reason"].as_str().unwrap_or_default();
            hold["check"] == "errors" && hold["state"] == state && reason.contains(words)
        };
        world.until_hold("ready", fits, words);
    };
    until_held("refuted", "errors is 53, must be at most 10");
    page.say(&shop(2));
    let _ = world.operator.run(&["gate", "wait", "ready", "--timeout", "60s"]).good();
    eventually("the number is told", || {
        let why = world.operator.run(&["why", "errors"]);
        if why.out.contains("errors is 5, must be at most 10") { Ok(()) } else { Err(why.out) }
    });
    page.fail(503);
    until_held("undecided", "no sample, which is not zero");
}
