//! The guest's allocator: 64 KiB that are already there, then the ordinary heap.
//!
//! Every run has a fresh instance. An ordinary first allocation grows the memory, which costs the host
//! system calls each time; most checks never leave the arena.

#![expect(unsafe_code, reason = "an allocator hands out raw memory; a component has one thread")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;

const ARENA_BYTES: usize = 64 * 1024;

#[repr(align(16))]
struct Arena {
    bytes: UnsafeCell<[u8; ARENA_BYTES]>,
    used: UnsafeCell<usize>,
}

// SAFETY: wasm32-unknown-unknown without atomics has one thread.
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena { bytes: UnsafeCell::new([0; ARENA_BYTES]), used: UnsafeCell::new(0) };

impl Arena {
    fn start(&self) -> usize {
        self.bytes.get() as usize
    }

    /// The offset of `pointer` in the arena.
    fn offset(&self, pointer: *mut u8) -> Option<usize> {
        (pointer as usize).checked_sub(self.start()).filter(|offset| *offset < ARENA_BYTES)
    }

    /// Whether a block is the newest one, which alone can grow, shrink or be given back.
    fn newest(&self, offset: usize, size: usize) -> bool {
        // SAFETY: one thread; no reference to `used` outlives a call.
        offset + size == unsafe { *self.used.get() }
    }

    fn set_used(&self, used: usize) {
        // SAFETY: one thread; no reference to `used` outlives a call.
        unsafe { *self.used.get() = used }
    }
}

// SAFETY: a block lies inside the arena, is aligned, and overlaps no other living block, because `used`
// only goes back over the newest block; all others come from the system's allocator.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread.
        let used = unsafe { *self.used.get() };
        let from = (self.start() + used).next_multiple_of(layout.align()) - self.start();
        match from.checked_add(layout.size()) {
            Some(end) if end <= ARENA_BYTES => {
                self.set_used(end);
                (self.start() + from) as *mut u8
            }
            // SAFETY: the caller's promises are passed on.
            _ => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match self.offset(pointer) {
            Some(offset) if self.newest(offset, layout.size()) => self.set_used(offset),
            Some(_) => {}
            // SAFETY: what is not in the arena came from the system's allocator.
            None => unsafe { System.dealloc(pointer, layout) },
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(offset) = self.offset(pointer) else {
            // SAFETY: what is not in the arena came from the system's allocator.
            return unsafe { System.realloc(pointer, layout, size) };
        };
        if self.newest(offset, layout.size()) && offset + size <= ARENA_BYTES {
            self.set_used(offset + size);
            return pointer;
        }
        if size <= layout.size() {
            return pointer;
        }
        // SAFETY: the size is not zero, the alignment is the old one's; the blocks do not overlap.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(pointer, new, layout.size());
            }
            new
        }
    }
}
