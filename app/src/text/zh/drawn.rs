//! What drawn pages say, in Chinese.

use crate::text::{CallFilters, Drawn, Leaderboard, Log, Subject};

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
    last_day_hours: "24 小时",
    seven_days: "7 天",
    thirty_days: "30 天",
    ninety_days: "90 天",
    a_year: "一年",
    all: "全部",
    others: "其他",
    each_hour: "按小时",
    each_day: "按天",
    each_week: "按周",
    each_month: "按月",
    show_table: "以表格显示",
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
    speed: "Token/秒",
    since_ever: "自开始以来",
    compared_with: "对比",
};

/// Its words.
pub(super) const CALL_FILTERS: CallFilters = CallFilters {
    presets: "预设",
    all: "全部",
    errors: "错误",
    slow: "慢",
    expensive: "昂贵",
    retried: "有重试",
    not_retried: "一次成功",
    any_attempts: "不限",
    attempts: "尝试次数",
    columns: "列",
    more: "更多筛选",
    cost_min: "费用不低于（美元）",
    cost_max: "费用不高于（美元）",
    seconds_min: "总时长不少于（秒）",
    seconds_max: "总时长不超过（秒）",
    content_min: "首个内容不早于（秒）",
    key: "密钥编号",
    error: "错误中的文字",
    error_help: "错误原因，或错误信息中的任意文字；仅限最近 7 天",
    any_outcome: "全部结果",
    any_provider: "全部供应商",
    any_user: "全部用户",
    any_model: "全部模型",
    any_time: "全部时间",
    last_hour: "最近 1 小时",
    last_day: "最近 24 小时",
    last_week: "最近 7 天",
    last_month: "最近 30 天",
    filter: "筛选调用",
    remove_filter: "去掉此筛选",
    filtered_time: "时间范围",
    totals: |calls, tokens, cost, errors| format!("{calls} 次请求 · {tokens} Token · {cost} · {errors} 个错误"),
};

/// Its words.
pub(super) const SUBJECT: Subject = Subject {
    of_user: "该用户所有密钥的用量。",
    of_provider: "所有人对该供应商的用量。",
    of_model: "调用所请求的该模型的用量。",
    total_p50: "总时长（中位数）",
    total_p95: "总时长（p95）",
    no_errors: "没有出错。",
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
