//! Rules: on model names, and on what failures mean.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use super::decision::FailureClass;

/// How a rule compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The name is the value.
    Exact,
    /// The name starts with the value.
    Prefix,
    /// The name ends with the value.
    Suffix,
    /// The name contains the value.
    Contains,
    /// `*` stands for any run of characters, `?` for one.
    Glob,
    /// A regular expression that must match somewhere in the name.
    Regex,
}

/// One rule on a model's name. In JSON a bare string is a glob.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ModelRule {
    /// How it compares.
    pub kind: RuleKind,
    /// What it compares with, 1 to 256 characters.
    pub value: String,
}

impl ModelRule {
    /// A glob.
    pub fn glob(value: impl Into<String>) -> Self {
        Self { kind: RuleKind::Glob, value: value.into() }
    }
}

impl fmt::Display for ModelRule {
    /// A glob as it is written, any other kind as `kind:value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            RuleKind::Glob => return f.write_str(&self.value),
            RuleKind::Exact => "exact",
            RuleKind::Prefix => "prefix",
            RuleKind::Suffix => "suffix",
            RuleKind::Contains => "contains",
            RuleKind::Regex => "regex",
        };
        write!(f, "{kind}:{}", self.value)
    }
}

impl From<&str> for ModelRule {
    /// Reads what [`Display`](std::fmt::Display) writes.
    fn from(text: &str) -> Self {
        let (kind, value) = match text.split_once(':') {
            Some(("exact", value)) => (RuleKind::Exact, value),
            Some(("prefix", value)) => (RuleKind::Prefix, value),
            Some(("suffix", value)) => (RuleKind::Suffix, value),
            Some(("contains", value)) => (RuleKind::Contains, value),
            Some(("glob", value)) => (RuleKind::Glob, value),
            Some(("regex", value)) => (RuleKind::Regex, value),
            _ => (RuleKind::Glob, text),
        };
        Self { kind, value: value.to_owned() }
    }
}

/// How a rule is described: as it may be given, not only as it is told.
#[cfg(feature = "server")]
mod described {
    use std::borrow::Cow;

    use serde::Serialize;
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{RefOr, schema::Schema},
    };

    use super::RuleKind;

    /// One rule on a model's name. A bare string is a glob.
    #[derive(Serialize, ToSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its description is used")]
    enum ModelRule {
        /// A glob.
        Glob(String),
        /// A rule of any kind.
        Full {
            /// How it compares.
            kind: RuleKind,
            /// What it compares with, 1 to 256 characters.
            value: String,
        },
    }

    impl PartialSchema for super::ModelRule {
        fn schema() -> RefOr<Schema> {
            ModelRule::schema()
        }
    }

    impl ToSchema for super::ModelRule {
        fn name() -> Cow<'static, str> {
            ModelRule::name()
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            ModelRule::schemas(schemas);
        }
    }
}

impl<'de> Deserialize<'de> for ModelRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            kind: RuleKind,
            value: String,
        }
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a glob, or {\"kind\":\"exact|prefix|suffix|contains|glob|regex\",\"value\":…}")]
        enum Either {
            Bare(String),
            Full(Full),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Bare(value) => Self::glob(value),
            Either::Full(Full { kind, value }) => Self { kind, value },
        })
    }
}

/// Sends a model under another name. The first rule that matches the model asked for decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Redirect {
    /// Which models.
    pub from: ModelRule,
    /// The name that is sent, 1 to 256 characters.
    pub to: String,
}

/// What the rules of a provider make of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelTrial {
    /// No rule admits it.
    Refused,
    /// The provider serves it.
    Served {
        /// The rule that admits it; none if there are no rules.
        rule: Option<ModelRule>,
        /// The redirect that renames it.
        redirect: Option<Redirect>,
        /// The model that is sent.
        sent: String,
    },
}

/// How an attempt can fail, as rules on failures and the ledger name it.
pub const CAUSES: &[&str] = &[
    "connect",
    "proxy",
    "reset",
    "first_byte_timeout",
    "idle_timeout",
    "total_timeout",
    "call_deadline",
    "status",
    "malformed",
];

/// Says what a failure at one provider means. All conditions that it names must hold, and it names at least one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FailureRule {
    /// How the attempt failed: `connect`, `proxy`, `reset`, `first_byte_timeout`, `idle_timeout`, `total_timeout`,
    /// `call_deadline`, `status` or `malformed` (a web page, an empty answer).
    #[serde(default)]
    pub cause: Option<String>,
    /// The status of the answer, 100 to 599.
    #[serde(default)]
    pub status: Option<u16>,
    /// The type of the error that the answer carries, such as `overloaded_error`.
    #[serde(default)]
    pub kind: Option<String>,
    /// A glob on the error's message, case aside.
    #[serde(default)]
    pub message: Option<String>,
    /// What it means; not `client_gone`, which no provider causes.
    pub class: FailureClass,
}

impl fmt::Display for FailureRule {
    /// As one line: `status=503 kind=api_error message=*busy* -> overload`, with the conditions that there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(cause) = &self.cause {
            write!(f, "cause={cause} ")?;
        }
        if let Some(status) = self.status {
            write!(f, "status={status} ")?;
        }
        if let Some(kind) = &self.kind {
            write!(f, "kind={kind} ")?;
        }
        if let Some(message) = &self.message {
            write!(f, "message={message} ")?;
        }
        write!(f, "-> {}", self.class.as_str())
    }
}

impl FromStr for FailureRule {
    type Err = &'static str;

    /// Reads what [`Display`](fmt::Display) writes. A message goes on to the arrow.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (conditions, class) = text.rsplit_once("->").ok_or("each line must be: status=503 -> overload")?;
        let class = FailureClass::ALL.into_iter().find(|one| one.as_str() == class.trim());
        let mut rule = Self {
            cause: None,
            status: None,
            kind: None,
            message: None,
            class: class.ok_or("what it means is unknown")?,
        };
        let (conditions, message) = match conditions.split_once("message=") {
            Some((before, message)) => (before, Some(message.trim())),
            None => (conditions, None),
        };
        rule.message = message.map(str::to_owned);
        for condition in conditions.split_whitespace() {
            match condition.split_once('=') {
                Some(("cause", cause)) => rule.cause = Some(cause.to_owned()),
                Some(("status", status)) => rule.status = Some(status.parse().map_err(|_| "status must be a number")?),
                Some(("kind", kind)) => rule.kind = Some(kind.to_owned()),
                _ => return Err("a condition is cause=, status=, kind= or message="),
            }
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_on_failures_is_written_as_one_line() {
        for line in [
            "status=503 -> overload",
            "kind=api_error -> server",
            "cause=first_byte_timeout -> server",
            "cause=status status=404 -> entitlement",
            "message=*out of credit -> now* -> entitlement",
            "status=400 kind=invalid_request_error message=*too long* -> client",
        ] {
            assert_eq!(line.parse::<FailureRule>().unwrap().to_string(), line);
        }
        for wrong in ["status=503", "status=x -> server", "503 -> server", "status=503 -> nothing"] {
            assert!(wrong.parse::<FailureRule>().is_err(), "{wrong}");
        }
        for class in FailureClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
    }
}
