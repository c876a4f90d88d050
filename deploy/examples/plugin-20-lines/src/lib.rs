//! Nothing is sold that is not there: a team's own check.
use tidelock_plugin::prelude::*;

struct Stock;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings { target: String }

impl Check for Stock {
    fn manifest() -> Manifest {
        Manifest::new("stock", "0.1.0", "No product has a negative stock.").needs_http("target")
    }
    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings: Settings = ctx.settings()?;
        ctx.scenario(|run| run.step("products", |_| {
            let all = ctx.http(&settings.target).get("/api/products").send()?.ok()?.json()?;
            let all = all.as_array().filter(|all| !all.is_empty());
            let stocked = |one: &Value| one["stock"].as_i64().is_some_and(|stock| stock >= 0);
            ensure!(all.is_some_and(|all| all.iter().all(stocked)), "a product is sold below zero");
            Ok(())
        }))
    }
}
tidelock_plugin::export!(Stock);
