//! Lists as arguments: of lazy values, and of plain ones by reference.
//! They do not know what the list is for.

use tine_scheduler::Value;

use super::{Arg, IntoArg};
use crate::call::Call;
use crate::delayed::Delayed;

/// Lists of lazy values.
macro_rules! lazy {
    ($(<$($n:ident)?> $list:ty;)*) => {
        $(impl<T: Value + Clone, $(const $n: usize)?> IntoArg<Vec<T>> for $list {
            fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
                call.list(self.iter())
            }
        })*
    };
}
lazy! {
    <> Vec<Delayed<T>>;
    <> &Vec<Delayed<T>>;
    <> &[Delayed<T>];
    <N> [Delayed<T>; N];
    <N> &[Delayed<T>; N];
}

impl<T: Value + Clone> IntoArg<Vec<T>> for Vec<&Delayed<T>> {
    fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
        call.list(self.into_iter())
    }
}

impl<T: Value + Clone, const N: usize> IntoArg<Vec<T>> for [&Delayed<T>; N] {
    fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
        call.list(self.into_iter())
    }
}

impl<T: Value + Clone> IntoArg<Vec<T>> for &[T] {
    fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
        call.value(self.to_vec())
    }
}

impl<T: Value + Clone, const N: usize> IntoArg<Vec<T>> for [T; N] {
    fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
        call.value(self.into())
    }
}

impl<T: Value + Clone, const N: usize> IntoArg<Vec<T>> for &[T; N] {
    fn into_arg(self, call: &mut Call) -> Arg<Vec<T>> {
        call.value(self.to_vec())
    }
}
