//! What the author of a check plugin uses.
//!
//! A plugin runs in a sandbox that has no files, sockets, clocks or environment: only what
//! `plugins/wit/check.wit` names. This crate turns that contract into plain Rust, so that a plugin is
//! about twenty lines, and so that all of it can be tested natively with [`testing::FakeHost`].
//!
//! ```
//! use tidelock_plugin::prelude::*;
//!
//! struct Front;
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Settings { target: String }
//!
//! impl Check for Front {
//!     fn manifest() -> Manifest {
//!         Manifest::new("front", "0.1.0", "The front page answers.").needs_http("target")
//!     }
//!
//!     fn run(ctx: &Context) -> Result<Report, Trouble> {
//!         let settings: Settings = ctx.settings()?;
//!         ctx.scenario(|run| {
//!             run.step("front", |_| ctx.http(&settings.target).get("/").send()?.ok())?;
//!             Ok(())
//!         })
//!     }
//! }
//!
//! tidelock_plugin::export!(Front);
//! ```
//!
//! # The three answers
//! - *fail*: I looked and it is wrong, or the scenario's own target does not answer ([`Stop::Wrong`]).
//! - *not run*: I was not able to look ([`Trouble`]): denied, out of budget, bad settings.
//! - *pass*: everything else, and only when at least one thing was looked at.

#[cfg(target_arch = "wasm32")]
mod arena;
#[doc(hidden)]
pub mod bindings;
mod context;
mod cookies;
mod date;
mod encode;
pub mod flow;
#[doc(hidden)]
pub mod guest;
pub mod host;
mod html;
mod http;
#[cfg(target_arch = "wasm32")]
mod imports;
mod log;
mod manifest;
mod redirect;
mod report;
mod scenario;
mod settings;
mod sql;
mod state;
mod stop;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use crate::bindings::tidelock::check::http::{
    Failure as HttpFailure, Request as HttpRequest, Response as HttpResponse, Timing,
};
pub use crate::bindings::tidelock::check::sql::{Failure as SqlFailure, Rows, Value as SqlValue};
pub use crate::bindings::tidelock::check::types::{
    Counts, Digest, Manifest, Mark, MarkKind, Measure, Need, NeedKind, Outcome, Remaining, Report, Side,
    Step, Trouble,
};
pub use crate::context::Context;
pub use crate::cookies::Jar;
pub use crate::encode::{base64, form, is_secret, percent};
pub use crate::html::Selector;
pub use crate::http::{Browser, Call, Reply, Target};
pub use crate::log::Level;
pub use crate::scenario::{Scenario, StepNote};
pub use crate::settings::parse as parse_settings;
pub use crate::sql::{Database, Row, quoted};
pub use crate::state::State;
pub use crate::stop::Stop;

/// A check: what it says of itself, and what it does.
pub trait Check {
    /// What the plugin says of itself.
    fn manifest() -> Manifest;

    /// Looks once.
    ///
    /// # Errors
    /// [`Trouble`] says why it could not look; a thing that is wrong is a report that says `fail`.
    fn run(ctx: &Context) -> Result<Report, Trouble>;
}

/// What nearly every plugin needs.
pub mod prelude {
    pub use crate::{Check, Context, Manifest, Outcome, Report, Side, Stop, Trouble, ensure};
    pub use serde::Deserialize;
    pub use serde_json::{Value, json};
}

#[doc(hidden)]
pub use serde;
#[doc(hidden)]
pub use serde_json;

/// Makes a [`Check`] the plugin of this crate.
///
/// Outside WebAssembly it does nothing, so that a plugin is also an ordinary library to test.
#[macro_export]
macro_rules! export {
    ($check:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Plugin;

            impl $crate::bindings::Guest for Plugin {
                fn describe() -> $crate::Manifest {
                    $crate::guest::describe::<$check>()
                }

                fn run(
                    context: $crate::bindings::tidelock::check::types::Context,
                ) -> Result<$crate::Report, $crate::Trouble> {
                    $crate::guest::run::<$check>(context)
                }
            }

    $crate::bindings::export_check!(Plugin with_types_in $crate::bindings);
        };
    };
}

/// Ends the step with *fail* and a formatted sentence unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err($crate::Stop::Wrong(format!($($sentence)+)));
        }
    };
}
