//! Rules on model names and on other texts, compiled.

use regex::{Regex, RegexBuilder};

use crate::domain::rule::{ModelRule, RuleKind};

/// Bytes that one compiled rule may take.
const RULE_BYTES_MAX: usize = 64 << 10;

/// A rule, ready to be asked.
#[derive(Clone, Debug)]
pub struct Matcher(Regex);

impl Matcher {
    /// Compiles a rule.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn compile(rule: &ModelRule) -> Result<Self, String> {
        let literal = regex::escape(&rule.value);
        let pattern = match rule.kind {
            RuleKind::Exact => format!("^{literal}$"),
            RuleKind::Prefix => format!("^{literal}"),
            RuleKind::Suffix => format!("{literal}$"),
            RuleKind::Contains => literal,
            RuleKind::Glob => glob(&literal),
            RuleKind::Regex => rule.value.clone(),
        };
        build(&rule.value, &pattern, false)
    }

    /// Compiles a glob on a text other than a model's name: case aside, `*` stands for any run of characters, `?` for
    /// one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn of_text(text: &str) -> Result<Self, String> {
        build(text, &glob(&regex::escape(text)), true)
    }

    /// True if the rule admits `text`.
    pub fn admits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// A glob whose other characters are escaped, as a regular expression.
fn glob(escaped: &str) -> String {
    format!("^{}$", escaped.replace(r"\*", ".*").replace(r"\?", "."))
}

fn build(value: &str, pattern: &str, ignores_case: bool) -> Result<Matcher, String> {
    if value.is_empty() || value.len() > 256 {
        return Err("a rule's value must have 1 to 256 characters".to_owned());
    }
    RegexBuilder::new(pattern)
        .size_limit(RULE_BYTES_MAX)
        .dot_matches_new_line(true)
        .case_insensitive(ignores_case)
        .build()
        .map(Matcher)
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
            ("claude-*-4-?", "claude-opus-4-5", "claude-opus-4-51"),
            ("regex:^claude-(opus|haiku)", "claude-haiku-4-5", "claude-sonnet-5"),
        ] {
            let matcher = Matcher::compile(&ModelRule::from(rule)).unwrap();
            assert!(matcher.admits(yes) && !matcher.admits(no), "{rule}");
        }
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
