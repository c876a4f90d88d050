//! No shelf of the shop is empty: a check of a team's own, in twenty lines.
use tidelock_plugin::prelude::*;

struct Shelf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings { target: String }

impl Check for Shelf {
    fn manifest() -> Manifest {
        Manifest::new("shelf", "0.1.0", "Every product can be bought.").needs_http("target")
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings: Settings = ctx.settings()?;
        ctx.scenario(|run| run.step("products", |_| {
            let products = ctx.http(&settings.target).get("/api/products").send()?.json()?;
            let empty = products.as_array().is_none_or(|all| all.is_empty() || all.iter().any(|one| one["stock"] == 0));
            ensure!(!empty, "a shelf is empty: {products}");
            Ok(())
        }))
    }
}

tidelock_plugin::export!(Shelf);
