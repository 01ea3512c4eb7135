// The console in a real browser: what an operator does on the first day, from the refused login to the decision chain.
//
// Each part works on what the parts before it have left, so their order counts. Environment: see trial.mjs.
import { appearance } from './appearance.mjs';
import { beginning } from './beginning.mjs';
import { calls } from './calls.mjs';
import { code } from './code.mjs';
import { limits } from './limits.mjs';
import { lists } from './lists.mjs';
import { live } from './live.mjs';
import { priceByHand, prices } from './prices.mjs';
import { sessions } from './sessions.mjs';
import { settings } from './settings.mjs';
import { shell } from './shell.mjs';
import { finish, reader, visit } from './trial.mjs';
import { visitors } from './visitors.mjs';

// A refused login is a 401 that the tests want, and so are the other refusals.
const isWanted = (text) => /status of (401|404|422|409)/.test(text);
const page = await reader({ isWanted, permissions: ['clipboard-read', 'clipboard-write'] });
const go = (path) => visit(page, path);

const { key, userPath } = await beginning({ page, go });
const { callId } = await calls({ page, go, key });
await shell({ page, go, key });
await live({ page, go, key, userPath });
await priceByHand({ page, go });
await limits({ page, go, key, userPath });
await sessions({ page, go, key });
await prices({ page, go });
await lists({ page, go, key, userPath });
await settings({ page, go });
await appearance({ page, go, callId });
await visitors({ page, go, callId, userPath });
await code({ page, isWanted });
await finish('the console');
