//! The usual ways of logging in, as flows: one engine plays all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidelock_plugin::flow::{Basic, Expect, Extract, Flow, FlowStep, FormLogin, Request, Statuses};

use crate::settings::{Mode, Settings};

/// The flow of the settings' mode.
pub(crate) fn flow(settings: &Settings) -> Flow {
    let steps = match settings.mode {
        Mode::Form => form(settings),
        Mode::Json => vec![json_call(settings)],
        Mode::Basic => vec![basic(settings)],
    };
    Flow { steps, ..Flow::default() }
}

fn fields(settings: &Settings) -> BTreeMap<String, Value> {
    [(&settings.user_field, "{{user}}"), (&settings.password_field, "{{password}}")]
        .map(|(field, template)| (field.clone(), json!(template)))
        .into()
}

fn form(settings: &Settings) -> Vec<FlowStep> {
    let form = FormLogin {
        path: &settings.login_path,
        user_field: &settings.user_field,
        password_field: &settings.password_field,
        csrf_field: &settings.csrf_field,
        csrf_selector: &settings.csrf_selector,
    };
    form.steps()
}

fn json_call(settings: &Settings) -> FlowStep {
    let body = fields(settings).into_iter().collect();
    let mut call = FlowStep {
        name: "call".to_owned(),
        request: Request {
            path: settings.login_path.clone(),
            json: Some(Value::Object(body)),
            ..Request::default()
        },
        expect: Expect { status: Some(Statuses::ranges(&[(200, 299)])), ..Expect::default() },
        ..FlowStep::default()
    };
    if !settings.token.is_empty() {
        let token = Extract { json: Some(settings.token.clone()), ..Extract::default() };
        call.extract.insert("token".to_owned(), token);
    }
    call
}

fn basic(settings: &Settings) -> FlowStep {
    let basic = Basic { user: "{{user}}".to_owned(), password: "{{password}}".to_owned() };
    FlowStep {
        name: "page".to_owned(),
        request: Request { path: settings.page.clone(), basic: Some(basic), ..Request::default() },
        expect: Expect { status: Some(Statuses::ranges(&[(200, 299)])), ..Expect::default() },
        ..FlowStep::default()
    }
}
