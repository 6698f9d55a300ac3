//! The files of the journal. Each process that counts has a folder of its own, which it locks: what lies in one that nobody
//! locks was left behind. A file holds the lines of the batches from a first to a last number.
//!
//! A batch that is being gathered has one line for each subject, written again in its place with every request: a page that
//! is in memory already takes it for less than a file that grows takes another line, and the disk gets no more than that.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::{Figures, entry};

/// Holds the lock of a folder.
const LOCK: &str = "lock";
const ENDING: &str = "jsonl";
/// The room of a line in bytes, as its figures grow. Most never need more.
const ROOM: u64 = 1024;
/// What the system writes whole, whatever ends the process meanwhile.
const PAGE: u64 = 4096;

/// The system gives no random bytes, which name what is counted here.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes to name the journal of usage figures with")]
pub struct JournalError(#[source] getrandom::Error);

/// A folder that this process journals into, or that an ended one did.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    source: String,
    /// Locked until it is dropped.
    _lock: File,
}

/// A file of a folder, and the batches whose lines it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) path: PathBuf,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// A file that grows.
#[derive(Debug)]
pub(crate) struct Growing {
    file: File,
    pub(crate) path: PathBuf,
    /// Where the next place is.
    pub(crate) length: u64,
}

/// Where in a file a line is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    at: u64,
    room: u64,
}

/// Makes a folder of this name for this process below `root`, and gives those that were left behind there.
///
/// # Errors
/// When the folder cannot be made; it may be tried again.
pub(crate) fn open(root: &Path, source: &str) -> io::Result<(Folder, Vec<Folder>)> {
    fs::create_dir_all(root)?;
    let left_behind = left_behind(root)?;
    Ok((Folder::make(root, source.to_owned())?, left_behind))
}

/// A name for a source of batches that no other has.
pub(crate) fn new_source() -> Result<String, JournalError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(JournalError)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes figures into a file and brings it to the disk.
fn fill(path: &Path, figures: &Figures) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut line = Vec::new();
    for ((at, subject), figures) in figures {
        line.clear();
        entry::write(&mut line, *at, subject, figures);
        file.write_all(&line)?;
    }
    file.into_inner()?.sync_all()
}

fn left_behind(root: &Path) -> io::Result<Vec<Folder>> {
    let mut found = Vec::new();
    for child in fs::read_dir(root)? {
        let path = child?.path();
        // A name with a dot is one that is not locked yet.
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'));
        let Some(source) = name.filter(|_| path.is_dir()).map(str::to_owned) else { continue };
        // Without a lock it is one that somebody is deleting.
        let Ok(lock) = OpenOptions::new().write(true).open(path.join(LOCK)) else { continue };
        match lock.try_lock() {
            Ok(()) => found.push(Folder { path, source, _lock: lock }),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(found)
}

/// Adds up the lines of a file. Those that do not read were cut off by a power failure.
pub(crate) fn read(path: &Path) -> io::Result<Figures> {
    let mut all = Figures::new();
    let (mut reader, mut line, mut unread) = (BufReader::new(File::open(path)?), Vec::new(), 0_u32);
    while reader.read_until(b'\n', &mut line)? > 0 {
        // Between places is nothing.
        let blank = line.iter().take_while(|byte| **byte == 0 || byte.is_ascii_whitespace()).count();
        let told = line.get(blank..).unwrap_or_default();
        match entry::read(told) {
            Some((at, subject, figures)) => all.entry((at, subject)).or_default().add_all(&figures),
            None => unread += u32::from(!told.is_empty()),
        }
        line.clear();
    }
    if unread > 0 {
        tracing::warn!(file = %path.display(), lines = unread, "the journal of usage figures has lines that do not read");
    }
    Ok(all)
}

// === impl Folder ===

impl Folder {
    /// It gets its name once it is locked, so that nobody takes it for one that was left behind.
    fn make(root: &Path, source: String) -> io::Result<Self> {
        let (making, path) = (root.join(format!(".{source}")), root.join(&source));
        // It may be there already, where a full disk had room for a part of it.
        fs::create_dir_all(&making)?;
        let lock = File::create(making.join(LOCK))?;
        lock.lock()?;
        fs::rename(&making, &path)?;
        Ok(Self { path, source, _lock: lock })
    }

    /// Whose batches they are.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Begins the file of a batch.
    pub(crate) fn begin(&self, number: i64) -> io::Result<Growing> {
        let path = self.file(number, number);
        let file = OpenOptions::new().create_new(true).write(true).open(&path)?;
        Ok(Growing { file, path, length: 0 })
    }

    /// Writes figures into a file that takes the place of all that hold batches between the two.
    pub(crate) fn write(&self, first: i64, last: i64, figures: &Figures) -> io::Result<PathBuf> {
        let (path, making) = (self.file(first, last), self.path.join("making"));
        // What a full disk has room for is of no use, and takes the room.
        fill(&making, figures).inspect_err(|_| drop(fs::remove_file(&making)))?;
        fs::rename(&making, &path)?;
        Ok(path)
    }

    /// Its files in the order of their batches, without those whose place another one has taken.
    pub(crate) fn files(&self) -> io::Result<Vec<Stored>> {
        let mut files = Vec::new();
        for child in fs::read_dir(&self.path)? {
            files.extend(Stored::of(child?.path()));
        }
        // Of those that begin with the same batch the one that goes farthest comes first.
        files.sort_by_key(|file| (file.first, std::cmp::Reverse(file.last)));
        let mut end = i64::MIN;
        files.retain(|file| {
            let is_needed = file.last > end;
            end = end.max(file.last);
            is_needed
        });
        Ok(files)
    }

    /// Deletes it with all that is in it.
    pub(crate) fn delete(&self) -> io::Result<()> {
        for child in fs::read_dir(&self.path)? {
            let child = child?;
            if child.file_name() != LOCK {
                fs::remove_file(child.path())?;
            }
        }
        // The lock's file is the last to go, for the folder is nobody else's as long as it is there.
        fs::remove_dir_all(&self.path)
    }

    fn file(&self, first: i64, last: i64) -> PathBuf {
        self.path.join(format!("{first:012}-{last:012}.{ENDING}"))
    }
}

// === impl Stored ===

impl Stored {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(ENDING)?.strip_suffix('.')?;
        let (first, last) = name.split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        Some(Self { path, first, last })
    }
}

// === impl Growing ===

impl Growing {
    /// Writes a line, whole or not at all: where it was before, when it was shorter at most. Gives its place.
    pub(crate) fn put(&mut self, line: &[u8], before: Option<Place>) -> io::Result<Place> {
        let length = line.len() as u64;
        if let Some(place) = before.filter(|place| length <= place.room) {
            self.file.write_all_at(line, place.at)?;
            return Ok(place);
        }
        // It leaves its place first: what ends the process in between must not leave it there twice.
        if let Some(place) = before {
            let blank = vec![b' '; usize::try_from(place.room).unwrap_or_default()];
            self.file.write_all_at(&blank, place.at)?;
        }
        let room = ROOM.max((2 * length).next_power_of_two());
        let left = PAGE - self.length % PAGE;
        let at = if room <= left { self.length } else { self.length + left % PAGE };
        if let Err(error) = self.file.write_all_at(line, at) {
            // A part of it may be there, as on a full disk; what follows must not end in the middle of it.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length = at + room;
        Ok(Place { at, room })
    }

    /// Another handle, to bring what was written to the disk.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::{Figure, ServiceId, Timestamp, UsageFigures, UsageSubject};
    use tempfile::tempdir;

    use super::*;

    fn line(service: i64) -> Vec<u8> {
        let subject = UsageSubject { service: ServiceId(service), key: None, client: None, model: None };
        let mut line = Vec::new();
        entry::write(&mut line, Timestamp::EPOCH, &subject, &UsageFigures::from_iter([(Figure::Requests, 1)]));
        line
    }

    fn open_in(root: &Path) -> (Folder, Vec<Folder>) {
        open(root, &new_source().unwrap()).unwrap()
    }

    fn requests(figures: &Figures) -> u64 {
        figures.values().map(|figures| figures.get(Figure::Requests)).sum()
    }

    #[test]
    fn only_what_nobody_locks_was_left_behind() {
        let root = tempdir().unwrap();
        let (first, none) = open_in(root.path());
        assert!(none.is_empty());
        let (second, none) = open_in(root.path());
        assert!(none.is_empty());
        let source = first.source().to_owned();
        drop(first);
        let (_third, left) = open_in(root.path());
        assert_eq!(left.iter().map(Folder::source).collect::<Vec<_>>(), [source]);
        left.into_iter().for_each(|folder| folder.delete().unwrap());
        drop(second);
        assert_eq!(open_in(root.path()).1.len(), 1);
    }

    #[test]
    fn a_file_that_takes_the_place_of_others_hides_them() {
        let root = tempdir().unwrap();
        let (folder, _) = open_in(root.path());
        for number in 1..=5 {
            folder.begin(number).unwrap().put(&line(number), None).unwrap();
        }
        let numbers =
            |folder: &Folder| folder.files().unwrap().iter().map(|file| (file.first, file.last)).collect::<Vec<_>>();
        assert_eq!(numbers(&folder), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        let mut figures = read(&folder.files().unwrap()[1].path).unwrap();
        figures.extend(read(&folder.files().unwrap()[2].path).unwrap());
        let path = folder.write(2, 3, &figures).unwrap();
        assert_eq!(numbers(&folder), [(1, 1), (2, 3), (4, 4), (5, 5)]);
        assert_eq!(read(&path).unwrap(), figures);
        folder.write(2, 4, &figures).unwrap();
        assert_eq!(numbers(&folder), [(1, 1), (2, 4), (5, 5)]);
        fs::write(folder.path.join("making"), "x").unwrap();
        fs::write(folder.path.join("a-b.jsonl"), "x").unwrap();
        assert_eq!(numbers(&folder), [(1, 1), (2, 4), (5, 5)]);
    }

    #[test]
    fn a_cut_off_line_is_left_out() {
        let root = tempdir().unwrap();
        let (folder, _) = open_in(root.path());
        let mut file = folder.begin(1).unwrap();
        let first = line(1);
        file.put(&first, None).unwrap();
        let second = usize::try_from(file.put(&line(2), None).unwrap().at).unwrap();
        let whole = fs::read(&file.path).unwrap();
        assert_eq!(whole.len(), second + first.len());
        for length in 0..=whole.len() {
            fs::write(&file.path, &whole[..length]).unwrap();
            // What lacks only its end of line is whole.
            let lines = u64::from(length + 1 >= first.len()) + u64::from(length + 1 >= whole.len());
            assert_eq!(requests(&read(&file.path).unwrap()), lines, "{length}");
        }
        // One in the middle leaves those after it.
        let mut torn = whole.clone();
        torn[3] = 0;
        fs::write(&file.path, torn).unwrap();
        assert_eq!(requests(&read(&file.path).unwrap()), 1);
    }

    #[test]
    fn lines_grow_in_their_places_and_move_where_these_are_too_small() {
        let root = tempdir().unwrap();
        let (folder, _) = open_in(root.path());
        let mut file = folder.begin(1).unwrap();
        let model = |length: usize| Some("m".repeat(length));
        let subjects: Vec<UsageSubject> = (1..=40)
            .map(|id| UsageSubject { service: ServiceId(id), key: None, client: None, model: model(id as usize * 200) })
            .collect();
        let mut places = vec![None; subjects.len()];
        let mut expected = Figures::new();
        for round in 0..60 {
            for (subject, place) in subjects.iter().zip(&mut places) {
                let figures = expected.entry((Timestamp::EPOCH, subject.clone())).or_default();
                // All figures come up, and their numbers get longer, until no place has room for them.
                figures.add(Figure::ALL[round % Figure::ALL.len()], 7_u64.pow(round as u32 / 3));
                let mut line = Vec::new();
                entry::write(&mut line, Timestamp::EPOCH, subject, figures);
                let put = file.put(&line, *place).unwrap();
                assert!(put.room > PAGE || put.at / PAGE == (put.at + put.room - 1) / PAGE, "{put:?}");
                *place = Some(put);
            }
            assert_eq!(read(&file.path).unwrap(), expected, "after round {round}");
        }
    }
}
