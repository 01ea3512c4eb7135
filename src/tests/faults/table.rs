//! What a provider can do wrong, as data: where in its answer, what, and what must come of it.

use Fate::{Cut, Hidden, Served, Told};

use crate::upstream::{
    Answer, End, Said,
    turn::{EVENTS_TO_FIRST_CONTENT, error_event},
};

/// How far the answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was sent.
    Nothing,
    /// The head.
    Head,
    /// The head and the events before the first content.
    Start,
    /// A part of the content.
    Middle,
    /// All but the last event, or the last byte.
    End,
    /// Everything.
    Over,
}

/// What happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nobody listens at its address.
    Refused,
    Stalls,
    Resets,
    /// The connection closes.
    Closes,
    /// Bytes that do not belong there, then the connection closes.
    Garbage,
    /// The answer ends in order, but too soon.
    Ends,
    /// An event ends in its middle and the connection closes.
    HalfAnEvent,
    /// An answer with this status.
    Status(u16),
    /// The head of an answer with this status, and then silence.
    StatusThenStalls(u16),
    /// 429 with a `retry-after` of half a minute.
    Dated,
    /// An error event that stands for this status; in a whole answer, an error as the body of a 200.
    Error(u16),
    /// 200 with a web page.
    WebPage,
    /// 200 without a body.
    Empty,
    /// 200 with JSON that is no message.
    OtherJson,
}

/// What must come of it for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never learns of it: another provider serves. Without one it gets this status: the provider's answer if there
    /// was one, else the hub's own.
    Hidden(u16),
    /// It is the client's own mistake: it is told as the provider tells it, and nobody else is asked.
    Told(u16),
    /// Content has gone to it already: the stream ends with an error event, and nobody else is asked.
    Cut,
    /// Everything has reached it: there is no fault for it.
    Served,
}

/// How the client wants its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Stream,
    Whole,
}

impl Form {
    pub const BOTH: [Self; 2] = [Self::Stream, Self::Whole];
}

/// One fault.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub stage: Stage,
    pub way: Way,
    pub fate: Fate,
    /// The only form of answer in which it can happen so; none: both.
    only: Option<Form>,
}

const fn both(stage: Stage, way: Way, fate: Fate) -> Fault {
    Fault { stage, way, fate, only: None }
}

const fn stream(stage: Stage, way: Way, fate: Fate) -> Fault {
    Fault { stage, way, fate, only: Some(Form::Stream) }
}

const fn whole(stage: Stage, way: Way, fate: Fate) -> Fault {
    Fault { stage, way, fate, only: Some(Form::Whole) }
}

/// All of them, in the order of the stages.
pub const FAULTS: &[Fault] = &[
    both(Stage::Nothing, Way::Refused, Hidden(502)),
    both(Stage::Nothing, Way::Stalls, Hidden(504)),
    both(Stage::Nothing, Way::Resets, Hidden(502)),
    both(Stage::Nothing, Way::Closes, Hidden(502)),
    both(Stage::Nothing, Way::Garbage, Hidden(502)),
    both(Stage::Head, Way::Status(302), Hidden(302)),
    both(Stage::Head, Way::Status(400), Told(400)),
    both(Stage::Head, Way::Status(401), Hidden(401)),
    both(Stage::Head, Way::Status(402), Hidden(402)),
    both(Stage::Head, Way::Status(403), Hidden(403)),
    both(Stage::Head, Way::Status(404), Told(404)),
    both(Stage::Head, Way::Status(413), Told(413)),
    both(Stage::Head, Way::Status(422), Told(422)),
    both(Stage::Head, Way::Status(429), Hidden(429)),
    both(Stage::Head, Way::Dated, Hidden(429)),
    both(Stage::Head, Way::Status(500), Hidden(500)),
    both(Stage::Head, Way::Status(502), Hidden(502)),
    both(Stage::Head, Way::Status(503), Hidden(503)),
    both(Stage::Head, Way::Status(504), Hidden(504)),
    both(Stage::Head, Way::Status(529), Hidden(529)),
    both(Stage::Head, Way::StatusThenStalls(400), Hidden(504)),
    both(Stage::Head, Way::StatusThenStalls(500), Hidden(504)),
    both(Stage::Head, Way::Stalls, Hidden(504)),
    both(Stage::Head, Way::Resets, Hidden(502)),
    both(Stage::Head, Way::Closes, Hidden(502)),
    both(Stage::Head, Way::Garbage, Hidden(502)),
    stream(Stage::Head, Way::Ends, Hidden(502)),
    both(Stage::Head, Way::WebPage, Hidden(502)),
    both(Stage::Head, Way::Empty, Hidden(502)),
    both(Stage::Head, Way::OtherJson, Hidden(502)),
    both(Stage::Head, Way::Error(529), Hidden(529)),
    both(Stage::Head, Way::Error(500), Hidden(500)),
    both(Stage::Head, Way::Error(429), Hidden(429)),
    both(Stage::Head, Way::Error(400), Told(400)),
    stream(Stage::Start, Way::Stalls, Hidden(504)),
    stream(Stage::Start, Way::Resets, Hidden(502)),
    stream(Stage::Start, Way::Closes, Hidden(502)),
    stream(Stage::Start, Way::Garbage, Hidden(502)),
    stream(Stage::Start, Way::Ends, Hidden(502)),
    stream(Stage::Start, Way::HalfAnEvent, Hidden(502)),
    stream(Stage::Start, Way::Error(529), Hidden(529)),
    stream(Stage::Start, Way::Error(500), Hidden(500)),
    stream(Stage::Start, Way::Error(429), Hidden(429)),
    stream(Stage::Start, Way::Error(400), Told(400)),
    stream(Stage::Middle, Way::Stalls, Cut),
    stream(Stage::Middle, Way::Resets, Cut),
    stream(Stage::Middle, Way::Closes, Cut),
    stream(Stage::Middle, Way::Garbage, Cut),
    stream(Stage::Middle, Way::Ends, Cut),
    stream(Stage::Middle, Way::HalfAnEvent, Cut),
    stream(Stage::Middle, Way::Error(529), Cut),
    stream(Stage::Middle, Way::Error(500), Cut),
    stream(Stage::Middle, Way::Error(429), Cut),
    stream(Stage::Middle, Way::Error(400), Cut),
    whole(Stage::Middle, Way::Stalls, Hidden(504)),
    whole(Stage::Middle, Way::Resets, Hidden(502)),
    whole(Stage::Middle, Way::Closes, Hidden(502)),
    whole(Stage::Middle, Way::Garbage, Hidden(502)),
    whole(Stage::Middle, Way::Ends, Hidden(502)),
    stream(Stage::End, Way::Stalls, Cut),
    stream(Stage::End, Way::Resets, Cut),
    stream(Stage::End, Way::Closes, Cut),
    stream(Stage::End, Way::Garbage, Cut),
    stream(Stage::End, Way::Ends, Cut),
    stream(Stage::End, Way::Error(529), Cut),
    whole(Stage::End, Way::Stalls, Hidden(504)),
    whole(Stage::End, Way::Resets, Hidden(502)),
    whole(Stage::End, Way::Closes, Hidden(502)),
    both(Stage::Over, Way::Stalls, Served),
    both(Stage::Over, Way::Resets, Served),
    both(Stage::Over, Way::Closes, Served),
    both(Stage::Over, Way::Garbage, Served),
];

impl Stage {
    /// In words, for the document.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "before the head",
            Self::Head => "after the head",
            Self::Start => "before content",
            Self::Middle => "within the content",
            Self::End => "at the end",
            Self::Over => "after the end",
        }
    }
}

impl Fault {
    /// The forms of answer in which it can happen.
    pub const fn forms(&self) -> &'static [Form] {
        match self.only {
            None => &Form::BOTH,
            Some(Form::Stream) => &[Form::Stream],
            Some(Form::Whole) => &[Form::Whole],
        }
    }

    /// In words, for the document.
    pub fn what(&self, form: Form) -> String {
        match self.way {
            Way::Refused => "connection refused".to_owned(),
            Way::Stalls => "silence".to_owned(),
            Way::Resets => "reset".to_owned(),
            Way::Closes => "connection closed".to_owned(),
            Way::Garbage => "garbage".to_owned(),
            Way::Ends => "an end in order, too soon".to_owned(),
            Way::HalfAnEvent => "half an event, then closed".to_owned(),
            Way::Status(status) => format!("status {status}"),
            Way::StatusThenStalls(status) => format!("status {status}, then silence"),
            Way::Dated => "status 429 with `retry-after: 30`".to_owned(),
            Way::Error(status) if form == Form::Stream => format!("an error event that stands for {status}"),
            Way::Error(status) => format!("200 with an error that stands for {status}"),
            Way::WebPage => "200 with a web page".to_owned(),
            Way::Empty => "200 without a body".to_owned(),
            Way::OtherJson => "200 with JSON that is no message".to_owned(),
        }
    }

    /// How the connection ends.
    const fn end(&self) -> End {
        match self.way {
            Way::Stalls | Way::StatusThenStalls(_) => End::Stall,
            Way::Resets => End::Reset,
            Way::Closes | Way::HalfAnEvent => End::Close,
            Way::Garbage => End::Garbage,
            _ => End::Proper,
        }
    }

    /// What the failed attempt is to be settled by, as the ledger names it.
    pub fn token_source(&self, form: Form) -> &'static str {
        match (self.stage, self.way) {
            (Stage::Over, _) => "reported",
            (Stage::Start | Stage::Middle | Stage::End, _) if form == Form::Stream => "partial",
            // It has the request, and the hub waits no longer.
            (_, Way::Stalls) => "estimated",
            _ => "none",
        }
    }

    /// True if one such failure is enough to put something on hold.
    pub const fn holds(&self) -> bool {
        matches!(self.way, Way::Status(401 | 402 | 403 | 429 | 529) | Way::Dated | Way::Error(429 | 529))
    }

    /// What the provider sends instead of `said`; none if nobody listens.
    pub fn answer(&self, said: &Said, form: Form) -> Option<Answer> {
        Some(match (self.stage, self.way) {
            (_, Way::Refused) => return None,
            (Stage::Nothing, Way::Garbage) => Answer::garbage("SSH-2.0-OpenSSH_9.2\r\n"),
            (Stage::Nothing, Way::Closes) => Answer::garbage("HTTP/1.1 200 OK\r\ncontent-ty"),
            (Stage::Nothing, _) => Answer::nothing(self.end()),
            (_, Way::Status(302)) => {
                Answer::new(302, "text/html", "").header("location", "http://127.0.0.1:9/v1/messages")
            }
            (_, Way::Status(status)) => Answer::status(status),
            (_, Way::StatusThenStalls(status)) => Answer::status(status).cut_after(0, End::Stall),
            (_, Way::Dated) => Answer::status(429).header("retry-after", "30"),
            (_, Way::WebPage) => Answer::new(200, "text/html", "<!doctype html><html>Please log in</html>"),
            (_, Way::Empty) => Answer::new(200, "application/json", ""),
            (_, Way::OtherJson) => Answer::new(200, "application/json", r#"{"ok":true}"#),
            (_, Way::Error(status)) if form == Form::Whole => Answer::status(status).says(200),
            _ if form == Form::Stream => Answer::events(self.events(said)).ends(self.end()),
            _ => self.part_of(said),
        })
    }

    /// The events of a stream, as far as they are sent.
    pub fn events(&self, said: &Said) -> Vec<String> {
        let mut events = said.events.clone();
        let n = match self.stage {
            Stage::Nothing | Stage::Head => 0,
            Stage::Start => EVENTS_TO_FIRST_CONTENT - 1,
            Stage::Middle => events.len() / 2,
            Stage::End => events.len() - 1,
            Stage::Over => events.len(),
        };
        let next = events.get(n).cloned();
        events.truncate(n);
        match self.way {
            Way::Error(status) => events.push(error_event(kind(status), &format!("stands for {status}"))),
            Way::HalfAnEvent => {
                events.extend(next.map(|event| event[..event.floor_char_boundary(event.len() / 2)].to_owned()));
            }
            _ => {}
        }
        events
    }

    /// A whole answer, as far as it is sent.
    fn part_of(&self, said: &Said) -> Answer {
        let text = said.message.to_string();
        let n = match self.stage {
            Stage::Middle => text.len() / 2,
            Stage::End => text.len() - 1,
            Stage::Over => text.len(),
            _ => 0,
        };
        if self.way == Way::Garbage && self.stage == Stage::Middle {
            // Its length is right, and its second half is none of JSON.
            let garbage = vec![0xff; text.len() - n];
            return Answer::new(200, "application/json", [&text.as_bytes()[..n], &garbage].concat());
        }
        if self.way == Way::Ends {
            return Answer::new(200, "application/json", &text.as_bytes()[..n]);
        }
        Answer::new(200, "application/json", text).in_pieces_of(n.max(1)).cut_after(n.min(1), self.end())
    }
}

/// The wire's name for an error that stands for this status.
const fn kind(status: u16) -> &'static str {
    match status {
        400 => "invalid_request_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}
