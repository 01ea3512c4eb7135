//! Sessions of clients.

use leptos::prelude::*;

use super::Answer;

#[cfg(feature = "ssr")]
use {
    hub::domain::session::{SessionBulk, SessionFilter},
    leptos_router::params::ParamsMap,
};

/// Ends a session. Goes back to the list.
#[server]
pub(crate) async fn end_session(id: String) -> Answer<()> {
    use super::guard;
    let (hub, actor) = guard::actor_for_change().await?;
    let id = id.parse().map_err(guard::refuse)?;
    hub::admin::sessions::end(&hub, &actor, &id).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/sessions");
    Ok(())
}

/// Ends the sessions that the query string of the page means that has asked. Goes back to the list, and says how many
/// they were.
#[server]
pub(crate) async fn end_sessions(search: String) -> Answer<String> {
    use super::{drawn, guard};
    let (hub, actor) = guard::actor_for_change().await?;
    let Some(asked) = meant(&drawn::parameters(&search), false) else { return Ok(String::new()) };
    let report = hub::admin::sessions::bulk(&hub, &actor, asked).await.map_err(guard::refuse)?;
    leptos_axum::redirect("/sessions");
    Ok((drawn::words().sessions.n_ended)(&crate::format::whole(report.n_ended)))
}

/// The sessions that an address asks to end: those that are chosen, or all that the list finds; none if it asks for no end.
#[cfg(feature = "ssr")]
pub(super) fn meant(map: &ParamsMap, preview: bool) -> Option<SessionBulk> {
    let search = map.get_str("search").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let (ids, filter) = match map.get_str("drop")? {
        "chosen" => (Some(map.get_all("id").unwrap_or_default()), None),
        "all" => (None, Some(SessionFilter { search })),
        _ => return None,
    };
    Some(SessionBulk { ids, filter, preview })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_ended() {
        let meant = |search| meant(&crate::api::drawn::parameters(search), false);
        let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        for none in ["", "drop=", "drop=some&id=a", "id=a", "search=a"] {
            assert_eq!(meant(none), None, "{none}");
        }
        let chosen = meant("search=x&drop=chosen&id=a&id=b").unwrap();
        assert_eq!((chosen.ids, chosen.filter), (ids(&["a", "b"]), None));
        assert_eq!(meant("drop=chosen").unwrap().ids, ids(&[]));
        let all = |search: Option<&str>| Some(SessionFilter { search: search.map(str::to_owned) });
        assert_eq!(meant("drop=all&id=a").unwrap(), SessionBulk { filter: all(None), ..SessionBulk::default() });
        assert_eq!(meant("drop=all&search=+x+").unwrap().filter, all(Some("x")));
    }
}
