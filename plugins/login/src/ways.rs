//! The usual ways of logging in, as flows: one engine plays all of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidelock_plugin::flow::{Basic, Expect, Extract, Flow, FlowStep, Request, Statuses};

use crate::settings::{Mode, Settings};

/// The flow of the settings' mode.
pub(crate) fn flow(settings: &Settings) -> Flow {
    let steps = match settings.mode {
        Mode::Form => form(settings),
        Mode::Json => vec![json_call(settings)],
        Mode::Basic => vec![basic(settings)],
    };
    Flow {
        steps,
        ..Flow::default()
    }
}

fn fields(settings: &Settings) -> BTreeMap<String, Value> {
    [
        (&settings.user_field, "{{user}}"),
        (&settings.password_field, "{{password}}"),
    ]
    .map(|(field, template)| (field.clone(), json!(template)))
    .into()
}

fn form(settings: &Settings) -> Vec<FlowStep> {
    let mut fields = fields(settings);
    let mut open = FlowStep {
        name: "open-form".to_owned(),
        request: Request {
            path: settings.login_path.clone(),
            ..Request::default()
        },
        expect: Expect {
            status: Some(Statuses::ranges(&[(200, 299)])),
            ..Expect::default()
        },
        ..FlowStep::default()
    };
    if !settings.csrf_selector.is_empty() {
        let token = Extract {
            css: Some(settings.csrf_selector.clone()),
            attr: Some("value".to_owned()),
            ..Extract::default()
        };
        open.extract.insert("csrf".to_owned(), token);
        fields.insert(settings.csrf_field.clone(), json!("{{csrf}}"));
    }
    let send = FlowStep {
        name: "send-form".to_owned(),
        request: Request {
            path: settings.login_path.clone(),
            form: Some(fields),
            ..Request::default()
        },
        ..FlowStep::default()
    };
    vec![open, send]
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
        expect: Expect {
            status: Some(Statuses::ranges(&[(200, 299)])),
            ..Expect::default()
        },
        ..FlowStep::default()
    };
    if !settings.token.is_empty() {
        let token = Extract {
            json: Some(settings.token.clone()),
            ..Extract::default()
        };
        call.extract.insert("token".to_owned(), token);
    }
    call
}

fn basic(settings: &Settings) -> FlowStep {
    let basic = Basic {
        user: "{{user}}".to_owned(),
        password: "{{password}}".to_owned(),
    };
    FlowStep {
        name: "page".to_owned(),
        request: Request {
            path: settings.page.clone(),
            basic: Some(basic),
            ..Request::default()
        },
        expect: Expect {
            status: Some(Statuses::ranges(&[(200, 299)])),
            ..Expect::default()
        },
        ..FlowStep::default()
    }
}
