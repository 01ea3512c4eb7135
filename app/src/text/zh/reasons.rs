//! Why a value cannot be used, in Chinese. The engine says its reasons in English, for the management API; here stands
//! what each of them is for a reader of the console, `{}` being what differs from one to the next.

use super::{manage::state, settings::measured};

/// English and Chinese, the more exact ones first. What comes in between the words stays in its order.
const REASONS: &[(&str, &str)] = &[
    ("must be a number", "必须是数字"),
    ("must be left out where a last day is given", "已填写最后一天时，不能再填写此项"),
    ("must be a whole number", "必须是整数"),
    ("must be a whole number, {} or more", "必须是不小于 {} 的整数"),
    ("must be filled in", "必须填写"),
    ("must be an amount in dollars such as {}", "必须是美元金额，例如 {}"),
    ("must be an id such as {}", "必须是编号，例如 {}"),
    ("is no outcome", "不是一种结果"),
    ("must be a number of seconds, at most to the millisecond", "必须是秒数，最多三位小数"),
    ("must be a time of day such as 03:30", "必须是时刻，例如 03:30"),
    ("must be a date: 2030-12-31", "必须是日期，例如 2030-12-31"),
    ("must be a time: 2030-12-31 12:00", "必须是日期和时间，例如 2030-12-31 12:00"),
    ("must be an address, such as 192.0.2.1", "必须是 IP 地址，例如 192.0.2.1"),
    ("must be an address such as {}", "必须是完整的地址，例如 {}"),
    ("must be a limit", "必须是一项限额"),
    ("must be true or false", "必须为开或关"),
    ("must be csv, json or ndjson", "必须是 csv、json 或 ndjson"),
    ("must be one of {}", "必须是以下之一：{}"),
    ("must be an http or https address", "必须是 http 或 https 地址"),
    ("must be given field by field", "请逐项填写"),
    ("must be given, or `{}`, and not both", "必须填写此项或 {}，且不能同时填写"),
    ("must be given, or `{}`", "必须填写此项或 {}"),
    ("must be given with `{}`", "必须与 {} 一同填写"),
    ("must not be given together with `{}`", "不能与 {} 一同填写"),
    ("must not stand beside `from` and `to`", "不能与起止时间一同填写"),
    ("is missing: `to` does not stand alone", "缺少开始时间，不能只填写结束时间"),
    ("must be given again when the base URL's scheme, host or port changes", "更换协议、主机或端口时必须重新填写"),
    (
        "must be a name of the IANA database, such as Europe/Berlin, or empty",
        "必须是 IANA 时区名称，例如 Asia/Shanghai，或留空",
    ),
    ("must be before `to`, and in the past", "必须早于结束时间，且已经过去"),
    ("must be before `to`", "必须早于结束时间"),
    ("must not be more than {} of `step` before `to`", "不能早于结束时间 {} 个以上的步长"),
    ("must be in the future", "必须是将来的时间"),
    ("lies outside what can be told: 4713 BC to 294276 AD", "超出可用范围：公元前 4713 年至公元 294276 年"),
    ("must not be in the future", "不能是将来的日期"),
    ("must be within a hundred years", "必须在一百年之内"),
    ("must not be above its counterpart", "不能大于另一端的值"),
    (
        "makes more than {} rows; choose a longer one, or a shorter range",
        "会产生 {} 行以上，请选择更长的步长或更短的时间",
    ),
    ("must begin with https:// or http://", "必须以 https:// 或 http:// 开头"),
    (
        "must begin with http://, https://, socks5:// or socks5h://",
        "必须以 http://、https://、socks5:// 或 socks5h:// 开头",
    ),
    ("must not carry credentials; the provider's key has a field of its own", "不能包含凭据，密钥请填在 API 密钥一栏"),
    ("must leave out /v1/messages: it is added", "请去掉 /v1/messages，系统会自动加上"),
    ("must have neither query nor fragment", "不能包含查询参数或片段"),
    ("must have neither commas nor spaces", "不能包含逗号或空格"),
    ("must have no spaces", "不能包含空格"),
    ("must have a number up to 65535 as its port", "端口必须是不大于 65535 的数字"),
    ("must name a host", "必须包含主机名"),
    ("must name at least one", "至少要有一项"),
    ("must end with its host or port", "必须以主机或端口结尾"),
    ("has a masked password; give the real one", "密码被遮盖，请填写真实密码"),
    ("cannot have a password", "不能包含密码"),
    ("cannot be opened with this master key; give it again", "无法用当前的主密钥解密，请重新填写"),
    ("cannot be cleared", "不能清空"),
    ("is not right", "不正确"),
    ("is for users only", "只适用于用户"),
    ("is not set: there is nowhere to read prices from", "尚未设置，没有可以读取价格的地址"),
    ("names {}, which the file has no price for", "包含 {}，但文件中没有它的价格"),
    ("another user has this name", "已有同名用户"),
    ("another provider has this name", "已有同名供应商"),
    ("another group has this name", "已有同名分组"),
    ("it is the group of all who name none", "这是未指定分组者所属的分组"),
    ("{} providers, {} users and {} keys name it", "仍有 {} 个供应商、{} 个用户和 {} 个密钥使用它"),
    ("belongs to one user; it cannot be set for many", "属于单个用户，不能批量设置"),
    ("belongs to one provider; it cannot be set for many", "属于单个供应商，不能批量设置"),
    ("belongs to one key; it cannot be set for many", "属于单个密钥，不能批量设置"),
    ("each line must be: rule -> name", "每行格式为：规则 -> 名称"),
    ("each line must be: Name: value", "每行格式为：Name: value"),
    ("each line must be: group: priority", "每行格式为：分组: 优先级"),
    ("`{}`: each line must be: status=503 -> overload", "“{}”：每行格式为：status=503 -> overload"),
    ("`{}`: what it means is unknown", "“{}”：箭头后的含义未知"),
    ("`{}`: status must be a number", "“{}”：status 必须是数字"),
    ("`{}`: a condition is cause=, status=, kind= or message=", "“{}”：条件只能是 cause=、status=、kind= 或 message="),
    ("a rule's value must have {} to {} characters", "规则的内容须为 {} 至 {} 个字符"),
    // What the reader of expressions says of them is left out, for it says so in English.
    ("`{}` is no usable rule: {}", "“{}”不是可用的规则，请检查正则表达式的写法，或将其缩短"),
    ("a rule needs `cause`, `status`, `kind` or `message`", "每条规则至少需要 cause、status、kind 或 message"),
    ("`cause` must be one of {}", "cause 必须是以下之一：{}"),
    ("`class` must not be `client_gone`: no provider causes that", "class 不能是 client_gone：这不是供应商造成的"),
    ("is empty: choose a price file, or paste one", "内容为空：请选择或粘贴价格文件"),
    ("`status` must be from 100 to 599", "status 须在 100 至 599 之间"),
    ("`{}` is none of the provider's groups", "“{}”不是该供应商的分组"),
    ("must be given: a beginning needs an end", "必须填写：有开始时刻，就要有结束时刻"),
    ("must be given: an end needs a beginning", "必须填写：有结束时刻，就要有开始时刻"),
    ("must differ from the beginning; leave out both for the whole day", "不能与开始时刻相同；全天启用请两项都留空"),
    ("`{}` is no header name", "“{}”不是有效的请求头名称"),
    ("`{}` has a value that no header can have", "“{}”的值不能用作请求头"),
    ("`{}` is there twice", "“{}”出现了两次"),
    (
        "`{}` may not be set: it is a credential, or speaks of the transport or the body",
        "不能设置“{}”：它是凭据，或与传输、正文有关",
    ),
    ("`{}`: a tag has no comma; give a list of tags", "“{}”：标签不能包含逗号"),
    ("`{}`: a group's name has no comma; give a list of names", "“{}”：分组名称不能包含逗号"),
    ("`*` is for users and keys: it means all groups and names none", "“*”仅用于用户和密钥，表示全部分组"),
    (
        "`{}` has bits set beyond the `/`: give the network's first address",
        "“{}”在 / 之后还有非零位，请填写网段的首个地址",
    ),
    (
        "`{}` has no usable number of bits after the `/`: at most 32, or 128 for IPv6",
        "“{}”的 / 之后不是有效位数：最多 32，IPv6 最多 128",
    ),
    ("`{}` is an IPv4 address written as an IPv6 one: write it as IPv4", "“{}”是写成 IPv6 的 IPv4 地址，请写成 IPv4"),
    (
        "`{}` is no address, and no network such as 10.0.0.0/8 or 2001:db8::/32",
        "“{}”不是地址，也不是网段（例如 10.0.0.0/8）",
    ),
    (
        "`{}` is neither a level (error, warn, info, debug, trace) nor a list of directives",
        "“{}”既不是级别（error、warn、info、debug、trace），也不是规则列表",
    ),
    ("must have printable ASCII characters only, and no spaces", "只能包含可见的 ASCII 字符，不能有空格"),
    ("must not have control characters", "不能包含控制字符"),
    ("must not have zero characters", "不能包含空字符"),
    ("must have at most {} characters, and no NUL", "最多 {} 个字符，且不能包含空字符"),
    ("must have at most {} characters", "最多 {} 个字符"),
    ("must have {} to {} characters", "长度须为 {} 至 {} 个字符"),
    (
        "must have {} to {} characters; those beyond plain letters count for more",
        "长度须为 {} 至 {} 个字符，汉字、带符号的字母和表情符号按多个字符计算",
    ),
    ("must have at most {} entries", "最多 {} 项"),
    ("must be at most {} names of {} to {} characters", "最多 {} 个名称，每个 {} 至 {} 个字符"),
    ("must be at most {} texts of at most {} characters", "最多 {} 段文字，每段最多 {} 个字符"),
    ("must be at most {} names", "最多 {} 个名称"),
    ("must be at most {} rules", "最多 {} 条规则"),
    ("must be at most {}; narrow it down", "最多 {} 项，请缩小范围"),
    ("must be at most {}", "最多 {} 项"),
    ("each must begin above another number of tokens, of at most {}", "每一级的起始 Token 数必须各不相同，且不超过 {}"),
    ("must be a whole number such as {}", "必须是整数，例如 {}"),
    ("must be a whole number from {} to {}", "必须是 {} 至 {} 之间的整数"),
    ("must be from {} to {} seconds", "须在 {} 至 {} 秒之间"),
    ("must be from {} to {} days", "须在 {} 至 {} 天之间"),
    ("must be from {} to {}", "须在 {} 至 {} 之间"),
    ("too large", "过大"),
    ("too small", "过小"),
    ("must be the next_cursor of the page before", "不是有效的翻页位置"),
    ("there is no such setting", "没有这项设置"),
    ("the hub cannot record calls just now", "目前无法记录调用"),
    ("is at a limit of its own", "已达到自身限额"),
    ("it is not an object", "不是 JSON 对象"),
    ("a model's name has {} to {} characters on one line", "模型名称须为一行，{} 至 {} 个字符"),
    ("it has no {}", "缺少 {}"),
    ("its prices are 0; set them by hand if it is free", "价格为 0；若确实免费，请手动设置"),
    ("{} is no price", "{} 不是有效的价格"),
    ("its prices cannot be read", "无法读取它的价格"),
    (
        "input and output must be above 0: no model is free by accident",
        "输入价和输出价必须大于 0，以免有模型被误当作免费",
    ),
    ("must be a JSON object of models", "必须是以模型名称为键的 JSON 对象"),
    ("must be a JSON object such as {}", "必须是 JSON 对象，例如 {}"),
    ("is no JSON: it ends too early", "不是有效的 JSON：内容不完整"),
    ("is no JSON from line {}, column {} on", "从第 {} 行第 {} 列起不是有效的 JSON"),
    ("`{}` must look like {}", "“{}”的写法应如 {}"),
    ("`{}` is no rule: there are {}", "“{}”不是规则名称，可用的有：{}"),
    ("is no http or https address", "不是 http 或 https 地址"),
    ("is no address", "不是有效的地址"),
    ("did not answer within {} s", "在 {} 秒内没有响应"),
    ("cannot be reached: {}", "无法连接"),
    ("broke off: {}", "传输中断"),
    ("is longer than {} bytes", "超过 {} 字节"),
    ("answers with HTTP {}", "返回了 HTTP {}"),
    ("answers with more than {} redirects", "重定向超过 {} 次"),
    ("answers with a redirect to nowhere", "返回的重定向没有目标地址"),
    (
        "answers with a redirect to another host; set its last address instead",
        "重定向到了另一台主机，请直接设置最终地址",
    ),
    ("must not be less than 0", "不能小于 0"),
    ("both days are needed", "请填写起止两个日期"),
    ("{}: {}", "{}：{}"),
];

/// A reason in Chinese, where it is a known one.
pub(super) fn why(reason: &str) -> Option<String> {
    let reason = reason.trim_end_matches('.');
    let (english, chinese, parts) = REASONS.iter().find_map(|(english, chinese)| {
        let parts = parts(english, reason)?;
        Some((*english, *chinese, parts))
    })?;
    // A reason behind a name, as a change of many gives it, is one of the others.
    let parts: Vec<String> = match (english, parts.as_slice()) {
        ("{}: {}", [name, rest]) => vec![(*name).to_owned(), why(rest)?],
        ("must be one of {}", [all]) => vec![all.split(", ").map(state).collect::<Vec<_>>().join("、")],
        (_, parts) => parts.iter().map(|part| measured(part)).collect(),
    };
    let mut said = String::new();
    let mut parts = parts.into_iter();
    for (place, piece) in chinese.split("{}").enumerate() {
        if place > 0 {
            said += &parts.next().unwrap_or_default();
        }
        said += piece;
    }
    Some(said)
}

/// What stands in the gaps of a pattern; none if the text is not one of it.
fn parts<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut parts = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let (part, after) = if is_last { (rest.strip_suffix(piece)?, "") } else { rest.split_once(piece)? };
        parts.push(part);
        rest = after;
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What a fault is made with, in the source.
    const MARKS: [&str; 4] = ["Fault::invalid(", "wrong(", " fault(", "conflict("];

    /// All sources below a folder, each without its tests.
    fn sources(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                found.extend(sources(&path));
            } else {
                let source = std::fs::read_to_string(&path).unwrap();
                found.push(source.split("\n#[cfg(test)]\nmod tests").next().unwrap().to_owned());
            }
        }
        found
    }

    /// The texts in quotes up to the parenthesis that closes a call.
    fn texts_of_call(code: &str) -> Vec<String> {
        let (mut depth, mut text, mut texts) = (1, None::<String>, Vec::new());
        for c in code.chars() {
            match (c, &mut text) {
                ('"', None) => text = Some(String::new()),
                ('"', Some(_)) => texts.extend(text.take()),
                (c, Some(text)) => text.push(c),
                ('(', None) => depth += 1,
                (')', None) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        texts
    }

    /// A sentence with its gaps filled in; none for what is a name or a form and no sentence.
    fn filled(text: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled = filled + before + "7";
            rest = after.split_once('}').unwrap().1;
        }
        filled += rest;
        let is_sentence = filled.contains(' ') && filled.bytes().filter(u8::is_ascii_alphabetic).count() > 4;
        is_sentence.then_some(filled)
    }

    #[test]
    fn every_reason_of_the_engine_and_of_the_forms_is_said_in_chinese() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = Vec::new();
        for code in ["src/admin", "app/src/api"].iter().flat_map(|folder| sources(&root.join(folder))) {
            let calls = MARKS.iter().flat_map(|mark| code.match_indices(mark));
            let texts = calls.flat_map(|(at, mark)| texts_of_call(code.get(at + mark.len()..).unwrap()));
            found.extend(texts.filter_map(|text| filled(&text)));
        }
        assert!(found.len() > 60, "only {} reasons were found", found.len());
        // The words after a header's name stand apart from it.
        let is_said = |reason: &String| why(reason).or_else(|| why(&format!("`x-a` {reason}"))).is_some();
        found.retain(|reason| !is_said(reason));
        assert_eq!(found, [""; 0], "these have no Chinese");
    }

    #[test]
    fn what_the_engine_reads_says_in_chinese_why_it_cannot() {
        use hub::domain::{limit::TimeOfDay, network::Network, rule::FailureRule, settings::Settings};
        let mut all = vec!["25:00".parse::<TimeOfDay>().unwrap_err().to_owned()];
        all.extend(
            ["10.0.0.1/8", "10.0.0.0/99", "::ffff:10.0.0.1", "here"]
                .map(|text| text.parse::<Network>().unwrap_err().to_string()),
        );
        for rule in ["status=503", "status=x -> server", "503 -> server", "status=503 -> nothing"] {
            all.push(format!("`{rule}`: {}", rule.parse::<FailureRule>().unwrap_err()));
        }
        for (name, wrong) in [
            ("providers_max", "0"),
            ("providers_max", "\"many\""),
            ("metrics_open", "3"),
            ("prices_url", "\"ftp://x\""),
            ("default_price", "{\"input\": \"0\", \"output\": \"1\"}"),
            ("waiting", "\"never\""),
        ] {
            all.push(Settings::default().set(name, &serde_json::from_str(wrong).unwrap()).unwrap_err().to_string());
        }
        // What the readers of price files and of filters say of a part.
        all.extend(
            [
                "it is not an object",
                "its prices cannot be read",
                "a model's name has 1 to 256 characters on one line",
                "it has no input_cost_per_token",
                "its prices are 0; set them by hand if it is free",
                "input_cost_per_token is no price",
                "cache_read: must be from 0 to 1000000",
                "tiers: output: must be from 0 to 1000000",
                "must be an amount in dollars such as 0.05",
                "must be an id such as 17",
                "must not be in the future",
                "lies outside what can be told: 4713 BC to 294276 AD",
            ]
            .map(str::to_owned),
        );
        for reason in all {
            assert!(why(&reason).is_some(), "{reason}");
        }
    }

    #[test]
    fn what_is_said_of_numbers_addresses_and_files_has_no_english_in_it() {
        use crate::{
            api::{forms, prices::PriceForm},
            ui::field::no_whole,
        };
        let mut all: Vec<String> = ["priority", "weight", "days"].map(|field| no_whole(field).to_owned()).into();
        for rules in ["{\"speeds\": x}", "{", "[]", "{\"speeds\": 7}", "{\"speed\": {}}"] {
            let form = PriceForm { rules: rules.to_owned(), ..PriceForm::default() };
            all.push(forms::price(&form).unwrap_err().to_string());
        }
        all.extend(
            [
                "must be from 0 to 4294967.295 seconds",
                "must begin with https:// or http://",
                "must begin with http://, https://, socks5:// or socks5h://",
                "must be an address such as https://api.example.com/v1",
                "must name a host",
                "must have no spaces",
                "must have a number up to 65535 as its port",
                "`(` is no usable rule: regex parse error:\n    (\n    ^\nerror: unclosed group",
                "must be a JSON object of models",
                "is no http or https address",
                "is no address",
                "did not answer within 60 s",
                "cannot be reached: error sending request",
                "broke off: error decoding response body",
                "is longer than 33554432 bytes",
                "answers with HTTP 404",
                "answers with more than 3 redirects",
                "answers with a redirect to nowhere",
                "answers with a redirect to another host; set its last address instead",
            ]
            .map(str::to_owned),
        );
        for reason in all {
            let said = why(&reason).unwrap_or_default();
            let is_foreign = ["error", "regex parse", "must", "unclosed"].iter().any(|word| said.contains(word));
            assert!(!said.is_empty() && !is_foreign, "{reason}: {said}");
        }
    }

    #[test]
    fn what_differs_stays_in_its_place() {
        let said = |reason| why(reason).unwrap();
        assert_eq!(said("must be from 0 to 1 min"), "须在 0 至 1 min 之间");
        assert_eq!(said("must be from 1 to 3 650 days"), "须在 1 至 3 650 天之间");
        assert_eq!(said("must be one of active, disabled"), "必须是以下之一：有效、已停用");
        assert_eq!(said("must be from 0.001 to 9 seconds"), "须在 0.001 至 9 秒之间");
        assert_eq!(said("2 providers, 1 users and 0 keys name it"), "仍有 2 个供应商、1 个用户和 0 个密钥使用它");
        assert_eq!(said("Ada: must be a number"), "Ada：必须是数字");
        assert_eq!(said("is no JSON from line 2, column 5 on"), "从第 2 行第 5 列起不是有效的 JSON");
        let speeds = r#"`speeds` must look like {"fast": "2"}"#;
        assert_eq!(said(speeds), r#"“speeds”的写法应如 {"fast": "2"}"#);
        assert_eq!((why("something new"), why("Ada: something new")), (None, None));
    }
}
