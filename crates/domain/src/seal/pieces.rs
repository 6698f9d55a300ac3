//! A long message, sealed piece by piece, so that it is never held whole.
//!
//! This is the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (<https://eprint.iacr.org/2015/189>) over
//! XChaCha20-Poly1305: the nonce of a piece is the message's own 19 bytes, the piece's number and whether it is the last one. A
//! piece that was changed, left out, moved, or made the last one does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{NONCE_LENGTH, SealError};
use crate::Secret;

/// The bytes that each message has of its own under one key.
pub const PIECE_NONCE_LENGTH: usize = NONCE_LENGTH - 5;

/// Seals and opens the pieces of one message.
pub struct PieceVault {
    cipher: XChaCha20Poly1305,
    nonce: [u8; PIECE_NONCE_LENGTH],
    head: Vec<u8>,
}

// === impl PieceVault ===

impl PieceVault {
    /// For the message that is sealed under the key that `derive` makes, has this nonce, which no other message under that key has,
    /// and stands behind `head`: what is in clear, and must not change either.
    ///
    /// # Errors
    /// That of `derive`.
    pub fn new<E>(
        derive: impl FnOnce(&mut [u8; 32]) -> Result<(), E>,
        nonce: [u8; PIECE_NONCE_LENGTH],
        head: Vec<u8>,
    ) -> Result<Self, E> {
        let mut key = Zeroizing::new([0; 32]);
        derive(&mut key)?;
        Ok(Self { cipher: XChaCha20Poly1305::new((&*key).into()), nonce, head })
    }

    /// Seals the piece with this number, which no other one of the message has.
    ///
    /// # Errors
    /// [`SealError::DoesNotSeal`] when it is too long.
    pub fn seal(&self, number: u32, is_last: bool, piece: &Secret) -> Result<Vec<u8>, SealError> {
        let payload = Payload { msg: piece.expose().as_bytes(), aad: &self.head };
        self.cipher.encrypt(&self.nonce_of(number, is_last), payload).map_err(|_| SealError::DoesNotSeal)
    }

    /// Opens what [`PieceVault::seal`] made with the same number and the same end.
    ///
    /// # Errors
    /// [`SealError::DoesNotOpen`] for anything else.
    pub fn open(&self, number: u32, is_last: bool, sealed: &[u8]) -> Result<Secret, SealError> {
        let payload = Payload { msg: sealed, aad: &self.head };
        let opened = self.cipher.decrypt(&self.nonce_of(number, is_last), payload);
        let opened = Zeroizing::new(opened.map_err(|_| SealError::DoesNotOpen)?);
        std::str::from_utf8(&opened).map(Secret::new).map_err(|_| SealError::DoesNotOpen)
    }

    fn nonce_of(&self, number: u32, is_last: bool) -> XNonce {
        let mut nonce = [0; NONCE_LENGTH];
        let (message, piece) = nonce.split_at_mut(PIECE_NONCE_LENGTH);
        message.copy_from_slice(&self.nonce);
        let (counter, end) = piece.split_at_mut(4);
        counter.copy_from_slice(&number.to_be_bytes());
        end.fill(u8::from(is_last));
        XNonce::from(nonce)
    }
}

impl std::fmt::Debug for PieceVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PieceVault")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(key: u8, nonce: u8, head: &[u8]) -> PieceVault {
        let derive = |bytes: &mut [u8; 32]| {
            bytes.fill(key);
            Ok::<(), SealError>(())
        };
        PieceVault::new(derive, [nonce; PIECE_NONCE_LENGTH], head.to_vec()).unwrap()
    }

    #[test]
    fn a_piece_opens_in_its_own_place_only() {
        let piece = Secret::new("piece");
        let sealed = vault(1, 2, b"head").seal(7, false, &piece).unwrap();
        assert_eq!(vault(1, 2, b"head").open(7, false, &sealed).unwrap(), piece);
        assert!(vault(1, 2, b"head").open(8, false, &sealed).is_err());
        assert!(vault(1, 2, b"head").open(7, true, &sealed).is_err());
        for other in [vault(0, 2, b"head"), vault(1, 0, b"head"), vault(1, 2, b"Head"), vault(1, 2, b"")] {
            assert!(other.open(7, false, &sealed).is_err());
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x80;
            assert!(vault(1, 2, b"head").open(7, false, &changed).is_err(), "byte {at}");
        }
        assert!(vault(1, 2, b"head").open(7, false, &sealed[1..]).is_err());
    }
}
