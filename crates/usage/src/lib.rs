//! Counts what requests used.
//!
//! Owns what tokens cost, and the figures on their way to the storage: each request is written into a journal on this node's disk before its answer
//! has ended, figures are added up in memory, and every second what has gathered becomes one numbered batch of the storage.
//! A process that is killed loses nothing: the next one that starts here sends what is left in the journal. A batch that is
//! sent twice counts once. While the storage does not answer, figures gather, added up, on disk and in memory.
//!
//! Never reads an answer and never knows a database.
#![forbid(unsafe_code)]

mod backlog;
mod entry;
mod journal;
mod prices;
mod recorder;
mod retention;
mod writer;

pub use journal::JournalError;
pub use prices::{LongPrice, Price, PriceError, PriceRow, PriceSource, Prices, SharedPrices};
pub use recorder::UsageRecorder;
pub use retention::Retention;
pub use writer::{UsageStanding, UsageWriter};

use std::collections::HashMap;

use rotator_domain::{Timestamp, UsageFigures, UsageSubject};

/// Figures, added up by minute and subject.
pub(crate) type Figures = HashMap<(Timestamp, UsageSubject), UsageFigures>;
