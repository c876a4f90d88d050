//! A trace that crosses a process boundary: two ids as text, and nothing else.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The ids of a span, in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// 32 digits.
    pub trace: String,
    /// 16 digits.
    pub span: String,
}

/// The ids of a span that is told to somebody; none where nothing is traced, or this is not.
pub fn ids(span: &Span) -> Option<Ids> {
    let context = span.context();
    let known = context.span().span_context().clone();
    (known.is_valid() && known.is_sampled())
        .then(|| Ids { trace: known.trace_id().to_string(), span: known.span_id().to_string() })
}

/// Puts a span under one of another process. `false` when the ids are none, or nothing is traced here:
/// ids come from a peer, so nothing is made of bad ones.
pub fn follow(span: &Span, ids: &Ids) -> bool {
    if ids.trace.len() != 32 || ids.span.len() != 16 {
        return false;
    }
    let (Ok(trace), Ok(parent)) = (TraceId::from_hex(&ids.trace), SpanId::from_hex(&ids.span)) else {
        return false;
    };
    let remote = SpanContext::new(trace, parent, TraceFlags::SAMPLED, true, TraceState::NONE);
    remote.is_valid() && span.set_parent(Context::new().with_remote_span_context(remote)).is_ok()
}
