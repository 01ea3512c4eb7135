//! A caller may call a model anything: what a provider says about that takes it away from nobody else.

use serde_json::json;

use super::{holds, n_asked, served_by, two};
use crate::{
    upstream::{
        Answer, Turn,
        turn::{EVENTS_TO_FIRST_CONTENT, error_event},
    },
    world::{World, ask},
};

#[tokio::test]
async fn the_name_of_a_model_holds_no_secret() {
    let world = World::shared().await;
    let (a, b, key) = two(&world, json!({})).await;
    for (model, status, kind, message, served, held) in [
        (
            "spend limit x",
            403,
            "permission_error",
            "model \"spend limit x\" is not allowed",
            Some(&b),
            Some(("entitlement", "model")),
        ),
        (
            "monthly spend limit",
            429,
            "rate_limit_error",
            "Your monthly spend limit is busy",
            Some(&b),
            Some(("rate_limit", "model")),
        ),
        (
            "Your credit balance is too low",
            400,
            "invalid_request_error",
            "Your credit balance is too low is not a valid model ID",
            None,
            None,
        ),
    ] {
        a.script.once(Answer::error(status, kind, message));
        let reply = world.anew(&key, &ask(model, false)).await;
        // Nobody else is asked for what is the caller's own mistake.
        let expected = served.map_or((status, &a), |served| (200, served));
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (expected.0, Some(expected.1.id.as_str())));
        let found = holds(&world, &a).await;
        let found: Vec<_> =
            found.iter().map(|hold| (hold["reason"].as_str(), hold["scope"]["kind"].as_str())).collect();
        let held: Vec<_> = held.into_iter().map(|(reason, scope)| (Some(reason), Some(scope))).collect();
        assert_eq!(found, held, "{message}");
        let n = n_asked(&a);
        assert_eq!((served_by(&world, &key).await, n_asked(&a)), (a.id.clone(), n + 1), "{message}");
        world.well_again(&a).await;
    }
}

#[tokio::test]
async fn the_name_of_a_model_holds_no_secret_in_the_middle_of_an_answer_either() {
    let world = World::shared().await;
    let (a, _, key) = two(&world, json!({})).await;
    let model = "monthly spend limit";
    for (message, held) in [
        ("Your monthly spend limit is busy", ("rate_limit", "model")),
        ("Your weekly spend limit is reached", ("spend_limit", "credential")),
    ] {
        let error = error_event("rate_limit_error", message);
        let events = [&Turn::new().model(model).events()[..EVENTS_TO_FIRST_CONTENT], &[error]].concat();
        a.script.once(Answer::events(events));
        let mut reply = world.anew(&key, &ask(model, true)).await;
        assert_eq!((reply.status, reply.header("x-switchyard-provider")), (200, Some(a.id.as_str())), "{message}");
        reply.drain().await;
        assert_eq!(world.call_of(&reply).await["outcome"], "interrupted", "{message}");
        let found = holds(&world, &a).await;
        let found: Vec<_> =
            found.iter().map(|hold| (hold["reason"].as_str(), hold["scope"]["kind"].as_str())).collect();
        assert_eq!(found, [(Some(held.0), Some(held.1))], "{message}");
        world.well_again(&a).await;
    }
}
