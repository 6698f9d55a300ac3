//! The file of an export, as `docs/moving.md` describes it: a head in clear, then sealed pieces.
//!
//! ```text
//! magic    8  89 52 4F 54 0D 0A 1A 0A: no text, and what exchanges line ends breaks it
//! format   2  1; numbers are big-endian
//! memory   4  Argon2id's memory in KiB,
//! passes   4  its passes
//! lanes    4  and its lanes
//! salt    16
//! nonce   19
//! pieces: end 1 (1 for the last one, else 0), length 4, so many bytes of XChaCha20-Poly1305
//! ```

use std::io::{ErrorKind, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use rotator_domain::{PIECE_NONCE_LENGTH, PieceVault, SealError, Secret};

use super::entry::Entry;
use super::{MovingError, Passphrase};

const MAGIC: [u8; 8] = *b"\x89ROT\r\n\x1a\n";
const FORMAT: u16 = 1;
const SALT_LENGTH: usize = 16;
/// How long a piece becomes before it is sealed, in bytes, unless one entry alone is longer.
const PIECE: usize = 64 * 1024;
/// The longest piece, sealed; nobody can make a reader take more memory.
const LONGEST_PIECE: usize = 16 * 1024 * 1024;

/// What it costs to try a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// What stands before the pieces.
struct Head {
    cost: Cost,
    salt: [u8; SALT_LENGTH],
    nonce: [u8; PIECE_NONCE_LENGTH],
}

/// Writes an export.
pub(super) struct SealedWriter<W> {
    out: W,
    vault: PieceVault,
    number: u32,
    piece: String,
}

/// Reads an export piece by piece.
pub(super) struct Pieces<R> {
    source: R,
    vault: PieceVault,
    number: u32,
    /// The first piece, which was opened to try the passphrase.
    first: Option<Secret>,
    is_at_end: bool,
}

// === impl Cost ===

impl Cost {
    /// The second choice of RFC 9106, section 4: for where 2 GiB of memory are too much.
    pub(super) const USUAL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Whether a file may ask for it.
    fn is_bearable(self) -> bool {
        const MOST_MEMORY: u32 = 256 * 1024;
        const MOST_PASSES: u32 = 16;
        const MOST_LANES: u32 = 16;
        self.memory_kib <= MOST_MEMORY && self.passes <= MOST_PASSES && self.lanes <= MOST_LANES
    }
}

// === impl Head ===

impl Head {
    fn new(cost: Cost) -> Result<Self, SealError> {
        let mut head = Self { cost, salt: [0; SALT_LENGTH], nonce: [0; PIECE_NONCE_LENGTH] };
        getrandom::fill(&mut head.salt).map_err(SealError::Random)?;
        getrandom::fill(&mut head.nonce).map_err(SealError::Random)?;
        Ok(head)
    }

    fn read(source: &mut impl Read) -> Result<Self, MovingError> {
        let magic: [u8; 8] = match array(source) {
            Err(MovingError::CutOff) => return Err(MovingError::NoExport),
            magic => magic?,
        };
        if magic != MAGIC {
            return Err(MovingError::NoExport);
        }
        let format = u16::from_be_bytes(array(source)?);
        if format != FORMAT {
            return Err(MovingError::Format(format));
        }
        let [memory_kib, passes, lanes] = [number(source)?, number(source)?, number(source)?];
        Ok(Self { cost: Cost { memory_kib, passes, lanes }, salt: array(source)?, nonce: array(source)? })
    }

    fn bytes(&self) -> Vec<u8> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let mut bytes = [&MAGIC[..], &FORMAT.to_be_bytes()].concat();
        bytes.extend([memory_kib, passes, lanes].iter().flat_map(|number| number.to_be_bytes()));
        bytes.extend(self.salt);
        bytes.extend(self.nonce);
        bytes
    }

    /// What seals and opens the pieces behind this head.
    fn vault(&self, passphrase: &Passphrase) -> Result<PieceVault, MovingError> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| MovingError::WrongPassphrase)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let derive = |key: &mut [u8; 32]| {
            argon2
                .hash_password_into(passphrase.0.expose().as_bytes(), &self.salt, key)
                .map_err(|_| MovingError::Derive)
        };
        PieceVault::new(derive, self.nonce, self.bytes())
    }
}

// === impl SealedWriter ===

impl<W: Write> SealedWriter<W> {
    pub(super) fn new(mut out: W, passphrase: &Passphrase, cost: Cost) -> Result<Self, MovingError> {
        let head = Head::new(cost)?;
        let vault = head.vault(passphrase)?;
        out.write_all(&head.bytes())?;
        Ok(Self { out, vault, number: 0, piece: String::with_capacity(PIECE) })
    }

    /// Adds an entry; it is written when a piece is full.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), MovingError> {
        let line = entry.line()?;
        if !self.piece.is_empty() && self.piece.len() + line.expose().len() >= PIECE {
            self.seal(false)?;
        }
        self.piece.push_str(line.expose());
        self.piece.push('\n');
        Ok(())
    }

    /// Writes the last piece.
    pub(super) fn finish(mut self) -> Result<W, MovingError> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, is_last: bool) -> Result<(), MovingError> {
        let piece = Secret::new(std::mem::replace(&mut self.piece, String::with_capacity(PIECE)));
        let sealed = self.vault.seal(self.number, is_last, &piece)?;
        let length = u32::try_from(sealed.len()).ok().filter(|_| sealed.len() <= LONGEST_PIECE);
        self.out.write_all(&[u8::from(is_last)])?;
        self.out.write_all(&length.ok_or(MovingError::TooLong)?.to_be_bytes())?;
        self.out.write_all(&sealed)?;
        self.number = self.number.checked_add(1).ok_or(MovingError::TooLong)?;
        Ok(())
    }
}

// === impl Pieces ===

impl<R: Read> Pieces<R> {
    /// Reads up to the first piece.
    pub(super) fn open(mut source: R, passphrase: &Passphrase) -> Result<Self, MovingError> {
        let head = Head::read(&mut source)?;
        if !head.cost.is_bearable() {
            return Err(MovingError::WrongPassphrase);
        }
        let vault = head.vault(passphrase)?;
        let mut pieces = Self { source, vault, number: 0, first: None, is_at_end: false };
        pieces.first = match pieces.read() {
            Err(MovingError::Changed(_)) => return Err(MovingError::WrongPassphrase),
            first => Some(first?),
        };
        Ok(pieces)
    }

    /// The next piece, whole lines of text; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Secret>, MovingError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if !self.is_at_end {
            return self.read().map(Some);
        }
        match array::<1>(&mut self.source) {
            Err(MovingError::CutOff) => Ok(None),
            Ok(_) => Err(MovingError::Longer),
            Err(error) => Err(error),
        }
    }

    fn read(&mut self) -> Result<Secret, MovingError> {
        let changed = MovingError::Changed(self.number);
        let [end] = array(&mut self.source)?;
        let length = usize::try_from(number(&mut self.source)?).unwrap_or(usize::MAX);
        if end > 1 || length > LONGEST_PIECE {
            return Err(changed);
        }
        let mut sealed = Vec::new();
        let taken = (&mut self.source).take(length as u64).read_to_end(&mut sealed)?;
        if taken < length {
            return Err(MovingError::CutOff);
        }
        self.is_at_end = end == 1;
        let piece = self.vault.open(self.number, self.is_at_end, &sealed).map_err(|_| changed)?;
        self.number = self.number.checked_add(1).ok_or(MovingError::TooLong)?;
        Ok(piece)
    }
}

fn number(source: &mut impl Read) -> Result<u32, MovingError> {
    array(source).map(u32::from_be_bytes)
}

fn array<const LENGTH: usize>(source: &mut impl Read) -> Result<[u8; LENGTH], MovingError> {
    let mut bytes = [0; LENGTH];
    source.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => MovingError::CutOff,
        _ => MovingError::File(error),
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
