//! Where the server under test keeps its state: each program of this suite has another place for it.

use rotator_test_services::{Database, Kind, MARIADB, POSTGRES, Redis};

/// What the server writes.
const TABLES: [&str; 11] = [
    "services",
    "upstream_keys",
    "key_states",
    "client_keys",
    "admin_users",
    "settings",
    "audit_log",
    "request_log",
    "request_bodies",
    "webhooks",
    "webhook_deliveries",
];

/// Servers that hold the state of one test.
pub(crate) struct Backend {
    pub(crate) database: Database,
    redis: Redis,
}

/// The kind of database of this program; none where the server keeps everything itself.
pub(crate) fn kind() -> Option<&'static Kind> {
    match env!("CARGO_CRATE_NAME") {
        "e2e_mysql" => Some(&MARIADB),
        "e2e_postgres" => Some(&POSTGRES),
        _ => None,
    }
}

// === impl Backend ===

impl Backend {
    /// An empty one of this program's kind; none where the server keeps everything itself.
    pub(crate) fn new() -> Option<Self> {
        Some(Self { database: kind()?.database().unwrap(), redis: Redis::start().unwrap() })
    }

    /// The variables that name it.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        vec![
            pair("DATABASE_URL", self.database.url()),
            pair("REDIS_URL", self.redis.url()),
            // A debug build on a busy machine is late.
            pair("REDIS_TIMEOUT", "5".to_owned()),
        ]
    }

    /// Everything in the database, as text.
    pub(crate) fn dump(&self) -> String {
        // PostgreSQL would show bytes as digits.
        let is_postgres = self.database.url().starts_with("postgres");
        let before = if is_postgres { "SET bytea_output = 'escape'; " } else { "" };
        let rows = |table| self.database.execute(&format!("{before}SELECT * FROM {table}")).unwrap();
        TABLES.iter().map(rows).collect()
    }
}
