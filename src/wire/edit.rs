//! Changes values of a JSON body and leaves every other byte as the client sent it.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::peek::Peek;

/// The body with another model in it. The same bytes, not copied, if `model` is the one it asks for.
///
/// Prompt caches and thinking signatures depend on the rest staying as it is.
pub fn rename_model(body: &Bytes, peek: &Peek, model: &str) -> Bytes {
    if peek.model == model {
        return body.clone();
    }
    let value = serde_json::Value::from(model).to_string();
    replace(body, vec![(peek.model_span.clone(), value)])
}

/// The body with other texts in some places, which must not overlap. A place outside of it is left out.
pub(super) fn replace(body: &Bytes, mut places: Vec<(Range<usize>, String)>) -> Bytes {
    places.sort_unstable_by_key(|(place, _)| place.start);
    let n_more: usize = places.iter().map(|(_, text)| text.len()).sum();
    let mut edited = BytesMut::with_capacity(body.len() + n_more);
    let mut at = 0;
    for (place, text) in places {
        if let Some(before) = body.get(at..place.start).filter(|_| place.end <= body.len()) {
            edited.extend_from_slice(before);
            edited.extend_from_slice(text.as_bytes());
            at = place.end;
        }
    }
    edited.extend_from_slice(body.get(at..).unwrap_or_default());
    edited.freeze()
}

/// Where `part`, a slice of `whole`, lies in it.
pub(super) fn span(whole: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text as JSON writes it, now and then with more escapes than it needs.
    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
            prop::sample::select(
                &[r#""\u0061\/\"}""#, r#""\ud83d\ude00 [""#, r#""model""#, r#""\u006dodel""#, r#""""#][..]
            )
            .prop_map(str::to_owned),
        ]
    }

    fn any_space() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&["", " ", "\n\t", "\r\n  "][..])
    }

    /// Any JSON value, as text: with spaces anywhere, with numbers that no number holds, with names that repeat.
    fn any_json() -> impl Strategy<Value = String> {
        let plain = prop::sample::select(
            &["null", "true", "-0", "1e2", "1.0", "123456789012345678901234567890", "-1E-400", "[]", "{ }"][..],
        );
        let leaf = prop_oneof![plain.prop_map(str::to_owned), any_text()];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let field = (any_text(), any_space(), inner.clone(), any_space())
                .prop_map(|(name, before, value, after)| format!("{before}{name}{after}:{before}{value}{after}"));
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
                prop::collection::vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(","))),
            ]
        })
    }

    /// A body that asks for a model: the part before its value, the value, the part behind it.
    fn any_body() -> impl Strategy<Value = (String, String, String)> {
        // Names that mean something to the hub stand there once at most; all others as often as they like.
        let name = any_text().prop_filter("a field the hub reads", |name| {
            let name: String = serde_json::from_str(name).unwrap();
            !["model", "stream", "max_tokens", "metadata"].contains(&name.as_str())
        });
        let field = (name, any_space(), any_json(), any_space())
            .prop_map(|(name, before, value, after)| format!("{before}{name}:{after}{value}{before}"))
            .boxed();
        let fields = || prop::collection::vec(field.clone(), 0..4);
        let known = prop::sample::select(
            &["", r#""stream": true,"#, r#""max_tokens":1e9 ,"#, r#""metadata":{"user_id":[7]},"#, r#""stream":null,"#]
                [..],
        );
        let model = prop::sample::select(&[r#""claude""#, r#""a\u0062""#, r#""\ud83d\ude00""#, "\"日本\""][..]);
        let key = prop::sample::select(&[r#""model""#, r#""\u006dodel""#][..]);
        (fields(), known, key, any_space(), model, any_space(), fields()).prop_map(
            |(before, known, key, space, model, after, behind)| {
                let before: String = before.iter().flat_map(|field| [field.as_str(), ","]).collect();
                let behind: String = behind.iter().flat_map(|field| [",", field.as_str()]).collect();
                (
                    format!("{space}{{{before}{known}{key}{after}:{space}"),
                    model.to_owned(),
                    format!("{after}{behind}}}{space}"),
                )
            },
        )
    }

    proptest! {
        #[test]
        fn any_body_gets_its_new_model_and_keeps_every_other_byte(
            (before, model, behind) in any_body(),
            renamed in "[^\\p{Cc}]{1,60}",
        ) {
            let body = Bytes::from(format!("{before}{model}{behind}"));
            let peek = Peek::read(&body).map_err(|rejection| TestCaseError::fail(rejection.message()))?;
            prop_assert_eq!(&peek.model, &serde_json::from_str::<String>(&model).unwrap());
            prop_assert_eq!(peek.model_span.clone(), before.len()..before.len() + model.len());
            let edited = rename_model(&body, &peek, &renamed);
            let again = Peek::read(&edited).map_err(|rejection| TestCaseError::fail(rejection.message()))?;
            prop_assert_eq!(&again.model, &renamed);
            prop_assert_eq!(&edited[..before.len()], before.as_bytes());
            prop_assert_eq!(&edited[again.model_span.end..], behind.as_bytes());
            prop_assert_eq!((again.stream, again.max_tokens, again.session), (peek.stream, peek.max_tokens, peek.session));
        }

        #[test]
        fn a_damaged_body_is_read_or_refused_and_what_was_read_stands_there(
            (before, model, behind) in any_body(),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            length in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
        ) {
            let mut body = format!("{before}{model}{behind}").into_bytes();
            let at = at.index(body.len());
            body[at] = byte;
            if is_cut {
                body.truncate(length.index(body.len()));
            }
            if let Ok(peek) = Peek::read(&body) {
                prop_assert_eq!(serde_json::from_slice::<String>(&body[peek.model_span.clone()]).unwrap(), peek.model.clone());
                let edited = rename_model(&Bytes::from(body), &peek, "other");
                prop_assert_eq!(Peek::read(&edited).unwrap().model, "other");
            }
        }

        #[test]
        fn no_bytes_are_too_odd_to_be_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Peek::read(&body);
        }
    }

    #[test]
    fn only_the_model_changes() {
        let body = Bytes::from_static(
            b"{ \"messages\" : [ {\"model\":\"inner\", \"n\":1e2} ],\n\t\"model\" :\"a\\u0062\" , \"x\":1.0 }",
        );
        let peek = Peek::read(&body).unwrap();
        let edited = rename_model(&body, &peek, "say \"b\"");
        assert_eq!(
            edited,
            &b"{ \"messages\" : [ {\"model\":\"inner\", \"n\":1e2} ],\n\t\"model\" :\"say \\\"b\\\"\" , \"x\":1.0 }"[..]
        );
        assert_eq!(Peek::read(&edited).unwrap().model, "say \"b\"");
        assert_eq!(rename_model(&body, &peek, "ab"), body);
    }
}
