//! What the vendors offer besides answers: lists of models, counts of tokens, embeddings.

use crate::json::Json;

use super::Usage;

/// A model, as a list of models tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The name by which requests ask for it.
    pub id: String,
    /// For people.
    pub display_name: Option<String>,
    /// Since when there is it, in seconds since 1970.
    pub created: Option<i64>,
    /// Whose it is.
    pub owner: Option<String>,
    /// The most tokens of a prompt.
    pub input_limit: Option<u64>,
    /// The most tokens of an answer.
    pub output_limit: Option<u64>,
}

/// Some models of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelPage {
    /// The models.
    pub models: Vec<Model>,
    /// What asks for the next page, where there are more: the value of the query parameter that the format has for it.
    pub next: Option<String>,
}

/// How many tokens a prompt has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedTokens {
    /// Of the prompt.
    pub input: u64,
    /// Whether it is only an estimate of ours.
    pub is_estimate: bool,
}

/// A request for embeddings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingRequest {
    /// The model.
    pub model: String,
    /// What to embed.
    pub inputs: Vec<EmbeddingInput>,
    /// Whether the client asked with a list, and so expects one.
    pub is_batch: bool,
    /// How many numbers each embedding should have.
    pub dimensions: Option<u64>,
    /// OpenAI's `encoding_format` `base64`: little-endian 32-bit floats.
    pub as_base64: bool,
    /// Who the end user is, for the vendor.
    pub user: Option<String>,
    /// Gemini's `taskType`.
    pub task: Option<String>,
    /// Gemini's `title` of a document.
    pub title: Option<String>,
}

/// What to embed.
#[derive(Clone, Debug, PartialEq)]
pub enum EmbeddingInput {
    /// A text.
    Text(String),
    /// Tokens of the model's, a list of numbers.
    Tokens(Json),
}

/// Embeddings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmbeddingResponse {
    /// The model.
    pub model: String,
    /// One for each input, in order.
    pub embeddings: Vec<Embedding>,
    /// What was used.
    pub usage: Option<Usage>,
}

/// One embedding.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedding {
    /// The numbers, a list as it was written.
    Numbers(Json),
    /// Little-endian 32-bit floats in base64.
    Base64(String),
}
