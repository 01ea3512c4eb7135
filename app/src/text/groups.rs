//! Every group of sentences, and what is in it.

/// Declares groups of sentences: plain ones, then those that take something in.
macro_rules! sentences {
    ($( $group:ident { $($name:ident)*; $($function:ident($($argument:ty),*))* } )*) => { $(
        pub(crate) struct $group {
            $( pub(crate) $name: &'static str, )*
            $( pub(crate) $function: fn($($argument),*) -> String, )*
        }
    )* };
}
#[cfg(feature = "ssr")]
pub(super) use sentences;

sentences! {
    Shell {
        overview leaderboard availability calls sessions providers routing users quotas prices settings log audit api_docs log_out theme theme_system theme_light theme_dark language
        collapse menu main_navigation skip live reconnecting shortcuts close not_found not_found_why not_found_back
        focus_filter next_row previous_row open_row close_panel this_sheet collapse_sidebar
        find find_what find_nothing kind_user kind_key kind_provider kind_model kind_group kind_session kind_call kind_page
        lost_connection session_over session_over_why my_use not_allowed not_allowed_why nobodys nobodys_why;
        go_to(&str)
    }
    Common {
        save saved create cancel delete edit enabled disabled copy copied copy_by_hand name note group
        group_help expires expires_help never created actions state retry loading next_page
        more unsaved leave default_group its_use;
        ago_seconds(i64) ago_minutes(i64) ago_hours(i64) ago_days(i64) in_time(&str) n_more(u32)
    }
    Login { title lead name name_help secret secret_help submit where_is_it cookie_lost cookie_lost_why; }
    Calls {
        title time outcome caller model provider tokens_in tokens_out tokens_cache cost first_byte first_token
        duration status
        apply clear empty empty_why empty_filtered empty_filtered_why newest older probe stream no_stream open_alone
        close detail facts unpriced unpriced_why user key session conversation user_agent address kind
        messages id upstream_id charged_tokens unit_price class amount input output
        cache_write_5m cache_write_1h cache_read tools request_fee total usage_raw model_asked model_sent model_served source
        cache_write attempts speed arrived list_caption export export_csv export_json
        export_lines export_what;
        export_so_far(&str, &str) export_of(&str, &str, &str) export_whole(&str, &str) export_cut(&str) export_cancelled(&str)
        n_new(usize) many_new(usize) n_attempts(u32) factors(&str, &str, &str) price_version(i64) reserved(&str) over_reserved(&str)
    }
    Chain {
        title waiting in_queue connecting first_byte streaming running none_chosen
        first_token_mark time_axis legend screened ended queued connected once_more repaired sticky last_resort;
        drawn(&str, u32, u64, usize) only(&str, i32) not_eligible(usize) http(u16)
        by_group(&str) caused(&str) left_cache(&str)
    }
    Providers {
        title new new_lead priority weight
        basics name_help base_url base_url_help secret secret_help secret_keep final_url routing routing_lead
        priority_help weight_help group_help multiplier multiplier_help models_rules models_help redirects redirects_help
        network network_lead proxy proxy_help connect_timeout first_byte_timeout idle_timeout total_timeout headers headers_help
        client_gone drain drain_help drain_warning stop stop_help enabled_help test test_lead test_model test_model_help
        test_run test_running danger delete_what seconds
        base_url_changes
        contents try_model try_model_run try_proxy;
        delete_title(&str)
    }
    Routing {
        availability availability_lead active_from active_to active_help prefix prefix_help group_priorities
        group_priorities_help max_attempts max_attempts_help breaker_failures breaker_failures_help breaker_open_s
        breaker_successes probe probe_help message_queue message_queue_help failure_rules failure_rules_help setting
        restrictions restrictions_unfold models_help clients clients_help addresses addresses_help
        new_group priority priority_help multiplier_help name_help delete_what;
        edit_group(&str) delete_group(&str)
    }
    Users {
        title new new_lead role role_user role_admin role_help profile danger enabled_help
        delete_what name_help note_help tags tags_help renew renew_by own_day days_7 days_30 days_90;
        delete_title(&str)
    }
    Keys {
        title new new_lead empty empty_why preview last_used never_used name_help created_title created_once setup setup_lead
        setup_shell setup_settings group_help delete_what done enabled_help edit rotate rotate_what old_ends
        at_once hour_more day_more week_more expired choose change_chosen;
        delete_title(&str) rotate_title(&str)
    }
    Prices {
        new model per_million input output write_5m write_1h read
        delete_what model_help overwrites derived rules rules_help history_lead
        import import_lead import_file import_choose import_run import_preview import_running import_too_large sync_title
        sync_lead sync_look sync_run;
        delete_title(&str) edit_title(&str) history_title(&str)
    }
    Limits {
        title unfold lead none no_limit total requests sessions rpm tpm five_hours daily weekly monthly mode mode_help soft
        hard five_hours_mode five_hours_help daily_mode daily_help rolling fixed daily_time daily_time_help reserved free
        more_room reset reset_what;
        reset_title(&str) of(&str)
    }
    Quotas {
        title lead empty empty_why empty_filtered empty_filtered_why whose limit used share resets anybody users keys
        providers any_share half most over filter key_of no_reset;
    }
    Settings {
        title lead sections from_default from_database from_environment standard back environment
        environment_lead variable value source hidden storage storage_lead database private external journal quarantined kept
        kept_why tables table size partitions days day backup backup_private backup_external backup_command;
        n_days(u32) changed(&str) returned(&str) back_label(&str) save_label(&str)
        and_follows(&str)
    }
}
