//! A customer logs in, and only a customer who did sees the account.
//!
//! A login page that answers 200 proves nothing. What counts is that the door is shut without a session
//! and with a wrong password, open with the right one, stays open, and is shut again after logging out.

mod doors;
mod settings;
mod visit;
mod ways;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;

use crate::settings::Settings;

/// The plugin.
pub struct Login;

impl Check for Login {
    fn manifest() -> Manifest {
        Manifest::new(
            "login",
            env!("CARGO_PKG_VERSION"),
            "A customer can log in and stay logged in, and nobody else gets in: not without a session, not with a \
             wrong password, not after logging out.",
        )
        .blind_spot("It logs in as one synthetic customer: what is wrong for others alone is not seen.")
        .blind_spot("It runs no scripts: second factors, captchas and logins built in JavaScript are not seen.")
        .blind_spot("A session is watched for one run only: one that ends after an hour is not seen.")
        .needs_http("target")
        .may_need_http("session_from_other_side")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| visit::visit(ctx, &settings, run))
    }
}

tidelock_plugin::export!(Login);
