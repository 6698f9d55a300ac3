//! Whether a session may be used by the next call.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row};
use tokio::time::timeout;

/// How long a session may take to answer. What runs on the server for longer is given up.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks for a number that no session was asked for before. A call that was given up halfway (the client of the admin API
/// went away) may leave its session with answers that nobody read, or waiting for one that never comes, and with its
/// locks; such a session must neither be kept open nor be given to anybody else.
pub(crate) async fn in_step(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    static NUMBER: AtomicI64 = AtomicI64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let question = sqlx::raw_sql(AssertSqlSafe(format!("SELECT CAST({number} AS SIGNED)")));
    let answer = timeout(PATIENCE, question.fetch_one(connection)).await;
    let Ok(Ok(row)) = answer else { return Err(given_up()) };
    // An error rather than `false`: that would say good-bye to the server, and wait for it.
    if row.try_get::<i64, _>(0)? == number { Ok(true) } else { Err(given_up()) }
}

fn given_up() -> sqlx::Error {
    sqlx::Error::Protocol("a call was given up halfway, and so is its connection".to_owned())
}
