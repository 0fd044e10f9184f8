//! Where the code of a package begins, by the conventions of each contract.
//!
//! Sources: OpenWhisk's runtimes (`index.js`, `__main__.py`, `index.php`, `main.rb`), Scaleway's handler string
//! (`folder/file.function`, a folder or function name for Go and Rust), the OpenFaaS templates (`handler.js`,
//! `handler.py`, `src/Handler.php`, `handler.rb`), Fn's `func.js` and `func.py`.

use beckon_core::{Contract, Language};

/// The files that a package may begin with: one of them must be there.
pub(crate) fn candidates(language: Language, contract: Contract, main: Option<&str>) -> Vec<String> {
    use Language::{Executable, Go, Node, Php, Python, Ruby, Rust};
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match (contract, language) {
        (_, Go) => all(&["*.go"]),
        (_, Rust) => {
            let mut files = all(&["Cargo.toml", "handler.rs", "src/lib.rs", "lib.rs"]);
            if let Some(main) = main {
                // A crate in a folder: `folder`, or `folder/function`.
                files.push(format!("{main}/Cargo.toml"));
                files.extend(
                    main.rsplit_once('/')
                        .map(|(folder, _)| format!("{folder}/Cargo.toml")),
                );
            }
            files
        }
        (_, Executable) => match main {
            Some(main) if main != "main" => all(&[main]),
            _ => all(&["exec", "main"]),
        },
        (Contract::Openwhisk, Node) => all(&["package.json", "index.js", "index.mjs"]),
        (Contract::Openwhisk, Python) => all(&["__main__.py"]),
        (Contract::Openwhisk, Php) => all(&["index.php"]),
        (Contract::Openwhisk, Ruby) => all(&["main.rb"]),
        _ => match main.and_then(file_of) {
            Some(file) => extensions(language)
                .iter()
                .map(|end| format!("{file}{end}"))
                .collect(),
            None => usual(language, contract)
                .iter()
                .flat_map(|file| extensions(language).iter().map(move |end| format!("{file}{end}")))
                .collect(),
        },
    }
}

/// The file part of `folder/file.function`; `None` for a function's name alone.
pub(crate) fn file_of(main: &str) -> Option<&str> {
    let (file, function) = main.rsplit_once('.')?;
    // `./handler` has no function, and `handler.js` is a file as people write it.
    (!file.is_empty() && !function.contains('/')).then_some(file)
}

fn usual(language: Language, contract: Contract) -> &'static [&'static str] {
    match (contract, language) {
        (Contract::Fn, _) => &["func"],
        (Contract::Openfaas, Language::Php) => &["src/Handler", "Handler", "handler"],
        (Contract::Spaces, _) => &["handler", "main", "__main__"],
        _ => &["handler"],
    }
}

fn extensions(language: Language) -> &'static [&'static str] {
    match language {
        Language::Node => &[".js", ".mjs", ".cjs"],
        Language::Python => &[".py"],
        Language::Php => &[".php"],
        Language::Ruby => &[".rb"],
        Language::Go => &[".go"],
        Language::Rust => &[".rs"],
        Language::Executable => &[""],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contract_has_its_own_beginnings() {
        let first = |language, contract, main| candidates(language, contract, main).remove(0);
        use Language::{Node, Php, Python, Ruby};
        assert_eq!(first(Node, Contract::Scaleway, None), "handler.js");
        assert_eq!(
            first(Python, Contract::Scaleway, Some("src/app.hello")),
            "src/app.py"
        );
        assert_eq!(first(Python, Contract::Openfaas, Some("handle")), "handler.py");
        assert_eq!(first(Php, Contract::Openfaas, None), "src/Handler.php");
        assert_eq!(first(Ruby, Contract::Openfaas, None), "handler.rb");
        assert_eq!(first(Node, Contract::Fn, None), "func.js");
        assert_eq!(first(Python, Contract::Fn, Some("hello.handler")), "hello.py");
        assert_eq!(first(Node, Contract::Openwhisk, Some("main")), "package.json");
    }
}
