//! What stands on every page, in Chinese.

use crate::text::{Common, Login, Shell};

/// Its words.
pub(super) const SHELL: Shell = Shell {
    overview: "概览",
    leaderboard: "排行榜",
    availability: "可用性",
    calls: "调用",
    sessions: "会话",
    providers: "供应商",
    routing: "路由",
    users: "用户",
    keys: "密钥",
    quotas: "额度",
    prices: "价格",
    settings: "设置",
    log: "日志",
    audit: "审计",
    api_docs: "API 文档",
    log_out: "退出登录",
    theme: "主题",
    theme_system: "跟随系统",
    theme_light: "浅色",
    theme_dark: "深色",
    language: "语言",
    collapse: "收起侧边栏",
    menu: "菜单",
    main_navigation: "主导航",
    skip: "跳到内容",
    live: "实时",
    reconnecting: "正在重连",
    shortcuts: "键盘快捷键",
    close: "关闭",
    not_found: "没有这个页面",
    not_found_why: "地址可能已失效，或有拼写错误。",
    not_found_back: "返回概览",
    focus_filter: "筛选",
    next_row: "下一行",
    previous_row: "上一行",
    open_row: "打开该行",
    close_panel: "关闭当前打开的内容",
    this_sheet: "显示本表",
    collapse_sidebar: "收起或展开侧边栏",
    find: "查找",
    find_what: "页面、用户、密钥、供应商、分组、模型、会话，或调用的 ID",
    find_nothing: "没有名称匹配的内容。",
    kind_user: "用户",
    kind_key: "密钥",
    kind_provider: "供应商",
    kind_model: "模型",
    kind_group: "分组",
    kind_session: "会话",
    kind_call: "调用",
    kind_page: "页面",
    lost_connection: "中转站没有响应。请确认它正在运行，然后重试。",
    session_over: "登录已失效",
    session_over_why: "页面内容不再更新。重新登录后会回到本页。",
    my_use: "我的用量",
    my_calls: "我的调用",
    set_up: "接入客户端",
    my_logins: "我的登录",
    logins: "登录",
    new_user: "新建用户",
    new_provider: "新建供应商",
    not_allowed: "此页面仅供管理员使用",
    not_allowed_why: "你已登录，但不是管理员。",
    nobodys: "此页面不属于任何人",
    nobodys_why: "你使用管理员令牌登录，它不是用户，没有自己的用量和调用。用户登录后可在此查看自己的数据。",
    go_to: |name| format!("前往{name}"),
};

/// Its words.
pub(super) const COMMON: Common = Common {
    save: "保存",
    saved: "已保存",
    create: "创建",
    cancel: "取消",
    delete: "删除",
    edit: "编辑",
    enabled: "已启用",
    disabled: "已停用",
    copy: "复制",
    copied: "已复制",
    copy_by_hand: "已选中，请按 Ctrl+C",
    name: "名称",
    note: "备注",
    group: "分组",
    group_help: "用逗号分隔。新名称会自动创建分组，留空表示 default。",
    expires: "到期",
    expires_help: "最后一天（系统时区）。留空表示永不过期。",
    never: "永不",
    created: "创建时间",
    actions: "操作",
    state: "状态",
    retry: "重试",
    loading: "正在加载",
    next_page: "下一页",
    more: "更多",
    unsaved: "尚未保存",
    leave: "此处的更改尚未保存。要离开并放弃更改吗？",
    its_use: "用量",
    default_group: "default",
    ago_seconds: |n| if n < 5 { "刚刚".into() } else { format!("{n} 秒前") },
    ago_minutes: |n| format!("{n} 分钟前"),
    ago_hours: |n| format!("{n} 小时前"),
    ago_days: |n| if n == 1 { "昨天".into() } else { format!("{n} 天前") },
    in_time: |span| format!("{} 后", long_span(span)),
    long_span,
    n_more: |n| format!("另有 {n} 项"),
};

/// A span of time where there is room for words: `3 分 05 秒` for `3 m 05 s`.
pub(super) fn long_span(span: &str) -> String {
    let words = span.split('\u{a0}').map(|part| match part {
        "ms" => "毫秒",
        "s" => "秒",
        "m" => "分",
        "h" => "小时",
        "d" => "天",
        number => number,
    });
    words.collect::<Vec<_>>().join("\u{a0}")
}

/// Its words.
pub(super) const LOGIN: Login = Login {
    title: "登录",
    lead: "团队所有 AI 编程工具的统一入口。",
    name: "名称",
    name_help: "使用管理员令牌或密钥登录时留空。",
    secret: "密码、管理员令牌或密钥",
    secret_help: "密钥只能查看它自己的用量。",
    secret_missing: "必须填写",
    submit: "登录",
    where_is_it: "管理员令牌即 ADMIN_TOKEN 的值。如果没有设置，中转站会自动生成一个：它在首次启动时打印过，并保存在数据目录的 admin.token 文件中。",
    cookie_lost: "浏览器不会保存此登录",
    cookie_lost_why: "ENABLE_SECURE_COOKIES 为 true，但此页面经由普通 http 打开。请通过 https 访问，或将该变量设为 auto。",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{UNKNOWN, elapsed, span};

    #[test]
    fn a_span_of_time_has_its_units_in_words() {
        let said = |span: String| long_span(&span).replace('\u{a0}', " ");
        assert_eq!([842, 12_449, 185_000].map(|ms| said(span(ms))), ["842 毫秒", "12.4 秒", "3 分 05 秒"]);
        assert_eq!([7_620_000, 786_300_000].map(|ms| said(span(ms))), ["2 小时 07 分", "9 天 02 小时"]);
        assert_eq!([said(elapsed(8_000)), said(UNKNOWN.to_owned())], ["8 秒", "—"]);
    }
}
