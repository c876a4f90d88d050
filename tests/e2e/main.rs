//! Claims about the whole, tried with the real binaries. One file a claim.

mod answers;
mod away;
mod bad_grpc;
mod cutover;
mod ended;
mod explain;
mod five_commands;
mod golden;
mod hostile;
mod illusions;
mod kill;
mod late_join;
mod plan_mistakes;
mod proof;
mod raw;
mod replay;
mod session;
mod silence;
mod switch;
mod trust;
mod trust_certificates;
mod unweighed;
