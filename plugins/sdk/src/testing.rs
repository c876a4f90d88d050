//! A made-up host, so that a plugin is tested natively and without a network.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::bindings::tidelock::check::{http, sql, state, types};
use crate::host::{BaseHost, Hosts, HttpHost, SqlHost, StateHost};
use crate::log::Level;
use crate::{
    Check, Context, HttpRequest, HttpResponse, Report, Rows, Side, SqlValue, Timing, Trouble, guest,
};

type Answer = Box<dyn Fn(&str, &HttpRequest) -> Result<HttpResponse, http::Failure>>;
type Statement = Box<dyn Fn(&str, &str, &[SqlValue]) -> Result<Rows, sql::Failure>>;

/// A host that answers as a test says. Time passes by a millisecond with every call.
pub struct FakeHost {
    answer: Answer,
    statement: Statement,
    dialect: Option<String>,
    origins: Vec<(String, String)>,
    kept: RefCell<BTreeMap<String, Vec<u8>>>,
    now_ms: Cell<u64>,
    monotonic_us: Cell<u64>,
    drawn: Cell<u64>,
    lines: RefCell<Vec<(Level, String)>>,
    side: Side,
    round: u64,
}

impl Default for FakeHost {
    fn default() -> FakeHost {
        FakeHost::new()
    }
}

impl FakeHost {
    /// A host that denies every call.
    pub fn new() -> FakeHost {
        FakeHost {
            answer: Box::new(|target, _| Err(http::Failure::Denied(format!("no target {target}")))),
            statement: Box::new(|target, _, _| Err(sql::Failure::Denied(format!("no target {target}")))),
            dialect: None,
            origins: Vec::new(),
            kept: RefCell::default(),
            now_ms: Cell::new(1_700_000_000_000),
            monotonic_us: Cell::new(0),
            drawn: Cell::new(0),
            lines: RefCell::default(),
            side: Side::Source,
            round: 7,
        }
    }

    /// What HTTP targets answer.
    #[must_use]
    pub fn http(
        mut self,
        answer: impl Fn(&str, &HttpRequest) -> Result<HttpResponse, http::Failure> + 'static,
    ) -> FakeHost {
        self.answer = Box::new(answer);
        self
    }

    /// What a database of that dialect answers.
    #[must_use]
    pub fn sql(
        mut self,
        dialect: &str,
        answer: impl Fn(&str, &str, &[SqlValue]) -> Result<Rows, sql::Failure> + 'static,
    ) -> FakeHost {
        self.dialect = Some(dialect.to_owned());
        self.statement = Box::new(answer);
        self
    }

    /// The origin of a granted target.
    #[must_use]
    pub fn origin(mut self, origin: &str, target: &str) -> FakeHost {
        self.origins.push((origin.to_owned(), target.to_owned()));
        self
    }

    /// The side that the run stands on.
    #[must_use]
    pub fn on(mut self, side: Side) -> FakeHost {
        self.side = side;
        self
    }

    /// The round that the run belongs to.
    #[must_use]
    pub fn in_round(mut self, round: u64) -> FakeHost {
        self.round = round;
        self
    }

    /// Ready to be shared.
    pub fn rc(self) -> Rc<FakeHost> {
        Rc::new(self)
    }

    /// A run of its own on this host.
    pub fn context(self, settings: &str) -> Context {
        let told = self.told(settings);
        Context::new(told, Hosts(self.rc()))
    }

    /// Runs a check once.
    ///
    /// # Errors
    /// Passes on why the check could not look.
    pub fn run<C: Check>(self: &Rc<FakeHost>, settings: &serde_json::Value) -> Result<Report, Trouble> {
        guest::run_on::<C>(self.told(&settings.to_string()), self.clone())
    }

    /// Lets time pass.
    pub fn pass_ms(&self, ms: u64) {
        self.now_ms.set(self.now_ms.get() + ms);
        self.monotonic_us.set(self.monotonic_us.get() + ms * 1000);
    }

    /// What was logged.
    pub fn lines(&self) -> Vec<(Level, String)> {
        self.lines.borrow().clone()
    }

    /// Forgets what checks have kept.
    pub fn forget(&self) {
        self.kept.borrow_mut().clear();
    }

    fn told(&self, settings: &str) -> types::Context {
        types::Context {
            side: self.side,
            check: "a-check".to_owned(),
            round: self.round,
            nonce: vec![0xab, 0xcd],
            deadline_unix_ms: self.now_ms.get() + 5_000,
            settings: settings.to_owned(),
        }
    }
}

/// An answer with a status, headers and a body.
pub fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
    HttpResponse {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
        final_path: String::new(),
        timing: Timing { connect_us: 100, tls_us: 0, first_byte_us: 800, transfer_us: 100, total_us: 1000 },
    }
}

/// A request's first header of that name.
pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Whether a schema names exactly the keys that a settings type takes.
///
/// # Panics
/// When it does not.
pub fn assert_schema<T: serde::de::DeserializeOwned>(schema: &str) {
    let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
    assert_eq!(schema["additionalProperties"], false, "the schema is strict");
    let properties = schema["properties"].as_object().expect("the schema has properties");
    let mut named: Vec<_> = properties.keys().cloned().collect();
    let Err(Trouble::BadSettings(why)) = crate::parse_settings::<T>(r#"{"no such key at all":1}"#) else {
        panic!("the settings take unknown keys")
    };
    let known = why.split_once("known here: ").map_or("", |(_, known)| known);
    let mut known: Vec<_> = known.split(", ").map(str::to_owned).collect();
    named.sort();
    known.sort();
    assert_eq!(named, known, "the schema's keys and the settings' keys");
}

impl HttpHost for FakeHost {
    fn send(&self, target: &str, request: &http::Request) -> Result<http::Response, http::Failure> {
        self.pass_ms(1);
        (self.answer)(target, request)
    }

    fn target_of(&self, url: &str) -> Option<(String, String)> {
        self.origins.iter().find_map(|(origin, target)| {
            let path =
                url.strip_prefix(origin.as_str()).filter(|path| path.is_empty() || path.starts_with('/'))?;
            Some((target.clone(), if path.is_empty() { "/".to_owned() } else { path.to_owned() }))
        })
    }
}

impl SqlHost for FakeHost {
    fn query(
        &self,
        target: &str,
        statement: &str,
        params: &[SqlValue],
        offset: u64,
        limit: u32,
    ) -> Result<Rows, sql::Failure> {
        self.pass_ms(1);
        let mut rows = (self.statement)(target, statement, params)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(rows.rows.len());
        rows.rows.drain(..from);
        rows.more = rows.rows.len() > limit as usize;
        rows.rows.truncate(limit as usize);
        Ok(rows)
    }

    fn execute(&self, target: &str, statement: &str, params: &[SqlValue]) -> Result<u64, sql::Failure> {
        self.pass_ms(1);
        (self.statement)(target, statement, params).map(|rows| rows.rows.len() as u64)
    }

    fn dialect(&self, _target: &str) -> Option<String> {
        self.dialect.clone()
    }
}

impl StateHost for FakeHost {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, state::Failure> {
        Ok(self.kept.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), state::Failure> {
        if key.len() > 128 || value.len() > 16 * 1024 {
            return Err(state::Failure::Limit(format!("{key} has {} bytes", value.len())));
        }
        self.kept.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), state::Failure> {
        self.kept.borrow_mut().remove(key);
        Ok(())
    }
}

impl BaseHost for FakeHost {
    fn now_unix_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn monotonic_us(&self) -> u64 {
        self.monotonic_us.get()
    }

    fn random(&self, bytes: u32) -> Vec<u8> {
        self.drawn.set(self.drawn.get() + 1);
        self.drawn.get().to_le_bytes().iter().copied().cycle().take(bytes.min(1024) as usize).collect()
    }

    fn log(&self, level: Level, message: &str) {
        self.lines.borrow_mut().push((level, message.to_owned()));
    }

    fn sleep_ms(&self, ms: u32) {
        self.pass_ms(u64::from(ms));
    }
}
