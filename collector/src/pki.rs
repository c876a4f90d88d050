//! Who is who: authorities, certificates and the names in them.
//!
//! One authority signs the server certificate. Each migration has one authority a side, and an
//! agent's certificate is believed under that one alone: what leaks on the source side can never
//! speak for the target.

mod authority;
mod spiffe;
mod store;

pub use authority::{Authority, PkiError, given_for};
pub use spiffe::{AgentId, BadIdentity, agent_uri, identity_of};
pub use store::{AgentAuthorities, Pki, ServerIdentity};
