//! What the end-to-end tests share: the real binaries, started on free loopback ports in temporary
//! folders, and waits for a state instead of sleeps.

mod cli;
mod clock;
mod demo;
mod image;
mod ops;
mod plain;
mod proc;
mod process;
mod proxy;
mod relay;
mod shop;
mod terminal;
mod wait;
mod world;

pub use cli::{Answer, Cli};
pub use clock::now_ms;
pub use demo::{DemoWorld, naive_probe};
pub use image::{Image, Still};
pub use ops::{Operation, Ops};
pub use plain::{free_address, get};
pub use proc::{children, cpu_ms, open_files, peak_bytes, resident_bytes, threads};
pub use process::{Process, program, target_folder};
pub use proxy::{Proxy, Runtime};
pub use relay::Relay;
pub use shop::Shop;
pub use terminal::{CTRL_C, Shown, Terminal};
pub use wait::{eventually, eventually_for};
pub use world::{AgentHandle, SHOPS_PLAN, World, WorldOptions};
