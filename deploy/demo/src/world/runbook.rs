//! The team's own steps: over to the new side, and back.
//!
//! Writes are shut first and opened last. Between the two nothing may be on its way: what the copy has
//! not brought over yet is waited for, with a limit, and a step that fails opens writes again before it
//! says so.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Hands;
use crate::Side;
use crate::replicator::Mode;

/// How long the copy may need for the last rows, with writes shut.
const CATCH_UP: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(100);

/// Moves traffic, jobs and the direction of the copy to a side.
///
/// # Errors
/// Names the step; writes are open again, on the side that has the traffic then.
pub async fn move_to(hands: &Hands, to: Side) -> anyhow::Result<Value> {
    hands.fence(true).await.context("shut writes")?;
    let moved = moves(hands, to).await;
    let opened = hands.fence(false).await.context("open writes again");
    let moved = moved?;
    opened?;
    Ok(json!({ "moved_to": to, "steps": moved, "traffic": hands.traffic().await? }))
}

async fn moves(hands: &Hands, to: Side) -> anyhow::Result<Vec<&'static str>> {
    caught_up(hands, to.other()).await.context("let the copy catch up")?;
    hands.direction(Mode::Off).await.context("stop the copy")?;
    // Taken away first: a job that runs on both sides for a moment is what the demo warns of.
    hands.jobs(to.other(), None, false).await.context("take the jobs away")?;
    hands.switch(to).await.context("move the traffic")?;
    let back = match to {
        Side::Target => Mode::Reverse,
        Side::Source => Mode::Forward,
    };
    hands.direction(back).await.context("turn the copy round")?;
    hands.jobs(to, None, true).await.context("give the jobs")?;
    Ok(vec![
        "writes shut",
        "copy caught up",
        "traffic moved",
        "copy turned round",
        "jobs moved",
        "writes open",
    ])
}

/// Waits until the sending side has nothing left to send.
async fn caught_up(hands: &Hands, sender: Side) -> anyhow::Result<()> {
    let until = Instant::now() + CATCH_UP;
    loop {
        let told = hands.replicated(sender).await?;
        // Unknown is `null`, and no zero.
        if told["role"] == "sending" && told["pending"] == 0 {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < until,
            "the {sender} still has something to send after {CATCH_UP:?}: {told}"
        );
        sleep(LOOK).await;
    }
}
