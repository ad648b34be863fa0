//! Arguments on their way to a process that did not inherit them.
//! They do not know the function.

use serde::{Deserialize, Serialize};
use tine_scheduler::{Error, ErrorKind, Portable, Result, Value, codec};

use super::{Arg, Build, Source};

/// What a task keeps of all of its arguments: an [`Arg`], or a tuple of up to sixteen.
///
/// It is what [`Call::finish`](crate::Call::finish) takes. Where every part can be written by serde,
/// or is an input, or a list of inputs, the task can be handed to workers of the zygote that
/// `tine::init()` forks.
pub trait Args: Sized + Send + Sync + 'static {
    /// The arguments as they can be handed over; `None` where one of them cannot.
    #[doc(hidden)]
    fn carry(&self) -> Option<Vec<Carried>>;

    /// The arguments as they were.
    ///
    /// # Errors
    /// What is not those of this type.
    #[doc(hidden)]
    fn restore(carried: Vec<Carried>) -> Result<Self>;
}

/// One argument on its way.
#[doc(hidden)]
#[derive(Debug, Serialize, Deserialize)]
pub enum Carried {
    /// An encoded constant.
    Value(Vec<u8>),
    /// The next input.
    Input,
    /// Put together from the next inputs: how, encoded.
    Built(Vec<u8>),
}

/// Encodes a value that does not lie in the arena.
fn bytes_of<T: Value>(value: &T) -> Option<Vec<u8>> {
    codec::encode(value, |bytes, blocks| blocks.is_empty().then(|| bytes.to_vec())).ok()?
}

fn carry<P: Value>(arg: &Arg<P>) -> Option<Carried> {
    Some(match &arg.0 {
        Source::Value(value) => Carried::Value(bytes_of(value)?),
        Source::Input => Carried::Input,
        Source::Built(_, how) => {
            let how = how.as_ref()?;
            Carried::Built(codec::encode(how, |bytes, _| bytes.to_vec()).ok()?)
        }
    })
}

fn restore<P: Value>(carried: Option<Carried>) -> Result<Arg<P>> {
    Ok(Arg(match carried.ok_or_else(mismatch)? {
        Carried::Value(bytes) => Source::Value(codec::decode(&bytes)?),
        Carried::Input => Source::Input,
        Carried::Built(bytes) => {
            let how: Portable<Box<Build<P>>> = codec::decode(&bytes)?;
            Source::Built(how.restore()?, Some(how))
        }
    }))
}

fn mismatch() -> Error {
    Error::new(ErrorKind::Corrupt, "a task was handed over with the arguments of another")
}

impl<P: Value> Args for Arg<P> {
    fn carry(&self) -> Option<Vec<Carried>> {
        Some(vec![carry(self)?])
    }

    fn restore(carried: Vec<Carried>) -> Result<Self> {
        restore(carried.into_iter().next())
    }
}

macro_rules! args {
    ($($p:ident $i:tt)*) => {
        impl<$($p: Value),*> Args for ($(Arg<$p>,)*) {
            fn carry(&self) -> Option<Vec<Carried>> {
                Some(vec![$(carry(&self.$i)?),*])
            }

            fn restore(carried: Vec<Carried>) -> Result<Self> {
                let mut _carried = carried.into_iter();
                Ok(($(restore::<$p>(_carried.next())?,)*))
            }
        }
    };
}
args!();
args!(A 0);
args!(A 0 B 1);
args!(A 0 B 1 C 2);
args!(A 0 B 1 C 2 D 3);
args!(A 0 B 1 C 2 D 3 E 4);
args!(A 0 B 1 C 2 D 3 E 4 F 5);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14);
args!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 Q 15);
