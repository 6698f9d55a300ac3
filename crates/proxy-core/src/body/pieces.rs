//! What is kept of a body.

use bytes::{Bytes, BytesMut};

/// A piece shorter than this, in bytes, is copied together with its neighbours: kept as it came, it would cost many times
/// its own length.
const SHORT: usize = 4 * 1024;
/// How long a piece of several short ones becomes, in bytes.
const JOINED: usize = 16 * 1024;

/// The data of a body, in the order in which it came.
#[derive(Default)]
pub(crate) struct Pieces {
    sealed: Vec<Bytes>,
    /// Short pieces that came last.
    tail: BytesMut,
}

// === impl Pieces ===

impl Pieces {
    /// Keeps `data`; the bytes of a long piece are shared.
    pub(crate) fn push(&mut self, data: &Bytes) {
        if data.len() >= SHORT {
            self.seal();
            self.sealed.push(data.clone());
            return;
        }
        self.tail.extend_from_slice(data);
        if self.tail.len() >= JOINED {
            self.seal();
        }
    }

    /// Ends the piece that is still growing, so that [`sealed`](Self::sealed) holds everything.
    pub(crate) fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.sealed.push(std::mem::take(&mut self.tail).freeze());
        }
    }

    /// What is kept, but for the piece that is still growing.
    pub(crate) fn sealed(&self) -> &[Bytes] {
        &self.sealed
    }

    /// All pieces.
    pub(crate) fn into_vec(mut self) -> Vec<Bytes> {
        self.seal();
        self.sealed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_are_joined_and_long_ones_shared() {
        let mut pieces = Pieces::default();
        let long = Bytes::from(vec![b'y'; SHORT]);
        for _ in 0..JOINED + 1 {
            pieces.push(&Bytes::from_static(b"x"));
        }
        pieces.push(&long);
        pieces.push(&Bytes::from_static(b"z"));
        assert_eq!(pieces.sealed().iter().map(Bytes::len).collect::<Vec<_>>(), [JOINED, 1, SHORT]);
        assert_eq!(pieces.sealed()[2].as_ptr(), long.as_ptr());
        assert_eq!(pieces.into_vec().last().unwrap(), "z");
    }
}
