//! Fields of forms that the server draws: label above, help below, what is wrong with it below that.

use hub::domain::fault::Fault;
use leptos::prelude::*;

use crate::{text::Text, ui::Erase};

/// What a day looks like, as a pattern: everywhere as the console writes it, and not as each browser would.
pub(crate) const DAY: &str = r"\d{4}-\d{2}-\d{2}";

/// What stands in a field for a day while it is empty.
pub(crate) const DAY_EXAMPLE: &str = "YYYY-MM-DD";

/// What stands in a field for a day and a time of it while it is empty.
pub(crate) const MOMENT_EXAMPLE: &str = "YYYY-MM-DD HH:MM";

/// What a time of day looks like, as a pattern.
const TIME: &str = r"\d{2}:\d{2}";

/// What a number looks like, as a pattern.
const NUMBER: &str = r"\s*[+\-]?[0-9]*\.?[0-9]*\s*";

/// What a whole number looks like, as a pattern, and one that may be below 0.
const WHOLE: &str = r"\s*\+?[0-9]*\s*";
const SIGNED: &str = r"\s*[+\-]?[0-9]*\s*";

/// What is said of what is no day.
pub(crate) const NO_DAY: &str = "must be a date: 2030-12-31";

/// What is said of days that have all still to come.
pub(crate) const IN_FUTURE: &str = "must not be in the future";

/// What is said of what is no number.
pub(crate) const NO_NUMBER: &str = "must be a number";

/// What is said of what must not be empty.
pub(crate) const MISSING: &str = "must be filled in";

/// What is said of a field that was left empty.
pub(crate) fn missing(text: &Text, name: &str) -> String {
    (text.fault)(&Fault::invalid(name, MISSING))
}

/// True for a whole number that may be below 0, by the name of its field in faults.
fn is_signed(name: &str) -> bool {
    name == "priority"
}

/// What is said of what is no whole number, or one that is too low, in the field of that name.
pub(crate) fn no_whole(name: &str) -> &'static str {
    match name {
        _ if is_signed(name) => "must be a whole number",
        "days" | "renew_days" | "max_attempts" | "breaker_open_s" | "breaker_successes" => {
            "must be a whole number, 1 or more"
        }
        _ => "must be a whole number, 0 or more",
    }
}

/// How a text field is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One line.
    #[default]
    Line,
    /// Several lines, in the type of code.
    Code,
    /// One line that does not show what is typed.
    Secret,
    /// A day.
    Day,
    /// A time of day.
    Time,
    /// A number.
    Number,
    /// A whole number.
    Whole,
}

/// Everything about a field.
#[derive(Default)]
pub(crate) struct TextField {
    /// The name it is sent under.
    pub(crate) name: &'static str,
    /// What it is called in faults.
    pub(crate) fault: &'static str,
    /// What stands above it.
    pub(crate) label: &'static str,
    /// A sentence below.
    pub(crate) help: Option<AnyView>,
    /// What it holds at first.
    pub(crate) value: String,
    /// What is shown while it is empty.
    pub(crate) placeholder: &'static str,
    /// How it is drawn.
    pub(crate) shape: Shape,
    /// The unit, at the right.
    pub(crate) unit: Option<&'static str>,
    /// True if it must be filled in.
    pub(crate) required: bool,
    /// What its id begins with, where another form on the page has a field of the same name.
    pub(crate) scope: &'static str,
    /// What can be chosen, value and word; anything can be typed if there is none.
    pub(crate) options: Vec<(&'static str, &'static str)>,
    /// What is wrong with it.
    pub(crate) problem: Option<String>,
    /// The words in which the browser says what is wrong with it before the form is sent.
    pub(crate) text: Option<&'static Text>,
    /// True if it may be left without a question after it was changed.
    pub(crate) is_light: bool,
    /// True if whoever has asked for the form goes on with it.
    pub(crate) is_first: bool,
}

impl TextField {
    /// A field of that name and label. In faults it is called by the last part of its name.
    pub(crate) fn new(name: &'static str, label: &'static str) -> Self {
        let fault = name.rsplit('[').next().unwrap_or(name).trim_end_matches(']');
        Self { name, fault, label, ..Self::default() }
    }

    /// The same with another name in faults.
    pub(crate) const fn fault(mut self, fault: &'static str) -> Self {
        self.fault = fault;
        self
    }

    /// The same with what it holds at first.
    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// The same with a sentence below.
    pub(crate) fn help(mut self, help: impl IntoView + 'static) -> Self {
        self.help = Some(help.into_any());
        self
    }

    /// The same with what is wrong with it.
    pub(crate) fn problem(mut self, problem: Option<String>) -> Self {
        self.problem = problem;
        self
    }

    /// The same with the words in which the browser says what is wrong with it.
    pub(crate) const fn text(mut self, text: &'static Text) -> Self {
        self.text = Some(text);
        self
    }

    /// The same, to be left without a question after it was changed.
    pub(crate) const fn light(mut self) -> Self {
        self.is_light = true;
        self
    }

    /// The same, to go on with.
    pub(crate) const fn first(mut self) -> Self {
        self.is_first = true;
        self
    }

    /// The same, with an id that begins so.
    pub(crate) const fn scope(mut self, scope: &'static str) -> Self {
        self.scope = scope;
        self
    }

    /// The same, to choose one of these: value and word for each.
    pub(crate) fn options(mut self, options: Vec<(&'static str, &'static str)>) -> Self {
        self.options = options;
        self
    }

    /// The same, to be filled in.
    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, for a number, with a unit and what stands for an empty field.
    pub(crate) const fn numeric(self, unit: Option<&'static str>, placeholder: &'static str) -> Self {
        self.counted(Shape::Number, unit, placeholder)
    }

    /// The same, for a whole number.
    pub(crate) const fn whole(self, unit: Option<&'static str>, placeholder: &'static str) -> Self {
        self.counted(Shape::Whole, unit, placeholder)
    }

    const fn counted(mut self, shape: Shape, unit: Option<&'static str>, placeholder: &'static str) -> Self {
        self.shape = shape;
        self.unit = unit;
        self.placeholder = placeholder;
        self
    }

    /// The same with another shape and an example.
    pub(crate) const fn shape(mut self, shape: Shape, placeholder: &'static str) -> Self {
        self.shape = shape;
        self.placeholder = placeholder;
        self
    }

    /// What is said of a value that it cannot have, before the hub is asked.
    fn wrong(&self) -> Option<String> {
        let why = match self.shape {
            Shape::Day => NO_DAY,
            Shape::Time => "must be a time of day such as 03:30",
            Shape::Number => NO_NUMBER,
            Shape::Whole => no_whole(self.fault),
            Shape::Line | Shape::Code | Shape::Secret => return self.missing(),
        };
        self.text.map(|text| (text.fault)(&Fault::invalid(self.fault, why)))
    }

    /// What is said of it if it is left empty, before the hub is asked.
    fn missing(&self) -> Option<String> {
        self.text.filter(|_| self.required).map(|text| missing(text, self.fault))
    }

    /// Draws it.
    pub(crate) fn view(self) -> AnyView {
        let id = format!("{}{}", self.scope, self.name);
        let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
        let described = format!("{help_id} {problem_id}");
        let (control, wrong) = (self.control(id.clone(), described), self.wrong());
        // Said once where it is the same.
        let missing = self.missing().filter(|missing| wrong.as_ref() != Some(missing));
        let is_watched = (!self.is_light).then_some("");
        let unit = self.unit.map(|unit| view! { <span class="unit">{unit}</span> }.erase());
        view! {
            <div class="field" data-field=is_watched>
                <label for=id>{self.label}</label>
                <div class="with-unit">{control}{unit}</div>
                <div class="help" id=help_id>{self.help}</div>
                <div class="problem" id=problem_id role="alert" data-fault=self.fault data-wrong=wrong data-missing=missing>{self.problem}</div>
            </div>
        }
        .erase()
    }

    fn control(&self, id: String, described: String) -> AnyView {
        let (name, value, placeholder, required) = (self.name, self.value.clone(), self.placeholder, self.required);
        let invalid = self.problem.is_some().then_some("true");
        if !self.options.is_empty() {
            let option = |(option, word): &(&'static str, &'static str)| {
                view! { <option value=*option selected=*option == value>{*word}</option> }.erase()
            };
            return view! {
                <select class="select" id=id name=name aria-describedby=described aria-invalid=invalid>
                    {self.options.iter().map(option).collect_view()}
                </select>
            }
            .erase();
        }
        if self.shape == Shape::Code {
            return view! {
                <textarea class="input mono" id=id name=name placeholder=placeholder required=required rows="3"
                    spellcheck="false" aria-describedby=described aria-invalid=invalid >{as_text(&value)}</textarea>
            }
            .erase();
        }
        let (kind, pattern, example) = match self.shape {
            Shape::Line | Shape::Code => ("text", None, placeholder),
            Shape::Number => ("text", Some(NUMBER), placeholder),
            Shape::Whole => ("text", Some(if is_signed(self.fault) { SIGNED } else { WHOLE }), placeholder),
            Shape::Secret => ("password", None, placeholder),
            Shape::Day => ("text", Some(DAY), DAY_EXAMPLE),
            Shape::Time => ("text", Some(TIME), "HH:MM"),
        };
        let class = if matches!(self.shape, Shape::Number | Shape::Whole) { "input num" } else { "input" };
        let inputmode = match self.shape {
            Shape::Number => Some("decimal"),
            // The keys for digits have no minus.
            Shape::Whole if !is_signed(self.fault) => Some("numeric"),
            _ => None,
        };
        let autocomplete = if self.shape == Shape::Secret { "new-password" } else { "off" };
        view! {
            <input class=class id=id name=name type=kind value=value placeholder=example pattern=pattern required=required
                inputmode=inputmode autocomplete=autocomplete spellcheck="false" autofocus=self.is_first
                aria-describedby=described aria-invalid=invalid />
        }
        .erase()
    }
}

/// A text as it stands within a `<textarea>`, whose content is put into the document as it is.
fn as_text(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;")
}

/// A switch: a box that is sent when it is on.
pub(crate) fn switch(name: &'static str, label: &'static str, help: &'static str, on: bool) -> AnyView {
    view! {
        <div data-field>
            <label class="check">
                <input type="checkbox" name=name value="on" checked=on role="switch" />
                <span>
                    <span class="font-medium">{label}</span>
                    <span class="help block">{help}</span>
                </span>
            </label>
        </div>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;

    #[test]
    fn a_field_is_called_in_faults_by_the_last_part_of_its_name() {
        let of = |name| TextField::new(name, "").fault;
        assert_eq!([of("model"), of("form[name]"), of("form[limits][limit_rpm]")], ["model", "name", "limit_rpm"]);
        assert_eq!(TextField::new("form[expires]", "").fault("expires_at").fault, "expires_at");
    }

    #[test]
    fn a_field_says_what_it_must_be_before_the_hub_is_asked() {
        let field = || TextField::new("form[until]", "").text(Language::Zh.text());
        assert_eq!(field().wrong(), None);
        assert_eq!(field().required().wrong().as_deref(), Some("必须填写"));
        assert_eq!(field().numeric(None, "").wrong().as_deref(), Some("必须是数字"));
        assert_eq!(field().whole(None, "").wrong().as_deref(), Some("必须是不小于 0 的整数"));
        assert_eq!(field().fault("priority").whole(None, "").wrong().as_deref(), Some("必须是整数"));
        assert_eq!(field().fault("days").whole(None, "").wrong().as_deref(), Some("必须是不小于 1 的整数"));
        assert!([Shape::Day, Shape::Time].iter().all(|shape| field().shape(*shape, "").wrong().is_some()));
        let amount = || field().numeric(None, "");
        assert_eq!((amount().missing(), amount().required().missing().as_deref()), (None, Some("必须填写")));
        let drawn = Owner::new().with(|| field().required().view().to_html());
        assert!(drawn.contains("id=\"form[until]-problem\"") && drawn.contains("data-wrong=\"必须填写\""), "{drawn}");
        let drawn = Owner::new().with(|| amount().required().view().to_html());
        assert!(drawn.contains("data-wrong=\"必须是数字\"") && drawn.contains("data-missing=\"必须填写\""), "{drawn}");
    }

    #[test]
    fn a_whole_number_has_only_digits_and_a_sign_where_it_may_be_below_0() {
        let drawn = |name| Owner::new().with(|| TextField::new(name, "").whole(None, "").view().to_html());
        let weight = drawn("form[weight]");
        assert!(weight.contains("inputmode=\"numeric\"") && !weight.contains("\\-"), "{weight}");
        let priority = drawn("form[priority]");
        assert!(!priority.contains("inputmode") && priority.contains("[+\\-]"), "{priority}");
    }

    #[test]
    fn what_stands_in_a_field_cannot_leave_it() {
        assert_eq!(as_text("a < b && </textarea>"), "a &lt; b &amp;&amp; &lt;/textarea>");
    }
}
