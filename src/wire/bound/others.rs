//! Other models than the one that is sent that a body lets work on its answer: those that take its place if it declines
//! (`fallbacks`), and those that it may ask for advice (tools whose type begins with `advisor`). Each is charged at its
//! own price (docs/rules.md, Prices).

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::TOOL_USES_UNNAMED;

/// Models that take another one's place at most where the body leaves it to the provider which and how many.
const FALLBACKS_UNNAMED: u64 = 3;

/// Models that are looked at one by one.
const POSSIBLE_MODELS_MAX: usize = 16;

/// A model that may work on the answer beside the one that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PossibleModel {
    /// Which one; none if the provider chooses it, or nobody could read it.
    pub model: Option<String>,
    /// How often it may work on it.
    pub n_rounds: u64,
    /// How much it may write each time.
    pub writes: Writes,
    /// True if it is asked for advice: whoever has asked it goes on afterwards, and reads everything once more.
    pub is_advisor: bool,
}

/// How much a model may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// As much as the model that is sent.
    AsAsked,
    /// So many tokens.
    AtMost(u64),
    /// As much as it can.
    All,
}

impl PossibleModel {
    /// Models that nobody could read.
    pub(super) const UNREAD: Self =
        Self { model: None, n_rounds: TOOL_USES_UNNAMED, writes: Writes::All, is_advisor: true };
}

/// What a body says of other models.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// The models.
    pub(super) all: Vec<PossibleModel>,
    /// True if one may be asked as often as the one that is sent likes.
    pub(super) is_open: bool,
    /// True if one may be faster and dearer.
    pub(super) may_be_fast: bool,
    /// True if one may write the prompt to a cache of its own.
    pub(super) may_cache: bool,
}

#[derive(Deserialize)]
struct Fallback {
    model: String,
    max_tokens: Option<u64>,
    speed: Option<Value>,
}

#[derive(Deserialize)]
struct Advisor {
    #[serde(rename = "type")]
    kind: Option<String>,
    model: Option<String>,
    max_uses: Option<u64>,
    max_tokens: Option<u64>,
    caching: Option<Value>,
}

impl Others {
    /// Reads what stands in the body's `fallbacks`, and in its `tools`, if there may be an advisor among them.
    pub(super) fn read(fallbacks: Option<&RawValue>, tools_with_advisor: Option<&RawValue>) -> Self {
        let mut others = Self::default();
        if let Some(raw) = fallbacks {
            others.read_fallbacks(raw);
        }
        if let Some(raw) = tools_with_advisor {
            others.read_advisors(raw);
        }
        if others.all.len() > POSSIBLE_MODELS_MAX {
            let n_rounds = others.all.iter().fold(0_u64, |sum, other| sum.saturating_add(other.n_rounds));
            others.all = vec![PossibleModel { n_rounds, ..PossibleModel::UNREAD }];
        }
        others
    }

    fn read_fallbacks(&mut self, raw: &RawValue) {
        let Ok(entries) = serde_json::from_str::<Option<Vec<Fallback>>>(raw.get()) else {
            // A word (`default`) leaves it to the provider, which does then what the body says; another form is one
            // that we do not know.
            let is_word = raw.get().starts_with('"');
            let n_entries = serde_json::from_str::<Vec<&RawValue>>(raw.get()).map_or(0, |entries| entries.len());
            let n_rounds = u64::try_from(n_entries).unwrap_or(u64::MAX).max(FALLBACKS_UNNAMED);
            let writes = if is_word { Writes::AsAsked } else { Writes::All };
            self.all.push(PossibleModel { model: None, n_rounds, writes, is_advisor: false });
            self.may_be_fast |= !is_word;
            return;
        };
        for Fallback { model, max_tokens, speed } in entries.into_iter().flatten() {
            self.may_be_fast |= speed.is_some_and(|speed| speed != "standard");
            let writes = max_tokens.map_or(Writes::AsAsked, Writes::AtMost);
            self.all.push(PossibleModel { model: Some(model), n_rounds: 1, writes, is_advisor: false });
        }
    }

    fn read_advisors(&mut self, raw: &RawValue) {
        let Ok(tools) = serde_json::from_str::<Option<Vec<Advisor>>>(raw.get()) else {
            self.all.push(PossibleModel::UNREAD);
            (self.is_open, self.may_be_fast, self.may_cache) = (true, true, true);
            return;
        };
        for Advisor { kind, model, max_uses, max_tokens, caching } in tools.into_iter().flatten() {
            if !kind.is_some_and(|kind| is_advisor(&kind)) {
                continue;
            }
            self.is_open |= max_uses.is_none();
            self.may_cache |= caching.is_some();
            let writes = max_tokens.map_or(Writes::All, Writes::AtMost);
            self.all.push(PossibleModel {
                model,
                n_rounds: max_uses.unwrap_or(TOOL_USES_UNNAMED),
                writes,
                is_advisor: true,
            });
        }
    }
}

/// True for a tool that asks another model.
pub(super) fn is_advisor(kind: &str) -> bool {
    kind.starts_with("advisor")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::bound::Bound;

    fn read(body: &Value) -> Bound {
        Bound::read(body.to_string().as_bytes())
    }

    fn fallback(model: &str, writes: Writes) -> PossibleModel {
        PossibleModel { model: Some(model.to_owned()), n_rounds: 1, writes, is_advisor: false }
    }

    #[test]
    fn models_that_take_the_place_of_another_are_seen() {
        let bound = read(&json!({"model": "a", "fallbacks": [{"model": "b"}, {"model": "c", "max_tokens": 9}]}));
        assert_eq!(bound.others, [fallback("b", Writes::AsAsked), fallback("c", Writes::AtMost(9))]);
        assert!(bound.input_tokens.is_some() && !bound.is_fast && !bound.may_write_cache, "{bound:?}");
        for (speed, is_fast) in [(json!("fast"), true), (json!("standard"), false), (json!(null), false)] {
            let bound = read(&json!({"fallbacks": [{"model": "b", "speed": speed}]}));
            assert_eq!((bound.others.len(), bound.is_fast), (1, is_fast), "{speed}");
        }
        for none in [json!(null), json!([])] {
            assert!(read(&json!({"fallbacks": none})).others.is_empty());
        }
        let talk = json!({"messages": [{"role": "user", "content": "\"fallbacks\": \"advisor\""}]});
        assert!(read(&talk).others.is_empty());
        assert_eq!(Bound::read(br#"{"fallb\u0061cks":[{"model":"b"}]}"#).others, [fallback("b", Writes::AsAsked)]);
        // Whoever is sent the body chooses.
        let bound = read(&json!({"fallbacks": "default"}));
        let unnamed = PossibleModel { model: None, n_rounds: 3, writes: Writes::AsAsked, is_advisor: false };
        assert_eq!((&bound.others[..], bound.is_fast), (&[unnamed.clone()][..], false));
        // Another form, an entry that names two models, and very many.
        let odd = PossibleModel { writes: Writes::All, ..unnamed };
        for (odd_fallbacks, n_rounds) in [
            (json!(["b", "c", "d", "e"]).to_string(), 4),
            (json!({"model": "b"}).to_string(), 3),
            (r#"[{"model":"b","model":"c"}]"#.to_owned(), 3),
        ] {
            let bound = Bound::read(format!(r#"{{"fallbacks":{odd_fallbacks}}}"#).as_bytes());
            let expected = PossibleModel { n_rounds, ..odd.clone() };
            assert_eq!((&bound.others[..], bound.is_fast), (&[expected][..], true), "{odd_fallbacks}");
        }
        let many: Vec<_> = (0..40).map(|n| json!({"model": format!("m{n}")})).collect();
        assert_eq!(read(&json!({"fallbacks": many})).others, [PossibleModel { n_rounds: 40, ..PossibleModel::UNREAD }]);
    }

    #[test]
    fn models_that_are_asked_for_advice_are_seen() {
        let tool = json!({"type": "advisor_20260301", "name": "advisor", "model": "b", "max_uses": 2});
        let advisor =
            PossibleModel { model: Some("b".to_owned()), n_rounds: 2, writes: Writes::AtMost(2_048), is_advisor: true };
        let bound = read(&json!({"tools": [tool]}));
        assert_eq!(bound.others, [PossibleModel { writes: Writes::All, ..advisor.clone() }]);
        // It is no tool with a fee for each use, and nothing is fetched by it.
        assert!(bound.input_tokens.is_some() && bound.tool_uses == 0 && !bound.may_write_cache, "{bound:?}");
        let bound = read(&json!({"tools": [merged(&tool, "max_tokens", json!(2_048))]}));
        assert_eq!(bound.others, [advisor]);
        let bound = read(&json!({"tools": [merged(&tool, "caching", json!({"type": "ephemeral", "ttl": "1h"}))]}));
        assert!(bound.may_write_cache && bound.may_write_cache_1h, "{bound:?}");
        // As often as it likes.
        let bound = read(&json!({"tools": [merged(&tool, "max_uses", json!(null))]}));
        assert_eq!((bound.input_tokens, bound.others[0].n_rounds), (None, TOOL_USES_UNNAMED));
        // What nobody can read may be any.
        let bound = read(&json!({"tools": [{"name": "mine", "input_schema": {}, "model": 1}, tool]}));
        assert_eq!((bound.input_tokens, &bound.others[..]), (None, &[PossibleModel::UNREAD][..]));
        let twice = br#"{"tools":[{"type":"custom","type":"advisor_20260301"}]}"#;
        assert_eq!(Bound::read(twice).others, [PossibleModel::UNREAD]);
        assert_eq!(Bound::read(br#"{"tools":[],"tools":[{"type":"advisor_20260301"}]}"#), Bound::unread());
        assert_eq!(Bound::read(br#"{"fallbacks":[],"fallbacks":[{"model":"b"}]}"#), Bound::unread());
    }

    fn merged(tool: &Value, field: &str, value: Value) -> Value {
        let mut tool = tool.clone();
        tool[field] = value;
        tool
    }
}
