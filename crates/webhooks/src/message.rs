//! What messages say.

use rotator_domain::metering::{GaugeStanding, Unit};
use rotator_domain::rotation::{Checkpoint, PoolStanding};
use rotator_domain::{ClientKeyId, KeyId, ServiceId, Timestamp};
use serde_json::{Value, json};

/// The type of a message that tells nothing.
pub(crate) const PING: &str = "ping";

const NANODOLLARS: f64 = 1e9;

/// What a key is called. Its value is shown to nobody.
pub(crate) struct KeyName {
    pub(crate) id: KeyId,
    pub(crate) label: Option<String>,
    pub(crate) masked: Option<String>,
}

/// The text of a message.
pub(crate) fn text(kind: &str, now: Timestamp, data: Value) -> String {
    json!({"type": kind, "timestamp": now.rfc3339(), "data": data}).to_string()
}

pub(crate) fn key_dead(service: ServiceId, slug: &str, key: &KeyName, state: &Checkpoint) -> Value {
    json!({
        "service": {"id": service.0, "slug": slug},
        "key": {"id": key.id.0, "label": key.label, "masked": key.masked},
        "reason": "the upstream refuses it",
        "since": state.since.rfc3339(),
        "next_test_at": state.until.rfc3339(),
    })
}

pub(crate) fn pool(service: ServiceId, slug: &str, standing: &PoolStanding, threshold: Option<u8>) -> Value {
    let mut data = json!({
        "service": {"id": service.0, "slug": slug},
        "model": standing.model,
        "usable_keys": standing.usable,
        "total_keys": standing.total,
    });
    if let Some(threshold) = threshold {
        data["threshold_percent"] = threshold.into();
    }
    data
}

#[expect(clippy::cast_precision_loss, reason = "budgets are less than 2^53, and more than that is only shown")]
pub(crate) fn budget(client: ClientKeyId, name: &str, standing: &GaugeStanding, threshold: u8) -> Value {
    let (unit, parts) = match standing.gauge.unit {
        Unit::Nanodollars => ("usd", NANODOLLARS),
        unit => (unit.name(), 1.0),
    };
    json!({
        "client_key": {"id": client.0, "name": name},
        "budget": {
            "unit": unit,
            "period": standing.gauge.span.name(),
            "limit": standing.gauge.limit as f64 / parts,
            "used": standing.used as f64 / parts,
            "resets_at": standing.ends_at.map(Timestamp::rfc3339),
        },
        "threshold_percent": threshold,
    })
}
