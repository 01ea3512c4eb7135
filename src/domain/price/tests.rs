//! Bills computed by hand from the published price list (platform.claude.com, About Claude: Pricing, 2026-11), and the
//! bound that no bill exceeds.

mod list;

use self::list::CASES;
use super::{
    Price, Rates, Tier, Tool, ToolFee,
    bill::{Cost, WorstCase},
};
use crate::domain::{
    money::{Multiplier, Usd},
    usage::{Terms, Usage},
};

/// The prices that ship with this release.
const BUILTIN: &str = include_str!("../../store/builtin_prices.json");

fn builtin(model: &str) -> Price {
    let all: std::collections::BTreeMap<String, Price> = serde_json::from_str(BUILTIN).unwrap();
    all.get(model).unwrap_or_else(|| panic!("{model}")).clone()
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn factor(text: &str) -> Multiplier {
    text.parse().unwrap()
}

/// Tokens: input, output, written for 5 minutes, written for an hour, read.
const fn tokens([input, output, short, long, read]: [u64; 5]) -> Usage {
    Usage {
        input,
        output,
        cache_write_5m: short,
        cache_write_1h: long,
        cache_read: read,
        web_searches: 0,
        web_fetches: 0,
        code_executions: 0,
    }
}

/// Speed, region and service tier, as in `fast us batch`.
fn terms(words: &str) -> Terms {
    let word = |known: &[&str]| words.split(' ').find(|word| known.contains(word)).map(str::to_owned);
    Terms {
        speed: word(&["fast", "standard"]),
        region: word(&["us", "global", "not_available"]),
        service_tier: word(&["batch", "priority"]),
        longest_prompt: None,
    }
}

#[test]
fn bills_are_those_of_the_published_list_to_the_last_digit() {
    for (model, words, used, [input, output, short, long, read], total) in CASES {
        let bill = builtin(model).bill(&tokens(*used), &terms(words), Multiplier::ONE, Multiplier::ONE);
        let cost = Cost {
            input: usd(input),
            output: usd(output),
            cache_write_5m: usd(short),
            cache_write_1h: usd(long),
            cache_read: usd(read),
            ..Cost::default()
        };
        assert_eq!(bill.cost, cost, "{model} {words} {used:?}");
        assert_eq!(bill.cost.total(), usd(total), "{model} {words} {used:?}");
    }
    let all: std::collections::BTreeMap<String, Price> = serde_json::from_str(BUILTIN).unwrap();
    let forgotten: Vec<_> = all.keys().filter(|model| !CASES.iter().any(|case| case.0 == model.as_str())).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn a_tier_is_reached_by_one_prompt_and_not_by_several_rounds_together() {
    let price = builtin("claude-sonnet-4-5");
    let usage = Usage { input: 210_000, ..Usage::default() };
    let of = |longest_prompt| {
        let terms = Terms { longest_prompt, ..Terms::default() };
        price.bill(&usage, &terms, Multiplier::ONE, Multiplier::ONE).cost.total()
    };
    // 210,000 × 3/M = 0.63, else × 6/M = 1.26
    assert_eq!([of(Some(150_000)), of(Some(200_001)), of(None)], [usd("0.63"), usd("1.26"), usd("1.26")]);
}

#[test]
fn tools_of_the_provider_and_fees_are_billed_beside_the_tokens() {
    let price = builtin("claude-opus-5");
    let used = |web_searches, web_fetches, code_executions| Usage {
        input: 1_000,
        web_searches,
        web_fetches,
        code_executions,
        ..Usage::default()
    };
    let bill = |price: &Price, usage: &Usage, words: &str, provider: &str, group: &str| {
        price.bill(usage, &terms(words), factor(provider), factor(group)).cost
    };
    // 10 dollars for 1,000 searches: 3 × 0.01 = 0.03. Pages are free, and so are the first 1,550 hours of containers.
    let cost = bill(&price, &used(3, 5, 7), "", "1", "1");
    assert_eq!((cost.input, cost.tools, cost.total()), (usd("0.005"), usd("0.03"), usd("0.035")));
    // Speed and region are factors on tokens: 1,000 × 5 × 2 × 1.1/M = 0.011, and the searches cost what they cost.
    let cost = bill(&price, &used(3, 0, 0), "fast us", "1", "1");
    assert_eq!((cost.input, cost.tools), (usd("0.011"), usd("0.03")));
    // Provider and group are factors on all of it: 0.8 × 1.5 = 1.2.
    let cost = bill(&price, &used(3, 0, 0), "", "0.8", "1.5");
    assert_eq!((cost.input, cost.tools, cost.total()), (usd("0.006"), usd("0.036"), usd("0.042")));
    // Without free hours the least of five minutes: 0.05 × 5/60 = 0.0041666…, thrice 0.0125, seven times 0.0291666….
    let mut paid = price;
    paid.tools.insert(Tool::CodeExecution, ToolFee { per_hour: usd("0.05"), minutes_min: 5, ..ToolFee::default() });
    assert_eq!(bill(&paid, &used(0, 0, 1), "", "1", "1").tools, usd("0.004166667"));
    assert_eq!(bill(&paid, &used(0, 0, 3), "", "1", "1").tools, usd("0.0125"));
    assert_eq!(bill(&paid, &used(1, 0, 7), "", "1", "1").tools, usd("0.039166667"));
    // A fee for the request, once, and only where something was used.
    paid.request = usd("0.003");
    assert_eq!(bill(&paid, &used(0, 0, 0), "fast", "2", "1").request, usd("0.006"));
    assert_eq!(bill(&paid, &Usage::default(), "", "1", "1"), Cost::default());
}

#[test]
fn each_part_rounds_once_and_half_to_even() {
    let price = Price::flat(Rates { input: usd("0.0005"), output: usd("0.0015"), ..Rates::default() });
    // One token at half a nano-dollar, and at one and a half.
    let bill = |usage: &Usage, group: &str| {
        let cost = price.bill(usage, &Terms::default(), Multiplier::ONE, factor(group)).cost;
        (cost.input.scaled(), cost.output.scaled())
    };
    let of = |input, output| Usage { input, output, ..Usage::default() };
    assert_eq!([1, 2, 3, 5].map(|tokens| bill(&of(tokens, 0), "1").0), [0, 1, 2, 2]);
    assert_eq!([1, 2, 3, 5].map(|tokens| bill(&of(0, tokens), "1").1), [2, 3, 4, 8]);
    // 5 × 0.5 × 0.6 = 1.5: were the price or the product rounded first, it would be 1 or 3.
    assert_eq!(bill(&of(5, 0), "0.6").0, 2);
    assert_eq!(bill(&of(1_000_000, 1_000_000), "0"), (0, 0));
}

/// A small generator, so that a failure can be seen again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }

    fn usd(&mut self, nano: u64) -> Usd {
        Usd::from_scaled(i64::try_from(self.below(nano)).unwrap())
    }

    fn factor(&mut self) -> Multiplier {
        let millionths = [1_000_000, 0, 1, 333_333, 1_100_000, 2_000_000, 6_000_000, 999_999, 500_000];
        Multiplier::from_scaled(millionths[usize::try_from(self.below(9)).unwrap()])
    }

    fn rates(&mut self) -> Rates {
        let nano = [10, 1_000_000, 80_000_000_000][usize::try_from(self.below(3)).unwrap()];
        Rates {
            input: self.usd(nano),
            output: self.usd(nano),
            cache_write_5m: self.usd(nano),
            cache_write_1h: self.usd(nano),
            cache_read: self.usd(nano),
        }
    }

    fn price(&mut self) -> Price {
        let mut price = Price::flat(self.rates());
        price.request = self.usd(1_000);
        for above_tokens in [1_000, 50_000] {
            if self.below(2) == 0 {
                price.tiers.push(Tier { above_tokens, rates: self.rates(), derived: Vec::new() });
            }
        }
        let names = |name: &str, factor| std::collections::BTreeMap::from([(name.to_owned(), factor)]);
        price.speeds = names("fast", self.factor());
        price.regions = names("us", self.factor());
        price.service_tiers = names("batch", self.factor());
        for tool in [Tool::WebSearch, Tool::WebFetch, Tool::CodeExecution] {
            let hours_free = u32::try_from(self.below(2)).unwrap();
            let fee = ToolFee { per_use: self.usd(100), per_hour: self.usd(100_000_007), minutes_min: 7, hours_free };
            price.tools.insert(tool, fee);
        }
        price
    }
}

#[test]
fn no_bill_within_the_bound_exceeds_the_worst_case() {
    let mut chance = Chance(7);
    for round in 0..40_000 {
        let price = chance.price();
        let scale = [3, 2_000, 120_000][usize::try_from(chance.below(3)).unwrap()];
        let flag = |chance: &mut Chance| chance.below(2) == 0;
        let worst = WorstCase {
            input_tokens: chance.below(scale),
            output_tokens: chance.below(scale),
            may_write_cache: flag(&mut chance),
            may_write_cache_1h: flag(&mut chance),
            tool_uses: chance.below(4),
            may_be_fast: flag(&mut chance),
            region: flag(&mut chance),
        };
        let mut left = worst.input_tokens;
        let mut part = |chance: &mut Chance, may: bool| {
            let tokens = if may { chance.below(left + 1) } else { 0 };
            left -= tokens;
            tokens
        };
        let short = part(&mut chance, worst.may_write_cache);
        let long = part(&mut chance, worst.may_write_cache_1h);
        let read = part(&mut chance, true);
        let uses = |chance: &mut Chance| chance.below(worst.tool_uses + 1);
        let usage = Usage {
            input: left,
            output: chance.below(worst.output_tokens + 1),
            cache_write_5m: short,
            cache_write_1h: long,
            cache_read: read,
            web_searches: uses(&mut chance),
            web_fetches: uses(&mut chance),
            code_executions: uses(&mut chance),
        };
        let word = |named: bool, word: &str| named.then(|| word.to_owned());
        let terms = Terms {
            speed: word(worst.may_be_fast, "fast"),
            region: word(worst.region, "us"),
            service_tier: word(chance.below(2) == 0, "batch"),
            // Several rounds have prompts of their own.
            longest_prompt: (chance.below(4) == 0).then(|| chance.below(usage.prompt() + 1)),
        };
        let (provider, group) = (chance.factor(), chance.factor());
        let cost = price.bill(&usage, &terms, provider, group).cost.total();
        let bound = price.worst_case(&worst, provider.times_up(group));
        assert!(cost <= bound, "round {round}: {cost} > {bound}: {price:?} {usage:?} {terms:?} {provider} {group}");
    }
}

#[test]
fn the_worst_case_is_no_dearer_than_it_must_be() {
    let worst = WorstCase { input_tokens: 200_001, output_tokens: 1_000, ..WorstCase::default() };
    let of = |model: &str, worst: &WorstCase| builtin(model).worst_case(worst, Multiplier::ONE);
    // 200,001 × 6/M + 1,000 × 22.5/M = 1.222506, and 7 + 0 nano-dollars for rounding.
    assert_eq!(of("claude-sonnet-4-5", &worst), usd("1.222506007"));
    // 200,001 × 3/M + 1,000 × 15/M = 0.615003
    assert_eq!(of("claude-sonnet-4-6", &worst), usd("0.615003007"));
    let written = WorstCase { may_write_cache: true, tool_uses: 2, region: true, ..worst };
    // 200,001 × 3.75 × 1.1/M + 1,000 × 15 × 1.1/M + 2 × 0.01 = 0.825004125 + 0.0165 + 0.02
    assert_eq!(of("claude-sonnet-4-6", &written), usd("0.861504132"));
    assert_eq!(builtin("claude-opus-5").worst_case(&written, Multiplier::from_scaled(0)), Usd::ZERO);
    // 1,000 × 3/M + 100 × 15/M
    assert_eq!(builtin("claude-sonnet-4-6").estimate(1_000, 100, Multiplier::ONE), usd("0.0045"));
}
