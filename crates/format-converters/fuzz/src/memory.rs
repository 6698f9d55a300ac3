//! Counts the bytes that live on the heap, and how many they were at the most.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many times its input a reading may take.
pub const FACTOR: usize = 4;
/// What it may take besides, whatever the input.
pub const CONSTANT: usize = 64 * 1024;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

/// Runs a reading of `input` bytes and tells whether it takes more memory than it may.
///
/// # Panics
///
/// It does.
pub fn bounded<T>(input: usize, read: impl FnOnce() -> T) -> T {
    let (peak, done) = measured(read);
    let most = FACTOR * input + CONSTANT;
    assert!(peak <= most, "{input} bytes took {peak} bytes of memory, {most} at the most");
    done
}

/// The most bytes that a run took at any one time, what it gives included.
pub fn measured<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let done = run();
    (PEAK.load(Relaxed).saturating_sub(before), done)
}

fn grown(by: usize) {
    let live = LIVE.fetch_add(by, Relaxed) + by;
    PEAK.fetch_max(live, Relaxed);
}

// === impl Counting ===

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Large blocks are moved without a copy.
        grown(size.saturating_sub(layout.size()));
        LIVE.fetch_sub(layout.size().saturating_sub(size), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}
