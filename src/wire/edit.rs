//! Changes one value of a JSON body and leaves every other byte as the client sent it.

use bytes::{Bytes, BytesMut};

use super::peek::Peek;

/// The body with another model in it. The same bytes, not copied, if `model` is the one it asks for.
///
/// Prompt caches and thinking signatures depend on the rest staying as it is.
pub fn rename_model(body: &Bytes, peek: &Peek, model: &str) -> Bytes {
    if peek.model == model {
        return body.clone();
    }
    let (Some(head), Some(tail)) = (body.get(..peek.model_span.start), body.get(peek.model_span.end..)) else {
        return body.clone();
    };
    let value = serde_json::Value::from(model).to_string();
    let mut edited = BytesMut::with_capacity(head.len() + value.len() + tail.len());
    edited.extend_from_slice(head);
    edited.extend_from_slice(value.as_bytes());
    edited.extend_from_slice(tail);
    edited.freeze()
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
