//! The compile child: turns one component into native code and ends.
//!
//! A compiler fed by strangers is a large target and a hungry one. So it runs in a process of its
//! own that lives for one component, without secrets, targets or the cache's key, and with a bound on
//! memory and processor time that the system itself enforces.

use std::error::Error;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};
use sha2::Digest as _;
use tidelock_model::{Cause, Sha256, mutated};
use wasmtime::component::Component;

use crate::admission;
use crate::bindings::CheckPre;
use crate::cache::hex;
use crate::confine::{self, Child};
use crate::engine;
use crate::library;
use crate::protocol::Refusal;
use crate::protocol::frame;
use crate::protocol::message::{Compile, Compiled};
use crate::shape;

/// The entry point of `tidelock-agent compile`: reads one request from the socket on its standard
/// input, answers it there, and ends. Not for people.
pub fn compile_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    confine::close_inherited().map_err(io::Error::other)?;
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some(request) = frame::read::<Compile>(&mut socket)? else {
        return Ok(());
    };
    let compiled: Compiled = match confine(&request) {
        Ok(()) => compile(&request),
        Err(error) => Err(Refusal::new(Cause::UnknownPlugin, format!("limit the compiler: {error}"))),
    };
    frame::write(&mut socket, &compiled)
}

/// Bounds this process. What it needs above this ends it, and the agent says so.
fn confine(request: &Compile) -> rustix::io::Result<()> {
    let limit = |bound: u64| Rlimit { current: Some(bound), maximum: Some(bound) };
    if !mutated("compiling-has-a-bound-on-memory") {
        setrlimit(Resource::As, limit(request.max_memory_bytes))?;
    }
    setrlimit(Resource::Cpu, limit(request.max_cpu_secs))?;
    setrlimit(Resource::Nofile, limit(32))?;
    // The runner tells what this kernel does not let a child give up.
    let places = confine::of_compiler(&request.wasm, &request.output);
    let _ = confine::give_up(Child::Compiler, &places);
    Ok(())
}

fn compile(request: &Compile) -> Compiled {
    let wasm = read_component(&request.wasm, request.component, request.max_wasm_bytes)?;
    shape::judge(&wasm)?;
    let engine = engine::on_demand(&request.engine).map_err(|error| match out_of_memory(error.chain()) {
        true => starved(request, &error),
        false => Refusal::new(Cause::UnknownPlugin, format!("{error:#}")),
    })?;
    let component = Component::new(&engine, &wasm).map_err(|error| match out_of_memory(error.chain()) {
        true => starved(request, &error),
        false => no_component(&request.wasm, &wasm, &error),
    })?;
    admission::admit(&engine, &component, request.engine.memory_cap_bytes)?;
    library::link(&engine)
        .and_then(|linker| linker.instantiate_pre(&component))
        .and_then(CheckPre::new)
        .map_err(|error| match out_of_memory(error.chain()) {
            true => starved(request, &error),
            false => misfit(&error),
        })?;
    let code = component
        .serialize()
        .map_err(|error| Refusal::new(Cause::UnknownPlugin, format!("write compiled code: {error:#}")))?;
    write_to(&request.output, &code).map_err(|error| {
        Refusal::new(Cause::UnknownPlugin, format!("write {}: {error}", request.output.display()))
    })?;
    Ok(hex(&engine::fingerprint(&engine)))
}

/// Whether the compiler did not get the memory that it asked for: no word about the component.
fn out_of_memory<'a>(mut chain: impl Iterator<Item = &'a (dyn Error + 'static)>) -> bool {
    chain.any(|error| {
        error.downcast_ref::<Errno>() == Some(&Errno::NOMEM)
            || error.downcast_ref::<io::Error>().is_some_and(|it| it.kind() == io::ErrorKind::OutOfMemory)
            || error.is::<wasmtime::OutOfMemory>()
    })
}

fn starved(request: &Compile, error: &dyn Display) -> Refusal {
    let (path, mib) = (request.wasm.display(), request.max_memory_bytes >> 20);
    let why = format!("compile {path}: out of memory, of which compiling may take {mib} MiB: {error:#}");
    Refusal::new(Cause::Memory, why)
}

fn no_component(path: &Path, wasm: &[u8], error: &wasmtime::Error) -> Refusal {
    let what = if is_core_module(wasm) { "a core module, not a component" } else { "no component" };
    Refusal::new(Cause::Interface, format!("{} is {what}: {error:#}", path.display()))
}

/// A component of the right package that still does not fit: an import or export is of another shape.
pub(crate) fn misfit(error: &wasmtime::Error) -> Refusal {
    let speaks = admission::SPEAKS;
    Refusal::new(
        Cause::Interface,
        format!("the component does not fit {speaks}, which this agent speaks: {error:#}"),
    )
}

fn is_core_module(wasm: &[u8]) -> bool {
    wasm.starts_with(b"\0asm\x01\0\0\0")
}

fn read_component(path: &Path, want: Sha256, max_bytes: u64) -> Result<Vec<u8>, Refusal> {
    let unread = |error: io::Error| {
        let starved = error.kind() == io::ErrorKind::OutOfMemory;
        let cause = if starved { Cause::Memory } else { Cause::UnknownPlugin };
        Refusal::new(cause, format!("read component {}: {error}", path.display()))
    };
    let file = File::open(path).map_err(unread)?;
    let mut wasm = Vec::new();
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut wasm).map_err(unread)?;
    if u64::try_from(wasm.len()).unwrap_or(u64::MAX) > max_bytes {
        let why = format!("component {} has more than {max_bytes} bytes", path.display());
        return Err(Refusal::new(Cause::Interface, why));
    }
    let found = Sha256::from_bytes(sha2::Sha256::digest(&wasm).into());
    if found != want && !mutated("a-component-is-the-plans") {
        let why = format!("component {} is sha256:{found}, the plan names sha256:{want}", path.display());
        return Err(Refusal::new(Cause::BadDigest, why));
    }
    Ok(wasm)
}

/// The agent has made the file, empty: this process may make none.
fn write_to(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_there_is_told_from_what_a_component_has_wrong() {
        let of = |errno: Errno| wasmtime::Error::from(errno).context("make room for code");
        let system = |kind: io::ErrorKind| wasmtime::Error::from(io::Error::from(kind)).context("read");
        for short in [of(Errno::NOMEM), system(io::ErrorKind::OutOfMemory)] {
            assert!(out_of_memory(short.chain()), "{short:#}");
            let short = anyhow::Error::from(short).context("make a WebAssembly engine");
            assert!(out_of_memory(short.chain()), "{short:#}");
        }
        let named = wasmtime::Error::msg("unknown import: Cannot allocate memory (os error 12)");
        for wrong in [of(Errno::ACCESS), system(io::ErrorKind::NotFound), named] {
            assert!(!out_of_memory(wrong.chain()), "{wrong:#}");
        }
    }
}
