//! What is a provider asked for where nobody says?

use super::snapshot::{Snapshot, Upstream};
use crate::domain::rule::{ModelRule, RuleKind};

impl Snapshot {
    /// A model that a provider's rules admit, as a caller would ask for it: the setting `probe_model`; else the first that
    /// a rule names; else one that has a price. The setting if no such model is known.
    pub fn usual_model<'a>(&'a self, upstream: &'a Upstream) -> &'a str {
        let rules = &upstream.models;
        let admits = |model: &str| rules.is_empty() || rules.iter().any(|rule| rule.admits(model));
        let priced = self.prices.keys().map(String::as_str);
        usual(&self.settings.probe_model, &upstream.provider.models, admits, priced)
    }
}

fn usual<'a>(
    setting: &'a str,
    rules: &'a [ModelRule],
    admits: impl Fn(&str) -> bool,
    priced: impl Iterator<Item = &'a str>,
) -> &'a str {
    if admits(setting) {
        return setting;
    }
    let names_one = |rule: &&ModelRule| match rule.kind {
        RuleKind::Exact => true,
        RuleKind::Glob => !rule.value.contains(['*', '?']),
        _ => false,
    };
    let named = rules.iter().find(names_one).map(|rule| rule.value.as_str());
    // Of several always the same one.
    named.or_else(|| priced.filter(|model| admits(model)).min()).unwrap_or(setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::rules::Matcher;

    #[track_caller]
    fn check(rules: &[&str], priced: &[&'static str], expected: &str) {
        let rules: Vec<ModelRule> = rules.iter().map(|rule| ModelRule::from(*rule)).collect();
        let compiled: Vec<Matcher> = rules.iter().map(|rule| Matcher::compile(rule).unwrap()).collect();
        let admits = |model: &str| compiled.is_empty() || compiled.iter().any(|rule| rule.admits(model));
        assert_eq!(usual("claude-haiku", &rules, admits, priced.iter().copied()), expected, "{rules:?}");
    }

    #[test]
    fn it_is_one_that_the_rules_admit() {
        check(&[], &["glm-4"], "claude-haiku");
        check(&["glm-*", "claude-*"], &["glm-4"], "claude-haiku");
        check(&["glm-*", "exact:house"], &["glm-4"], "house");
        check(&["glm-*", "house"], &["glm-4"], "house");
        check(&["glm-*"], &["glm-5", "claude-opus", "glm-4.6"], "glm-4.6");
        check(&["regex:^qwen"], &["glm-4"], "claude-haiku");
    }
}
