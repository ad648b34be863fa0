//! The `#[delayed]` attribute.
//! It does not know what a task is: it writes calls of `tine`, the facade, and knows its names.

mod expand;
mod options;
mod params;
mod signature;

use proc_macro::TokenStream;

/// Makes calls of a function lazy: they return `Delayed` and run when they are computed.
///
/// A parameter of type `P` then takes anything that is `IntoArg<P>`: a `P`, a `Delayed<P>`, a
/// reference to one, a vector of them for `Vec<P>`. Parameters `&[T]`, `&str`, `&Path` and `&T`
/// take what is `IntoArg` of `Vec<T>`, `String`, `PathBuf` and `T`, which the task lends to the
/// function.
///
/// ```
/// use tine::prelude::*;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
///
/// #[delayed]
/// fn total(xs: &[i64]) -> i64 { xs.iter().sum() }
///
/// let ys: Vec<_> = (0..3).map(inc).collect();
/// assert_eq!(total(&ys).compute()?, 6);
/// assert_eq!(inc::eager(3), 4); // the function itself, for unit tests
/// # Ok::<(), tine::Error>(())
/// ```
///
/// Where the function returns a `Result`, the call is a `Delayed` of what is `Ok`, and an error is
/// the error of the task, kept as its type's name and its messages.
///
/// ```
/// use tine::prelude::*;
///
/// #[delayed]
/// fn ratio(a: i64, b: i64) -> Result<i64, String> {
///     if b == 0 { Err("b is 0".to_owned()) } else { Ok(a / b) }
/// }
///
/// assert_eq!(ratio(6, ratio(4, 2)).compute()?, 3);
/// let error = ratio(1, 0).compute().unwrap_err();
/// assert_eq!((error.message(), error.task()), ("b is 0", Some("ratio(0)")));
/// # Ok::<(), tine::Error>(())
/// ```
///
/// # Options
///
/// - `#[delayed(plain)]`: a `Result` is data like any other.
/// - `#[delayed(pure)]`: two calls with equal inputs are one task; `#[delayed(pure = false)]`: they
///   never are. Without either it is as `tine::with_pure` and `TINE_DELAYED_PURE` have it.
///
/// # Notes
///
/// Within the function its name means the function itself, so that recursion stays plain. The
/// types of owned parameters must be `Clone`: several tasks may take the same value. A method cannot
/// be `#[delayed]`; write `tine::call(|x: Thing| x.method(), (x,))`.
#[proc_macro_attribute]
pub fn delayed(options: TokenStream, item: TokenStream) -> TokenStream {
    let made = syn::parse(options)
        .and_then(|options| signature::Function::parse(options, syn::parse(item)?))
        .map(|function| expand::expand(&function));
    made.unwrap_or_else(|error| error.to_compile_error()).into()
}
