//! Exports of calls: whole, each call once, harmless in a spreadsheet, and never short without a word.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::problem;
use crate::{
    access::{call, cookie, function, log_in},
    client::{Reply, Request},
    hub::ADMIN_TOKEN,
    postgres,
    world::{World, ask},
};

/// Calls in the ledger before an export begins.
const N_CALLS: usize = 10_000;

/// Writes `n` calls into the ledger, one a second, the last one a minute ago; their models are from `a-0` on, and every
/// third one failed.
async fn recorded(world: &World, n: usize) {
    let sql = format!(
        "insert into calls (id, created_at, kind, model, stream, outcome, status, cost, error_cause, error_message)
        select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
            at, 'messages', 'a-' || n % 10, false, case when n % 3 = 0 then 'failed' else 'completed' end,
            case when n % 3 = 0 then 529 else 200 end, n * 1000,
            case when n % 3 = 0 then 'status' end, case when n % 3 = 0 then repeat('x', 300) end
        from (select n, now() - interval '1 minute' - n * interval '1 second' as at
            from generate_series(0, {n} - 1) as n) as all_of_them"
    );
    postgres::execute(world.dsn(), &sql).await;
}

/// Asks for a file.
async fn file(world: &World, query: &str) -> Reply {
    let request = Request::get(&format!("/admin/v1/calls/export?{query}"));
    request.header("authorization", format!("Bearer {ADMIN_TOKEN}")).send(world.hub.address).await
}

/// The first cell of each line of a table, without the line of names.
fn ids_of_table(text: &str) -> Vec<String> {
    text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_exported_once_while_others_arrive() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key().await;
    recorded(&world, N_CALLS).await;
    let before: HashSet<String> = {
        let rows = world.rows("select id from calls").await;
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(before.len(), N_CALLS);
    for format in ["csv", "json", "ndjson"] {
        let mut reply = file(&world, &format!("format={format}&to=2100-01-01T00:00:00Z")).await;
        assert_eq!(reply.status, 200);
        let name = reply.header("content-disposition").unwrap().to_owned();
        assert!(name.starts_with("attachment; filename=\"switchyard-calls-20"), "{name}");
        assert!(name.ends_with(&format!(".{format}\"")), "{name}");
        // The head is here, the rest waits for its reader: what comes now is not in the file.
        let first = reply.try_chunk().await.unwrap().unwrap();
        let late = world.message(&key).await.call_id();
        world.calls_of(&key, 1).await;
        let (rest, is_whole) = reply.drain().await;
        assert!(is_whole, "{format}");
        let text = String::from_utf8([first, rest].concat()).unwrap();
        let ids: Vec<String> = match format {
            "csv" => ids_of_table(&text),
            "json" => {
                let all: Vec<Value> = serde_json::from_str(&text).unwrap();
                all.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect()
            }
            _ => {
                let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                lines.map(|call| call["id"].as_str().unwrap().to_owned()).collect()
            }
        };
        assert_eq!(ids.len(), N_CALLS, "{format}");
        assert!(ids.is_sorted_by(|one, next| one > next), "{format}: newest first, and none twice");
        assert_eq!(ids.iter().cloned().collect::<HashSet<_>>(), before, "{format}");
        assert!(!ids.contains(&late), "{format}");
        postgres::execute(world.dsn(), &format!("delete from calls where key_id = {}", key.id)).await;
    }
}

#[tokio::test]
async fn an_export_has_what_its_filters_admit_as_the_list_shows_it() {
    let world = World::alone().await;
    world.provider("a").await;
    let (one, two) = (world.key().await, world.key().await);
    let first = world.messages(&one, &ask("claude-sonnet-4-5", false)).await.call_id();
    let second = world.messages(&two, &ask("claude-opus-4-8", true)).await.call_id();
    world.calls_of(&one, 1).await;
    world.calls_of(&two, 1).await;
    for (query, found) in [
        (String::new(), vec![&second, &first]),
        (format!("user_id={}", one.user_id), vec![&first]),
        (format!("key_id={}", two.id), vec![&second]),
        ("model=claude-opus-4-8".to_owned(), vec![&second]),
        ("outcome=failed".to_owned(), vec![]),
        ("status=200&from=2020-01-01T00:00:00Z".to_owned(), vec![&second, &first]),
        ("to=2020-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let mut table = file(&world, &query).await;
        assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(ids_of_table(&table.text().await).iter().collect::<Vec<_>>(), found, "{query}");
        let exported: Value = file(&world, &format!("format=json&{query}")).await.json().await;
        assert_eq!(exported, world.get(&format!("/admin/v1/calls?{query}")).await["items"], "{query}");
    }
    let sql = "select subject, after from audit_log where action = 'calls.export' and after->>'user_id' is not null";
    let noted = world.rows(sql).await;
    assert_eq!(noted.len(), 2, "{noted:?}");
    assert!(noted.iter().any(|row| row["subject"] == "csv" && row["after"]["user_id"] == one.user_id), "{noted:?}");
    for (query, field) in [
        ("format=xml", "format"),
        ("user_id=a", "user_id"),
        ("limit=5", "limit"),
        ("cursor=a", "cursor"),
        ("model=%00", "model"),
    ] {
        let mut reply = file(&world, query).await;
        problem(&(reply.status, reply.json().await), 422, Some(field));
    }
}

#[tokio::test]
async fn a_text_of_a_client_is_no_formula_in_a_table() {
    let world = World::alone().await;
    world.provider("a").await;
    let key = world.key_with(json!({"name": "=cmd|' /C calc'!A0"}), json!({"name": "+1, \"two\""})).await;
    for (n, model) in ["-1+1", "@SUM(1)", "plain"].iter().enumerate() {
        let request = world.request(&key, ask(model, false).to_string());
        let session = format!("=s{n}");
        request.header("x-claude-code-session-id", session.as_str()).send(world.hub.address).await.body().await;
    }
    world.calls_of(&key, 3).await;
    let table = file(&world, "").await.text().await;
    assert_eq!(table.matches("\r\n").count(), 4, "{table}");
    for line in table.lines().skip(1) {
        assert!(line.contains(",'=cmd|' /C calc'!A0,") && line.contains(",\"'+1, \"\"two\"\"\","), "{line}");
    }
    for cell in [",'-1+1,", ",'@SUM(1),", ",plain,", ",'=s0,", ",'=s2,"] {
        assert!(table.contains(cell), "{cell}: {table}");
    }
    let json = file(&world, "format=json").await.json().await;
    assert_eq!(json[0]["user_name"], "=cmd|' /C calc'!A0", "only tables are for spreadsheets");
    // Numbers stay numbers.
    let names: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    assert_eq!((names[0], names.last()), ("id", Some(&"address")));
    let cost = json[0]["cost_usd"].as_str().unwrap();
    assert!(table.lines().nth(1).unwrap().contains(&format!(",{cost},")), "{cost}: {table}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_is_cut() {
    let world = World::alone().await;
    recorded(&world, 2_500).await;
    // The oldest call has a status that is none: its batch, the last one, cannot be read.
    let oldest = "update calls set status = -1 where id = (select id from calls order by id limit 1)";
    postgres::execute(world.dsn(), oldest).await;
    for format in ["csv", "json", "ndjson"] {
        let (bytes, is_whole) = file(&world, &format!("format={format}")).await.drain().await;
        assert!(!is_whole, "{format}: the connection says that the file is not whole");
        // What was not yet sent when it was cut is lost; the last batch is in no case there.
        assert!(String::from_utf8(bytes).unwrap().matches("messages").count() <= 2_000, "{format}");
    }
    // What fails at once is said at once.
    postgres::execute(world.dsn(), "alter table calls rename to calls_away").await;
    let mut reply = file(&world, "").await;
    problem(&(reply.status, reply.json().await), 500, None);
}

/// Asks how far the export with that ticket is.
async fn progress(world: &World, cookie: &str, ticket: &str) -> (u16, Value) {
    let asked = json!({"question": {"Export": ticket}}).to_string();
    let request = Request::post(function("ask"), asked).header("accept", "application/json").header("cookie", cookie);
    let mut reply = request.send(world.hub.address).await;
    let answer = reply.json().await;
    // The answer is JSON in JSON.
    let told = match answer.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => answer,
    };
    (reply.status, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_told_how_far_the_file_is_and_can_end_it() {
    let world = World::alone().await;
    recorded(&world, N_CALLS).await;
    let cookie = cookie(&log_in(&world, "", &world.admin_token).await);
    let path = |ticket: &str| format!("/calls/export?format=ndjson&ticket={ticket}");
    let export = |ticket: &str| Request::get(&path(ticket)).header("cookie", &cookie);
    assert_eq!(progress(&world, &cookie, "whole").await.0, 404);
    let (whole, is_whole) = export("whole").send(world.hub.address).await.drain().await;
    assert!(is_whole);
    let told = progress(&world, &cookie, "whole").await.1;
    assert_eq!(told, json!({"rows": N_CALLS, "bytes": whole.len(), "total": N_CALLS, "end": "whole"}));
    // One that is read no further waits, so it can be looked at on its way.
    let mut reply = export("half").send(world.hub.address).await;
    reply.try_chunk().await.unwrap().unwrap();
    let told = progress(&world, &cookie, "half").await.1;
    assert!(told["rows"].as_u64().unwrap() >= 1_000 && told["end"].is_null(), "{told}");
    assert_eq!(progress(&world, &cookie, "whole").await.1["end"], "whole", "each ticket has a course of its own");
    let cancel = call(&world, "cancel_export", "ticket=half").header("cookie", &cookie);
    assert_eq!(cancel.send(world.hub.address).await.status, 200);
    let (rest, is_whole) = reply.drain().await;
    assert!(!is_whole, "a file that was cancelled does not look whole");
    assert!(rest.len() < whole.len(), "{} of {}", rest.len(), whole.len());
    assert_eq!(progress(&world, &cookie, "half").await.1["end"], "cancelled");
}

#[tokio::test]
async fn the_consoles_file_is_for_nobody_without_a_session() {
    let world = World::shared().await;
    let key = world.key().await;
    for (name, value) in [
        ("x-nothing", String::new()),
        ("cookie", "switchyard_session=guessed".to_owned()),
        ("cookie", format!("switchyard_session={}", key.secret)),
        ("authorization", format!("Bearer {}", key.secret)),
        ("authorization", format!("Bearer {ADMIN_TOKEN}")),
    ] {
        let request = Request::get("/calls/export?format=csv&model=a%20b").header(name, value.as_str());
        let mut reply = request.send(world.hub.address).await;
        assert_eq!(reply.status, 303, "{name}: {value}");
        assert_eq!(reply.header("location"), Some("/login?next=/calls%3Fmodel%3Da%2520b"), "{name}");
        assert_eq!(reply.body().await, b"", "{name}");
    }
}
