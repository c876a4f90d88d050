//! Claims that have no slots to draw: gauges, queues that are drained, runs in a row. How they stand is
//! told in words, for whoever asked for the course of their evidence.

use std::fmt::Write as _;

use tidelock_proto::{json, v1};

use super::Call;
use crate::client::{Client, clean};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Manner};
use crate::words::{pad, state};

/// Tells of a check's claims, or of the one that is meant; `none` is the trouble where there is no such
/// thing either.
pub(super) async fn show(
    call: &Call,
    client: &Client,
    request: v1::ExplainCheckRequest,
    claim: Option<&str>,
    none: Trouble,
) -> Result<Exit, Trouble> {
    let Ok(answer) = client.migrations().explain_check(request).await else { return Err(none) };
    let scenario = answer.into_inner().scenario.unwrap_or_default();
    let text = text(call.manner, &scenario, claim).ok_or(none)?;
    call.loudly(client).await;
    out::print(&text)?;
    Ok(Exit::Done)
}

/// How the claims stand; none where nothing is claimed under this name.
fn text(manner: Manner, scenario: &v1::ScenarioView, claim: Option<&str>) -> Option<String> {
    let mut text = format!("{}  has no slots to draw here; as it stands:\n", manner.bold(&scenario.name));
    let mut told = false;
    for side in &scenario.sides {
        let meant = |one: &&v1::ClaimView| claim.is_none_or(|claim| clean(&one.name) == claim);
        for one in side.claims.iter().filter(meant) {
            told = true;
            let who = format!("{} must", json::side_word(side.side));
            let _ = writeln!(text, "  {} {}: {}", pad(&who, 12), clean(&one.name), clean(&one.must));
            let _ = writeln!(text, "  {} {}   {}", pad("is", 12), clean(&one.is), state(manner, one.state));
        }
    }
    let _ = write!(text, "  {} tidelock why {}", pad("More", 12), scenario.name);
    told.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::Format;

    #[test]
    fn claims_without_slots_are_told_in_words_and_unknown_ones_are_not() {
        let manner = Manner { format: Format::Text, color: false, ask: false, quiet: false };
        let claim = v1::ClaimView {
            name: "gauge lag".to_owned(),
            must: "come down to 5".to_owned(),
            is: "nothing was reported yet".to_owned(),
            ..v1::ClaimView::default()
        };
        let side =
            v1::SideView { side: v1::Side::Target.into(), claims: vec![claim], ..v1::SideView::default() };
        let scenario =
            v1::ScenarioView { name: "db".to_owned(), sides: vec![side], ..v1::ScenarioView::default() };
        for meant in [None, Some("gauge lag")] {
            let text = text(manner, &scenario, meant).unwrap();
            for said in ["target must", "come down to 5", "nothing was reported yet", "tidelock why db"] {
                assert!(text.contains(said), "{text}");
            }
            assert!(!text.contains("proved"), "{text}");
        }
        assert_eq!(text(manner, &scenario, Some("speed")), None);
        assert_eq!(text(manner, &v1::ScenarioView::default(), None), None);
    }
}
