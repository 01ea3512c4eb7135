//! The groups of sentences of the drawn pages for managing users, providers and routing: the browser does not carry them.

use super::groups::sentences;

sentences! {
    ProviderList {
        shown as_list by_group by_priority any_group held filter search none_found none_found_why too_many change_chosen
        change_all choose choose_help legend last_hours first p50 p95 place resume reset clone in_use
        empty empty_why share requests errors pause end_hold until_ended half_open
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
        none_chosen none_chosen_why tags_and_time add_tags remove_tags renew_days;
        summary(u32, u32, usize) changed(u32)
    }
    Simulator {
        title lead key no_key groups groups_help model_help client client_help address bound not_bound session session_help
        at limits limits_help run nothing_yet refused first candidates verdict chance chosen possible;
        at_help(&str) order(&str) then(usize)
    }
}
