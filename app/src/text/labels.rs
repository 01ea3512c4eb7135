//! What the fields are called that a fault or the audit log can name, as the forms call them.

use hub::domain::limit::Limited;

use super::Text;
use crate::pages::limits;

/// The field in words; none for one that no form of the console has.
pub(crate) fn label(text: &'static Text, field: &str) -> Option<&'static str> {
    limit(text, field)
        .or_else(|| person(text, field))
        .or_else(|| provider(text, field))
        .or_else(|| price(text, field))
        .or_else(|| call(text, field))
        .or_else(|| recorded(text, field))
        .or_else(|| text.setting(field).map(|words| words.title))
}

fn limit(text: &'static Text, field: &str) -> Option<&'static str> {
    let others = ["limit_mode", "daily_reset_time"];
    let is_limit = others.contains(&field) || Limited::ALL.into_iter().any(|limited| limited.field() == field);
    match field {
        // In their form these are the beginning of a sentence that the choice ends.
        "reset_5h_mode" => Some(text.limits.five_hours_alone),
        "daily_reset_mode" => Some(text.limits.daily_alone),
        _ => is_limit.then(|| limits::label(text, field)),
    }
}

/// Of users, keys and groups.
fn person(text: &'static Text, field: &str) -> Option<&'static str> {
    Some(match field {
        "name" => text.common.name,
        "note" => text.common.note,
        "group" => text.common.group,
        "groups" => text.simulator.groups,
        "tags" => text.users.tags,
        "add_tags" => text.many.add_tags,
        "remove_tags" => text.many.remove_tags,
        "role" => text.users.role,
        "enabled" => text.common.state,
        "expires_at" | "until" => text.common.expires,
        "days" | "renew_days" => text.many.renew_days,
        "amount" => text.user_list.how_much,
        "field" => text.user_list.which_limit,
        "clients" => text.routing.clients,
        "addresses" => text.routing.addresses,
        "address" => text.simulator.address,
        "at" => text.simulator.at,
        "key_id" => text.call.key,
        "session_id" => text.calls.session,
        "password" => text.logins.new_password,
        "old_password" => text.logins.old_password,
        _ => return None,
    })
}

fn provider(text: &'static Text, field: &str) -> Option<&'static str> {
    let (words, routing) = (&text.providers, &text.routing);
    Some(match field {
        "base_url" => words.base_url,
        "secret" => words.secret,
        "proxy_url" => words.proxy,
        "headers" => words.headers,
        "models" => words.models_rules,
        "redirects" => words.redirects,
        "model" => text.calls.model,
        "weight" => words.weight,
        "priority" => words.priority,
        "cost_multiplier" => words.multiplier,
        "connect_timeout_ms" => words.connect_timeout,
        "first_byte_timeout_ms" => words.first_byte_timeout,
        "idle_timeout_ms" => words.idle_timeout,
        "total_timeout_ms" => words.total_timeout,
        "on_client_gone" => words.client_gone,
        "active_from" => routing.active_from,
        "active_to" => routing.active_to_alone,
        "prefix" => routing.prefix,
        "group_priorities" => routing.group_priorities,
        "max_attempts" => routing.max_attempts,
        "breaker_failures" => routing.breaker_failures,
        "breaker_open_s" => routing.breaker_open_s,
        "breaker_successes" => routing.breaker_successes,
        "probe" => routing.probe,
        "message_queue" => routing.message_queue,
        "failure_rules" => routing.failure_rules,
        _ => return None,
    })
}

fn price(text: &'static Text, field: &str) -> Option<&'static str> {
    let words = &text.prices;
    Some(match field {
        "input" => words.input,
        "output" => words.output,
        "cache_write_5m" => words.write_5m,
        "cache_write_1h" => words.write_1h,
        "cache_read" => words.read,
        "rules" => words.rules,
        "file" => text.price_import.import_file,
        _ => return None,
    })
}

/// Of the filters of calls, by their names in the address, where they have another one than the engine's.
fn call(text: &'static Text, field: &str) -> Option<&'static str> {
    let (words, filters) = (&text.calls, &text.call_filters);
    Some(match field {
        "range" => words.time,
        "from" => filters.from,
        "to" => filters.to,
        "user" => words.user,
        "provider" => words.provider,
        "key" => text.call.key,
        "outcome" => words.outcome,
        "status" => words.status,
        "cost_min" => filters.cost_min,
        "cost_max" => filters.cost_max,
        "seconds_min" => filters.seconds_min,
        "seconds_max" => filters.seconds_max,
        "content_min" => filters.content_min,
        "error" => filters.error,
        _ => return None,
    })
}

/// Of what no form asks for, but the audit log tells of a thing.
fn recorded(text: &'static Text, field: &str) -> Option<&'static str> {
    let (words, prices) = (&text.audit, &text.price_list);
    Some(match field {
        "id" => words.id,
        "created_at" => text.common.created,
        "updated_at" => prices.updated,
        "last_used_at" => text.keys.last_used,
        "old_secret_until" => text.keys.old_ends,
        "preview" => text.keys.preview,
        "secret_preview" | "scope.credential_id" => text.providers.secret,
        "has_password" => words.has_password,
        "logins_ended" | "ended" => words.logins_ended,
        "user_id" => text.calls.user,
        "provider_id" | "scope.provider_id" => text.calls.provider,
        "scope" | "scope.kind" => words.scope,
        "scope.model" => text.calls.model,
        "scope.group" => text.common.group,
        "reason" => words.reason,
        "source" => prices.source,
        "since" => text.sessions.since,
        "call_id" => text.call.id,
        "model_sent" => text.call.model_sent,
        "kind" => text.call.kind,
        "added" => prices.added,
        "changed" => prices.changed,
        "kept" => prices.kept,
        "unusable" => prices.unusable,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn a_field_is_called_what_its_form_calls_it() {
        let said = |language: Language, field| label(language.text(), field);
        assert_eq!(said(Language::En, "base_url"), Some(Language::En.text().providers.base_url));
        assert_eq!(said(Language::Zh, "limit_weekly_usd"), Some(limits::name(Language::Zh.text(), Limited::Weekly)));
        assert_eq!(said(Language::Zh, "gate_ms"), Language::Zh.text().setting("gate_ms").map(|words| words.title));
        assert_eq!(said(Language::En, "cursor"), None);
        let forms = ["name", "tags", "secret", "rules", "old_password", "failure_rules", "until", "cost_min", "to"];
        let log =
            ["updated_at", "has_password", "logins_ended", "reason", "scope", "call_id", "model_sent", "active_to"];
        for field in forms.into_iter().chain(log) {
            assert!(
                said(Language::En, field).is_some() && said(Language::Zh, field) != said(Language::En, field),
                "{field}"
            );
        }
    }
}
