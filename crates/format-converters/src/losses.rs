//! What the format of the other side cannot say.

/// The names of what was left out, each once, in the order in which it was.
///
/// A name is that of the concept as OpenAI spells it where OpenAI has it (`top_logprobs`, `parallel_tool_calls`), else as the
/// format that has it does (`top_k`, `cache_control`, `safety_settings`), in snake case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<String>);

// === impl Losses ===

impl Losses {
    /// Notes that something was left out.
    pub fn drop(&mut self, name: &str) {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }

    /// Notes that something was left out, where there was something.
    pub fn drop_if(&mut self, is_there: bool, name: &str) {
        if is_there {
            self.drop(name);
        }
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}
