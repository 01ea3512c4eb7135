//! The groups of sentences of the drawn pages about who may see and has done what: the browser does not carry them.

use super::groups::sentences;

sentences! {
    Audit {
        title lead at actor action subject any_action from to filter empty empty_why lines changed field before
        after nothing_changed in_login by_script system nobody id has_password logins_ended reason scope;
        by_user(&str) by_key(&str, &str) n_fields(usize)
    }
    Logins {
        title lead who with with_token with_password with_key address agent began seen ends this_one end end_others none
        password has_password has_none set_password set_help new_password old_password change_password change_help
        clear_password clear_help done of_user end_everybodys end_own end_what;
        end_users(&str) n_end(&str) on_system(&str, &str)
    }
    Mine {
        title lead logins_lead left no_limits tabs use_tab calls_tab setup_tab logins_tab over_time models nothing
        nothing_why calls_lead calls_empty calls_empty_why any_outcome any_key error of_key keys_none until used
        attempts room_before room_after cost_of;
        left_of(&str)
    }
    Setup {
        title lead your_key your_key_why system terminal terminal_why lasting lasting_why file_is sdks sdks_why models
        models_why check check_why;
    }
}
