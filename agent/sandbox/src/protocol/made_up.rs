//! A made-up world for one run: what targets answer, and a clock that a case sets.
//!
//! An author wants to see how a check behaves when the shop is down, without a shop. No request of an
//! agent's plan can carry such a world: it stands beside [`RunRequest`](super::RunRequest), not in it, so that
//! nothing made up ever becomes a finding.

use serde::{Deserialize, Serialize};

use super::codec;

/// The world of one run. A call that no fake answers is refused and listed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MadeUp {
    /// What the clock says when the run begins. It moves by what calls and sleeps take, and by nothing else.
    pub now_unix_ms: u64,
    /// What HTTP targets answer; the first that fits and has not given all its answers is taken.
    pub http: Vec<HttpFake>,
    /// What databases answer, likewise.
    pub sql: Vec<SqlFake>,
    /// What the run may use up, where the engine counts fuel; without end where nobody says.
    #[serde(default)]
    pub fuel: Option<u64>,
}

/// An answer to requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpFake {
    /// The target that is called.
    pub target: String,
    /// The method in capitals.
    pub method: String,
    /// The path; without a `?` any query fits, and a `*` at its end stands for anything.
    pub path: String,
    /// What the request's body must hold.
    pub body_contains: Option<String>,
    /// How often it answers; as often as it is asked without a number.
    pub times: Option<u32>,
    /// How long the answer takes on the run's clock.
    pub takes_ms: u64,
    /// What comes back.
    pub answer: HttpFakeAnswer,
}

/// What comes back of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HttpFakeAnswer {
    /// A response.
    Response {
        /// Its status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        #[serde(with = "codec::bytes")]
        body: Vec<u8>,
    },
    /// None.
    Broken(Broken),
}

/// How a target is when it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Broken {
    /// Its name is not known.
    Dns,
    /// It takes no connection.
    Connect,
    /// Its certificate is not believed.
    Tls,
    /// It says nothing until the time is up.
    Silent,
}

/// An answer to statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqlFake {
    /// The target that is asked.
    pub target: String,
    /// The statement; white space does not count, and a `*` at its end stands for anything.
    pub statement: String,
    /// The parameters that it must have; any without.
    pub params: Option<Vec<Cell>>,
    /// How often it answers; as often as it is asked without a number.
    pub times: Option<u32>,
    /// How long the answer takes on the run's clock.
    pub takes_ms: u64,
    /// What comes back.
    pub answer: SqlFakeAnswer,
}

/// What comes back of a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SqlFakeAnswer {
    /// Rows.
    Rows {
        /// The names of their columns.
        columns: Vec<String>,
        /// Their cells.
        rows: Vec<Vec<Cell>>,
    },
    /// So many rows were changed.
    Changed(u64),
    /// The database's own refusal.
    Error {
        /// Its SQLSTATE.
        code: String,
        /// Its words.
        message: String,
    },
    /// No answer.
    Broken(Broken),
}

/// A value in a row or of a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

/// What a run made of its world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// How often each fake of `http` answered, in order.
    pub http: Vec<u32>,
    /// How often each fake of `sql` answered, in order.
    pub sql: Vec<u32>,
    /// Calls that no fake answers, as they were made.
    pub unanswered: Vec<String>,
    /// What the clock moved, in microseconds.
    pub passed_us: u64,
    /// The fuel that was used, where the world gave some and the engine counts it.
    #[serde(default)]
    pub fuel: Option<u64>,
}
