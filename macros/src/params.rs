//! Parameters: the owned type that a task keeps for each, and whether it lends it.
//! They do not know the function's body.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, Generics, Ident, Pat, PatType, Result, Type, TypeReference};

/// A parameter.
pub(crate) struct Param {
    /// Its name, or one that was made up.
    pub(crate) name: Ident,
    /// Its type as written, with a named type for `impl Trait`.
    pub(crate) written: Type,
    /// The type that the task keeps.
    pub(crate) owned: TokenStream,
    /// Whether the function borrows it.
    pub(crate) lent: bool,
}

impl Param {
    /// Reads parameter `i`; an `impl Trait` becomes a type parameter of its own.
    pub(crate) fn parse(i: usize, arg: &mut FnArg, generics: &mut Generics) -> Result<Self> {
        let FnArg::Typed(arg) = arg else {
            let what = "`#[delayed]` is for functions; for a method write a closure: \
                        `tine::call(|x: Thing| x.method(), (x,))`";
            return Err(syn::Error::new_spanned(arg, what));
        };
        let anonymous = match &mut *arg.ty {
            Type::Reference(reference) => &mut *reference.elem,
            other => other,
        };
        if let Type::ImplTrait(bounds) = anonymous {
            let (name, bounds) = (format_ident!("Impl{i}"), &bounds.bounds);
            generics.params.push(syn::parse_quote!(#name: #bounds));
            *anonymous = syn::parse_quote!(#name);
        }
        let name = name_of(i, arg);
        let written = (*arg.ty).clone();
        let (owned, lent) = match &written {
            Type::Reference(reference) => (owned(reference)?, true),
            other => (other.to_token_stream(), false),
        };
        if borrows(owned.clone()) {
            let what = "a task owns what it works on: borrow the parameter as a whole (`&[String]`, \
                        `&str`), and own what is inside";
            return Err(syn::Error::new_spanned(&written, what));
        }
        Ok(Param { name, written, owned, lent })
    }
}

fn name_of(i: usize, arg: &PatType) -> Ident {
    match &*arg.pat {
        Pat::Ident(pattern) => pattern.ident.clone(),
        _ => format_ident!("arg{i}"),
    }
}

/// The owned type behind a reference.
fn owned(reference: &TypeReference) -> Result<TokenStream> {
    let refuse = |what| Err(syn::Error::new_spanned(reference, what));
    if reference.mutability.is_some() {
        return refuse("a task cannot change its inputs: take the value, and return the new one");
    }
    if reference.lifetime.as_ref().is_some_and(|l| l.ident == "static") {
        return refuse(
            "a task lends its parameters, and no longer than it runs: leave `'static` out",
        );
    }
    match &*reference.elem {
        Type::Slice(slice) => {
            let element = &slice.elem;
            Ok(quote!(::std::vec::Vec<#element>))
        }
        Type::TraitObject(_) => refuse("a task needs to know the type: make the function generic"),
        Type::Path(path) if path.path.is_ident("str") => Ok(quote!(::std::string::String)),
        Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Path") => {
            Ok(quote!(::std::path::PathBuf))
        }
        other => Ok(other.to_token_stream()),
    }
}

/// Whether a type has a reference or a lifetime in it, `'static` and functions apart.
pub(crate) fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let next_is = |name: &str, next: Option<&TokenTree>| matches!(next, Some(TokenTree::Ident(word)) if word == name);
        match token {
            TokenTree::Ident(word) if word == "fn" => return false,
            TokenTree::Punct(p) if p.as_char() == '&' => return true,
            TokenTree::Punct(p) if p.as_char() == '\'' && !next_is("static", tokens.peek()) => {
                return true;
            }
            TokenTree::Group(group) if borrows(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

/// Whether a type names one of the function's type or const parameters.
pub(crate) fn is_generic(tokens: TokenStream, generics: &Generics) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => {
            generics.type_params().any(|p| p.ident == word)
                || generics.const_params().any(|p| p.ident == word)
        }
        TokenTree::Group(group) => is_generic(group.stream(), generics),
        _ => false,
    })
}
