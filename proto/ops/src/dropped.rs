//! Counts the telemetry that nobody got: what found no room in a queue, and what an export lost.
//!
//! The SDK counts what its queues drop for itself alone. So there is a door before each queue with just the
//! queue's room: whoever is refused there is counted, and the queue behind it is never full.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::logs::Severity;
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{self, BatchLogProcessor, LogBatch, LogExporter, LogProcessor, SdkLogRecord};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{self, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};

use crate::metrics::Family;

/// Spans.
pub(crate) static TRACES: Tally = Tally::new("traces");
/// Numbers; every family counts once each time it is lost.
pub(crate) static METRICS: Tally = Tally::new("metrics");
/// Records of the log.
pub(crate) static LOGS: Tally = Tally::new("logs");

/// What was dropped of one signal since the process began.
#[derive(Debug)]
pub(crate) struct Tally {
    signal: &'static str,
    on: AtomicBool,
    dropped: AtomicU64,
}

impl Tally {
    const fn new(signal: &'static str) -> Tally {
        Tally { signal, on: AtomicBool::new(false), dropped: AtomicU64::new(0) }
    }

    fn add(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// What was dropped, by signal; a signal that is off has no series.
pub fn family() -> Family {
    let help = "Spans, numbers and log records that no OTLP receiver got.";
    let mut family = Family::counter("tidelock_telemetry_dropped_total", help);
    for tally in [&TRACES, &METRICS, &LOGS].into_iter().filter(|tally| tally.on.load(Ordering::Relaxed)) {
        #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
        family.push(&[("signal", tally.signal)], tally.count() as f64);
    }
    family
}

/// The room before a queue.
#[derive(Debug)]
struct Door {
    tally: &'static Tally,
    room: usize,
    waiting: AtomicUsize,
}

impl Door {
    fn new(tally: &'static Tally, room: usize) -> Arc<Door> {
        tally.on.store(true, Ordering::Relaxed);
        Arc::new(Door { tally, room, waiting: AtomicUsize::new(0) })
    }

    /// One more may wait; else it is counted.
    fn enter(&self) -> bool {
        let free = self.waiting.fetch_add(1, Ordering::AcqRel) < self.room;
        if !free {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            self.tally.add(1);
        }
        free
    }

    /// So many leave the queue and are sent; what does not arrive is counted.
    async fn leave(&self, count: usize, sent: impl Future<Output = OTelSdkResult>) -> OTelSdkResult {
        self.waiting.fetch_sub(count, Ordering::AcqRel);
        let result = sent.await;
        if result.is_err() {
            self.tally.add(count);
        }
        result
    }
}

/// An exporter behind a door and a queue.
#[derive(Debug)]
struct Counted<E> {
    exporter: E,
    door: Arc<Door>,
}

impl<E: SpanExporter> SpanExporter for Counted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.door.leave(batch.len(), self.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: LogExporter> LogExporter for Counted<E> {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.door.leave(batch.iter().count(), self.exporter.export(batch)).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.exporter.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Spans on their way to a receiver.
#[derive(Debug)]
pub(crate) struct Spans {
    door: Arc<Door>,
    queue: BatchSpanProcessor,
}

impl Spans {
    /// As many spans as `room` wait at most.
    pub(crate) fn new<E: SpanExporter + 'static>(exporter: E, tally: &'static Tally, room: usize) -> Spans {
        let door = Door::new(tally, room);
        let exporter = Counted { exporter, door: door.clone() };
        let bounds = trace::BatchConfigBuilder::default().with_max_queue_size(room).build();
        Spans { door, queue: BatchSpanProcessor::builder(exporter).with_batch_config(bounds).build() }
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.queue.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.door.enter() {
            self.queue.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.queue.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.queue.set_resource(resource);
    }
}

/// Records of the log on their way to a receiver.
#[derive(Debug)]
pub(crate) struct Records {
    door: Arc<Door>,
    queue: BatchLogProcessor,
}

impl Records {
    /// As many records as `room` wait at most.
    pub(crate) fn new<E: LogExporter + 'static>(exporter: E, tally: &'static Tally, room: usize) -> Records {
        let door = Door::new(tally, room);
        let exporter = Counted { exporter, door: door.clone() };
        let bounds = logs::BatchConfigBuilder::default().with_max_queue_size(room).build();
        Records { door, queue: BatchLogProcessor::builder(exporter).with_batch_config(bounds).build() }
    }
}

impl LogProcessor for Records {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if self.door.enter() {
            self.queue.emit(record, scope);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.queue.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.queue.shutdown_with_timeout(timeout)
    }

    fn event_enabled(&self, level: Severity, target: &str, name: Option<&str>) -> bool {
        self.queue.event_enabled(level, target, name)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.queue.set_resource(resource);
    }
}

/// Numbers on their way to a receiver. They have no queue: the next export tells all of them again.
#[derive(Debug)]
pub(crate) struct Numbers<E> {
    exporter: E,
    tally: &'static Tally,
}

impl<E: PushMetricExporter> Numbers<E> {
    pub(crate) fn new(exporter: E, tally: &'static Tally) -> Numbers<E> {
        tally.on.store(true, Ordering::Relaxed);
        Numbers { exporter, tally }
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Numbers<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.exporter.export(metrics).await;
        if result.is_err() {
            self.tally.add(metrics.scope_metrics().map(|scope| scope.metrics().count()).sum());
        }
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::error::OTelSdkError;
    use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

    use super::*;

    /// Says how many it was given, and waits for a word before it gives them up.
    #[derive(Debug)]
    struct Slow {
        given: SyncSender<usize>,
        word: Mutex<Receiver<bool>>,
    }

    impl SpanExporter for Slow {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.given.send(batch.len()).expect("the test listens");
            let arrives = self.word.lock().expect("nobody panics").recv().expect("the test says a word");
            if arrives { Ok(()) } else { Err(OTelSdkError::Timeout(Duration::ZERO)) }
        }
    }

    fn end(tracer: &SdkTracer, spans: usize) {
        for _ in 0..spans {
            drop(tracer.start("a span"));
        }
    }

    #[test]
    fn who_finds_no_room_and_what_an_export_loses_is_counted_and_nothing_else() {
        static TALLY: Tally = Tally::new("test");
        let (given, taken) = sync_channel(8);
        let (word, wait) = sync_channel(8);
        let spans = Spans::new(Slow { given, word: Mutex::new(wait) }, &TALLY, 4);
        let provider = SdkTracerProvider::builder().with_span_processor(spans).build();
        let tracer = provider.tracer("test");
        let took = || taken.recv_timeout(Duration::from_secs(60)).expect("an export");
        // A queue's worth goes out at once and hangs; as many wait, and two find no room.
        end(&tracer, 4);
        assert_eq!(took(), 4);
        end(&tracer, 6);
        assert_eq!(TALLY.count(), 2);
        // The first arrives, what has waited does not.
        word.send(true).expect("it waits");
        assert_eq!(took(), 4);
        assert_eq!(TALLY.count(), 2);
        word.send(false).expect("it waits");
        // There is room again, and the last of it arrives.
        end(&tracer, 1);
        word.send(true).expect("it will wait");
        provider.shutdown().expect("it ends");
        assert_eq!(took(), 1);
        assert_eq!(TALLY.count(), 6);
    }
}
