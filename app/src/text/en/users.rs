//! Users and their keys, in English.

use crate::text::{Keys, Users};

/// Its words.
pub(super) const USERS: Users = Users {
    title: "Users",
    new: "New user",
    new_lead: "A person, or a machine that makes calls. Keys are given to users.",
    role: "Role",
    role_user: "User",
    role_admin: "Admin",
    role_help: "An admin runs the hub, logged in with a password. An admin's key opens no more than any key.",
    profile: "Profile",
    danger: "Delete",
    enabled_help: "Off: all keys of this user are refused.",
    delete_what: "All keys of this user stop working at once. Recorded calls and their costs stay.",
    name_help: "Unique, 1 to 100 characters.",
    tags: "Tags",
    tags_help: "To sort users by. Words, separated by commas.",
    note_help: "For operators only.",
    delete_title: |name| format!("Delete the user {name}?"),
};

/// Its words.
pub(super) const KEYS: Keys = Keys {
    title: "Keys",
    new: "New key",
    new_lead: "One for each machine or tool, so that each can be switched off alone.",
    empty: "No keys yet",
    empty_why: "Create one to let this user make calls.",
    preview: "Key",
    last_used: "Last used",
    never_used: "Never",
    name_help: "Where it is used: laptop, build server.",
    created_title: "Copy the key now",
    created_once: "It is shown this once. The hub keeps only a hash of it.",
    setup: "Point Claude Code at this hub",
    setup_lead: "Run this in the shell that starts Claude Code, or put it into the shell's profile.",
    setup_shell: "Shell",
    setup_settings: "settings.json",
    group_help: "Empty means the groups of the user.",
    delete_what: "It stops working at once and cannot be brought back. Recorded calls and their costs stay.",
    done: "I have copied it",
    enabled_help: "Off: calls with this key are refused.",
    edit: "Edit key",
    needs_script: "Creating a key needs JavaScript, because its secret is shown only once.",
    rotate: "New secret",
    rotate_what: "The key stays the same: its limits, its history and who may use it. Only its secret changes, and it is shown once.",
    old_ends: "The old secret ends",
    at_once: "at once",
    hour_more: "in an hour",
    day_more: "in a day",
    week_more: "in a week",
    delete_title: |name| format!("Delete the key {name}?"),
    rotate_title: |name| format!("New secret for {name}"),
};
