//! Operators: `T op T`, lazy or constant on either side, by value or by reference.
//! They do not know what `T` makes of them.
//!
//! Every operation is one pure task: `&x + 1` written twice is computed once.

use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Not, Rem, Shl, Shr, Sub};

use tine_scheduler::Value;

use crate::arg::IntoArg;
use crate::call::Call;
use crate::delayed::Delayed;
use crate::purity::Purity;

#[track_caller]
fn unary<T, F>(name: &'static str, x: impl IntoArg<T>, f: F) -> Delayed<T>
where
    T: Value + Clone,
    F: Fn(T) -> T + Send + Sync + 'static,
{
    let mut call = Call::new(name, Purity::Pure, &f);
    let x = x.into_arg(&mut call);
    call.finish(x, move |x, r| Ok(f(x.take(r)?)))
}

#[track_caller]
fn binary<T, F>(name: &'static str, x: impl IntoArg<T>, y: impl IntoArg<T>, f: F) -> Delayed<T>
where
    T: Value + Clone,
    F: Fn(T, T) -> T + Send + Sync + 'static,
{
    let mut call = Call::new(name, Purity::Pure, &f);
    let args = (x.into_arg(&mut call), y.into_arg(&mut call));
    call.finish(args, move |(x, y), r| Ok(f(x.take(r)?, y.take(r)?)))
}

/// `left op right` for any `T`, where the left side is lazy.
macro_rules! lazy_left {
    ($op:ident $method:ident: $($left:ty, $right:ty;)*) => {
        $(impl<T> $op<$right> for $left
        where
            T: $op<Output = T> + Value + Clone,
        {
            type Output = Delayed<T>;

            #[track_caller]
            fn $method(self, right: $right) -> Delayed<T> {
                binary(stringify!($method), self, right, T::$method)
            }
        })*
    };
}

/// `constant op lazy`: the compiler allows it for named types only.
macro_rules! constant_left {
    ($op:ident $method:ident: $($t:ty)*) => {
        $(
            constant_left!(@one $op $method $t, Delayed<$t>);
            constant_left!(@one $op $method $t, &Delayed<$t>);
        )*
    };
    (@one $op:ident $method:ident $t:ty, $right:ty) => {
        impl $op<$right> for $t {
            type Output = Delayed<$t>;

            #[track_caller]
            fn $method(self, right: $right) -> Delayed<$t> {
                binary(stringify!($method), self, right, <$t as $op>::$method)
            }
        }
    };
}

/// One operator in all its forms.
macro_rules! operator {
    ($($op:ident $method:ident: $($t:ty)*;)*) => {
        $(
            lazy_left! { $op $method:
                Delayed<T>, Delayed<T>;
                Delayed<T>, &Delayed<T>;
                Delayed<T>, T;
                &Delayed<T>, Delayed<T>;
                &Delayed<T>, &Delayed<T>;
                &Delayed<T>, T;
            }
            constant_left!($op $method: $($t)*);
        )*
    };
}
operator! {
    Add add: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64;
    Sub sub: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64;
    Mul mul: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64;
    Div div: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64;
    Rem rem: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64;
    BitAnd bitand: bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
    BitOr bitor: bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
    BitXor bitxor: bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
    Shl shl: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
    Shr shr: i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
}

/// `-x` and `!x`.
macro_rules! prefix {
    ($($op:ident $method:ident: $($x:ty)*;)*) => {
        $($(impl<T> $op for $x
        where
            T: $op<Output = T> + Value + Clone,
        {
            type Output = Delayed<T>;

            #[track_caller]
            fn $method(self) -> Delayed<T> {
                unary(stringify!($method), self, T::$method)
            }
        })*)*
    };
}
prefix! {
    Neg neg: Delayed<T> &Delayed<T>;
    Not not: Delayed<T> &Delayed<T>;
}
