//! The page that only a customer sees, and whether it is open.

use std::collections::BTreeMap;

use tidelock_plugin::flow::{Player, fill};
use tidelock_plugin::{Reply, Stop, ensure};

use crate::settings::{Mode, Settings};

/// How the page answered a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The visitor saw the page.
    Open,
    /// The visitor was sent away.
    Shut,
}

/// Headers that stand for a session, beside cookies: a token, or the basic pair.
pub(crate) fn headers(settings: &Settings, player: &Player<'_>) -> Result<BTreeMap<String, String>, Stop> {
    let mut headers = BTreeMap::new();
    let logged_in = player.vars.contains_key("token");
    if settings.mode == Mode::Json && !settings.token.is_empty() && logged_in {
        headers.insert("authorization".to_owned(), "Bearer {{token}}".to_owned());
    }
    headers.extend(settings.page_headers.clone());
    headers
        .into_iter()
        .map(|(name, value)| {
            let value = fill(&value, &player.vars).map_err(|name| {
                Stop::blind(format!("page_headers: nothing has given `{{{{{name}}}}}` its value"))
            })?;
            Ok((name, value))
        })
        .collect()
}

/// Asks for the page as this visitor, with these headers.
pub(crate) fn knock(
    settings: &Settings,
    player: &Player<'_>,
    headers: &BTreeMap<String, String>,
) -> Result<(Door, Reply), Stop> {
    let shop = player.browser.target(&settings.target);
    let mut call = shop.get(&settings.page);
    for (name, value) in headers {
        call = call.header(name, value);
    }
    if settings.mode == Mode::Basic
        && let (Some(user), Some(password)) = (player.vars.get("user"), player.vars.get("password"))
    {
        call = call.basic(user.as_str().unwrap_or_default(), password.as_str().unwrap_or_default());
    }
    let reply = call.send()?;
    let door = judge(settings, &reply)?;
    Ok((door, reply))
}

/// Whether an answer is the page. An answer that is neither the page nor a refusal is wrong either way.
pub(crate) fn judge(settings: &Settings, reply: &Reply) -> Result<Door, Stop> {
    let page = &settings.page;
    ensure!(reply.status < 500, "{page} answered {}", reply.status);
    if !reply.is_ok() {
        return Ok(Door::Shut);
    }
    let shows = settings.page_contains.as_ref().is_none_or(|text| reply.text().contains(text));
    Ok(if shows { Door::Open } else { Door::Shut })
}

/// The door must be open.
pub(crate) fn must_be_open(settings: &Settings, door: Door, reply: &Reply, whom: &str) -> Result<(), Stop> {
    if door == Door::Open {
        return Ok(());
    }
    let page = &settings.page;
    let status = reply.status;
    let to = reply.header("location").map(|to| format!(" and leads to {to}")).unwrap_or_default();
    let without = match &settings.page_contains {
        Some(text) if reply.is_ok() => format!(" without {text:?}"),
        Some(_) | None => String::new(),
    };
    Err(Stop::Wrong(format!("{page} answered {status}{to}{without} {whom}")))
}

/// The door must be shut.
pub(crate) fn must_be_shut(settings: &Settings, door: Door, reply: &Reply, whom: &str) -> Result<(), Stop> {
    ensure!(door == Door::Shut, "{} is open {whom} (answered {})", settings.page, reply.status);
    Ok(())
}
