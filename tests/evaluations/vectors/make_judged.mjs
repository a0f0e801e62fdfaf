// Asks promptfoo itself what follows from a judge's reply, and from numbers. Run as README.md says, from a folder where promptfoo is installed.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

Object.assign(process.env, { PROMPTFOO_DISABLE_TELEMETRY: '1', PROMPTFOO_DISABLE_UPDATE: '1', PROMPTFOO_DISABLE_REMOTE_GENERATION: '1', OPENAI_API_KEY: 'none' });
const require = createRequire(path.join(process.cwd(), 'package.json'));
const loaded = require('promptfoo');
const promptfoo = loaded.default ?? loaded;
const { version } = require('./node_modules/promptfoo/package.json');
const rounded = (score) => Math.round(score * 1e9) / 1e9;

// How each kind of judge says the same: whether it holds, and points from 0 to 10.
const WORDS = {
  'llm-rubric': ({ holds, points }) => JSON.stringify({ reason: 'Because.', pass: holds, score: points / 10 }),
  'model-graded-closedqa': ({ holds }) => `Because.\n${holds ? 'Y' : 'N'}`,
  factuality: ({ holds }) => JSON.stringify({ category: holds ? 'C' : 'D', reason: 'Because.' }),
  'model-graded-factuality': ({ holds }) => JSON.stringify({ category: holds ? 'B' : 'D', reason: 'Because.' }),
  'g-eval': ({ points }) => JSON.stringify({ score: points, reason: 'Because.' }),
};

function judge(kind, replies) {
  const left = [...replies];
  return {
    id: () => 'judge',
    callApi: async (prompt) => ({ output: /"steps"/.test(prompt) ? '{"steps":["Look."]}' : WORDS[kind](left.shift()) }),
  };
}

function embedder(numbers) {
  return { id: () => 'numbers', callApi: async () => ({ output: '' }), callEmbeddingApi: async (text) => ({ embedding: numbers[text] }) };
}

async function graded(assertion, options) {
  const test = { vars: {}, options };
  try {
    const found = await promptfoo.assertions.runAssertion({ prompt: 'x', assertion: { ...assertion }, test, providerResponse: { output: 'answer' } });
    return { pass: found.pass, score: rounded(found.score) };
  } catch (error) {
    return { error: String(error.message) };
  }
}

const verdicts = [];
for (const kind of Object.keys(WORDS))
  for (const type of [kind, `not-${kind}`])
    for (const threshold of [undefined, 0, 0.3, 0.7, 0.75, 1, 1.5])
      for (const holds of [true, false])
        for (const points of [0, 3, 7, 8, 10]) {
          const values = kind === 'g-eval' ? ['be kind', ['be kind', 'be short']] : ['be kind'];
          for (const value of values) {
            const replies = Array.isArray(value) ? [{ holds, points }, { holds, points: 10 - points }] : [{ holds, points }];
            const assertion = { type, value, ...(threshold === undefined ? {} : { threshold }) };
            verdicts.push({ assertion, replies, ...(await graded(assertion, { provider: judge(kind, replies) })) });
          }
        }

const VECTORS = [[1, 0], [0, 1], [0.8, 0.6], [-1, 0], [0.75, Math.sqrt(1 - 0.75 ** 2)], [3, 4], [0, 0], [1, 0.75]];
const numbers = [];
for (const base of ['similar', 'similar:cosine', 'similar:dot', 'similar:euclidean'])
  for (const type of [base, `not-${base}`])
    for (const threshold of [undefined, 0, 0.6, 0.8, 1, -1, 2])
      for (const answer of VECTORS)
        for (const others of [...VECTORS.map((vector) => [vector]), [[0, 1], [0.8, 0.6]], [[1, 0], [0, 1], [-1, 0]]]) {
          const texts = others.map((_, index) => `text ${index}`);
          const known = { answer, ...Object.fromEntries(texts.map((text, index) => [text, others[index]])) };
          const assertion = { type, value: texts.length === 1 ? texts[0] : texts, ...(threshold === undefined ? {} : { threshold }) };
          numbers.push({ assertion, answer, others, ...(await graded(assertion, { provider: { embedding: embedder(known) } })) });
        }

const line = (rows) => rows.map((row) => JSON.stringify(row)).join(',\n');
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'judged.json');
writeFileSync(file, `{"promptfoo":"${version}",\n"verdicts":[\n${line(verdicts)}\n],\n"numbers":[\n${line(numbers)}\n]}\n`);
console.log(`${verdicts.length} verdicts and ${numbers.length} comparisons of promptfoo ${version}`);
process.exit(0);
