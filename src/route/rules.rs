//! Rules on model names and on other texts, compiled.

use regex::{Regex, RegexBuilder};

use crate::domain::rule::{ModelRule, RuleKind};

/// Bytes that one compiled rule may take.
const RULE_BYTES_MAX: usize = 64 << 10;

/// A rule, ready to be asked.
#[derive(Clone, Debug)]
pub struct Matcher(Test);

/// How a rule is asked. Every provider's rules are asked in every choice, so most of them do without an automaton.
#[derive(Clone, Debug)]
enum Test {
    Is(String),
    Starts(String),
    Ends(String),
    Contains(String),
    Matches(Regex),
}

impl Matcher {
    /// Compiles a rule.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn compile(rule: &ModelRule) -> Result<Self, String> {
        let value = check(&rule.value)?;
        let literal = value.to_owned();
        Ok(Self(match rule.kind {
            RuleKind::Exact => Test::Is(literal),
            RuleKind::Prefix => Test::Starts(literal),
            RuleKind::Suffix => Test::Ends(literal),
            RuleKind::Contains => Test::Contains(literal),
            RuleKind::Glob => match plain(value) {
                Some(test) => test,
                None => Test::Matches(build(value, &pattern(value), false)?),
            },
            RuleKind::Regex => Test::Matches(build(value, value, false)?),
        }))
    }

    /// Compiles a glob on a text other than a model's name: case aside, `*` stands for any run of characters, `?` for
    /// one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn of_text(glob: &str) -> Result<Self, String> {
        let glob = check(glob)?;
        build(glob, &pattern(glob), true).map(Test::Matches).map(Self)
    }

    /// True if the rule admits `text`.
    pub fn admits(&self, text: &str) -> bool {
        match &self.0 {
            Test::Is(value) => text == value,
            Test::Starts(value) => text.starts_with(value.as_str()),
            Test::Ends(value) => text.ends_with(value.as_str()),
            Test::Contains(value) => text.contains(value.as_str()),
            Test::Matches(regex) => regex.is_match(text),
        }
    }
}

fn check(value: &str) -> Result<&str, String> {
    if value.is_empty() || value.len() > 256 {
        return Err("a rule's value must have 1 to 256 characters".to_owned());
    }
    Ok(value)
}

/// A glob that has stars at its ends only.
fn plain(glob: &str) -> Option<Test> {
    let (start, rest) = glob.strip_prefix('*').map_or((false, glob), |rest| (true, rest));
    let (end, middle) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
    let text = middle.to_owned();
    if text.contains(['*', '?']) {
        return None;
    }
    Some(match (start, end) {
        (false, false) => Test::Is(text),
        (false, true) => Test::Starts(text),
        (true, false) => Test::Ends(text),
        (true, true) => Test::Contains(text),
    })
}

/// A glob as a regular expression.
fn pattern(glob: &str) -> String {
    format!("^{}$", regex::escape(glob).replace(r"\*", ".*").replace(r"\?", "."))
}

fn build(value: &str, pattern: &str, ignores_case: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(RULE_BYTES_MAX)
        .dot_matches_new_line(true)
        .case_insensitive(ignores_case)
        .build()
        .map_err(|error| format!("`{value}` is no usable rule: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_compares_in_its_own_way() {
        for (rule, yes, no) in [
            ("exact:a.b", "a.b", "axb"),
            ("prefix:claude-", "claude-x", "a-claude-x"),
            ("suffix:-fast", "m-fast", "m-fast-1"),
            ("contains:opus", "claude-opus-5", "claude-sonnet-5"),
            ("claude-*", "claude-opus", "a-claude-opus"),
            ("*-latest", "m-latest", "m-latest-1"),
            ("*opus*", "claude-opus-5", "claude-sonnet-5"),
            ("a.b", "a.b", "axb"),
            ("claude-*-5", "claude-opus-5", "claude-opus-51"),
            ("claude-*-4-?", "claude-opus-4-5", "claude-opus-4-51"),
            ("regex:^claude-(opus|haiku)", "claude-haiku-4-5", "claude-sonnet-5"),
        ] {
            let matcher = Matcher::compile(&ModelRule::from(rule)).unwrap();
            assert!(matcher.admits(yes) && !matcher.admits(no), "{rule}");
        }
        assert!(Matcher::compile(&ModelRule::glob("*")).unwrap().admits(""));
        assert!(Matcher::compile(&ModelRule::from("regex:(")).is_err());
        assert!(Matcher::compile(&ModelRule::from("regex:\\w{500}{500}")).is_err());
        assert!(Matcher::compile(&ModelRule::glob("")).is_err());
    }

    #[test]
    fn a_glob_on_a_text_leaves_case_aside() {
        let matcher = Matcher::of_text("claude-cli/2.*").unwrap();
        assert!(matcher.admits("Claude-CLI/2.1.78 (external)") && !matcher.admits("claude-cli/1.0"));
        assert!(!matcher.admits("x claude-cli/2.1") && !matcher.admits("claude-cli/21"));
        assert!(Matcher::of_text("").is_err() && Matcher::of_text(&"*".repeat(257)).is_err());
    }
}
