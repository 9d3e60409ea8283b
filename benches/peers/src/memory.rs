//! The system's allocator, counting the bytes in use.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts without locking: there is one thread.
pub struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// The bytes in use.
pub fn in_use() -> usize {
    IN_USE.load(Relaxed)
}

fn add(bytes: usize) {
    IN_USE.store(IN_USE.load(Relaxed).wrapping_add(bytes), Relaxed);
}

fn subtract(bytes: usize) {
    IN_USE.store(IN_USE.load(Relaxed).wrapping_sub(bytes), Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        subtract(layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        subtract(layout.size());
        add(size);
        unsafe { System.realloc(at, layout, size) }
    }
}
