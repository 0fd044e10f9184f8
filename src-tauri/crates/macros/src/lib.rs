//! `#[commands]`: declares the commands of a panel once.
//!
//! ```ignore
//! #[commands]
//! impl Panel {
//!     /// Says hello.
//!     pub async fn greet(&self, name: String, on_word: Sink<String>) -> Result<u32> { … }
//! }
//! ```
//!
//! The `impl` stays as it is written. Beside it appears `pub(crate) static COMMANDS: &[Command]`, with the name,
//! the documentation, the TypeScript signature and a type-erased call of every public method. The doors (Tauri, HTTP,
//! command line) and the generated client work from that table alone.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{
    Expr, ExprLit, FnArg, GenericArgument, ImplItem, ImplItemFn, ItemImpl, Lit, Meta, Pat, PathArguments,
    ReturnType,
};
use syn::{Type, Visibility, parse_macro_input};

/// See the crate's documentation.
#[proc_macro_attribute]
pub fn commands(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    let block = parse_macro_input!(item as ItemImpl);
    let entries: Result<Vec<Tokens>, syn::Error> = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => Some(method),
            _ => None,
        })
        .map(entry)
        .collect();
    match entries {
        Ok(entries) => quote! {
            #block

            /// The commands of this file.
            pub(crate) static COMMANDS: &[crate::command::Command] = &[#(#entries),*];
        }
        .into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// One entry of the table.
fn entry(method: &ImplItemFn) -> Result<Tokens, syn::Error> {
    let ident = &method.sig.ident;
    let name = ident.to_string();
    let docs = docs(method);
    if docs.is_empty() {
        return Err(syn::Error::new_spanned(
            ident,
            "a command needs documentation: the generated client shows it",
        ));
    }
    let result = result_type(method)?;
    let (mut reads, mut arguments, mut parameters, mut item) = (Vec::new(), Vec::new(), Vec::new(), None);
    for argument in method.sig.inputs.iter().skip(1) {
        let FnArg::Typed(argument) = argument else {
            continue;
        };
        let Pat::Ident(pattern) = &*argument.pat else {
            return Err(syn::Error::new_spanned(
                &argument.pat,
                "a command's parameter is a plain name",
            ));
        };
        let (ident, ty) = (&pattern.ident, &argument.ty);
        arguments.push(quote!(#ident));
        if let Some(element) = generic_of(ty, "Sink") {
            reads.push(quote!(let #ident = crate::command::Sink::<#element>::new(sink.clone());));
            item = Some(element.clone());
            continue;
        }
        let key = camel_case(&ident.to_string());
        let optional = generic_of(ty, "Option").is_some();
        reads.push(quote!(let #ident: #ty = arguments.take(#key)?;));
        parameters.push(quote!(crate::command::Parameter::new::<#ty>(#key, #optional, config)));
    }
    let (item_type, item_visit) = match &item {
        Some(item) => (
            quote!(Some(|config| <#item as ts_rs::TS>::name(config))),
            quote!(types.add::<#item>();),
        ),
        None => (quote!(None), quote!()),
    };
    let visits = method
        .sig
        .inputs
        .iter()
        .skip(1)
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) if generic_of(&argument.ty, "Sink").is_none() => Some(&argument.ty),
            _ => None,
        });
    Ok(quote! {
        crate::command::Command {
            name: #name,
            docs: #docs,
            parameters: |config| { let _ = config; vec![#(#parameters),*] },
            result: |config| <#result as ts_rs::TS>::name(config),
            item: #item_type,
            types: |types| { #(types.add::<#visits>();)* types.add::<#result>(); #item_visit },
            call: |panel, arguments, sink| Box::pin(async move {
                let mut arguments = crate::command::Arguments::new(#name, arguments)?;
                let _ = (&mut arguments, &sink);
                #(#reads)*
                crate::command::encode(&panel.#ident(#(#arguments),*).await?)
            }),
        }
    })
}

/// The doc comment, without the blank after each `///`.
fn docs(method: &ImplItemFn) -> String {
    let lines = method.attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// `T` of `-> Result<T>`.
fn result_type(method: &ImplItemFn) -> Result<Type, syn::Error> {
    let ReturnType::Type(_, ty) = &method.sig.output else {
        return Err(syn::Error::new_spanned(
            &method.sig,
            "a command returns Result<T>",
        ));
    };
    generic_of(ty, "Result")
        .cloned()
        .ok_or_else(|| syn::Error::new_spanned(ty, "a command returns Result<T>"))
}

/// `T` when `ty` is `name<T>`.
fn generic_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// `expected_version` → `expectedVersion`, the spelling of the TypeScript client.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let mut letters = word.chars();
        text.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}
