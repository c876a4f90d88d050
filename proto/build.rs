//! Compiles the protocol in pure Rust: protox reads the `.proto` files, so no system protoc is needed.

use std::path::PathBuf;
use std::{env, fs};

use protox::prost::Message as _;

const FILES: [&str; 9] = [
    "tidelock/v1/finding.proto",
    "tidelock/v1/head.proto",
    "tidelock/v1/agent.proto",
    "tidelock/v1/gate.proto",
    "tidelock/v1/order.proto",
    "tidelock/v1/run.proto",
    "tidelock/v1/report.proto",
    "tidelock/v1/plugin.proto",
    "tidelock/v1/journal.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=tidelock");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptor.bin"), descriptors.encode_to_vec())?;
    // Maps become BTreeMaps: the journal's records must encode to the same bytes every time.
    tonic_prost_build::configure()
        .btree_map(".")
        // A hello comes once; every other message of a session would be as large with it.
        .boxed(".tidelock.v1.Hello.remembered_head")
        .boxed(".tidelock.v1.RunAnswer.finding")
        .compile_fds(descriptors)?;
    Ok(())
}
