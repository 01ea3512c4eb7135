//! Calls and their decisions, in Chinese.

#[cfg(feature = "ssr")]
use super::shell::long_span;
use crate::text::Calls;
#[cfg(feature = "ssr")]
use crate::text::{Call, Chain, Told};

/// Its words.
pub(super) const CALLS: Calls = Calls {
    title: "调用",
    time: "时间",
    outcome: "结果",
    caller: "用户与密钥",
    model: "模型",
    provider: "供应商",
    tokens_in: "输入",
    tokens_out: "输出",
    tokens_cache: "缓存",
    cost: "费用",
    first_byte: "首字节",
    duration: "总时长",
    status: "状态码",
    apply: "应用",
    clear: "清除",
    empty: "还没有调用",
    empty_why: "创建供应商、用户和密钥，让客户端指向本中转站，调用进行时就会显示在这里。",
    empty_filtered: "没有符合条件的调用",
    empty_filtered_why: "请放宽时间范围，或去掉一个筛选条件。",
    newest: "最新",
    older: "更早",
    probe: "测试或探测",
    close: "关闭",
    detail: "调用",
    unpriced: "默认价格",
    unpriced_why: "因缺少价格，已按设置中的保守默认价格计费。",
    user: "用户",
    session: "会话",
    user_agent: "程序",
    address: "地址",
    cache_write: "缓存写入",
    attempts: "尝试次数",
    speed: "Token/秒",
    export: "导出",
    export_csv: "表格（CSV）",
    export_json: "JSON",
    export_lines: "JSON，每行一条调用",
    export_what: "符合筛选的全部调用，最新的在前",
    list_caption: "调用，最新的在前",
    export_so_far: |rows, size| format!("正在导出：{rows} 次调用，{size}"),
    export_of: |rows, total, size| format!("正在导出：{rows} / {total} 次调用，{size}"),
    export_whole: |rows, size| format!("已导出：{rows} 次调用，{size}"),
    export_cut: |rows| format!("下载在 {rows} 次调用后中断，文件不完整。"),
    export_cancelled: |rows| format!("已在 {rows} 次调用后取消，文件不完整。"),
    n_new: |n| format!("{n} 条新调用"),
    many_new: |n| format!("超过 {n} 条新调用"),
    n_attempts: |n| format!("{n} 次尝试"),
};

/// Its words.
#[cfg(feature = "ssr")]
pub(super) const CALL: Call = Call {
    first_token: "首个内容",
    stream: "流式",
    no_stream: "非流式",
    open_alone: "在单独页面打开",
    facts: "详情",
    key: "密钥",
    conversation: "提问与回答",
    kind: "类型",
    messages: "Messages",
    id: "调用编号",
    upstream_id: "供应商的请求编号",
    charged_tokens: "Token 与费用",
    unit_price: "美元 / 百万",
    class: "类别",
    amount: "Token",
    input: "输入",
    output: "输出",
    cache_write_5m: "缓存写入（5 分钟）",
    cache_write_1h: "缓存写入（1 小时）",
    cache_read: "缓存读取",
    tools: "供应商工具",
    request_fee: "每次请求费用",
    total: "合计",
    usage_raw: "供应商返回的原始用量",
    model_asked: "请求的模型",
    model_sent: "发送的模型",
    model_served: "应答的模型",
    source: "计数来源",
    arrived: "到达时间",
    factors: |price, provider, group| format!("价格系数 {price} × 供应商 {provider} × 分组 {group}"),
    price_version: |version| format!("价格版本 {version}"),
    term: |term| term_in_words(term).to_owned(),
    terms: |terms| format!("计费条件：{terms}"),
    reserved: |usd| format!("已预留 {usd}"),
    over_reserved: |usd| format!("超出预留的 {usd}"),
};

/// By what a provider charged, as far as there is a word for it.
#[cfg(feature = "ssr")]
fn term_in_words(term: &str) -> &str {
    match term {
        "standard" => "标准",
        "fast" => "快速",
        "priority" => "优先",
        "batch" => "批量",
        "us" => "美国",
        "global" => "全球",
        other => other,
    }
}

/// Its words.
#[cfg(feature = "ssr")]
pub(super) const CHAIN: Chain = Chain {
    title: "决策链",
    waiting: "开始于",
    in_queue: "等待开始",
    connecting: "建立连接",
    first_byte: "等待首字节",
    streaming: "接收应答",
    running: "进行中",
    none_chosen: "没有可选的供应商。",
    first_token_mark: "首个内容",
    time_axis: "自请求到达起的时间",
    legend: "图例",
    screened: "读完请求",
    queued: "等待",
    connected: "连接用时",
    once_more: "再次尝试同一供应商",
    repaired: "已去除签名被拒绝的思考块",
    sticky: "该会话绑定于此",
    last_resort: "自身暂停使用中，但没有其他可用供应商",
    by_group: |group| format!("经由分组 {group}"),
    caused: |holds| format!("已暂停使用：{holds}"),
    left_cache: |tokens| format!("放弃了 {tokens} 个令牌的缓存"),
    ended: "结束于",
    drawn: |name, weight, total, n| format!("按权重随机选中 {name}：{weight} / {total}（{n} 个供应商的权重之和）"),
    only: |name, priority| format!("优先级 {priority} 中只有 {name} 可用"),
    not_eligible: |n| format!("{n} 个不可用"),
    http: |status| format!("状态码\u{a0}{status}"),
};

/// Its words.
#[cfg(feature = "ssr")]
pub(super) const TOLD: Told = Told {
    choosing: "正在选择供应商。",
    nobody_yet: "选出供应商之前客户端就离开了。",
    between: "",
    answered_first: |provider| format!("{provider} 首次尝试即完成应答。"),
    answered_after: |failures, provider| format!("{failures}由 {provider} 完成应答。"),
    fell: |provider, why| format!("{provider} 失败（{why}）。"),
    nobody_left: |failures| format!("{failures}没有其他供应商可用。"),
    rejected: |why| format!("中转站拒绝了该调用：{why}。"),
    refused: |provider, status| format!("{provider} 以 {status} 拒绝了请求，应答已原样转交。"),
    abandoned: |provider| format!("{provider} 处理时客户端离开了。"),
    interrupted: |provider| format!("{provider} 的应答在部分转交后中断。"),
    answering: |provider| format!("{provider} 正在处理。"),
    passed_on: |provider, status| format!("{provider} 返回 {status}，没有其他供应商可用，应答已原样转交。"),
    in_line: |position| format!("暂无空闲的供应商：排在第 {position} 位。"),
    in_line_for: |position, span| format!("暂无空闲的供应商：排在第 {position} 位，预计等待 {}。", long_span(span)),
};
