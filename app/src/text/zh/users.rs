//! Users and their keys, in Chinese.

use crate::text::{Keys, Users};

/// Its words.
pub(super) const USERS: Users = Users {
    title: "用户",
    new: "新建用户",
    new_lead: "发起调用的人或机器。密钥属于用户。",
    role: "角色",
    role_user: "用户",
    role_admin: "管理员",
    role_help: "管理员使用密码登录后可管理中转站；其密钥的权限与普通密钥相同。",
    profile: "资料",
    danger: "删除",
    enabled_help: "关闭后该用户的所有密钥都会被拒绝。",
    delete_what: "该用户的所有密钥立即失效。已记录的调用和费用会保留。",
    name_help: "不可重复，1 至 100 个字符。",
    tags: "标签",
    tags_help: "用于给用户分类，用逗号分隔。",
    note_help: "仅供管理员查看。",
    delete_title: |name| format!("删除用户 {name}？"),
};

/// Its words.
pub(super) const KEYS: Keys = Keys {
    title: "密钥",
    new: "新建密钥",
    new_lead: "每台机器或每个工具一个，这样可以单独停用。",
    empty: "还没有密钥",
    empty_why: "创建一个，让该用户可以发起调用。",
    preview: "密钥",
    last_used: "最近使用",
    never_used: "从未",
    name_help: "用在哪里：笔记本、构建服务器。",
    created_title: "请立即复制密钥",
    created_once: "密钥只显示这一次，中转站只保存它的哈希值。",
    setup: "让 Claude Code 指向本中转站",
    setup_lead: "在启动 Claude Code 的终端中执行，或写入终端的配置文件。",
    setup_shell: "终端",
    setup_settings: "settings.json",
    group_help: "留空则使用用户的分组。",
    delete_what: "密钥立即失效且无法恢复。已记录的调用和费用会保留。",
    done: "我已复制",
    enabled_help: "关闭后使用该密钥的调用会被拒绝。",
    edit: "编辑密钥",
    needs_script: "创建密钥需要 JavaScript，因为密钥只显示一次。",
    rotate: "更换密文",
    rotate_what: "密钥本身不变：限额、历史和使用范围都保留。只更换密文，且只显示一次。",
    old_ends: "旧密文失效时间",
    at_once: "立即",
    hour_more: "一小时后",
    day_more: "一天后",
    week_more: "一周后",
    delete_title: |name| format!("删除密钥 {name}？"),
    rotate_title: |name| format!("为 {name} 更换密文"),
};
