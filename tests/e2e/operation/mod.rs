//! What the people who run Tidelock hold on to: health, numbers, traces, units and manifests.

mod checked;
mod doctor;
mod first_plan;
mod listener;
mod manifests;
mod names;
mod otlp;
mod receiver;
mod scrape;
mod systemd;
mod telemetry;
mod traced;
mod watchdog;
