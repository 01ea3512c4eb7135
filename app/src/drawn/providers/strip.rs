//! The strip of blocks: a quarter of an hour each, by how many attempts failed.

use hub::domain::provider::traffic::TrafficBlock;
use leptos::prelude::*;

use crate::{drawn::clock::Clock, format::whole, text::Text, ui::Erase};

/// Units from one block to the next.
const STEP: usize = 4;

/// Units from the top of a block to its bottom.
const HEIGHT: usize = 20;

/// How a block is drawn: quiet, well, some failed, half or more failed.
const fn class(block: &TrafficBlock) -> &'static str {
    match (block.attempts, block.failed) {
        (0, _) => "none",
        (_, 0) => "good",
        (attempts, failed) if failed * 2 < attempts => "some",
        _ => "bad",
    }
}

/// The strip. Its numbers stand in words behind it, and with each block that has failures.
pub(super) fn view(text: &'static Text, blocks: &[TrafficBlock], clock: Clock) -> AnyView {
    let words = &text.provider_list;
    let sum = |of: fn(&TrafficBlock) -> u64| blocks.iter().map(of).sum::<u64>();
    let label = (words.strip)(&whole(sum(|block| block.attempts)), &whole(sum(|block| block.failed)));
    let rects = blocks.iter().enumerate().map(|(place, block)| {
        let told = (block.attempts > 0).then(|| {
            let told = (words.block)(&clock.moment(block.from).hour(), &whole(block.failed), &whole(block.attempts));
            view! { <title>{told}</title> }.into_any()
        });
        view! { <rect class=class(block) x=place * STEP width=STEP - 1 height=HEIGHT>{told}</rect> }.into_any()
    });
    view! {
        <svg class="strip" viewBox=format!("0 0 {} {HEIGHT}", blocks.len() * STEP) preserveAspectRatio="none" role="img" aria-label=label>
            {rects.collect_view()}
        </svg>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_says_whether_few_or_many_failed() {
        let of = |attempts, failed| class(&TrafficBlock { from: chrono::DateTime::default(), attempts, failed });
        assert_eq!([of(0, 0), of(9, 0), of(9, 4), of(9, 5), of(1, 1)], ["none", "good", "some", "bad", "bad"]);
    }
}
