//! The visit: every door tried, from the outside first.

use std::collections::BTreeMap;

use tidelock_plugin::flow::{Halt, Player};
use tidelock_plugin::{Context, Jar, Scenario, Stop, ensure};

use crate::doors::{Door, headers, judge, knock, must_be_open, must_be_shut};
use crate::settings::{Mode, Settings};

/// The pause between two looks for a session from the other side.
const PAUSE_MS: u32 = 100;

/// Takes all steps of the check.
pub(crate) fn visit(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    run.step("no-session-refused", |_| without_session(ctx, settings))?;
    if ctx.round().is_multiple_of(settings.wrong_password_every) {
        run.step("wrong-password-refused", |step| {
            step.note(wrong_password(ctx, settings)?);
            Ok(())
        })?;
    }
    let mut customer = Player::new(ctx, &settings.target, settings.given(&settings.user, &settings.password));
    run.step("login", |_| log_in(settings, &mut customer))?;
    let session = Session::of(settings, &customer)?;
    run.step("session", |_| stays_open(settings, &customer, &session, "with a session"))?;
    if settings.requests > 1 {
        run.step("survives", |step| {
            for request in 2..=settings.requests {
                let whom = format!("at request {request} of one session");
                stays_open(settings, &customer, &session, &whom)?;
            }
            step.note(format!("{} requests in one session", settings.requests));
            Ok(())
        })?;
    }
    if let Some(path) = &settings.logout_path {
        run.step("logout", |_| log_out(settings, &customer, &session, path))?;
    }
    if let Some(other) = &settings.session_from_other_side {
        run.step("session-from-other-side", |step| {
            step.note(from_other_side(ctx, settings, other)?);
            Ok(())
        })?;
    }
    if settings.logout_path.is_none() {
        run.note("logging out was not tried: there is none");
    }
    Ok(())
}

/// What makes a visitor a customer: cookies and headers, as they were right after logging in.
struct Session {
    jar: Jar,
    headers: BTreeMap<String, String>,
}

impl Session {
    fn of(settings: &Settings, player: &Player<'_>) -> Result<Session, Stop> {
        let session =
            Session { jar: player.browser.jar(&player.target), headers: headers(settings, player)? };
        ensure!(
            settings.mode == Mode::Basic || !session.jar.is_empty() || !session.headers.is_empty(),
            "logging in gave neither a cookie nor a token"
        );
        Ok(session)
    }
}

fn without_session(ctx: &Context, settings: &Settings) -> Result<(), Stop> {
    let mut stranger = Player::new(ctx, &settings.target, BTreeMap::new());
    stranger.vars.remove("token");
    let mut call = stranger.browser.target(&settings.target).get(&settings.page);
    // Headers that need nothing from a login are not a session: a stranger may have them too.
    for (name, value) in settings.page_headers.iter().filter(|(_, value)| !value.contains("{{")) {
        call = call.header(name, value);
    }
    let reply = call.send()?;
    let door = judge(settings, &reply)?;
    must_be_shut(settings, door, &reply, "without a session")
}

/// Plays the way of logging in.
fn log_in(settings: &Settings, player: &mut Player<'_>) -> Result<(), Stop> {
    let flow = settings.flow();
    player.declare(flow)?;
    for step in &flow.steps {
        player.play(step).map_err(|halt| halt.stop.at(&step.name))?;
    }
    Ok(())
}

/// Tries a wrong password. It must be refused where the password is sent or later, by an answer that is no
/// fault, and the door must be shut afterwards.
fn wrong_password(ctx: &Context, settings: &Settings) -> Result<String, Stop> {
    let user = settings.wrong_password_user.as_ref().unwrap_or(&settings.user);
    let given = settings.given(user, &format!("wrong-{}", ctx.random_hex(8)));
    let mut stranger = Player::new(ctx, &settings.target, given);
    let flow = settings.flow();
    stranger.declare(flow)?;
    let mut sent = false;
    let mut refusal = None;
    for step in &flow.steps {
        sent |= step.sends("password");
        match stranger.play(step) {
            Ok(_) => {}
            Err(Halt { stop: Stop::Wrong(_), answered: Some(status) }) if sent && status < 500 => {
                refusal = Some(status);
                break;
            }
            Err(halt) => return Err(halt.stop.at(&step.name)),
        }
    }
    let headers = if refusal.is_some() { BTreeMap::new() } else { headers(settings, &stranger)? };
    let (door, reply) = knock(settings, &stranger, &headers)?;
    must_be_shut(settings, door, &reply, "after a wrong password")?;
    Ok(refusal.map_or("the page stays shut".to_owned(), |status| format!("refused with {status}")))
}

fn stays_open(settings: &Settings, customer: &Player<'_>, session: &Session, whom: &str) -> Result<(), Stop> {
    let (door, reply) = knock(settings, customer, &session.headers)?;
    must_be_open(settings, door, &reply, whom)
}

/// Logs out, then comes back with the old cookies: a logout that only tells the browser to forget them
/// leaves the session alive for whoever has copied it.
fn log_out(settings: &Settings, customer: &Player<'_>, session: &Session, path: &str) -> Result<(), Stop> {
    let shop = customer.browser.target(&settings.target);
    let mut call = shop.call(&settings.logout_method, path);
    for (name, value) in &session.headers {
        call = call.header(name, value);
    }
    let reply = call.send()?;
    ensure!(reply.status < 400, "{path} answered {}", reply.status);
    customer.browser.set_jar(&settings.target, session.jar.clone());
    let (door, reply) = knock(settings, customer, &session.headers)?;
    must_be_shut(settings, door, &reply, "after logging out, to the old session")
}

/// Makes a session on the other side and shows it here, until it is known or its time is up.
fn from_other_side(ctx: &Context, settings: &Settings, other: &str) -> Result<String, Stop> {
    let mut traveller = Player::new(ctx, other, settings.given(&settings.user, &settings.password));
    log_in(settings, &mut traveller).map_err(|stop| stop.at("on the other side"))?;
    let session = Session::of(settings, &traveller).map_err(|stop| stop.at("on the other side"))?;
    let made_us = ctx.monotonic_us();
    let known_ms = loop {
        // An answer that refuses the session may take its cookies away: show them anew each time.
        traveller.browser.set_jar(&settings.target, session.jar.clone());
        let (door, reply) = knock(settings, &traveller, &session.headers)?;
        let waited_ms = ctx.monotonic_us().saturating_sub(made_us) / 1000;
        if door == Door::Open {
            break waited_ms;
        }
        if waited_ms >= settings.session_within_ms || ctx.left_ms() <= u64::from(PAUSE_MS) * 2 {
            let whom = format!("with a session from the other side, {waited_ms} ms after it was made");
            must_be_open(settings, door, &reply, &whom)?;
        }
        ctx.sleep_ms(PAUSE_MS);
    };
    if let Some(path) = &settings.logout_path {
        // Tidying up: what it finds is not this step's business, the step `logout` looks at it.
        let shop = traveller.browser.target(&settings.target);
        let call = session
            .headers
            .iter()
            .fold(shop.call(&settings.logout_method, path), |call, (name, value)| call.header(name, value));
        let _ = call.send();
    }
    Ok(format!("known here after {known_ms} ms"))
}
