//! The commands and flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::cmd;
use crate::context::Flags;
use crate::out::{Color, Format};

/// Prove that two environments have converged before you switch, and after.
///
/// Long topics: tidelock help cutover-day, decisions, clocks, exit-codes, plugin-cases.
#[derive(Debug, Parser)]
#[command(
    name = "tidelock",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) flags: Flags,
    /// The form of the answer
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Global"
    )]
    pub(crate) output: Format,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Global")]
    pub(crate) color: Color,
    /// Never ask a question
    #[arg(long, global = true, help_heading = "Global")]
    pub(crate) no_input: bool,
    /// Say less
    #[arg(short, long, global = true, help_heading = "Global")]
    pub(crate) quiet: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Where the migration stands
    Status(cmd::status::StatusArgs),
    /// What holds the gate, since when, what to do
    Why(cmd::why::WhyArgs),
    /// The gates: list, check, wait, run a command behind one
    #[command(subcommand)]
    Gate(cmd::gate::GateCommand),
    /// Say that traffic was moved
    Switched(cmd::orders::SwitchedArgs),
    /// One page for the night: what must not go down, who decides, until when back
    Brief(cmd::brief::BriefArgs),
    /// Give or refuse a decision of the plan: cutover, rollback, commit
    Decide(cmd::decide::DecideArgs),
    /// Shut every gate at once
    Hold(cmd::orders::ReasonArgs),
    /// Take a hold back
    Release(cmd::orders::ReleaseArgs),
    /// Give the migration up, before the switch
    Abort(cmd::orders::ReasonArgs),
    /// The switch: walk the plan's runbook from here, resume it, say what became of a step
    #[command(subcommand)]
    Cutover(cmd::cutover::CutoverCommand),
    /// Switch on or off whether cutovers may begin
    Cutovers(cmd::switches::CutoversArgs),
    /// Is going back still possible, until when, at what cost; walk the way back
    Rollback(cmd::cutover::RollbackArgs),
    /// Say that a fact after which there is no way back is true now
    Fact(cmd::switches::FactArgs),
    /// Checks that a person makes
    #[command(subcommand)]
    Manual(cmd::orders::ManualCommand),
    /// The revision of an environment
    #[command(subcommand)]
    Revision(cmd::orders::RevisionCommand),
    /// What happened, in order
    Events(cmd::events::EventsArgs),
    /// The whole migration, signed, for the record (-o md, html or json)
    #[command(after_help = cmd::report::EXAMPLES)]
    Report(cmd::report::ReportArgs),
    /// The course of a proof: draw it, run it again with other settings
    #[command(subcommand)]
    Evidence(cmd::evidence::EvidenceCommand),
    /// Write a first plan by asking
    Init(cmd::init::InitArgs),
    /// The plan file: check, compare, pin, apply, show
    #[command(subcommand)]
    Plan(cmd::plan::PlanCommand),
    /// The checks and their newest findings
    #[command(subcommand)]
    Check(cmd::check::CheckCommand),
    /// The agents
    #[command(subcommand)]
    Agent(cmd::agent::AgentCommand),
    /// Who may do what
    #[command(subcommand)]
    Access(cmd::access::AccessCommand),
    /// Plugins: build, push, inspect, list
    #[command(subcommand)]
    Plugin(cmd::plugin::PluginCommand),
    /// The collector's keys and certificates
    #[command(subcommand)]
    Pki(cmd::pki::PkiCommand),
    /// The journal, read without the collector
    #[command(subcommand)]
    Journal(cmd::journal::JournalCommand),
    /// Named collectors
    #[command(subcommand)]
    Context(cmd::contexts::ContextCommand),
    /// Is all in order before the night: agents, clocks, certificates, disk, plan, access
    Doctor(cmd::doctor::DoctorArgs),
    /// Two live shops, a cutover, a forgotten cron job, a rollback
    Demo(cmd::local::DemoArgs),
    /// Completion for a shell
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Manual pages
    Man(cmd::man::ManArgs),
    /// A command's help, or a topic such as cutover-day
    Help(cmd::help::HelpArgs),
    /// The version of this program and of the collector
    Version,
    /// Runs a runbook's command, and ends it with whoever ordered it
    #[command(name = cmd::cutover::keep::WORD, hide = true)]
    Keep(cmd::cutover::keep::KeepArgs),
}

/// A plan file argument.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlanFile {
    /// The plan file
    #[arg(value_name = "FILE", default_value = "plan.yaml")]
    pub(crate) file: PathBuf,
}
