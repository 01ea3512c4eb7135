//! The prices' page in Chinese.

use crate::text::PriceImport;
#[cfg(feature = "ssr")]
use crate::text::Prices;

/// Its words.
#[cfg(feature = "ssr")]
pub(super) const PRICES: Prices = Prices {
    new: "新建价格",
    model: "模型",
    per_million: "美元 / 百万 Token",
    input: "输入",
    output: "输出",
    write_5m: "缓存写入（5 分钟）",
    write_1h: "缓存写入（1 小时）",
    read: "缓存读取",
    delete_what: "该模型之后的调用将按保守的默认价格计费。已记录的费用不变。",
    model_help: "客户端请求时使用的名称。带日期的名称会回退到不带日期的名称。",
    overwrites: "保存后由你维护，新版本和价格文件不再更改。",
    derived: "推算",
    rules: "更多规则",
    rules_help: "JSON 格式：tiers、speeds、regions、service_tiers、tools、request、cache_factors、context_window、max_output、more。",
    history_lead: "曾经的全部价格，最新在前。已记录的调用会注明计费版本。",
    delete_title: |model| format!("删除 {model} 的价格？"),
    edit_title: |model| format!("{model} 的价格"),
    history_title: |model| format!("{model} 的历史价格"),
};

/// The words of price files.
pub(super) const IMPORT: PriceImport = PriceImport {
    import: "导入",
    import_lead: "从 LiteLLM 格式的文件设置价格。手动设置或删除的价格保持不变。",
    import_file: "价格文件",
    import_choose: "在上方选择文件，或在此粘贴内容。",
    import_run: "导入",
    import_preview: "预览",
    import_running: "读取中…",
    import_too_large: "文件过大，无法通过表单提交。请使用 POST /admin/v1/prices/import。",
    sync_title: "来自设置中的地址",
    sync_lead: "读取设置 prices_url 指定的文件，Hub 也会定期自动读取。",
    sync_look: "对比",
    sync_run: "同步",
};
