//! Bills computed by hand from the published price list (platform.claude.com, About Claude: Pricing, 2026-11), and the
//! bound that no bill exceeds.

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
    }
}

/// Tokens only: model, terms, tokens, parts in the order of the tokens, total.
type Case = (&'static str, &'static str, [u64; 5], [&'static str; 5], &'static str);

/// One line each; the comment is the arithmetic, in dollars.
const CASES: &[Case] = &[
    // 1,234 × 10/M = 0.01234; 567 × 50/M = 0.02835
    ("claude-fable-5", "", [1_234, 567, 0, 0, 0], ["0.01234", "0.02835", "0", "0", "0"], "0.04069"),
    // 2,001 × 12.5/M = 0.0250125; 1,003 × 20/M = 0.02006; 99,999 × 1/M = 0.099999
    (
        "claude-fable-5",
        "standard",
        [0, 0, 2_001, 1_003, 99_999],
        ["0", "0", "0.0250125", "0.02006", "0.099999"],
        "0.1450715",
    ),
    // 99,999 × 0.25/M = 0.02499975: reads at a fortieth of the input price
    ("claude-fable-5-1", "", [0, 0, 0, 0, 99_999], ["0", "0", "0", "0", "0.02499975"], "0.02499975"),
    // 7 × 4/M = 0.000028; 3 × 20/M = 0.00006; 11 × 5/M = 0.000055; 13 × 8/M = 0.000104; 17 × 0.2/M = 0.0000034
    (
        "claude-opus-5-5",
        "",
        [7, 3, 11, 13, 17],
        ["0.000028", "0.00006", "0.000055", "0.000104", "0.0000034"],
        "0.0002504",
    ),
    // 50,000 × 5/M = 0.25; 4,096 × 25/M = 0.1024
    ("claude-opus-5", "standard global", [50_000, 4_096, 0, 0, 0], ["0.25", "0.1024", "0", "0", "0"], "0.3524"),
    // fast is 10 and 50: 50,000 × 10/M = 0.5; 4,096 × 50/M = 0.2048
    ("claude-opus-5", "fast", [50_000, 4_096, 0, 0, 0], ["0.5", "0.2048", "0", "0", "0"], "0.7048"),
    // fast on caches too: 1,000 × 6.25 × 2/M = 0.0125; 1,000 × 10 × 2/M = 0.02; 1,000 × 0.5 × 2/M = 0.001
    ("claude-opus-5", "fast", [0, 0, 1_000, 1_000, 1_000], ["0", "0", "0.0125", "0.02", "0.001"], "0.0335"),
    // us is 1.1 on everything: 50,000 × 5.5/M = 0.275; 4,096 × 27.5/M = 0.11264; 1,001 × 0.55/M = 0.00055055
    ("claude-opus-5", "us", [50_000, 4_096, 0, 0, 1_001], ["0.275", "0.11264", "0", "0", "0.00055055"], "0.38819055"),
    // they stack, 2 × 1.1: 33 × 11/M = 0.000363; 77 × 55/M = 0.004235; 9 × 13.75/M = 0.00012375
    ("claude-opus-4-8", "fast us", [33, 77, 9, 0, 0], ["0.000363", "0.004235", "0.00012375", "0", "0"], "0.00472175"),
    // batch is half, and stacks with the cache: 1,001 × 2.5/M = 0.0025025; 3 × 12.5/M = 0.0000375; 5 × 0.25/M = 0.00000125
    ("claude-opus-4-7", "batch", [1_001, 3, 0, 0, 5], ["0.0025025", "0.0000375", "0", "0", "0.00000125"], "0.00254125"),
    // batch us, 0.5 × 1.1: 1,001 × 2.75/M = 0.00275275; 3 × 13.75/M = 0.00004125
    ("claude-opus-4-7", "batch us", [1_001, 3, 0, 0, 0], ["0.00275275", "0.00004125", "0", "0", "0"], "0.002794"),
    // fast is 30 and 150: 1,000 × 30/M = 0.03; 1,000 × 150/M = 0.15
    ("claude-opus-4-6", "fast", [1_000, 1_000, 0, 0, 0], ["0.03", "0.15", "0", "0", "0"], "0.18"),
    // a million of prompt at the usual price: 900,000 × 5/M = 4.5; 10 × 25/M = 0.00025; 100,001 × 0.5/M = 0.0500005
    ("claude-opus-4-6", "", [900_000, 10, 0, 0, 100_001], ["4.5", "0.00025", "0", "0", "0.0500005"], "4.5502505"),
    // there is no region's price before 4.6: 1,000 × 5/M = 0.005; 100 × 25/M = 0.0025
    ("claude-opus-4-5", "us", [1_000, 100, 0, 0, 0], ["0.005", "0.0025", "0", "0", "0"], "0.0075"),
    // 321 × 15/M = 0.004815; 123 × 75/M = 0.009225; 77 × 18.75/M = 0.00144375; 5 × 30/M = 0.00015; 3 × 1.5/M = 0.0000045
    (
        "claude-opus-4-1",
        "",
        [321, 123, 77, 5, 3],
        ["0.004815", "0.009225", "0.00144375", "0.00015", "0.0000045"],
        "0.01563825",
    ),
    // 8 × 15/M = 0.00012; 9 × 75/M = 0.000675
    ("claude-opus-4", "fast", [8, 9, 0, 0, 0], ["0.00012", "0.000675", "0", "0", "0"], "0.000795"),
    // 1 × 0.1/M: a twentieth of 2; 1 × 2/M; 1 × 10/M; 1 × 2.5/M; 1 × 4/M
    (
        "claude-sonnet-5-5",
        "",
        [1, 1, 1, 1, 1],
        ["0.000002", "0.00001", "0.0000025", "0.000004", "0.0000001"],
        "0.0000186",
    ),
    // 12,345 × 2/M = 0.02469; 678 × 10/M = 0.00678; 90,123 × 0.2/M = 0.0180246
    ("claude-sonnet-5", "", [12_345, 678, 0, 0, 90_123], ["0.02469", "0.00678", "0", "0", "0.0180246"], "0.0494946"),
    // no dearer beyond 200,000: 300,000 × 3/M = 0.9; 1,000 × 15/M = 0.015
    ("claude-sonnet-4-6", "", [300_000, 1_000, 0, 0, 0], ["0.9", "0.015", "0", "0", "0"], "0.915"),
    // 200,000 of prompt is not above it: 150,000 × 3/M = 0.45; 1,000 × 15/M = 0.015; 50,000 × 0.3/M = 0.015
    ("claude-sonnet-4-5", "", [150_000, 1_000, 0, 0, 50_000], ["0.45", "0.015", "0", "0", "0.015"], "0.48"),
    // one more reprices all of it: 150,000 × 6/M = 0.9; 1,000 × 22.5/M = 0.0225; 50,001 × 0.6/M = 0.0300006
    ("claude-sonnet-4-5", "", [150_000, 1_000, 0, 0, 50_001], ["0.9", "0.0225", "0", "0", "0.0300006"], "0.9525006"),
    // what is written counts for the threshold: 10 × 6/M; 10 × 22.5/M; 150,000 × 7.5/M = 1.125; 60,000 × 12/M = 0.72
    ("claude-sonnet-4", "", [10, 10, 150_000, 60_000, 0], ["0.00006", "0.000225", "1.125", "0.72", "0"], "1.845285"),
    // batch and long context: 200,001 × 6 × 0.5/M = 0.600003; 2 × 22.5 × 0.5/M = 0.0000225
    ("claude-sonnet-4-5", "batch", [200_001, 2, 0, 0, 0], ["0.600003", "0.0000225", "0", "0", "0"], "0.6000255"),
    // 1,234 × 3/M = 0.003702; 567 × 15/M = 0.008505; 1,000 × 3.75/M; 10 × 6/M; 100,001 × 0.3/M = 0.0300003
    (
        "claude-3-7-sonnet",
        "",
        [1_234, 567, 1_000, 10, 100_001],
        ["0.003702", "0.008505", "0.00375", "0.00006", "0.0300003"],
        "0.0460173",
    ),
    // 100,000 of prompt: 99,000 × 0.1/M = 0.0099; 100 × 0.5/M = 0.00005; 1,000 × 0.125/M = 0.000125
    ("claude-haiku-5-5", "", [99_000, 100, 1_000, 0, 0], ["0.0099", "0.00005", "0.000125", "0", "0"], "0.010075"),
    // one more: 99,000 × 0.5/M = 0.0495; 100 × 2.5/M = 0.00025; 1,000 × 0.625/M = 0.000625; 1 × 0.05/M
    (
        "claude-haiku-5-5",
        "",
        [99_000, 100, 1_000, 0, 1],
        ["0.0495", "0.00025", "0.000625", "0", "0.00000005"],
        "0.05037505",
    ),
    // 999 × 1/M; 998 × 5/M = 0.00499; 997 × 1.25/M = 0.00124625; 996 × 2/M = 0.001992; 995 × 0.1/M = 0.0000995
    (
        "claude-haiku-4-5",
        "",
        [999, 998, 997, 996, 995],
        ["0.000999", "0.00499", "0.00124625", "0.001992", "0.0000995"],
        "0.00932675",
    ),
    // 3 × 0.8/M; 3 × 4/M; 3 × 1/M; 3 × 1.6/M; 3 × 0.08/M
    (
        "claude-3-5-haiku",
        "",
        [3, 3, 3, 3, 3],
        ["0.0000024", "0.000012", "0.000003", "0.0000048", "0.00000024"],
        "0.00002244",
    ),
    // 3 × 0.25/M; 3 × 1.25/M; 3 × 0.3/M; 3 × 0.5/M; 3 × 0.03/M: rounded prices of its own
    (
        "claude-3-haiku",
        "",
        [3, 3, 3, 3, 3],
        ["0.00000075", "0.00000375", "0.0000009", "0.0000015", "0.00000009"],
        "0.00000699",
    ),
];

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
                price.tiers.push(Tier { above_tokens, rates: self.rates() });
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
