//! What new functions start from, and the examples of the first start.

use beckon_core::{Contract, Language, Runtime, RuntimeStatus};

use crate::{handlers::Handler, views::Template};

struct Source {
    id: &'static str,
    title: &'static str,
    description: &'static str,
    language: Language,
    contract: Contract,
    code: &'static str,
    input: &'static str,
}

/// What greetings greet.
const ADA: &str = "{\n  \"name\": \"Ada\"\n}";

const SOURCES: [Source; 24] = [
    Source {
        id: "node-hello",
        title: "Hello (Node.js)",
        description: "Greets whoever you name.",
        language: Language::Node,
        contract: Contract::Openwhisk,
        code: include_str!("hello.js"),
        input: ADA,
    },
    Source {
        id: "python-hello",
        title: "Hello (Python)",
        description: "Greets whoever you name.",
        language: Language::Python,
        contract: Contract::Openwhisk,
        code: include_str!("hello.py"),
        input: ADA,
    },
    Source {
        id: "shell-hello",
        title: "Hello (shell)",
        description: "A script: JSON on standard input, the result as the last line printed.",
        language: Language::Executable,
        contract: Contract::Openwhisk,
        code: include_str!("hello.sh"),
        input: ADA,
    },
    Source {
        id: "node-slow",
        title: "Slow (Node.js)",
        description: "Takes its time: for trying asynchronous runs and time-outs.",
        language: Language::Node,
        contract: Contract::Openwhisk,
        code: include_str!("slow.js"),
        input: "{\n  \"seconds\": 5\n}",
    },
    Source {
        id: "python-failing",
        title: "Failing (Python)",
        description: "Raises an exception: what an application error looks like.",
        language: Language::Python,
        contract: Contract::Openwhisk,
        code: include_str!("failing.py"),
        input: "{\n  \"divisor\": 0\n}",
    },
    Source {
        id: "node-scaleway",
        title: "Hello (Scaleway, Node.js)",
        description: "Answers a request with JSON.",
        language: Language::Node,
        contract: Contract::Scaleway,
        code: include_str!("scaleway.js"),
        input: ADA,
    },
    Source {
        id: "node-openfaas",
        title: "Hello (OpenFaaS, Node.js)",
        description: "Answers a request with JSON.",
        language: Language::Node,
        contract: Contract::Openfaas,
        code: include_str!("openfaas.js"),
        input: ADA,
    },
    Source {
        id: "python-scaleway",
        title: "Hello (Scaleway, Python)",
        description: "Answers a request with JSON.",
        language: Language::Python,
        contract: Contract::Scaleway,
        code: include_str!("scaleway.py"),
        input: ADA,
    },
    Source {
        id: "python-openfaas",
        title: "Hello (OpenFaaS, Python)",
        description: "Answers a request with JSON.",
        language: Language::Python,
        contract: Contract::Openfaas,
        code: include_str!("openfaas.py"),
        input: ADA,
    },
    Source {
        id: "python-flask",
        title: "Hello (OpenFaaS Flask, Python)",
        description: "Answers the text of a body with JSON.",
        language: Language::Python,
        contract: Contract::OpenfaasFlask,
        code: include_str!("openfaas_flask.py"),
        input: ADA,
    },
    Source {
        id: "python-spaces",
        title: "Hello (Spaces, Python)",
        description: "Answers a request with JSON, as a coroutine.",
        language: Language::Python,
        contract: Contract::Spaces,
        code: include_str!("spaces.py"),
        input: ADA,
    },
    Source {
        id: "php-hello",
        title: "Hello (PHP)",
        description: "Greets whoever you name.",
        language: Language::Php,
        contract: Contract::Openwhisk,
        code: include_str!("hello.php"),
        input: ADA,
    },
    Source {
        id: "php-scaleway",
        title: "Hello (Scaleway, PHP)",
        description: "Answers a request with JSON.",
        language: Language::Php,
        contract: Contract::Scaleway,
        code: include_str!("scaleway.php"),
        input: ADA,
    },
    Source {
        id: "ruby-hello",
        title: "Hello (Ruby)",
        description: "Greets whoever you name.",
        language: Language::Ruby,
        contract: Contract::Openwhisk,
        code: include_str!("hello.rb"),
        input: ADA,
    },
    Source {
        id: "ruby-openfaas",
        title: "Hello (OpenFaaS, Ruby)",
        description: "Answers the text of a body with JSON.",
        language: Language::Ruby,
        contract: Contract::Openfaas,
        code: include_str!("openfaas.rb"),
        input: ADA,
    },
    Source {
        id: "go-scaleway",
        title: "Hello (Scaleway, Go)",
        description: "Answers a request with JSON.",
        language: Language::Go,
        contract: Contract::Scaleway,
        code: include_str!("scaleway.go"),
        input: ADA,
    },
    Source {
        id: "go-openfaas",
        title: "Hello (OpenFaaS, Go)",
        description: "Answers a request with JSON.",
        language: Language::Go,
        contract: Contract::Openfaas,
        code: include_str!("openfaas.go"),
        input: ADA,
    },
    Source {
        id: "shell-actionloop",
        title: "Hello (ActionLoop, shell)",
        description: "A script that stays: a line of JSON in, a line of JSON out.",
        language: Language::Executable,
        contract: Contract::ActionLoop,
        code: include_str!("action_loop.sh"),
        input: ADA,
    },
    Source {
        id: "rust-scaleway",
        title: "Hello (Scaleway, Rust)",
        description: "Answers a request with JSON.",
        language: Language::Rust,
        contract: Contract::Scaleway,
        code: include_str!("scaleway.rs"),
        input: ADA,
    },
    Source {
        id: "go-action",
        title: "Hello (OpenWhisk, Go)",
        description: "Greets whoever you name, compiled.",
        language: Language::Go,
        contract: Contract::ActionLoop,
        code: include_str!("action_loop.go"),
        input: ADA,
    },
    Source {
        id: "classic-watchdog",
        title: "Hello (OpenFaaS classic watchdog)",
        description: "Any program: the body on standard input, the answer on standard output.",
        language: Language::Executable,
        contract: Contract::WatchdogClassic,
        code: include_str!("watchdog_classic.sh"),
        input: ADA,
    },
    Source {
        id: "watchdog-http",
        title: "Hello (of-watchdog, http)",
        description: "A server of its own that stays: every request goes to its port.",
        language: Language::Executable,
        contract: Contract::WatchdogHttp,
        code: include_str!("watchdog_http.js"),
        input: ADA,
    },
    Source {
        id: "watchdog-serializing",
        title: "Hello (of-watchdog, serializing)",
        description: "Any program: its answer is sent when it has ended well.",
        language: Language::Executable,
        contract: Contract::WatchdogSerializing,
        code: include_str!("watchdog_serializing.sh"),
        input: ADA,
    },
    Source {
        id: "watchdog-streaming",
        title: "Countdown (of-watchdog, streaming)",
        description: "Any program: its answer is sent as it is printed.",
        language: Language::Executable,
        contract: Contract::WatchdogStreaming,
        code: include_str!("watchdog_streaming.sh"),
        input: ADA,
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

/// The contracts that functions can follow, each with the languages that can follow it. There is not a template for
/// every pair: an FDK of Fn is a package, so that such code comes from a folder.
pub(crate) fn handlers() -> Vec<Handler> {
    Contract::ALL
        .into_iter()
        .map(|contract| {
            let fitting = Language::ALL
                .into_iter()
                .filter(|language| contract.fits(*language));
            Handler::of(contract, fitting.collect())
        })
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
        language: source.language,
        contract: source.contract,
        available: runtime.is_some_and(|r| r.available),
        code: source.code.into(),
        input: source.input.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one_that_its_language_can_follow() {
        for source in &SOURCES {
            assert!(source.contract.fits(source.language), "{}", source.id);
            assert_eq!(input_for(source.code), source.input, "{}", source.id);
        }
    }
}
