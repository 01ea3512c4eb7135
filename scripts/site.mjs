// Checks the console's files: site.mjs <folder of the site> <hash.txt of the executable>
//
// The executable names files in its documents, and they name others: all of them have to be there. If they are
// compressed, as `make build` leaves them, their weight is printed, and has to keep within its bounds.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KIB = 1024;
const FIRST_LOAD_MAX = 350 * KIB;
const WHOLE_MAX = 700 * KIB;
// The document of a page, compressed: the largest of an empty hub takes 6.4 KiB.
const DOCUMENT = 8 * KIB;
// Where a reader arrives: the login, and the page that it leads to.
const FIRST_PAGES = ['login', 'overview'];

const [site, hashFile] = process.argv.slice(2);
const kib = (bytes) => (bytes / KIB).toFixed(1).padStart(7);

const hashes = Object.fromEntries(readFileSync(hashFile, 'utf8').trim().split('\n').map((line) => line.split(': ')));
const always = [
  `switchyard.${hashes.js}.js`,
  `switchyard.${hashes.wasm}.wasm`,
  `switchyard.${hashes.css}.css`,
  `__wasm_split.${hashes.split}.js`,
];
const pkg = (name) => join(site, 'pkg', name);
const manifest = JSON.parse(readFileSync(pkg(`__wasm_split_manifest.${hashes.manifest}.json`), 'utf8'));
const parts = Object.entries(manifest).map(([name, files]) => [name, files.map((file) => `${file}.wasm`)]);
const all = [...new Set([...always, ...parts.flatMap(([, files]) => files)])];

const problems = all.filter((name) => !existsSync(pkg(name))).map((name) => `${pkg(name)} is not there`);
for (const page of FIRST_PAGES) if (!manifest[page]) problems.push(`no part of the code is called ${page}`);

if (problems.length === 0 && existsSync(pkg(`${always[0]}.br`))) {
  const weight = (names) => names.reduce((sum, name) => sum + statSync(pkg(`${name}.br`)).size, 0);
  const base = weight(always);
  const whole = DOCUMENT + weight(all);
  console.log(`${kib(base)} KiB  what every page needs, without its document`);
  for (const [page, files] of parts.sort()) {
    const load = DOCUMENT + base + weight(files);
    console.log(`${kib(load)} KiB  first load of ${page}, ${kib(weight(files)).trim()} KiB of it its own in ${files.length} files`);
    if (FIRST_PAGES.includes(page) && load > FIRST_LOAD_MAX) problems.push(`the first load of ${page} is more than ${FIRST_LOAD_MAX / KIB} KiB`);
  }
  console.log(`${kib(whole)} KiB  the whole console`);
  if (whole > WHOLE_MAX) problems.push(`the whole console is more than ${WHOLE_MAX / KIB} KiB`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length ? 1 : 0;
