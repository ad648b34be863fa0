//! Tuples of lazy and plain values as arguments.
//! They do not know what the tuple is for.
//!
//! A tuple of plain values is a plain value. Where one is lazy, the first lazy one decides: plain
//! values of the very type stand before it, anything after it. So said, no tuple has two ways,
//! which the compiler must be able to see.

use tine_scheduler::Value;

use super::{Arg, IntoArg};
use crate::call::Call;
use crate::delayed::Delayed;

/// One tuple: plain parts, the first lazy one, parts of any form.
macro_rules! tuple {
    ([$($p:ident $pv:ident)*] $l:ident $lv:ident: $lazy:ty, [$($r:ident $rt:ident $rv:ident)*]) => {
        impl<$($p,)* $l, $($r, $rt),*> IntoArg<($($p,)* $l, $($r,)*)> for ($($p,)* $lazy, $($rt,)*)
        where
            $($p: Value + Clone,)*
            $l: Value + Clone,
            $($r: Value + Clone, $rt: IntoArg<$r>,)*
        {
            fn into_arg(self, call: &mut Call) -> Arg<($($p,)* $l, $($r,)*)> {
                let ($($pv,)* $lv, $($rv,)*) = self;
                $(let $pv = call.value($pv);)*
                let $lv: Arg<$l> = $lv.into_arg(call);
                $(let $rv: Arg<$r> = $rv.into_arg(call);)*
                Arg::built(move |r| Ok(($($pv.take(r)?,)* $lv.take(r)?, $($rv.take(r)?,)*)))
            }
        }
    };
}

/// The tuples whose first lazy part is of one form.
macro_rules! tuples {
    ($($lazy:ty),*) => {
        $(
            tuple!([] L l: $lazy, []);
            tuple!([] L l: $lazy, [B X b]);
            tuple!([A a] L l: $lazy, []);
            tuple!([] L l: $lazy, [B X b C Y c]);
            tuple!([A a] L l: $lazy, [C Y c]);
            tuple!([A a B b] L l: $lazy, []);
            tuple!([] L l: $lazy, [B X b C Y c D Z d]);
            tuple!([A a] L l: $lazy, [C Y c D Z d]);
            tuple!([A a B b] L l: $lazy, [D Z d]);
            tuple!([A a B b C c] L l: $lazy, []);
        )*
    };
}
tuples!(Delayed<L>, &Delayed<L>);
