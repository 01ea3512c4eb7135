//! The groups of sentences of the pages that the server draws: the browser does not carry them.

use super::groups::sentences;

sentences! {
    Drawn {
        time today this_week this_month all_time first_day last_day versus last_day_hours seven_days thirty_days ninety_days
        a_year all others failed_attempts each_quarter each_hour each_day each_week each_month show_table;
        at_most(usize) changes(&str)
    }
    Call {
        first_token stream no_stream open_alone facts key conversation kind messages id upstream_id charged_tokens unit_price
        class amount input output cache_write_5m cache_write_1h cache_read tools request_fee total usage_raw model_asked
        model_sent model_served source arrived;
        factors(&str, &str, &str) price_version(i64) term(&str) terms(&str) reserved(&str) over_reserved(&str)
    }
    Chain {
        title waiting in_queue connecting first_byte streaming running none_chosen
        first_token_mark time_axis legend screened ended queued connected once_more repaired sticky last_resort;
        drawn(&str, u32, u64, usize) only(&str, i32) not_eligible(usize) http(u16)
        by_group(&str) caused(&str) left_cache(&str)
    }
    Told {
        choosing nobody_yet between;
        answered_first(&str) answered_after(&str, &str) fell(&str, &str) nobody_left(&str) rejected(&str)
        refused(&str, &str) abandoned(&str) interrupted(&str) answering(&str) passed_on(&str, &str) in_line(u32)
        in_line_for(u32, &str)
    }
    CallFilters {
        presets all errors slow expensive retried not_retried any_attempts attempts columns more cost_min cost_max
        seconds_min seconds_max content_min key_example no_key_named own_range from to cut error error_help any_outcome any_provider any_user any_model any_time
        any_kind people probes only_errors
        last_hour last_day last_week last_month filter remove_filter;
        totals(&str, &str, &str, &str) of_probes(&str, &str) n_errors(&str) several_keys(usize) zone(&str)
    }
    Overview {
        title today requests cost tokens errors active attention attention_none by_provider by_model by_user nothing_today
        nothing_today_why cached_share first_token vs_yesterday no_yesterday no_data look_at_calls over_time by all
        providers models users nothing nothing_why choosing waiting answering nothing_runs view_all time_left step
        nobodys no_model;
        since_midnight(&str) in_last_hour(&str) a_minute(&str) most_within(&str) error_rate(&str)
    }
    Subject {
        of_user of_key of_provider of_model total_p50 total_p95 no_errors errors_counted errors_searched errors_not_searched;
    }
    Log {
        title lead level any error warn info debug trace search call_id find empty empty_why lines;
    }
    Availability {
        title lead empty empty_why an_hour each_minute each_half_hour each_three_hours course good attempts bad total
        first times all_models all_providers whole last_probe probe_good probe_bad no_attempts no_probes probes_why latest_probes only_told;
        strip(&str, &str) block(&str, &str, &str) served(&str, &str) probes_served(&str, &str)
    }
    Leaderboard {
        title lead whose users keys providers models empty empty_why cache_hit success first_token_p50 first_token_p95
        speed since_ever compared_with nobody nobody_why;
        too_many(&str, &str)
    }
}
