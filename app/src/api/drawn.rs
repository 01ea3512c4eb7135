//! What drawn pages show: read from the use cases, and drawn.

mod manage;

use axum::extract::Query;
use hub::{
    admin::{actor::Admin, leaderboard, log, period},
    domain::{log::LogQuery, report::leaderboard::LeaderboardQuery},
    hub::Hub,
};
use leptos::prelude::{AnyView, Owner, RenderHtml, provide_context};
use leptos_router::params::ParamsMap;

use super::{Answer, guard};
use crate::{
    drawn::{self, Drawing, Drawn, clock::Clock, range::Range},
    preferences::Preferences,
    text::Text,
};

/// Who reads a drawn page, and what its address says.
struct Reader {
    hub: Hub,
    actor: Admin,
    clock: Clock,
    map: ParamsMap,
}

/// Draws a page. `search` is the query string of its address.
pub(super) async fn draw(drawing: &Drawing, search: &str) -> Answer<Drawn> {
    let (hub, actor) = guard::actor().await?;
    let clock = Clock { zone: hub.snapshot.load().zone, now: hub::clock::now() };
    let reader = Reader { hub, actor, clock, map: parameters(search) };
    match drawing {
        Drawing::Leaderboard => reader.leaderboard().await,
        Drawing::Providers => reader.providers().await,
        Drawing::ManyProviders => reader.many_providers(search).await,
        Drawing::Users => reader.users().await,
        Drawing::ManyUsers => reader.many_users(search).await,
        Drawing::Routing => reader.routing().await,
        Drawing::Log => reader.log(),
    }
}

impl Reader {
    async fn leaderboard(&self) -> Answer<Drawn> {
        let range = Range::read(&self.map, self.clock.today());
        let days = range.days.map(|(first, last)| period::of_days(first, last, self.clock.zone));
        let query = LeaderboardQuery {
            by: drawn::word(&self.map, "by"),
            period: range.period,
            from: days.map(|(from, _)| from),
            to: days.map(|(_, to)| to),
            sort: drawn::word(&self.map, "sort"),
            reverse: Some(self.map.get_str("order") == Some("reverse")),
        };
        let board = leaderboard::leaderboard(&self.hub, &self.actor, &query).await.map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::leaderboard::page(text, &board, &query, &range, self.clock)))
    }
}

impl Reader {
    fn log(&self) -> Answer<Drawn> {
        let text = |name| self.map.get_str(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let query = LogQuery {
            limit: Some(drawn::log::LINES_MAX),
            cursor: text("cursor"),
            level: drawn::word(&self.map, "level"),
            call_id: text("call_id"),
            search: text("search"),
        };
        let page = log::list(&self.hub, &self.actor, &query).map_err(guard::refuse)?;
        Ok(in_words(|text| drawn::log::page(text, &page, &query, self.clock)))
    }
}

/// The parameters of a query string.
pub(super) fn parameters(search: &str) -> ParamsMap {
    let address = format!("/?{}", search.trim_start_matches('?')).parse().unwrap_or_default();
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&address).map(|Query(pairs)| pairs).unwrap_or_default();
    pairs.into_iter().collect()
}

/// Draws in the reader's language: a title, and a view that becomes HTML.
fn in_words(page: impl FnOnce(&'static Text) -> (String, AnyView)) -> Drawn {
    let language = Preferences::read().language;
    Owner::new().with(|| {
        provide_context(language);
        let (title, view) = page(language.text());
        Drawn { title, html: view.to_html() }
    })
}
