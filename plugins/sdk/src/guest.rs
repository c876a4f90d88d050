//! What stands between the component's exports and a [`Check`].

use crate::bindings::tidelock::check::types;
use crate::{Check, Manifest, Report, Trouble};

/// Answers `describe`.
pub fn describe<C: Check>() -> Manifest {
    C::manifest()
}

/// Answers `run`.
///
/// # Errors
/// Passes on why the check could not look.
#[cfg(target_arch = "wasm32")]
pub fn run<C: Check>(context: types::Context) -> Result<Report, Trouble> {
    // A panic ends in a trap without words: say them first.
    std::panic::set_hook(Box::new(|panic| {
        use crate::host::BaseHost;
        crate::imports::Imports.log(crate::Level::Error, &crate::log::clip(&panic.to_string()));
    }));
    C::run(&crate::Context::new(context, crate::host::Hosts))
}

/// Answers `run` in a test, on a fake host.
///
/// # Errors
/// Passes on why the check could not look.
#[cfg(not(target_arch = "wasm32"))]
pub fn run_on<C: Check>(
    context: types::Context,
    host: std::rc::Rc<crate::testing::FakeHost>,
) -> Result<Report, Trouble> {
    C::run(&crate::Context::new(context, crate::host::Hosts(host)))
}
