//! The groups of sentences of the drawn pages for managing users, providers, prices, routing and settings: the browser does
//! not carry them.

use super::groups::sentences;

sentences! {
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
        availability availability_lead active_from active_to active_to_alone active_help prefix prefix_help group_priorities
        group_priorities_help max_attempts max_attempts_help breaker_failures breaker_failures_help breaker_open_s
        breaker_successes probe probe_help message_queue message_queue_help failure_rules failure_rules_help setting
        restrictions restrictions_unfold models_help clients clients_help addresses addresses_help
        new_group priority priority_help multiplier_help name_help delete_what named_by;
        edit_group(&str) delete_group(&str)
    }
    Users {
        title new new_lead role role_user role_admin role_help profile danger enabled_help
        delete_what name_help note_help tags tags_help renew renew_by renew_until own_day days_7 days_30 days_90;
        delete_title(&str)
    }
    Keys {
        title new new_lead empty empty_why preview last_used never_used name_help created_title created_once setup setup_lead
        setup_shell setup_settings group_help delete_what done enabled_help edit rotate rotate_what old_ends
        at_once hour_more day_more week_more choose change_chosen;
        delete_title(&str) rotate_title(&str)
    }
    Prices {
        new model per_million input output write_5m write_1h read
        delete_what model_help overwrites derived rules rules_help history_lead;
        delete_title(&str) edit_title(&str) history_title(&str)
    }
    Limits {
        title unfold lead none no_limit mode mode_help soft hard five_hours_mode five_hours_alone five_hours_help daily_mode
        daily_alone daily_help rolling fixed daily_time daily_time_help more_room use_title reset reset_what;
        reset_title(&str) of(&str)
    }
    Settings {
        title lead sections from_default from_database from_environment standard back environment
        environment_lead variable value source meaning hidden storage storage_lead database private external journal quarantined kept
        kept_why tables table size partitions days day backup backup_private backup_external backup_command;
        n_days(u32) of_size(&str) changed(&str) returned(&str) back_label(&str) save_label(&str)
        and_follows(&str)
    }
    ProviderList {
        shown as_list by_group by_priority any_group held filter search none_found none_found_why too_many change_chosen
        change_all choose choose_help legend last_hours first p50 p95 place resume reset clone in_use
        empty empty_why share requests pause end_hold until_ended half_open
        enable disable
        groups groups_lead;
        strip(&str, &str) block(&str, &str, &str)
    }
    UserList {
        filter search tag any_tag any_status ends_until active expiring expired none_found none_found_why most_used
        set_limit which_limit how_much too_many fault_why
        empty empty_why requests cost last_day;
        n_limits(usize)
    }
    KeyList {
        lead filter search any_unused unused spent_today of_user user_disabled user_expired none_found empty_why fault_why;
        unused_days(u32)
    }
    PriceList {
        title source history updated lead empty empty_why builtin litellm manual derived_help search none_found any_source deleted version
        would_change has_changed nothing_differs added changed kept kept_why unusable and_more
        conflicts conflicts_lead own files take more_conflicts;
        counts(u32, u32)
    }
    Trials {
        served not_served not_served_why all_served reached not_reached works works_not open_call;
        by_rule(&str) sent_as(&str) sent_by(&str, &str) through(&str, &str) direct(&str) answered(u16, &str)
        took(&str, &str) tokens(&str, &str)
    }
    Losses {
        last_day last_month;
        keys(&str) did(&str, &str)
    }
    Many {
        providers_title users_title keys_title help keep look look_title before after same none apply nothing_changes refused_all
        none_chosen none_chosen_why none_filled tags_and_time add_tags remove_tags renew_days;
        summary(u32, u32, usize) changed(u32) chosen(&str, &str)
    }
    Simulator {
        title lead key no_key groups groups_help model_help client client_help address bound not_bound session session_help
        at limits limits_help run nothing_yet refused nobody_left candidates verdict chance chosen possible;
        at_help(&str) order(&str) first(&str) then(usize, &str)
    }
}
