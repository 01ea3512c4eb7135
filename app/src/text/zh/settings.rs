//! The settings' page in Chinese.

use hub::domain::settings::SettingSection;

use crate::text::{SettingValues, SettingWords, Settings};

/// Its words.
pub(super) const SETTINGS: Settings = Settings {
    title: "设置",
    lead: "中转站运行时可以更改的内容。更改从下一个请求起生效，对中转站的所有进程有效。",
    sections: "分区",
    from_default: "默认",
    from_database: "已设置",
    from_environment: "环境变量",
    standard: "默认值",
    back: "恢复默认",
    environment: "环境变量",
    environment_lead: "只在启动时读取一次。要更改，请修改变量并重启。",
    variable: "变量",
    value: "值",
    source: "来源",
    meaning: "含义",
    hidden: "已设置，不显示",
    storage: "存储",
    storage_lead: "均为磁盘占用，含索引。",
    database: "数据库",
    private: "由中转站自行运行",
    external: "DSN 指定的数据库",
    journal: "日志中尚未入库",
    quarantined: "被搁置的条目",
    kept: "单个请求的保留时间",
    kept_why: "过期的日期整天删除，汇总永久保留",
    tables: "各表",
    table: "表",
    size: "大小",
    partitions: "分区数",
    days: "每日请求，UTC",
    day: "日期",
    backup: "备份",
    backup_private: "停止中转站并复制数据目录，其中包含数据库、日志和主密钥。",
    backup_external: "导出数据库，并一同保存主密钥。没有主密钥就无法解开供应商的密钥。",
    backup_command: "备份命令",
    n_days: |n| format!("{n} 天"),
    of_size: |size| format!("上限 {size}"),
    changed: |name| format!("已保存：{name}"),
    returned: |name| format!("已恢复默认：{name}"),
    back_label: |name| format!("恢复默认：{name}"),
    save_label: |name| format!("保存：{name}"),
    and_follows: |variable| format!("取自环境变量 {variable}"),
};

pub(super) const VALUES: SettingValues = SettingValues {
    on: "开",
    off: "关",
    none: "无",
    range: |low, high| format!("{} 至 {}", measured(low), measured(high)),
    measured,
};

/// A number whose unit is a word in English: `90 天` for `90 days`. Units that are signs stay as they are.
pub(super) fn measured(said: &str) -> String {
    let parts = said.rsplit_once(' ').filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit()));
    match parts {
        Some((number, "day" | "days")) => format!("{number} 天"),
        Some((number, "byte" | "bytes")) => format!("{number} 字节"),
        _ => said.to_owned(),
    }
}

pub(super) const fn section(section: SettingSection) -> &'static str {
    match section {
        SettingSection::Calls => "请求与重试",
        SettingSection::Health => "健康与探测",
        SettingSection::Waiting => "等待",
        SettingSection::Limits => "限额",
        SettingSection::Ledger => "账本与保留",
        SettingSection::Prices => "价格",
        SettingSection::Edge => "隐私与边界",
    }
}

/// Every setting in words, by its name.
pub(super) static WORDS: &[(&str, SettingWords)] = &[
    (
        "affinity",
        choice(
            "会话的归属",
            "会话与为其服务过的供应商的绑定程度。",
            &["只要该供应商可用就保持", "仅在最佳优先级的供应商之间"],
        ),
    ),
    ("providers_max", words("每个请求的供应商数", "一个请求最多可以尝试几个供应商。")),
    (
        "attempts_per_provider",
        words("每个供应商的尝试次数", "重试可能有帮助时，一个请求最多可以尝试同一供应商几次。供应商可以单独设置。"),
    ),
    ("retry_pause_ms", words("重试前的停顿", "对同一供应商每次重试翻倍，最长 5 秒，其中最多一半为随机值。")),
    (
        "retry_after_max_ms",
        words(
            "供应商可要求的最长停顿",
            "没有其他供应商时，请求按供应商给出的时间停顿；更长的时间会告知客户端，除非请求排队等待。",
        ),
    ),
    (
        "thinking_repair",
        choice(
            "修复思考块",
            "请求因思考块签名被拒绝时，是否去掉这些思考块再发送一次。",
            &["从不", "总是", "客户端自己不处理时"],
        ),
    ),
    ("call_deadline_ms", words("应答开始前的时限", "请求在应答开始前可以等待的总时间：正文、尝试和重试。")),
    ("gate_ms", words("暂缓流的开头", "流的开头可能仍是错误时，最多暂缓多久。")),
    ("drain_ms", words("客户端离开后继续读取", "客户端离开后，应答最多继续读取多久。")),
    (
        "write_stall_ms",
        words("等待不读取的客户端", "客户端可以多久不读取应答；超过后关闭其连接，并在没有客户端的情况下继续读取应答。"),
    ),
    ("shutdown_grace_ms", words("停止时的宽限", "中转站停止时，正在运行的请求最多可继续多久。")),
    ("body_bytes_max", words("最大请求正文", "超过则拒绝。")),
    ("buffered_bytes_max", words("请求正文可用的内存", "所有正文合计；超出后新请求得到 503。")),
    (
        "breaker_failures",
        words("连续失败几次后暂停使用", "之后一段时间内其他供应商优先；0 表示永不。供应商可另行设定。"),
    ),
    ("breaker_open_s", words("失败后暂停使用时长", "供应商可另行设定。")),
    ("breaker_successes", words("成功几次后恢复使用", "供应商可另行设定。")),
    ("breaker_trials", words("可同时试探的请求数", "暂停时间已过的供应商，最多同时有几个请求去试探。")),
    ("probe_interval_s", words("询问暂停使用的供应商", "多久询问一次暂停使用的供应商是否恢复；0 为从不。")),
    ("probe_model", words("测试请求的模型", "测试供应商时请求的模型，须为其规则所允许。")),
    (
        "waiting",
        choice(
            "等待供应商",
            "暂时没有可用供应商、但稍后会有时，哪些请求等待。",
            &["都不等待", "全部等待", "仅不会自行重试的客户端"],
        ),
    ),
    ("waiting_max", words("可同时等待的请求数", "每个中转站进程。")),
    ("waiting_ms", words("等待供应商的最长时间", "不超过应答开始前的时限。")),
    (
        "keep_alive_after_ms",
        words("多久后发送心跳", "此后等待中的流式客户端收到状态 200 和心跳；在此之前收到真实状态码。"),
    ),
    ("message_queue_gap_ms", words("消息间隔", "供应商对用户消息排队时，消息之间的最短间隔。")),
    ("message_queue_wait_ms", words("消息排队时间", "用户消息在供应商队列中最多等待多久。")),
    ("time_zone", words("时区", "日、周、月从何时开始，使用 IANA 名称：Asia/Shanghai。")),
    (
        "limits_when_away",
        choice("Redis 不可用时", "无法计数限额时请求如何处理。硬限额从不突破。", &["继续，不计数", "拒绝"]),
    ),
    (
        "refuse_unbounded",
        words("拒绝费用无上限的请求", "有硬限额时，拒绝正文未限定费用的请求；否则按模型整个上下文窗口的价格预留。"),
    ),
    ("redis_wait_ms", words("等待 Redis", "请求等待限额计数器的最长时间，仅一次。")),
    (
        "messages_retention_days",
        words("保留提问与回答", "变量 STORE_SESSION_MESSAGES 开启时有效；按整天删除，最长与调用相同。"),
    ),
    ("retention_days", words("保留单个请求", "更早的按整天删除，汇总永久保留。")),
    (
        "ledger_fsync",
        choice(
            "条目何时落盘",
            "请求的日志条目在应答结束前写入；磁盘此时或稍后得到它。",
            &["应答结束后不久", "应答结束之前"],
        ),
    ),
    ("journal_bytes_max", words("最大日志", "数据库落后到此程度时，新请求得到 503，直到赶上为止。")),
    ("bill_by", choice("计费的模型", "供应商使用另一个模型名时。", &["发给供应商的模型", "客户端请求的模型"])),
    ("default_price", words("没有价格的模型", "每百万 token 的美元价格。有意偏高：这类请求会被标记，且从不免费。")),
    ("prices_url", words("价格文件地址", "LiteLLM 格式；留空为无。")),
    ("prices_sync_hours", words("重新读取价格", "多久一次；0 为从不。")),
    (
        "explain_errors",
        words("向客户端说明错误原因", "为何没有供应商能处理其请求。关闭后只说明无法处理；记录中始终有原因。"),
    ),
    ("decision_header", words("告知客户端请求的去向", "简要写在 x-switchyard-decision 头中。")),
    ("expose_provider_headers", words("转发供应商的响应头", "其速率限制和组织响应头会传给客户端。")),
    ("metrics_open", words("开放 /metrics", "任何人都可读取；否则需要管理员令牌。")),
    (
        "log_level",
        words("日志级别", "写入日志的内容：error、warn、info、debug、trace，或与 LOG_LEVEL 相同的指令。立即生效。"),
    ),
];

const fn words(title: &'static str, help: &'static str) -> SettingWords {
    SettingWords { title, help, choices: &[] }
}

const fn choice(title: &'static str, help: &'static str, choices: &'static [&'static str]) -> SettingWords {
    SettingWords { title, help, choices }
}

/// What a variable of the environment is for.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "ADMIN_TOKEN" => "管理员登录令牌",
        "APP_HOST" => "监听地址",
        "APP_PORT" => "端口",
        "AUTO_MIGRATE" => "启动时更新数据库结构",
        "DATA_DIR" => "日志、生成的密钥和自带 Postgres 的目录",
        "DSN" => "数据库；未设置则自行运行",
        "ENABLE_RATE_LIMIT" => "关闭则停用所有限额",
        "ENABLE_SECURE_COOKIES" => "Cookie 是否仅用于 https",
        "LOG_LEVEL" => "日志级别",
        "MASTER_KEY" => "加密供应商密钥的主密钥",
        "NEW_MASTER_KEY" => "执行 `switchyard rotate-master-key` 后使用的主密钥",
        "PG_BIN" => "自带 Postgres 的程序目录",
        "REDIS_URL" => "Redis；未设置则在内存中计数",
        "STORE_SESSION_MESSAGES" => "是否保留提问与回答的内容",
        "SESSION_TTL" => "会话与供应商保持绑定的秒数",
        "SITE_ROOT" => "控制台文件",
        "TRUSTED_PROXIES" => "信任其转发头的代理",
        "TZ" => "日期从何时开始，设置优先",
        _ => return None,
    })
}
