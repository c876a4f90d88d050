//! No shelf of the shop is empty: a team's own check.
use tidelock_plugin::prelude::*;

struct Shelf;

#[derive(Deserialize)]
struct Settings { target: String }

impl Check for Shelf {
    fn manifest() -> Manifest {
        Manifest::new("shelf", "0.1.0", "Every product can be bought.").needs_http("target")
    }
    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings: Settings = ctx.settings()?;
        ctx.scenario(|run| run.step("products", |_| {
            let all = ctx.http(&settings.target).get("/api/products").send()?.ok()?.json()?;
            let all = all.as_array().filter(|all| !all.is_empty());
            ensure!(all.is_some_and(|all| all.iter().all(|one| one["stock"] != 0)), "a shelf is empty");
            Ok(())
        }))
    }
}
tidelock_plugin::export!(Shelf);
