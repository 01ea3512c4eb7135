//! A strip of blocks, each a span of time, by how many attempts failed in it.

use hub::domain::provider::traffic::TrafficBlock;
use leptos::prelude::*;

use crate::ui::Erase;

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

/// The strip. `label` says its numbers in words, and `told` those of a block in which something happened.
pub(super) fn view(blocks: &[TrafficBlock], label: String, told: impl Fn(&TrafficBlock) -> String) -> AnyView {
    let rects: Vec<AnyView> = blocks
        .iter()
        .enumerate()
        .map(|(place, block)| {
            let told = (block.attempts > 0).then(|| view! { <title>{told(block)}</title> }.into_any());
            view! { <rect class=class(block) x=place * STEP width=STEP - 1 height=HEIGHT>{told}</rect> }.into_any()
        })
        .collect();
    view! {
        <svg class="strip" viewBox=format!("0 0 {} {HEIGHT}", blocks.len() * STEP) preserveAspectRatio="none" role="img" aria-label=label>
            {rects}
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
