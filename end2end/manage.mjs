// Users, keys, providers, routing and prices in a real browser: what an operator does on every other day.
//
// Environment: see trial.mjs.
import { acts } from './acts.mjs';
import { editing } from './editing.mjs';
import { keys } from './keys.mjs';
import { leaving } from './leaving.mjs';
import { isMarked } from './rows.mjs';
import { PATIENCE_MS, admin, browser, check, expect, finish, hub, reader, shot, token, upstream, visit } from './trial.mjs';

const page = await reader({ isWanted: (text) => /status of (404|422|409)/.test(text) });
const context = page.context();
const go = (path) => visit(page, path);

async function ask(key) {
  const answer = await fetch(`${hub}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01', 'x-claude-code-session-id': `manage-${Math.random()}` },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 64, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  await answer.text();
  return answer.status;
}

// What the tests work on: providers in two groups, users with limits and ends.
const provider = (name, fields) => admin('POST', '/providers', { name, base_url: upstream.url, secret: upstream.key, ...fields });
const east = await provider('East', { group: ['managed'], priority: 0, weight: 3 });
const west = await provider('West', { group: ['managed'], priority: 0, weight: 1 });
await provider('Spare', { group: ['managed', 'spare'], priority: 5, models: ['claude-opus-*'] });
const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
const ada = await admin('POST', '/users', { name: 'Ada Managed', group: ['managed'], tags: ['night', 'core'], limit_daily_usd: '0.02', limit_rpm: 100, expires_at: soon });
await admin('POST', '/users', { name: 'Bob Managed', tags: ['night'], enabled: false, note: 'on leave' });
await admin('POST', '/users', { name: 'Cyd Managed', expires_at: '2020-01-01T00:00:00Z' });
const key = await admin('POST', `/users/${ada.id}/keys`, { name: 'desk' });
for (let n = 0; n < 6; n += 1) expect(await ask(key.key) === 200, 'no answer');

await go('/login?next=/providers');
await page.fill('#secret', token);
await page.click('button[type=submit].primary');
await page.waitForURL(`${hub}/providers`);

const row = (name) => page.locator('tr', { hasText: name }).first();

await check('the list of providers is searched, and shown by group and by priority', async () => {
  await row('East').waitFor();
  await page.getByRole('searchbox', { name: 'Name or address' }).fill('west');
  await page.keyboard.press('Enter');
  await page.waitForURL(/search=west/);
  await row('East').waitFor({ state: 'detached' });
  await row('West').waitFor();
  await go('/providers');
  await page.getByRole('link', { name: 'By group' }).click();
  await page.waitForURL(/by=group/);
  await page.getByRole('rowheader', { name: 'spare' }).waitFor();
  await page.getByRole('link', { name: 'By priority' }).click();
  await page.getByRole('rowheader', { name: 'Priority 5' }).waitFor();
  await shot(page, 'providers-by-priority');
});

await check('the strip and the shares say what each provider did', async () => {
  await go('/providers?group=managed');
  const strip = row('East').getByRole('img', { name: /attempts in 15 hours/ });
  await strip.waitFor();
  expect((await page.locator('tr svg.strip rect.good').count()) > 0, 'no block is good');
});

await check('a provider is paused and resumed in its row, and so is a group', async () => {
  await go('/providers');
  await page.getByRole('button', { name: 'Pause: West' }).click();
  await row('West').getByText('Paused').waitFor();
  // It is not said to be enabled while no call may go there.
  await row('West').getByText('Enabled').waitFor({ state: 'detached' });
  await shot(page, 'providers-paused');
  await row('West').getByRole('button', { name: /^Resume/ }).click();
  await page.getByRole('button', { name: 'Pause: West' }).waitFor();
  await page.getByRole('button', { name: 'Pause: managed' }).click();
  const group = page.getByRole('region', { name: 'Groups' }).locator('tr', { hasText: 'managed' });
  await group.getByText('Paused').waitFor();
  expect(await ask(key.key) === 503, 'a paused group served');
  await group.getByRole('button', { name: /^Resume/ }).click();
  await group.getByText('In use').waitFor();
  expect(await ask(key.key) === 200, 'a resumed group did not serve');
});

await check('a pause with an end is counted down', async () => {
  await admin('POST', `/providers/${west.id}/pause`, { duration_s: 3_600 });
  // Its own page says so too, and can end it.
  await go(`/providers/${west.id}`);
  const held = page.getByRole('region', { name: 'On hold' });
  await held.locator('time[data-until]').waitFor();
  await held.getByRole('button', { name: /^Resume/ }).waitFor();
  await go('/providers');
  const left = row('West').locator('time[data-until]');
  const first = await left.textContent();
  await page.waitForFunction((before) => document.querySelector('time[data-until]').textContent !== before, first);
  await admin('POST', `/providers/${west.id}/resume`);
  // Others see it too, without asking.
  await left.waitFor({ state: 'detached' });
});

await check('a copy of a provider waits to be looked at', async () => {
  await go('/providers');
  await page.getByRole('button', { name: 'Clone: East' }).click();
  await page.waitForURL(/\/providers\/\d+$/);
  await page.getByRole('heading', { level: 1, name: 'East copy' }).waitFor();
  const copy = await admin('GET', page.url().slice(page.url().indexOf('/providers')));
  expect(copy.enabled === false && copy.weight === 3, JSON.stringify(copy));
});

await check('several providers are changed after a look', async () => {
  await go('/providers?group=managed');
  await page.getByRole('checkbox', { name: 'Choose: East', exact: true }).check();
  await page.getByRole('checkbox', { name: 'Choose: West' }).check();
  await page.getByRole('button', { name: 'Change the chosen' }).click();
  await page.waitForURL(/\/providers\/bulk\?/);
  await page.getByText('2 chosen: East, West').waitFor();
  // Where nothing is filled in there is nothing to look at.
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByRole('alert').getByText('No field is filled in').waitFor();
  // All that is wrong is said at once, each beside its field.
  const wrong = { weight: ['many', 'Must be a whole number'], limit_rpm: ['-3', 'Must be a whole number, 0 or more'], limit_daily_usd: ['-1', 'Must not be less than 0'] };
  for (const [name, [typed]] of Object.entries(wrong)) await page.fill(`[id="set_${name}"]`, typed);
  await page.getByRole('button', { name: 'Show what would change' }).click();
  for (const [name, [typed, why]] of Object.entries(wrong)) {
    await page.locator(`[id="set_${name}-problem"]`).getByText(why).waitFor();
    expect((await page.getAttribute(`[id="set_${name}"]`, 'aria-invalid')) === 'true', `${name} is not marked`);
    expect((await page.inputValue(`[id="set_${name}"]`)) === typed, 'the input is lost');
  }
  expect((await page.getByText('No field is filled in').count()) === 0, 'it is said that nothing is filled in');
  for (const name of Object.keys(wrong)) await page.fill(`[id="set_${name}"]`, '');
  await page.getByLabel('Weight').fill('7');
  await page.getByLabel('Between bytes').fill('45');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('2 of 2 would change').waitFor();
  // As it was typed, and not in milliseconds as it is stored.
  const planned = (await page.locator('.table.look tr', { hasText: 'East' }).first().textContent()).replaceAll('\u00a0', ' ');
  expect(planned.includes('Between bytes: 45 s'), planned);
  await shot(page, 'providers-bulk');
  expect((await admin('GET', `/providers/${east.id}`)).weight === 3, 'a look has changed something');
  await page.getByRole('button', { name: 'Change them' }).click();
  await page.waitForURL(`${hub}/providers`);
  const after = await admin('GET', `/providers/${east.id}`);
  expect(after.weight === 7 && after.idle_timeout_ms === 45_000, JSON.stringify(after));
});

await check('users are found by name, tag, state and end', async () => {
  for (const [query, found] of [
    ['search=ada+man', ['Ada Managed']],
    ['tag=night', ['Ada Managed', 'Bob Managed']],
    ['status=expiring', ['Ada Managed']],
    ['status=expired&search=managed', ['Cyd Managed']],
    ['until=2020-06-01&search=managed', ['Cyd Managed']],
    ['group=managed', ['Ada Managed']],
  ]) {
    await go(`/users?${query}`);
    await row(found[0]).waitFor();
    const names = (await page.locator('tbody .row-link').allTextContents()).filter((name) => name.endsWith('Managed'));
    expect(names.join() === found.join(), `${query}: ${names}`);
  }
  await go('/users');
  await page.getByRole('combobox', { name: 'Tag' }).selectOption('core');
  await page.waitForURL(/tag=core/);
  await row('Bob Managed').waitFor({ state: 'detached' });
  await go('/users?search=nobody-at-all');
  await page.getByText('No user matches').waitFor();
  await shot(page, 'users-none');
});

await check('the limit that is used most is a bar in the list', async () => {
  await go('/users?search=ada');
  const meter = row('Ada Managed').getByRole('meter', { name: 'Cost in a day' });
  await meter.waitFor();
  expect(Number(await meter.getAttribute('aria-valuenow')) > 0, 'nothing is used');
});

await check('a user is renewed in the row, by days and up to a day', async () => {
  await go('/users?search=ada');
  await row('Ada Managed').getByText(/Renew|\d/).first().waitFor();
  await page.locator('summary', { has: page.locator('time') }).first().click();
  await shot(page, 'users-renew');
  await page.getByRole('button', { name: '+30 days: Renew Ada Managed' }).click();
  await row('Ada Managed').getByText('Active').waitFor();
  const after = await admin('GET', `/users/${ada.id}`);
  const days = (Date.parse(after.expires_at) - Date.parse(soon)) / 86_400_000;
  expect(days === 30, `${days} days`);
  await page.locator('summary', { has: page.locator('time') }).first().click();
  const last = page.getByLabel('New last day: Ada Managed');
  for (const [typed, why] of [['', 'Must be filled in'], ['31.12.2030', 'Must be a date'], ['2020-01-01', 'Must be in the future']]) {
    await last.fill(typed);
    await page.getByRole('button', { name: 'Renew', exact: true }).click();
    await page.locator(`[id="until-${ada.id}-problem"]`).getByText(why).waitFor();
    expect(await isMarked(last, why), `the day is not marked: ${why}`);
  }
  await last.fill('2031-05-06');
  await page.getByRole('button', { name: 'Renew', exact: true }).click();
  await row('Ada Managed').getByText('2031-05-06').waitFor();
  await page.locator('.toast').getByText('Saved').waitFor();
});

await check('several users are changed after a look, and one that is refused keeps all as they are', async () => {
  await go('/users?tag=night');
  await page.getByRole('link', { name: 'Change all that match' }).click();
  await page.waitForURL(/\/users\/bulk\?tag=night&all=1/);
  await page.getByText('2 chosen: Ada Managed, Bob Managed').waitFor();
  await page.getByLabel('Add tags').fill('x'.repeat(33));
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('2 refused').waitFor();
  await page.getByText('Nothing can be changed while one of them is refused.').waitFor();
  expect((await page.getByRole('button', { name: 'Change them' }).count()) === 0, 'it can be done');
  await shot(page, 'users-bulk-refused');
  await page.getByLabel('Add tags').fill('day');
  await page.getByLabel('Take tags away').fill('night');
  await page.getByLabel('Cost in a month').fill('40');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('2 of 2 would change').waitFor();
  await shot(page, 'users-bulk');
  await page.getByRole('button', { name: 'Change them' }).click();
  await page.waitForURL(`${hub}/users`);
  const after = await admin('GET', `/users/${ada.id}`);
  expect(after.tags.join() === 'core,day' && after.limit_monthly_usd === '40', JSON.stringify(after));
});

await check('the simulator says where a call would go, and why', async () => {
  await go('/routing');
  await page.getByText('Choose a key or groups, and a model.').waitFor();
  await page.getByRole('button', { name: 'Show where it goes' }).click();
  await page.locator('#model-problem').getByText('Must be filled in').waitFor();
  expect(await page.locator('#model').evaluate((one) => one === document.activeElement), 'the model is not gone on with');
  await page.getByLabel('Key', { exact: true }).selectOption({ label: 'Ada Managed / desk' });
  await page.getByLabel('Model').fill('claude-sonnet-4-5');
  await page.getByLabel('Address').fill('nowhere');
  await page.getByRole('button', { name: 'Show where it goes' }).click();
  await page.getByRole('alert').getByText('must be an address').waitFor();
  await page.getByLabel('Address').fill('192.0.2.7');
  await page.getByRole('button', { name: 'Show where it goes' }).click();
  await page.getByRole('heading', { level: 2, name: /^1\. (East|West)/ }).waitFor();
  await page.locator('tr', { hasText: 'Spare' }).first().getByText(/model/i).waitFor();
  expect((await page.getByText('50.0\u00a0%').count()) >= 2, 'the chances are not even');
  await shot(page, 'routing');
});

await editing({ page, go, row, ada, east, key });
await leaving({ page, go, row, ada, east });
await acts({ page, go, row });
await keys({ page, go });

await check('in Chinese no word is missing', async () => {
  await context.addCookies([{ name: 'switchyard_language', value: 'zh-CN', url: hub }]);
  await go(`/users/bulk?id=${ada.id}&look=1`);
  await page.getByRole('alert').getByText('没有填写任何一项').waitFor();
  for (const path of ['/providers', '/users', '/keys', '/routing']) {
    await go(path);
    const lang = await page.getAttribute('html', 'lang');
    expect(lang === 'zh-CN', lang);
    await shot(page, `manage${path.replaceAll('/', '_')}-zh`);
  }
  // A time that is counted down has its units in words, and keeps them.
  await admin('POST', `/providers/${west.id}/pause`, { duration_s: 3_600 });
  await go('/providers');
  const left = row('West').locator('time[data-until]');
  const first = await left.textContent();
  await page.waitForFunction((before) => document.querySelector('time[data-until]').textContent !== before, first);
  for (const one of [first, await left.textContent()]) expect(/^\d+\u00a0分\u00a0\d\d\u00a0秒$/.test(one), one);
  await admin('POST', `/providers/${west.id}/resume`);
  await go('/audit');
  const said = await page.locator('main').innerText();
  expect(said.includes('管理员令牌') && !said.includes('admin token'), said);
  expect(!said.includes('limit_daily_usd'), said);
  await context.clearCookies({ name: 'switchyard_language' });
});

await check('without script a list is searched, a look is had and a provider is paused', async () => {
  const plain = await browser.newContext({ storageState: await context.storageState(), javaScriptEnabled: false, locale: 'en-GB' });
  const reader = await plain.newPage();
  reader.setDefaultTimeout(PATIENCE_MS);
  await reader.goto(`${hub}/users?search=ada`);
  await reader.locator('tr', { hasText: 'Ada Managed' }).waitFor();
  expect((await reader.locator('tr', { hasText: 'Bob Managed' }).count()) === 0, 'not filtered');
  await reader.goto(`${hub}/providers`);
  await reader.getByRole('button', { name: 'Pause: West' }).click();
  await reader.locator('tr', { hasText: 'West' }).first().getByText('Paused').waitFor();
  await reader.locator('tr', { hasText: 'West' }).first().getByRole('button', { name: /^Resume/ }).click();
  await reader.getByRole('button', { name: 'Pause: West' }).waitFor();
  await plain.close();
});

await finish('users, providers and routing');
