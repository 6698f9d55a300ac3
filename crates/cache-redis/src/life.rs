//! The task by which a node tells that it lives, and gives back what it owes.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use tokio_util::sync::CancellationToken;

use crate::script::ScriptCall;
use crate::tickets::{Owed, Tickets};
use crate::{Connections, RedisCacheError};

/// How much is given back by one call.
const AT_ONCE: usize = 100;
/// So many signs of life fit into the silence after which a node counts as ended.
const SIGNS: u32 = 5;

/// Holds something in Redis under tickets, for as long as its signs of life come.
pub(crate) trait Holder: Send + Sync {
    /// Of what it holds something.
    type Id: Copy + Eq + Hash + Display + Send + Sync;
    /// With what it is given back.
    type Used: Clone + Send + Sync;

    /// What it holds, as the log calls it.
    const HELD: &str;

    fn tickets(&self) -> &Tickets<Self::Id, Self::Used>;

    fn connections(&self) -> &Connections;

    /// The sign of life.
    fn sign(&self, id: Self::Id) -> ScriptCall<'_>;

    /// Gives some of what is owed back.
    fn give_back(&self, id: Self::Id, some: &[Owed<Self::Id, Self::Used>]) -> ScriptCall<'_>;
}

/// Tells that a node lives, for everything of which it holds something, and gives back what it owes; until it is stopped.
pub(crate) async fn tell<H: Holder>(holder: Arc<H>, silence: Duration, stop: CancellationToken) {
    let mut signs = tokio::time::interval(silence / SIGNS);
    signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stopped = tokio::select! {
            () = stop.cancelled() => true,
            _ = signs.tick() => false,
        };
        if let Err(error) = pay(&*holder).await {
            tracing::debug!(error = %error, "{} cannot be given back now", H::HELD);
        }
        if stopped {
            return;
        }
        for id in holder.tickets().ids() {
            if let Err(error) = holder.sign(id).run_large::<Value>(holder.connections()).await {
                tracing::debug!(of = %id, error = %error, "no sign of life could be given for {}", H::HELD);
                break;
            }
        }
    }
}

/// Gives back what is owed, as far as Redis answers.
async fn pay<H: Holder>(holder: &H) -> Result<(), RedisCacheError> {
    let mut failed = Ok(());
    for (id, all) in holder.tickets().take_owed() {
        for some in all.chunks(AT_ONCE) {
            if failed.is_ok() {
                failed = holder.give_back(id, some).run_large::<Value>(holder.connections()).await.map(drop);
            }
            some.iter().for_each(|one| holder.tickets().paid(one, failed.is_ok()));
        }
    }
    failed
}
