//! What the rules of a provider make of a model, tried out before they are saved.

use super::draft::MODEL_CHARS_MAX;
use crate::{
    admin::check,
    domain::{
        fault::Fault,
        rule::{ModelRule, ModelTrial, Redirect},
    },
    route::rules::Matcher,
};

/// Tries `model` as a call does (docs/rules.md, Routing): a model rule admits it, the first redirect that fits renames
/// it. `prefix` is the provider's own.
///
/// # Errors
/// [`Fault::Invalid`] with the field of a rule that cannot be one, or `model`.
pub fn try_model(
    models: &[ModelRule],
    redirects: &[Redirect],
    prefix: Option<&str>,
    model: &str,
) -> Result<ModelTrial, Fault> {
    let model = check::line("model", model, MODEL_CHARS_MAX)?;
    let asked = match model.split_once(',') {
        Some((before, rest)) if Some(before) == prefix => rest,
        _ => &model,
    };
    let rule = first("models", models, asked, |rule| rule)?;
    if rule.is_none() && !models.is_empty() {
        return Ok(ModelTrial::Refused);
    }
    let redirect = first("redirects", redirects, asked, |redirect| &redirect.from)?;
    let sent = redirect.map_or(asked, |redirect| &redirect.to).to_owned();
    Ok(ModelTrial::Served { rule: rule.cloned(), redirect: redirect.cloned(), sent })
}

/// The first whose rule admits the model. Every rule is looked at, so that none that is wrong stays unseen.
fn first<'a, T>(
    field: &str,
    all: &'a [T],
    model: &str,
    rule: impl Fn(&T) -> &ModelRule,
) -> Result<Option<&'a T>, Fault> {
    let mut found = None;
    for one in all {
        let matcher = Matcher::compile(rule(one)).map_err(|why| Fault::invalid(field, why))?;
        if found.is_none() && matcher.admits(model) {
            found = Some(one);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(models: &[&str], redirects: &[(&str, &str)], model: &str) -> Result<ModelTrial, Fault> {
        let models: Vec<ModelRule> = models.iter().map(|rule| ModelRule::from(*rule)).collect();
        let redirect = |(from, to): &(&str, &str)| Redirect { from: ModelRule::from(*from), to: (*to).to_owned() };
        let redirects: Vec<Redirect> = redirects.iter().map(redirect).collect();
        try_model(&models, &redirects, Some("own"), model)
    }

    #[test]
    fn the_first_rule_that_fits_is_told_and_what_is_sent() {
        let served = |rule: Option<&str>, redirect: Option<(&str, &str)>, sent: &str| {
            Ok(ModelTrial::Served {
                rule: rule.map(ModelRule::from),
                redirect: redirect.map(|(from, to)| Redirect { from: from.into(), to: to.to_owned() }),
                sent: sent.to_owned(),
            })
        };
        let rules = ["exact:claude-b", "claude-*"];
        let renames = [("claude-a*", "house"), ("claude-*", "other")];
        assert_eq!(tried(&[], &[], "any"), served(None, None, "any"));
        assert_eq!(tried(&rules, &[], "claude-b"), served(Some("exact:claude-b"), None, "claude-b"));
        assert_eq!(tried(&rules, &renames, "own,claude-a1"), served(Some("claude-*"), Some(renames[0]), "house"));
        assert_eq!(tried(&rules, &renames, "claude-z"), served(Some("claude-*"), Some(renames[1]), "other"));
        assert_eq!(tried(&rules, &renames, "gpt"), Ok(ModelTrial::Refused));
    }

    #[test]
    fn a_rule_that_cannot_be_one_names_its_field() {
        assert_eq!(tried(&["*", "regex:("], &[], "a").unwrap_err().field(), Some("models"));
        assert_eq!(tried(&[], &[("regex:(", "b")], "a").unwrap_err().field(), Some("redirects"));
        assert_eq!(tried(&[], &[], " ").unwrap_err().field(), Some("model"));
    }
}
