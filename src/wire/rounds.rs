//! The rounds of an answer that took several: in some of them another model may have worked than the one that was sent
//! (docs/rules.md, The Anthropic wire).

use serde_json::{Map, Value};

use super::anthropic::counts;
use crate::domain::{price::undated, usage::Usage};

/// A round of the model that answers, or that was asked before it and has declined.
const MESSAGE: &str = "message";

/// The last round of a model that has taken the place of one that has declined.
const FALLBACK: &str = "fallback_message";

/// A round of a model that was asked for advice. The caller has named it.
const ADVISOR: &str = "advisor_message";

/// How many models beside the one that was sent are told apart in one answer. Further ones count as that one.
const OTHERS_MAX: usize = 8;

/// Characters kept of a model's name.
const NAME_CHARS_MAX: usize = 256;

/// What each model has used of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByModel {
    /// What the model that was sent has used.
    pub own: Usage,
    /// Tokens of its longest prompt, where the answer took several rounds: it decides the tier.
    pub longest_prompt: Option<u64>,
    /// What others have used.
    pub others: Vec<Other>,
}

/// What a model has used that is not the one that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Other {
    /// The model, as the answer names it.
    pub model: String,
    /// What it has used.
    pub usage: Usage,
    /// Tokens of its longest prompt.
    pub longest_prompt: u64,
}

/// The rounds that a usage object lists and that are charged.
#[derive(Debug)]
pub(super) struct Rounds<'a> {
    all: Vec<Round<'a>>,
    /// True if a model has taken the place of another one.
    falls_back: bool,
}

#[derive(Debug)]
struct Round<'a> {
    kind: &'a str,
    model: Option<&'a str>,
    usage: Usage,
}

impl<'a> Rounds<'a> {
    /// Reads them. A model that declined before it wrote anything, so that another one took its place, is not charged.
    pub(super) fn read(fields: &'a Map<String, Value>) -> Self {
        let listed = fields.get("iterations").and_then(Value::as_array).into_iter().flatten();
        let mut all: Vec<Round<'a>> = listed.filter_map(Value::as_object).map(Round::read).collect();
        let falls_back = all.iter().any(|round| round.kind == FALLBACK);
        all.retain(|round| !(falls_back && round.kind == MESSAGE && round.usage.output == 0));
        Self { all, falls_back }
    }

    /// What they have used together, without tools: only the whole answer counts those.
    pub(super) fn sum(&self) -> Usage {
        self.all.iter().fold(Usage::default(), |sum, round| sum.plus(&round.usage))
    }

    /// What each model has used of an answer that has used `usage` and was asked of the model `sent`. Models that have
    /// taken the place of that one are told apart if `knows_fallbacks`; those that the caller has named are always.
    pub(super) fn by_model(&self, usage: Usage, sent: &str, knows_fallbacks: bool) -> ByModel {
        let mut by_model = ByModel { own: usage, ..ByModel::default() };
        if self.all.is_empty() {
            return by_model;
        }
        let (mut own, mut of_others, mut longest) = (Usage::default(), Usage::default(), 0);
        for round in &self.all {
            let other = self.other(round, sent, knows_fallbacks).and_then(|name| place(&mut by_model.others, name));
            let Some(other) = other else {
                own = own.plus(&round.usage);
                longest = round.usage.prompt().max(longest);
                continue;
            };
            other.usage = other.usage.plus(&round.usage);
            other.longest_prompt = round.usage.prompt().max(other.longest_prompt);
            of_others = of_others.plus(&round.usage);
        }
        let sum = own.plus(&of_others);
        // What no round accounts for may have been a part of it.
        let rest = usage.prompt().saturating_sub(sum.prompt());
        by_model.longest_prompt = Some(longest.saturating_add(rest));
        if !by_model.others.is_empty() {
            let Usage { web_searches, web_fetches, code_executions, .. } = usage;
            by_model.own = if sum.total() < usage.total() {
                usage.minus(&of_others)
            } else {
                Usage { web_searches, web_fetches, code_executions, ..own }
            };
        }
        by_model
    }

    /// The model that has worked in a round, if it is another one than was sent. Servers have names of their own for
    /// what they were sent: these matter only where one model has given way to another, or has asked another.
    fn other(&self, round: &Round<'_>, sent: &str, knows_fallbacks: bool) -> Option<String> {
        let may_be_other = round.kind == ADVISOR || (self.falls_back && knows_fallbacks);
        let name: String = round.model?.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
        let is_other = may_be_other && !name.is_empty() && family(&name) != family(sent);
        is_other.then_some(name)
    }
}

impl<'a> Round<'a> {
    fn read(fields: &'a Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str);
        let usage = Usage { web_searches: 0, web_fetches: 0, code_executions: 0, ..counts(fields) };
        Self { kind: text("type").unwrap_or_default(), model: text("model"), usage }
    }
}

/// A model's name without its date: with and without, it is the same model.
fn family(model: &str) -> &str {
    undated(model).unwrap_or(model)
}

/// A model's place among the others; none if there are too many.
fn place(others: &mut Vec<Other>, model: String) -> Option<&mut Other> {
    let known = others.iter().position(|other| other.model == model);
    let at = known.unwrap_or(others.len());
    if known.is_none() && others.len() < OTHERS_MAX {
        others.push(Other { model, ..Other::default() });
    }
    others.get_mut(at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::anthropic::Report;

    /// A usage object with these counts at its top, two searches, and these rounds.
    fn report((input, output): (u64, u64), rounds: &Value) -> Report {
        let usage = json!({"input_tokens": input, "output_tokens": output,
            "server_tool_use": {"web_search_requests": 2}, "iterations": rounds});
        let mut report = Report::default();
        report.take(usage.as_object().unwrap().clone());
        report
    }

    fn round(kind: &str, input: u64, output: u64) -> Value {
        json!({"type": kind, "input_tokens": input, "output_tokens": output})
    }

    fn of(model: &str, kind: &str, input: u64, output: u64) -> Value {
        json!({"type": kind, "model": model, "input_tokens": input, "output_tokens": output})
    }

    fn used(input: u64, output: u64) -> Usage {
        Usage { input, output, ..Usage::default() }
    }

    fn other(model: &str, (input, output): (u64, u64), longest_prompt: u64) -> Other {
        Other { model: model.to_owned(), usage: used(input, output), longest_prompt }
    }

    #[test]
    fn rounds_of_the_server_are_added_up_where_the_top_leaves_some_out() {
        let usage = |rounds: &Value| report((10, 5), rounds).usage();
        let top = Usage { web_searches: 2, ..used(10, 5) };
        assert_eq!(usage(&json!([round("message", 10, 5)])), top);
        let more = json!([round("compaction", 900, 40), round("message", 10, 5)]);
        assert_eq!(usage(&more), Usage { web_searches: 2, ..used(910, 45) });
        for odd in [json!([]), json!(null), json!([1, "a"]), json!({"a": 1})] {
            assert_eq!(usage(&odd), top);
        }
        // A tier is reached by the prompt of a round, not by that of all of them.
        let longest = |rounds: &Value| report((10, 5), rounds).by_model("sent", true).longest_prompt;
        assert_eq!(longest(&more), Some(900));
        // Six of the ten at the top are in no round.
        assert_eq!(longest(&json!([round("message", 3, 0), round("message", 1, 0)])), Some(9));
        assert_eq!(longest(&json!([])), None);
    }

    #[test]
    fn what_a_model_has_used_that_took_the_place_of_the_one_sent_is_told_apart() {
        let (sent, next, last) = ("claude-fable-5", "claude-opus-5", "claude-opus-4-8");
        // It has declined before it wrote anything: that costs nothing.
        let declined = json!([of(sent, MESSAGE, 535, 0), of(last, FALLBACK, 412, 264)]);
        let served = report((412, 264), &declined);
        assert_eq!(served.usage(), Usage { web_searches: 2, ..used(412, 264) });
        let by_model = served.by_model(sent, true);
        let own = Usage { web_searches: 2, ..Usage::default() };
        let others = vec![other(last, (412, 264), 412)];
        assert_eq!(by_model, ByModel { own, longest_prompt: Some(0), others });
        // Nobody declined, the conversation goes there since an earlier call.
        let sticky = report((412, 264), &json!([of(last, FALLBACK, 412, 264)])).by_model(sent, true);
        assert_eq!(sticky.others, [other(last, (412, 264), 412)]);
        // Two have declined in the middle, and the last one took several rounds.
        let rounds = json!([
            of(sent, MESSAGE, 500, 90),
            of(next, MESSAGE, 600, 20),
            of(last, MESSAGE, 640, 70),
            of(last, FALLBACK, 700, 80),
        ]);
        let by_model = report((700, 80), &rounds).by_model(sent, true);
        assert_eq!((by_model.own.input, by_model.own.output, by_model.longest_prompt), (500, 90, Some(500)));
        assert_eq!(by_model.others, [other(next, (600, 20), 600), other(last, (1_340, 150), 700)]);
        // All is the model's that was asked for, if it is what is charged.
        let whole = report((700, 80), &rounds);
        let all = whole.by_model(sent, false);
        assert_eq!((all.own, all.longest_prompt, all.others), (whole.usage(), Some(700), Vec::new()));
    }

    #[test]
    fn advisors_are_told_apart_and_the_servers_name_for_what_was_sent_is_not() {
        let rounds = json!([
            of("claude-haiku-4-5-20251001", MESSAGE, 412, 89),
            of("claude-opus-4-7", ADVISOR, 823, 1_612),
            of("house-name", MESSAGE, 1_348, 442),
        ]);
        for knows_fallbacks in [true, false] {
            let by_model = report((1_760, 531), &rounds).by_model("claude-haiku-4-5", knows_fallbacks);
            let own = Usage { web_searches: 2, ..used(1_760, 531) };
            let others = vec![other("claude-opus-4-7", (823, 1_612), 823)];
            assert_eq!(by_model, ByModel { own, longest_prompt: Some(1_348), others });
        }
        let rounds = json!([of("claude-opus-4-8", ADVISOR, 5, 5), of("claude-opus-4-8-20260301", FALLBACK, 10, 5)]);
        assert!(report((10, 5), &rounds).by_model("claude-opus-4-8", true).others.is_empty());
    }

    #[test]
    fn what_no_round_accounts_for_is_of_the_model_that_was_sent() {
        let rounds = json!([of("b", ADVISOR, 30, 2)]);
        let by_model = report((100, 50), &rounds).by_model("a", true);
        let own = Usage { web_searches: 2, ..used(70, 48) };
        assert_eq!(by_model, ByModel { own, longest_prompt: Some(70), others: vec![other("b", (30, 2), 30)] });
    }

    #[test]
    fn names_that_are_none_and_models_beyond_the_bound_count_as_what_was_sent() {
        let names = ["\u{0}", "", "b\u{7}"].map(|name| of(name, ADVISOR, 1, 1));
        let by_model = report((0, 0), &json!(names)).by_model("a", true);
        assert_eq!((by_model.own.input, by_model.others), (2, vec![other("b", (1, 1), 1)]));
        let many: Vec<Value> = (0..20).map(|n| of(&format!("m{n}"), ADVISOR, 1, 1)).collect();
        let by_model = report((0, 0), &json!(many)).by_model("a", true);
        assert_eq!((by_model.own.input, by_model.others.len()), (12, OTHERS_MAX));
    }
}
