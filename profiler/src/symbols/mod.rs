//! From addresses to functions, files and lines, in the process whose code it is.
//! It does not know who was where, nor when.
//!
//! Names come from the debug information of the program and its libraries, or from that of the
//! distribution where it is installed; without, from their symbol tables; without those, a place in
//! the file stands for the name. Nothing is started and nothing is asked of the network.

mod code;
mod names;
mod trim;

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;

pub(crate) use code::{Call, Code};
pub(crate) use trim::{allocator, from_body};

use crate::trace::Frame;

/// Functions by address, each looked up once.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    known: HashMap<usize, Arc<[Frame]>>,
}

impl Symbols {
    /// Looks up those of `addresses` that are new: of code that runs, or where calls return to
    /// (`+ 1` of the former, so that one less is inside of the instruction in both cases).
    pub(crate) fn learn(&mut self, addresses: impl IntoIterator<Item = usize>, code: &Code) {
        let mut new: Vec<usize> =
            addresses.into_iter().filter(|a| !self.known.contains_key(a)).collect();
        if new.is_empty() {
            return;
        }
        // In order, as the resolver keeps only a few files at hand.
        new.sort_unstable();
        new.dedup();
        if self.known.is_empty() {
            // Libraries may have been loaded since it was used last.
            backtrace::clear_symbol_cache();
        }
        for address in new {
            self.known.insert(address, resolve(address, code).into());
        }
    }

    /// The functions at an address, the innermost first: several where calls were inlined. Empty for
    /// an address that was not learnt.
    pub(crate) fn at(&self, address: usize) -> Arc<[Frame]> {
        self.known.get(&address).cloned().unwrap_or_default()
    }

    /// Whether both addresses are in the same function, what is inlined into it included.
    pub(crate) fn same_function(&self, a: usize, b: usize) -> bool {
        let name = |address| Some(&self.known.get(&address)?.last()?.function);
        name(a).is_some() && name(a) == name(b)
    }
}

fn resolve(address: usize, code: &Code) -> Vec<Frame> {
    let mut frames = Vec::new();
    backtrace::resolve(std::ptr::without_provenance_mut::<c_void>(address), |symbol| {
        let Some(name) = symbol.name() else { return };
        let file = symbol.filename().and_then(|f| f.to_str());
        frames.push(Frame {
            function: names::legible(&format!("{name:#}")),
            file: file.map(names::path),
            line: symbol.lineno().filter(|&l| l > 0),
        });
    });
    if frames.is_empty() {
        let function = code.place(address.saturating_sub(1));
        frames.push(Frame { function, ..Frame::default() });
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn landmark() -> u32 {
        std::hint::black_box(7)
    }

    #[test]
    fn finds_functions_of_this_program_and_of_std() {
        assert_eq!(landmark(), 7);
        let mut code = Code::default();
        code.refresh();
        let mut symbols = Symbols::default();
        let of_ours = landmark as fn() -> u32 as usize + 1;
        let of_std = std::thread::yield_now as fn() as usize + 1;
        symbols.learn([of_ours, of_std, 1], &code);
        let name = |a| symbols.at(a).last().unwrap().clone();
        assert!(
            name(of_ours).function.ends_with("symbols::tests::landmark"),
            "{:?}",
            name(of_ours)
        );
        assert!(name(of_ours).file.unwrap().ends_with("symbols/mod.rs"));
        assert_eq!(name(of_std).function, "std::thread::functions::yield_now".to_owned());
        assert_eq!(name(1).function, "0x0");
        assert!(symbols.at(99).is_empty());
    }
}
