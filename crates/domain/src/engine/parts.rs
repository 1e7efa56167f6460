//! Working through many items in parts, side by side, where each item stands for itself. The
//! result is that of working through them one after the other, whatever the number of parts.

use std::{num::NonZero, thread};

/// Fewer items than this are not worth a thread.
const WORTH_A_THREAD: usize = 10_000;

/// What `work` makes of all `items`, in their order. `work` sees them in slices.
pub(super) fn in_parts<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let parts = (items.len() / WORTH_A_THREAD).clamp(1, cores);
    if parts == 1 {
        return work(items);
    }
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(items.len().div_ceil(parts))
            .map(|part| {
                let spawned = thread::Builder::new().spawn_scoped(scope, move || work(part));
                // Where the system has no thread to give, the part is worked through here.
                spawned.map_err(|_| part)
            })
            .collect();
        let mut made = Vec::new();
        for thread in threads {
            made.extend(match thread {
                Ok(thread) => {
                    thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
                }
                Err(part) => work(part),
            });
        }
        made
    })
}

/// What both make, worked out side by side.
pub fn side_by_side<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    let one = &one;
    thread::scope(|scope| {
        // Where the system has no thread to give, one goes after the other.
        let spawned = thread::Builder::new().spawn_scoped(scope, one);
        let other = other();
        let one = match spawned {
            Ok(thread) => thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)),
            Err(_) => one(),
        };
        (one, other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_out_in_the_order_of_the_items() {
        for n in [0, 1, WORTH_A_THREAD, 3 * WORTH_A_THREAD + 7, 9 * WORTH_A_THREAD] {
            let items: Vec<usize> = (0..n).collect();
            let made = in_parts(&items, |part| part.iter().map(|n| n + 1).collect());
            assert_eq!(made, (1..=n).collect::<Vec<_>>());
        }
    }
}
