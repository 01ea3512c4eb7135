//! What drawn pages show: read from the use cases, and drawn.

mod access;
mod calls;
mod manage;
mod sessions;
mod span;

use axum::extract::Query;
use hub::{
    admin::{
        actor::Admin,
        availability, course, groups, leaderboard, log, overview, period,
        subject::{self, UseOf},
        users,
    },
    domain::{
        fault::Fault,
        log::LogQuery,
        report::{
            UsageBy, UsageQuery,
            availability::AvailabilityQuery,
            leaderboard::{LeaderboardQuery, Period},
        },
    },
    hub::Hub,
};
use leptos::{
    prelude::{AnyView, Owner, RenderHtml, ServerActionError, provide_context, use_context},
    server_fn::error::ServerFnUrlError,
};
use leptos_router::params::ParamsMap;

use self::{access::OwnReader, span::span};
use super::{Answer, AppError, guard};
use crate::{
    drawn::{
        self, Drawing, Drawn,
        clock::Clock,
        range::{Range, Recent},
    },
    fault,
    preferences::Preferences,
    text::{Language, Text},
    ui::{icon::Icon, state::note},
};

/// Who reads a drawn page, and what its address says.
struct Reader {
    hub: Hub,
    actor: Admin,
    clock: Clock,
    map: ParamsMap,
}

/// The hub's clock.
pub(crate) fn clock(hub: &Hub) -> Clock {
    Clock { zone: hub.snapshot.load().zone, now: hub::clock::now() }
}

/// Draws a page. `search` is the query string of its address.
pub(super) async fn draw(drawing: &Drawing, search: &str) -> Answer<Drawn> {
    let mut drawn = drawn_page(drawing, search).await?;
    drawn.html = refused(&drawn.html).unwrap_or_default() + &drawn.html;
    Ok(drawn)
}

/// What was wrong with a form of the page that was sent without script, unless the form says it itself.
fn refused(html: &str) -> Option<String> {
    let is_told = |path: &str| html.contains(&format!("data-refused=\"{path}\""));
    let refusal = use_context::<ServerActionError>()
        .filter(|refusal| html.contains(refusal.path()) && !is_told(refusal.path()))?;
    let error = ServerFnUrlError::<AppError>::decode_err(refusal.err());
    Some(in_words(|text| (None, note("note bad mb-4", Icon::Alert, fault::message(text, &error)))).html)
}

async fn drawn_page(drawing: &Drawing, search: &str) -> Answer<Drawn> {
    match drawing {
        Drawing::Mine => OwnReader::new(search).await?.mine().await,
        Drawing::OwnCalls => OwnReader::new(search).await?.calls().await,
        Drawing::OwnCall(id) => OwnReader::new(search).await?.call(id).await,
        Drawing::Setup => OwnReader::new(search).await?.setup().await,
        Drawing::OwnLogins => OwnReader::new(search).await?.logins().await,
        _ => draw_for_admins(drawing, search).await,
    }
}

async fn draw_for_admins(drawing: &Drawing, search: &str) -> Answer<Drawn> {
    let (hub, actor) = guard::actor().await?;
    let clock = clock(&hub);
    let reader = Reader { hub, actor, clock, map: parameters(search) };
    match drawing {
        Drawing::Overview => reader.overview().await,
        Drawing::User(id) => reader.subject(UsageBy::User, id).await,
        Drawing::Key(id) => reader.subject(UsageBy::Key, id).await,
        Drawing::Provider(id) => reader.subject(UsageBy::Provider, id).await,
        Drawing::Model(name) => reader.subject(UsageBy::Model, name).await,
        Drawing::Leaderboard => reader.leaderboard().await,
        Drawing::Availability => reader.availability().await,
        Drawing::Providers => reader.providers().await,
        Drawing::NewProvider => Ok(in_words(drawn::providers::one::page_of_new)),
        Drawing::OneProvider(id) => reader.one_provider(id).await,
        Drawing::ManyProviders => reader.many_providers(search).await,
        Drawing::Users => reader.users().await,
        Drawing::NewUser => Ok(reader.new_user()),
        Drawing::OneUser(id) => reader.one_user(id).await,
        Drawing::ManyUsers => reader.many_users(search).await,
        Drawing::Keys => reader.keys().await,
        Drawing::ManyKeys => reader.many_keys(search).await,
        Drawing::Routing => reader.routing().await,
        Drawing::CallFilters => reader.call_filters().await,
        Drawing::Call(id) => reader.call(id).await,
        Drawing::CallAlone(id) => reader.call_alone(id).await,
        Drawing::CallMessages(id) => reader.messages(id).await,
        Drawing::Sessions => reader.sessions().await,
        Drawing::Session(id) => reader.session(id).await,
        Drawing::Log => reader.log(),
        Drawing::Prices => reader.prices().await,
        Drawing::Settings => reader.settings().await,
        Drawing::Dialog(page) => reader.dialog(page, search).await,
        Drawing::Audit => reader.audit().await,
        Drawing::Logins => reader.logins().await,
        Drawing::Mine | Drawing::OwnCalls | Drawing::OwnCall(_) | Drawing::Setup | Drawing::OwnLogins => {
            Err(guard::refuse(Fault::NotAllowed))
        }
    }
}

impl Reader {
    /// True if lists show all that was read of them.
    fn is_all(&self) -> bool {
        self.map.get_str("all") == Some("1")
    }

    async fn overview(&self) -> Answer<Drawn> {
        let (hub, actor) = (&self.hub, &self.actor);
        let range = Range::<Recent>::read(&self.map, self.clock.today());
        let (from, to) = span(&range, self.clock);
        let by = drawn::word(&self.map, "by");
        let steps = drawn::range::steps((from, to));
        let step = drawn::word(&self.map, "step").filter(|step| steps.contains(step));
        let query = UsageQuery { from: Some(from), to: Some(to), by, step, ..UsageQuery::default() };
        // Each reads a dozen sums: together they would make a large future.
        let overview = Box::pin(overview::overview(hub, actor));
        let course = Box::pin(course::course(hub, actor, &query));
        let (overview, course) = tokio::try_join!(overview, course).map_err(guard::refuse)?;
        let notices = overview.attention.iter().map(super::overview::notice).collect();
        let shown = drawn::overview::Shown { overview: &overview, notices, course: &course, by, range, steps, step };
        Ok(in_words(|text| drawn::overview::page(text, &shown, self.clock)))
    }

    async fn subject(&self, by: UsageBy, id: &str) -> Answer<Drawn> {
        let of = match by {
            UsageBy::User => UseOf::User(super::forms::id(id, "user")?),
            UsageBy::Key => UseOf::Key(super::forms::id(id, "key")?),
            UsageBy::Provider => UseOf::Provider(super::forms::id(id, "provider")?),
            UsageBy::Model => UseOf::Model(id.to_owned()),
        };
        let range = Range::<Recent>::read(&self.map, self.clock.today());
        let report =
            subject::report(&self.hub, &self.actor, &of, span(&range, self.clock)).await.map_err(guard::refuse)?;
        let shown = drawn::subject::Shown {
            by,
            id,
            name: &report.name,
            total: &report.total,
            before: &report.before,
            course: &report.course,
            parts: &report.parts,
            errors: &report.errors,
            limits: &report.limits,
            range,
            is_all: self.is_all(),
        };
        Ok(in_words(|text| drawn::subject::page(text, &shown, self.clock)))
    }

    async fn leaderboard(&self) -> Answer<Drawn> {
        let range = Range::<Period>::read(&self.map, self.clock.today());
        let days = range.days.map(|(first, last)| period::of_days(first, last, self.clock.zone));
        let by: Option<UsageBy> = drawn::word(&self.map, "by");
        // Only users have tags and groups.
        let is_of_users = matches!(by, None | Some(UsageBy::User));
        let of_users = |name| self.own(name).filter(|_| is_of_users);
        let query = LeaderboardQuery {
            by,
            period: range.period,
            from: days.map(|(from, _)| from),
            to: days.map(|(_, to)| to),
            sort: drawn::word(&self.map, "sort"),
            reverse: Some(self.map.get_str("order") == Some("reverse")),
            tag: of_users("tag"),
            group: of_users("group"),
        };
        let offered = async {
            if is_of_users {
                tokio::try_join!(users::tags(&self.hub, &self.actor), groups::list(&self.hub, &self.actor))
            } else {
                Ok((Vec::new(), Vec::new()))
            }
        };
        let board = leaderboard::leaderboard(&self.hub, &self.actor, &query);
        let (board, (tags, groups)) = tokio::try_join!(board, offered).map_err(guard::refuse)?;
        let shown = drawn::leaderboard::Shown {
            query: &query,
            board: &board,
            range: &range,
            is_all: self.is_all(),
            tags: &tags,
            groups: &groups,
        };
        Ok(in_words(|text| drawn::leaderboard::page(text, &shown, self.clock)))
    }

    async fn availability(&self) -> Answer<Drawn> {
        let provider_id = drawn::word(&self.map, "provider");
        let n_providers = self.hub.snapshot.load().upstreams.len();
        let is_whole = provider_id.is_some() || n_providers <= drawn::availability::WHOLE_MAX;
        let query =
            AvailabilityQuery { range: drawn::word(&self.map, "range"), provider_id, model_blocks: Some(is_whole) };
        let shown = availability::availability(&self.hub, &self.actor, query).await.map_err(guard::refuse)?;
        let extent = drawn::availability::Extent { only: provider_id, is_whole, is_all: self.is_all() };
        Ok(in_words(|text| drawn::availability::page(text, &shown, extent, self.clock)))
    }

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

fn language() -> Language {
    Preferences::read().language
}

/// The sentences in the reader's language.
pub(super) fn words() -> &'static Text {
    language().text()
}

/// Draws in the reader's language: a title, and a view that becomes HTML.
pub(super) fn in_words(page: impl FnOnce(&'static Text) -> (Option<String>, AnyView)) -> Drawn {
    let language = language();
    Owner::new().with(|| {
        provide_context(language);
        let (title, view) = page(language.text());
        Drawn { title, html: view.to_html() }
    })
}
