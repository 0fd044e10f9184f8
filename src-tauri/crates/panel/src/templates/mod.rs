//! What new functions start from, and the examples of the first start.

use beckon_core::{Language, Runtime, RuntimeStatus};

use crate::views::Template;

struct Source {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    language: Language,
    code: &'static str,
    input: &'static str,
}

const SOURCES: [Source; 5] = [
    Source {
        id: "node-hello",
        title: "Hello (Node.js)",
        description: "Greets whoever you name.",
        language: Language::Node,
        code: include_str!("hello.js"),
        input: "{\n  \"name\": \"Ada\"\n}",
    },
    Source {
        id: "python-hello",
        title: "Hello (Python)",
        description: "Greets whoever you name.",
        language: Language::Python,
        code: include_str!("hello.py"),
        input: "{\n  \"name\": \"Ada\"\n}",
    },
    Source {
        id: "shell-hello",
        title: "Hello (shell)",
        description: "A script: JSON on standard input, the result as the last line printed.",
        language: Language::Executable,
        code: include_str!("hello.sh"),
        input: "{\n  \"name\": \"Ada\"\n}",
    },
    Source {
        id: "node-slow",
        title: "Slow (Node.js)",
        description: "Takes its time: for trying asynchronous runs and time-outs.",
        language: Language::Node,
        code: include_str!("slow.js"),
        input: "{\n  \"seconds\": 5\n}",
    },
    Source {
        id: "python-failing",
        title: "Failing (Python)",
        description: "Raises an exception: what an application error looks like.",
        language: Language::Python,
        code: include_str!("failing.py"),
        input: "{\n  \"divisor\": 0\n}",
    },
];

/// The functions of the first start: name, kind and code.
pub(crate) fn examples() -> impl Iterator<Item = (&'static str, Language, &'static str)> {
    ["hello", "hello-python", "hello-shell"]
        .into_iter()
        .zip(&SOURCES)
        .map(|(name, s)| (name, s.language, s.code))
}

/// All templates, with the kinds of this machine.
pub(crate) fn all(runtimes: &[RuntimeStatus]) -> Vec<Template> {
    SOURCES
        .iter()
        .filter_map(|source| template(source, runtimes))
        .collect()
}

/// What to type for a function that was never run: the input of the template with the same code.
pub(crate) fn input_for(code: &str) -> &'static str {
    SOURCES
        .iter()
        .find(|source| source.code == code)
        .map_or("{}", |source| source.input)
}

fn template(source: &Source, runtimes: &[RuntimeStatus]) -> Option<Template> {
    let runtime = runtimes.iter().find(|r| r.language == source.language);
    let kind = match runtime {
        Some(runtime) => runtime.kind.clone(),
        None => Runtime::new(source.language.family()).ok()?,
    };
    Some(Template {
        id: source.id.into(),
        title: source.title.into(),
        description: source.description.into(),
        kind,
        available: runtime.is_some_and(|r| r.available),
        code: source.code.into(),
        input: source.input.into(),
    })
}
