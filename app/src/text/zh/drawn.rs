//! What drawn pages say, in Chinese.

use crate::text::{Drawn, Leaderboard, Log};

/// What they share.
pub(super) const DRAWN: Drawn = Drawn {
    time: "时间",
    today: "今天",
    this_week: "本周",
    this_month: "本月",
    all_time: "全部时间",
    first_day: "第一天",
    last_day: "最后一天",
    versus: "与之前的时段相比",
};

/// Its words.
pub(super) const LEADERBOARD: Leaderboard = Leaderboard {
    title: "排行榜",
    lead: "谁用得最多、什么用得最多，以及与之前相比的变化。",
    whose: "排行对象",
    users: "用户",
    keys: "密钥",
    providers: "供应商",
    models: "模型",
    empty: "这段时间内没有用量",
    empty_why: "请选择更长的时间。",
    cache_hit: "来自缓存",
    success: "成功率",
    first_token_p50: "首个内容（中位数）",
    first_token_p95: "首个内容（p95）",
    since_ever: "自开始以来",
    compared_with: "对比",
};

/// Those of the hub's own log.
pub(super) const LOG: Log = Log {
    title: "日志",
    lead: "本副本最近写入的内容，最新的在最前。写入的级别由设置 log_level 决定。",
    level: "级别",
    any: "全部",
    error: "错误",
    warn: "警告",
    info: "信息",
    debug: "调试",
    trace: "跟踪",
    search: "文本",
    call_id: "调用 ID",
    find: "查找",
    empty: "没有内容",
    empty_why: "尚未写入任何内容，或筛选条件没有匹配。",
    older: "更早的内容",
    newest: "回到最新",
    lines: "日志内容",
};
