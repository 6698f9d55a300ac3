//! What the server tells, while the screen does something else.

use std::sync::Arc;

use rotator_admin_api::wire::LiveUpdate;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::error::CliError;
use crate::follow::{Followed, Follower};

/// How many updates may wait; the server then tells less often.
const WAITING: usize = 16;

/// What comes of it.
#[derive(Debug)]
pub(crate) enum Told {
    /// The server answers.
    Connected,
    /// Something has changed.
    Update(Box<LiveUpdate>),
    /// The server does not answer any more; it is tried again.
    Lost(String),
    /// It cannot go on.
    Failed(CliError),
}

/// Follows the server until dropped.
#[derive(Debug)]
pub(crate) struct Feed {
    told: mpsc::Receiver<Told>,
    task: JoinHandle<()>,
}

// === impl Feed ===

impl Feed {
    /// Follows all services, and the keys of this one.
    pub(crate) fn new(api: Arc<Api>, service: Option<i64>) -> Self {
        let (sender, told) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            let query = service.into_iter().map(|service| ("service", service.to_string())).collect();
            let mut follower = Follower::new(&api, "events", query);
            loop {
                let next = follower.next().await.and_then(|followed| match followed {
                    Followed::Connected => Ok(Told::Connected),
                    Followed::Lost(error) => Ok(Told::Lost(error.to_string())),
                    Followed::Data(data) => {
                        serde_json::from_str(&data).map(Box::new).map(Told::Update).map_err(|_| api.not_ours())
                    }
                });
                let (next, is_over) = match next {
                    Ok(next) => (next, false),
                    Err(error) => (Told::Failed(error), true),
                };
                // Nobody listens any more.
                if sender.send(next).await.is_err() || is_over {
                    return;
                }
            }
        });
        Self { told, task }
    }

    /// What comes next. It may be dropped and asked for again.
    pub(crate) async fn next(&mut self) -> Told {
        match self.told.recv().await {
            Some(told) => told,
            // After a failure nothing more comes.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.task.abort();
    }
}
