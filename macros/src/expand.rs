//! What `#[delayed]` writes: the lazy function, and a type of its name that has `eager`.
//! It reads no syntax: see `signature`.
//!
//! ```text
//! enum inc {}                                         // beside the function, in the types
//! impl inc {
//!     fn eager(x: i64) -> i64 {
//!         fn inc(x: i64) -> i64 { .. }                // recursion means this one
//!         inc(x)
//!     }
//! }
//! fn inc(x: impl IntoArg<i64>) -> Delayed<i64> { .. } // its task calls `inc::eager`
//! ```
//!
//! A type rather than a module: a module inside a function does not see what is declared there.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, GenericParam, Generics, Ident, WherePredicate, parse_quote};

use crate::params::{Param, is_generic};
use crate::signature::Function;

/// Writes all that stands in the place of the function.
pub(crate) fn expand(function: &Function) -> TokenStream {
    let eager = eager(function);
    let lazy = lazy(function);
    quote!(#eager #lazy)
}

/// The attributes of the lazy function, of the eager one, and of both.
fn split_attributes(attributes: &[Attribute]) -> [Vec<&Attribute>; 3] {
    let mut split = [const { Vec::new() }; 3];
    for attribute in attributes {
        let is = |names: &[&str]| names.iter().any(|n| attribute.path().is_ident(n));
        let whose = match () {
            () if is(&["doc", "must_use", "deprecated"]) => 0,
            () if is(&["cfg"]) => 2,
            () => 1,
        };
        split[whose].push(attribute);
    }
    split
}

/// The type with the plain function.
fn eager(function: &Function) -> TokenStream {
    let item = &function.item;
    let (vis, name, block) = (&item.vis, &item.sig.ident, &item.block);
    let [_, own, both] = split_attributes(&item.attrs);
    let mut inner = item.sig.clone();
    inner.ident = name.clone();
    let (generics, output) = (&item.sig.generics, &item.sig.output);
    let bounds = &generics.where_clause;
    let params = function.params.iter().map(|p| {
        let (name, ty) = (&p.name, &p.written);
        quote!(#name: #ty)
    });
    let names = function.params.iter().map(|p| &p.name);
    let turbofish = turbofish(generics);
    let about = format!("Holds `eager`, the plain function behind [`{name}`](fn@{name}).");
    quote! {
        #[doc = #about]
        #(#both)*
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
        #vis enum #name {}

        #(#both)*
        impl #name {
            /// The function itself: it runs when it is called.
            #[allow(dead_code, clippy::too_many_arguments)]
            #vis fn eager #generics (#(#params),*) #output #bounds {
                #(#own)*
                #inner #block
                #name #turbofish (#(#names),*)
            }
        }
    }
}

/// The function that makes a lazy value.
fn lazy(function: &Function) -> TokenStream {
    let item = &function.item;
    let (vis, name) = (&item.vis, &item.sig.ident);
    let [own, _, both] = split_attributes(&item.attrs);
    let (generics, bounds) = bounded(function);
    let params = function.params.iter().map(|Param { name, owned, .. }| {
        let span = at(owned);
        quote_spanned!(span=> #name: impl ::tine::IntoArg<#owned>)
    });
    let (value, body) = (&function.value, lazy_body(function));
    quote! {
        #(#own)*
        #(#both)*
        #[allow(clippy::too_many_arguments, clippy::multiple_bound_locations)]
        #[track_caller]
        #vis fn #name #generics (#(#params),*) -> ::tine::Delayed<#value> #bounds {
            #body
        }
    }
}

fn lazy_body(function: &Function) -> TokenStream {
    let name = &function.item.sig.ident;
    let label = name.to_string();
    let label = label.trim_start_matches("r#");
    let [args, reader, run, call] = ["args", "reader", "run", "call"]
        .map(|n| Ident::new(&format!("__{n}"), Span::mixed_site()));
    let names: Vec<_> = function.params.iter().map(|p| &p.name).collect();
    let owned: Vec<_> = function.params.iter().map(|p| &p.owned).collect();
    let reads = function.params.iter().map(|Param { name, owned, lent, .. }| {
        let how = format_ident!("{}", if *lent { "lend" } else { "take" });
        quote_spanned!(at(owned)=> let #name = ::tine::__private::#how::<#owned>(#name, #reader)?;)
    });
    let passed = function.params.iter().map(
        |Param { name, lent, .. }| {
            if *lent { quote!(&*#name) } else { quote!(#name) }
        },
    );
    let turbofish = turbofish(&function.item.sig.generics);
    let result = quote!(#name::eager #turbofish (#(#passed),*));
    let result = match function.fallible {
        true => quote!(#result.map_err(::tine::Error::from_task)),
        false => quote!(::core::result::Result::Ok(#result)),
    };
    let purity = format_ident!(
        "{}",
        match function.options.pure {
            None => "Default",
            Some(true) => "Pure",
            Some(false) => "Impure",
        }
    );
    let value = &function.value;
    let finish = quote_spanned!(at(value)=> ::tine::__private::finish::<_, #value, _>);
    quote! {
        let #run = |#args: &(#(::tine::Arg<#owned>,)*), #reader: &::tine::Reader<'_>|
            -> ::tine::Result<#value> {
            let (#(#names,)*) = #args;
            let _ = #reader;
            #(#reads)*
            #result
        };
        let mut #call = ::tine::Call::of_function(
            #label,
            ::tine::Purity::#purity,
            &#run,
            const { ::core::panic::Location::caller() },
        );
        let #args = (#(::tine::IntoArg::<#owned>::into_arg(#names, &mut #call),)*);
        let _ = &mut #call;
        #finish(#call, #args, #run)
    }
}

/// The generics of the lazy function: lifetimes are gone, and types that depend on a parameter
/// must be able to go from task to task.
fn bounded(function: &Function) -> (Generics, Option<syn::WhereClause>) {
    let mut generics = function.item.sig.generics.clone();
    let is_lifetime = |p: &GenericParam| matches!(p, GenericParam::Lifetime(_));
    generics.params = generics.params.into_iter().filter(|p| !is_lifetime(p)).collect();
    let clause = generics.make_where_clause();
    let kept = std::mem::take(&mut clause.predicates).into_iter();
    clause.predicates = kept.filter(|p| !matches!(p, WherePredicate::Lifetime(_))).collect();
    let all = &function.item.sig.generics;
    for Param { owned, lent, .. } in &function.params {
        if is_generic(owned.clone(), all) {
            let clone = (!lent).then(|| quote!(+ ::core::clone::Clone));
            clause.predicates.push(parse_quote!(#owned: ::tine::Value #clone));
        }
    }
    let value = &function.value;
    if is_generic(value.clone(), all) {
        clause.predicates.push(parse_quote!(#value: ::tine::Value));
    }
    let bounds = generics.where_clause.take().filter(|c| !c.predicates.is_empty());
    (generics, bounds)
}

/// `::<T, N>`: the type and const parameters by name.
fn turbofish(generics: &Generics) -> TokenStream {
    let names: Vec<_> = generics
        .params
        .iter()
        .filter_map(|p| match p {
            GenericParam::Type(t) => Some(&t.ident),
            GenericParam::Const(c) => Some(&c.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    if names.is_empty() { TokenStream::new() } else { quote!(::<#(#names),*>) }
}

/// Where a type stands, as a place in what the macro wrote: messages then point at the type.
fn at(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}
