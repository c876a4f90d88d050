//! A plugin that takes what it can get, for the demo: it is here to be stopped.
use tidelock_plugin::prelude::*;

struct Greedy;

/// What it takes.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    /// The processor, for ever.
    Loop,
    /// Memory, without end.
    Memory,
}

#[derive(Deserialize)]
struct Settings {
    target: String,
    how: How,
}

impl Check for Greedy {
    fn manifest() -> Manifest {
        Manifest::new("greedy", "0.1.0", "Nothing.").needs_http("target")
    }

    fn run(ctx: &Context) -> Result<Report, Trouble> {
        let settings: Settings = ctx.settings()?;
        ctx.log(tidelock_plugin::Level::Info, &format!("nobody stops me on {}", settings.target));
        let mut held = Vec::new();
        let mut turns = 0_u64;
        loop {
            turns = std::hint::black_box(turns.wrapping_add(1));
            if matches!(settings.how, How::Memory) {
                held.push(vec![1_u8; 1 << 20]);
            }
            std::hint::black_box(&held);
        }
    }
}

tidelock_plugin::export!(Greedy);
