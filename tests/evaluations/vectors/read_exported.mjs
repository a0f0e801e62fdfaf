// Has promptfoo itself read what Studio wrote. Run as README.md says, from a folder where promptfoo is installed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'exported');
const scratch = mkdtempSync(path.join(tmpdir(), 'read-exported-'));
const quiet = { PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1', PROMPTFOO_DISABLE_REMOTE_GENERATION: '1', PROMPTFOO_CONFIG_DIR: scratch };
const { bin, version } = JSON.parse(readFileSync('node_modules/promptfoo/package.json'));
const program = path.join('node_modules/promptfoo', bin.promptfoo);

// The YAML is a whole configuration; the others are its tests.
function configuration(kind) {
  if (kind === 'yaml') return path.join(folder, 'cases.yaml');
  const file = path.join(scratch, `${kind}.yaml`);
  writeFileSync(file, JSON.stringify({ prompts: ['{{claim}}'], providers: ['echo'], tests: `file://${path.join(folder, `cases.${kind}`)}` }));
  return file;
}

function read(kind) {
  const out = path.join(scratch, `${kind}.json`);
  const args = [program, 'eval', '-c', configuration(kind), '-o', out, '--no-cache', '--no-table', '--no-progress-bar', '--no-write'];
  try {
    execFileSync('node', args, { env: { ...process.env, ...quiet }, stdio: 'pipe' });
  } catch (ended) {
    if (ended.status !== 100) throw ended; // 100: it ran, and some tests failed, as they should with an echo.
  }
  const tests = JSON.parse(readFileSync(out)).results.results.sort((one, other) => one.testIdx - other.testIdx).map(({ testCase }) => testCase);
  return tests.map(({ description, vars, assert, threshold, options, metadata }) => ({ description, vars, assert, threshold, options, metadata }));
}

const found = Object.fromEntries(['csv', 'jsonl', 'yaml'].map((kind) => [kind, read(kind)]));
writeFileSync(path.join(folder, 'read.json'), `${JSON.stringify({ promptfoo: version, ...found }, null, 1)}\n`);
