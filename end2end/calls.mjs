// Calls: while they run, their decision chain, and the list with its filters and its export.
import { readFile } from 'node:fs/promises';

import { admin, ask, check, expect, goOn, hub, shot, takenOver } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, and a key. Answers the call that later checks look at. */
export async function calls({ page, go, key }) {
  let callId;

  await check('a call shows while it runs, and ends in place', async () => {
    await go('/calls');
    const asked = await ask(key, 'claude-sonnet-4-5', { content: 'Hello script:{"hold":"in-the-list"}' });
    callId = asked.id;
    expect(asked.status === 200 && callId, `status ${asked.status}`);
    await page.getByRole('button', { name: '1 new' }).click();
    const row = page.locator(`tr:has([data-call="${callId}"])`);
    await row.getByText('Running').waitFor();
    await shot(page, 'calls-running');
    await goOn('in-the-list');
    expect((await asked.text).includes('message_stop'), 'the answer was cut');
    await row.getByText('Completed').waitFor();
    await row.getByText('Ada').waitFor();
  });

  await check('its decision chain opens beside the list', async () => {
    await page.locator(`tr:has([data-call="${callId}"])`).click();
    const detail = page.locator(`[data-detail="${callId}"]`);
    await detail.getByText('Scripted answered at the first try.').waitFor();
    await detail.getByText('was the only one eligible').waitFor();
    await detail.getByRole('row', { name: /Cache read/ }).waitFor();
    await detail.locator('svg.bar-line rect.wait').waitFor();
    await detail.locator('svg.bar-line rect.stream').waitFor();
    await detail.locator('.legend').getByText('Connecting').waitFor();
    expect(new URL(page.url()).searchParams.get('call') === callId, page.url());
    await shot(page, 'call-beside');
  });

  await check('new calls wait behind a pill while the reader reads', async () => {
    const before = await page.locator('tbody tr').count();
    await (await ask(key, 'claude-sonnet-4-5')).text;
    const pill = page.getByRole('button', { name: '1 new' });
    await pill.waitFor();
    expect((await page.locator('table.calls tbody tr').count()) <= before, 'rows moved');
    await page.keyboard.press('Escape');
    await page.waitForURL(`${hub}/calls`);
    await pill.click();
    await pill.waitFor({ state: 'detached' });
  });

  await check('the attempt that runs grows in the chain, and ends there', async () => {
    const asked = await ask(key, 'claude-sonnet-4-5', { content: 'Hello script:{"hold":"in-the-chain"}' });
    await go(`/calls/${asked.id}`);
    const detail = page.locator(`[data-detail="${asked.id}"]`);
    await detail.getByText('Scripted is at work.').waitFor();
    const bar = detail.locator('svg.bar-line.run');
    await bar.locator('rect.stream').waitFor();
    await bar.locator('rect.mark').waitFor();
    const begin = await bar.locator('rect.stream').getAttribute('x');
    await shot(page, 'call-running');
    await page.waitForFunction(
      ([selector, before]) => Number(document.querySelector(selector)?.getAttribute('x')) < Number(before),
      ['svg.bar-line.run rect.stream', begin],
    );
    await goOn('in-the-chain');
    await asked.text;
    await detail.getByText('Scripted answered at the first try.').waitFor();
    await detail.locator('svg.bar-line:not(.run) rect.stream').waitFor();
    expect((await detail.locator('svg.bar-line').count()) === 1, 'the running attempt stands beside the ended one');
  });

  await check('a failed attempt and what followed stand in the chain', async () => {
    const asked = await ask(key, 'claude-overloaded');
    await asked.text;
    expect(asked.status === 529, `status ${asked.status}`);
    await go(`/calls/${asked.id}`);
    await page.getByText('answered 529', { exact: false }).waitFor();
    await shot(page, 'call-failed');
  });

  await check('filters are in the address and survive it', async () => {
    await go('/calls');
    await page.selectOption('select[name=outcome]', 'failed');
    await page.waitForURL(/outcome=failed/);
    await page.reload();
    await takenOver(page);
    expect((await page.inputValue('select[name=outcome]')) === 'failed', 'forgotten');
    await page.locator('table.calls tbody tr').first().waitFor();
    expect((await page.locator('table.calls tbody tr').count()) === 1, 'not filtered');
  });

  await check('tests and probes are told from requests of people', async () => {
    const { items } = await admin('GET', '/providers?search=Scripted');
    const { call_id: test } = await admin('POST', `/providers/${items[0].id}/test`, {});
    const isListed = async () => (await admin('GET', '/calls?kind=probe')).items.some(({ id }) => id === test);
    while (!(await isListed())) await page.waitForTimeout(50);
    const rows = page.locator('table.calls tbody tr');
    await go('/calls?kind=probe');
    await page.locator(`tr:has([data-call="${test}"])`).getByText('Test or probe').waitFor();
    expect((await rows.count()) === (await rows.getByText('Test or probe').count()), 'requests of people are there');
    await page.locator('#more-filters summary').click();
    await page.selectOption('#filter-kind', 'messages');
    await page.waitForURL(/kind=messages/);
    await page.locator(`tr:has([data-call="${callId}"])`).waitFor();
    expect((await rows.getByText('Test or probe').count()) === 0, 'tests are there');
    const exported = await page.context().request.get(`${hub}/calls/export?format=json&kind=probe`);
    expect((await exported.json()).every((call) => call.kind === 'probe'), 'the export has others');
  });

  await check('the filter of models offers those that were asked for lately', async () => {
    await go('/calls');
    const offered = page.locator('#filter-models option[value="claude-sonnet-4-5"]');
    await offered.waitFor({ state: 'attached' });
    expect((await page.getAttribute('#filter-model', 'list')) === 'filter-models', 'the field does not offer them');
    await page.fill('#filter-model', await offered.getAttribute('value'));
    await page.keyboard.press('Enter');
    await page.waitForURL(/model=claude-sonnet-4-5/);
    await page.locator(`tr:has([data-call="${callId}"])`).waitFor();
  });

  await check('the calls that the filters admit are exported, whole', async () => {
    await go('/calls?outcome=failed');
    await page.getByText('Export', { exact: true }).click();
    await page.getByRole('link', { name: 'Table (CSV)' }).waitFor();
    await shot(page, 'calls-export');
    for (const [name, ending] of [['Table (CSV)', 'csv'], ['JSON', 'json'], ['JSON, one call a line', 'ndjson']]) {
      const link = page.getByRole('link', { name, exact: true });
      if (!(await link.isVisible())) await page.getByText('Export', { exact: true }).click();
      const waiting = page.waitForEvent('download');
      await link.click();
      const download = await waiting;
      expect(new RegExp(`^switchyard-calls-\\d{4}-\\d\\d-\\d\\d\\.${ending}$`).test(download.suggestedFilename()), download.suggestedFilename());
      const text = await readFile(await download.path(), 'utf8');
      const models = text.split('claude-overloaded').length - 1;
      expect(models > 0 && !text.includes(callId), text);
      if (ending === 'json') expect(JSON.parse(text).every((call) => call.outcome === 'failed'), text);
      if (ending === 'csv') expect(text.startsWith('id,created_at,kind,') && text.endsWith('\r\n'), text);
    }
    expect(page.url() === `${hub}/calls?outcome=failed`, page.url());
    const stranger = await fetch(`${hub}/calls/export?format=csv&outcome=failed`, { redirect: 'manual' });
    expect(stranger.status === 303 && stranger.headers.get('location') === '/login?next=/calls%3Foutcome%3Dfailed', `${stranger.status} ${stranger.headers.get('location')}`);
    const strange = await page.context().request.get(`${hub}/calls/export?format=xml`);
    expect(strange.status() === 422 && (await strange.text()).startsWith('format: '), await strange.text());
  });

  return { callId };
}
