//! Control words, block references and bytes that a stray write has changed: nothing is read outside
//! of the arena, and nobody panics who looks after others.
//! It does not say what such an arena is still good for.

use proptest::prelude::*;

use super::*;
use crate::results::Stream;

const CHUNKS: usize = 64;
const RUN: u32 = 5;

fn arena() -> &'static Arena {
    Box::leak(Box::new(Arena::with_len(CHUNKS * CHUNK).unwrap()))
}

/// An arena with blocks of many sizes, in memory and in the file, of two workers.
fn in_use() -> &'static Arena {
    let arena = arena();
    for worker in [0, 1] {
        let mut heap = Heap::new(arena, RUN, worker);
        for (task, len) in (0..).zip([64, 100, 5000, 70_000, 1 << 20, CHUNK + 1, 3 * CHUNK]) {
            heap.allocate(len, task).unwrap();
            heap.allocate_in_file(len, task).unwrap();
        }
    }
    arena
}

/// Any number, but often one that is nearly right.
fn any_word() -> impl Strategy<Value = u64> {
    let near = (0..=CHUNKS as u64 + 1, -2i64..=2)
        .prop_map(|(chunk, off)| (chunk * CHUNK as u64).wrapping_add_signed(off));
    let owner =
        (0u64..16, 0u64..4, 0u64..40, 0u64..8).prop_map(|(usage, worker, sequence, epoch)| {
            usage | worker << 4 | sequence << 16 | epoch << 40
        });
    prop_oneof![any::<u64>(), 0u64..64, near, owner, Just(u64::MAX), Just(u64::MAX - 63)]
}

/// All that looks at control words on behalf of others.
fn look_after(arena: &'static Arena, offset: u64) {
    let tag = Tag { epoch: RUN, task: 3 };
    let _ = arena.has_tag(offset, tag);
    arena.free(offset, Some(tag));
    arena.blocks_of(RUN, 0, |_, _| ());
    arena.reclaim(RUN, 1, Some(3));
    arena.reclaim_file(RUN, 0, 2);
    let _ = (arena.bytes_owned(), arena.chunks_of(1), arena.warm_chunks());
    let mut heap = Heap::new(arena, RUN, 0);
    heap.give_up_empty();
    arena.free_kept(offset);
    arena.sweep(RUN, &[0, CHUNK as u64]);
}

/// Reads the first and the last byte, which is what could fail.
fn touch(bytes: &[u8]) {
    std::hint::black_box((bytes.first().copied(), bytes.last().copied()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn changed_control_words_do_no_harm(
        words in prop::collection::vec((0usize..5, any::<prop::sample::Index>(), any_word()), 1..40),
        offset in any_word(),
    ) {
        let arena = in_use();
        let file = arena.chunks + 24;
        for (kind, at, word) in words {
            let chunk = at.index(CHUNKS + 24).min(arena.owners.len() - 1);
            match kind {
                0 => arena.owners[chunk].store(word, Ordering::SeqCst),
                1 => arena.kinds[chunk].store(word as u32, Ordering::SeqCst),
                2 => arena.used[at.index(extent::used_before(arena.chunks, file))]
                    .store(word, Ordering::SeqCst),
                3 => arena.tags[at.index(extent::tags_before(arena.chunks, file))]
                    .store(word, Ordering::SeqCst),
                _ => arena.counter(at.index(4)).store(word as u32, Ordering::SeqCst),
            }
        }
        look_after(arena, offset);
        unmap_all(arena);
    }
}

/// Gives the memory of a test's arena back: a test makes many.
fn unmap_all(arena: &'static Arena) {
    unmap(arena.write, arena.chunks * CHUNK);
    unmap(arena.read, arena.chunks * CHUNK);
    if let Ok(spill) = &arena.spill {
        unmap(spill.read, spill.chunks * CHUNK);
    }
}

#[test]
fn references_to_anywhere_are_checked() {
    let arena = in_use();
    let all = arena.owners.len() as u64 * CHUNK as u64;
    let memory = (CHUNKS * CHUNK) as u64;
    let places = [0, 1, memory - 1, memory, memory + 1, all - 1, all, all + 1, u64::MAX, 1 << 63];
    for offset in places {
        for len in [0, 1, 63, memory, all, u64::MAX, u64::MAX - offset, memory.abs_diff(offset)] {
            let block = BlockRef { offset, len };
            if let Ok(bytes) = arena.bytes(block) {
                assert_eq!(bytes.len() as u64, len);
                touch(bytes);
                let end = offset + len;
                assert!(end <= memory || (offset >= memory && end <= all), "{block:?}");
            }
            let _ = arena.writable(block);
            look_after(arena, offset);
        }
    }
}

/// Reads a stream, and all that it refers to.
fn follow(arena: &Arena, block: BlockRef) {
    let stream = match Stream::read(arena, block) {
        Ok(stream) => stream,
        Err(e) => return assert_eq!(e.kind(), crate::ErrorKind::Corrupt),
    };
    touch(stream.payload);
    // As many as there is room for in the largest block.
    let referred = stream.blocks().map(|b| (b.offset, b.len));
    let moved = stream.moved().map(|(_, now)| (now, 1));
    let aliases = stream.aliases().map(|a| (a.offset, u64::from(a.bit)));
    for (offset, len) in referred.chain(moved).chain(aliases) {
        if let Ok(bytes) = arena.bytes(BlockRef { offset, len }) {
            touch(bytes);
        }
    }
}

/// A stream as it is written, in memory or, moved, in the file.
fn written(heap: &mut Heap, in_file: bool) -> BlockRef {
    let arena = heap.arena();
    let own = [BlockRef { offset: 0, len: 64 }, BlockRef { offset: CHUNK as u64, len: 5000 }];
    let aliases = [crate::results::Alias { offset: 64, producer: 7, bit: 2 }];
    let bytes = Stream::any_header(&own, if in_file { &[1, 2] } else { &[] }, &aliases, 8);
    let parts: [&[u8]; 2] = [&bytes, &[9; 8]];
    let len = bytes.len() + 8;
    if in_file {
        let block = heap.allocate_in_file(len, 1).unwrap();
        arena.write_file(block, &parts).unwrap();
        return block;
    }
    let block = heap.allocate(len, 1).unwrap();
    arena.write(block, &parts).unwrap();
    block
}

#[test]
fn streams_survive_any_change_of_a_word() {
    let mut heap = Heap::new(arena(), RUN, 0);
    let arena = heap.arena();
    for in_file in [false, true] {
        let block = written(&mut heap, in_file);
        let bytes = arena.bytes(block).unwrap().to_vec();
        let stream = Stream::read(arena, block).unwrap();
        assert_eq!((stream.payload, stream.blocks().count()), (&[9; 8][..], 2));
        assert_eq!(
            (stream.moved().count(), stream.aliases().count()),
            (2 * usize::from(in_file), 1)
        );
        for at in (0..bytes.len()).step_by(4) {
            for word in [0, 1, 3, 1 << 31, u32::MAX, u32::MAX >> 1, 1 << 27, (1 << 31) | 2] {
                let mut changed = bytes.clone();
                changed[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
                match in_file {
                    true => arena.write_file(block, &[&changed]).unwrap(),
                    false => arena.write(block, &[&changed]).unwrap(),
                }
                follow(arena, block);
                for len in [0, 7, 16, block.len - 1] {
                    follow(arena, BlockRef { len, ..block });
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn streams_of_any_bytes_do_no_harm(mut bytes: Vec<u8>, few in 0u8..4) {
        let arena = Arena::global().unwrap();
        // Small counts lie in the block more often than any do.
        bytes.iter_mut().take(16).for_each(|b| *b = if *b > 60 { 0 } else { *b % (few + 1) });
        let mut heap = Heap::new(arena, u32::MAX - 1, 9);
        let block = heap.allocate(bytes.len().max(1), 1).unwrap();
        arena.write(block, &[&bytes]).unwrap();
        follow(arena, block);
        arena.sweep(u32::MAX - 1, &[]);
    }

    #[test]
    fn references_of_buffers_are_checked(
        words in [any_word(), any_word(), any_word(), any_word()],
        cut in 0usize..=32,
    ) {
        fn one<T: Element>(bytes: &[u8]) {
            let lease = || std::sync::Arc::new(Lease::Input { consumer: 0, moved: Default::default() });
            if let Ok(buffer) = with_lease(lease(), || crate::codec::decode::<Buffer<T>>(bytes)) {
                std::hint::black_box((buffer.first().copied(), buffer.last().copied()));
            }
            let many = with_lease(lease(), || crate::codec::decode::<Vec<(u8, Buffer<T>)>>(bytes));
            std::hint::black_box(many.is_ok());
        }
        let words: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let reference = &words[..cut];
        // An array of two: one byte that says "referred", then bytes.
        let mut bytes = vec![0x92, 1, 0xc4, reference.len() as u8];
        bytes.extend(reference);
        one::<u8>(&bytes);
        one::<u64>(&bytes);
        one::<u128>(&bytes);
        let nested: Vec<u8> = [0x91, 0x92, 4].into_iter().chain(bytes).collect();
        one::<f64>(&nested);
    }

    #[test]
    fn words_are_whole_or_nothing(bits in any_word()) {
        if let Some(owner) = Owner::from_bits(bits) {
            prop_assert_eq!(Owner::from_bits(owner.to_bits()), Some(owner));
        }
    }
}
