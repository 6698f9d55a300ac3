//! What a request has reserved of its client's limits, given back whatever becomes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use rotator_domain::ClientKeyId;
use rotator_domain::metering::{ClientStanding, ClientUse, Reservation, Unit};

use tokio::sync::Notify;

use crate::proxy::Shared;

/// How long a request waits for what its client's other requests give back.
const PATIENCE: Duration = Duration::from_millis(100);

/// Reservations whose answers have ended, and which are on their way back. A client that has read an answer to its end must not
/// be kept out by it.
#[derive(Default)]
pub(crate) struct Returning {
    clients: Mutex<HashMap<ClientKeyId, usize>>,
    returned: Notify,
}

/// One reservation on its way back, until dropped.
struct OnItsWay {
    shared: Arc<Shared>,
    client: ClientKeyId,
}

/// A reservation that is settled once.
pub(crate) struct Reserved {
    shared: Arc<Shared>,
    client: ClientKeyId,
    reservation: Reservation,
}

/// How a client's limits stand, for the headers of its answer, and what the request has reserved of them.
#[derive(Default)]
pub(crate) struct Metered {
    pub(crate) standing: Option<ClientStanding>,
    pub(crate) reserved: Option<Reserved>,
}

// === impl Reserved ===

impl Reserved {
    pub(crate) fn new(shared: &Arc<Shared>, client: ClientKeyId, reservation: Reservation) -> Self {
        Self { shared: Arc::clone(shared), client, reservation }
    }

    /// What all requests of one proxy share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether there is a limit of this unit.
    pub(crate) fn counts(&self, unit: Unit) -> bool {
        self.reservation.meters.iter().any(|(counted, _)| *counted == unit)
    }

    /// Puts what was used in the place of what was reserved.
    pub(crate) fn settle(self, used: ClientUse) {
        let Self { shared, client, reservation } = self;
        let proxy = Arc::clone(&shared);
        let mut settling = Box::pin(async move {
            let Some(meters) = &shared.client_meters else { return };
            if let Err(error) = meters.settle(client, &reservation, &used).await {
                tracing::error!(client.id = %client, error = %error, "what a client used could not be told");
            }
        });
        // In memory it is settled at once, and nothing is ever on its way.
        if settling.as_mut().now_or_never().is_none() {
            let on_its_way = OnItsWay::new(&proxy, client);
            let _ = proxy.go_on(async move {
                let _on_its_way = on_its_way;
                settling.await;
            });
        }
    }
}

// === impl Returning ===

impl Returning {
    /// Whether something is on its way back for a client.
    pub(crate) fn is_any(&self, client: ClientKeyId) -> bool {
        self.lock().contains_key(&client)
    }

    /// Waits for what is on its way back for a client, but not for long; false where nothing is.
    pub(crate) async fn wait(&self, client: ClientKeyId) -> bool {
        if !self.is_any(client) {
            return false;
        }
        let all = async {
            loop {
                let returned = self.returned.notified();
                if !self.is_any(client) {
                    return;
                }
                returned.await;
            }
        };
        // Others may begin their way meanwhile; then it has waited for long enough.
        let _ = tokio::time::timeout(PATIENCE, all).await;
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientKeyId, usize>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl OnItsWay ===

impl OnItsWay {
    fn new(shared: &Arc<Shared>, client: ClientKeyId) -> Self {
        *shared.returning.lock().entry(client).or_default() += 1;
        Self { shared: Arc::clone(shared), client }
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let returning = &self.shared.returning;
        let mut clients = returning.lock();
        if let Some(count) = clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&self.client);
            }
        }
        drop(clients);
        returning.returned.notify_waiters();
    }
}
