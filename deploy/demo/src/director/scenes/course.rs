//! The way of a proof, while it is under way.
//!
//! A gate that is shut for a while without a word looks broken. So the share of the way is shown as it
//! grows, with the time that is left; and a proof that was never seen on its way is not believed here.

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Play;
use crate::director::check_list::Missing;
use crate::director::stage::Stage;
use crate::director::wait::PAUSE;
use crate::director::{Expected, look};

/// How one claim stands.
#[derive(Clone, Debug, PartialEq)]
struct Standing {
    state: String,
    percent: u64,
    left_seconds: Option<f64>,
    is: String,
}

impl Standing {
    /// Of what `tidelock why CHECK -o json` says of the target; none where it says nothing of a proof.
    fn of(why: &Value) -> Option<Standing> {
        let claims = why["scenario"]["sides"]["target"]["claims"].as_array()?;
        let claim = claims.iter().find(|claim| claim["proof"].is_object())?;
        Some(Standing {
            state: claim["state"].as_str()?.to_owned(),
            percent: claim["progress_percent"].as_u64()?,
            left_seconds: claim["proof"]["eta_seconds"].as_f64(),
            is: claim["is"].as_str()?.to_owned(),
        })
    }

    fn proved(&self) -> bool {
        self.state == "proved"
    }

    fn on_the_way(&self) -> bool {
        (1..100).contains(&self.percent) && !self.proved()
    }

    fn told(&self) -> String {
        match (self.proved(), self.left_seconds) {
            (true, _) => self.is.clone(),
            (false, Some(left)) if self.state == "undecided" => {
                format!("{:>3} % of the way, {:.0} s left at this pace", self.percent, left.ceil())
            }
            (false, _) => format!("{:>3} % of the way; {}", self.percent, self.is),
        }
    }
}

/// Shows how a check's proof comes nearer, until it stands.
pub(crate) async fn proved(
    play: &mut Play<'_>,
    stage: &mut Stage,
    check: &str,
    verdict: Expected,
) -> anyhow::Result<()> {
    let (started, limit) = (Instant::now(), play.options.limit_of(verdict));
    let (mut before, mut seen_on_the_way) = (None, false);
    loop {
        stage.intact()?;
        let why = stage.console.read(&stage.operator, &["why", check]).await;
        let now = why.as_ref().ok().and_then(Standing::of);
        if let Some(now) = now.clone().filter(|now| before.as_ref() != Some(&now.told())) {
            play.talk.say(&format!("  {check}: {}", now.told()))?;
            before = Some(now.told());
        }
        seen_on_the_way |= now.as_ref().is_some_and(Standing::on_the_way);
        if seen_on_the_way && now.as_ref().is_some_and(Standing::proved) {
            return play.see(verdict).await;
        }
        if started.elapsed() >= limit {
            let saw = match (now, why) {
                (Some(now), _) if now.proved() => "proved, and never seen on its way".to_owned(),
                (Some(now), _) => format!("{check}: {}", now.told()),
                (None, Ok(why)) => format!("{check}: {}", look::said_of(&why)),
                (None, Err(trouble)) => format!("{trouble:#}"),
            };
            return Err(Missing { expected: verdict, saw, after: started.elapsed() }.into());
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn standing(state: &str, percent: u64, left: Value) -> Standing {
        let claim = json!({ "state": state, "progress_percent": percent, "is": "40 results",
            "proof": { "eta_seconds": left } });
        let why = json!({ "scenario": { "sides": { "target": { "claims": [claim] } } } });
        Standing::of(&why).unwrap()
    }

    #[test]
    fn what_is_on_the_way_says_how_long() {
        let now = standing("undecided", 43, json!(8.2));
        assert!(now.on_the_way() && !now.proved());
        assert_eq!(now.told(), " 43 % of the way, 9 s left at this pace");
    }

    #[test]
    fn no_pace_and_no_proof_promise_nothing() {
        assert_eq!(standing("stale", 43, json!(8.2)).told(), " 43 % of the way; 40 results");
        assert!(!standing("proved", 100, Value::Null).on_the_way());
        assert_eq!(Standing::of(&json!({ "scenario": {} })), None);
    }
}
