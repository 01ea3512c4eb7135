//! The rounds of an answer that took several: in some of them another model may have worked than the one that was sent
//! (docs/rules.md, The Anthropic wire).

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::anthropic::{counts, splits_writes};
use crate::domain::{price::undated, usage::Usage};

/// A round of the model that answers, or that was asked before it and has declined.
const MESSAGE: &str = "message";

/// The last round of a model that has taken the place of one that has declined.
const FALLBACK: &str = "fallback_message";

/// A round of a model that was asked for advice. The caller has named it.
const ADVISOR: &str = "advisor_message";

/// How many models beside the one that was sent are told apart in one answer. Further ones count as that one.
const USED_MODELS_MAX: usize = 8;

/// Characters kept of a model's name.
const NAME_CHARS_MAX: usize = 256;

/// What each model has used of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByModel {
    /// What the model that was sent has used.
    pub own: Usage,
    /// Tokens of its longest prompt, where the answer took several rounds: it decides the tier.
    pub longest_prompt: Option<u64>,
    /// The most tokens that one of its rounds has read from and written to a cache, where the answer took several: each
    /// reads the same beginning again.
    pub most_cached: Option<u64>,
    /// What others have used.
    pub others: Vec<UsedModel>,
}

/// What a model has used that is not the one that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsedModel {
    /// The model, as the answer names it.
    pub model: String,
    /// What it has used.
    pub usage: Usage,
    /// Tokens of its longest prompt.
    pub longest_prompt: u64,
}

/// A usage object and the rounds that it lists. None of them is kept: whoever answers may list millions.
#[derive(Debug)]
pub(super) struct Rounds<'a> {
    listed: &'a [Value],
    /// The counts at the top.
    top: Usage,
    /// True if a model has taken the place of another one.
    falls_back: bool,
    /// The server's own name for the model that was sent.
    alias: Option<String>,
    /// Of the cache writes that rounds do not tell apart by lifetime, how many live for five minutes: the first ones.
    n_short: u64,
}

#[derive(Debug)]
struct Round<'a> {
    kind: &'a str,
    model: Option<&'a str>,
    usage: Usage,
    /// True if it tells its cache writes apart by lifetime.
    splits_writes: bool,
}

impl<'a> Rounds<'a> {
    /// Looks through them once.
    pub(super) fn read(fields: &'a Map<String, Value>) -> Self {
        let listed = fields.get("iterations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (mut first, mut fallback) = (None, None);
        for round in listed.iter().filter_map(Value::as_object) {
            let model = || Some(text(round, "model").unwrap_or_default());
            match text(round, "type") {
                Some(MESSAGE) if first.is_none() => first = model(),
                Some(FALLBACK) => fallback = model(),
                _ => {}
            }
        }
        // What was sent is asked first, unless the conversation goes to what has taken its place since an earlier call.
        let is_sent = |name: &String| fallback.map(readable).is_none_or(|other| family(&other) != family(name));
        let alias = first.map(readable).filter(is_sent);
        let mut rounds = Self { listed, top: counts(fields), falls_back: fallback.is_some(), alias, n_short: u64::MAX };
        if rounds.top.cache_write_1h > 0 {
            rounds.n_short = rounds.short_writes();
        }
        rounds
    }

    /// How many of the cache writes that rounds do not tell apart live for five minutes: what the top leaves of them. It may
    /// describe the last rounds only, so the first ones are short-lived. What advisors use is not in it.
    fn short_writes(&self) -> u64 {
        let (mut long, mut untold) = (0_u64, 0_u64);
        for Round { usage, splits_writes, .. } in self.charged().filter(|round| round.kind != ADVISOR) {
            let (of_long, of_untold) =
                if splits_writes { (usage.cache_write_1h, 0) } else { (0, usage.cache_write_5m) };
            (long, untold) = (long.saturating_add(of_long), untold.saturating_add(of_untold));
        }
        untold.saturating_sub(self.top.cache_write_1h.saturating_sub(long))
    }

    /// Those that are charged. A model that declined before it wrote anything, so that another one took its place, is not.
    fn charged(&self) -> impl Iterator<Item = Round<'a>> {
        let (falls_back, mut n_short) = (self.falls_back, self.n_short);
        let rounds = self.listed.iter().filter_map(Value::as_object).map(Round::read);
        let used = rounds.filter(move |round| {
            let has_declined = falls_back && round.kind == MESSAGE && round.usage.output == 0;
            !has_declined && round.usage.total() > 0
        });
        used.map(move |mut round| {
            if !round.splits_writes && round.kind != ADVISOR {
                let n_writes = round.usage.cache_write_5m;
                round.usage.cache_write_5m = n_writes.min(n_short);
                round.usage.cache_write_1h = n_writes - round.usage.cache_write_5m;
                n_short -= round.usage.cache_write_5m;
            }
            round
        })
    }

    /// What was used together.
    pub(super) fn usage(&self) -> Usage {
        self.whole(self.charged().fold(Usage::default(), |sum, round| sum.plus(&round.usage)))
    }

    /// The same, if the rounds have used `sum`: the larger of this and the top; but where a model has taken the place of
    /// another one the top describes its work alone.
    fn whole(&self, sum: Usage) -> Usage {
        let is_sum = sum.total() > self.top.total() || (self.falls_back && sum.total() > 0);
        if is_sum { sum.plus(&self.tools()) } else { self.top }
    }

    /// Uses of tools, which only the whole answer counts.
    fn tools(&self) -> Usage {
        let Usage { web_searches, web_fetches, code_executions, .. } = self.top;
        Usage { web_searches, web_fetches, code_executions, ..Usage::default() }
    }

    /// What each model has used of an answer that was asked of the model `sent`. Models that have taken the place of that
    /// one are told apart if `knows_fallbacks`; those that the caller has named are always.
    pub(super) fn by_model(&self, sent: &str, knows_fallbacks: bool) -> ByModel {
        let mut others = Vec::new();
        let (mut own, mut of_others, mut longest, mut cached) = (Usage::default(), Usage::default(), 0, 0);
        for round in self.charged() {
            let other = self.other(&round, sent, knows_fallbacks).and_then(|name| place(&mut others, name));
            let Some(other) = other else {
                own = own.plus(&round.usage);
                longest = round.usage.prompt().max(longest);
                cached = round.usage.cached().max(cached);
                continue;
            };
            other.usage = other.usage.plus(&round.usage);
            other.longest_prompt = round.usage.prompt().max(other.longest_prompt);
            of_others = of_others.plus(&round.usage);
        }
        let sum = own.plus(&of_others);
        let whole = self.whole(sum);
        if sum.total() == 0 {
            return ByModel { own: whole, ..ByModel::default() };
        }
        // What no round accounts for may have been a part of the longest, and of what was cached last.
        let longest = longest.saturating_add(whole.prompt().saturating_sub(sum.prompt()));
        let cached = cached.saturating_add(whole.cached().saturating_sub(sum.cached()));
        let own = if others.is_empty() {
            whole
        } else if let Some(last) = self.described(own, &mut others) {
            last.usage = self.top;
            Usage::default()
        } else {
            self.rest(whole, own, &of_others)
        };
        ByModel { own, longest_prompt: Some(longest), most_cached: Some(cached), others }
    }

    /// The model that has done all that the top describes, if what was sent has done nothing: the top may tell more apart
    /// than its rounds, and its tools are that model's.
    fn described<'b>(&self, own: Usage, others: &'b mut [UsedModel]) -> Option<&'b mut UsedModel> {
        let totals = |usage: &Usage| (usage.prompt(), usage.output);
        let has_all = self.falls_back && own == Usage::default();
        let mut alike = others.iter_mut().filter(|other| has_all && totals(&other.usage) == totals(&self.top));
        let found = alike.next();
        if alike.next().is_some() { None } else { found }
    }

    /// What is left of the `whole` for the model that was sent, which has used `own` in its rounds.
    fn rest(&self, whole: Usage, own: Usage, of_others: &Usage) -> Usage {
        let sum = own.plus(of_others);
        let n_left = whole.total().saturating_sub(sum.total());
        // Only where the top has of each class what others have used can it be taken out class by class.
        if n_left > 0 && of_others.minus(&whole) == Usage::default() {
            return whole.minus(of_others);
        }
        let output = whole.output.saturating_sub(sum.output).min(n_left);
        own.plus(&Usage { input: n_left - output, output, ..self.tools() })
    }

    /// The model that has worked in a round, if it is another one than was sent. Servers have names of their own for
    /// what they were sent: these matter only where one model has given way to another, or has asked another.
    fn other(&self, round: &Round<'_>, sent: &str, knows_fallbacks: bool) -> Option<String> {
        let is_advisor = round.kind == ADVISOR;
        let may_be_another = is_advisor || self.falls_back && knows_fallbacks;
        if !may_be_another {
            return None;
        }
        let name = readable(round.model?);
        let is_sent =
            family(&name) == family(sent) || self.alias.as_deref().is_some_and(|alias| family(&name) == family(alias));
        // Where what was sent is charged as another model, an advisor is not, even if it is the same.
        let is_other = !is_sent || (is_advisor && !knows_fallbacks);
        (is_other && !name.is_empty()).then_some(name)
    }
}

impl<'a> Round<'a> {
    fn read(fields: &'a Map<String, Value>) -> Self {
        let usage = Usage { web_searches: 0, web_fetches: 0, code_executions: 0, ..counts(fields) };
        Self {
            kind: text(fields, "type").unwrap_or_default(),
            model: text(fields, "model"),
            usage,
            splits_writes: splits_writes(fields),
        }
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// A model's name as it can be shown and kept.
fn readable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

/// A model's name without its date: with and without, it is the same model.
fn family(model: &str) -> &str {
    undated(model).unwrap_or(model)
}

/// A model's place among the others; none if there are too many.
fn place(others: &mut Vec<UsedModel>, model: String) -> Option<&mut UsedModel> {
    let known = others.iter().position(|other| other.model == model);
    let at = known.unwrap_or(others.len());
    if known.is_none() && others.len() < USED_MODELS_MAX {
        others.push(UsedModel { model, ..UsedModel::default() });
    }
    others.get_mut(at)
}
