//! Small charts: plain SVG, rendered on the server, with geometry in attributes because the page's policy forbids
//! inline styles. All numbers are whole.

use leptos::prelude::*;

use crate::ui::Erase;

/// Units from the bottom of a chart to its top.
pub(crate) const HEIGHT: u64 = 1_000;

/// Units from one column to the next.
pub(crate) const STEP: u64 = 10;

/// The smallest round number that is not below `value`; but for 1 its half is a whole number too.
pub(crate) fn ceiling(value: u64) -> u64 {
    if let Some(top) = [1, 2, 4, 6, 8].into_iter().find(|top| value <= *top) {
        return top;
    }
    let mut unit = 1_u64;
    loop {
        for step in [10, 12, 16, 20, 24, 30, 40, 50, 60, 80] {
            let top = unit.saturating_mul(step);
            if top >= value || top == u64::MAX {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// The height of `value` under `top`; what is not nothing is seen.
pub(crate) fn height(value: u64, top: u64) -> u64 {
    let exact = u128::from(value) * u128::from(HEIGHT) / u128::from(top.max(1));
    let seen = if value > 0 { exact.max(16) } else { 0 };
    u64::try_from(seen).unwrap_or(HEIGHT).min(HEIGHT)
}

/// Columns without axes, below a number: one for each span, the last of which has not ended. A span without anything is
/// a mark on the ground, so that the course is seen as one.
pub(crate) fn spark(values: &[u64]) -> AnyView {
    let top = values.iter().copied().max().unwrap_or_default();
    let width = u64::try_from(values.len().max(1)).unwrap_or_default() * STEP;
    let last = values.len().saturating_sub(1);
    let column = |(place, value): (usize, &u64)| {
        let class = match (*value, place == last) {
            (0, _) => "none",
            (_, true) => "now",
            (_, false) => "past",
        };
        let tall = height(*value, top).max(40);
        let x = u64::try_from(place).unwrap_or_default() * STEP + 1;
        view! { <rect class=class x=x y=HEIGHT - tall width=STEP - 2 height=tall /> }.erase()
    };
    view! {
        <svg class="spark" viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
            {values.iter().enumerate().map(column).collect_view()}
        </svg>
    }
    .erase()
}

/// One bar of a ranked list, behind its label: `part` of `all`.
pub(crate) fn rank_bar(part: u64, all: u64) -> AnyView {
    view! {
        <svg class="rank" viewBox=format!("0 0 {HEIGHT} 1") preserveAspectRatio="none" aria-hidden="true">
            <rect width=height(part, all) height="1" />
        </svg>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_an_axis_is_a_round_number() {
        assert_eq!([0, 1, 3, 7, 11, 21, 999, 5_030].map(ceiling), [1, 1, 4, 8, 12, 24, 1_000, 6_000]);
        assert_eq!(ceiling(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_little_is_seen_and_nothing_is_not() {
        assert_eq!([height(0, 10), height(1, 1_000_000), height(5, 10), height(20, 10)], [0, 16, 500, 1_000]);
    }
}
