//! What can be done, without a word of HTTP: one file a resource.

mod actors;
pub(crate) mod audit;
pub(crate) mod changes;
mod client_keys;
mod configs;
mod drafts;
mod error;
mod key_bulk;
mod key_choice;
mod key_search;
mod keys;
mod legacy;
mod live;
mod logins;
mod logs;
pub mod moving;
mod policies;
mod pool;
mod prices;
mod probes;
mod rekey;
mod request_log;
mod tokens;
mod usage;
mod users;
mod versions;
mod webhooks;

pub(crate) use actors::{Actor, Origin, Pass};
pub(crate) use configs::Listed;
pub use error::UseCaseError;
pub(crate) use key_choice::KeyChoice;
pub use legacy::{ImportReport, SkippedService, import_legacy};
pub(crate) use logins::{LoginError, log_in};
pub(crate) use probes::probe;
pub use rekey::rekey;
pub(crate) use versions::Expected;

use std::time::Duration;

use rotator_domain::{FieldError, Timestamp};

use crate::{AdminContext, wire};

/// The longest time for which a value that was replaced still holds, in seconds.
const LONGEST_GRACE: u64 = 30 * 24 * 60 * 60;

/// The use cases over one context.
#[derive(Clone, Copy)]
pub(crate) struct UseCases<'a> {
    pub(crate) context: &'a AdminContext,
    pub(crate) actor: &'a Actor,
}

/// Until when a value that is replaced now still holds.
fn rotation_end(body: wire::RotationBody, now: Timestamp) -> Result<Timestamp, UseCaseError> {
    if body.grace_seconds > LONGEST_GRACE {
        return Err(FieldError::new("grace_seconds", format!("must be 0 to {LONGEST_GRACE}")).into());
    }
    Ok(now.saturating_add(Duration::from_secs(body.grace_seconds)))
}
