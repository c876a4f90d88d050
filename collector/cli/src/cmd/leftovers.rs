//! `tidelock rollback leftovers`: the rows that only the target has since the switch. Going back is not
//! complete before somebody answers for each of them.

use serde_json::{Value, json};
use tidelock_proto::{json, v1};

use super::{Call, orders};
use crate::client::{clean, trouble};
use crate::exit::{Exit, Trouble};
use crate::files::request_id;
use crate::out::{self, Format};
use crate::words::{clock, pad};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LeftoversArgs {
    #[command(subcommand)]
    command: Option<LeftoversCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum LeftoversCommand {
    /// Say who answers for a row, and what becomes of it
    Settle {
        /// The row, as it is listed, such as orders/4711; rest for all that are not listed
        key: String,
        /// Who answers for it
        #[arg(long, value_name = "PERSON")]
        owner: String,
        /// What becomes of it
        #[arg(long, value_name = "TEXT")]
        disposition: String,
    },
}

pub(crate) async fn run(call: &Call, args: LeftoversArgs) -> Result<Exit, Trouble> {
    let client = call.client()?;
    let migration = client.migration().await?;
    if let Some(LeftoversCommand::Settle { key, owner, disposition }) = args.command {
        let request =
            v1::SettleLeftoverRequest { migration, key, owner, disposition, request_id: request_id()? };
        let answer = client.orders().settle_leftover(request).await.map_err(trouble)?.into_inner();
        return orders::done(call, answer.event);
    }
    let status = super::get_status(&client).await?;
    let request = v1::ListLeftoversRequest { migration };
    let answer = client.orders().list_leftovers(request).await.map_err(trouble)?.into_inner();
    match call.manner.format {
        Format::Csv => out::raw(&csv(&answer.leftovers))?,
        Format::Json => out::print_json(Format::Json, &document(&answer))?,
        Format::Ndjson => {
            answer.leftovers.iter().try_for_each(|row| out::print_json(Format::Ndjson, &object(row)))?;
        }
        Format::Text | Format::Short | Format::Nagios | Format::Md | Format::Html => {
            call.loud(&status)?;
            out::print(&text(&answer.leftovers, &status.timezone))?;
        }
    }
    if answer.cut {
        out::say("tidelock: more rows are there than are listed; somebody answers for those as rest");
    }
    Ok(Exit::Done)
}

/// `-o json`: schema `tidelock.leftovers/v1`.
fn document(answer: &v1::ListLeftoversResponse) -> Value {
    json!({
        "schema": "tidelock.leftovers/v1", "cut": answer.cut,
        "leftovers": answer.leftovers.iter().map(object).collect::<Value>(),
    })
}

fn object(row: &v1::Leftover) -> Value {
    let mut value = json::leftover(row);
    value["table"] = table_and_key(&row.key).0.into();
    value
}

/// `orders/4711` is the row 4711 of orders; a key without a table stands alone.
fn table_and_key(key: &str) -> (&str, &str) {
    key.split_once('/').unwrap_or(("", key))
}

fn text(rows: &[v1::Leftover], zone: &str) -> String {
    if rows.is_empty() {
        return "no row is known that only the target has".to_owned();
    }
    let open = rows.iter().filter(|row| row.owner.is_empty() || row.disposition.is_empty()).count();
    let mut lines = vec![format!("{} rows, {open} without an owner and a disposition", rows.len())];
    for row in rows {
        let settled = match (row.owner.is_empty(), row.disposition.is_empty()) {
            (false, false) => format!("✔ {}: {}", clean(&row.owner), clean(&row.disposition)),
            _ => "◷ nobody answers for it yet".to_owned(),
        };
        lines.push(format!(
            "  {} {} {} {settled}",
            pad(&clean(&row.key), 28),
            pad(&clock(row.made_time.as_ref(), zone), 9),
            pad(&clean(&row.check), 20),
        ));
    }
    if open > 0 {
        lines.push(
            "Next: tidelock rollback leftovers settle KEY --owner PERSON --disposition TEXT".to_owned(),
        );
    }
    lines.join("\n")
}

fn csv(rows: &[v1::Leftover]) -> String {
    let mut lines = vec!["table,key,made,check,side,owner,disposition".to_owned()];
    lines.extend(rows.iter().map(|row| {
        let (table, key) = table_and_key(&row.key);
        let made = json::time(row.made_time.as_ref());
        let made = made.as_str().unwrap_or_default();
        let side = json::side_word(row.side);
        [table, key, made, &row.check, side, &row.owner, &row.disposition].map(cell).join(",")
    }));
    lines.join("\n")
}

/// A cell that no spreadsheet takes for a formula, and no reader for two.
fn cell(text: &str) -> String {
    let text = clean(text).replace('\n', " ");
    let safe = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if safe.contains([',', '"']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, owner: &str, disposition: &str) -> v1::Leftover {
        v1::Leftover {
            key: key.to_owned(),
            made_time: Some(json::wire_time(1_795_352_770_250)),
            check: "db-back".to_owned(),
            side: v1::Side::Target.into(),
            owner: owner.to_owned(),
            disposition: disposition.to_owned(),
        }
    }

    #[test]
    fn a_spreadsheet_gets_cells_and_no_formulas() {
        let rows = [row("orders/4711", "", ""), row("mails/=cmd()", "ben", "sent, \"again\"")];
        assert_eq!(
            csv(&rows),
            "table,key,made,check,side,owner,disposition\n\
             orders,4711,2026-11-22T13:06:10.250Z,db-back,target,,\n\
             mails,'=cmd(),2026-11-22T13:06:10.250Z,db-back,target,ben,\"sent, \"\"again\"\"\""
        );
    }

    #[test]
    fn what_nobody_answers_for_is_counted() {
        let rows = [row("orders/4711", "ben", "imported"), row("orders/4712", "ben", "")];
        let said = text(&rows, "UTC");
        assert!(said.starts_with("2 rows, 1 without an owner and a disposition\n"), "{said}");
        assert!(said.contains("✔ ben: imported") && said.contains("◷ nobody answers"), "{said}");
        assert_eq!(text(&[], "UTC"), "no row is known that only the target has");
    }
}
