//! `serve`: the server itself.

use std::sync::Arc;

use tokio::net::TcpListener;

use super::say;
use crate::compose;
use crate::config::Config;
use crate::error::AppError;

pub(super) async fn run(config: &Config) -> Result<(), AppError> {
    let opened = compose::open(config).await?;
    compose::show_generated(config, &opened.bootstrapped, &mut std::io::stdout().lock())
        .map_err(|error| AppError::failed("could not show the generated secrets", error))?;
    let composition = compose::compose(config, opened).await?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| AppError::failed(format!("could not listen on {}", config.listen), error))?;
    let address = listener
        .local_addr()
        .map_err(|error| AppError::failed("could not tell the address that is listened on", error))?;
    let shutdown = shutdown_signal()?;
    say(&format!("API Key Rotator listens on http://{address}"))?;
    tracing::info!(address = %address, version = env!("CARGO_PKG_VERSION"), "serving");
    crate::serve::run(listener, Arc::new(composition.site), shutdown, config.shutdown_grace).await;
    if let Some(link) = composition.link {
        link.leave().await;
    }
    composition.storage.close().await;
    tracing::info!("shut down");
    Ok(())
}

/// Done at the first SIGINT or SIGTERM.
fn shutdown_signal() -> Result<impl Future<Output = ()>, AppError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| AppError::failed("could not listen for signals", error));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
