//! One module a command. Each gives the exit that its answer means.

pub(crate) mod access;
pub(crate) mod agent;
mod agent_token;
pub(crate) mod brief;
mod brief_now;
mod brief_switch;
pub(crate) mod check;
mod check_run;
pub(crate) mod contexts;
pub(crate) mod cutover;
pub(crate) mod decide;
mod decide_override;
mod decide_shown;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod evidence;
mod evidence_draw;
mod evidence_plain;
#[cfg(test)]
mod evidence_tests;
pub(crate) mod gate;
mod gate_exec;
mod gate_exec_child;
mod gate_wait;
pub(crate) mod help;
pub(crate) mod init;
pub(crate) mod journal;
pub(crate) mod leftovers;
pub(crate) mod local;
pub(crate) mod man;
pub(crate) mod orders;
pub(crate) mod pki;
pub(crate) mod plan;
mod plan_apply;
mod plan_diff;
mod plan_explain;
mod plan_source;
pub(crate) mod plugin;
mod plugin_new;
mod plugin_pull;
mod plugin_sign;
mod plugin_test;
mod proof_text;
mod recorded;
mod replay;
mod replay_text;
pub(crate) mod report;
mod sparkline;
pub(crate) mod status;
mod status_text;
pub(crate) mod switches;
mod version;
pub(crate) mod why;
mod why_last;
mod why_traces;

use clap::CommandFactory as _;
use serde_json::json;
use tidelock_proto::v1;

use crate::args::{Args, Command};
use crate::client::{Client, clean, trouble};
use crate::context::{Flags, resolve};
use crate::exit::{Exit, Trouble};
use crate::out::{self, Format, Manner};
use crate::shown;

/// What every command gets.
pub(crate) struct Call {
    pub(crate) flags: Flags,
    pub(crate) manner: Manner,
    /// What only makes things safer is done on any journal, also one that is older than it was.
    safer: bool,
}

impl Call {
    pub(crate) fn client(&self) -> Result<Client, Trouble> {
        let client = Client::new(&resolve(&self.flags)?)?;
        Ok(if self.safer { client.on_any_journal() } else { client })
    }

    /// Says at the head of a screen what must stand on every one; programs find it in a status and in each gate.
    pub(crate) fn loud(&self, status: &v1::Status) -> Result<(), Trouble> {
        if self.manner.json() {
            return Ok(());
        }
        shown::loud_of(status).iter().try_for_each(|line| out::print(&self.manner.paint("1;33", line)))
    }

    /// The same where the screen itself needs no status. Not knowing it stops nobody, and is said.
    pub(crate) async fn loudly(&self, client: &Client) {
        if self.manner.json() {
            return;
        }
        let told = get_status(client).await.and_then(|status| self.loud(&status));
        if let Err(trouble) = told {
            out::say(&format!("tidelock: ? which switches for development are on: {}", trouble.message));
        }
    }
}

/// Runs one command.
pub(crate) async fn run(args: Args) -> Result<Exit, Trouble> {
    let manner = Manner::new(args.output, args.color, args.no_input, args.quiet);
    let call = Call { flags: args.flags, manner, safer: only_safer(&args.command) };
    only_where_it_is_known(&call, &args.command)?;
    match args.command {
        Command::Status(args) => status::run(&call, args).await,
        Command::Why(args) => why::run(&call, args).await,
        Command::Gate(command) => gate::run(&call, command).await,
        Command::Switched(args) => orders::switched(&call, args).await,
        Command::Brief(args) => brief::run(&call, args).await,
        Command::Decide(args) => decide::run(&call, args).await,
        Command::Hold(args) => orders::hold(&call, args).await,
        Command::Release(args) => orders::release(&call, args).await,
        Command::Abort(args) => orders::abort(&call, args).await,
        Command::Cutover(command) => cutover::run(&call, command).await,
        Command::Cutovers(args) => switches::cutovers(&call, args).await,
        Command::Rollback(args) => cutover::rollback(&call, args).await,
        Command::Fact(args) => switches::fact(&call, args).await,
        Command::Report(args) => report::run(&call, args).await,
        Command::Manual(command) => orders::manual(&call, command).await,
        Command::Revision(command) => orders::revision(&call, command).await,
        Command::Events(args) => events::run(&call, args).await,
        Command::Evidence(command) => evidence::run(&call, command).await,
        Command::Plan(command) => plan::run(&call, command).await,
        Command::Check(command) => check::run(&call, command).await,
        Command::Agent(command) => agent::run(&call, command).await,
        Command::Access(command) => access::run(&call, command).await,
        Command::Plugin(command) => plugin::run(&call, command).await,
        Command::Pki(command) => pki::run(&call, command),
        Command::Journal(command) => journal::run(&call, command).await,
        Command::Context(command) => contexts::run(&call, command),
        Command::Demo(args) => local::demo(args),
        Command::Doctor(args) => doctor::run(&call, args).await,
        Command::Completion { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "tidelock", &mut text);
            let text = String::from_utf8_lossy(&text);
            if call.manner.json() {
                let value =
                    json!({ "schema": "tidelock.completion/v1", "shell": shell.to_string(), "script": text });
                out::print_json(call.manner.format, &value)?;
            } else {
                out::raw(&text)?;
            }
            Ok(Exit::Done)
        }
        Command::Init(args) => init::run(&call, args),
        Command::Man(args) => man::run(&call, &args),
        Command::Help(args) => help::run(&call, &args),
        Command::Version => version::run(&call).await,
        Command::Keep(args) => cutover::keep::run(args).await,
    }
}

/// A monitor runs it: every end of it is one line and an exit of Nagios.
pub(crate) fn is_monitored(args: &Args) -> bool {
    args.output == Format::Nagios && for_monitors(&args.command)
}

/// What a monitor may ask for.
fn for_monitors(command: &Command) -> bool {
    matches!(
        command,
        Command::Status(_) | Command::Doctor(_) | Command::Gate(gate::GateCommand::Check { .. })
    )
}

/// The line of a monitor where nothing is known.
pub(crate) fn monitor_line(trouble: &Trouble) -> String {
    // What stands behind a bar would be read as numbers.
    let words = trouble.to_string().replace("\n  ", "; ").replace(['\n', '\r'], " ");
    let words = clean(&words).replace('|', "/");
    format!("TIDELOCK UNKNOWN - {words}")
}

/// Shutting and going back do not wait until somebody knows why the journal is older than it was.
fn only_safer(command: &Command) -> bool {
    let back = matches!(command, Command::Decide(args) if args.goes_back());
    back || matches!(command, Command::Hold(_) | Command::Abort(_) | Command::Rollback(_))
}

/// Some forms are those of one command; another must not print something else under their name.
fn only_where_it_is_known(call: &Call, command: &Command) -> Result<(), Trouble> {
    let leftovers = matches!(command, Command::Rollback(args) if args.leftovers());
    let fits = match call.manner.format {
        Format::Csv => leftovers,
        Format::Md | Format::Html => matches!(command, Command::Report(_)),
        Format::Nagios => for_monitors(command),
        Format::Text | Format::Json | Format::Ndjson | Format::Short => true,
    };
    match call.manner.format.only_for() {
        Some(only) if !fits => {
            Err(Trouble::usage(format!("this form of -o is that of tidelock {only} alone")))
        }
        Some(_) | None => Ok(()),
    }
}

/// The status of the migration that is meant.
pub(crate) async fn get_status(client: &Client) -> Result<v1::Status, Trouble> {
    let migration = client.migration().await?;
    let answer = client.migrations().get_status(v1::GetStatusRequest { migration }).await.map_err(trouble)?;
    answer.into_inner().status.ok_or_else(|| Trouble::new(Exit::Unknown, "the collector gave no status"))
}

pub(crate) use tidelock_model::read_span as duration;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_put_together_rightly() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_monitor_gets_one_line_of_unknown_for_any_trouble() {
        use clap::Parser as _;
        let of = |line: &str| is_monitored(&Args::try_parse_from(line.split(' ')).unwrap());
        assert!(of("tidelock status -o nagios") && of("tidelock gate check ready -o nagios"));
        assert!(of("tidelock doctor -o nagios"));
        assert!(!of("tidelock status") && !of("tidelock gate ls -o nagios"));
        let trouble =
            Trouble::new(Exit::Unreachable, "the collector does not answer: a | b").hint("look\nthere");
        let line = monitor_line(&trouble);
        assert!(line.starts_with("TIDELOCK UNKNOWN - the collector does not answer: a / b; look"), "{line}");
        assert!(!line.contains('\n') && !line.contains('|'), "{line}");
    }

    #[test]
    fn the_time_of_one_call_is_not_that_of_a_wait() {
        use clap::Parser as _;
        let of = |line: &str| Args::try_parse_from(line.split(' '));
        let args = of("tidelock gate wait ready --timeout 3h --call-timeout 30s -v").unwrap();
        assert_eq!((args.flags.call_timeout, args.flags.verbose), (Some(Duration::from_secs(30)), true));
        let Command::Gate(gate::GateCommand::Wait { wait, .. }) = args.command else { panic!("no wait") };
        assert_eq!(wait.timeout, Some(Duration::from_secs(10_800)));
        assert!(of("tidelock --call-timeout 0s status").is_err());
        assert!(of("tidelock why --last 30m").is_err(), "of which check");
        assert!(of("tidelock why login --last 30m").is_ok());
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("3h"), Ok(Duration::from_secs(10_800)));
        for bad in
            ["", "90", "s", "400d", "-1s", "1.5h", "1w", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(duration(bad).is_err(), "{bad:?} was taken");
        }
    }
}
