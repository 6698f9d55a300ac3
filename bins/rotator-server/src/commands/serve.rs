//! `serve`: the server itself.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rotator_admin_api::LogControl;

use super::say;
use crate::backends::{self, CacheLink, Tracing};
use crate::compose::{self, Composition};
use crate::config::Config;
use crate::error::AppError;
use crate::logging::LogLevel;
use crate::serve::Entrance;
use crate::waiting::until_it_answers;

/// How long the start may take before the address is taken without it.
const PROMPT: Duration = Duration::from_millis(500);
/// How long a node that never served may take to leave the others.
const LEAVING: Duration = Duration::from_secs(1);

pub(super) async fn run(config: &Config, logs: LogLevel, tracing: Option<Tracing>) -> Result<(), AppError> {
    let logs: Arc<dyn LogControl> = Arc::new(logs);
    let mut shutdown = pin!(shutdown_signal()?);
    // First, because it changes nothing: what is wrong with it must not leave a database that was made for nothing.
    let cache = tokio::select! {
        cache = backends::cache(config) => cache?,
        () = &mut shutdown => return Ok(()),
    };
    let link = cache.shared.as_ref().map(|shared| Arc::clone(&shared.link));
    let composed = until_it_answers(async || {
        let opened = compose::open(config).await?;
        compose::compose(config, opened, cache.clone(), Arc::clone(&logs), tracing.clone()).await
    });
    let begun = begin(config, composed, shutdown.as_mut()).await;
    let Ok(Some((entrance, Composition { site, storage }))) = begun else {
        leave_early(link).await;
        return begun.map(drop);
    };
    let address = entrance.address();
    say(&format!("API Key Rotator listens on http://{address}"))?;
    tracing::info!(address = %address, version = env!("CARGO_PKG_VERSION"), "serving");
    entrance.serve(site, shutdown, config.shutdown_grace).await;
    if let Some(tracing) = tracing {
        tracing.export.close().await;
    }
    if let Some(link) = link {
        link.leave().await;
    }
    storage.close().await;
    tracing::info!("shut down");
    Ok(())
}

/// Waits until the server is composed, and takes the address: before that where it takes long, so that whoever watches over the
/// server sees that it lives. Nothing is there when `shutdown` came first.
async fn begin(
    config: &Config,
    composed: impl Future<Output = Result<Composition, AppError>>,
    mut shutdown: impl Future<Output = ()> + Unpin,
) -> Result<Option<(Entrance, Composition)>, AppError> {
    let mut composed = pin!(composed);
    let prompt = tokio::select! {
        composed = &mut composed => Some(composed?),
        () = &mut shutdown => return Ok(None),
        () = tokio::time::sleep(PROMPT) => None,
    };
    let entrance = Entrance::bind(config).await?;
    if let Some(composition) = prompt {
        return Ok(Some((entrance, composition)));
    }
    tracing::info!(address = %entrance.address(), "the start takes a while: until then /healthz says that the server lives");
    let composition = tokio::select! {
        composed = &mut composed => composed?,
        () = &mut shutdown => return Ok(None),
        never = entrance.accept() => match never {},
    };
    Ok(Some((entrance, composition)))
}

async fn leave_early(link: Option<Arc<dyn CacheLink>>) {
    if let Some(link) = link {
        // The others notice by themselves where this takes too long.
        drop(tokio::time::timeout(LEAVING, link.leave()).await);
    }
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
