//! What an order must be, once the shop says it has made one.
//!
//! Whatever is found, the synthetic order is taken back in the end.

use serde_json::Value;
use tidelock_plugin::flow::{Expect, Halt, Statuses};
use tidelock_plugin::{MarkKind, Scenario, Stop, ensure};

use crate::buy::{Order, Shopper};

/// Holds the order against everything, and takes it back.
pub(crate) fn prove(shopper: &mut Shopper<'_>, order: &Order, run: &mut Scenario) -> Result<(), Stop> {
    run.mark(&order.id, MarkKind::Issued);
    run.measure("order_total", order.total, "");
    // Each is looked at even when one before it failed: the team wants to know all of it.
    let total = run.step("total", |_| right_total(order));
    // An order that is not kept is told as that, and not as what a second click makes of it.
    let read = run.step("read-back", |_| read_back(shopper, order));
    let mut second = None;
    let once = run.step("once", |step| {
        second = once(shopper, order)?;
        match &second {
            None => {
                step.note("the second click was refused or gave the same order");
                Ok(())
            }
            Some(id) => Err(Stop::Wrong(format!("one key made two orders: {} and {id}", order.id))),
        }
    });
    let mut cleaned = Ok(());
    if !shopper.settings.cleanup_method.is_empty() {
        cleaned = run.step("clean-up", |_| take_back(shopper, &order.id));
        if let Some(second) = second {
            cleaned = cleaned.and(run.step("clean-up-second", |_| take_back(shopper, &second)));
        }
    }
    total.and(read).and(once).and(cleaned)
}

fn right_total(order: &Order) -> Result<(), Stop> {
    ensure!(
        order.total == order.expected_total,
        "order {} costs {}, the cart said {}",
        order.id,
        order.total,
        order.expected_total
    );
    Ok(())
}

/// Pays again with the same key. Gives the second order, if there is one.
fn once(shopper: &mut Shopper<'_>, order: &Order) -> Result<Option<String>, Stop> {
    let mut again = order.paid_by.clone();
    // A repeat may be answered with another status than the first time.
    again.expect = Expect { status: Some(Statuses::ranges(&[(200, 299)])), ..Expect::default() };
    again.retry = None;
    match shopper.again(&again) {
        Ok(_) => {
            let second = shopper.order(again)?;
            Ok(Some(second.id).filter(|id| *id != order.id))
        }
        // Some shops say "conflict" to a repeat: that makes one order too.
        Err(Halt { answered: Some(409), .. }) => Ok(None),
        Err(halt) => Err(halt.stop),
    }
}

fn read_back(shopper: &mut Shopper<'_>, order: &Order) -> Result<(), Stop> {
    let step = order_call(shopper, "read-back", &order.id);
    let reply = shopper
        .again(&step)
        .map_err(|halt| halt.stop.at(&format!("the shop gave the number {}, but", order.id)))?;
    let read = reply.json()?;
    let settings = shopper.settings;
    let total = read.pointer(&settings.total_pointer).and_then(Value::as_f64);
    ensure!(
        total == Some(order.total),
        "order {} was sold at {} and is kept at {}",
        order.id,
        order.total,
        total.map_or("no total".to_owned(), |total| total.to_string())
    );
    if !settings.synthetic_pointer.is_empty() {
        let marked = read.pointer(&settings.synthetic_pointer);
        ensure!(marked == Some(&Value::Bool(true)), "order {} is not marked as synthetic", order.id);
    }
    Ok(())
}

fn take_back(shopper: &mut Shopper<'_>, id: &str) -> Result<(), Stop> {
    let mut step = order_call(shopper, "clean-up", id);
    step.request.method = Some(shopper.settings.cleanup_method.clone());
    shopper.again(&step).map_err(|halt| halt.stop)?;
    if shopper.settings.cleanup_keeps_order {
        return Ok(());
    }
    let mut gone = order_call(shopper, "gone", id);
    gone.expect.status = Some(Statuses::ranges(&[(404, 404), (410, 410)]));
    shopper.again(&gone).map(drop).map_err(|halt| halt.stop.at("after it was taken back"))
}

fn order_call(shopper: &mut Shopper<'_>, name: &str, id: &str) -> tidelock_plugin::flow::FlowStep {
    shopper.player.vars.insert("order_id".to_owned(), Value::from(tidelock_plugin::percent(id)));
    shopper.call(name, &shopper.settings.order_path)
}
