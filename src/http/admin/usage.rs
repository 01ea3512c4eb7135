//! `/admin/v1/overview`, `/admin/v1/usage`, `/admin/v1/leaderboard` and `/admin/v1/availability`

use axum::{Extension, Json, extract::State};

use super::{
    Answer,
    document::ListProblems,
    input::{Listed, NoParams, Params},
    part_of,
};
use crate::{
    admin::{actor::Admin, availability, leaderboard, overview, usage},
    domain::{
        page::{Page, PartQuery},
        report::{
            ErrorCount, ErrorQuery, Overview, UsageQuery, UsageRow,
            availability::{Availability, AvailabilityQuery},
            leaderboard::{Leaderboard, LeaderboardQuery},
        },
    },
    hub::Hub,
};

/// Tells what happens now and what needs attention.
///
/// Today's sums against the same time yesterday, the last hours, who and what cost most today, the calls that run in the
/// replica that is asked, and what an operator should look at.
#[utoipa::path(get, path = "/admin/v1/overview", tag = "usage", operation_id = "show_overview",
    responses((status = 200, description = "The overview.", body = Overview), ListProblems))]
pub(super) async fn overview(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(NoParams {}): Params<NoParams>,
) -> Answer<Overview> {
    Ok(Json(overview::overview(&hub, &actor).await?))
}

/// Adds up calls, tokens and cost.
///
/// Oldest span first, within a span the dearest first; spans without calls have no row.
#[utoipa::path(get, path = "/admin/v1/usage", tag = "usage", operation_id = "sum_usage", params(UsageQuery, PartQuery),
    responses((status = 200, description = "The sums.", body = Page<UsageRow>), ListProblems))]
pub(super) async fn sum(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query, part }: Listed<UsageQuery>,
) -> Answer<Page<UsageRow>> {
    Ok(Json(part_of(usage::usage(&hub, &actor, &query).await?, &part)?))
}

/// Counts what went wrong, by cause.
///
/// Attempts that were not served, and calls that got no attempt, the most frequent cause first: at most 50
/// causes.
#[utoipa::path(get, path = "/admin/v1/usage/errors", tag = "usage", operation_id = "count_errors", params(ErrorQuery, PartQuery),
    responses((status = 200, description = "The causes.", body = Page<ErrorCount>), ListProblems))]
pub(super) async fn errors(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Listed { query, part }: Listed<ErrorQuery>,
) -> Answer<Page<ErrorCount>> {
    Ok(Json(part_of(usage::errors(&hub, &actor, &query).await?, &part)?))
}

/// Ranks users, keys, providers or models.
///
/// By what they used in a span of time, each with its sums in the span before: of a period that has not ended, the same
/// part of the one before. What was used by nobody in particular is left out. Users can be narrowed to those who have a tag,
/// or are of a group, now. Not paged: at most 10,000 are ranked.
#[utoipa::path(get, path = "/admin/v1/leaderboard", tag = "usage", operation_id = "rank", params(LeaderboardQuery),
    responses((status = 200, description = "The ranks.", body = Leaderboard), ListProblems))]
pub(super) async fn leaderboard(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<LeaderboardQuery>,
) -> Answer<Leaderboard> {
    Ok(Json(leaderboard::leaderboard(&hub, &actor, &query).await?))
}

/// Tells how providers served lately.
///
/// Each provider that is not deleted, and each of its models: a strip of blocks with its good and bad attempts, the sums
/// of the range with its percentiles, and its tests and probes. Not paged.
#[utoipa::path(get, path = "/admin/v1/availability", tag = "usage", operation_id = "show_availability",
    params(AvailabilityQuery),
    responses((status = 200, description = "How they served.", body = Availability), ListProblems))]
pub(super) async fn availability(
    State(hub): State<Hub>,
    Extension(actor): Extension<Admin>,
    Params(query): Params<AvailabilityQuery>,
) -> Answer<Availability> {
    Ok(Json(availability::availability(&hub, &actor, query).await?))
}
