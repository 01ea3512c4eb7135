//! One cell of the matrix: a fault, a form of answer, and whether there is another provider.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    fields,
    table::{Fate, Fault, Form, Way},
    world,
};
use crate::{
    client::Reply,
    upstream::{Answer, Said, Seen as Asked, Turn, Used},
    world::{Provider, World, ask},
};

/// Stands where there is nothing to say.
const NOTHING: &str = "—";

/// Who is there beside the provider that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// One that answers well.
    Healthy,
    None,
}

/// What was seen, in words for the document.
#[derive(Debug)]
pub struct Seen {
    pub client: String,
    /// Attempts at the provider that fails.
    pub asked: usize,
    pub record: String,
    pub charged: String,
    pub held: String,
}

/// A cell while it is played.
struct Cell<'a> {
    fault: &'a Fault,
    form: Form,
    failing: Provider,
    /// What the failing provider would say, and the other one does.
    said: [Said; 2],
    healthy: Option<Provider>,
}

/// Plays a fault and checks what comes of it. `model` has a price; `cut` says how many bytes of the failing answer come
/// at a time, if not an event.
pub async fn play(fault: &Fault, form: Form, company: Company, model: &str, cut: Option<usize>) -> Seen {
    let world = world().await;
    let other_usage = Used { input: 31, output: 17, ..Used::EVERY_CLASS };
    let turn = Turn::new().model(model);
    let said = [Said::from(&turn), Said::from(&turn.used(other_usage))];
    let failing =
        world.provider_with("failing", fields(fault, &world, if cut.is_some() { 6_000 } else { 3_000 })).await;
    if let Some(answer) = fault.answer(&said[0], form) {
        failing.script.always(match cut {
            Some(n) => answer.in_pieces_of(n),
            None => answer,
        });
    }
    let healthy = match company {
        Company::Healthy => Some(world.provider_with("healthy", json!({"priority": 1})).await),
        Company::None => None,
    };
    if let Some(healthy) = &healthy {
        let said = said[1].clone();
        healthy.script.by(move |asked: &Asked| said.answer(asked.streams()));
    }
    let played = Cell { fault, form, failing, said, healthy };
    let key = world.key().await;
    let mut reply = world.anew(&key, &ask(model, form == Form::Stream)).await;
    let (body, is_whole) = reply.drain().await;
    let body = String::from_utf8(body).unwrap();
    // The shortest hold is over by the time a busy machine has recorded the call.
    let held_at_once = held(&world, &played.failing).await;
    let call = world.call_of(&reply).await;
    let what = format!(
        "{} {} ({form:?}, {company:?}): {} {body:?}\n{call:#}",
        fault.stage.words(),
        fault.what(form),
        reply.status
    );
    assert!(is_whole, "a cut connection instead of an end: {what}");
    let client = played.check_answer(&reply, &body, &call, &what);
    let (asked, record) = played.check_attempts(&call, &what);
    let held = if held_at_once == NOTHING { held(&world, &played.failing).await } else { held_at_once };
    assert_eq!(held == NOTHING, !fault.holds(), "{held}: {what}");
    Seen { client, asked, record, charged: fault.token_source(form).to_owned(), held }
}

/// What is on hold at a provider: why, what of it, how long, and whether that only ranks.
async fn held(world: &World, provider: &Provider) -> String {
    let page = world.get(&format!("/admin/v1/holds?provider_id={}", provider.id)).await;
    let holds = page["items"].as_array().unwrap().iter().map(|hold| {
        let time = |field: &str| hold[field].as_str().map(|time| time.parse::<DateTime<Utc>>().unwrap());
        let length = time("until").zip(time("since")).map(|(until, since)| until - since);
        let length = length.map(|length| format!("{} s", (length.num_milliseconds() + 500) / 1_000));
        let (reason, scope) = (hold["reason"].as_str().unwrap(), hold["scope"]["kind"].as_str().unwrap());
        let ranks = if hold["is_absolute"] == true { "" } else { ", ranks" };
        format!("{reason}: {scope}, {}{ranks}", length.unwrap_or("until it is ended".to_owned()))
    });
    let holds: Vec<String> = holds.collect();
    if holds.is_empty() { NOTHING.to_owned() } else { holds.join("; ") }
}

impl Cell<'_> {
    /// The bytes that the client has got, and the outcome in the ledger. In words.
    fn check_answer(&self, reply: &Reply, body: &str, call: &Value, what: &str) -> String {
        let from = reply.header("x-switchyard-provider");
        let by_failing = from == Some(self.failing.id.as_str());
        let outcome = call["outcome"].as_str().unwrap_or_default();
        assert_eq!(call["status"], reply.status, "{what}");
        match (self.fault.fate, &self.healthy) {
            (Fate::Hidden(_), Some(healthy)) => {
                assert_eq!((reply.status, from), (200, Some(healthy.id.as_str())), "{what}");
                assert_eq!(body, self.text(&self.said[1]), "{what}");
                assert_eq!(outcome, "completed", "{what}");
                "the other one's answer".to_owned()
            }
            (Fate::Hidden(status), None) => {
                assert_eq!(reply.status, status, "{what}");
                assert_eq!(outcome, if (400..500).contains(&status) { "refused" } else { "failed" }, "{what}");
                let Some(verbatim) = self.verbatim() else {
                    let error: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {what}"));
                    let kind = if status == 504 { "timeout_error" } else { "api_error" };
                    assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!(kind)), "{what}");
                    assert_eq!(error["request_id"], reply.call_id(), "{what}");
                    return format!("{status} of the hub");
                };
                assert_eq!((body, by_failing), (verbatim.as_str(), true), "{what}");
                self.as_it_came(status)
            }
            (Fate::Told(status), _) => {
                assert_eq!((reply.status, by_failing), (status, true), "{what}");
                assert_eq!(Some(body), self.verbatim().as_deref(), "{what}");
                assert_eq!(outcome, "refused", "{what}");
                self.as_it_came(status)
            }
            (Fate::Cut, _) => {
                assert_eq!((reply.status, by_failing), (200, true), "{what}");
                assert_eq!(outcome, "interrupted", "{what}");
                self.check_cut(body, what)
            }
            (Fate::Served, _) => {
                assert_eq!((reply.status, by_failing), (200, true), "{what}");
                assert_eq!(body, self.text(&self.said[0]), "{what}");
                assert_eq!(outcome, "completed", "{what}");
                "all of it".to_owned()
            }
        }
    }

    /// A stream that was cut: what was whole of it, then one error event.
    fn check_cut(&self, body: &str, what: &str) -> String {
        let mut events = self.fault.events(&self.said[0]);
        if let Way::Error(_) = self.fault.way {
            assert_eq!(body, events.concat(), "{what}");
            return "its part, with the provider's error event".to_owned();
        }
        if self.fault.way == Way::HalfAnEvent {
            events.pop();
        }
        let rest = body.strip_prefix(&events.concat()).unwrap_or_else(|| panic!("not what was sent: {what}"));
        let data = rest.strip_prefix("event: error\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let error: Value =
            serde_json::from_str(data.unwrap_or_else(|| panic!("no error event at the end: {what}"))).unwrap();
        assert_eq!(error["error"]["type"], "api_error", "{what}");
        "its part, then an error event of the hub".to_owned()
    }

    /// What the ledger says of the attempts. How many there were at the failing provider, and the record of the first.
    fn check_attempts(&self, call: &Value, what: &str) -> (usize, String) {
        let attempts = call["attempts"].as_array().unwrap();
        let (failed, others): (Vec<_>, Vec<_>) =
            attempts.iter().partition(|attempt| attempt["provider_id"] == self.failing.id.as_str());
        let is_served_elsewhere = self.healthy.is_some() && matches!(self.fault.fate, Fate::Hidden(_));
        assert_eq!(others.len(), usize::from(is_served_elsewhere), "{what}");
        if let Some(healthy) = &self.healthy {
            assert_eq!(healthy.script.requests().len(), others.len(), "{what}");
        }
        assert!(others.iter().all(|other| other["result"] == "completed"), "{what}");
        assert_eq!(call["n_attempts"], attempts.len(), "{what}");
        let may_repeat = matches!(self.fault.fate, Fate::Hidden(_));
        assert!(!failed.is_empty() && (may_repeat || failed.len() == 1), "{what}");
        for (n, attempt) in failed.iter().enumerate() {
            let is_last = n + 1 == failed.len();
            let is_told = is_last && self.verbatim().is_some() && !is_served_elsewhere;
            let result = match self.fault.fate {
                Fate::Served => "completed",
                Fate::Cut => "interrupted",
                Fate::Hidden(_) | Fate::Told(_) if is_told => "delivered",
                Fate::Hidden(_) | Fate::Told(_) => "failed",
            };
            assert_eq!(attempt["result"], result, "{what}");
            assert_eq!(attempt["token_source"], self.fault.token_source(self.form), "{what}");
            assert_eq!(nanos(&attempt["cost_usd"]) == 0, self.fault.token_source(self.form) == "none", "{what}");
        }
        let cost: u64 = attempts.iter().map(|attempt| nanos(&attempt["cost_usd"])).sum();
        assert_eq!(nanos(&call["cost_usd"]), cost, "{what}");
        let verdict = &call["decision"]["choices"][0]["verdict"];
        let words = [&failed[0]["error"]["cause"], &verdict["class"], &verdict["blame"]];
        let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
        assert_eq!(words.is_empty(), self.fault.fate == Fate::Served, "{what}");
        (failed.len(), if words.is_empty() { NOTHING.to_owned() } else { words.join(", ") })
    }

    /// A turn in the form that the client wants.
    fn text(&self, said: &Said) -> String {
        String::from_utf8(said.answer(self.form == Form::Stream).body()).unwrap()
    }

    /// The failing provider's answer, if there is one that a client can be shown.
    fn verbatim(&self) -> Option<String> {
        let body = |answer: Answer| String::from_utf8(answer.body()).unwrap();
        match self.fault.way {
            Way::Error(_) if self.form == Form::Stream => {
                let events = self.fault.events(&self.said[0]);
                let data = events.last()?.strip_prefix("event: error\ndata: ")?.strip_suffix("\n\n")?;
                Some(data.to_owned())
            }
            Way::Status(_) | Way::Dated | Way::Error(_) => self.fault.answer(&self.said[0], self.form).map(body),
            _ => None,
        }
    }

    fn as_it_came(&self, status: u16) -> String {
        let is_restated = matches!(self.fault.way, Way::Error(_));
        if is_restated { format!("{status} with the error as its body") } else { format!("{status} as it came") }
    }
}

/// An amount of dollars, in nano-dollars.
fn nanos(amount: &Value) -> u64 {
    let text = amount.as_str().unwrap_or_else(|| panic!("{amount} is no amount"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<9}").parse().unwrap()
}
