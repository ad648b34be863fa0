//! The function that `#[delayed]` stands on: what is read from its signature.
//! It does not know what is written for it.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{GenericArgument, ItemFn, PathArguments, Result, ReturnType, Safety, Type, TypePath};

use crate::options::Options;
use crate::params::{Param, borrows};

/// A function, read.
pub(crate) struct Function {
    pub(crate) item: ItemFn,
    pub(crate) options: Options,
    pub(crate) params: Vec<Param>,
    /// The type of the lazy value.
    pub(crate) value: TokenStream,
    /// Whether the function's error is the error of the task.
    pub(crate) fallible: bool,
}

impl Function {
    /// Reads a function; its `impl Trait` parameters are turned into type parameters.
    pub(crate) fn parse(options: Options, mut item: ItemFn) -> Result<Self> {
        check(&item)?;
        let mut inputs = std::mem::replace(&mut item.sig.inputs, Punctuated::new());
        let params = inputs
            .iter_mut()
            .enumerate()
            .map(|(i, arg)| Param::parse(i, arg, &mut item.sig.generics))
            .collect::<Result<_>>()?;
        item.sig.inputs = inputs;
        let (value, fallible) = returned(&item.sig.output, options.plain)?;
        Ok(Function { item, options, params, value, fallible })
    }
}

/// Refuses what cannot be a task.
fn check(item: &ItemFn) -> Result<()> {
    let sig = &item.sig;
    let refuse = |at: &dyn ToTokens, what: &str| Err(syn::Error::new_spanned(at, what));
    if let Some(word) = &sig.asyncness {
        return refuse(word, "a task is not async: block on the future inside the function");
    }
    if let Safety::Unsafe(word) = &sig.safety {
        return refuse(word, "a task is not unsafe: wrap the unsafe part in a safe function");
    }
    if let Some(abi) = &sig.abi {
        return refuse(abi, "a task is a Rust function: call the foreign one from it");
    }
    Ok(())
}

/// The type of the lazy value, and whether the function may fail.
fn returned(output: &ReturnType, plain: bool) -> Result<(TokenStream, bool)> {
    let ReturnType::Type(_, ty) = output else { return Ok((quote!(()), false)) };
    let (value, fallible) = match &**ty {
        Type::Path(path) if !plain && is_result(path) => (ok_type(path), true),
        Type::ImplTrait(_) => {
            let what = "a task returns a type with a name: collect an iterator into a `Vec`";
            return Err(syn::Error::new_spanned(ty, what));
        }
        other => (other.to_token_stream(), false),
    };
    if borrows(value.clone()) {
        let what = "a task returns what it owns: `String` for `&str`, `Vec<T>` for `&[T]`, or a \
                    `.clone()`";
        return Err(syn::Error::new_spanned(ty, what));
    }
    Ok((value, fallible))
}

/// Whether a type is a `Result` by its name: any path that ends so, with its aliases.
fn is_result(path: &TypePath) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|s| s.ident == "Result" || s.ident == "TaskResult")
}

/// What is `Ok`: the first type argument; of an alias without arguments the compiler finds it.
fn ok_type(path: &TypePath) -> TokenStream {
    if let Some(last) = path.path.segments.last()
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(ok)) = arguments.args.first()
    {
        return ok.to_token_stream();
    }
    quote!(<#path as ::tine::__private::ResultLike>::Ok)
}
