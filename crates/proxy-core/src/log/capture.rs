//! The beginning of a body, kept as it passes.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body::Body;

use crate::body::Inspected;

/// Keeps the beginning of a body. It is copied: a piece that was kept as it came would hold the whole buffer that it came in.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    captured: Arc<Mutex<Captured>>,
    limit: usize,
}

/// What was kept.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    pub(crate) content: Vec<u8>,
    /// Whether there was more.
    pub(crate) is_cut: bool,
}

// === impl Capture ===

impl Capture {
    /// Keeps `limit` bytes at the most.
    pub(crate) fn new(limit: usize) -> Self {
        Self { captured: Arc::default(), limit }
    }

    /// Keeps what still fits.
    pub(crate) fn push(&self, data: &[u8]) {
        let mut captured = self.captured.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limit - captured.content.len();
        let kept = data.get(..room).unwrap_or(data);
        captured.content.extend_from_slice(kept);
        captured.is_cut |= kept.len() < data.len();
    }

    /// Keeps the beginning of this body too.
    pub(crate) fn watch<B: Body<Data = Bytes>>(&self, body: B) -> Inspected<B, impl FnMut(&Bytes) + use<B>> {
        let capture = self.clone();
        Inspected::new(body, move |data: &Bytes| capture.push(data))
    }

    /// What was kept so far.
    pub(crate) fn take(&self) -> Captured {
        std::mem::take(&mut *self.captured.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    #[tokio::test]
    async fn no_more_is_kept_than_may_be() {
        for (limit, kept, is_cut) in [(0, "", true), (3, "abc", true), (5, "abcde", true), (6, "abcdef", false)] {
            let capture = Capture::new(limit);
            for piece in ["abcd", "", "ef"] {
                let body = capture.watch(Full::new(Bytes::from(piece)));
                assert_eq!(body.collect().await.unwrap().to_bytes(), piece);
            }
            let captured = capture.take();
            assert_eq!((captured.content.as_slice(), captured.is_cut), (kept.as_bytes(), is_cut), "{limit}");
        }
    }
}
