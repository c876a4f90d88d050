//! The check against a made-up shop with one fault at a time.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};
use tidelock_plugin::testing::{FakeHost, assert_schema, header, reply};
use tidelock_plugin::{Check, HttpFailure, HttpRequest, HttpResponse, Outcome, Report, Trouble, base64};

use crate::Login;
use crate::settings::Settings;

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Everybody sees the account.
    OpenHouse,
    /// Any password will do.
    AcceptsAnything,
    /// A wrong password breaks the shop.
    WrongPasswordBreaks,
    /// The session is forgotten after its first request.
    ShortMemory,
    /// Logging out only takes the cookie away.
    LogoutForgets,
    /// Sessions of the other side are not known here.
    SessionsApart,
    /// Sessions of the other side are known here a little later.
    SessionsTravel,
    /// Nobody answers.
    Gone,
}

/// Both sides of a shop that share their sessions, unless a fault says otherwise.
struct Shop {
    fault: Fault,
    sessions: RefCell<BTreeSet<String>>,
    asked: RefCell<BTreeSet<String>>,
    made: RefCell<u32>,
    strangers: RefCell<u32>,
}

impl Shop {
    fn answer(&self, side: &str, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        if self.fault == Fault::Gone {
            return Err(HttpFailure::Connect("refused".to_owned()));
        }
        let cookie = header(request, "cookie").unwrap_or_default();
        let session = cookie.split("; ").find_map(|pair| pair.strip_prefix("session=")).map(str::to_owned);
        let session =
            session.or_else(|| Some(header(request, "authorization")?.strip_prefix("Bearer ")?.to_owned()));
        let body = String::from_utf8_lossy(&request.body).into_owned();
        Ok(match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/login") => reply(
                200,
                &[("set-cookie", "csrf=k; Path=/")],
                r#"<input type="hidden" name="csrf_token" value="k">"#,
            ),
            ("POST", "/login") => {
                self.log_in(side, &body, cookie.contains("csrf=k") && body.contains("csrf_token=k"))
            }
            ("POST", "/api/login") => match self.accepts(&body.contains(r#""password":"secret:pw""#)) {
                true => reply(200, &[], &json!({ "token": self.open(side) }).to_string()),
                false => reply(401, &[], "{}"),
            },
            ("POST", "/logout") => {
                if self.fault != Fault::LogoutForgets {
                    self.sessions.borrow_mut().remove(&session.unwrap_or_default());
                }
                reply(303, &[("location", "/"), ("set-cookie", "session=; Max-Age=0; Path=/")], "")
            }
            ("GET", "/account") => self.account(side, session.as_deref()),
            ("GET", "/basic") => {
                let right = format!("Basic {}", base64(b"ana:secret:pw"));
                match self.accepts(&(header(request, "authorization") == Some(&right)))
                    && header(request, "authorization").is_some()
                {
                    true => reply(200, &[], "Signed in as ana"),
                    false => reply(401, &[], ""),
                }
            }
            _ => reply(404, &[], ""),
        })
    }

    fn accepts(&self, right: &bool) -> bool {
        *right || self.fault == Fault::AcceptsAnything
    }

    fn log_in(&self, side: &str, body: &str, has_token: bool) -> HttpResponse {
        let right = body.contains("user=ana") && body.contains("password=secret:pw");
        if !has_token {
            return reply(403, &[], "no token");
        }
        if !right && self.fault == Fault::WrongPasswordBreaks {
            return reply(500, &[], "");
        }
        if !self.accepts(&right) {
            return reply(303, &[("location", "/login?error=1")], "");
        }
        let cookie = format!("session={}; Path=/; HttpOnly", self.open(side));
        reply(303, &[("location", "/account"), ("set-cookie", &cookie)], "")
    }

    fn open(&self, side: &str) -> String {
        *self.made.borrow_mut() += 1;
        let session = format!("{side}-{}", self.made.borrow());
        self.sessions.borrow_mut().insert(session.clone());
        session
    }

    fn account(&self, side: &str, session: Option<&str>) -> HttpResponse {
        if self.fault == Fault::SessionsTravel && session.is_some_and(|session| !session.starts_with(side)) {
            *self.strangers.borrow_mut() += 1;
            if *self.strangers.borrow() < 3 {
                return reply(
                    303,
                    &[("location", "/login"), ("set-cookie", "session=; Max-Age=0; Path=/")],
                    "",
                );
            }
        }
        let known = session.is_some_and(|session| {
            self.sessions.borrow().contains(session)
                && (self.fault != Fault::SessionsApart || session.starts_with(side))
                && (self.asked.borrow_mut().insert(session.to_owned()) || self.fault != Fault::ShortMemory)
        });
        if known || self.fault == Fault::OpenHouse {
            return reply(200, &[], "<h1>Signed in as ana</h1>");
        }
        reply(303, &[("location", "/login")], "")
    }
}

fn run_with(fault: Fault, extra: Value) -> Result<Report, Trouble> {
    let shop = Rc::new(Shop {
        fault,
        sessions: RefCell::default(),
        asked: RefCell::default(),
        made: RefCell::new(0),
        strangers: RefCell::new(0),
    });
    let host = FakeHost::new().http(move |side, request| shop.answer(side, request)).rc();
    let mut settings =
        json!({ "target": "shop", "user": "ana", "password": "secret:pw", "page_contains": "Signed in as" });
    settings.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    host.run::<Login>(&settings)
}

fn run(fault: Fault) -> Report {
    run_with(fault, json!({ "session_from_other_side": "other" })).unwrap()
}

fn failed_at(fault: Fault) -> (String, String) {
    let report = run(fault);
    assert_eq!(report.outcome, Outcome::Fail, "{report:?}");
    (report.steps.last().unwrap().name.clone(), report.note)
}

#[test]
fn a_shop_in_order_passes_every_step() {
    let report = run(Fault::None);
    let names: Vec<_> = report.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    assert_eq!(
        names,
        [
            "no-session-refused",
            "wrong-password-refused",
            "login",
            "session",
            "survives",
            "logout",
            "session-from-other-side"
        ]
    );
}

#[test]
fn each_fault_is_found_at_its_step() {
    for (fault, step) in [
        (Fault::OpenHouse, "no-session-refused"),
        (Fault::AcceptsAnything, "wrong-password-refused"),
        (Fault::WrongPasswordBreaks, "wrong-password-refused"),
        (Fault::ShortMemory, "survives"),
        (Fault::LogoutForgets, "logout"),
        (Fault::SessionsApart, "session-from-other-side"),
        (Fault::Gone, "no-session-refused"),
    ] {
        let (at, why) = failed_at(fault);
        assert_eq!(at, step, "{why}");
    }
}

#[test]
fn the_sentence_says_what_was_seen() {
    assert_eq!(
        failed_at(Fault::AcceptsAnything).1,
        "wrong-password-refused: /account is open after a wrong password (answered 200)"
    );
    assert_eq!(
        failed_at(Fault::LogoutForgets).1,
        "logout: /account is open after logging out, to the old session (answered 200)"
    );
    assert_eq!(
        failed_at(Fault::SessionsApart).1,
        "session-from-other-side: /account answered 303 and leads to /login with a session from the other side, 1011 ms after it was made"
    );
}

#[test]
fn a_session_may_take_its_time_to_travel() {
    let report = run(Fault::SessionsTravel);
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    assert_eq!(report.step("session-from-other-side").unwrap().note, "known here after 203 ms");
    let strict = json!({ "session_from_other_side": "other", "session_within_ms": 0 });
    assert_eq!(run_with(Fault::SessionsTravel, strict).unwrap().outcome, Outcome::Fail);
}

#[test]
fn a_token_login_passes_and_accepting_anything_fails() {
    let way = json!({ "mode": "json", "login_path": "/api/login" });
    let report = run_with(Fault::None, way.clone()).unwrap();
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    for (fault, step) in
        [(Fault::AcceptsAnything, "wrong-password-refused"), (Fault::LogoutForgets, "logout")]
    {
        let report = run_with(fault, way.clone()).unwrap();
        assert_eq!((report.outcome, &*report.steps.last().unwrap().name), (Outcome::Fail, step));
    }
}

#[test]
fn basic_authentication_passes_and_accepting_anything_fails() {
    let way = json!({ "mode": "basic", "page": "/basic" });
    let report = run_with(Fault::None, way.clone()).unwrap();
    assert_eq!(report.outcome, Outcome::Pass, "{report:?}");
    let report = run_with(Fault::AcceptsAnything, way).unwrap();
    assert_eq!(report.steps.last().unwrap().name, "wrong-password-refused");
}

#[test]
fn a_team_describes_its_own_login_as_a_flow() {
    let flow = json!({ "flow": { "steps": [
        { "name": "open", "request": { "path": "/login" },
          "extract": { "t": { "regex": "value=\"(\\w+)\"" } } },
        { "name": "send", "request": { "path": "/login",
          "form": { "user": "{{user}}", "password": "{{password}}", "csrf_token": "{{t}}" } },
          "expect": { "header": { "location": "/account" } } },
    ] } });
    assert_eq!(run_with(Fault::None, flow.clone()).unwrap().outcome, Outcome::Pass);
    let report = run_with(Fault::AcceptsAnything, flow).unwrap();
    assert_eq!(report.steps.last().unwrap().name, "wrong-password-refused");
}

#[test]
fn a_lost_csrf_token_is_no_refused_password() {
    let report = run_with(Fault::None, json!({ "csrf_selector": "input[name=token]" })).unwrap();
    let last = report.steps.last().unwrap();
    assert_eq!((last.name.as_str(), last.outcome), ("wrong-password-refused", Outcome::Fail));
    assert!(last.note.starts_with("open-form: csrf: the page has no element"), "{}", last.note);
}

#[test]
fn a_wrong_password_may_be_tried_more_seldom() {
    let steps =
        |every: u64| run_with(Fault::None, json!({ "wrong_password_every": every })).unwrap().steps.len();
    assert_eq!((steps(7), steps(4)), (6, 5), "the fake round is 7");
}

#[test]
fn settings_that_could_not_prove_anything_are_refused() {
    for (extra, key) in [
        (json!({ "requests": 0 }), "requests"),
        (json!({ "page_contains": "" }), "page_contains"),
        (json!({ "wrong_password_every": 0 }), "wrong_password_every"),
        (json!({ "csrf_selector": "form input" }), "csrf_selector"),
        (json!({ "pasword": "x" }), "pasword"),
        (json!({ "flow": { "steps": [{ "name": "a", "request": { "path": "/" } }] } }), "flow"),
    ] {
        let Err(Trouble::BadSettings(why)) = run_with(Fault::None, extra) else { panic!("{key} was taken") };
        assert!(why.starts_with(key), "{why}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    assert_schema::<Settings>(&Login::manifest().settings_schema);
}
