//! What the plan says about this login, with defaults for the usual form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tidelock_plugin::flow::{Flow, Vars, check};
use tidelock_plugin::{Context, Selector, Trouble};

use crate::ways;

/// More requests in one session than this are refused.
const MAX_REQUESTS: u32 = 20;
/// A session that takes longer to be known on the other side is lost to whoever travels with it.
const MAX_SESSION_WITHIN_MS: u64 = 60_000;

/// How a customer logs in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// A page with a form, usually with a CSRF token.
    #[default]
    Form,
    /// A JSON call that answers with a token or sets a cookie.
    Json,
    /// HTTP basic authentication on every request.
    Basic,
}

/// The settings as the plan writes them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The shop.
    pub(crate) target: String,
    /// The synthetic customer.
    pub(crate) user: String,
    /// Their password, as a secret's handle.
    pub(crate) password: String,
    /// How they log in, unless `flow` says it.
    #[serde(default)]
    pub(crate) mode: Mode,
    /// The steps of logging in; takes the place of `mode` and the keys that belong to it.
    pub(crate) flow: Option<Flow>,
    /// Where the form is and where it goes, or where the JSON call goes.
    #[serde(default = "login_path")]
    pub(crate) login_path: String,
    /// The form's or the call's field for the user.
    #[serde(default = "user_field")]
    pub(crate) user_field: String,
    /// The field for the password.
    #[serde(default = "password_field")]
    pub(crate) password_field: String,
    /// The field for the CSRF token.
    #[serde(default = "csrf_field")]
    pub(crate) csrf_field: String,
    /// The element whose `value` is the CSRF token; empty for a form without one.
    #[serde(default = "csrf_selector")]
    pub(crate) csrf_selector: String,
    /// Where the token is in the JSON answer; empty when the call sets a cookie.
    #[serde(default = "token")]
    pub(crate) token: String,
    /// A page that only a customer who is logged in sees.
    #[serde(default = "page")]
    pub(crate) page: String,
    /// What is on it, such as the customer's name.
    pub(crate) page_contains: Option<String>,
    /// Headers sent with the page; templates may use what the flow has taken.
    #[serde(default)]
    pub(crate) page_headers: BTreeMap<String, String>,
    /// How often the page is asked for in one session.
    #[serde(default = "requests")]
    pub(crate) requests: u32,
    /// Where a customer logs out; null when there is no logging out.
    #[serde(default = "logout_path")]
    pub(crate) logout_path: Option<String>,
    /// The method of logging out.
    #[serde(default = "logout_method")]
    pub(crate) logout_method: String,
    /// Another customer for the wrong password, where wrong passwords lock an account.
    pub(crate) wrong_password_user: Option<String>,
    /// In every how manyth round the wrong password is tried.
    #[serde(default = "wrong_password_every")]
    pub(crate) wrong_password_every: u64,
    /// The target on which a session is made that must be valid here.
    pub(crate) session_from_other_side: Option<String>,
    /// How long a session may take to be known here, in milliseconds: sessions are replicated too.
    #[serde(default = "session_within_ms")]
    pub(crate) session_within_ms: u64,
}

fn login_path() -> String {
    "/login".to_owned()
}

fn user_field() -> String {
    "user".to_owned()
}

fn password_field() -> String {
    "password".to_owned()
}

fn csrf_field() -> String {
    "csrf_token".to_owned()
}

fn csrf_selector() -> String {
    "input[name=csrf_token]".to_owned()
}

fn token() -> String {
    "/token".to_owned()
}

fn page() -> String {
    "/account".to_owned()
}

fn requests() -> u32 {
    3
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional key")]
fn logout_path() -> Option<String> {
    Some("/logout".to_owned())
}

fn logout_method() -> String {
    "POST".to_owned()
}

fn wrong_password_every() -> u64 {
    1
}

fn session_within_ms() -> u64 {
    1000
}

impl Settings {
    /// Reads and checks the settings; afterwards `flow` is always there.
    pub(crate) fn read(ctx: &Context) -> Result<Settings, Trouble> {
        let mut settings: Settings = ctx.settings()?;
        settings.check().map_err(Trouble::BadSettings)?;
        if settings.mode == Mode::Basic && settings.flow.is_none() {
            settings.logout_path = None;
        }
        let flow = settings.flow.take().unwrap_or_else(|| ways::flow(&settings));
        let used = check(&flow, ["user", "password"]).map_err(Trouble::BadSettings)?;
        if !used.contains("password") {
            let why =
                "flow: no step sends `{{password}}`, so a wrong one cannot be tried; use http-flow for this";
            return Err(Trouble::BadSettings(why.to_owned()));
        }
        settings.flow = Some(flow);
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=MAX_REQUESTS).contains(&self.requests) {
            return Err(format!("requests: {} is not 1 to {MAX_REQUESTS}", self.requests));
        }
        if self.wrong_password_every == 0 {
            return Err("wrong_password_every: 0 would never try it; 1 is every round".to_owned());
        }
        if self.session_within_ms > MAX_SESSION_WITHIN_MS {
            return Err(format!(
                "session_within_ms: {} is more than {MAX_SESSION_WITHIN_MS}",
                self.session_within_ms
            ));
        }
        if self.user.is_empty() || self.password.is_empty() {
            return Err("user and password must not be empty".to_owned());
        }
        if self.flow.is_some() && self.mode != Mode::Form {
            return Err("mode: a flow takes its place; give one of the two".to_owned());
        }
        if self.page_contains.as_deref() == Some("") {
            return Err("page_contains: an empty text is in every page".to_owned());
        }
        if !self.csrf_selector.is_empty() {
            Selector::parse(&self.csrf_selector).map_err(|why| format!("csrf_selector: {why}"))?;
        }
        Ok(())
    }

    /// What the flow's templates are given.
    pub(crate) fn given(&self, user: &str, password: &str) -> Vars {
        [("user", user), ("password", password)]
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .into_iter()
            .collect()
    }

    /// The flow of logging in.
    pub(crate) fn flow(&self) -> &Flow {
        self.flow.as_ref().expect("`read` puts a flow in")
    }
}
