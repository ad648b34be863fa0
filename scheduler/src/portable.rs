//! What a process can be handed that did not inherit it: a function by its address in the program,
//! and what it works on as bytes.
//! It does not know who hands it over, or what the function does.
//!
//! # Invariant
//! An address is only ever made from a function of the type that it is turned back into: addresses
//! and types go together in [`Portable`], whose fields nobody else can set. Its bytes carry a *seal*
//! over all of them: type, addresses and environment, by SipHash-2-4 under a secret that the kernel
//! gave the program when it started, and that its forks have too. The seal is checked before there
//! is a `Portable` again. A function is found by its offset from the image's start, and must lie in
//! code of that image: what was loaded by `dlopen` is out of range and not portable.
//!
//! The seal protects against bytes of another program, type or version, against damage, and against
//! parts of two records that are put together, by mistake or on purpose: safe code, which does not
//! know the secret, can make no record but the ones that it was given, save for a guess among 2^64.
//! It does not protect against somebody who can read this process's memory, nor against a record
//! that is used twice: whoever was given one may make the value as often as they like.
//!
//! A function is a *type without a value*: a plain `fn` item, or a closure that captures nothing. A
//! value of such a type has no bytes, so that one can be had in another process from nothing, where
//! the caller has shown that there is one. A zero-sized *token* that a closure captures would be
//! made anew by that: one that has something to drop, as guards have, is refused, and so is one that
//! is not `Send` and `Sync`, as it may stand for the thread that it is on. That it is `Copy` cannot
//! be asked for: callers have functions of any type, most of which capture, and a bound would refuse
//! those too. A token without any of these marks, which stands for something that was done once or
//! in this process only, is the one thing left that is not told from a function.

use std::any::{TypeId, type_name};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::ops::Range;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::OnceLock;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// How to make an `O` in another process of the same program: a function, and what it is given.
///
/// ```
/// use tine_scheduler::Portable;
/// let double = |x: i64| 2 * x;
/// let portable = Portable::new(&double, &(), &21i64, |f, (), x| Ok(f(x))).expect("no captures");
/// assert_eq!(portable.restore()?, 42);
/// let n = 1;
/// assert!(Portable::<i64>::new(&move || n, &(), &(), |f, (), ()| Ok(f())).is_none());
/// # Ok::<(), tine_scheduler::Error>(())
/// ```
pub struct Portable<O> {
    shim: u64,
    maker: u64,
    environment: Vec<u8>,
    of: PhantomData<fn() -> O>,
}

/// Makes a value from the address of its maker, and an encoded environment.
type Shim<O> = fn(usize, &[u8]) -> Result<O>;

impl<O: 'static> Portable<O> {
    /// What `maker` makes of the functions `f` and `g` (or `()`) and the environment.
    ///
    /// `None` where that cannot be handed over: a function that captures something, an environment
    /// that cannot be written or lies in the arena, code that was loaded later.
    pub fn new<F, G, E>(
        _f: &F,
        _g: &G,
        environment: &E,
        maker: fn(F, G, E) -> Result<O>,
    ) -> Option<Self>
    where
        F: Send + Sync + 'static,
        G: Send + Sync + 'static,
        E: Value,
    {
        if !is_function::<F>() || !is_function::<G>() {
            return None;
        }
        let image = Image::of_this_program()?;
        let shim: Shim<O> = restore::<F, G, E, O>;
        let (shim, maker) = (image.offset(shim as usize)?, image.offset(maker as usize)?);
        let bytes = |bytes: &[u8], blocks: &[_]| blocks.is_empty().then(|| bytes.to_vec());
        let environment = codec::encode(environment, bytes).ok()??;
        Some(Portable { shim, maker, environment, of: PhantomData })
    }

    /// Makes the value, here.
    ///
    /// # Errors
    /// An environment that cannot be read, or an address that is none of this program.
    pub fn restore(&self) -> Result<O> {
        let image = Image::of_this_program().ok_or_else(foreign)?;
        let shim = image.address(self.shim).ok_or_else(foreign)?;
        let maker = image.address(self.maker).ok_or_else(foreign)?;
        let shim = std::ptr::with_exposed_provenance::<()>(shim);
        // SAFETY: the address of a function of this type (the module's invariant).
        let shim = unsafe { std::mem::transmute::<*const (), Shim<O>>(shim) };
        shim(maker, &self.environment)
    }

    /// How many bytes the environment takes.
    pub(crate) fn len(&self) -> usize {
        self.environment.len()
    }
}

/// Whether `F` is a type without a value to speak of: nothing captured, nothing to drop.
fn is_function<F>() -> bool {
    size_of::<F>() == 0 && align_of::<F>() == 1 && !needs_drop::<F>()
}

fn restore<F, G, E: Value, O>(maker: usize, environment: &[u8]) -> Result<O> {
    let maker = std::ptr::with_exposed_provenance::<()>(maker);
    // SAFETY: `new` put the address of a maker of these types beside that of this very function.
    let maker = unsafe { std::mem::transmute::<*const (), fn(F, G, E) -> Result<O>>(maker) };
    let environment = codec::decode(environment)?;
    // SAFETY: of size 0, with nothing to drop, and `new` was shown one: see the module's head.
    let f = unsafe { NonNull::<F>::dangling().read() };
    // SAFETY: as above.
    let g = unsafe { NonNull::<G>::dangling().read() };
    maker(f, g, environment)
}

fn foreign() -> Error {
    Error::new(ErrorKind::Corrupt, "a task was handed over whose code is not in this program")
}

impl<O: 'static> Portable<O> {
    /// What only a process that knows the secret can write under this; `None` without a secret.
    #[expect(deprecated, reason = "the one keyed hash that the standard library has")]
    fn seal(&self) -> Option<u64> {
        static SECRET: OnceLock<Option<[u64; 2]>> = OnceLock::new();
        let [a, b] = (*SECRET.get_or_init(find::secret))?;
        let mut hasher = std::hash::SipHasher::new_with_keys(a, b);
        TypeId::of::<O>().hash(&mut hasher);
        (self.shim, self.maker, &self.environment).hash(&mut hasher);
        Some(hasher.finish())
    }
}

impl<O: 'static> Serialize for Portable<O> {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        let seal = self.seal().ok_or_else(|| S::Error::custom("this program has no secret"))?;
        (seal, self.shim, self.maker, &self.environment).serialize(s)
    }
}

impl<'de, O: 'static> Deserialize<'de> for Portable<O> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let (seal, shim, maker, environment) = <(u64, u64, u64, Vec<u8>)>::deserialize(d)?;
        let portable = Portable { shim, maker, environment, of: PhantomData };
        if portable.seal() != Some(seal) {
            return Err(D::Error::custom(format!("not how to make a {}", type_name::<O>())));
        }
        Ok(portable)
    }
}

impl<O> fmt::Debug for Portable<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portable({:#x}, {} bytes)", self.maker, self.environment.len())
    }
}

/// The place of a call, as an offset in the program; `None` where it is in a library loaded later.
pub(crate) fn offset_of_place(place: &'static Location<'static>) -> Option<u64> {
    let image = Image::of_this_program()?;
    let address = std::ptr::from_ref(place).expose_provenance();
    let end = address.checked_add(size_of::<Location<'_>>())?;
    let inside = |r: &Range<usize>| r.contains(&address) && end <= r.end;
    image.constants.iter().any(inside).then(|| (address - image.start) as u64)
}

/// The place of a call from what [`offset_of_place`] made of it in a process of the same program.
///
/// # Errors
/// An offset that is none of this program.
pub(crate) fn place_at(offset: u64) -> Result<&'static Location<'static>> {
    let image = Image::of_this_program().ok_or_else(foreign)?;
    let address = usize::try_from(offset).ok().and_then(|o| image.start.checked_add(o));
    let address = address.ok_or_else(foreign)?;
    let inside = image
        .constants
        .iter()
        .any(|r| r.contains(&address) && r.end - address >= size_of::<Location<'_>>());
    if !inside || address % align_of::<Location<'_>>() != 0 {
        return Err(foreign());
    }
    let place = std::ptr::with_exposed_provenance::<Location<'static>>(address);
    // SAFETY: in memory of this image that is never unmapped or written, where the same program has
    // a `Location` at this offset (the module's invariant).
    Ok(unsafe { &*place })
}

/// This program's code and constants, as they lie in memory.
#[derive(Debug)]
pub(crate) struct Image {
    start: usize,
    code: Vec<Range<usize>>,
    constants: Vec<Range<usize>>,
    /// What the linker calls this build; empty where it was asked not to.
    build_id: Vec<u8>,
}

impl Image {
    /// The image that this function is in; `None` where the system has none that is known.
    pub(crate) fn of_this_program() -> Option<&'static Image> {
        static IMAGE: OnceLock<Option<Image>> = OnceLock::new();
        IMAGE.get_or_init(find::image).as_ref()
    }

    /// What tells this build from any other: its id, and how large its code is.
    pub(crate) fn name(&self) -> (Vec<u8>, u64) {
        (self.build_id.clone(), self.code.iter().map(|r| r.len() as u64).sum())
    }

    fn offset(&self, address: usize) -> Option<u64> {
        let inside = self.code.iter().any(|r| r.contains(&address));
        inside.then(|| (address - self.start) as u64)
    }

    fn address(&self, offset: u64) -> Option<usize> {
        let address = usize::try_from(offset).ok().and_then(|o| self.start.checked_add(o))?;
        self.code.iter().any(|r| r.contains(&address)).then_some(address)
    }
}

#[cfg(all(target_os = "linux", not(tine_portable)))]
mod find {
    use std::ops::Range;

    use super::Image;

    /// Random bytes that the kernel gave this program when it started; its forks have the same.
    pub(super) fn secret() -> Option<[u64; 2]> {
        // SAFETY: asks for an entry of a list that every program has.
        let at = unsafe { libc::getauxval(libc::AT_RANDOM) };
        let at = std::ptr::with_exposed_provenance::<[[u8; 8]; 2]>(at as usize);
        // SAFETY: the kernel puts 16 bytes there, which stay; null stands for none.
        let halves = unsafe { at.as_ref() }?;
        Some(halves.map(u64::from_ne_bytes))
    }

    /// The loaded object that holds this function.
    pub(super) fn image() -> Option<Image> {
        let mut found: Option<Image> = None;
        let data = std::ptr::from_mut(&mut found).cast();
        // SAFETY: `look` is called with `data` while this call lasts.
        unsafe { libc::dl_iterate_phdr(Some(look), data) };
        found
    }

    unsafe extern "C" fn look(
        info: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        data: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the C library lends it for this call.
        let info = unsafe { &*info };
        // SAFETY: what `image` passed, which nobody else uses meanwhile.
        let found = unsafe { &mut *data.cast::<Option<Image>>() };
        // SAFETY: the object's table of segments, of this many entries.
        let segments =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        let start = info.dlpi_addr as usize;
        let range = |s: &libc::Elf64_Phdr| {
            let from = start.wrapping_add(s.p_vaddr as usize);
            from..from.wrapping_add(s.p_memsz as usize)
        };
        let with = |kind, flags, not| -> Vec<Range<usize>> {
            let fit = |s: &&libc::Elf64_Phdr| {
                s.p_type == kind && s.p_flags & flags == flags && s.p_flags & not == 0
            };
            segments.iter().filter(fit).map(range).collect()
        };
        let code = with(libc::PT_LOAD, libc::PF_X, 0);
        let me = image as *const () as usize;
        if !code.iter().any(|r| r.contains(&me)) {
            return 0;
        }
        // Constants that need relocation are writable for the linker, and read-only behind it.
        let mut constants = with(libc::PT_LOAD, libc::PF_R, libc::PF_W | libc::PF_X);
        constants.extend(with(libc::PT_GNU_RELRO, 0, 0));
        let notes = with(libc::PT_NOTE, libc::PF_R, 0);
        let build_id = notes.into_iter().find_map(build_id).unwrap_or_default();
        *found = Some(Image { start, code, constants, build_id });
        1
    }

    /// The id in a segment of notes: lengths of name and content, kind, both padded to words.
    fn build_id(notes: Range<usize>) -> Option<Vec<u8>> {
        const KIND: u32 = 3;
        let first = std::ptr::with_exposed_provenance::<u8>(notes.start);
        // SAFETY: a segment that is loaded, readable, and never written.
        let mut rest = unsafe { std::slice::from_raw_parts(first, notes.len()) };
        loop {
            let word = |i: usize| Some(u32::from_ne_bytes(rest.get(i..i + 4)?.try_into().ok()?));
            let (name, content, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
            let from = 12 + name.next_multiple_of(4);
            let body = rest.get(from..from.checked_add(content)?)?;
            if kind == KIND && rest.get(12..12 + name)? == b"GNU\0" {
                return Some(body.to_vec());
            }
            rest = rest.get(from + content.next_multiple_of(4)..)?;
        }
    }
}

#[cfg(any(not(target_os = "linux"), tine_portable))]
mod find {
    /// None: nothing crosses from process to process.
    pub(super) fn secret() -> Option<[u64; 2]> {
        None
    }

    /// Nothing is forked here, and nothing handed over.
    pub(super) fn image() -> Option<super::Image> {
        None
    }
}

#[cfg(all(test, target_os = "linux", not(tine_portable)))]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let place = Location::caller();
        let offset = offset_of_place(place).expect("a constant of this program");
        assert_eq!(place_at(offset).expect("the same program"), place);
        assert!(place_at(u64::MAX).is_err());
        assert!(place_at(0).is_err() || place_at(1).is_err());
    }

    #[test]
    fn the_build_has_an_id() {
        let (id, size) = Image::of_this_program().expect("an image").name();
        assert!(size > 0);
        assert!(id.is_empty() || id.len() >= 8, "{id:?}");
    }

    #[test]
    fn bytes_of_another_type_are_refused() {
        let portable = Portable::new(&|x: i64| x, &(), &3i64, |f, (), x| Ok(f(x)));
        let bytes = codec::encode(&portable.expect("no captures"), |b, _| b.to_vec());
        let bytes = bytes.expect("it can be written");
        let back: Portable<i64> = codec::decode(&bytes).expect("the same type");
        assert_eq!(back.restore().expect("the same program"), 3);
        assert!(codec::decode::<Portable<u64>>(&bytes).is_err());
    }

    /// Parts of two records of one type, whose functions and environments are of other types.
    #[test]
    fn bytes_of_two_records_are_no_third() {
        type Parts = (u64, u64, u64, Vec<u8>);
        let parts = |portable: Option<Portable<i64>>| -> Parts {
            let portable = portable.expect("no captures");
            let bytes = codec::encode(&portable, |b, _| b.to_vec()).expect("it can be written");
            codec::decode(&bytes).expect("a record has these parts")
        };
        let read = |parts: &Parts| -> Result<Portable<i64>> {
            let bytes = codec::encode(parts, |b, _| b.to_vec()).expect("it can be written");
            codec::decode(&bytes)
        };
        let number = parts(Portable::new(&|x: i64| x, &(), &3i64, |f, (), x| Ok(f(x))));
        let length = |text: String| text.len() as i64;
        let text = "text".to_owned();
        let text = parts(Portable::new(&length, &(), &text, |f, (), x| Ok(f(x))));
        assert_eq!(read(&text).and_then(|p| p.restore()).expect("it is whole"), 4);
        assert_ne!((number.1, number.2), (text.1, text.2));
        let with = |change: &dyn Fn(&mut Parts)| {
            let mut spliced = text.clone();
            change(&mut spliced);
            spliced
        };
        let spliced = [
            with(&|t| t.0 = number.0),
            with(&|t| t.1 = number.1),
            with(&|t| t.2 = number.2),
            with(&|t| t.3.clone_from(&number.3)),
            with(&|t| t.3.push(0)),
        ];
        spliced.iter().for_each(|s| assert!(read(s).is_err(), "{s:?}"));
    }

    #[test]
    fn addresses_outside_of_the_code_are_refused() {
        let of = PhantomData;
        for shim in [0, 1 << 40, u64::MAX] {
            let portable = Portable::<i64> { shim, maker: shim, environment: Vec::new(), of };
            let inside = Image::of_this_program().is_some_and(|i| i.address(shim).is_some());
            assert!(inside || portable.restore().is_err());
        }
    }

    #[test]
    fn what_has_something_to_drop_is_no_function() {
        struct Guard;
        impl Drop for Guard {
            fn drop(&mut self) {}
        }
        assert!(!is_function::<Guard>());
        assert!(!is_function::<u8>());
        assert!(is_function::<()>());
    }
}
