//! The groups of sentences of the pages that the server draws: the browser does not carry them.

use super::groups::sentences;

sentences! {
    Drawn {
        time today this_week this_month all_time first_day last_day versus;
    }
    Log {
        title lead level any error warn info debug trace search call_id find empty empty_why older newest lines;
    }
    Leaderboard {
        title lead whose users keys providers models empty empty_why cache_hit success first_token_p50 first_token_p95
        since_ever compared_with;
    }
}
