//! What a backend hands over.

use std::fmt;

use rotator_storage_trait::StorageErrorKind;
use sea_orm::{DatabaseConnection, DbErr};

/// Says what kind of error a driver's own error is; `None` leaves it to what every driver has in common.
pub type Classify = fn(&DbErr) -> Option<StorageErrorKind>;

/// The open pools of a database.
#[derive(Clone)]
pub struct Connections {
    /// Where everything is read that is not part of a change.
    pub readers: DatabaseConnection,
    /// Where every change happens. The same pool as `readers`, unless the database wants its writers in one line.
    pub writer: DatabaseConnection,
    /// How the driver's errors read.
    pub classify: Classify,
}

// === impl Connections ===

impl Connections {
    /// Closes all of them; an error while closing changes nothing for anybody, so it is dropped.
    pub async fn close(&self) {
        let _ = self.readers.close_by_ref().await;
        let _ = self.writer.close_by_ref().await;
    }
}

impl From<DatabaseConnection> for Connections {
    fn from(pool: DatabaseConnection) -> Self {
        Self { readers: pool.clone(), writer: pool, classify: |_| None }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connections({:?})", self.writer.get_database_backend())
    }
}
