//! A scenario as data: ordered HTTP steps, so that a team describes its own way without writing code.
//!
//! A flow stands in the settings of a check, as the plan tool inlines it from the flow's YAML file:
//!
//! ```yaml
//! vars: { product: tea }
//! steps:
//!   - name: open
//!     request: { path: /login }
//!     extract: { csrf: { css: "input[name=csrf_token]", attr: value } }
//!   - name: log-in
//!     request: { path: /login, form: { user: "{{user}}", password: "{{password}}", csrf_token: "{{csrf}}" } }
//!     expect: { status: 303, header: { location: /account } }
//!   - name: account
//!     request: { path: /account }
//!     expect: { contains: "Signed in as", max_ms: 800 }
//! ```
//!
//! - A template `{{name}}` takes the value of a setting, of `vars`, of an earlier extraction, or one of
//!   `run.side`, `run.check`, `run.round`, `run.nonce`, `run.random`, `run.now_ms`. A JSON value that is one
//!   template and nothing else keeps its type. There is no way to write a literal `{{`.
//! - `secret:NAME` passes through as it is; the host puts the value in.
//! - A step without `expect.status` takes 200 to 399. Redirects are followed where `follow: true`.
//! - A step with `always: true` is taken after a failed step too: it cleans up. It is left out when it needs
//!   a value that was never found, because then there is nothing to clean.
//! - A step with `same_response: {}` asks twice and reports one digest a field of its answer; only a check
//!   that is a flow and nothing else does so ([`FlowSettings`]).
//! - Everything is checked before the first call: an unknown name, key or selector is `bad-settings`.

mod blocks;
mod check;
mod compare;
mod expect;
mod extract;
mod fields;
mod login;
mod play;
mod settings;
mod shape;
mod template;

pub use self::check::{Used, check};
pub use self::compare::SameResponse;
pub use self::expect::{Match, Statuses};
pub use self::extract::Extract;
pub use self::login::FormLogin;
pub use self::play::{Halt, Player, Vars, play_all};
pub use self::settings::FlowSettings;
pub use self::shape::{Basic, Expect, Flow, FlowStep, Request, Retry, Words};
pub use self::template::fill;

#[cfg(test)]
mod tests;
