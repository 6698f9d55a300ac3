//! Logs on the standard error output.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use rotator_admin_api::{LogControl, LogLevelError};
use rotator_proxy_core::TRACE_TARGET;
use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::layer::Layered;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::backends::SpanLayer;
use crate::config::LogConfig;
use crate::error::AppError;

/// `info`, but for a library that tells each step of its work at that level.
const QUIET_INFO: &str = "info,sea_orm_migration=warn";
/// The longest level that is taken while the server runs.
const LONGEST: usize = 1000;

/// What all layers stand on.
pub(crate) type Filtered = Layered<reload::Layer<EnvFilter, Registry>, Registry>;

/// What is logged now.
pub(crate) struct LogLevel {
    told: Mutex<String>,
    /// Whether spans are heard of besides, whatever is logged.
    hears_spans: bool,
    filter: reload::Handle<EnvFilter, Registry>,
}

/// The directives that a level means; `None` where it is none.
pub(crate) fn directives(level: &str) -> Option<String> {
    let directives = match level.to_ascii_lowercase().as_str() {
        // Libraries stay at `info` or above: at `trace` some of them would print what passes through them.
        plain @ ("trace" | "debug") => format!("{QUIET_INFO},rotator={plain}"),
        "info" => QUIET_INFO.to_owned(),
        "warning" => "warn".to_owned(),
        "fatal" | "panic" => "error".to_owned(),
        plain @ ("error" | "warn" | "off") => plain.to_owned(),
        _ => level.to_owned(),
    };
    EnvFilter::builder().parse(&directives).is_ok().then_some(directives)
}

/// Starts logging, and hearing of spans where somebody wants them; call it once.
pub(crate) fn start(config: &LogConfig, spans: Option<SpanLayer>) -> Result<LogLevel, AppError> {
    let hears_spans = spans.is_some();
    let filter = filter(&config.filter, hears_spans);
    let filter = filter.map_err(|error| AppError::failed("could not read LOG_LEVEL", error))?;
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = if config.json { lines.json().boxed() } else { lines.boxed() };
    // Spans for others are in no line.
    let lines: Box<dyn Layer<_> + Send + Sync> = match hears_spans {
        true => lines.with_filter(filter_fn(|metadata| metadata.target() != TRACE_TARGET)).boxed(),
        false => lines,
    };
    let started = tracing_subscriber::registry().with(filter).with(spans).with(lines).try_init();
    started.map_err(|error| AppError::failed("could not start logging", error))?;
    Ok(LogLevel { told: Mutex::new(config.level.clone()), hears_spans, filter: handle })
}

/// The filter of these directives.
fn filter(directives: &str, hears_spans: bool) -> Result<EnvFilter, ParseError> {
    let spans = if hears_spans { format!(",{TRACE_TARGET}=trace") } else { String::new() };
    EnvFilter::builder().parse(format!("{directives}{spans}"))
}

// === impl LogLevel ===

impl LogControl for LogLevel {
    fn level(&self) -> String {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_level(&self, level: &str) -> Result<(), LogLevelError> {
        let level = level.trim();
        if level.is_empty() || level.len() > LONGEST {
            return Err(LogLevelError);
        }
        let directives = directives(level).ok_or(LogLevelError)?;
        let filter = filter(&directives, self.hears_spans).map_err(|_| LogLevelError)?;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        self.filter.reload(filter).map_err(|_| LogLevelError)?;
        level.clone_into(&mut told);
        Ok(())
    }
}
