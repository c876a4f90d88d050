//! Numbers that somebody else counts already: by PromQL from a Prometheus, or by JSON pointer from any page.
//!
//! What answers nothing is never zero: a query without a sample, a pointer to nothing and a value that is no number
//! are *not run*, and say which.

mod document;
mod prometheus;
mod settings;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;
use tidelock_plugin::{Counts, Scenario};

use crate::settings::Settings;

/// The plugin.
pub struct HttpMetric;

impl Check for HttpMetric {
    fn manifest() -> Manifest {
        Manifest::new(
            "http-metric",
            env!("CARGO_PKG_VERSION"),
            "The named numbers, as a Prometheus or a JSON document tells them at the moment of the run.",
        )
        .blind_spot("The numbers are as good as whoever counts them, and as old as their last scrape.")
        .blind_spot(
            "A query that leaves out a label leaves out what has it: errors that nobody counts are not seen.",
        )
        .needs_http("target")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| look(ctx, &settings, run))
    }
}

fn look(ctx: &Context, settings: &Settings, run: &mut Scenario) -> Result<(), Stop> {
    let target = ctx.http(&settings.target);
    for (name, query) in &settings.queries {
        let value = run.step(name, |_| prometheus::ask(&target, &settings.path, query))?;
        run.measure(name, value, "");
    }
    if !settings.pointers.is_empty() {
        let found = run.step("document", |_| document::read(&target, &settings.path, &settings.pointers))?;
        for (name, value) in found {
            run.measure(&name, value, "");
        }
    }
    if let Some(wanted) = &settings.counts {
        let ok = run.step("ok", |_| prometheus::ask(&target, &settings.path, &wanted.ok))?;
        let total = run.step("total", |_| prometheus::ask(&target, &settings.path, &wanted.total))?;
        let counts = counted(ok, total)?;
        if counts.total > 0 {
            run.measure("ok_percent", counts.ok as f64 / counts.total as f64 * 100.0, "%");
        }
        run.note(format!("{} of {} were fine", counts.ok, counts.total));
        run.counts(counts);
    }
    Ok(())
}

/// Whole numbers; an increase that Prometheus extrapolated is rounded, and more that is fine than there was at
/// all is no answer.
fn counted(ok: f64, total: f64) -> Result<Counts, Stop> {
    let whole = |value: f64| (0.0..1e12).contains(&value).then(|| value.round() as u64);
    let (Some(ok), Some(total)) = (whole(ok), whole(total)) else {
        return Err(Stop::blind(format!("{ok} of {total} are no counts")));
    };
    if ok > total {
        return Err(Stop::blind(format!(
            "{ok} of {total} are fine: the two queries do not count the same thing"
        )));
    }
    Ok(Counts { ok, total, latency_buckets: Vec::new() })
}

tidelock_plugin::export!(HttpMetric);
