//! A customer logs in, and only a customer who did sees the account.

use tidelock_plugin::prelude::*;

/// The plugin.
pub struct Login;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    target: String,
    #[serde(default = "page")]
    page: String,
}

fn page() -> String {
    "/account".to_owned()
}

impl Check for Login {
    fn manifest() -> Manifest {
        Manifest::new(
            "login",
            env!("CARGO_PKG_VERSION"),
            "A page is closed without a session.",
        )
        .needs_http("target")
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings: Settings = ctx.settings()?;
        ctx.scenario(|run| {
            run.step("no-session-refused", |_| {
                let reply = ctx.http(&settings.target).get(&settings.page).send()?;
                ensure!(!reply.is_ok(), "{} is open to everybody", settings.page);
                Ok(())
            })
        })
    }
}

tidelock_plugin::export!(Login);
