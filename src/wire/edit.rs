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
    use super::*;

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
