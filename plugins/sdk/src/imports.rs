//! The real host: every call goes through the component's imports.

use crate::bindings::tidelock::check::{host, http, sql, state};
use crate::host::{BaseHost, HttpHost, SqlHost, StateHost};
use crate::log::Level;

/// Stands for the imports; holds nothing.
pub(crate) struct Imports;

impl HttpHost for Imports {
    fn send(&self, target: &str, request: &http::Request) -> Result<http::Response, http::Failure> {
        http::send(target, request)
    }

    fn target_of(&self, url: &str) -> Option<(String, String)> {
        http::target_of(url)
    }
}

impl SqlHost for Imports {
    fn query(
        &self,
        target: &str,
        statement: &str,
        params: &[sql::Value],
        offset: u64,
        limit: u32,
    ) -> Result<sql::Rows, sql::Failure> {
        sql::query(target, statement, params, offset, limit)
    }

    fn execute(&self, target: &str, statement: &str, params: &[sql::Value]) -> Result<u64, sql::Failure> {
        sql::execute(target, statement, params)
    }

    fn dialect(&self, target: &str) -> Option<String> {
        sql::dialect(target)
    }
}

impl StateHost for Imports {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, state::Failure> {
        state::get(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), state::Failure> {
        state::set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), state::Failure> {
        state::delete(key)
    }
}

impl BaseHost for Imports {
    fn now_unix_ms(&self) -> u64 {
        host::now_unix_ms()
    }

    fn monotonic_us(&self) -> u64 {
        host::monotonic_us()
    }

    fn random(&self, bytes: u32) -> Vec<u8> {
        host::random(bytes)
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => host::Level::Debug,
            Level::Info => host::Level::Info,
            Level::Warn => host::Level::Warn,
            Level::Error => host::Level::Error,
        };
        host::log(level, message);
    }

    fn sleep_ms(&self, ms: u32) {
        host::sleep_ms(ms);
    }
}
