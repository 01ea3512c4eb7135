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

/** Somebody's own pages. */
export const ownPages = (call) => [
  ['my-use', '/me'],
  ['my-calls', '/me/calls'],
  ['my-call', `/me/calls/${call}`],
  ['set-up', '/me/setup'],
  ['my-logins', '/me/logins'],
];
