//! Connections that switch to another protocol, such as WebSocket.

use http::{Extensions, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::body::UpstreamBody;

/// All upgraded connections: each runs in a task that ends with either side, or when the proxy closes.
#[derive(Default)]
pub(crate) struct Tunnels {
    tasks: TaskTracker,
    closing: CancellationToken,
}

// === impl Tunnels ===

impl Tunnels {
    /// Joins the client's connection and the upstream's as soon as both have switched.
    pub(crate) fn join(&self, client: OnUpgrade, upstream: &mut Response<UpstreamBody>) {
        let upstream = hyper::upgrade::on(upstream);
        let closing = self.closing.clone();
        let joined = async move {
            let tunnel = async {
                let (client, upstream) = match tokio::try_join!(client, upstream) {
                    Ok(both) => both,
                    Err(error) => {
                        tracing::debug!(error = %error, "an upgrade did not happen");
                        return;
                    }
                };
                // How a tunnel ends is the two sides' own business; both are closed either way.
                let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await;
            };
            tokio::select! {
                () = tunnel => {}
                () = closing.cancelled() => {}
            }
        };
        self.tasks.spawn(joined.in_current_span());
    }

    /// Ends all tunnels and waits for them.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The client's side of an upgrade, where its server offers one.
pub(crate) fn client_side(extensions: &mut Extensions) -> Option<OnUpgrade> {
    extensions.remove::<OnUpgrade>()
}
