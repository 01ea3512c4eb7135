// Sessions: the list, one of them, what was asked and answered in it, and its end.
import { ask, check, expect, hub, shot } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, and a key. */
export async function sessions({ page, go, key }) {
  const name = 'session-of-the-browser';
  let one;
  let call;

  await check('sessions are listed, active and all of them, and found by the beginning of their name', async () => {
    await (await ask(key, 'claude-sonnet-4-5', { session: name, content: 'What is in the box?' })).text;
    call = await ask(key, 'claude-sonnet-4-5', { session: name, content: 'Is it <b>empty</b>?' });
    await call.text;
    await go('/sessions');
    await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
    const row = page.locator('tr', { hasText: name });
    await row.getByText('Scripted').waitFor();
    await row.getByText('claude-sonnet-4-5').waitFor();
    await row.getByTitle('browser-test/1').waitFor();
    await row.locator('.state.good').getByText('Active').waitFor();
    await shot(page, 'sessions');
    await page.getByRole('link', { name: 'All, latest first' }).click();
    await page.waitForURL(/state=recent/);
    await page.locator('.tabs [aria-current=true]', { hasText: 'All, latest first' }).waitFor();
    await page.locator('tr', { hasText: name }).waitFor();
    const search = page.getByRole('searchbox', { name: 'Session id begins with' });
    await search.fill('nobody-');
    await search.press('Enter');
    await page.getByText('No session begins so').waitFor();
    await search.fill('session-of');
    await search.press('Enter');
    await page.waitForURL(/search=session-of/);
    await page.locator('tr', { hasText: name }).getByRole('link', { name }).first().click();
    await page.waitForURL(/\/sessions\/[\w-]+$/);
    one = new URL(page.url()).pathname;
  });

  await check('a session shows where it went, its calls, and what was asked and answered', async () => {
    await go(one);
    await page.getByRole('heading', { level: 1, name }).waitFor();
    const stays = page.getByRole('region', { name: 'Where its calls went' });
    await stays.locator('tbody tr', { hasText: 'Scripted' }).waitFor();
    const left = page.locator('dl.facts [data-until]');
    await left.waitFor();
    const before = await left.textContent();
    await page.waitForFunction((before) => document.querySelector('dl.facts [data-until]').textContent !== before, before);
    const calls = page.getByRole('region', { name: 'Its calls', exact: true }).locator('tbody tr');
    expect((await calls.count()) === 2, `${await calls.count()} calls`);
    await shot(page, 'session');
    await page.getByRole('link', { name: 'What was asked and answered' }).click();
    await page.waitForURL(`${hub}/calls/${call.id}/messages`);
    await page.locator('.turn', { hasText: 'User' }).getByText('Is it <b>empty</b>?').waitFor();
    await page.locator('.turn.answer').getByText('Hello, this is a scripted answer. It came in pieces.').waitFor();
    await shot(page, 'messages');
    await page.getByRole('link', { name: 'Raw' }).click();
    await page.waitForURL(/view=raw/);
    await page.getByText('event: message_start').waitFor();
    await go(`/calls/${call.id}`);
    await page.getByRole('link', { name: 'What was asked and answered' }).waitFor();
    await page.locator('.facts').getByRole('link', { name }).click();
    await page.waitForURL(hub + one);
  });

  await check('the palette leads to a session, and to what a key has used', async () => {
    await go('/calls');
    await page.keyboard.press('Control+k');
    const field = page.getByRole('searchbox', { name: /id of a call/ });
    await field.fill('session-of-the');
    await page.locator('[data-found]').filter({ hasText: 'Session' }).filter({ hasText: name }).click();
    await page.waitForURL(hub + one);
    await page.keyboard.press('Control+k');
    await field.fill('laptop');
    await page.locator('[data-found]').filter({ hasText: 'Key' }).first().click();
    await page.waitForURL(/\/keys\/\d+\/use/);
    await page.getByText('The use of this key.').waitFor();
  });

  await check('several sessions are ended after one question: those that are ticked, or all that are found', async () => {
    for (const n of [1, 2, 3]) await (await ask(key, 'claude-sonnet-4-5', { session: `crowd-${n}`, content: 'Hello' })).text;
    await go('/sessions');
    const row = (n) => page.locator('tr', { hasText: `crowd-${n}` });
    const tick = (n) => page.getByRole('checkbox', { name: `Choose: crowd-${n}` });
    const chosen = page.getByRole('button', { name: 'End the chosen' });
    await chosen.click();
    const nobody = page.getByRole('alertdialog', { name: 'No active session is chosen' });
    await nobody.getByRole('link', { name: 'Close' }).click();
    await nobody.waitFor({ state: 'detached' });
    await tick(1).check();
    await tick(2).check();
    await chosen.click();
    const question = page.getByRole('alertdialog', { name: 'End 2 sessions?' });
    await question.getByText(/^Bound to a provider: 2\. Others would read [\d\u2009\u202f\u00a0 ]+ cached tokens anew/).waitFor();
    await question.getByText(/^Calls that run go on: \d+\.$/).waitFor();
    await shot(page, 'sessions-end');
    await question.getByRole('link', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    expect((await tick(1).isChecked()) && !(await tick(3).isChecked()), 'what was chosen is lost');
    await chosen.click();
    await question.getByRole('button', { name: 'End', exact: true }).click();
    await page.waitForURL(`${hub}/sessions`);
    await page.getByText('2 sessions ended').waitFor();
    await row(1).waitFor({ state: 'detached' });
    await row(2).waitFor({ state: 'detached' });
    await row(3).waitFor();
    await go('/sessions?search=crowd-');
    await page.getByRole('link', { name: 'End all that are found' }).click();
    await page.getByRole('alertdialog', { name: 'End 1 session?' }).getByRole('button', { name: 'End', exact: true }).click();
    await page.waitForURL(`${hub}/sessions`);
    await row(3).waitFor({ state: 'detached' });
    await page.locator('tr', { hasText: name }).waitFor();
  });

  await check('a session is ended after a question that says what is lost', async () => {
    await go('/sessions');
    const end = page.getByRole('link', { name: `End: ${name}` });
    await end.click();
    const question = page.getByRole('alertdialog', { name: `End the session ${name}?` });
    await question.getByText(/no longer bound to Scripted: another provider would read [\d\u2009\u202f\u00a0 ]+ cached tokens anew/).waitFor();
    await shot(page, 'session-end');
    await question.getByRole('button', { name: 'End' }).click();
    await page.waitForURL(`${hub}/sessions`);
    await end.waitFor({ state: 'detached' });
    await go(one);
    await page.locator('dl.facts .state.off').getByText('Over').waitFor();
  });
}
