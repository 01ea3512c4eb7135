// Checks the console's files: site.mjs <folder of the site> <hash.txt of the executable>
//
// The executable names files in its documents, and they name others: all of them have to be there. If they are
// compressed, as `make build` leaves them, their weight is printed, and has to keep within its bounds.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KIB = 1024;
// What the first load of any page may have of WebAssembly, compressed.
const FIRST_WASM_MAX = 350 * KIB;
const WHOLE_MAX = 700 * KIB;
// The document of a page, compressed: the largest of an empty hub takes 6.4 KiB.
const DOCUMENT = 8 * KIB;
// Parts that must be there: where a reader arrives, the pages that the server draws, and the list of calls.
const PARTS = ['login', 'overview', 'drawn', 'calls'];

const [site, hashFile] = process.argv.slice(2);
const kib = (bytes) => (bytes / KIB).toFixed(1).padStart(7);

const hashes = Object.fromEntries(readFileSync(hashFile, 'utf8').trim().split('\n').map((line) => line.split(': ')));
const code = `switchyard.${hashes.wasm}.wasm`;
const always = [
  `switchyard.${hashes.js}.js`,
  code,
  `switchyard.${hashes.css}.css`,
  `__wasm_split.${hashes.split}.js`,
];
const pkg = (name) => join(site, 'pkg', name);
const manifest = JSON.parse(readFileSync(pkg(`__wasm_split_manifest.${hashes.manifest}.json`), 'utf8'));
const parts = Object.entries(manifest).map(([name, files]) => [name, files.map((file) => `${file}.wasm`)]);
const all = [...new Set([...always, ...parts.flatMap(([, files]) => files)])];

const problems = all.filter((name) => !existsSync(pkg(name))).map((name) => `${pkg(name)} is not there`);
for (const part of PARTS) if (!manifest[part]) problems.push(`no part of the code is called ${part}`);

if (problems.length === 0 && existsSync(pkg(`${always[0]}.br`))) {
  const weight = (names) => names.reduce((sum, name) => sum + statSync(pkg(`${name}.br`)).size, 0);
  const base = weight(always);
  const whole = DOCUMENT + weight(all);
  console.log(`${kib(base)} KiB  what every page needs, without its document, ${kib(weight([code])).trim()} KiB of it wasm`);
  for (const [page, files] of parts.sort()) {
    const own = weight(files);
    const wasm = weight([code]) + own;
    console.log(`${kib(DOCUMENT + base + own)} KiB  first load of ${page}, ${kib(wasm).trim()} KiB of it wasm, ${kib(own).trim()} KiB its own in ${files.length} files`);
    if (wasm > FIRST_WASM_MAX) problems.push(`the first load of ${page} has more than ${FIRST_WASM_MAX / KIB} KiB of wasm`);
  }
  console.log(`${kib(whole)} KiB  the whole console`);
  if (whole > WHOLE_MAX) problems.push(`the whole console is more than ${WHOLE_MAX / KIB} KiB`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
