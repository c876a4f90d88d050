//! A customer buys something, and the order is really there.
//!
//! "201 Created" with an order number is what a broken shop says too. What counts is that the order can be
//! read back, that it costs what the cart said, and that a nervous second click does not buy twice.

mod buy;
mod prove;
mod settings;

#[cfg(test)]
mod tests;

use tidelock_plugin::prelude::*;

use crate::settings::Settings;

/// The plugin.
pub struct Checkout;

impl Check for Checkout {
    fn manifest() -> Manifest {
        Manifest::new(
            "checkout",
            env!("CARGO_PKG_VERSION"),
            "A synthetic customer can buy: the order is there afterwards, at the right price, once, and was taken \
             back.",
        )
        .blind_spot("It pays with a test instrument: whether real cards are charged is not seen.")
        .blind_spot("It sees the order through the shop's own API, not what warehouse or accounting make of it.")
        .blind_spot("That one key makes one order is taken from the answers; a second order that no answer names is not seen.")
        .needs_http("target")
        .measure("order_total")
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings = Settings::read(ctx)?;
        ctx.scenario(|run| {
            let mut shopper = buy::Shopper::new(ctx, &settings);
            let order = shopper.buy(run)?;
            prove::prove(&mut shopper, &order, run)
        })
    }
}

tidelock_plugin::export!(Checkout);
