//! The live feed of the console: who was cut off goes on where it was.

use serde_json::{Value, json};

use crate::{
    access::{Cast, Who, cookie, log_in},
    client::{Reply, Request},
    patience::within,
    world::World,
};

/// A reader of the feed: the event stream, and what of it was not taken in yet.
pub struct Reader {
    reply: Reply,
    rest: String,
}

impl Reader {
    pub async fn open(world: &World, cookie: &str, last_id: Option<&str>, after: Option<&str>) -> Self {
        let target = after.map_or_else(|| "/_live".to_owned(), |after| format!("/_live?after={after}"));
        let mut request = Request::get(&target).header("cookie", cookie);
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let reply = request.send(world.hub.address).await;
        assert_eq!(reply.status, 200);
        Self { reply, rest: String::new() }
    }

    /// The next event: its data and its id.
    pub async fn next(&mut self) -> (Value, Option<String>) {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let line = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned())
                };
                let (data, id) = (line("data:"), line("id:"));
                let rest = rest.to_owned();
                self.rest = rest;
                if let Some(data) = data {
                    return (serde_json::from_str(&data).unwrap(), id);
                }
                continue;
            }
            let chunk = within("an event", self.reply.try_chunk()).await.unwrap().expect("the feed goes on");
            self.rest.push_str(&String::from_utf8(chunk).unwrap());
        }
    }

    /// The events up to the next place that has an id, without the news of the log, and that id.
    async fn bundle(&mut self) -> (Vec<Value>, String) {
        let mut events = Vec::new();
        loop {
            let (event, id) = self.next().await;
            if event["kind"] != "active" && event["kind"] != "logged" {
                events.push(event);
            }
            if let Some(id) = id {
                return (events, id);
            }
        }
    }

    /// The events until one is about that call and says its outcome.
    async fn until_ended(&mut self, call: &str) -> String {
        loop {
            let (events, id) = self.bundle().await;
            if events.iter().any(|event| event["call"]["id"] == call && event["call"]["outcome"] == "completed") {
                return id;
            }
        }
    }
}

#[tokio::test]
async fn a_reader_that_was_cut_off_goes_on_where_it_was() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
    let mut reader = Reader::open(&world, &cookie, None, None).await;
    let (events, _) = reader.bundle().await;
    assert!(events.is_empty(), "nothing is missed by who has seen nothing: {events:?}");
    let first = world.message(&key).await.call_id();
    let place = reader.until_ended(&first).await;
    drop(reader);
    // Nobody listens while this happens.
    let second = world.message(&key).await.call_id();
    world.calls_of(&key, 2).await;
    for (last_id, after) in [(Some(place.as_str()), None), (None, Some(place.as_str()))] {
        let mut reader = Reader::open(&world, &cookie, last_id, after).await;
        let (events, _) = reader.bundle().await;
        let of = |id: &str| events.iter().filter(|event| event["call"]["id"] == id).count();
        assert_eq!((of(&first), of(&second)), (0, 1), "each call once, as it stands now: {events:?}");
        assert!(!events.iter().any(|event| event["kind"] == "missed"), "{events:?}");
    }
}

#[tokio::test]
async fn a_reader_from_an_unknown_place_is_told_that_it_may_have_missed_something() {
    let world = World::shared().await;
    let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
    for place in ["0193a0b1c2d37000800000000000abcd-7", "nonsense"] {
        let mut reader = Reader::open(&world, &cookie, Some(place), None).await;
        let (events, id) = reader.bundle().await;
        assert!(events.iter().any(|event| event["kind"] == "missed"), "{events:?}");
        assert_ne!(id, place);
    }
    let refused = Request::get("/_live").send(world.hub.address).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn the_log_is_read_by_level_and_call_and_its_level_is_changed_while_the_hub_runs() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    let call = world.message(&key).await.call_id();
    world.calls_of(&key, 1).await;
    let lines =
        async |query: &str| world.get(&format!("/admin/v1/log?{query}")).await["items"].as_array().unwrap().clone();
    let of_call = lines(&format!("call_id={call}&level=info")).await;
    assert_eq!(of_call.len(), 1, "{of_call:?}");
    assert_eq!((&of_call[0]["level"], &of_call[0]["message"]), (&"info".into(), &"call".into()));
    assert!(of_call[0]["fields"].as_str().unwrap().contains("outcome=\"completed\""), "{of_call:?}");
    assert!(lines(&format!("call_id={call}&level=warn")).await.is_empty());
    // Quieter from the next line on.
    world.patch("/admin/v1/settings", &serde_json::json!({"log_level": "error"})).await;
    let quiet = world.message(&key).await.call_id();
    world.calls_of(&key, 2).await;
    assert!(lines(&format!("call_id={quiet}")).await.is_empty());
    world.patch("/admin/v1/settings", &serde_json::json!({"log_level": null})).await;
    let told = world.message(&key).await.call_id();
    world.calls_of(&key, 3).await;
    assert_eq!(lines(&format!("call_id={told}")).await.len(), 1);
    let (status, problem) =
        world.admin("PATCH", "/admin/v1/settings", &serde_json::json!({"log_level": "info,hub=loud"})).await;
    assert_eq!((status, &problem["field"]), (422, &"log_level".into()), "{problem}");
}

#[tokio::test]
async fn a_person_hears_that_their_own_calls_are_recorded_and_nothing_else() {
    let cast = Cast::alone().await;
    let world = &cast.world;
    world.provider("a").await;
    let cookie = cast.cookie(Who::Person).await.unwrap();
    let mut reader = Reader::open(world, &cookie, None, None).await;
    assert!(reader.bundle().await.0.is_empty());
    // Somebody else's call comes, is recorded, and changes nothing here.
    world.message(&cast.admin).await.body().await;
    world.calls_of(&cast.admin, 1).await;
    world.message(&cast.person).await.body().await;
    loop {
        let (events, _) = reader.bundle().await;
        assert!(events.iter().all(|event| *event == json!({"kind": "missed"})), "{events:?}");
        if !events.is_empty() {
            break;
        }
    }
    let sql = format!("select id from calls where key_id = {}", cast.person.id);
    assert_eq!(world.rows(&sql).await.len(), 1, "the news came before the call was recorded");
}
