//! The fields of limits.

use hub::domain::{
    fault::Fault,
    limit::{LimitMode, Limits, ResetMode},
};

use super::{number, whole};
use crate::api::limits::LimitForm;

/// The limits of a form. An empty field is no limit, or the default.
pub(crate) fn limits(form: &LimitForm) -> Result<Limits, Fault> {
    let default = Limits::default();
    Ok(Limits {
        limit_rpm: whole("limit_rpm", &form.limit_rpm)?,
        limit_tpm: whole("limit_tpm", &form.limit_tpm)?,
        limit_5h_usd: number("limit_5h_usd", &form.limit_5h_usd)?,
        limit_daily_usd: number("limit_daily_usd", &form.limit_daily_usd)?,
        limit_weekly_usd: number("limit_weekly_usd", &form.limit_weekly_usd)?,
        limit_monthly_usd: number("limit_monthly_usd", &form.limit_monthly_usd)?,
        limit_total_usd: number("limit_total_usd", &form.limit_total_usd)?,
        limit_concurrent_requests: whole("limit_concurrent_requests", &form.limit_concurrent_requests)?,
        limit_concurrent_sessions: whole("limit_concurrent_sessions", &form.limit_concurrent_sessions)?,
        limit_mode: if form.limit_mode == LimitMode::Hard.as_str() { LimitMode::Hard } else { default.limit_mode },
        reset_5h_mode: mode(&form.reset_5h_mode, default.reset_5h_mode),
        daily_reset_mode: mode(&form.daily_reset_mode, default.daily_reset_mode),
        daily_reset_time: match form.daily_reset_time.trim() {
            "" => default.daily_reset_time,
            time => time.parse().map_err(|why| Fault::invalid("daily_reset_time", why))?,
        },
        reset_at: None,
    })
}

fn mode(text: &str, default: ResetMode) -> ResetMode {
    [ResetMode::Rolling, ResetMode::Fixed].into_iter().find(|mode| mode.as_str() == text).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_form_is_no_limit_and_a_mistake_names_its_field() {
        assert_eq!(limits(&LimitForm::default()), Ok(Limits::default()));
        let form = LimitForm {
            limit_rpm: " 5 ".to_owned(),
            limit_daily_usd: "0".to_owned(),
            limit_mode: "hard".to_owned(),
            daily_reset_mode: "rolling".to_owned(),
            daily_reset_time: "03:30".to_owned(),
            ..LimitForm::default()
        };
        let read = limits(&form).unwrap();
        assert_eq!((read.limit_rpm, read.limit_mode), (Some(5), LimitMode::Hard));
        assert_eq!((read.limit_daily_usd, read.daily_reset_mode), ("0".parse().ok(), ResetMode::Rolling));
        assert_eq!(read.daily_reset_time.to_string(), "03:30");
        let wrong = LimitForm { limit_tpm: "1.5".to_owned(), ..LimitForm::default() };
        assert_eq!(limits(&wrong), Err(Fault::invalid("limit_tpm", "must be a whole number, 0 or more")));
        let wrong = LimitForm { daily_reset_time: "noon".to_owned(), ..LimitForm::default() };
        assert_eq!(limits(&wrong).unwrap_err().field(), Some("daily_reset_time"));
    }
}
