//! What the people who run Tidelock hold on to: health, numbers, traces, units and manifests.

mod by_hand;
mod checked;
mod doctor;
mod first_plan;
mod listener;
mod manifests;
mod memory;
mod names;
mod otlp;
mod receiver;
mod scrape;
mod systemd;
mod telemetry;
mod traced;
mod variables;
mod watchdog;
