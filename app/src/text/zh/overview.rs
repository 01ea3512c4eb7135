//! The first page, in Chinese.

use crate::text::Overview;

/// Its words.
pub(super) const OVERVIEW: Overview = Overview {
    title: "概览",
    today: "今天",
    requests: "请求",
    cost: "费用",
    tokens: "Token",
    errors: "错误",
    active: "正在进行",
    active_help: "本副本中正在进行的调用",
    attention: "需要关注",
    attention_none: "一切正常：供应商就绪，所有调用都已记录并计价。",
    last_day: "最近 24 小时",
    hour: "时间",
    by_provider: "今日供应商",
    by_model: "今日模型",
    by_user: "今日用户",
    nothing_today: "今天还没有调用",
    nothing_today_why: "有调用时会显示在这里。",
    prompt_tokens: "输入",
    output_tokens: "输出",
    cached_share: "来自缓存",
    error_rate: "占全部请求",
    first_token: "首个内容（中位数）",
    vs_yesterday: "与昨天同一时刻相比",
    no_yesterday: "昨天同一时刻没有数据",
    look_at_calls: "全部调用",
    chart_requests: "每小时请求",
    chart_cost: "每小时费用",
    since_midnight: |zone| format!("自零点起，{zone}"),
    chart_summary: |requests, cost| format!("最近 24 小时共 {requests} 次请求，{cost}"),
};
