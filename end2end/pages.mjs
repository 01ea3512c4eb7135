// Every page of the console, by name, for a hub that `living.mjs` has filled.

/** The pages of whoever runs the hub. `seen` is what there is on it. */
export const pagesOf = ({ user, provider, model, call, session, key }) => [
  ['overview', '/?by=model'],
  ['leaderboard', '/leaderboard'],
  ['calls', `/calls?call=${call}`],
  ['call', `/calls/${call}`],
  ['messages', `/calls/${call}/messages`],
  ['sessions', '/sessions'],
  ['session', `/sessions/${session}`],
  ['providers', '/providers'],
  ['providers-by-group', '/providers?by=group'],
  ['providers-bulk', '/providers/bulk?all=1'],
  ['provider', `/providers/${provider}`],
  ['provider-new', '/providers/new'],
  ['provider-use', `/providers/${provider}/use`],
  ['availability', '/availability'],
  ['routing', `/routing?model=${model}&key=${key}`],
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
export const dialogsOf = ({ user, provider, key }) => [
  ['key-new', `/users/${user}?new=key`],
  ['key-edit', `/users/${user}?edit=${key}`],
  ['key-limits', `/users/${user}?limits=${key}`],
  ['key-rotate', `/users/${user}?rotate=${key}`],
  ['key-drop', `/users/${user}?drop=${key}`],
  ['keys-bulk', `/keys/bulk?id=${key}&set_enabled=false&look=1`],
  ['user-delete', `/users/${user}?confirm=delete`],
  ['user-logins-end', `/users/${user}?end=1`],
  ['users-unreadable', '/users?until=2030-02-31'],
  ['provider-delete', `/providers/${provider}?confirm=delete`],
  ['group-new', '/providers?edit='],
  ['price-new', '/prices?new=1'],
  ['price-drop', '/prices?drop=claude-sonnet-4-5'],
  ['logins-end', '/logins?end=1'],
];

/** Somebody's own pages. */
export const ownPages = (call) => [
  ['my-use', '/me'],
  ['my-calls', '/me/calls'],
  ['my-call', `/me/calls/${call}`],
  ['set-up', '/me/setup'],
  ['my-logins', '/me/logins'],
];
