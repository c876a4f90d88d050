//! The check that always fails: who says that it passed is not to be believed.
//!
//! It calls nothing and knows nothing of the world, so that only the way from a component to a gate can make
//! something else of it: a sandbox that does not run what it is given, an agent that makes up its answers.

use tidelock_plugin::Stop;
use tidelock_plugin::prelude::*;

/// The plugin.
pub struct Canary;

impl Check for Canary {
    fn manifest() -> Manifest {
        Manifest::new("canary", env!("CARGO_PKG_VERSION"), "Always fails: an agent on which it passes lies.")
            .blind_spot("An agent that knows this check and lies on purpose tells it as it is.")
            .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        ctx.scenario(|run| run.step("must-fail", |_| Err(Stop::Wrong("this check always fails".to_owned()))))
    }
}

tidelock_plugin::export!(Canary);

#[cfg(test)]
mod tests {
    use tidelock_plugin::testing::FakeHost;
    use tidelock_plugin::{Check, Outcome};

    use super::Canary;

    #[test]
    fn it_fails_every_time() {
        for _ in 0..3 {
            let report = Canary::run(&FakeHost::new().context("{}")).unwrap();
            assert_eq!(report.outcome, Outcome::Fail);
        }
    }
}
