// The code of the pages: it comes when a page is visited, and a page whose code does not come says so.
import { PATIENCE_MS, browser, check, expect, reader, visit } from './trial.mjs';

/** Takes what `console.mjs` has: its page, logged in, and what its browser may complain about. */
export async function code({ page, isWanted }) {
  await check('the code of a page comes when somebody goes there, and is kept', async () => {
    const other = await reader({ isWanted, storageState: await page.context().storageState() });
    const asked = [];
    other.on('response', (response) => asked.push(response));
    await visit(other, '/');
    const code = (part) => asked.filter((response) => response.url().includes(`/pkg/split_${part}.`));
    expect(code('overview').length > 0 && code('prices').length === 0, asked.map((response) => response.url()).join(' '));
    asked.length = 0;
    await other.getByRole('link', { name: 'Prices' }).first().click();
    await other.getByRole('heading', { level: 1, name: 'Prices' }).waitFor();
    expect(code('prices').length === 1, 'the code did not come');
    expect(!asked.some((response) => response.request().resourceType() === 'document'), 'a document was asked for');
    const kept = await code('prices')[0].headerValue('cache-control');
    expect(kept === 'public, max-age=31536000, immutable', kept);
    await other.context().close();
  });

  await check('a page whose code does not come says so, and is there when it is asked for again', async () => {
    // Nobody notes what the browser says here: it complains about the code that does not come.
    const context = await browser.newContext({ storageState: await page.context().storageState(), locale: 'en-GB' });
    const other = await context.newPage();
    other.setDefaultTimeout(PATIENCE_MS);
    await context.route(/split_prices/, (route) => route.abort());
    await visit(other, '/');
    await other.getByRole('link', { name: 'Prices' }).first().click();
    const again = other.getByRole('alert').getByRole('button', { name: 'Try again' });
    await again.waitFor();
    await context.unroute(/split_prices/);
    await again.click();
    await other.getByRole('heading', { level: 1, name: 'Prices' }).waitFor();
    await context.close();
  });
}
