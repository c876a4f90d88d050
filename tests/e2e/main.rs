//! Claims about the whole, tried with the real binaries. One file a claim.

mod answers;
mod away;
mod cutover;
mod illusions;
mod kill;
mod replay;
mod session;
mod silence;
mod trust;
