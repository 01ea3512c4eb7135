//! What failed as a provider was reached before it was edited says nothing about it as it is now.

use serde_json::{Value, json};

use super::{holds, served_by, two};
use crate::{
    patience::{until, within},
    upstream::{Answer, End, Gate, Script, Turn},
    world::{Key, Provider, World, ask},
};

/// How a provider fails, and why something is held then.
fn failures() -> [(Answer, &'static str); 4] {
    [
        (Answer::status(401), "credential"),
        (Answer::status(402), "spend_limit"),
        (Answer::status(500), "breaker"),
        (Answer::status(529), "overload"),
    ]
}

/// Another secret than the one that providers of the tests have.
fn new_secret() -> Value {
    json!({"secret": "sk-ant-another-secret-0123456789"})
}

async fn edit(world: &World, provider: &Provider, fields: &Value) {
    world.patch(&format!("/admin/v1/providers/{}", provider.id), fields).await;
}

/// A call is at work at `a` while that is edited. Then its attempt there fails, and `b` serves it.
async fn fails_after(world: &World, (a, b, key): (&Provider, &Provider, &Key), failure: Answer, fields: &Value) {
    let gate = Gate::new();
    a.script.once(failure.pause_before_head(&gate));
    let request = world.request(key, ask("claude-sonnet-4-5", false).to_string());
    // A session of its own: what follows is not to be bound to the one that stands in.
    let request = request.header("x-claude-code-session-id", format!("{}-slow", world.tag));
    let open = request.open(world.hub.address).await.unwrap();
    gate.reached().await;
    edit(world, a, fields).await;
    gate.open();
    let reply = within("an answer", open.reply("POST")).await.unwrap();
    assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(b.id.as_str())), "{fields}");
    let call = world.call_of(&reply).await;
    let attempts = call["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[0]["provider_id"]), (2, &json!(a.id)), "{call}");
}

#[tokio::test]
async fn a_call_that_began_before_an_edit_holds_nothing_after_it() {
    for (failure, reason) in failures() {
        let moved = Script::new();
        for fields in [new_secret(), json!({"base_url": moved.url()})] {
            let world = World::shared().await;
            let (a, b, key) = two(&world, json!({"breaker_failures": 1})).await;
            fails_after(&world, (&a, &b, &key), failure.clone(), &fields).await;
            assert!(holds(&world, &a).await.is_empty(), "{reason}: {fields}");
            assert_eq!(served_by(&world, &key).await, a.id, "{reason}: {fields}");
            let n_rows = format!("select count(*) from holds where provider_id = {}", a.id);
            assert_eq!(world.value(&n_rows).await, 0, "{reason}: {fields}");
        }
    }
}

#[tokio::test]
async fn a_call_over_a_way_that_is_the_same_holds_what_it_always_does() {
    for (failure, reason) in failures() {
        for fields in [json!({"weight": 2}), json!({"priority": -1})] {
            let world = World::shared().await;
            let (a, b, key) = two(&world, json!({"breaker_failures": 1})).await;
            fails_after(&world, (&a, &b, &key), failure.clone(), &fields).await;
            // Read where it stays when it is over: not every one of them lasts long.
            let sql = format!("select reason from holds where provider_id = {}", a.id);
            let rows = until("the hold is written", async || {
                let rows = world.rows(&sql).await;
                (!rows.is_empty()).then_some(rows)
            })
            .await;
            assert_eq!(rows, [json!({"reason": reason})], "{fields}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_after_an_edit_is_none_of_the_new_ways_failures() {
    for (fields, reasons) in [(new_secret(), &[][..]), (json!({"weight": 2}), &["breaker"][..])] {
        let world = World::shared().await;
        let (a, _, key) = two(&world, json!({"breaker_failures": 1})).await;
        let gate = Gate::new();
        a.script.once(Answer::events(Turn::new().events()).cut_after(6, End::Close).pause_after(6, &gate));
        let mut reply = world.stream(&key).await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(a.id.as_str())));
        gate.reached().await;
        edit(&world, &a, &fields).await;
        gate.open();
        reply.drain().await;
        assert_eq!(world.call_of(&reply).await["outcome"], "interrupted");
        let held = holds(&world, &a).await;
        let held: Vec<_> = held.iter().map(|hold| hold["reason"].as_str().unwrap()).collect();
        assert_eq!(held, reasons, "{fields}");
    }
}

#[tokio::test]
async fn a_probe_that_began_before_an_edit_holds_nothing_after_it() {
    let world = World::shared().await;
    let (a, ..) = two(&world, json!({"breaker_failures": 1})).await;
    for (fields, n_held) in [(new_secret(), 0), (json!({"weight": 2}), 1)] {
        let gate = Gate::new();
        a.script.once(Answer::status(500).pause_before_head(&gate));
        let path = format!("/admin/v1/providers/{}/test", a.id);
        let asked = json!({"model": "claude-sonnet-4-5"});
        let test = world.admin("POST", &path, &asked);
        let meanwhile = async {
            gate.reached().await;
            edit(&world, &a, &fields).await;
            gate.open();
        };
        let ((status, answer), ()) = tokio::join!(test, meanwhile);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(holds(&world, &a).await.len(), n_held, "{fields}: {answer}");
    }
}
