//! Whether users and keys are let in, as the database tells it.

/// The status of a row, with what stands before its columns: the rule of `AccessStatus::of`, so that lists can be asked
/// for one status. $8 is the time that it is, $9 how many days a status is that of something that expires soon.
macro_rules! access_status {
    ($table:literal) => {
        concat!(
            "case
                when not ",
            $table,
            "enabled then 'disabled'
                when ",
            $table,
            "expires_at <= $8 then 'expired'
                when ",
            $table,
            "expires_at <= $8 + make_interval(days => $9) then 'expiring'
                else 'active'
            end"
        )
    };
}
pub(super) use access_status;
