//! How to set up a client with this hub.

use hub::domain::own::OwnKey;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::framed;
use crate::{
    drawn::{
        form::code,
        parts::{Choice, link_with, tabs},
    },
    text::Text,
    ui::Erase,
};

/// Where it is.
pub(crate) const PATH: &str = "/me/setup";

/// What the reader's machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum System {
    Macos,
    Linux,
    Windows,
}

impl System {
    const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Macos, "macos", "macOS"), (Self::Linux, "linux", "Linux"), (Self::Windows, "windows", "Windows")];

    /// The one that a browser's `user-agent` speaks of.
    pub(crate) fn of_agent(agent: &str) -> Self {
        if agent.contains("Windows") {
            Self::Windows
        } else if agent.contains("Mac") {
            Self::Macos
        } else {
            Self::Linux
        }
    }
}

/// The page. `origin` is the hub's address as the reader sees it.
pub(crate) fn page(text: &'static Text, origin: &str, system: System, keys: &[OwnKey]) -> (Option<String>, AnyView) {
    let words = &text.setup;
    let choice = |(one, word, label): (System, &'static str, &'static str)| Choice {
        label,
        href: link_with(PATH, &[], &[("system", word)]),
        is_chosen: one == system,
    };
    let key = words.your_key;
    let terminal = match system {
        System::Macos | System::Linux => {
            format!("export ANTHROPIC_BASE_URL={origin}\nexport ANTHROPIC_AUTH_TOKEN={key}\nclaude")
        }
        System::Windows => {
            format!("$env:ANTHROPIC_BASE_URL = \"{origin}\"\n$env:ANTHROPIC_AUTH_TOKEN = \"{key}\"\nclaude")
        }
    };
    let file = match system {
        System::Macos | System::Linux => "~/.claude/settings.json",
        System::Windows => "%USERPROFILE%\\.claude\\settings.json",
    };
    let settings = format!(
        "{{\n  \"env\": {{\n    \"ANTHROPIC_BASE_URL\": \"{origin}\",\n    \"ANTHROPIC_AUTH_TOKEN\": \"{key}\"\n  }}\n}}"
    );
    let python =
        format!("from anthropic import Anthropic\n\nclient = Anthropic(base_url=\"{origin}\", auth_token=\"{key}\")");
    let typescript = format!(
        "import Anthropic from \"@anthropic-ai/sdk\";\n\nconst client = new Anthropic({{ baseURL: \"{origin}\", authToken: \"{key}\" }});"
    );
    let content = view! {
        <div class="grid gap-6 setup">
            <p class="note">{words.your_key_why}</p>
            <section class="panel" aria-labelledby="terminal-title">
                <div class="panel-head"><h2 class="grow" id="terminal-title">{words.terminal}</h2>{tabs(words.system, System::ALL.map(choice).into_iter())}</div>
                <div class="grid gap-2 p-4"><p class="help">{words.terminal_why}</p>{code(text, "in-terminal", terminal, words.terminal)}</div>
            </section>
            <section class="panel" aria-labelledby="lasting-title">
                <div class="panel-head"><h2 id="lasting-title">{words.lasting}</h2></div>
                <div class="grid gap-2 p-4">
                    <p class="help">{words.lasting_why}" "<code class="mono">{file}</code></p>
                    {code(text, "in-settings", settings, words.file_is)}
                    <p class="help"><strong>{words.check}</strong>" "{words.check_why}</p>
                </div>
            </section>
            <section class="panel" aria-labelledby="sdks-title">
                <div class="panel-head"><h2 id="sdks-title">{words.sdks}</h2></div>
                <div class="grid gap-2 p-4">
                    <p class="help">{words.sdks_why}</p>
                    <h3 class="section-title">"Python"</h3>{code(text, "in-python", python, "Python")}
                    <h3 class="section-title">"TypeScript"</h3>{code(text, "in-typescript", typescript, "TypeScript")}
                    <h3 class="section-title">"curl"</h3>{code(text, "in-curl", curl(origin, key, system), "curl")}
                </div>
            </section>
            {models(text, keys)}
        </div>
    };
    framed(text, PATH, (words.title, words.lead), content.into_any())
}

/// A first question from a script.
fn curl(origin: &str, key: &str, system: System) -> String {
    let body = r#"{"model":"claude-sonnet-4-5","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}"#;
    match system {
        System::Macos | System::Linux => format!(
            "curl {origin}/v1/messages \\\n  -H 'authorization: Bearer {key}' \\\n  -H 'anthropic-version: 2023-06-01' \\\n  -H 'content-type: application/json' \\\n  -d '{body}'"
        ),
        // PowerShell hands its own quotes on only from a text of its own.
        System::Windows => format!(
            "Invoke-RestMethod {origin}/v1/messages -Method Post `\n  -Headers @{{ authorization = 'Bearer {key}'; 'anthropic-version' = '2023-06-01' }} `\n  -ContentType application/json `\n  -Body '{body}'"
        ),
    }
}

/// The models that a key may ask for, of keys that may not ask for all.
fn models(text: &'static Text, keys: &[OwnKey]) -> Option<AnyView> {
    let one = |key: &OwnKey| {
        let rules = key.models.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        view! { <li><span class="font-medium">{key.name.clone()}</span>": "<span class="mono">{rules}</span></li> }
            .erase()
    };
    let limited: Vec<AnyView> = keys.iter().filter(|key| !key.models.is_empty()).map(one).collect();
    (!limited.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="models-title">
                <div class="panel-head"><h2 id="models-title">{text.setup.models}</h2></div>
                <div class="grid gap-2 p-4"><p class="help">{text.setup.models_why}</p><ul>{limited}</ul></div>
            </section>
        }
        .erase()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_what_the_machine_runs() {
        for (agent, system) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", System::Windows),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", System::Macos),
            ("Mozilla/5.0 (X11; Linux x86_64)", System::Linux),
            ("", System::Linux),
        ] {
            assert_eq!(System::of_agent(agent), system, "{agent}");
        }
        for (system, word, _) in System::ALL {
            assert_eq!(serde_json::to_value(system).unwrap(), word);
        }
    }
}
