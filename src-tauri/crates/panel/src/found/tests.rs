//! What is found in a home of its own.

use std::fs;
use std::path::Path;

use super::{Entry, FoundSource, Places};

const TOKEN: &str = "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "dof_v1_00:abcdefghijklmnopqrstuvwxyz";

fn write(home: &Path, path: &str, text: impl AsRef<[u8]>) {
    let path = home.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn look(home: &Path) -> Vec<Entry> {
    Places {
        home: home.to_owned(),
        wsk: None,
        openfaas: None,
        config: vec![home.join(".config")],
    }
    .look()
}

fn problems(home: &Path) -> Vec<String> {
    look(home)
        .into_iter()
        .map(|entry| {
            assert!(entry.secret.is_none());
            entry.shown.problem.unwrap()
        })
        .collect()
}

#[test]
fn what_every_tool_keeps_is_found() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert!(look(home).is_empty());
    write(
        home,
        ".wskprops",
        format!("APIHOST=localhost:3233\nAUTH={KEY}\nNAMESPACE=guest\nAPIVERSION=v1\n"),
    );
    write(
        home,
        ".config/doctl/config.yaml",
        format!(
            "access-token: {TOKEN}\nauth-contexts:\n  work: dop_v1_aaaaaaaaaaaaaaaawork\n  gone: \"\"\ncontext: work\n"
        ),
    );
    let keys = format!(
        r#"{{"currentHost":"https://h","currentNamespace":"fn-1","label":"shop",
            "credentials":{{"https://h":{{"fn-1":{{"api_key":"{KEY}"}},"fn-2":{{"api_key":"nonsense"}}}}}}}}"#
    );
    write(
        home,
        ".config/doctl/sandbox/creds/0a1b2c3d/credentials.json",
        &keys,
    );
    write(home, ".nimbella/credentials.json", &keys);
    let found = look(home);
    let shown: Vec<_> = found
        .iter()
        .map(|entry| {
            let shown = &entry.shown;
            (
                shown.source,
                shown.label.as_deref(),
                shown.api_host.as_deref(),
                shown.namespace.as_deref(),
                shown.key_hint.as_str(),
            )
        })
        .collect();
    let api = Some("https://api.digitalocean.com");
    let host = Some("https://h");
    use FoundSource::{Doctl, DoctlAccount, Nimbella, Wskprops};
    assert_eq!(
        shown,
        [
            (Wskprops, None, Some("localhost:3233"), Some("guest"), "wxyz"),
            (DoctlAccount, Some("default"), api, None, "cdef"),
            (DoctlAccount, Some("work"), api, None, "work"),
            (Doctl, Some("shop"), host, Some("fn-1"), "wxyz"),
            (Doctl, None, host, Some("fn-2"), ""),
            (Nimbella, Some("shop"), host, Some("fn-1"), "wxyz"),
            (Nimbella, None, host, Some("fn-2"), ""),
        ]
    );
    assert_eq!(found[1].secret.as_ref().unwrap().expose(), TOKEN);
    assert!(found[4].shown.problem.is_some() && found[4].secret.is_none());
    // Ids differ, and stay while the entries do.
    let ids = |found: &[Entry]| {
        found
            .iter()
            .map(|entry| entry.shown.id.clone())
            .collect::<Vec<_>>()
    };
    let mut all = ids(&found);
    assert_eq!(all, ids(&look(home)));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7);
    // Nothing that is shown holds a secret.
    let text = format!("{:?}", found.iter().map(|entry| &entry.shown).collect::<Vec<_>>());
    assert!(
        !text.contains(TOKEN) && !text.contains("abcdefghij") && !text.contains("nonsense"),
        "{text}"
    );
}

#[test]
fn files_that_are_not_what_they_should_be_are_problems_of_their_own() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    for (text, problem) in [
        ("", "It has no AUTH line."),
        ("APIHOST=h\n", "It has no AUTH line."),
        ("AUTH=user:pass\n", "It has no APIHOST line."),
        ("APIHOST=h\nAUTH=hunter2!\n", "This is not a function key."),
        ("APIHOST=h\0AUTH=a:b\n", "It is not text."),
        (&"x".repeat(300_000), "It is larger than 256 KB."),
    ] {
        write(home, ".wskprops", text);
        assert_eq!(problems(home), [problem]);
    }
    write(home, ".wskprops", b"AUTH=\xff\xfe");
    assert_eq!(problems(home), ["It is not text."]);
    fs::remove_file(home.join(".wskprops")).unwrap();

    // A deep or half document, a list where a map should be, and the secret that is in it.
    write(
        home,
        ".config/doctl/config.yaml",
        format!("access-token: [\"{TOKEN}\n"),
    );
    write(
        home,
        ".nimbella/credentials.json",
        format!("{{\"credentials\": {{\"h\": {{\"n\": \"{TOKEN}"),
    );
    let said = problems(home);
    assert!(said[0].starts_with("It is not YAML that can be read"), "{said:?}");
    assert_eq!(said[1], "It is not JSON that can be read, line 1.");
    assert!(!said.concat().contains("dop_v1_"));
    write(home, ".nimbella/credentials.json", "[".repeat(100_000));
    write(home, ".config/doctl/config.yaml", "[".repeat(100_000));
    assert_eq!(problems(home).len(), 2);
    write(
        home,
        ".nimbella/credentials.json",
        format!("{{\"credentials\": [\"{TOKEN}\"]}}"),
    );
    write(home, ".config/doctl/config.yaml", "- access-token: a\n");
    assert_eq!(problems(home), ["It is not JSON that can be read, line 1."]);
}

#[cfg(unix)]
#[test]
fn a_link_leads_nowhere_else() {
    use std::os::unix::fs::symlink;
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let props = home.path().join(".wskprops");
    let text = format!("APIHOST=h\nAUTH={KEY}\n");
    write(elsewhere.path(), "props", &text);
    for target in [elsewhere.path().join("props"), "/dev/zero".into()] {
        symlink(target, &props).unwrap();
        let said = problems(home.path());
        assert!(
            said[0].starts_with("It is a link to a place outside of"),
            "{said:?}"
        );
        fs::remove_file(&props).unwrap();
    }
    symlink(home.path().join("nowhere"), &props).unwrap();
    assert_eq!(
        problems(home.path()),
        ["It is a link to a file that is not there."]
    );
    fs::remove_file(&props).unwrap();
    fs::create_dir(&props).unwrap();
    assert_eq!(problems(home.path()), ["It is not a file."]);
    fs::remove_dir(&props).unwrap();
    // Within the home, as people keep their dotfiles.
    write(home.path(), "dotfiles/wskprops", &text);
    symlink("dotfiles/wskprops", &props).unwrap();
    assert_eq!(look(home.path())[0].shown.key_hint, "wxyz");
    // The file that the user named may be anywhere, but must be one.
    let named = |path: &Path| {
        let places = Places {
            home: home.path().join("empty"),
            wsk: Some(path.to_owned()),
            openfaas: None,
            config: Vec::new(),
        };
        places.look().remove(0).shown
    };
    assert_eq!(named(&elsewhere.path().join("props")).problem, None);
    assert_eq!(
        named(Path::new("/dev/zero")).problem.as_deref(),
        Some("It is not a file.")
    );
}

#[test]
fn gateways_of_faas_cli_are_found() {
    use base64::Engine as _;
    let home = tempfile::tempdir().unwrap();
    let token = base64::engine::general_purpose::STANDARD.encode("admin:pass:word-0123-7890");
    let text = format!(
        "auths:\n- gateway: http://127.0.0.1:8080\n  auth: basic\n  token: {token}\n\
         - gateway: https://sso.example\n  auth: oauth2\n  token: abc\n\
         - gateway: https://bad.example\n  auth: basic\n  token: '***'\n- auth: basic\n"
    );
    write(home.path(), ".openfaas/config.yml", &text);
    let elsewhere = tempfile::tempdir().unwrap();
    write(
        elsewhere.path(),
        "config.yml",
        "auths: [ {gateway: 'http://h', auth: basic, token: 'YTo='}",
    );
    let mut places = Places {
        home: home.path().to_owned(),
        wsk: None,
        openfaas: None,
        config: Vec::new(),
    };
    let found = places.look();
    let shown: Vec<_> = found
        .iter()
        .map(|entry| {
            let host = entry.shown.api_host.as_deref().unwrap_or_default();
            (host, entry.shown.key_hint.as_str(), entry.shown.problem.is_some())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("http://127.0.0.1:8080", "7890", false),
            ("https://sso.example", "", true),
            ("https://bad.example", "", true)
        ]
    );
    let secret = found[0].secret.as_ref().map(beckon_core::Secret::expose);
    assert_eq!(secret, Some("admin:pass:word-0123-7890"));
    places.openfaas = Some(elsewhere.path().to_owned());
    let problem = places.look()[0].shown.problem.clone();
    assert!(problem.is_some_and(|text| text.starts_with("It is not YAML")));
}
