//! What is kept of conversations for clients whose format leaves it to the server, or has no place for it.
//!
//! A client of OpenAI's Responses names an earlier answer instead of repeating the conversation. A client of Chat Completions
//! has no place for the signatures that other upstreams want to have back with their calls.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use rotator_cache_trait::{CacheError, ConversationStore, Kept, Place};
use rotator_domain::{Digest, ServiceId};
use rotator_format_converters::Keepsake;
use rotator_format_converters::ir::{Request, Response, Role, Turn};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The memory of one client at one service.
#[derive(Clone)]
pub(super) struct Memory {
    pub(super) store: Arc<dyn ConversationStore>,
    pub(super) service_id: ServiceId,
    pub(super) client: Digest,
}

/// A conversation up to an answer.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Conversation {
    /// A hash of what tells its session.
    pub(super) session: Option<u64>,
    /// All turns but for the instructions, which each request says anew
    /// (<https://platform.openai.com/docs/api-reference/responses/create>, `instructions`).
    pub(super) turns: Vec<Turn>,
}

/// What is to be kept when an answer is whole.
pub(super) struct Remembering {
    pub(super) memory: Memory,
    pub(super) what: What,
}

/// What of an answer is kept.
pub(super) enum What {
    /// The conversation up to and with it.
    Conversation {
        /// The answer's id, as the client knows it.
        id: String,
        /// A hash of what tells the session.
        session: Option<u64>,
        /// What it answers.
        request: Arc<Request>,
        /// How many turns at the beginning are instructions of this request only.
        instructions: usize,
    },
    /// What came with its calls.
    Calls,
}

// === impl Memory ===

impl Memory {
    /// The conversation up to an answer.
    pub(super) async fn conversation(&self, id: &str) -> Result<Option<Conversation>, Refusal> {
        let text = self.store.recall(&self.place(Kept::Conversation, id)).await.map_err(|error| {
            tell(&error);
            Refusal::NoMemory
        })?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Puts back what came with the calls that a request shows. Where nothing can be recalled the request goes without: the
    /// upstream decides whether it needs it.
    pub(super) async fn restore(&self, request: &mut Request) {
        let mut wanted = Keepsake::wanted(request);
        wanted.sort_unstable();
        wanted.dedup();
        let recalled = join_all(wanted.into_iter().map(|id| async move {
            let text = self.store.recall(&self.place(Kept::Call, &id)).await.inspect_err(tell).ok()??;
            Some((id, serde_json::from_str::<Keepsake>(&text).ok()?))
        }));
        let kept: HashMap<String, Keepsake> = recalled.await.into_iter().flatten().collect();
        if !kept.is_empty() {
            Keepsake::restore(request, kept);
        }
    }

    async fn keep(&self, kind: Kept, id: &str, what: &impl Serialize) {
        let Ok(text) = serde_json::to_string(what) else { return };
        if let Err(error) = self.store.remember(self.place(kind, id), text).await {
            tell(&error);
        }
    }

    fn place(&self, kind: Kept, id: &str) -> Place {
        Place { service_id: self.service_id, client: self.client, kind, id: id.to_owned() }
    }
}

// === impl Remembering ===

impl Remembering {
    /// Keeps what is to be kept of an answer.
    pub(super) async fn keep(self, response: Response) {
        let Self { memory, what } = self;
        match what {
            What::Calls => {
                for (id, keepsake) in Keepsake::of(&response) {
                    memory.keep(Kept::Call, &id, &keepsake).await;
                }
            }
            What::Conversation { id, session, request, instructions } => {
                let mut turns: Vec<Turn> = request.turns.iter().skip(instructions).cloned().collect();
                let parts = response.choices.into_iter().next().map(|choice| choice.parts);
                turns.push(Turn::new(Role::Assistant, parts.unwrap_or_default()));
                memory.keep(Kept::Conversation, &id, &Conversation { session, turns }).await;
            }
        }
    }
}

fn tell(error: &CacheError) {
    tracing::warn!(error = %error, "the memory of conversations does not answer");
}
