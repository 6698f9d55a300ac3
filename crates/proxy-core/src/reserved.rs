//! What a request has reserved of its client's limits, given back whatever becomes of it.

use std::sync::Arc;

use rotator_domain::ClientKeyId;
use rotator_domain::metering::{ClientStanding, ClientUse, Reservation, Unit};

use crate::proxy::Shared;

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
        proxy.go_on(async move {
            let Some(meters) = &shared.client_meters else { return };
            if let Err(error) = meters.settle(client, &reservation, &used, shared.clock.now()).await {
                tracing::error!(client.id = %client, error = %error, "what a client used could not be told");
            }
        });
    }
}
