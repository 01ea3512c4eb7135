//! The API's description for people: one page without scripts, made from the document for machines.

use std::{fmt::Write, sync::LazyLock};

use axum::response::{Html, IntoResponse};
use http::header;
use serde_json::Value;

use super::{document, problem::Kind};

/// Nothing but our own style: no script, no frame, no form.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The methods in the order they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(document::document()).unwrap_or_default());
static JSON: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));

/// `/admin/v1/openapi.json`: holds nothing secret, so it is open to all.
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], JSON.as_str())
}

/// `/admin/docs`: likewise.
pub(super) async fn docs() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")], Html(PAGE.as_str()))
}

/// `/admin/docs/style.css`
pub(super) async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("style.css"))
}

/// The whole page.
fn page(document: &Value) -> String {
    let info = &document["info"];
    let title = escaped(text(&info["title"]));
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"stylesheet\" href=\"/admin/docs/style.css\">\
         </head><body><header><h1>{title}</h1><p>{}</p><p>Version {}. For machines: \
         <a href=\"/admin/v1/openapi.json\">openapi.json</a>.</p>\
         <pre><code>curl -H \"Authorization: Bearer $ADMIN_TOKEN\" http://127.0.0.1:23000/admin/v1/users</code></pre></header>",
        marked(text(&info["description"])),
        escaped(text(&info["version"])),
    );
    let tags = document["tags"].as_array().map_or(&[][..], Vec::as_slice);
    html.push_str("<nav aria-label=\"Contents\"><ul>");
    for name in tags.iter().map(|tag| text(&tag["name"])).chain(["problems", "types"]) {
        push(&mut html, format_args!("<li><a href=\"#{name}\">{name}</a></li>"));
    }
    html.push_str("</ul></nav><main>");
    for tag in tags {
        push_tag(&mut html, document, tag);
    }
    push_problems(&mut html);
    push_types(&mut html, document);
    html.push_str("</main></body></html>");
    html
}

/// The routes of one noun.
fn push_tag(html: &mut String, document: &Value, tag: &Value) {
    let name = text(&tag["name"]);
    push(html, format_args!("<section id=\"{name}\"><h2>{name}</h2><p>{}</p>", marked(text(&tag["description"]))));
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &item[method];
            if operation.pointer("/tags/0").is_some_and(|tag| tag == name) {
                push_operation(html, path, method, operation);
            }
        }
    }
    html.push_str("</section>");
}

/// One route.
fn push_operation(html: &mut String, path: &str, method: &str, operation: &Value) {
    push(
        html,
        format_args!(
            "<details id=\"{}\"><summary><span class=\"method {method}\">{}</span> <code>{}</code> \
             <span class=\"gist\">{}</span></summary>",
            text(&operation["operationId"]),
            method.to_uppercase(),
            escaped(path),
            marked(text(&operation["summary"])),
        ),
    );
    if let Some(description) = operation["description"].as_str() {
        push(html, format_args!("<p>{}</p>", marked(description)));
    }
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        html.push_str("<h3>Parameters</h3><dl>");
        for parameter in parameters {
            let place = format!("{}, {}", text(&parameter["in"]), kind(&parameter["schema"]));
            push_term(html, text(&parameter["name"]), &place, text(&parameter["description"]));
        }
        html.push_str("</dl>");
    }
    if let Some(body) = operation.pointer("/requestBody/content/application~1json/schema") {
        push(html, format_args!("<h3>Body</h3><p>{}</p>", kind(body)));
    }
    html.push_str("<h3>Answers</h3><dl>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let content = response["content"].as_object().and_then(|content| content.values().next());
        let kind = content.map(|content| kind(&content["schema"])).unwrap_or_default();
        push_term(html, status, &kind, text(&response["description"]));
    }
    html.push_str("</dl></details>");
}

/// The kinds of problems; their types' URLs lead here.
fn push_problems(html: &mut String) {
    html.push_str("<section id=\"problems\"><h2>problems</h2><dl>");
    for kind in Kind::ALL {
        let (slug, status, title) = (kind.slug(), kind.status().as_u16(), kind.title());
        push(
            html,
            format_args!(
                "<div id=\"problem-{slug}\"><dt><code>{status}</code> {title}</dt><dd>{}</dd></div>",
                marked(&kind.description())
            ),
        );
    }
    html.push_str("</dl></section>");
}

/// Every type, with its fields.
fn push_types(html: &mut String, document: &Value) {
    html.push_str("<section id=\"types\"><h2>types</h2>");
    for (name, schema) in document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten() {
        push(
            html,
            format_args!(
                "<details id=\"type-{name}\"><summary><code>{name}</code> <span class=\"gist\">{}</span></summary>",
                marked(text(&schema["description"]).lines().next().unwrap_or_default())
            ),
        );
        let fields = fields(document, schema);
        if fields.is_empty() {
            push(html, format_args!("<p>{}</p>", kind(schema)));
        } else {
            html.push_str("<dl>");
            for (name, schema) in fields {
                push_term(html, name, &kind(schema), meaning(schema));
            }
            html.push_str("</dl>");
        }
        html.push_str("</details>");
    }
    html.push_str("</section>");
}

/// The fields of an object, also of one that is put together from others or comes in several forms.
fn fields<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let own = schema["properties"].as_object().into_iter().flatten();
    let parts = ["allOf", "oneOf"].iter().filter_map(|key| schema[key].as_array()).flatten();
    let resolved = parts.map(|part| {
        let pointer = part["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(part)
    });
    own.chain(resolved.flat_map(|part| fields(document, part))).collect()
}

/// What a field means: said beside its type, or beside the one of its forms that has a name.
fn meaning(schema: &Value) -> &str {
    let forms = schema["oneOf"].as_array().into_iter().flatten();
    std::iter::once(schema).chain(forms).find_map(|schema| schema["description"].as_str()).unwrap_or_default()
}

/// A line of a list: a name, its kind, what it means.
fn push_term(html: &mut String, name: &str, kind: &str, meaning: &str) {
    push(
        html,
        format_args!(
            "<div><dt><code>{}</code> <span class=\"kind\">{kind}</span></dt><dd>{}</dd></div>",
            escaped(name),
            marked(meaning)
        ),
    );
}

/// A schema in a few words, as HTML; types that have a name are links.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#type-{0}\">{0}</a>", escaped(name));
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(|word| format!("<code>{}</code>", escaped(text(word)))).collect::<Vec<_>>().join(" ");
    }
    if let Some(parts) = ["oneOf", "allOf"].iter().find_map(|key| schema[key].as_array()) {
        return parts.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    let words = match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    if schema["items"].is_object() {
        return format!("{} of {}", escaped(&words), kind(&schema["items"]));
    }
    match schema["format"].as_str() {
        Some(format) => format!("{} ({})", escaped(&words), escaped(format)),
        None => escaped(&words),
    }
}

fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = html.write_fmt(text);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text with `code` in it as HTML. Links to other items of the source, [`Item`], stay plain.
fn marked(text: &str) -> String {
    let text = escaped(text).replace("[`", "`").replace("`]", "`");
    let part = |(at, part): (usize, &str)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() };
    text.split('`').enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_route_and_every_link_leads_somewhere() {
        for (method, path) in super::super::route_table() {
            assert!(PAGE.contains(&format!(">{method}</span> <code>{path}</code>")), "{method} {path}");
        }
        for link in PAGE.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap();
            assert!(PAGE.contains(&format!("id=\"{id}\"")), "#{id}");
        }
        assert!(!PAGE.contains("<script") && !PAGE.contains("style=\""));
        assert_eq!(marked("`a<b>` & [`C`]"), "<code>a&lt;b&gt;</code> &amp; <code>C</code>");
    }
}
