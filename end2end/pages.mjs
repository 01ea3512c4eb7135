// Every page of the console, by name, for a hub that `living.mjs` has filled.

/** The pages of whoever runs the hub. `seen` is what there is on it. */
export const pagesOf = ({ user, provider, model, call, session, key }) => [
  ['overview', '/?by=model'],
  ['leaderboard', '/leaderboard'],
  ['calls-list', '/calls'],
  ['calls', `/calls?call=${call}`],
  ['call', `/calls/${call}`],
  ['messages', `/calls/${call}/messages`],
  ['messages-raw', `/calls/${call}/messages?view=raw`],
  ['sessions', '/sessions?state=recent'],
  ['session', `/sessions/${session}`],
  ['providers', '/providers'],
  ['providers-by-group', '/providers?by=group'],
  ['providers-bulk', '/providers/bulk?all=1'],
  ['provider', `/providers/${provider}`],
  ['provider-new', '/providers/new'],
  ['provider-use', `/providers/${provider}/use`],
  ['availability', '/availability'],
  ['availability-of-one', `/availability?provider=${provider}`],
  ['routing', `/routing?model=${model}&key=${key}&limits=1`],
  ['users', '/users'],
  ['users-bulk', '/users/bulk?all=1'],
  ['user', `/users/${user}`],
  ['user-new', '/users/new'],
  ['user-use', `/users/${user}/use`],
  ['model-use', `/models/${model}`],
  ['key-use', `/keys/${key}/use`],
  ['quotas', '/quotas'],
  ['prices', '/prices'],
  ['log', '/log'],
  ['audit', '/audit'],
  ['logins', '/logins'],
  ['settings', '/settings'],
];

/** What lies over the pages of whoever runs the hub, or stands in them only when it is asked for. */
export const dialogsOf = ({ user, provider, session, key }) => [
  ['key-new', `/users/${user}?new=key`],
  ['key-edit', `/users/${user}?edit=${key}`],
  ['key-limits', `/users/${user}?limits=${key}`],
  ['key-rotate', `/users/${user}?rotate=${key}`],
  ['key-drop', `/users/${user}?drop=${key}`],
  ['keys-bulk', `/keys/bulk?id=${key}&set_enabled=false&look=1`],
  ['user-delete', `/users/${user}?confirm=delete`],
  ['user-logins-end', `/users/${user}?end=1`],
  ['users-unreadable', '/users?until=2030-02-31'],
  ['users-none', '/users?status=expired&search=nobody'],
  ['users-bulk-look', '/users/bulk?all=1&set_add_tags=z&look=1'],
  ['provider-delete', `/providers/${provider}?confirm=delete`],
  ['providers-none', '/providers?search=nothing-here'],
  ['providers-bulk-look', `/providers/bulk?id=${provider}&set_weight=2&look=1`],
  ['group-new', '/providers?edit='],
  ['group-drop', '/providers?drop=gone'],
  ['quotas-full', '/quotas?share=100'],
  ['prices-found', '/prices?q=opus&source=builtin'],
  ['price-new', '/prices?new=1'],
  ['price-edit', '/prices?edit=claude-sonnet-4-5'],
  ['price-history', '/prices?history=claude-sonnet-4-5'],
  ['price-import', '/prices?import=1'],
  ['price-drop', '/prices?drop=claude-sonnet-4-5'],
  ['session-end', `/sessions/${session}?end=1`],
  ['logins-end', '/logins?end=1'],
  ['nowhere', '/nowhere'],
];

/** Somebody's own pages. */
export const ownPages = (call) => [
  ['my-use', '/me'],
  ['my-calls', '/me/calls'],
  ['my-call', `/me/calls/${call}`],
  ['set-up', '/me/setup'],
  ['my-logins', '/me/logins'],
  ['not-allowed', '/calls'],
];

/** What somebody sees who has not logged in. */
export const openPages = [['login', '/login']];
