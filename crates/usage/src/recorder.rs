//! Where requests are counted.

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_domain::{Grain, Timestamp, UsageFigures, UsageSubject};

use crate::backlog::Batch;
use crate::journal::{self, Folder, Growing, JournalError};
use crate::seldom::Seldom;
use crate::{Figures, entry};

/// A line's usual length, in bytes.
const LINE: usize = 320;

/// Counts requests. What it was told is in the journal when it returns, where there is one.
#[derive(Debug)]
pub struct UsageRecorder {
    source: String,
    pub(crate) folder: Option<Folder>,
    gathering: Mutex<Gathering>,
    trouble: Seldom,
}

/// The batch that is being gathered.
#[derive(Debug)]
struct Gathering {
    number: i64,
    figures: Figures,
    file: Option<Growing>,
}

// === impl UsageRecorder ===

impl UsageRecorder {
    /// Keeps a journal below this folder, and gives what ended processes left there.
    pub(crate) fn journaling(root: &Path) -> Result<(Self, Vec<Folder>), JournalError> {
        let (folder, left_behind) = journal::open(root)?;
        let recorder = Self::new(folder.source().to_owned(), Some(folder));
        Ok((recorder, left_behind))
    }

    /// Keeps no journal: what is not sent yet goes with the process.
    pub(crate) fn in_memory() -> Result<Self, JournalError> {
        Ok(Self::new(journal::new_source()?, None))
    }

    fn new(source: String, folder: Option<Folder>) -> Self {
        let gathering = Gathering { number: 1, figures: Figures::new(), file: None };
        let recorder = Self { source, folder, gathering: Mutex::new(gathering), trouble: Seldom::default() };
        recorder.gathering().file = recorder.new_file(1);
        recorder
    }

    /// Adds figures to those of a subject in the minute of `at`.
    pub fn record(&self, at: Timestamp, subject: UsageSubject, figures: &UsageFigures) {
        let at = Grain::Minute.start(at);
        let mut line = Vec::new();
        if self.folder.is_some() {
            line.reserve(LINE);
            entry::write(&mut line, at, &subject, figures);
        }
        let mut gathering = self.gathering();
        let written = gathering.file.as_mut().map(|file| file.append(&line));
        gathering.figures.entry((at, subject)).or_default().add_all(figures);
        drop(gathering);
        if let Some(Err(error)) = written {
            self.complain(&error);
        }
    }

    /// Takes what has gathered, if anything has, and begins the next batch.
    pub(crate) fn cut(&self) -> Option<Batch> {
        let (number, is_unwritten) = {
            let gathering = self.gathering();
            if gathering.figures.is_empty() {
                return None;
            }
            (gathering.number, gathering.file.is_none())
        };
        // Opened before the lock is taken, for requests wait for it.
        let file = self.new_file(number + 1);
        if is_unwritten && file.is_some() {
            self.trouble.reset();
        }
        let next = Gathering { number: number + 1, figures: Figures::new(), file };
        let gathered = std::mem::replace(&mut *self.gathering(), next);
        let places = gathered.file.into_iter().map(|file| file.path).collect();
        let (source, figures) = (self.source.clone(), gathered.figures);
        Some(Batch { source, first: number, last: number, figures, places })
    }

    /// How long the journal of what has gathered is, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.gathering().file.as_ref().map_or(0, |file| file.length)
    }

    /// The file of what has gathered.
    pub(crate) fn file(&self) -> Option<File> {
        self.gathering().file.as_ref()?.handle().ok()
    }

    /// Says, once a minute, that the journal cannot be written.
    pub(crate) fn complain(&self, error: &std::io::Error) {
        if self.trouble.is_due() {
            tracing::error!(
                error = %error,
                "the journal of usage figures cannot be written: until they are stored they are in memory alone"
            );
        }
    }

    fn new_file(&self, number: i64) -> Option<Growing> {
        let begun = self.folder.as_ref()?.begin(number);
        begun.inspect_err(|error| self.complain(error)).ok()
    }

    fn gathering(&self) -> MutexGuard<'_, Gathering> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
