//! The usual form login, as steps of a flow.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::shape::{Expect, FlowStep, Request};
use super::{Extract, Statuses};

/// A page with a form for `{{user}}` and `{{password}}`, usually with a CSRF token.
#[derive(Debug, Clone, Copy)]
pub struct FormLogin<'s> {
    /// Where the form is and where it goes.
    pub path: &'s str,
    /// The field for the user.
    pub user_field: &'s str,
    /// The field for the password.
    pub password_field: &'s str,
    /// The field for the CSRF token.
    pub csrf_field: &'s str,
    /// The element whose `value` is the CSRF token; empty for a form without one.
    pub csrf_selector: &'s str,
}

impl Default for FormLogin<'_> {
    fn default() -> Self {
        FormLogin {
            path: "/login",
            user_field: "user",
            password_field: "password",
            csrf_field: "csrf_token",
            csrf_selector: "input[name=csrf_token]",
        }
    }
}

impl FormLogin<'_> {
    /// The steps `open-form` and `send-form`.
    pub fn steps(&self) -> Vec<FlowStep> {
        let mut fields: BTreeMap<String, Value> =
            [(self.user_field, "{{user}}"), (self.password_field, "{{password}}")]
                .map(|(field, template)| (field.to_owned(), json!(template)))
                .into();
        let mut open = FlowStep {
            name: "open-form".to_owned(),
            request: Request { path: self.path.to_owned(), ..Request::default() },
            expect: Expect { status: Some(Statuses::ranges(&[(200, 299)])), ..Expect::default() },
            ..FlowStep::default()
        };
        if !self.csrf_selector.is_empty() {
            let token = Extract {
                css: Some(self.csrf_selector.to_owned()),
                attr: Some("value".to_owned()),
                ..Extract::default()
            };
            open.extract.insert("csrf".to_owned(), token);
            fields.insert(self.csrf_field.to_owned(), json!("{{csrf}}"));
        }
        let send = FlowStep {
            name: "send-form".to_owned(),
            request: Request { path: self.path.to_owned(), form: Some(fields), ..Request::default() },
            ..FlowStep::default()
        };
        vec![open, send]
    }
}
