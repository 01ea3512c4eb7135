//! Checks that several nouns share. Each takes the field's name as it stands in JSON, and returns the value as it is
//! kept.

use std::fmt::Display;

use chrono::{DateTime, Utc};

use crate::{
    domain::{fault::Fault, group::ANY_GROUP, patch::Patch, rule::ModelRule},
    route::rules::Matcher,
};

/// Characters of a name.
pub(super) const NAME_CHARS_MAX: usize = 100;

/// Characters of a group's name.
const GROUP_CHARS_MAX: usize = 64;

/// Groups that one thing may belong to.
const GROUPS_MAX: usize = 50;

/// Characters of a tag.
const TAG_CHARS_MAX: usize = 32;

/// Tags of one user.
const TAGS_MAX: usize = 20;

/// Characters that a list can be searched for.
const WORDS_CHARS_MAX: usize = 256;

/// Rules in one list.
const RULES_MAX: usize = 500;

/// A name for people: 1 to 100 characters, trimmed, on one line.
pub(super) fn name(text: &str) -> Result<String, Fault> {
    line("name", text, NAME_CHARS_MAX)
}

/// One line of 1 to `chars_max` characters, trimmed.
pub(super) fn line(field: &str, text: &str, chars_max: usize) -> Result<String, Fault> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > chars_max {
        return Err(Fault::invalid(field, format!("must have 1 to {chars_max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::invalid(field, "must not have control characters"));
    }
    Ok(text.to_owned())
}

/// Words that a list is searched for: trimmed; none if nothing is left.
pub(super) fn words(field: &str, words: Option<&str>) -> Result<Option<String>, Fault> {
    let words = words.map(str::trim).filter(|words| !words.is_empty());
    words.map(|words| line(field, words, WORDS_CHARS_MAX)).transpose()
}

/// Free text of at most `chars_max` characters.
pub(super) fn text(field: &str, text: &str, chars_max: usize) -> Result<String, Fault> {
    if text.chars().count() > chars_max {
        return Err(Fault::invalid(field, format!("must have at most {chars_max} characters")));
    }
    // Postgres keeps no zero bytes in text.
    if text.contains('\0') {
        return Err(Fault::invalid(field, "must not have zero characters"));
    }
    Ok(text.to_owned())
}

/// Names of groups, each once. `any` tells whether `*` may stand for all of them.
pub(super) fn groups(names: &[String], any: bool) -> Result<Vec<String>, Fault> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        let name = if any && name.trim() == ANY_GROUP { ANY_GROUP.to_owned() } else { group("group", name)? };
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    if kept.len() > GROUPS_MAX {
        return Err(Fault::invalid("group", format!("must be at most {GROUPS_MAX} names")));
    }
    Ok(kept)
}

/// Tags, each once.
pub(super) fn tags(tags: &[String]) -> Result<Vec<String>, Fault> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = line("tags", tag, TAG_CHARS_MAX)?;
        if tag.contains(',') {
            return Err(Fault::invalid("tags", format!("`{tag}`: a tag has no comma; give a list of tags")));
        }
        if !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    if kept.len() > TAGS_MAX {
        return Err(Fault::invalid("tags", format!("must be at most {TAGS_MAX}")));
    }
    Ok(kept)
}

/// The name of one group.
pub(super) fn group(field: &str, name: &str) -> Result<String, Fault> {
    let name = line(field, name, GROUP_CHARS_MAX)?;
    if name.contains(',') {
        return Err(Fault::invalid(field, format!("`{name}`: a group's name has no comma; give a list of names")));
    }
    if name == ANY_GROUP {
        return Err(Fault::invalid(field, "`*` is for users and keys: it means all groups and names none"));
    }
    Ok(name)
}

/// The groups among `names` that exist in their own right: all but `*`.
pub(super) fn named_groups(names: &[String]) -> Vec<String> {
    names.iter().filter(|name| *name != ANY_GROUP).cloned().collect()
}

/// Checks that rules on models can be used.
pub(super) fn model_rules(field: &str, rules: &mut dyn ExactSizeIterator<Item = &ModelRule>) -> Result<(), Fault> {
    if rules.len() > RULES_MAX {
        return Err(Fault::invalid(field, format!("must be at most {RULES_MAX} rules")));
    }
    for rule in rules {
        if rule.value.contains('\0') {
            return Err(Fault::invalid(field, "must not have zero characters"));
        }
        Matcher::compile(rule).map_err(|why| Fault::invalid(field, why))?;
    }
    Ok(())
}

/// Checks that a value, if there is one, lies within bounds.
pub(super) fn within<T: Copy + PartialOrd + Display>(
    field: &str,
    value: Option<T>,
    low: T,
    high: T,
) -> Result<(), Fault> {
    if value.is_none_or(|value| (low..=high).contains(&value)) {
        return Ok(());
    }
    Err(Fault::invalid(field, format!("must be from {low} to {high}")))
}

/// A time to the microsecond, which is what Postgres keeps.
pub(super) fn time(time: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    time.map(|time| DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time))
}

/// The new value of a field that always has one; none to keep it.
pub(super) fn not_cleared<T>(field: &str, patch: Patch<T>) -> Result<Option<T>, Fault> {
    match patch {
        Patch::Keep => Ok(None),
        Patch::Clear => Err(Fault::invalid(field, "cannot be cleared")),
        Patch::Set(value) => Ok(Some(value)),
    }
}

/// A text to look for: Postgres knows no zero characters.
pub(super) fn check_text(field: &'static str, text: Option<&str>) -> Result<(), Fault> {
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(Fault::invalid(field, "must not have zero characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(name("  Ada  "), Ok("Ada".to_owned()));
        assert_eq!(name(&"ä".repeat(100)), Ok("ä".repeat(100)));
        for wrong in ["", "   ", "a\nb", "a\0", &"a".repeat(101)] {
            assert_eq!(name(wrong).unwrap_err().field(), Some("name"), "{wrong:?}");
        }
        assert!(text("note", "two\nlines", 10).is_ok());
        assert!(text("note", "a\0", 10).is_err() && text("note", "12345678901", 10).is_err());
    }

    #[test]
    fn tags_are_short_words_each_once() {
        assert_eq!(tags(&names(&[" a ", "b", "a"])), Ok(names(&["a", "b"])));
        for wrong in ["a,b", "", &"t".repeat(33)] {
            assert_eq!(tags(&names(&[wrong])).unwrap_err().field(), Some("tags"), "{wrong}");
        }
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert_eq!(tags(&many).unwrap_err().field(), Some("tags"));
        assert_eq!((words("q", Some("  ")), words("q", Some(" a "))), (Ok(None), Ok(Some("a".to_owned()))));
        assert_eq!(words("q", Some("\0")).unwrap_err().field(), Some("q"));
    }

    #[test]
    fn groups_are_a_list_of_names_without_commas() {
        assert_eq!(groups(&names(&["a", " a ", "b"]), false), Ok(names(&["a", "b"])));
        assert_eq!(groups(&names(&["*"]), true), Ok(names(&["*"])));
        for wrong in ["a,b", "", "*", &"g".repeat(65)] {
            assert_eq!(groups(&names(&[wrong]), false).unwrap_err().field(), Some("group"), "{wrong}");
        }
        assert_eq!(named_groups(&names(&["*", "a"])), names(&["a"]));
    }
}
