//! What each model has used.

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

fn other(model: &str, (input, output): (u64, u64), longest_prompt: u64) -> UsedModel {
    UsedModel { model: model.to_owned(), usage: used(input, output), longest_prompt }
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
    // What was searched for it, that one has searched for.
    let searched = UsedModel { usage: Usage { web_searches: 2, ..used(412, 264) }, ..other(last, (412, 264), 412) };
    let none = ByModel { longest_prompt: Some(0), most_cached: Some(0), ..ByModel::default() };
    assert_eq!(served.by_model(sent, true), ByModel { others: vec![searched.clone()], ..none });
    // Nobody declined, the conversation goes there since an earlier call.
    let sticky = report((412, 264), &json!([of(last, FALLBACK, 412, 264)])).by_model(sent, true);
    assert_eq!((sticky.own, sticky.others), (Usage::default(), vec![searched]));
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
        assert_eq!(by_model, ByModel { own, longest_prompt: Some(1_348), most_cached: Some(0), others });
    }
    let rounds = json!([of("claude-opus-4-8", ADVISOR, 5, 5), of("claude-opus-4-8-20260301", FALLBACK, 10, 5)]);
    assert!(report((10, 5), &rounds).by_model("claude-opus-4-8", true).others.is_empty());
}

#[test]
fn what_no_round_accounts_for_is_of_the_model_that_was_sent() {
    let rounds = json!([of("b", ADVISOR, 30, 2)]);
    let by_model = report((100, 50), &rounds).by_model("a", true);
    let own = Usage { web_searches: 2, ..used(70, 48) };
    let others = vec![other("b", (30, 2), 30)];
    assert_eq!(by_model, ByModel { own, longest_prompt: Some(70), most_cached: Some(0), others });
    // Where the top has less of a class than others have used, what is left of it by its sum is all that there is.
    let by_model = report((20, 50), &json!([of("b", ADVISOR, 30, 2), round(MESSAGE, 5, 1)])).by_model("a", true);
    assert_eq!(by_model.own, Usage { web_searches: 2, ..used(5, 33) });
    let rounds = json!([{"type": ADVISOR, "model": "b", "cache_read_input_tokens": 30, "output_tokens": 2}]);
    let by_model = report((100, 50), &rounds).by_model("a", true);
    let (read, own) = (Usage { cache_read: 30, ..used(0, 2) }, Usage { web_searches: 2, ..used(70, 48) });
    assert_eq!((by_model.own, by_model.others[0].usage), (own, read));
}

#[test]
fn names_that_are_none_and_models_beyond_the_bound_count_as_what_was_sent() {
    let names = ["\u{0}", "", "b\u{7}"].map(|name| of(name, ADVISOR, 1, 1));
    let by_model = report((0, 0), &json!(names)).by_model("a", true);
    assert_eq!((by_model.own.input, by_model.others), (2, vec![other("b", (1, 1), 1)]));
    let many: Vec<Value> = (0..20).map(|n| of(&format!("m{n}"), ADVISOR, 1, 1)).collect();
    let by_model = report((0, 0), &json!(many)).by_model("a", true);
    assert_eq!((by_model.own.input, by_model.others.len()), (12, USED_MODELS_MAX));
}

/// A usage object with writes that it tells apart, so many for an hour, and these rounds, which do not.
fn cached(top: &Value, long: u64, rounds: &Value) -> Report {
    let writes = top["cache_creation_input_tokens"].as_u64().unwrap();
    let split = json!({"ephemeral_5m_input_tokens": writes - long, "ephemeral_1h_input_tokens": long});
    let mut usage = top.as_object().unwrap().clone();
    usage.extend([("cache_creation".to_owned(), split), ("iterations".to_owned(), rounds.clone())]);
    let mut report = Report::default();
    report.take(usage);
    report
}

fn writing(model: &str, kind: &str, writes: u64, read: u64, output: u64) -> Value {
    json!({"type": kind, "model": model, "cache_creation_input_tokens": writes, "cache_read_input_tokens": read,
        "output_tokens": output})
}

fn wrote((short, long): (u64, u64), cache_read: u64, output: u64) -> Usage {
    Usage { cache_write_5m: short, cache_write_1h: long, cache_read, output, ..Usage::default() }
}

#[test]
fn writes_for_an_hour_are_told_apart_by_the_top_where_rounds_do_not() {
    // The top describes the last round: what the first one wrote is what it says nothing of.
    let rounds = json!([writing("a", "compaction", 50, 0, 4), writing("a", MESSAGE, 70, 30, 5)]);
    let last = &rounds[1];
    assert_eq!(cached(last, 60, &rounds).usage(), wrote((60, 60), 30, 9));
    assert_eq!(cached(last, 0, &rounds).usage(), wrote((120, 0), 30, 9));
    // A round that tells them apart is believed.
    let mut told = rounds.clone();
    told[0]["cache_creation"] = json!({"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 10});
    assert_eq!(cached(last, 60, &told).usage(), wrote((60, 60), 30, 9));
    // One that tells nothing of what it wrote is not, and what advisors write is not in the top.
    told[0]["cache_creation"] = json!({"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0});
    told.as_array_mut().unwrap().push(writing("b", ADVISOR, 20, 0, 1));
    let by_model = cached(last, 65, &told).by_model("a", true);
    assert_eq!((by_model.own, by_model.others[0].usage), (wrote((55, 65), 30, 9), wrote((20, 0), 0, 1)));
    // Each model its own: the last attempt is what the top describes.
    let fell = json!([writing("a", MESSAGE, 80, 0, 4), writing("b", FALLBACK, 70, 30, 5)]);
    let by_model = cached(&fell[1], 70, &fell).by_model("a", true);
    assert_eq!((by_model.own, by_model.others[0].usage), (wrote((80, 0), 0, 4), wrote((0, 70), 30, 5)));
}

#[test]
fn the_top_tells_what_a_single_other_model_has_used() {
    let rounds = json!([of("a", MESSAGE, 535, 0), of("b", FALLBACK, 110, 5)]);
    let top = json!({"input_tokens": 10, "cache_creation_input_tokens": 70, "cache_read_input_tokens": 30,
        "output_tokens": 5});
    let usage = Usage { input: 10, ..wrote((30, 40), 30, 5) };
    let by_model = cached(&top, 40, &rounds).by_model("a", true);
    assert_eq!((by_model.own, by_model.others[0].usage), (Usage::default(), usage));
    // Not if two may be what it describes, or if what was sent has done a part.
    for rounds in [
        json!([of("a", MESSAGE, 535, 0), of("c", MESSAGE, 110, 5), of("b", FALLBACK, 110, 5)]),
        json!([of("a", MESSAGE, 1, 1), of("b", FALLBACK, 110, 5)]),
        json!([of("a", MESSAGE, 535, 0), of("b", FALLBACK, 109, 6)]),
    ] {
        let others = cached(&top, 40, &rounds).by_model("a", true).others;
        assert!(others.iter().all(|other| other.usage.cached() == 0), "{rounds}");
    }
}

#[test]
fn where_a_model_has_taken_the_place_of_another_its_rounds_count_and_not_the_top() {
    let fell = json!([of("a", MESSAGE, 500, 0), of("b", FALLBACK, 10, 5)]);
    assert_eq!(report((500, 5), &fell).usage(), Usage { web_searches: 2, ..used(10, 5) });
    // By the model asked for it is as much.
    let by_model = report((500, 5), &fell).by_model("a", false);
    assert_eq!((by_model.own, by_model.others.len()), (Usage { web_searches: 2, ..used(10, 5) }, 0));
    let silent = json!([of("a", MESSAGE, 500, 0), of("b", FALLBACK, 0, 0)]);
    assert_eq!(report((500, 5), &silent).usage(), Usage { web_searches: 2, ..used(500, 5) });
    let alone = json!([of("a", MESSAGE, 10, 5)]);
    assert_eq!(report((500, 5), &alone).usage(), Usage { web_searches: 2, ..used(500, 5) });
}

#[test]
fn the_first_that_was_asked_is_the_one_that_was_sent_whatever_the_server_calls_it() {
    let others = |rounds: Value| {
        let by_model = report((10, 5), &rounds).by_model("sent", true);
        by_model.others.into_iter().map(|other| other.model).collect::<Vec<_>>()
    };
    let house = of("house-20260301", MESSAGE, 500, 90);
    assert_eq!(others(json!([house, of("b", MESSAGE, 1, 1), of("c", FALLBACK, 10, 5)])), ["b", "c"]);
    assert_eq!(others(json!([house, of("house", ADVISOR, 1, 1), of("b", ADVISOR, 1, 1)])), ["b"]);
    // What took its place in an earlier call goes first and last.
    assert_eq!(others(json!([of("b-20260301", MESSAGE, 1, 1), of("b-20260301", FALLBACK, 10, 5)])), ["b-20260301"]);
    // It has declined before it wrote anything, and gives its name all the same.
    let silent = of("house", MESSAGE, 500, 0);
    assert_eq!(others(json!([silent, of("house", MESSAGE, 1, 1), of("c", FALLBACK, 10, 5)])), ["c"]);
}

#[test]
fn by_the_model_asked_for_an_advisor_is_another_one_whatever_it_is() {
    let rounds = json!([of("sent", MESSAGE, 10, 5), of("sent-20260301", ADVISOR, 3, 2), of("", ADVISOR, 1, 1)]);
    let by_model = report((10, 5), &rounds).by_model("sent", false);
    assert_eq!((by_model.own.input, by_model.others), (11, vec![other("sent-20260301", (3, 2), 3)]));
    let by_model = report((10, 5), &rounds).by_model("sent", true);
    assert_eq!((by_model.own.input, by_model.others), (14, Vec::new()));
}

#[test]
fn what_is_cached_is_what_one_round_has_read_and_written() {
    let rounds =
        json!([writing("a", MESSAGE, 100, 0, 5), writing("b", ADVISOR, 900, 0, 5), writing("a", MESSAGE, 20, 100, 5)]);
    let most = |top: &Value, rounds: &Value| cached(top, 0, rounds).by_model("a", true).most_cached;
    assert_eq!(most(&rounds[2], &rounds), Some(120));
    assert_eq!(most(&rounds[2], &json!([])), None);
    // Rounds that say nothing of it, below a top that does.
    assert_eq!(most(&writing("a", MESSAGE, 20, 100, 5), &json!([round(MESSAGE, 0, 5)])), Some(120));
}

#[test]
fn rounds_that_have_used_nothing_are_none() {
    let rounds = vec![json!({}); 100_000];
    let by_model = report((10, 5), &json!(rounds)).by_model("a", true);
    assert_eq!(by_model, ByModel { own: Usage { web_searches: 2, ..used(10, 5) }, ..ByModel::default() });
}
