//! The switch with real processes and a real reverse proxy: traffic runs all the while, and nobody who comes in
//! by the front door is turned away.
//!
//! A world with two shops, a proxy, a collector and agents takes long to become ready. So two nights share the
//! claims, each night one world; each claim has a file of its own.

mod door;
mod load;
#[expect(dead_code, reason = "the claims come with the operator")]
mod rig;
