//! What can be done, without a word of HTTP: one file a resource.

mod actors;
pub(crate) mod audit;
pub(crate) mod changes;
mod client_keys;
mod configs;
mod drafts;
mod error;
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

pub(crate) use actors::{Actor, Origin, Pass};
pub(crate) use configs::Listed;
pub use error::UseCaseError;
pub use legacy::{ImportReport, SkippedService, import_legacy};
pub(crate) use logins::{LoginError, log_in};
pub(crate) use probes::probe;
pub use rekey::rekey;

use crate::AdminContext;

/// The use cases over one context.
#[derive(Clone, Copy)]
pub(crate) struct UseCases<'a> {
    pub(crate) context: &'a AdminContext,
    pub(crate) actor: &'a Actor,
}
