// Asks promptfoo itself. Run as README.md says, from a folder where promptfoo is installed.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cases, pairs } from './pairs.mjs';

Object.assign(process.env, { PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1', PROMPTFOO_DISABLE_REMOTE_GENERATION: '1', OPENAI_API_KEY: 'none' });
const require = createRequire(path.join(process.cwd(), 'package.json'));
const loaded = require('promptfoo');
const promptfoo = loaded.default ?? loaded;
const { version } = require('./node_modules/promptfoo/package.json');

const TOOL_TYPES = /tool|function/;
const rounded = (score) => Math.round(score * 1e9) / 1e9;

async function provider({ assertion, tools }) {
  if (!tools) return undefined;
  if (/tools-call/.test(assertion.type)) return { id: () => 'x', config: { tools: tools.length ? tools.map((tool) => ({ type: 'function', function: tool })) : undefined } };
  return promptfoo.loadApiProvider('openai:chat:gpt-4o-mini', { options: { config: { functions: tools } } });
}

function output({ assertion, output: text, toolCalls }) {
  if (!TOOL_TYPES.test(assertion.type)) return text;
  const calls = (toolCalls ?? []).map(({ name, input }) => ({ type: 'function', function: { name, arguments: JSON.stringify(input) } }));
  return /function-call/.test(assertion.type) ? (calls[0]?.function ?? '') : calls;
}

async function asked(pair) {
  const { assertion, vars = {}, latencyMs, cost, finishReason } = pair;
  const providerResponse = { output: output(pair), ...(cost === undefined ? {} : { cost }), ...(finishReason === undefined ? {} : { finishReason }) };
  try {
    const found = await promptfoo.assertions.runAssertion({ prompt: 'x', provider: await provider(pair), assertion, test: { vars }, providerResponse, latencyMs });
    return { pass: found.pass, score: rounded(found.score), ...(/^Invalid regex/.test(found.reason) ? { error: true } : {}) };
  } catch {
    return { error: true };
  }
}

async function graded({ assert, threshold, output: text }) {
  const found = await promptfoo.assertions.runAssertions({ prompt: 'x', test: { assert, threshold, vars: {} }, providerResponse: { output: text } });
  return { pass: found.pass, score: rounded(found.score) };
}

// Each assertion once, with all that it was held against. A score that says no more than pass is left out.
const groups = new Map();
let count = 0;
for (const pair of pairs) {
  const { assertion, ...given } = pair;
  const key = JSON.stringify(assertion);
  if (!groups.has(key)) groups.set(key, new Map());
  const answers = groups.get(key);
  const told = JSON.stringify(given);
  if (answers.has(told)) continue;
  const found = await asked(pair);
  if (found.score === (found.pass ? 1 : 0)) delete found.score;
  answers.set(told, { ...given, ...found });
  count += 1;
}
const ascii = (value) => JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const asserted = [...groups].map(([assertion, answers]) => ascii({ assertion: JSON.parse(assertion), answers: [...answers.values()] }));
const counted = [];
for (const one of cases) counted.push(ascii({ ...one, ...(await graded(one)) }));
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'promptfoo.json');
writeFileSync(file, `{"promptfoo":"${version}",\n"assertions":[\n${asserted.join(',\n')}\n],\n"cases":[\n${counted.join(',\n')}\n]}\n`);
console.log(`${count} pairs and ${counted.length} cases of promptfoo ${version}`);
process.exit(0);
