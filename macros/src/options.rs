//! What stands in the brackets of `#[delayed(..)]`.
//! It does not know the function.

use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitBool, Result, Token};

/// The options of `#[delayed]`.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// A `Result` is data.
    pub(crate) plain: bool,
    /// Whether calls are pure; without it, as scope and configuration have it.
    pub(crate) pure: Option<bool>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "plain" => options.plain = true,
                "pure" => options.pure = Some(flag(input)?),
                _ => {
                    let what = "an option of `#[delayed]` is `pure`, `pure = false` or `plain`";
                    return Err(syn::Error::new(name.span(), what));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// `= true`, `= false`, or nothing, which is true.
fn flag(input: ParseStream<'_>) -> Result<bool> {
    if !input.peek(Token![=]) {
        return Ok(true);
    }
    input.parse::<Token![=]>()?;
    Ok(input.parse::<LitBool>()?.value)
}
