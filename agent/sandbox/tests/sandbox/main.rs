//! Real components in the real engine, in a real runner, against local servers.
//!
//! This program is its own runner and compile child: two of its tests are their entry points, which do
//! nothing unless somebody speaks to them over a socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops, helpers included")]

mod confinement;
mod http;
mod limits;
mod lost;
mod outcome;
mod postgres;
mod revision;
mod rig;
mod same_response;
mod secrets;
mod server;
mod shown;
mod sqlite;
mod tls;

use std::os::unix::fs::FileTypeExt as _;

fn is_child() -> bool {
    std::fs::metadata("/proc/self/fd/0").is_ok_and(|facts| facts.file_type().is_socket())
}

#[test]
fn runner_entry() {
    if is_child() {
        tidelock_sandbox::runner_main();
    }
}

#[test]
fn compile_entry() {
    if is_child() {
        tidelock_sandbox::compile_main();
    }
}
