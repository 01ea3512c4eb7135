//! The groups of sentences of sessions and of captured messages: the browser does not carry them.

use super::groups::sentences;

sentences! {
    Sessions {
        title lead which active recent search find none none_why empty empty_why nothing_yet nothing_yet_why session caller
        client models provider state calls errors tokens cost cache_hit began seen is_active is_over unknown
        list bound not_bound stays stays_why since until share_cached moved requests all_calls
        end end_what end_unbound last_at open
        end_chosen end_all end_all_found end_help end_many_what end_none end_none_why;
        end_title(&str) end_warm(&str, &str) end_running(&str) running(&str) cached_there(&str)
        end_many_title(&str) end_many_bound(&str, &str) end_many_over(&str) end_many_left(&str) n_ended(&str)
    }
    Messages {
        title lead conversation raw view asked answered is_cut left_out_turns nothing_readable system user assistant thinking
        tool_use tool_result request answer call;
        left_out(&str) of_bytes(&str) show_all(usize)
    }
}
