//! Where code lies in this process: executable mappings, and what is in them.
//! It knows no function; where there is no `/proc` it knows nothing.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;

/// A mapping with code.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping {
    addresses: Range<usize>,
    /// The file's path, or the kernel's name for it.
    name: String,
    /// The address of what is at the beginning of the file.
    base: usize,
}

/// The code of this process, and with that of those that it forks.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// In ascending order.
    mappings: Vec<Mapping>,
    /// The calls that end where addresses are, as far as it was asked.
    calls: HashMap<usize, Option<Call>>,
    memory: Option<File>,
    looked: u32,
}

/// How often the mappings are read again for an address that is in none: a library may be new, but
/// broken stacks have such addresses every time.
const MOST_LOOKS: u32 = 100;

impl Code {
    /// Looks at the mappings of this process anew.
    pub(crate) fn refresh(&mut self) {
        let maps = std::fs::read("/proc/self/maps").unwrap_or_default();
        self.mappings = parse(&String::from_utf8_lossy(&maps));
        self.memory = File::open("/proc/self/mem").ok();
        self.calls.clear();
    }

    /// Looks anew where one of `addresses`, except the first, is in no code that is known.
    pub(crate) fn ensure(&mut self, addresses: &[usize]) {
        let all = addresses.iter().skip(1).all(|a| self.contains(a.wrapping_sub(1)));
        if self.mappings.is_empty() || (!all && self.looked < MOST_LOOKS) {
            self.refresh();
            self.looked += 1;
        }
    }

    fn find(&self, address: usize) -> Option<&Mapping> {
        let at = self.mappings.partition_point(|m| m.addresses.end <= address);
        self.mappings.get(at).filter(|m| m.addresses.contains(&address))
    }

    /// Whether code is there.
    pub(crate) fn contains(&self, address: usize) -> bool {
        self.find(address).is_some()
    }

    /// Whether both addresses are in code of the same file.
    pub(crate) fn same_file(&self, a: usize, b: usize) -> bool {
        let name = |address| self.find(address).map(|m| m.name.as_str());
        name(a).is_some() && name(a) == name(b)
    }

    /// The file that an address is in, and its place there: `libc.so.6+0x1a2b`.
    pub(crate) fn place(&self, address: usize) -> String {
        match self.find(address) {
            Some(m) => {
                let name = m.name.rsplit('/').next().unwrap_or_default();
                let name = if name.is_empty() { "[anonymous]" } else { name };
                format!("{name}+{:#x}", address.saturating_sub(m.base))
            }
            None => format!("{address:#x}"),
        }
    }

    /// The call that ends at `address`, if one does, so that something may return there.
    pub(crate) fn call_before(&mut self, address: usize) -> Option<Call> {
        if !self.contains(address) {
            return None;
        }
        if let Some(&known) = self.calls.get(&address) {
            return known;
        }
        let call = read_before(self.memory.as_ref(), address).and_then(|b| call(b, address));
        self.calls.insert(address, call);
        call
    }
}

/// What a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// The function at this address.
    To(usize),
    /// Whatever a register or a word of memory says.
    Anywhere,
}

/// The eight bytes before an address.
fn read_before(memory: Option<&File>, address: usize) -> Option<[u8; 8]> {
    let mut bytes = [0; 8];
    let from = address.checked_sub(bytes.len())? as u64;
    #[cfg(unix)]
    std::os::unix::fs::FileExt::read_exact_at(memory?, &mut bytes, from).ok()?;
    #[cfg(not(unix))]
    let _ = (memory, from);
    Some(bytes)
}

/// The call that ends at the end of these bytes, which lie before `end`.
fn call(bytes: [u8; 8], end: usize) -> Option<Call> {
    let [.., a, b, c, d] = bytes;
    if cfg!(target_arch = "aarch64") {
        let word = u32::from_le_bytes([a, b, c, d]);
        // BL with a distance of 26 bits in words; BLR to a register, signed or not.
        let distance = ((word << 6) as i32 >> 4) as isize;
        let direct = word >> 26 == 0b10_0101;
        let indirect = word & 0xFEFF_F000 == 0xD63F_0000;
        let to = Call::To(end.wrapping_sub(4).wrapping_add_signed(distance));
        return if direct { Some(to) } else { indirect.then_some(Call::Anywhere) };
    }
    // E8 with four bytes of distance; FF /2 with a register, or with a place of one of its forms.
    if bytes[3] == 0xE8 {
        let distance = i32::from_le_bytes([a, b, c, d]) as isize;
        return Some(Call::To(end.wrapping_add_signed(distance)));
    }
    let indirect = |len: usize, modes: &[u8]| {
        let (opcode, mode) = (bytes[8 - len], bytes[9 - len]);
        opcode == 0xFF && mode & 0x38 == 0x10 && modes.contains(&(mode >> 6))
    };
    let any = indirect(2, &[0, 3])
        || indirect(3, &[0, 1])
        || indirect(4, &[1])
        || indirect(6, &[0, 2])
        || indirect(7, &[0, 2]);
    any.then_some(Call::Anywhere)
}

fn parse(maps: &str) -> Vec<Mapping> {
    let mut starts: HashMap<&str, usize> = HashMap::new();
    let mut mappings = Vec::new();
    for line in maps.lines() {
        let mut fields = line.splitn(6, ' ');
        let mut field = || fields.next().unwrap_or_default();
        let (addresses, access) = (field(), field());
        let (offset, _device, _inode) = (field(), field(), field());
        let name = field().trim_start();
        let Some((start, end)) = addresses.split_once('-') else { continue };
        let hex = |text| usize::from_str_radix(text, 16);
        let (Ok(start), Ok(end), Ok(offset)) = (hex(start), hex(end), hex(offset)) else {
            continue;
        };
        // The first mapping of a file begins with its beginning; addresses count from there.
        let base = *starts.entry(name).or_insert(start.saturating_sub(offset));
        if access.as_bytes().get(2) == Some(&b'x') {
            let base = if name.is_empty() { start } else { base };
            mappings.push(Mapping { addresses: start..end, name: name.to_owned(), base });
        }
    }
    mappings
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0c0000000-55d0c0010000 r--p 00000000 fe:00 131  /opt/my program
55d0c0010000-55d0c0090000 r-xp 00010000 fe:00 131  /opt/my program
7f0000000000-7f0000028000 r--p 00000000 fe:00 7    /usr/lib/libc.so.6
7f0000028000-7f0000180000 r-xp 00028000 fe:00 7    /usr/lib/libc.so.6
7f0000200000-7f0000201000 r-xp 00000000 00:00 0 
7fff00000000-7fff00002000 r-xp 00000000 00:00 0    [vdso]
nonsense
";

    #[test]
    fn names_places_by_file() {
        let code = Code { mappings: parse(MAPS), ..Code::default() };
        assert_eq!(code.mappings.len(), 4);
        assert_eq!(code.place(0x55d0_c001_0001), "my program+0x10001");
        assert_eq!(code.place(0x7f00_0002_8010), "libc.so.6+0x28010");
        assert_eq!(code.place(0x7f00_0020_0010), "[anonymous]+0x10");
        assert_eq!(code.place(0x7fff_0000_0010), "[vdso]+0x10");
        assert_eq!(code.place(0x55d0_c000_0001), "0x55d0c0000001");
        assert!(!code.contains(0x7f00_0018_0000) && code.contains(0x7f00_0017_ffff));
        assert!(code.same_file(0x7f00_0002_8000, 0x7f00_0002_9000));
        assert!(!code.same_file(1, 2));
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn knows_calls() {
        let calls: [(&[u8], Call); 6] = [
            (&[0xE8, 4, 1, 0, 0], Call::To(0x5104)),
            (&[0xE8, 0xFC, 0xFF, 0xFF, 0xFF], Call::To(0x4FFC)),
            (&[0xFF, 0xD0], Call::Anywhere),
            (&[0x41, 0xFF, 0xD4], Call::Anywhere),
            (&[0xFF, 0x15, 1, 2, 3, 4], Call::Anywhere),
            (&[0xFF, 0x50, 0x18], Call::Anywhere),
        ];
        let ending = |code: &[u8]| {
            let mut bytes = [0x90; 8];
            bytes[8 - code.len()..].copy_from_slice(code);
            bytes
        };
        for (code, to) in calls {
            assert_eq!(call(ending(code), 0x5000), Some(to), "{code:x?}");
        }
        for other in [&[0x90][..], &[0xFF, 0xE0], &[0x48, 0x89, 0xE5], &[0xE9, 1, 2, 3, 4]] {
            assert_eq!(call(ending(other), 0x5000), None, "{other:x?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn finds_the_code_of_this_test() {
        let mut code = Code::default();
        code.refresh();
        let here = finds_the_code_of_this_test as fn() as usize;
        assert!(code.contains(here), "{code:?}");
        assert!(code.place(here).contains("+0x"));
        assert!(!code.contains(std::ptr::from_ref(&here).addr()));
    }
}
