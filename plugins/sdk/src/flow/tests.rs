//! Flows against a made-up shop.

use serde_json::{Value, json};

use super::{FlowSettings, Player, play_all};
use crate::testing::{FakeHost, header, reply};
use crate::{HttpFailure, HttpRequest, HttpResponse, Outcome, Report, Trouble};

fn shop(target: &str, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
    if target != "shop" {
        return Err(HttpFailure::Denied(format!("no target {target}")));
    }
    let body = String::from_utf8_lossy(&request.body).into_owned();
    Ok(match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/login") => {
            reply(200, &[("set-cookie", "pre=1")], r#"<input name=csrf_token value="t&amp;1">"#)
        }
        ("POST", "/login") if body == "csrf_token=t%261&password=secret:pw&user=ana" => reply(
            303,
            &[("location", "https://shop.example/account"), ("set-cookie", "session=s1; Path=/")],
            "",
        ),
        ("GET", "/account") if header(request, "cookie") == Some("pre=1; session=s1") => {
            reply(200, &[("x-build", "b7")], "Signed in as ana, order-42")
        }
        ("POST", "/api/cart") => reply(201, &[], &format!(r#"{{"total":30,"echo":{body}}}"#)),
        ("DELETE", "/api/cart/30") => reply(204, &[], ""),
        ("GET", "/slow") => {
            let mut slow = reply(200, &[], "{}");
            slow.timing.total_us = 900_000;
            slow
        }
        ("GET", "/loop") => reply(302, &[("location", "/loop")], ""),
        _ => reply(404, &[], "no such page"),
    })
}

fn played(settings: &Value) -> Result<Report, Trouble> {
    let ctx =
        FakeHost::new().http(shop).origin("https://shop.example", "shop").context(&settings.to_string());
    let settings = FlowSettings::parse(ctx.settings_text())?;
    let mut player = Player::new(&ctx, &settings.target, settings.given.clone());
    ctx.scenario(|run| play_all(&settings.flow, &mut player, run))
}

fn steps(steps: Value) -> Value {
    json!({ "target": "shop", "flow": { "steps": steps } })
}

fn one(request: Value, expect: Value) -> Value {
    steps(json!([{ "name": "only", "request": request, "expect": expect }]))
}

fn failed(settings: &Value) -> String {
    let report = played(settings).unwrap();
    assert_eq!(report.outcome, Outcome::Fail);
    report.note
}

fn refused(settings: &Value) -> String {
    match played(settings) {
        Err(Trouble::BadSettings(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_login_as_a_flow_keeps_cookies_tokens_and_secrets() {
    let report = played(&json!({
        "target": "shop",
        "user": "ana",
        "flow": {
            "vars": { "password": "secret:pw" },
            "steps": [
                { "name": "open", "request": { "path": "/login" },
                  "extract": { "csrf": { "css": "input[name=csrf_token]", "attr": "value" } } },
                { "name": "log-in",
                  "request": { "path": "/login", "follow": true,
                               "form": { "user": "{{user}}", "password": "{{password}}", "csrf_token": "{{csrf}}" } },
                  "extract": { "order": { "regex": "order-(\\d+)" }, "sid": { "cookie": "session" },
                               "build": { "header": "X-Build" } },
                  "expect": { "status": 200, "path": "/account", "contains": ["{{user}}", "{{order}}"],
                              "not_contains": "error", "header": { "x-build": "{{build}}" } } },
                { "name": "cart",
                  "request": { "path": "/api/cart", "json": { "order": "{{order}}", "round": "{{run.round}}" } },
                  "expect": { "status": [201, "202-204"],
                              "json": { "/total": 30, "/echo/round": { "equals": 7 }, "/gone": { "exists": false } } } },
            ]
        }
    }));
    let report = report.unwrap();
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["open", "log-in", "cart"]);
    assert!(report.steps[1].duration_us >= 2000, "two hops");
}

#[test]
fn each_expectation_fails_with_what_was_found() {
    for (request, expect, why) in [
        (json!({"path": "/nowhere"}), json!({}), "only: /nowhere answered 404, expected 200-399"),
        (
            json!({"path": "/login"}),
            json!({"contains": "Welcome"}),
            "only: /login answered 200 and does not contain \"Welcome\"",
        ),
        (
            json!({"path": "/login"}),
            json!({"not_contains": "csrf"}),
            "only: /login answered 200 and contains \"csrf\"",
        ),
        (
            json!({"path": "/login"}),
            json!({"header": {"x-build": "b7"}}),
            "only: the header x-build is missing",
        ),
        (json!({"path": "/slow"}), json!({"max_ms": 800}), "only: the answer took 900 ms, at most 800 ms"),
        (json!({"path": "/slow"}), json!({"json": {"/total": 30}}), "only: /total is missing"),
        (
            json!({"path": "/api/cart", "json": {}}),
            json!({"json": {"/total": {"at_most": 29}}}),
            "only: /total is 30, more than 29",
        ),
        (
            json!({"path": "/api/cart", "json": {}}),
            json!({"json": {"/total": null}}),
            "only: /total is 30, not null",
        ),
        (
            json!({"path": "/login"}),
            json!({"json": {"/a": 1}}),
            "only: /login answered 200 without JSON: expected value at line 1 column 1",
        ),
        (
            json!({"path": "/loop", "follow": true}),
            json!({}),
            "only: more than 5 redirects, the last one to /loop",
        ),
    ] {
        assert_eq!(failed(&one(request, expect)), why);
    }
}

#[test]
fn a_value_that_is_not_there_is_a_fail() {
    let missing = |extract: Value| {
        failed(&steps(
            json!([{ "name": "only", "request": { "path": "/login" }, "extract": { "x": extract } }]),
        ))
    };
    assert_eq!(
        missing(json!({"css": "input[name=csrf_tokn]", "attr": "value"})),
        "only: x: the page has no element `input[name=csrf_tokn]`, did you mean `csrf_token`?"
    );
    assert_eq!(missing(json!({"regex": "nothing"})), "only: x: nothing matches /nothing/");
    assert_eq!(missing(json!({"cookie": "session"})), "only: x: no cookie session was set");
}

#[test]
fn cleaning_up_happens_after_a_fault_and_only_when_there_is_something() {
    let flow = |first: &str| {
        steps(json!([
            { "name": "cart", "request": { "path": first, "json": {} }, "extract": { "total": { "json": "/total" } } },
            { "name": "wrong", "request": { "path": "/nowhere" } },
            { "name": "skipped", "request": { "path": "/login" } },
            { "name": "clean", "request": { "method": "delete", "path": "/api/cart/{{total}}" }, "always": true },
        ]))
    };
    let taken = |first: &str| -> Vec<String> {
        played(&flow(first)).unwrap().steps.into_iter().map(|step| step.name).collect()
    };
    assert_eq!(taken("/api/cart"), ["cart", "wrong", "clean"]);
    assert_eq!(taken("/nowhere"), ["cart"]);
}

#[test]
fn a_denied_target_is_no_fail() {
    let settings = steps(json!([{ "name": "only", "target": "bank", "request": { "path": "/" } }]));
    let Err(Trouble::CouldNotLook(why)) = played(&settings) else { panic!("it looked") };
    assert_eq!(why, "only: the call is not allowed: no target bank");
}

#[test]
fn a_retry_ends_and_fails() {
    let settings = steps(json!([
        { "name": "only", "request": { "path": "/nowhere" }, "retry": { "attempts": 3, "wait_ms": 100 } }
    ]));
    let report = played(&settings).unwrap();
    assert_eq!((report.outcome, report.steps[0].duration_us), (Outcome::Fail, 203_000));
}

#[test]
fn mistakes_are_named_before_the_first_call() {
    let with = |extra: Value| {
        let mut step = json!({ "name": "only", "request": { "path": "/" } });
        step.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        refused(&steps(json!([step])))
    };
    let place = "flow.steps[0] (only): ";
    for (extra, why) in [
        (
            json!({"request": {"path": "/{{usr}}"}}),
            "nothing gives `{{usr}}` its value; known here: run.check, run.nonce, run.now_ms, run.random, run.round, run.side",
        ),
        (
            json!({"request": {"path": "/{{run.sid}}"}}),
            "nothing gives `{{run.sid}}` its value, did you mean `run.side`?",
        ),
        (
            json!({"request": {"path": "http://x"}}),
            "request.path: `http://x` does not begin with `/`; the target holds the host",
        ),
        (
            json!({"request": {"path": "/", "form": {}, "json": 1}}),
            "request: give at most one of form, json, body",
        ),
        (
            json!({"extract": {"x": {"css": "a b"}}}),
            "extract.x: `a b` is not one tag, `#id`, `.class` or `[attribute=value]`: use `regex` for more",
        ),
        (json!({"extract": {"x": {}}}), "extract.x: give exactly one of json, css, regex, header, cookie"),
        (
            json!({"expect": {"json": {"total": 1}}}),
            "expect.json: `total` is no JSON pointer: it begins with `/`, as in /items/0/price",
        ),
        (
            json!({"retry": {"attempts": 99, "wait_ms": 1}}),
            "retry: 2 to 20 attempts, at most 5000 ms between them",
        ),
    ] {
        assert_eq!(with(extra), format!("{place}{why}"));
    }
    let unknown = with(json!({"expect": {"json": {"/a": {"equls": 1}}}}));
    assert!(unknown.ends_with("unknown key `equls`, did you mean `equals`?"), "{unknown}");
    assert!(with(json!({"expect": {"status": 2000}})).contains("2000 is no status"));
    let twice = steps(
        json!([{ "name": "a", "request": { "path": "/" } }, { "name": "a", "request": { "path": "/" } }]),
    );
    assert_eq!(refused(&twice), "flow.steps[1] (a): two steps have this name");
}

#[test]
fn a_setting_that_no_step_uses_is_a_mistake() {
    let mut settings = one(json!({"path": "/login", "headers": {"x": "{{user}}"}}), json!({}));
    settings["user"] = json!("ana");
    settings["flw"] = json!("x");
    assert_eq!(refused(&settings), "flw: no step uses it, did you mean `flow`?");
}
