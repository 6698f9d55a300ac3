//! Who may read the metrics, and where.

use std::net::SocketAddr;

use rotator_domain::Secret;

use super::{given, parse};
use crate::args::Settings;
use crate::error::AppError;

/// How the metrics are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetricsSettings {
    /// An address of their own; without one they are where everything else is.
    pub(crate) listen: Option<SocketAddr>,
    /// What must be shown to read them.
    pub(crate) token: Option<Secret>,
}

pub(super) fn metrics(settings: &Settings) -> Result<MetricsSettings, AppError> {
    let address = "must be an IP address and a port, such as 127.0.0.1:9464";
    let token = given(settings.metrics_token.as_deref());
    if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(AppError::config("METRICS_TOKEN", "must hold visible ASCII characters only"));
    }
    Ok(MetricsSettings {
        listen: parse("METRICS_LISTEN", settings.metrics_listen.as_deref(), address)?,
        token: token.map(Secret::new),
    })
}
