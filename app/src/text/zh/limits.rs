//! Limits and quotas.

#[cfg(feature = "ssr")]
use crate::text::Limits;
use crate::text::{LimitNames, Quotas};

pub(super) const NAMES: LimitNames = LimitNames {
    total: "总费用",
    requests: "同时进行的调用",
    sessions: "同时活跃的会话",
    rpm: "每分钟调用",
    tpm: "每分钟 Token",
    five_hours: "5 小时费用",
    daily: "每日费用",
    weekly: "每周费用",
    monthly: "每月费用",
    reserved: "进行中",
    free: "剩余",
};

#[cfg(feature = "ssr")]
pub(super) const LIMITS: Limits = Limits {
    title: "限额",
    unfold: "可以使用多少，在什么时间内",
    lead: "留空表示不限，0 表示全部拒绝。密钥与其用户的限额同时生效。",
    none: "没有设置限额。",
    no_limit: "不限",
    mode: "费用限额",
    mode_help: "软限额为每次调用预留估算费用，最多超出同时进行的部分；硬限额预留每次调用可能的最高费用。",
    soft: "软限额：可能略有超出",
    hard: "硬限额：绝不超出",
    five_hours_mode: "5 小时窗口",
    five_hours_alone: "限额的 5 小时窗口",
    five_hours_help: "固定窗口从上一窗口结束后的首次调用开始。",
    daily_mode: "每日窗口",
    daily_alone: "限额的每日窗口",
    daily_help: "滚动的一天始终是最近 24 小时。",
    rolling: "滚动",
    fixed: "固定起点",
    daily_time: "固定的一天开始于",
    daily_time_help: "按中转站的时区。每周从周一开始，每月从一日开始。",
    more_room: "释放额度：",
    use_title: "限额使用情况",
    reset: "重置",
    reset_what: "此前的花费不再计入这些限额。已记录的调用和费用会保留。",
    reset_title: |name| format!("重置 {name} 的限额？"),
    of: |name| format!("{name} 的限额"),
};

pub(super) const QUOTAS: Quotas = Quotas {
    title: "额度",
    lead: "所有限额，占用最多的在前。",
    empty: "没有设置限额",
    empty_why: "在编辑用户、密钥或供应商时设置限额，使用情况会显示在这里。",
    empty_filtered: "没有达到此程度的限额",
    empty_filtered_why: "没有任何限额的使用达到这些筛选条件。",
    whose: "对象",
    limit: "限额",
    used: "已用",
    share: "占比",
    resets: "释放额度",
    anybody: "全部类型",
    users: "用户",
    keys: "密钥",
    providers: "供应商",
    any_share: "任意占比",
    half: "至少 50 %",
    most: "至少 80 %",
    over: "已用完",
    filter: "筛选额度",
    key_of: "密钥",
    no_reset: "不会自动重置",
};
