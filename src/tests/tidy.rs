//! The house rules that a compiler does not know.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::hub::root;

/// Who may use whom: each module, and all it may name of its crate beside itself. ARCHITECTURE.md explains why.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("clock", &["domain"]),
    ("secret", &["domain"]),
    ("config", &["domain", "secret"]),
    ("telemetry", &["clock", "domain", "config"]),
    ("state", &["domain", "clock", "secret"]),
    ("store", &["domain", "clock", "secret"]),
    ("health", &["domain"]),
    ("limit", &["domain", "clock", "secret", "state", "store", "wire"]),
    ("route", &["domain", "clock", "health", "secret", "state", "store", "upstream", "wire"]),
    ("upstream", &["domain", "clock", "route", "secret", "wire"]),
    ("ledger", &["domain", "clock", "store"]),
    (
        "relay",
        &[
            "domain", "clock", "health", "hub", "jobs", "ledger", "limit", "route", "secret", "state", "store",
            "upstream", "wire",
        ],
    ),
    (
        "admin",
        &[
            "boot",
            "clock",
            "config",
            "domain",
            "health",
            "hub",
            "ledger",
            "limit",
            "relay",
            "route",
            "secret",
            "state",
            "store",
            "telemetry",
            "upstream",
            "wire",
        ],
    ),
    (
        "jobs",
        &[
            "admin", "clock", "config", "domain", "health", "hub", "ledger", "limit", "relay", "route", "secret",
            "state", "store", "upstream", "wire",
        ],
    ),
    ("http", &["admin", "clock", "config", "domain", "hub", "relay", "secret", "wire"]),
];

/// Single files, or what lies below them, that may use one thing more, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/route/snapshot.rs", "hub", "the one place that swaps the hub's snapshot"),
    ("src/store/holds.rs", "health", "turns what the book of holds has to be written into rows"),
    ("src/store/sums.rs", "state", "gives sums in the form in which the state takes them"),
    ("src/store/ledger", "ledger", "turns the journal's entries into rows, so it knows their form"),
    ("app/src/api/guard.rs", "config", "sets the cookie as the configuration says"),
    ("app/src/api/guard.rs", "http", "is told by the edge who is at the other end"),
];

/// Every Rust file below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All sources of both packages: the path from the root, and the text before its unit tests.
fn all_sources() -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    for folder in ["src", "app/src"] {
        sources(&root.join(folder), &mut found);
    }
    found.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        (path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), code)
    };
    found.into_iter().map(read).collect()
}

/// The first names behind `prefix`, as in `crate::name` and `crate::{name, other::{deeper}}`.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut part = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(part.trim().chars().take_while(|c| is_word(*c)).collect());
                        part.clear();
                        continue;
                    }
                    _ => {}
                }
                part.push(c);
            }
            names.insert(part.trim().chars().take_while(|c| is_word(*c)).collect());
        } else {
            names.insert(rest.chars().take_while(|c| is_word(*c)).collect());
        }
    }
    names.remove("");
    names
}

/// True if the file has been granted this one thing more.
fn is_excepted(path: &str, name: &str) -> bool {
    EXCEPTIONS.iter().any(|(file, used, _)| path.starts_with(file) && *used == name)
}

#[test]
fn every_module_uses_only_what_it_may() {
    let table: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let modules: BTreeSet<String> = all_sources()
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("src/")?.split(['/', '.']).next().map(ToOwned::to_owned))
        .filter(|module| !["bench", "lib", "tests"].contains(&module.as_str()))
        .collect();
    let free = ["boot", "hub"];
    let known: BTreeSet<String> = table.keys().chain(&free).map(|name| (*name).to_owned()).collect();
    assert_eq!(modules, known, "the table lists every module");
    let mut wrong = Vec::new();
    for (path, code) in all_sources() {
        let Some(rest) = path.strip_prefix("src/") else { continue };
        let module = rest.split(['/', '.']).next().unwrap();
        let Some(allowed) = table.get(module) else { continue };
        for name in named(&code, "crate::") {
            if modules.contains(&name)
                && name != module
                && !allowed.contains(&name.as_str())
                && !is_excepted(&path, &name)
            {
                wrong.push(format!("{path} uses {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_console_uses_only_what_it_may_of_the_engine() {
    let mut wrong = Vec::new();
    for (path, code) in all_sources() {
        let Some(rest) = path.strip_prefix("app/src/") else { continue };
        let allowed: &[&str] = match rest.split(['/', '.']).next().unwrap() {
            "main" | "server" => continue,
            "api" => &["admin", "clock", "domain", "hub"],
            _ => &["domain"],
        };
        for name in named(&code, "hub::") {
            let is_type = name.starts_with(char::is_uppercase);
            if !allowed.contains(&name.as_str()) && !is_type && !is_excepted(&path, &name) {
                wrong.push(format!("{path} uses hub::{name}"));
            }
        }
        let in_ui = rest.starts_with("ui");
        for name in named(&code, "crate::") {
            if in_ui && (name == "pages" || name == "api") {
                wrong.push(format!("{path} uses {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_thing_has_one_place() {
    // What only one place may do, by what gives it away.
    let rules: &[(&str, &[&str])] = &[
        ("sqlx::query", &["src/store"]),
        ("redis::", &["src/state"]),
        ("reqwest::Client::", &["src/upstream"]),
        ("reqwest::Proxy", &["src/upstream"]),
        ("axum::", &["src/http", "app/src"]),
        ("std::env::var", &["src/config.rs"]),
        ("SystemTime::now", &["src/clock.rs"]),
        ("Instant::now", &["src/clock.rs"]),
        ("Utc::now", &["src/clock.rs"]),
        ("tokio::spawn", &["src/boot.rs", "src/boot", "src/jobs"]),
        ("process::exit", &[]),
    ];
    let mut wrong = Vec::new();
    for (path, code) in all_sources() {
        if path.starts_with("src/tests") || path.starts_with("src/bench") || path.ends_with("/tests.rs") {
            continue;
        }
        for (words, places) in rules {
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let is_at_home = places.iter().any(|place| path.starts_with(place));
            if !is_at_home && code.into_iter().any(|line| line.contains(words)) {
                wrong.push(format!("{path}: {words}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_enough_to_be_read() {
    let long: Vec<String> = all_sources()
        .into_iter()
        .map(|(path, code)| (path, code.lines().count()))
        .filter(|(_, n_lines)| *n_lines > 400)
        .map(|(path, n_lines)| format!("{path}: {n_lines} lines before its tests"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn modules_are_named_after_themselves() {
    let wrong: Vec<String> =
        all_sources().into_iter().map(|(path, _)| path).filter(|path| path.ends_with("/mod.rs")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for (path, _) in all_sources() {
        for word in ["util", "helper", "misc", "common"] {
            assert!(!path.contains(word), "{path} is named after nothing");
        }
    }
}

#[test]
fn no_test_is_skipped_and_nothing_is_left_undone() {
    let marks =
        [["#[igno", "re"].concat(), ["todo", "!("].concat(), ["unimple", "mented!("].concat(), ["FIX", "ME"].concat()];
    for path in all_sources().into_iter().map(|(path, _)| path) {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        for mark in &marks {
            assert!(!text.contains(mark), "{path}: {mark}");
        }
    }
}

/// The names of the variables that the hub reads.
fn variables() -> BTreeSet<String> {
    let config = std::fs::read_to_string(root().join("src/config.rs")).unwrap();
    let code = config.split("#[cfg(test)]").next().unwrap();
    let mut names = BTreeSet::new();
    for reader in ["get(\"", "or(\"", "boolean(\""] {
        for (at, _) in code.match_indices(reader) {
            names.insert(code[at + reader.len()..].split('"').next().unwrap().to_owned());
        }
    }
    assert!(names.len() >= 12, "{names:?}");
    names
}

#[test]
fn every_variable_is_documented_and_nothing_else_is() {
    for file in [".env.example", "README.md"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for name in variables() {
            assert!(text.contains(&name), "{name} is missing in {file}");
        }
    }
    let example = std::fs::read_to_string(root().join(".env.example")).unwrap();
    for line in example.lines() {
        let Some((name, _)) = line.trim_start_matches(['#', ' ']).split_once('=') else { continue };
        if !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit()) {
            assert!(variables().contains(name), "{name} stands in .env.example, but nobody reads it");
        }
    }
}

#[test]
fn every_migration_is_embedded_in_order() {
    let mut files: Vec<String> = std::fs::read_dir(root().join("migrations"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    files.sort();
    let store = std::fs::read_to_string(root().join("src/store.rs")).unwrap();
    let mut last = 0;
    for (n, file) in files.iter().enumerate() {
        assert!(file.starts_with(&format!("{:04}_", n + 1)), "{file} is out of order");
        let at = store.find(file.as_str()).unwrap_or_else(|| panic!("{file} is not embedded in store.rs"));
        assert!(at > last, "{file} is embedded out of order");
        last = at;
    }
}

#[test]
fn the_map_names_what_is_there_and_leaves_no_module_out() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let quoted: Vec<&str> = map.split('`').skip(1).step_by(2).collect();
    let is_file = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "rs");
    for name in quoted.iter().filter(|name| is_file(name) && !name.contains(' ')) {
        let places = ["", "src", "app/src"].map(|folder| root().join(folder).join(name));
        assert!(places.iter().any(|place| place.exists()), "ARCHITECTURE.md speaks of {name}, which is not there");
    }
    for (module, _) in MAY_USE {
        assert!(quoted.contains(module), "ARCHITECTURE.md does not speak of `{module}`");
    }
}
