//! The TypeScript client, generated from the table of commands.

use std::fmt::Write as _;

use ts_rs::Config;

use crate::command::{Command, Types};

/// `ui/src/platform/bindings.ts`, whole. The file in the repository must equal it; a test compares, and
/// `cargo run -p beckon-panel --example bindings` writes it.
#[must_use]
pub fn typescript() -> String {
    // The window never needs integers beyond 2^53: ids are strings and JSON documents cross as text.
    let config = || Config::new().with_large_int("number");
    let mut types = Types::new(config());
    let config = config();
    let mut methods = String::new();
    for command in crate::commands::all() {
        (command.types)(&mut types);
        method(&mut methods, command, &config);
    }
    let mut text = String::from(
        "// Generated from the panel's commands by `make bindings`. Do not edit.\n\n\
         import type { Transport } from \"./transport\";\n",
    );
    for declaration in types.declarations.values() {
        let _ = write!(text, "\n{declaration}\n");
    }
    let _ = write!(
        text,
        "\n/** Every command of the panel, over whichever transport this page was opened with. */\n\
         export function createApi(transport: Transport) {{\n  return {{\n{methods}  }};\n}}\n\n\
         export type Api = ReturnType<typeof createApi>;\n"
    );
    text
}

fn method(out: &mut String, command: &Command, config: &Config) {
    let parameters = (command.parameters)(config);
    let result = match (command.result)(config).as_str() {
        "null" => "void".to_owned(),
        other => other.to_owned(),
    };
    let _ = writeln!(out, "    /**");
    for line in command.docs.lines() {
        let _ = writeln!(out, "     *{}{}", if line.is_empty() { "" } else { " " }, line);
    }
    let _ = writeln!(out, "     */");
    let fields: Vec<String> = parameters
        .iter()
        .map(|p| format!("{}{}: {}", p.name, if p.optional { "?" } else { "" }, p.ty))
        .collect();
    let all_optional = parameters.iter().all(|p| p.optional);
    let arguments = match fields.is_empty() {
        true => String::new(),
        false => format!(
            "args: {{ {} }}{}",
            fields.join("; "),
            if all_optional { " = {}" } else { "" }
        ),
    };
    let passed = if fields.is_empty() { "{}" } else { "args" };
    let name = camel_case(command.name);
    let wire = command.name;
    match command.item {
        Some(item) => {
            let item = item(config);
            let separator = if arguments.is_empty() { "" } else { ", " };
            let _ = writeln!(
                out,
                "    {name}: ({arguments}{separator}onItem: (item: {item}) => void, signal?: AbortSignal) =>\n      \
                 transport.stream<{item}, {result}>(\"{wire}\", {passed}, onItem, signal),"
            );
        }
        None => {
            let separator = if arguments.is_empty() { "" } else { ", " };
            let _ = writeln!(
                out,
                "    {name}: ({arguments}{separator}signal?: AbortSignal) =>\n      \
                 transport.call<{result}>(\"{wire}\", {passed}, signal),"
            );
        }
    }
}

fn camel_case(name: &str) -> String {
    let mut upper = false;
    name.chars().fold(String::new(), |mut text, c| {
        if c == '_' {
            upper = true;
        } else {
            text.push(if std::mem::take(&mut upper) {
                c.to_ascii_uppercase()
            } else {
                c
            });
        }
        text
    })
}
