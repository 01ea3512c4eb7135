//! The fields of [`Limits`](super::Limits) as an operator sets them: the same for users, keys and providers.
//!
//! serde cannot flatten into a struct that refuses unknown fields, so a macro writes them into each.

/// Adds a field for each limit to a struct that makes something (`create`) or changes it (`patch`): they stand after the
/// struct's own fields. It needs `Patch`, `Usd` and the types of `limit` in scope.
///
/// `reset_at` is not among them: only a reset sets it.
macro_rules! with_limits {
    ($form:ident: $($item:tt)+) => {
        with_limits! {
            @$form
            {
                /// Calls in a minute, at most 1,000,000; null is no limit, 0 lets nothing pass.
                limit_rpm: u32,
                /// Tokens in a minute (input, cache writes, output), at most 1,000,000,000,000; null is no limit.
                limit_tpm: u64,
                /// US dollars in five hours, at most 9,000,000; null is no limit, 0 lets nothing pass.
                limit_5h_usd: Usd,
                /// US dollars in a day, at most 9,000,000; null is no limit, 0 lets nothing pass.
                limit_daily_usd: Usd,
                /// US dollars in a week from Monday on, at most 9,000,000; null is no limit, 0 lets nothing pass.
                limit_weekly_usd: Usd,
                /// US dollars in a month, at most 9,000,000; null is no limit, 0 lets nothing pass.
                limit_monthly_usd: Usd,
                /// US dollars since the last reset, at most 9,000,000; null is no limit, 0 lets nothing pass.
                limit_total_usd: Usd,
                /// Calls at the same time, at most 1,000,000; null is no limit, 0 lets nothing pass.
                limit_concurrent_requests: u32,
                /// Sessions at the same time, at most 1,000,000; null is no limit, 0 lets nothing pass.
                limit_concurrent_sessions: u32,
                /// How strictly the limits of money are kept; default `soft`.
                limit_mode: LimitMode,
                /// How the five hours begin; default `rolling`.
                reset_5h_mode: ResetMode,
                /// How the day begins; default `fixed`.
                daily_reset_mode: ResetMode,
                /// When a fixed day begins, in the hub's time zone; default `00:00`.
                daily_reset_time: TimeOfDay,
            }
            $($item)+
        }
    };
    (@create { $( $(#[$doc:meta])+ $field:ident: $type:ident, )+ }
        $(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($own)*
            $( $(#[$doc])+ #[serde(default)] pub $field: Option<$type>, )+
        }

        impl $name {
            /// The limits that are asked for, with defaults for the rest.
            pub fn limits(&self) -> Limits {
                let mut limits = Limits::default();
                $( if let Some(value) = self.$field { limits.$field = value.into(); } )+
                limits
            }

            /// Asks for these limits.
            #[must_use]
            pub fn with_limits(mut self, limits: &Limits) -> Self {
                $( self.$field = limits.$field.into(); )+
                self
            }
        }
    };
    (@patch { $( $(#[$doc:meta])+ $field:ident: $type:ident, )+ }
        $(#[$meta:meta])* pub struct $name:ident { $($own:tt)* }
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($own)*
            $(
                $(#[$doc])+
                #[serde(skip_serializing_if = "Patch::is_keep")]
                #[cfg_attr(feature = "server", schema(value_type = Option<$type>))]
                pub $field: Patch<$type>,
            )+
        }

        impl $name {
            /// The limits with the patch applied.
            pub fn limits(&self, mut limits: Limits) -> Limits {
                $( match self.$field {
                    Patch::Keep => {}
                    Patch::Clear => limits.$field = Limits::default().$field,
                    Patch::Set(value) => limits.$field = value.into(),
                } )+
                limits
            }

            /// Sets all limits to these.
            #[must_use]
            pub fn with_limits(mut self, limits: &Limits) -> Self {
                $( self.$field = limits.$field.into(); )+
                self
            }
        }
    };
}
pub(crate) use with_limits;
