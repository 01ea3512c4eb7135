//! The Claude Code CLI, as its users have it, with the hub between it and providers that fail.
//!
//! Each run asks for one prompt, for which the CLI has to use a tool: two turns, the second with what the tool found.

use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    faults::{
        self, fields,
        table::{FAULTS, Fate, Fault, Form, Stage},
    },
    hub::root,
    patience::within,
    reaper,
    upstream::{Said, Seen},
    world::{Key, Provider, World},
};

/// Runs at the same time: each is a process of some size.
const AT_ONCE: usize = 3;

/// Where `scripts/install.sh test` puts it. Its executable comes in a package for this machine.
fn cli() -> PathBuf {
    let packages = root().join(".tools/claude-code/node_modules/@anthropic-ai");
    let mut found =
        std::fs::read_dir(&packages).into_iter().flatten().flatten().map(|entry| entry.path().join("claude"));
    found.find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("the Claude Code CLI is missing in {}: run `make test`, which installs it", packages.display())
    })
}

/// A task for the CLI: it is to read a file and say what it holds.
#[derive(Clone)]
struct Task {
    home: PathBuf,
    file: PathBuf,
    word: String,
}

impl Task {
    fn new(tag: &str) -> Self {
        let home = reaper::folder("cli");
        let (file, word) = (home.join("work/word.txt"), format!("marmalade-{tag}"));
        std::fs::create_dir(home.join("work")).unwrap();
        std::fs::write(&file, &word).unwrap();
        Self { home, file, word }
    }

    /// What a model would say: the word, once the request holds it; before, it reads the file.
    fn said(&self, seen: &Seen) -> Said {
        let body = String::from_utf8_lossy(&seen.body);
        if body.contains(&self.word) {
            Said::text(&seen.model(), &format!("The file says {}.", self.word))
        } else {
            Said::tool(&seen.model(), "Read", &json!({"file_path": self.file}))
        }
    }

    /// Lets the CLI work on it. What it prints at its end.
    async fn run(&self, world: &World, credential: (&str, &str)) -> Value {
        let nobody = "http://127.0.0.1:9";
        let output = Command::new(cli())
            .args([
                "-p",
                "Read the file and tell me what it says.",
                "--output-format",
                "json",
                "--allowedTools",
                "Read",
            ])
            .current_dir(self.home.join("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("ANTHROPIC_BASE_URL", format!("http://{}", world.hub.address))
            .env(credential.0, credential.1)
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            // Whatever else it would ask for goes nowhere.
            .envs([("HTTP_PROXY", nobody), ("HTTPS_PROXY", nobody), ("NO_PROXY", "127.0.0.1")])
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = within("the CLI is done", output).await.unwrap();
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "the CLI gave up: {said}\n{complained}");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"))
    }

    /// Checks what it printed.
    fn check(&self, printed: &Value, what: &str) {
        assert_eq!(
            (&printed["is_error"], &printed["subtype"]),
            (&json!(false), &json!("success")),
            "{what}: {printed}"
        );
        assert_eq!(printed["result"], format!("The file says {}.", self.word), "{what}: {printed}");
        assert_eq!(printed["permission_denials"], json!([]), "{what}: {printed}");
    }
}

/// A provider that fails so, and answers well in a form of answer that the fault does not know.
async fn failing(world: &World, fault: &'static Fault, task: &Task) -> Provider {
    let provider = world.provider_with("failing", fields(fault, world, 3_000)).await;
    let task = task.clone();
    provider.script.by(move |seen: &Seen| {
        let form = if seen.streams() { Form::Stream } else { Form::Whole };
        let said = task.said(seen);
        let answer = fault.forms().contains(&form).then(|| fault.answer(&said, form)).flatten();
        answer.unwrap_or_else(|| said.answer(seen.streams()))
    });
    provider
}

async fn healthy(world: &World, task: &Task) -> Provider {
    let provider = world.provider_with("healthy", json!({"priority": 1})).await;
    let task = task.clone();
    provider.script.by(move |seen: &Seen| task.said(seen).answer(seen.streams()));
    provider
}

/// How often the CLI had to try again by itself, as it says in its requests.
fn n_own_retries(provider: &Provider) -> usize {
    let requests = provider.script.requests();
    requests.iter().filter(|seen| seen.all("x-stainless-retry-count").iter().any(|n| *n != "0")).count()
}

/// One run with a provider that fails before one that does not.
async fn complete(fault: &'static Fault) {
    let world = faults::world().await;
    let what = format!("{} {}", fault.stage.words(), fault.what(Form::Stream));
    let task = Task::new(&world.tag);
    let failing = failing(&world, fault, &task).await;
    let healthy = healthy(&world, &task).await;
    let key = world.key().await;
    let printed = task.run(&world, ("ANTHROPIC_API_KEY", &key.secret)).await;
    task.check(&printed, &what);
    let calls = calls_of(&world, &key).await;
    let with = |outcome: &str| calls.iter().filter(|call| call["outcome"] == outcome).count();
    if fault.fate == Fate::Cut {
        // Content has gone out: only the CLI can begin anew, and it does, with an answer that is not streamed. What has
        // told its usage and why it stopped is all that it wants, with or without a last event.
        let n_broken = with("interrupted");
        assert!((1..=2).contains(&n_broken) && n_broken + with("completed") == calls.len(), "{what}: {calls:#?}");
        let n_whole = if fault.stage == Stage::End { calls.len() } else { with("completed") };
        assert_eq!(n_whole, 2, "{what}: {calls:#?}");
    } else {
        assert_eq!((calls.len(), with("completed")), (2, 2), "the CLI had to ask again, {what}: {calls:#?}");
        let server = if fault.fate == Fate::Served { &failing } else { &healthy };
        assert!(calls.iter().all(|call| call["provider_id"] == server.id.as_str()), "{what}: {calls:#?}");
        assert_eq!((n_own_retries(&failing), n_own_retries(&healthy)), (0, 0), "{what}");
    }
}

/// All calls of a key that are recorded, once those are that its user has made.
async fn calls_of(world: &World, key: &Key) -> Vec<Value> {
    // The CLI has its answers, and a call is in the ledger before its answer ends; only Postgres may be late.
    let reply = world.message(key).await;
    let last = world.call_of(&reply).await;
    let sql = format!("select id from calls where key_id = {} and id <> '{}' order by id", key.id, reply.call_id());
    assert_eq!(last["key_id"], key.id.as_str(), "{last}");
    let mut calls = Vec::new();
    for row in world.rows(&sql).await {
        calls.push(world.get(&format!("/admin/v1/calls/{}", row["id"].as_str().unwrap())).await);
    }
    calls
}

#[tokio::test]
async fn the_cli_completes_a_prompt_with_a_tool_however_its_first_provider_fails() {
    // A mistake of the client is told to it by every provider alike: there is nothing to complete.
    let faults =
        FAULTS.iter().filter(|fault| fault.forms().contains(&Form::Stream) && !matches!(fault.fate, Fate::Told(_)));
    stream::iter(faults).map(complete).buffer_unordered(AT_ONCE).collect::<()>().await;
}

#[tokio::test]
async fn the_cli_completes_a_prompt_with_a_tool_through_a_hub_without_trouble() {
    let world = faults::world().await;
    let task = Task::new(&world.tag);
    let provider = healthy(&world, &task).await;
    let key = world.key().await;
    let printed = task.run(&world, ("ANTHROPIC_AUTH_TOKEN", &key.secret)).await;
    task.check(&printed, "no fault");
    let calls = calls_of(&world, &key).await;
    assert_eq!(calls.len(), 2, "{calls:#?}");
    let sessions: Vec<&Value> = calls.iter().map(|call| &call["session_id"]).collect();
    assert!(sessions[0].is_string() && sessions[0] == sessions[1], "one conversation: {sessions:?}");
    assert!(calls.iter().all(|call| call["outcome"] == "completed" && call["n_attempts"] == 1), "{calls:#?}");
    assert_eq!(n_own_retries(&provider), 0);
}
