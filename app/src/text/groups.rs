//! Every group of sentences, and what is in it.

/// Declares groups of sentences: plain ones, then those that take something in.
macro_rules! sentences {
    ($( $(#[$attribute:meta])* $group:ident { $($name:ident)*; $($function:ident($($argument:ty),*))* } )*) => { $(
        $(#[$attribute])*
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
        overview leaderboard availability calls sessions providers routing users keys quotas prices settings log audit api_docs log_out theme theme_system theme_light theme_dark language
        collapse menu main_navigation skip live reconnecting shortcuts close not_found not_found_why not_found_back
        focus_filter next_row previous_row open_row close_panel this_sheet collapse_sidebar
        find find_what find_nothing kind_user kind_key kind_provider kind_model kind_group kind_session kind_call kind_page
        lost_connection session_over session_over_why my_use my_calls set_up my_logins logins new_user new_provider not_allowed not_allowed_why nobodys nobodys_why;
        go_to(&str)
    }
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "most of these short words are those of drawn pages"))]
    Common {
        save saved create cancel delete edit enabled disabled copy copied copy_by_hand name note group
        group_help expires expires_help never created actions state retry loading next_page
        more unsaved leave default_group its_use;
        ago_seconds(i64) ago_minutes(i64) ago_hours(i64) ago_days(i64) in_time(&str) long_span(&str) n_more(u32)
    }
    Login { title lead name name_help secret secret_help secret_missing submit where_is_it cookie_lost cookie_lost_why; }
    Calls {
        title time outcome caller model provider tokens_in tokens_out tokens_cache cost first_byte duration status
        apply clear empty empty_why empty_filtered empty_filtered_why newest older probe
        close detail unpriced unpriced_why user session user_agent address
        cache_write attempts speed list_caption export export_csv export_json
        export_lines export_what;
        export_so_far(&str, &str) export_of(&str, &str, &str) export_whole(&str, &str) export_cut(&str) export_cancelled(&str)
        n_new(usize) many_new(usize) n_attempts(u32)
    }
    PriceImport {
        import import_lead import_file import_choose import_run import_preview import_running import_too_large sync_title
        sync_lead sync_look sync_run;
    }
    LimitNames { total requests sessions rpm tpm five_hours daily weekly monthly reserved free; }
    Quotas {
        title lead empty empty_why empty_filtered empty_filtered_why whose limit used share resets anybody users keys
        providers any_share half most over filter key_of no_reset;
    }
}
