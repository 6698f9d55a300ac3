//! Models whose prices nobody knows, told once.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// How many are remembered: clients may make up names.
const MOST: usize = 4096;

/// The models of which it was told that their prices are not known.
#[derive(Default)]
pub(crate) struct Unpriced(Mutex<HashSet<String>>);

// === impl Unpriced ===

impl Unpriced {
    /// Tells that a model with an unknown price was used under a limit of money, unless it was told before.
    pub(crate) fn tell(&self, model: Option<&str>) {
        let model = model.unwrap_or_default();
        if self.is_new(model) {
            tracing::warn!(
                model,
                "the price of a model is not known: budgets of money count it as nothing; this is told once"
            );
        }
    }

    fn is_new(&self, model: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.len() < MOST && !known.contains(model) && known.insert(model.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_is_new_once() {
        let unpriced = Unpriced::default();
        assert_eq!(["a", "b", "a", ""].map(|model| unpriced.is_new(model)), [true, true, false, true]);
    }
}
