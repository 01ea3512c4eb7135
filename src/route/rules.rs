//! Model rules, compiled.

use regex::{Regex, RegexBuilder};

use crate::domain::rule::{ModelRule, RuleKind};

/// Bytes that one compiled rule may take.
const RULE_BYTES_MAX: usize = 64 << 10;

/// A model rule, ready to be asked.
#[derive(Clone, Debug)]
pub struct Matcher(Regex);

impl Matcher {
    /// Compiles a rule.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn compile(rule: &ModelRule) -> Result<Self, String> {
        if rule.value.is_empty() || rule.value.len() > 256 {
            return Err("a rule's value must have 1 to 256 characters".to_owned());
        }
        let literal = regex::escape(&rule.value);
        let pattern = match rule.kind {
            RuleKind::Exact => format!("^{literal}$"),
            RuleKind::Prefix => format!("^{literal}"),
            RuleKind::Suffix => format!("{literal}$"),
            RuleKind::Contains => literal,
            RuleKind::Glob => format!("^{}$", literal.replace(r"\*", ".*").replace(r"\?", ".")),
            RuleKind::Regex => rule.value.clone(),
        };
        RegexBuilder::new(&pattern)
            .size_limit(RULE_BYTES_MAX)
            .dot_matches_new_line(true)
            .build()
            .map(Self)
            .map_err(|error| format!("`{}` is no usable rule: {error}", rule.value))
    }

    /// True if the rule admits `model`.
    pub fn admits(&self, model: &str) -> bool {
        self.0.is_match(model)
    }
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
}
