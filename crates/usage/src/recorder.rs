//! Where requests are counted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rotator_domain::{Clock, Grain, Seldom, Timestamp, UsageFigures, UsageSubject};

use crate::backlog::{Batch, MOST_ROWS};
use crate::entry;
use crate::journal::{self, Folder, Growing, JournalError, Place};

/// The length of the journal, in bytes, from which on it is packed while the storage does not answer.
const LONGEST: u64 = 8 * 1024 * 1024;
/// The same for figures that no disk has room for, in rows in memory.
const MANY: usize = MOST_ROWS / 10;

/// Counts requests. What it was told is in the journal when it returns, unless the journal cannot be written.
pub struct UsageRecorder {
    source: String,
    /// Where the journals of all processes are.
    root: PathBuf,
    /// This process's own, once it could be made.
    folder: OnceLock<Folder>,
    gathering: Mutex<Gathering>,
    clock: Arc<dyn Clock>,
    /// Whether the journal takes what is recorded.
    is_journaled: AtomicBool,
    trouble: Seldom,
}

/// The batch that is being gathered.
#[derive(Debug)]
struct Gathering {
    number: i64,
    gathered: HashMap<(Timestamp, UsageSubject), Gathered>,
    file: Option<Growing>,
    /// The line that is being written, kept for its memory.
    line: Vec<u8>,
}

/// What has gathered of one subject.
#[derive(Debug)]
struct Gathered {
    figures: UsageFigures,
    /// Where their line is in the file, once it is there.
    place: Option<Place>,
}

// === impl UsageRecorder ===

impl UsageRecorder {
    /// Will keep a journal below this folder.
    pub(crate) fn new(root: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        Ok(Self {
            source: journal::new_source()?,
            root,
            folder: OnceLock::new(),
            gathering: Mutex::new(Gathering::new(1, None)),
            clock,
            is_journaled: AtomicBool::new(false),
            trouble: Seldom::default(),
        })
    }

    /// Opens the journal, where it is not open, and gives what ended processes left there. Until that succeeds figures are in
    /// memory alone.
    pub(crate) fn open_journal(&self) -> Vec<Folder> {
        if self.folder.get().is_some() {
            return Vec::new();
        }
        match journal::open(&self.root, &self.source) {
            Ok((folder, left_behind)) => {
                // Nobody else opens it: the writer does one thing after the other.
                drop(self.folder.set(folder));
                self.begin_file();
                left_behind
            }
            Err(error) => {
                self.complain(&error);
                Vec::new()
            }
        }
    }

    /// Adds figures to those of a subject in the minute of `at`.
    pub fn record(&self, at: Timestamp, subject: UsageSubject, figures: &UsageFigures) {
        let written = self.gathering().add((Grain::Minute.start(at), subject), figures);
        match written {
            // Every request comes here: what stays as it is is not written.
            Some(Ok(())) if !self.is_journaled() => self.is_journaled.store(true, Ordering::Relaxed),
            Some(Err(error)) => self.failed(&error),
            Some(Ok(())) | None => {}
        }
    }

    /// Takes what has gathered, if anything has, and begins the next batch.
    pub(crate) fn cut(&self) -> Option<Batch> {
        let number = {
            let gathering = self.gathering();
            if gathering.gathered.is_empty() {
                return None;
            }
            gathering.number
        };
        // Opened before the lock is taken, for requests wait for it.
        let file = self.new_file(number + 1);
        let next = Gathering::new(number + 1, file);
        let Gathering { gathered, file, .. } = std::mem::replace(&mut *self.gathering(), next);
        let places = file.into_iter().map(|file| file.path).collect();
        let figures = gathered.into_iter().map(|(subject, gathered)| (subject, gathered.figures)).collect();
        let source = self.source.clone();
        Some(Batch { source, first: number, last: number, figures, places })
    }

    /// Shows what has gathered.
    pub(crate) fn look(&self, mut look: impl FnMut(&(Timestamp, UsageSubject), &UsageFigures)) {
        self.gathering().gathered.iter().for_each(|(subject, gathered)| look(subject, &gathered.figures));
    }

    /// Whether so much has gathered that it should be added up with what gathered before.
    pub(crate) fn is_much(&self) -> bool {
        let gathering = self.gathering();
        gathering.file.as_ref().is_some_and(|file| file.length > LONGEST) || gathering.gathered.len() > MANY
    }

    /// Whether what is recorded is on this node's disk before it is stored.
    pub(crate) fn is_journaled(&self) -> bool {
        self.is_journaled.load(Ordering::Relaxed)
    }

    /// The folder of this process's journal, where there is one.
    pub(crate) fn folder(&self) -> Option<&Folder> {
        self.folder.get()
    }

    /// The file of what has gathered.
    pub(crate) fn file(&self) -> Option<File> {
        self.gathering().file.as_ref()?.handle().ok()
    }

    /// Says, once a minute, that the journal cannot be written.
    pub(crate) fn complain(&self, error: &io::Error) {
        if self.trouble.is_due(self.clock.now()) {
            tracing::error!(
                error = %error,
                folder = %self.root.display(),
                "the journal of usage figures cannot be written: until they are stored they are in memory alone"
            );
        }
    }

    /// Begins a file for what gathers from now on, where that has none.
    fn begin_file(&self) {
        let number = self.gathering().number;
        let file = self.new_file(number);
        self.is_journaled.store(file.is_some(), Ordering::Relaxed);
        self.gathering().file = file;
    }

    fn new_file(&self, number: i64) -> Option<Growing> {
        let begun = self.folder.get()?.begin(number);
        begun.inspect_err(|error| self.failed(error)).ok()
    }

    fn failed(&self, error: &io::Error) {
        self.is_journaled.store(false, Ordering::Relaxed);
        self.complain(error);
    }

    fn gathering(&self) -> MutexGuard<'_, Gathering> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Gathering ===

impl Gathering {
    fn new(number: i64, file: Option<Growing>) -> Self {
        Self { number, gathered: HashMap::new(), file, line: Vec::new() }
    }

    /// Adds figures, and writes down what they have become; nothing where there is no file.
    fn add(&mut self, subject: (Timestamp, UsageSubject), more: &UsageFigures) -> Option<io::Result<()>> {
        let mut gathered = match self.gathered.entry(subject) {
            Entry::Occupied(mut known) => {
                known.get_mut().figures.add_all(more);
                known
            }
            Entry::Vacant(new) => new.insert_entry(Gathered { figures: more.clone(), place: None }),
        };
        let file = self.file.as_mut()?;
        let Gathered { figures, place } = gathered.get();
        let (at, subject) = gathered.key();
        self.line.clear();
        entry::write(&mut self.line, *at, subject, figures);
        let put = file.put(&self.line, *place);
        Some(put.map(|put| gathered.get_mut().place = Some(put)))
    }
}

impl std::fmt::Debug for UsageRecorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageRecorder").field("root", &self.root).finish_non_exhaustive()
    }
}
