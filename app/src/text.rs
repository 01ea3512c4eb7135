//! Every sentence of the console, once for each language: a missing one does not compile.

use hub::domain::call::Outcome;
#[cfg(feature = "ssr")]
use hub::domain::{
    attempt::AttemptResult,
    decision::{Blame, Next, Skip},
    fault::Fault,
    hold::HoldReason,
    report::Attention,
    settings::SettingSection,
    usage::TokenSource,
};
use leptos::prelude::use_context;

#[cfg(feature = "ssr")]
pub(crate) use access::*;
#[cfg(feature = "ssr")]
pub(crate) use drawn::*;
pub(crate) use groups::*;
#[cfg(feature = "ssr")]
pub(crate) use manage::*;
#[cfg(feature = "ssr")]
pub(crate) use sessions::*;

#[cfg(feature = "ssr")]
mod access;
#[cfg(feature = "ssr")]
mod drawn;
mod en;
mod groups;
#[cfg(feature = "ssr")]
pub(crate) mod labels;
#[cfg(feature = "ssr")]
mod manage;
#[cfg(feature = "ssr")]
mod sessions;
mod zh;

/// The languages the console speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Language {
    /// The value of `<html lang>` and of the cookie.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language that a tag (`zh-TW`) or a list of them (`fr, zh;q=0.8`) asks for most, of those there are; the first
    /// of those it asks for alike.
    pub(crate) fn of(tags: &str) -> Option<Self> {
        let mut best = None;
        let mut most = 0;
        for tag in tags.split(',') {
            let (tag, parameters) = tag.split_once(';').unwrap_or((tag, ""));
            let primary = tag.split(['-', '_']).next().unwrap_or_default().trim();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" => Self::En,
                "zh" => Self::Zh,
                _ => continue,
            };
            let weight = weight(parameters);
            if weight > most {
                (best, most) = (Some(language), weight);
            }
        }
        best
    }

    /// Its sentences.
    pub(crate) const fn text(self) -> &'static Text {
        match self {
            Self::En => &en::TEXT,
            Self::Zh => &zh::TEXT,
        }
    }
}

/// The weight among the parameters of a language's tag (`q=0.8`), in thousandths. One that cannot be read counts as 1.
fn weight(parameters: &str) -> u32 {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    weight.and_then(thousandths).unwrap_or(1_000)
}

/// A number from 0 to 1 in thousandths.
fn thousandths(number: &str) -> Option<u32> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let part = format!("{part:0<3}").get(..3)?.parse::<u32>().ok()?;
    match whole {
        "" | "0" => Some(part),
        "1" => Some(1_000),
        _ => None,
    }
}

/// The sentences in the reader's language.
pub(crate) fn use_text() -> &'static Text {
    use_context::<Language>().unwrap_or_default().text()
}

/// All sentences of one language.
pub(crate) struct Text {
    pub(crate) shell: Shell,
    pub(crate) common: Common,
    pub(crate) login: Login,
    #[cfg(feature = "ssr")]
    pub(crate) overview: Overview,
    #[cfg(feature = "ssr")]
    pub(crate) subject: Subject,
    pub(crate) calls: Calls,
    #[cfg(feature = "ssr")]
    pub(crate) call: Call,
    #[cfg(feature = "ssr")]
    pub(crate) chain: Chain,
    /// What came of a call, as sentences.
    #[cfg(feature = "ssr")]
    pub(crate) told: Told,
    #[cfg(feature = "ssr")]
    pub(crate) providers: Providers,
    #[cfg(feature = "ssr")]
    pub(crate) routing: Routing,
    #[cfg(feature = "ssr")]
    pub(crate) users: Users,
    #[cfg(feature = "ssr")]
    pub(crate) keys: Keys,
    #[cfg(feature = "ssr")]
    pub(crate) prices: Prices,
    pub(crate) price_import: PriceImport,
    #[cfg(feature = "ssr")]
    pub(crate) limits: Limits,
    pub(crate) limit_names: LimitNames,
    pub(crate) quotas: Quotas,
    #[cfg(feature = "ssr")]
    pub(crate) sessions: Sessions,
    #[cfg(feature = "ssr")]
    pub(crate) messages: Messages,
    #[cfg(feature = "ssr")]
    pub(crate) settings: Settings,
    #[cfg(feature = "ssr")]
    pub(crate) drawn: Drawn,
    #[cfg(feature = "ssr")]
    pub(crate) leaderboard: Leaderboard,
    #[cfg(feature = "ssr")]
    pub(crate) availability: Availability,
    #[cfg(feature = "ssr")]
    pub(crate) call_filters: CallFilters,
    #[cfg(feature = "ssr")]
    pub(crate) log: Log,
    #[cfg(feature = "ssr")]
    pub(crate) audit: Audit,
    #[cfg(feature = "ssr")]
    pub(crate) logins: Logins,
    #[cfg(feature = "ssr")]
    pub(crate) mine: Mine,
    #[cfg(feature = "ssr")]
    pub(crate) setup: Setup,
    /// What was done, by the audit log's word for it; none for a word that is none.
    #[cfg(feature = "ssr")]
    pub(crate) action: fn(&str) -> Option<&'static str>,
    #[cfg(feature = "ssr")]
    pub(crate) provider_list: ProviderList,
    #[cfg(feature = "ssr")]
    pub(crate) user_list: UserList,
    #[cfg(feature = "ssr")]
    pub(crate) key_list: KeyList,
    #[cfg(feature = "ssr")]
    pub(crate) price_list: PriceList,
    #[cfg(feature = "ssr")]
    pub(crate) trials: Trials,
    #[cfg(feature = "ssr")]
    pub(crate) losses: Losses,
    #[cfg(feature = "ssr")]
    pub(crate) many: Many,
    #[cfg(feature = "ssr")]
    pub(crate) simulator: Simulator,
    pub(crate) outcome: fn(Option<Outcome>) -> &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) result: fn(AttemptResult) -> &'static str,
    /// What went wrong, by the machine's word for it, where it is a known one.
    #[cfg(feature = "ssr")]
    pub(crate) cause: fn(&str) -> Option<&'static str>,
    #[cfg(feature = "ssr")]
    pub(crate) token_source: fn(TokenSource) -> &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) skip: fn(Skip) -> &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) blame: fn(Blame) -> &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) next: fn(Next) -> &'static str,
    /// Why something is on hold.
    #[cfg(feature = "ssr")]
    pub(crate) hold: fn(HoldReason) -> &'static str,
    /// The name of a part of the settings.
    #[cfg(feature = "ssr")]
    pub(crate) section: fn(SettingSection) -> &'static str,
    #[cfg(feature = "ssr")]
    pub(crate) setting_values: SettingValues,
    /// Every setting in words, by its name.
    #[cfg(feature = "ssr")]
    pub(crate) settings_in_words: &'static [(&'static str, SettingWords)],
    /// What a variable of the environment is for, by its name; none for a name that is none.
    #[cfg(feature = "ssr")]
    pub(crate) variable: fn(&str) -> Option<&'static str>,
    /// Something that needs attention: a title, and what to do.
    #[cfg(feature = "ssr")]
    pub(crate) attention: fn(&Attention) -> (String, String),
    /// What went wrong; of a field only what is wrong with it.
    #[cfg(feature = "ssr")]
    pub(crate) fault: fn(&Fault) -> String,
    /// Why a request could not be read.
    #[cfg(feature = "ssr")]
    pub(crate) unread: fn(&str) -> String,
}

/// How values of settings are said, by the server too.
#[cfg(feature = "ssr")]
pub(crate) struct SettingValues {
    /// A switch that is on.
    pub(crate) on: &'static str,
    /// A switch that is off.
    pub(crate) off: &'static str,
    /// An empty text.
    pub(crate) none: &'static str,
    /// The bounds of a number.
    pub(crate) range: fn(&str, &str) -> String,
    /// A number with its unit, as English says it.
    pub(crate) measured: fn(&str) -> String,
}

/// A setting in words. The server says them, so that no page carries those of all settings.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy)]
pub(crate) struct SettingWords {
    /// Its name.
    pub(crate) title: &'static str,
    /// What it does, in a sentence.
    pub(crate) help: &'static str,
    /// What can be chosen, in the order of its kind.
    pub(crate) choices: &'static [&'static str],
}

#[cfg(feature = "ssr")]
impl Text {
    /// What went wrong in words; the machine's word for what is no known cause.
    pub(crate) fn cause_in_words(&self, cause: &str) -> String {
        (self.cause)(cause).unwrap_or(cause).to_owned()
    }

    /// Who acted in words, by the audit log's name for them; the name itself where it has none of its forms.
    pub(crate) fn actor_in_words(&self, actor: &str) -> String {
        let words = &self.audit;
        let said = match (actor, actor.split_once(' ')) {
            ("admin token", _) => Some(self.logins.with_token.to_owned()),
            ("system", _) => Some(words.system.to_owned()),
            ("nobody", _) => Some(words.nobody.to_owned()),
            (_, Some(("user", user))) => Some((words.by_user)(user)),
            // Where a name has the word in it too, nobody knows which of them parts the names.
            (_, Some(("key", names))) => names
                .split_once(" of ")
                .filter(|parted| names.rsplit_once(" of ") == Some(*parted))
                .map(|(key, user)| (words.by_key)(key, user)),
            _ => None,
        };
        said.unwrap_or_else(|| actor.to_owned())
    }

    /// A setting in words; none for a name that is none.
    pub(crate) fn setting(&self, name: &str) -> Option<SettingWords> {
        self.settings_in_words.iter().find(|(known, _)| *known == name).map(|(_, words)| *words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "ssr")]
    fn every_setting_and_every_variable_has_its_words() {
        use hub::domain::settings::{SettingKind, Settings};
        let config = hub::config::Config::read(|_| None).unwrap();
        for text in [Language::En, Language::Zh].map(Language::text) {
            for setting in Settings::default().describe(&[]) {
                let words = text.setting(&setting.name).unwrap_or_else(|| panic!("{} has no words", setting.name));
                let n_choices = if let SettingKind::Choice { choices } = &setting.kind { choices.len() } else { 0 };
                assert_eq!(words.choices.len(), n_choices, "{}", setting.name);
            }
            for variable in &config.variables {
                assert!((text.variable)(&variable.name).is_some(), "{} has no words", variable.name);
            }
        }
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn every_action_of_the_audit_log_has_its_words() {
        for text in [Language::En, Language::Zh].map(Language::text) {
            for action in hub::domain::audit::ACTIONS {
                assert!((text.action)(action).is_some(), "{action} has no words");
            }
        }
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn whoever_acts_is_named_in_the_readers_language() {
        let (en, zh) = (Language::En.text(), Language::Zh.text());
        for (actor, said) in [
            ("admin token", "管理员令牌"),
            ("system", "系统"),
            ("nobody", "未登录者"),
            ("user Ada of Kent", "用户 Ada of Kent"),
            ("key my laptop of Ada", "Ada 的密钥 my laptop"),
            ("key one of two of Ada", "key one of two of Ada"),
            ("key one of of Ada", "key one of of Ada"),
            ("somebody else", "somebody else"),
        ] {
            assert_eq!((en.actor_in_words(actor), zh.actor_in_words(actor)), (actor.to_owned(), said.to_owned()));
        }
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn everything_that_can_go_wrong_has_its_words() {
        for text in [Language::En, Language::Zh].map(Language::text) {
            for cause in hub::domain::cause::ALL {
                assert!((text.cause)(cause).is_some(), "{cause} has no words");
            }
        }
    }

    #[test]
    #[cfg(feature = "ssr")]
    fn a_limit_is_nearly_used_up_until_it_is() {
        let said = |language: Language, share_permille| {
            let window = hub::domain::limit::Limited::Daily;
            let near = Attention::LimitNear { name: "Ada".to_owned(), window, share_permille };
            let (title, advice) = (language.text().attention)(&near);
            format!("{title}. {advice}").replace('\u{a0}', " ")
        };
        assert_eq!(said(Language::En, 999), "A limit is nearly used up. Ada: Cost in a day at 99.9 %.");
        assert_eq!(said(Language::En, 1_000), "A limit is used up. Ada: Cost in a day at 100.0 %.");
        assert!(
            said(Language::Zh, 999).starts_with("限额即将用尽") && said(Language::Zh, 1_000).starts_with("限额已用尽")
        );
    }

    #[test]
    fn the_language_that_is_asked_for_most_decides() {
        assert_eq!(Language::of("de,zh;q=.5,en;q=.9"), Some(Language::En));
        assert_eq!(Language::of("en;q=0.1, zh"), Some(Language::Zh));
        assert_eq!(Language::of("zh;q=0.85, en ; Q=0.9"), Some(Language::En));
        assert_eq!(Language::of("zh;q=0.8,en;q=0.8"), Some(Language::Zh));
        assert_eq!(Language::of("zh;q=1.0,en"), Some(Language::Zh));
        assert_eq!(Language::of("zh;q=0,en;q=0.001"), Some(Language::En));
        assert_eq!(Language::of("zh;q=0.000"), None);
        assert_eq!(Language::of("en;q=0.9, zh;q=much"), Some(Language::Zh));
    }

    #[test]
    fn the_first_language_that_there_is_decides() {
        assert_eq!(Language::of("fr-CH, zh;q=0.9, en;q=0.8"), Some(Language::Zh));
        assert_eq!(Language::of("en-GB,en;q=0.9"), Some(Language::En));
        assert_eq!(Language::of("fr"), None);
        assert_eq!(Language::of("zh_TW"), Some(Language::Zh));
    }
}
