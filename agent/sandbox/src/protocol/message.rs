//! The messages between the agent and its two kinds of children.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tidelock_model::{Outcome, Sha256};

use super::codec;
use super::made_up::{MadeUp, Used};
use super::wire::{WirePages, WireReport, WireRevision};
use super::{LogLine, Manifest, Refusal, RunRequest};
use crate::engine::EngineSettings;

/// The first message to a runner.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    pub(crate) engine: EngineSettings,
    pub(crate) cache_dir: PathBuf,
    /// The key that compiled files are checked with.
    #[serde(with = "codec::bytes")]
    pub(crate) cache_key: Vec<u8>,
    pub(crate) parent_pid: i32,
    /// The folders of the databases that runs are granted so far. A runner never reaches another one.
    #[serde(default)]
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// What the agent asks of a runner. Every request but the first carries a number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToRunner {
    Start(Start),
    Prepare {
        id: u64,
        #[serde(with = "codec::word")]
        component: Sha256,
    },
    Describe {
        id: u64,
        #[serde(with = "codec::word")]
        component: Sha256,
    },
    Run {
        id: u64,
        request: Box<RunRequest>,
        /// The world of a case; never there in a run that becomes a finding.
        #[serde(default)]
        made_up: Option<Box<MadeUp>>,
    },
}

/// What a runner answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromRunner {
    /// The engine stands. `warning` says what is not as it was asked for, `kept` what the kernel did not
    /// let the runner give up.
    Ready {
        warning: Option<String>,
        #[serde(default)]
        kept: Vec<String>,
    },
    /// There is no engine, and never will be with these settings.
    Unable {
        reason: String,
    },
    Answer {
        id: u64,
        answer: Answer,
    },
}

/// The answer to a numbered request.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The component can be run.
    Prepared,
    /// No file of this agent's making is there for it.
    NotCompiled,
    /// It cannot be run.
    Refused(Refusal),
    Described(Box<Manifest>),
    Done(Box<RunDone>),
}

/// A run as the runner saw it. The agent checks the report once more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunDone {
    #[serde(with = "outcome")]
    pub(crate) outcome: Outcome,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) detail: String,
    pub(crate) report: Option<WireReport>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_dropped: u64,
    pub(crate) calls: u32,
    /// Target and reason.
    pub(crate) refused_calls: Vec<(String, String)>,
    pub(crate) state_changes: Vec<StateChange>,
    pub(crate) trace_ids: Vec<String>,
    #[serde(default)]
    pub(crate) pages: WirePages,
    #[serde(default)]
    pub(crate) revision: WireRevision,
    pub(crate) duration_us: u64,
    pub(crate) cpu_us: u64,
    pub(crate) memory_bytes: u64,
    /// What was used of a made-up world.
    #[serde(default)]
    pub(crate) used: Option<Used>,
}

/// One key of the state, set or forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StateChange {
    pub(crate) key: String,
    #[serde(with = "codec::bytes")]
    pub(crate) value: Vec<u8>,
    pub(crate) forget: bool,
}

/// What the agent asks of a compile child: its only message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compile {
    pub(crate) engine: EngineSettings,
    pub(crate) wasm: PathBuf,
    #[serde(with = "codec::word")]
    pub(crate) component: Sha256,
    /// Where the compiled code goes; the agent moves it to its place.
    pub(crate) output: PathBuf,
    pub(crate) max_wasm_bytes: u64,
    pub(crate) max_memory_bytes: u64,
    pub(crate) max_cpu_secs: u64,
}

/// What a compile child answers: the name of the settings it compiled for, in hexadecimal.
pub(crate) type Compiled = Result<String, Refusal>;

/// `Outcome` has no reader of its own: its words are for people.
mod outcome {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use tidelock_model::Outcome;

    pub(crate) fn serialize<S: Serializer>(value: &Outcome, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.word())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Outcome, D::Error> {
        let text = String::deserialize(from)?;
        [Outcome::Pass, Outcome::Fail, Outcome::NotRun]
            .into_iter()
            .find(|outcome| outcome.word() == text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is not an outcome")))
    }
}
