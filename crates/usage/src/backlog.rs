//! What waits to be sent to the storage.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rotator_domain::{Grain, UsageRow};
use rotator_storage_trait::UsageBatch;

use crate::Figures;
use crate::journal::{self, Folder, Stored};

/// Of more rows than these, those of an hour are added up, and then those of a day.
pub(crate) const MOST_ROWS: usize = 200_000;

/// Figures that count as one, and the files that hold them until then.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) source: String,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) figures: Figures,
    pub(crate) places: Vec<PathBuf>,
}

/// What an ended process left behind: its files, oldest first.
#[derive(Debug)]
pub(crate) struct LeftBehind {
    folder: Folder,
    files: VecDeque<Stored>,
}

/// What waits, oldest first. What was sent already, and may have arrived, stays as it was sent.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    pub(crate) left_behind: VecDeque<LeftBehind>,
    /// The batch that is being sent.
    pub(crate) sent: Option<Arc<Batch>>,
    /// What comes after it, in one.
    pub(crate) next: Option<Batch>,
}

// === impl Backlog ===

impl Backlog {
    /// Takes over what ended processes left behind.
    pub(crate) fn inherit(&mut self, folders: Vec<Folder>) {
        for folder in folders {
            match LeftBehind::of(folder) {
                Ok(left_behind) => self.left_behind.push_back(left_behind),
                Err(error) => tracing::error!(error = %error, "a journal of usage figures cannot be read"),
            }
        }
    }

    /// How many batches wait.
    pub(crate) fn batches(&self) -> usize {
        let left_behind: usize = self.left_behind.iter().map(|left_behind| left_behind.files.len()).sum();
        left_behind + usize::from(self.sent.is_some()) + usize::from(self.next.is_some())
    }
}

// === impl Batch ===

impl Batch {
    /// As the storage takes it.
    pub(crate) fn named(&self) -> UsageBatch {
        UsageBatch { source: self.source.clone(), number: self.last }
    }

    /// As the storage takes it.
    pub(crate) fn rows(&self) -> Vec<UsageRow> {
        let rows = self.figures.iter();
        rows.map(|((at, subject), figures)| UsageRow { at: *at, subject: subject.clone(), figures: figures.clone() })
            .collect()
    }

    /// The batch, and what comes after it, as one.
    pub(crate) fn and(mut self, newer: Self) -> Self {
        for (place, figures) in newer.figures {
            self.figures.entry(place).or_default().add_all(&figures);
        }
        for grain in [Grain::Hour, Grain::Day] {
            if self.figures.len() > MOST_ROWS {
                self.coarsen(grain);
            }
        }
        self.last = newer.last;
        self.places.extend(newer.places);
        self
    }

    /// Writes the figures, added up, in place of all that make them up. Where that fails they stay as they are.
    pub(crate) fn pack(&mut self, folder: &Folder) -> io::Result<()> {
        let packed = folder.write(self.first, self.last, &self.figures)?;
        let places = std::mem::replace(&mut self.places, vec![packed.clone()]);
        places.iter().filter(|place| **place != packed).try_for_each(std::fs::remove_file)
    }

    fn coarsen(&mut self, grain: Grain) {
        let fine = std::mem::take(&mut self.figures);
        for ((at, subject), figures) in fine {
            self.figures.entry((grain.start(at), subject)).or_default().add_all(&figures);
        }
    }
}

// === impl LeftBehind ===

impl LeftBehind {
    pub(crate) fn of(folder: Folder) -> io::Result<Self> {
        let files = folder.files()?.into();
        Ok(Self { folder, files })
    }

    /// Reads its oldest file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Batch>> {
        let Some(Stored { path, first, last }) = self.files.front().cloned() else { return Ok(None) };
        let figures = journal::read(&path)?;
        self.files.pop_front();
        let source = self.folder.source().to_owned();
        Ok(Some(Batch { source, first, last, figures, places: vec![path] }))
    }

    /// What its files hold; those that cannot be read are told of when their turn comes.
    pub(crate) fn read(&self) -> impl Iterator<Item = Figures> {
        self.files.iter().filter_map(|file| journal::read(&file.path).ok())
    }

    /// Deletes the folder.
    pub(crate) fn delete(&self) -> io::Result<()> {
        self.folder.delete()
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::{Figure, ServiceId, Timestamp, UsageFigures, UsageSubject};
    use tempfile::tempdir;

    use super::*;

    fn batch(number: i64, minutes: impl Iterator<Item = i64>) -> Batch {
        let row = |minute: i64| {
            let subject = UsageSubject { service: ServiceId(1), key: None, client: None, model: None };
            let figures = UsageFigures::from_iter([(Figure::Requests, 1)]);
            ((Timestamp::from_millis(minute * 60_000), subject), figures)
        };
        let figures = minutes.map(row).collect();
        Batch { source: "a".to_owned(), first: number, last: number, figures, places: Vec::new() }
    }

    fn requests(figures: &Figures) -> u64 {
        figures.values().map(|figures| figures.get(Figure::Requests)).sum()
    }

    #[test]
    fn too_many_rows_become_hours_and_days_and_nothing_is_lost() {
        let rows = i64::try_from(MOST_ROWS).unwrap();
        let both = batch(1, 0..rows).and(batch(2, rows - 60..rows + 60));
        assert_eq!((both.first, both.last), (1, 2));
        assert_eq!(requests(&both.figures), MOST_ROWS as u64 + 120);
        assert!(both.figures.len() <= MOST_ROWS / 60 + 2);
        let all = batch(1, (0..rows).map(|day| day * 60)).and(batch(2, (rows..rows + 48).map(|hour| hour * 60)));
        assert_eq!(requests(&all.figures), MOST_ROWS as u64 + 48);
        assert!(all.figures.len() <= MOST_ROWS / 24 + 3);
    }

    #[test]
    fn packed_files_hold_the_same_and_replace_the_others() {
        let root = tempdir().unwrap();
        let (folder, _) = journal::open(root.path(), "a").unwrap();
        let mut merged = batch(1, 0..3).and(batch(2, 2..5));
        merged.places = (1..=2).map(|number| folder.begin(number).unwrap().path).collect();
        merged.pack(&folder).unwrap();
        let files = folder.files().unwrap();
        assert_eq!(files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), merged.places);
        assert!(std::fs::exists(&merged.places[0]).unwrap());
        assert_eq!(journal::read(&merged.places[0]).unwrap(), merged.figures);
        // Packing again replaces the file by itself.
        merged.pack(&folder).unwrap();
        assert_eq!(journal::read(&merged.places[0]).unwrap(), merged.figures);
    }
}
