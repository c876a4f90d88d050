//! The switch with real processes and a real reverse proxy: traffic runs all the while, and nobody who comes in
//! by the front door is turned away.
//!
//! A world with two shops, a proxy, a collector and agents takes long to become ready. So the claims share two
//! nights, each night one world; each claim has a file of its own.

mod collector_killed;
mod cutover;
mod door;
mod first_night;
mod forgotten_writer;
mod load;
mod operator_killed;
mod rehearsal;
mod rig;
mod rollback_lossless;
mod rollback_lossy;
mod second_night;
mod two_operators;
