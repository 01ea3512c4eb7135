//! Words for the values of the shared vocabulary, and what is wrong, in Chinese.

use hub::domain::call::Outcome;
#[cfg(feature = "ssr")]
use {
    super::reasons,
    crate::{
        format::{share_of_permille, whole},
        pages::limits,
    },
    hub::domain::{
        attempt::AttemptResult,
        decision::{Blame, Next, Skip},
        fault::Fault,
        hold::HoldReason,
        report::Attention,
        usage::TokenSource,
    },
};

pub(super) fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        None => "进行中",
        Some(Outcome::Completed) => "已完成",
        Some(Outcome::Rejected) => "已拒绝",
        Some(Outcome::Refused) => "被上游拒绝",
        Some(Outcome::Failed) => "失败",
        Some(Outcome::Interrupted) => "中断",
        Some(Outcome::Abandoned) => "客户端离开",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn result(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Completed => "完成",
        AttemptResult::Delivered => "错误已原样转交",
        AttemptResult::Failed => "失败",
        AttemptResult::Interrupted => "中断",
        AttemptResult::Abandoned => "客户端离开",
    }
}

/// What went wrong, by the machine's word for it: words that fit into brackets and behind a colon.
#[cfg(feature = "ssr")]
pub(super) fn cause(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "connect" => "无法连接",
        "proxy" => "代理失败",
        "reset" => "连接断开",
        "status" => "供应商返回错误状态码",
        "stream_error" => "流中出现错误",
        "truncated" => "应答不完整",
        "malformed" => "无法识别的应答",
        "connect_timeout" => "连接超时",
        "first_byte_timeout" => "首字节超时",
        "idle_timeout" => "等待数据超时",
        "total_timeout" => "总时长超时",
        "call_deadline" => "整个调用的时限已到",
        "shutdown" => "中转站已关闭",
        "panic" => "中转站程序出错",
        "crash" => "中转站意外停止",
        _ => return refusal(cause),
    })
}

/// The hub's own no, by the machine's word for it.
#[cfg(feature = "ssr")]
fn refusal(cause: &str) -> Option<&'static str> {
    Some(match cause {
        "unauthenticated" => "没有有效的密钥",
        "two_keys" => "请求中有两个不同的密钥",
        "key_disabled" => "密钥已停用",
        "key_expired" => "密钥已过期",
        "user_disabled" => "用户已停用",
        "user_expired" => "用户已过期",
        "address_not_allowed" => "来源地址不被允许",
        "client_not_allowed" => "客户端不被允许",
        "model_not_allowed" => "模型不被允许",
        "locked" => "错误的密钥尝试过多",
        "bad_request" => "请求无法解析",
        "too_large" => "请求过大",
        "body_cut" => "请求未完整到达",
        "not_found" => "没有这个接口",
        "unbounded" => "请求的费用没有上限",
        "limit_total" => "总费用限额已用完",
        "limit_concurrent_requests" => "同时进行的调用过多",
        "limit_concurrent_sessions" => "同时活跃的会话过多",
        "limit_rpm" => "每分钟调用过多",
        "limit_tpm" => "每分钟 Token 过多",
        "limit_5h" => "5 小时费用限额已用完",
        "limit_daily" => "每日费用限额已用完",
        "limit_weekly" => "每周费用限额已用完",
        "limit_monthly" => "每月费用限额已用完",
        "limits_away" => "暂时无法核对限额",
        "no_provider" => "没有可用的供应商",
        "exhausted" => "没有供应商给出应答",
        "providers_limited" => "所有供应商均达到限额",
        "providers_held" => "所有供应商均暂停使用",
        "messages_queued" => "排队的消息过多",
        "crowded" => "同时处理的请求过多",
        "ledger_full" => "暂时无法记录调用",
        "shutting_down" => "中转站正在关闭",
        "internal" => "中转站内部出错",
        _ => return None,
    })
}

#[cfg(feature = "ssr")]
pub(super) fn token_source(source: TokenSource) -> &'static str {
    match source {
        TokenSource::None => "没有用量",
        TokenSource::Reported => "由供应商报告",
        TokenSource::Partial => "输入由供应商报告，输出为估算",
        TokenSource::Estimated => "估算",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn skip(skip: Skip) -> &'static str {
    match skip {
        Skip::Disabled => "已停用",
        Skip::Protocol => "使用另一种协议",
        Skip::Group => "不在密钥的任何分组中",
        Skip::Model => "规则不允许该模型",
        Skip::Prefix => "需要另一个前缀，或不使用前缀",
        Skip::Hours => "当前时段不启用",
        Skip::Held => "暂停使用中",
        Skip::LowerGroup => "密钥的另一个分组优先",
        Skip::Secret => "保存的密钥无法解密",
        Skip::Tried => "已经尝试过",
        Skip::Limit => "已达到自身限额",
        Skip::Awaited => "下一个空位留给正在等待的调用",
        Skip::MessagesQueued => "消息排队等待过久",
        Skip::Unbounded => "其限额为硬限额，而请求的花费没有上限",
        Skip::LimitsAway => "暂时无法核对其限额",
        Skip::CallerLimit => "费用超出调用方的限额",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn blame(blame: Blame) -> &'static str {
    match blame {
        Blame::Caller => "请求本身",
        Blame::Credential => "供应商的密钥或其限额",
        Blame::Provider => "供应商",
        Blame::Network => "网络",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn next(next: Next) -> &'static str {
    match next {
        Next::Retry => "已在原处重试",
        Next::Repair => "修复后已重试",
        Next::Switch => "已切换",
        Next::Deliver => "原样转交",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn hold(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Breaker => "失败过多",
        HoldReason::Overload => "过载",
        HoldReason::RateLimit => "达到速率限制",
        HoldReason::SpendLimit => "余额或支出限额已用尽",
        HoldReason::QuotaWindow => "配额已用尽",
        HoldReason::Credential => "密钥被拒绝",
        HoldReason::Entitlement => "账户无权执行所请求的操作",
        HoldReason::Proxy => "代理无法使用",
        HoldReason::Pause => "已由管理员暂停",
    }
}

#[cfg(feature = "ssr")]
pub(super) fn attention(attention: &Attention) -> (String, String) {
    let (title, advice) = match attention {
        Attention::NoProvider => ("没有可用的供应商", "在配置并启用供应商之前，所有调用都会被拒绝。".into()),
        Attention::NoKey => ("还没有任何密钥", "创建用户和密钥，然后让客户端指向本中转站。".into()),
        Attention::Unpriced { models } => {
            ("有模型没有价格", format!("{}：按保守的默认价格计费，请设置价格。", models.join("、")))
        }
        Attention::DatabaseAway { waiting } => {
            ("数据库没有响应", format!("日志中有 {} kB 记录等待写入，调用照常进行。", whole(waiting / 1_000 + 1)))
        }
        Attention::RedisAway => (
            "Redis 没有响应",
            "恢复之前无法核对限额：硬限额会拒绝调用，软限额会放行（除非 limits_when_away 设为拒绝）。花费在恢复后计入。"
                .into(),
        ),
        Attention::NotAlone => (
            "另有中转站在使用此数据库",
            "在其停止之前，此处不再计数，硬限额会拒绝调用。请为两者设置 REDIS_URL。".into(),
        ),
        Attention::JournalFull => ("日志无法写入", "新的调用会被拒绝，请检查数据目录所在的磁盘。".into()),
        Attention::JournalAtBound { waiting } => (
            "日志已满",
            format!(
                "其中有 {} MB；数据库取走一部分之前，新的调用会被拒绝。请检查 Postgres，或调高 journal_bytes_max。",
                whole(waiting / 1_000_000)
            ),
        ),
        Attention::JournalUnreadable => {
            ("日志无法读取", "调用照常进行，但恢复之前不会入库，请检查数据目录所在的磁盘。".into())
        }
        Attention::JournalDamaged { n_places } => {
            ("日志有损坏", format!("共 {} 处，其中的记录已丢失，请检查数据目录所在的磁盘。", whole(*n_places)))
        }
        Attention::Quarantined { n_entries } => {
            ("有记录被隔离", format!("数据库拒绝了 {} 条记录，请查看 quarantine。", whole(*n_entries)))
        }
        Attention::Held { name, reason, is_absolute, until, .. } => {
            let then = if *is_absolute { "期间不会收到调用" } else { "优先使用其他供应商" };
            let long = if until.is_none() { "，直到手动结束" } else { "" };
            ("已暂停使用", format!("{name}：{}。{then}{long}。", hold(*reason)))
        }
        Attention::Backlog { waiting } => {
            ("记录在日志中等待", format!("{} MB；数据库的写入慢于新增，列表会延迟。", whole(waiting / 1_000_000)))
        }
        Attention::LimitNear { name, window, share_permille } => (
            if *share_permille < 1_000 { "限额即将用尽" } else { "限额已用尽" },
            format!("{name}：{}已用 {}。", limits::name(&super::TEXT, *window), share_of_permille(*share_permille)),
        ),
        Attention::SecretUnreadable { provider } => ("保存的密钥无法解密", format!("请重新输入 {provider} 的密钥。")),
    };
    (title.to_owned(), advice)
}

/// A noun of the vocabulary.
#[cfg(feature = "ssr")]
fn noun(what: &str) -> &str {
    match what {
        "user" => "用户",
        "key" => "密钥",
        "provider" => "供应商",
        "price" => "价格",
        "call" => "调用",
        "session" => "会话",
        "export" => "导出",
        other => other,
    }
}

/// A request of another form than the hub reads: of an older page, or of no page at all.
#[cfg(feature = "ssr")]
pub(super) fn unread(why: &str) -> String {
    format!("系统无法读取所提交的内容（{why}）。页面可能已过时，请重新载入。")
}

#[cfg(feature = "ssr")]
pub(super) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Unauthenticated => "登录信息不正确，或该账号目前不能登录。".into(),
        Fault::NotAllowed => "没有权限。".into(),
        Fault::TooManyAttempts { retry_after_s } => format!("尝试次数过多，请在 {retry_after_s} 秒后重试。"),
        Fault::NotFound { what } if what == "messages" => "此调用没有保留任何提问与回答的内容。".into(),
        Fault::NotFound { what } => format!("没有这个{}，可能已被删除。", noun(what)),
        Fault::Invalid { why: reason, .. } | Fault::Conflict { why: reason, .. } => {
            reasons::why(reason).unwrap_or_else(|| reason.clone())
        }
        Fault::CountersAway => "计数暂时没有响应，没有做任何更改，请稍后重试。".into(),
        Fault::Busy => "数据库暂时没有响应，没有做任何更改，请稍后重试。".into(),
        Fault::Internal { id } => format!("系统内部出错，详情见日志，编号 {id}。"),
    }
}
