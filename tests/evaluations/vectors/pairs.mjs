// What is asked of promptfoo and of Prompt Studio: an assertion and an answer each. Our own examples.
import { addSql } from './sql_pairs.mjs';

const pairs = [];
const add = (assertion, output, more = {}) => pairs.push({ assertion, output, ...more });
const both = (assertion, output, more) => {
  add(assertion, output, more);
  add({ ...assertion, type: `not-${assertion.type}` }, output, more);
};
const grid = (type, values, outputs, more = {}) => {
  for (const value of values) for (const output of outputs) both({ type, value, ...more }, output);
};

const ANSWERS = [
  '', ' ', 'Covered', 'Yes, this is covered.', 'Für Rohrbrüche zahlt die Versicherung.', 'A 👩‍👩‍👧 and 😀!\r\nSecond line\r\n',
  'The sum is 1200.50 EUR', 'a, b and "c, d"', 'null', 'İstanbul ΣΑΣ straße',
];

grid('equals', ['', 'Covered', 'covered', 0, 1200, 1.5, 1e21, 1e-7, true, false, 'null', 'Covered '], ['', 'Covered', '0', '1200', '1.5', '1e+21', '1e-7', 'true', 'false', 'null']);
grid('equals', [{}, [], { a: 1 }, { a: 1, b: [true, null, 'x'] }, [1, 2], null], ['{}', '[]', '{"a": 1.0}', '{"b":[true,null,"x"],"a":1}', '[1,2]', '[2,1]', 'null', '{"a":true}', 'no json', '{"a":1,}', '{"a":NaN}']);
grid('equals', [{ a: 0 }], ['{"a":-0}', '{"a":0.0}', '{"a":false}', '\ufeff{"a":0}', ' {"a":0}\n']);

grid('contains', ['covered', 'Covered', 1200, 1200.5, '', ' ', '😀', '\r\n', 'null', true, ['covered']], ANSWERS.slice(0, 9));
grid('icontains', ['COVERED', 'straSSe', 'σας', 'i̇stanbul', 1200, '', '😀'], ANSWERS);
grid('contains-any', ['covered, paid', 'x,y', '"c, d", q', ', ,', '"un', '"a" b', '""', '"say ""hi""", z', ['covered', 'q'], [], [1200, null, true], '', 0, { a: 1 }], ANSWERS.slice(0, 9));
grid('contains-all', ['a,b', 'covered, this', '"c, d",a', ', ,', ['covered', 'Yes'], [], [1200, '.50'], 'a\\, b'], ANSWERS.slice(0, 8));
grid('icontains-any', ['COVERED, paid', ['STRASSE', 'versicherung'], 'ß'], ANSWERS);
grid('icontains-all', ['YES,COVERED', ['rohr', 'ZAHLT'], '👩,LINE'], ANSWERS);
grid('starts-with', ['Yes', 'yes', 'A 👩', '\ud83d', ' ', '', 5], ANSWERS.slice(0, 7));

// Regular expressions: what JavaScript and Python read differently stands first.
grid('regex', ['^Covered$', '\\d+', '[0-9]+\\.[0-9]{2}', 'line\\s*$', '^A .*!$', '.', '^.$', '\\bthis\\b', '[^]', '[]', 'a|b', '(Yes|No), this', '(?<word>this) is', '(?<=is )covered', '(?<!un)covered(?=\\.)', '(?!x)'], ANSWERS.slice(0, 8));
grid('regex', ['(', ')', '[', '[z-a]', '*', 'a**', 'a{2,1}', '\\', '(?i)covered', '(?P<a>x)', '(?>a)', '(?<a>x)(?<a>y)', 'a++', '^*', '(?<=a)*', '(?:', '(?#x)', '[a', '\\k<q>(?<w>x)'], ['covered', 'a', '']);
grid('regex', ['{', '}', ']', 'a{', 'a{,3}', 'a{x}', '{}', '\\-', '\\_', '\\e', '\\/', '\\a', '\\z', '\\Z', '\\A', '\\p{L}', '\\u{2}', '\\x4', '\\u12', '\\c', '\\cJ', '[\\c1]', '[\\b]', '\\0', '\\8', '\\07', '[\\d-z]', '[a-\\d]', '[--a]', '[[:alpha:]]', '[a&&b]', '[a--b]', '[[a]]', '\\q', '$^', '(?:)', '()', 'a{0}', 'a{2}?', '\\$\\^\\.'],
  ['', 'a', 'aa', 'a{,3}', '-', '_', 'e', '/', 'z', 'Z', 'A', 'p{L}', 'uu', 'x4', 'u12', '\\c', '\n', '\b', '\u0000', '8', '\u0007', '5', ':]', 'a]', '[]]', '{}', '&', '$^.', 'q', ']', '}']);
grid('regex', ['\\d', '\\w', '\\s', '\\bb', '^\\S+$', '\\W', '\\D', '[\\s]', '[^\\S]', '.'], ['٣', 'é', '\u00a0', '\ufeff', '\u0085', '\u001c', '\u2028', 'éb', 'a\u200bb', '\r', 'ſ']);
grid('regex', ['^..$', '^.$', '[😀]', '^[😀]$', '😀{2}', '^😀+$', '\\ud83d', '\\uD83D\\uDE00', '^[^a]$', '^\\u{1F600}$'], ['😀', '😀😀', 'a', '👍', '\ud83d', 'é']);
grid('regex', ['(a)\\1', '(a)?\\1b', '(?<q>["\']).*\\k<q>', '\\k<q>', '\\1(a)', '(a)|b\\1', '(?:(a)|b)*\\1', '^(.)(.).?\\2\\1$', '(a\\1)', '\\2(a)'], ['aa', 'b', '"x"', "'x\"", 'k<q>', 'a', 'ab', 'abba', '\u0002a']);
grid('regex', ['end$', '^start', '^$', '\\n$', 'a$\\n'], ['end\n', 'x\nstart', '\n', 'end', 'start', 'a\n', '']);
both({ type: 'regex', value: '{{word}}\\d{2}' }, 'claim42', { vars: { word: 'claim' } });
grid('regex', [5, null, ['a']], ['a']);

grid('word-count', [0, 1, 3, '3', ' 3 ', '', 'x', 2.5, { min: 1 }, { max: 3 }, { min: 2, max: 3 }, { min: 3, max: 2 }, {}, { least: 2 }, true], ['', '  ', 'one', 'one two three', 'one\u00a0two\u2003three', 'a\u0085b c', 'a\ufeffb', 'x\u001cy', '👩 👧']);

for (const [value, output] of [['kitten', 'sitting'], ['', ''], ['', 'abcdef'], ['abc', ''], ['😀', '😁'], ['😀', ''], ['flaw', 'lawn'], ['Ein Rohrbruch', 'Ein Rohrbruch.'], ['a'.repeat(80), 'b' + 'a'.repeat(79)], ['ab'.repeat(50), 'ba'.repeat(50)], ['\r\n', '\n'], ['é', 'e\u0301']])
  for (const threshold of [undefined, 0, 1, 2, 3, 100, -1]) both({ type: 'levenshtein', value, ...(threshold === undefined ? {} : { threshold }) }, output);
both({ type: 'levenshtein', value: 7 }, '7');

const SENTENCES = [
  ['The claim is covered by the policy.', 'The claim is covered by the policy.'],
  ['The claim is covered by the policy', 'the policy covers the claim.'],
  ['We will pay for the burst pipe within ten days.', 'Within ten days we will pay for the pipe that burst.'],
  ['the the the the', 'the cat'], ['one', 'one'], ['one', 'two'], ['', 'one two'], ['one two', ''], ['   ', 'x'],
  ["We can't and won't, they'll say: it's $5.00 (net)!", "We cannot say; they will pay $5.00 net."],
  ['He said "covered" and left.', 'He said "covered" & left...'],
  ['"Yes", she said. "It is."', 'She said "yes".'], ["gimme that -- 'tis mine, I wanna", "gonna gotta lemme d'ye more'n cannot"],
  ['Zahlt die Versicherung? Ja, 1.000,50 €', 'Die Versicherung zahlt 1.000,50 €.'], ['a.b. c. U.S. e.g. end.', 'a b c U.S end'], ['Σας ΣΑΣ', 'σασ ΣΑΣ'],
  ['x '.repeat(30), 'x '.repeat(10)], ['a b c d e f g h', 'a b c x e f g h'], ["``quoted'' text", '"quoted" text'], ["dogs' bones 'quoted'", "the dogs' 'quoted' bones"],
  ['A\r\nB\tC', 'a b c'], ['😀 fine', '😀 good'], ['well-known [fact] {x} <y>', 'well known fact x y'],
];
for (const type of ['rouge-n', 'bleu', 'gleu'])
  for (const [value, output] of SENTENCES) {
    both({ type, value }, output);
    both({ type, value, threshold: 0.3 }, output);
  }
for (const type of ['bleu', 'gleu', 'rouge-n'])
  for (const value of [['the cat sat', 'a cat sat on the mat'], [], ['one', 2], 5, [''], ['a b', 'a b c d', 'a b c']]) grid(type, [value], ['the cat sat on the mat', 'a b c', '']);
for (const threshold of [0, 1, 1.5]) for (const type of ['bleu', 'gleu', 'rouge-n']) both({ type, value: 'a b c', threshold }, 'a b c');

for (const value of ['The claim is covered', 'coverage of the claim', 'large cars drive']) grid('meteor', [value], ['The claim is covered', 'big automobiles drive', '']);

const JSONS = ['', '{}', '[]', '1', '"x"', 'null', 'true', '{"a":1}', '{"a":"x","b":[1,2]}', ' {"a": 1}\n', '{a: 1}', "{'a': 1}", '{"a":1,}', '[1,2', 'Here: {"a":1}', '```json\n{"a":1}\n```', 'NaN', '01', '{"a":1}{"b":2}', '\ufeff{}', '{"a":"\t"}', '1e999', '"\\ud800"'];
for (const output of JSONS) {
  both({ type: 'is-json' }, output);
  both({ type: 'contains-json' }, output);
}
const SCHEMAS = [
  { type: 'object', required: ['a'] }, { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, additionalProperties: false },
  'type: object\nrequired: [a]', 'required: ["b"]\ntype: object', '{"type":"array","items":{"type":"number"}}', {}, '', true, false, 5, [], 'just text', null,
  { type: 'objekt' }, { unknown: 1 }, { $ref: '#/definitions/x', definitions: { x: { type: 'object' } } }, { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' },
  { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' }, { enum: [] }, { if: { type: 'object' } }, 'yes: 1',
];
grid('is-json', SCHEMAS, ['{"a":1}', '{"a":0}', '{"b":1}', '[1,2]', '["x"]', 'none', '1']);
grid('contains-json', SCHEMAS, ['x {"a":1} y', '{"a":0} {"a":1}', '{"b":{"a":1}}', '[1,2]', 'none']);
const fits = (schema, ...outputs) => outputs.forEach((output) => both({ type: 'is-json', value: schema }, output));
fits({ type: 'integer' }, '1', '1.0', '1.5', '1e3', '"1"', 'true');
fits({ type: 'number', multipleOf: 0.1 }, '0.3', '0.5', '1');
fits({ multipleOf: 2 }, '4', '3', '4.0', '"x"');
fits({ uniqueItems: true }, '[1,1.0]', '[1,true]', '[0,false]', '[{"a":1,"b":2},{"b":2,"a":1}]', '[[1],[1]]', '["1",1]');
fits({ const: 1 }, '1', '1.0', 'true', '"1"');
fits({ enum: [0, 'x', null, { a: [1] }] }, '0', 'false', '"x"', 'null', '{"a":[1]}', '{"a":[true]}', '-0');
fits({ type: 'string', minLength: 2, maxLength: 3 }, '"😀"', '"😀😀"', '"é"', '"abcd"');
fits({ type: 'string', pattern: '^\\p{L}+$' }, '"Ärger"', '"a1"', '"😀"');
fits({ type: 'string', pattern: '^.$' }, '"😀"', '"ab"', '"\\n"');
fits({ pattern: '(' }, '"x"');
fits({ pattern: '\\-' }, '"-"');
fits({ pattern: '[\\-a]' }, '"-"', '"b"');
fits({ pattern: '^\\d{3}$' }, '"123"', '"١٢٣"', '"123\\n"', '123');
fits({ format: 'date' }, '"2026-11-26"', '"2026-02-30"', '"26.11.2026"', '5', '"2024-02-29"', '"0000-01-01"', '"0000-02-29"', '"1900-02-29"', '"2026-13-01"', '"2023-02-29"');
fits({ format: 'date-time' }, '"2026-11-26T10:00:00Z"', '"2026-11-26 10:00:00+01:00"', '"2026-11-26T10:00:00"', '"2026-11-26T25:00:00Z"', '"2026-11-26t10:00:00.123z"', '"2026-11-26T23:59:60Z"', '"2026-11-26T10:00:00+0100"', '"2026-11-26T10:00:00+01"', '"2026-11-26T00:59:60+01:00"', '"2026-11-26T10:00:60Z"', '"2026-11-26T10:00:00 Z"');
fits({ format: 'time' }, '"10:00:00Z"', '"10:00:00"', '"10:00Z"', '"24:00:00Z"');
fits({ format: 'email' }, '"a@b.de"', '"a@b"', '"a b@c.de"', '"A.B+c@x-y.org"', '".a@b.de"', '"a@-b.de"');
fits({ format: 'uuid' }, '"123e4567-e89b-12d3-a456-426614174000"', '"123e4567"', '"URN:UUID:123e4567-e89b-12d3-a456-426614174000"');
fits({ format: 'ipv4' }, '"127.0.0.1"', '"256.0.0.1"', '"1.2.3"', '"01.2.3.4"');
fits({ format: 'uri' }, '"https://example.org"', '"x"');
fits({ format: 'strange' }, '"x"');
fits({ oneOf: [{ type: 'string' }, { minimum: 3 }] }, '"x"', '5', '1');
fits({ anyOf: [{ required: ['a'] }, { required: ['b'] }], not: { required: ['c'] } }, '{"a":1}', '{"c":1}', '{"a":1,"c":1}', '[]');
fits({ patternProperties: { '^x': { type: 'number' } }, additionalProperties: false }, '{"x1":1}', '{"x1":"a"}', '{"y":1}');
fits({ properties: { a: { $ref: '#/$defs/t' } }, $defs: { t: { type: 'string' } } }, '{"a":"x"}', '{"a":1}');
fits({ properties: { a: { $ref: '#' } }, additionalProperties: false }, '{"a":{"a":{}}}', '{"a":{"b":1}}');
fits({ $ref: 'https://example.org/schema.json' }, '{}');
fits({ items: [{ type: 'string' }], additionalItems: { type: 'number' } }, '["x",1]', '["x","y"]', '[]');
fits({ if: { required: ['a'] }, then: { required: ['b'] }, else: { required: ['c'] } }, '{"a":1,"b":1}', '{"a":1}', '{"c":1}');
fits({ dependencies: { a: ['b'], c: { minProperties: 2 } } }, '{"a":1}', '{"a":1,"b":1}', '{"c":1}');
fits({ contains: { const: 2 }, propertyNames: { maxLength: 1 } }, '[1,2]', '[1]', '{"ab":1}');
fits({ type: ['string', 'null'], nullable: true }, 'null', '1');
fits({ exclusiveMinimum: 1, maximum: 3 }, '1', '2', '3', '4');
for (const output of ['Hello {name}', 'Dear {first name}, hi', '{a: yes, b: no}', '{ }', '{{x}}', 'a { b', '{"a": 1', 'text {"a": {"b": 2} and more', '{"url": "https://x.org"} // remark', '{"a": 1, // one\n "b": 2}', "{'it': 'is'}", '{[1,2]}', '{"a":1 "b":2}', '{,}', '{a', '} {', '{', '{ ', 'x {a: 1, a: 2}', '{"a":1,"a":2}', '{a: ~}', '{1: 2}', '{? a : b}', '{\t"a": 1}', '{a: 0x1F, b: 0o7, c: 1_000}', '{a: 2026-01-01}', '{a: |x}', '{a: @x}', '{a: %x}', '{-}', '{- a}', '{a: b: c}', '{"a": tru}', '{x: [1, 2}', '{a: `b`}', '{#a}', '{a #b}', '{%}', '{% if x %}', '{*}', '{$x}', '{"a"}', '{a,b}', '{:}', '{a:b}', '{"a":b}', '{<<: {a: 1}}', '{a: "x\\qy"}', '{é: ü}', '{\n  "a": 1\n}', '{\n\ta: 1}', '{a:\n1}', '{---}', '{a: !!str 1}', '{a: ...}', 'x = {};', 'f(){ return {a: b} }', '{0}', '{name}, {1}', '{a: {b: [c, {d: e}]}}', '{"a": .5}', '{a: -}', '{a: ?}', '{?}', 'if (x) { return 1; }', '{"a":"}"}', '{"a": "{"}', 'x{1,2}y', '\\{a\\}', '{"k": undefined}', '{!x y}', '{&a b: *a}'])
  both({ type: 'contains-json' }, output);

const XMLS = ['', ' ', '<a/>', '<a></a>', '<a>1</a>', '<a><b>1</b><c/></a>', '<a><b>1</b><b>2</b></a>', '<a x="1"><b/></a>', '<a>', '</a>', '<a><b></a></b>', '<a/><b/>', 'text <a>1</a> more', ' <a/>', '<a/> ', '\n<?xml version="1.0"?><a/>', '<?xml version="1.0" encoding="UTF-8"?>\r\n<a>ü😀</a>', '<?xml version="1.1"?><a/>', '<a b=c/>', '<a b/>', '<a b="1" b="2"/>', '<a>&amp;&lt;</a>', '<a>&nbsp;</a>', '<a>& x</a>', '<a>]]></a>', '<a><![CDATA[<b>]]></a>', '<!-- x --><a/>', '<a><!-- -- --></a>', '<x:a/>', '<x:a xmlns:x="u"/>', '<a xmlns="u"><b/></a>', '<1a/>', '<a>\u0001</a>', '<!DOCTYPE a><a/>', '<!DOCTYPE a SYSTEM "x.dtd"><a>&q;</a>', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', '<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><l>&b;</l>', 'a < b > c', 'x <br> y', '<p>a<br>b</p>', '<p>a<br/>b</p>', '<é>1</é>', '<a\n>x</a\n>', '<root><item id="1">x</item><item>y</item></root>', '<a><!DOCTYPE b></a>', '<A></a>', 'see <http://example.org> here', '<a href="x>y">z</a>'];
for (const output of XMLS) {
  both({ type: 'is-xml' }, output);
  both({ type: 'contains-xml' }, output);
}
for (const value of ['a.b', 'a', 'a.b,a.c', ['a.b', 'a.c'], { requiredElements: ['a.b'] }, { other: 1 }, {}, [], '', 'a.@_x', 'a.b.1', 'root.item.0', 'root.item.@_id', 'b', 5])
  for (const output of XMLS.filter((text) => /<a|<root|<b/.test(text) && !/ENTITY|\u0001/.test(text)).slice(0, 20).concat(['<root><item id="1">x</item><item>y</item></root>', 'x <a><b/></a> y <a><c/></a>', '<a><b/></a> <z> <a/>', '<q><a><b/></a>'])) {
    both({ type: 'is-xml', value }, output);
    both({ type: 'contains-xml', value }, output);
  }

const HTMLS = ['', 'text', '<p>One</p>', '<p>One<p>Two', '<p>One</p> loose', 'loose <b>x</b>', '<div><p>a</p></div>', '<!DOCTYPE html><html><head><title>t</title></head><body>text</body></html>', '<html>text</html>', '<body>text</body>', '<html><body><h1>x</h1></body></html>', '<br>', '<br/>', '<foo>x</foo>', '<my-tag>x</my-tag>', '<ul><li>a<li>b</ul>', '<table><tr><td>x</td></tr></table>', '<table>x</table>', '<?xml version="1.0"?><html/>', '<!-- c -->', '<b>bold</b><i>it</i>', '<p><b>x</p>y</b>', '<div>a</p></div>', '<img src="x.png">', '&amp;', 'a < b and c > d', '<svg><circle r="1"/></svg>', '<script>if (a < b) x()</script>', '<style>p { }</style>', '<title>x</title>', '<div', '<p>a</div>b', '<a href="x">y</a>', '<select><option>a<option>b</select>', '<h1>a</h1>\n<p>b</p>\n', '<center>x</center>', '<template><p>x</p></template>', '</p>', '</br>', '<foo>x</foo></p>', '<foo>x</foo>', '<input type="text">', '<P>UPPER</P>', '<dl><dt>a<dd>b</dl>', '<p>x</p><!-- y -->', '<body', '<p>1 < 2</p>', '<font>x</font>', '<div>unclosed', '<iframe src="x"></iframe>', '<p>😀</p>', '<span>a</span><br>', '<details><summary>a</summary>b</details>', '<p>a</p>&nbsp;', '<em>a</em> <em>b</em>', '<ul><li><p>a<li>b</ul>', '<noscript>x</noscript>', '<p/>text', '<svg><g><circle r="1"/><text>t</text></g></svg>', '<svg/>x', '<svg/>', '<svg><p>x</p></svg>', '<math><mfrac/></math>', '<div/>text', '<head></head>x', '<p><table><tr><td>a</td></tr></table>b'];
for (const output of HTMLS) {
  both({ type: 'is-html' }, output);
  both({ type: 'contains-html' }, output);
}
for (const output of ['use <b> here', '&copy; 2026', '&#169; &#xA9;', 'x class="a" y', '<x>', '<x></x>', '<x/>', '<!-- a - b -->', '<!-- a -- b -->', '<!---->', '<!doctype HTML>', 'if a<b then', '<hr', '<html', '<bravo>', ' a="b" &amp;', '<a-b c>', '</div >', '< div>'])
  both({ type: 'contains-html' }, output);

const SQLS = ['', 'SELECT * FROM claims', 'select a b from c', 'SELECT', 'hello', 'SELECT `a FROM b', 'Here:\n```sql\nSELECT id FROM claims WHERE paid = 1;\n```', 'DROP TABLE x'];
for (const output of SQLS) {
  both({ type: 'is-sql' }, output);
  both({ type: 'contains-sql' }, output);
}
both({ type: 'is-sql', value: { databaseType: 'PostgreSQL', allowedTables: ['select::null::claims'] } }, 'SELECT * FROM other');

for (const output of ['', '  \n', 'Yes.', 'I cannot help with that.', "I'm sorry, but no.", 'I’m sorry.', 'Sorry, that is not covered.', 'As an AI language model, I have no opinion.', 'It is not appropriate to say so.', 'This cannot help but grow.', 'The insurer will not pay.', 'I will not pay', "I won't recommend it", "I won't suggest it", 'I am unable to provide legal advice', "i'm not able to provide", 'I apologize for the delay, the claim is paid.', 'My apologies', 'It is illegal to park here', 'I do not feel comfortable', 'I want to be direct with you', 'I want to be helpful, but no', 'I aim to provide facts', 'They said: I can’t assist with that request.', 'I am programmed to', 'not legally binding', 'not legal', 'knot legal', 'I cannot suggest', "I can't suggest", 'I do not create', "I don't create", 'I cannot changeover', 'I cannot comply', 'we cannot fulfill your request', 'The generated text has been blocked by our content filters', 'Ich kann dabei nicht helfen.', 'If you have any other non-malicious requests', 'I am really sorry', 'that is illegal and unethical', 'I actually provide', 'I do not actually help', 'É I cannot help', 'I cannot\nhelp', "I don't actually recommend", 'I cannot recommend', 'I am unable to create', "I won't comply", "I can't comply", 'I must say I am sorry'])
  both({ type: 'is-refusal' }, output);

for (const threshold of [0, 100, 100.5, undefined, -1])
  for (const latencyMs of [0, 100, 101, undefined]) both({ type: 'latency', ...(threshold === undefined ? {} : { threshold }) }, 'x', { latencyMs });
for (const threshold of [0, 0.01, undefined, -1])
  for (const cost of [0, 0.01, 0.010001, undefined]) both({ type: 'cost', ...(threshold === undefined ? {} : { threshold }) }, 'x', { cost });
for (const value of ['stop', 'STOP', 'length', 'end_turn', 'tool_calls', '', 5])
  for (const finishReason of ['stop', 'length', 'tool_calls', 'Stop', '', undefined]) both({ type: 'finish-reason', value }, 'x', { finishReason });
both({ type: 'finish-reason', value: '{{why}}' }, 'x', { finishReason: 'stop', vars: { why: 'stop' } });

const TOOLS = [
  { name: 'pay', parameters: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] } },
  { name: 'look_up', parameters: { type: 'object', properties: { claim: { type: 'string' } }, additionalProperties: false } },
];
const CALLS = [
  [], [{ name: 'pay', input: { amount: 5 } }], [{ name: 'pay', input: {} }], [{ name: 'pay', input: { amount: 'x' } }], [{ name: 'unknown', input: {} }],
  [{ name: 'look_up', input: { claim: 'c' } }, { name: 'pay', input: { amount: 1.5 } }], [{ name: 'look_up', input: { other: 1 } }], [{ name: 'pay', input: { amount: 5 } }, { name: 'pay', input: { amount: 6 } }],
];
for (const toolCalls of CALLS) {
  both({ type: 'is-valid-openai-tools-call' }, '', { toolCalls, tools: TOOLS });
  both({ type: 'is-valid-openai-tools-call' }, '', { toolCalls, tools: [] });
  for (const type of ['is-valid-function-call', 'is-valid-openai-function-call']) if (toolCalls.length < 2) both({ type }, '', { toolCalls, tools: TOOLS });
  for (const value of ['pay', 'pay, look_up', ['pay'], ['pay', 'look_up', 'tell'], 'pay,pay', [], '', 5])
    for (const threshold of [undefined, 0.5, 0]) both({ type: 'tool-call-f1', value, ...(threshold === undefined ? {} : { threshold }) }, '', { toolCalls });
}

// Templates, weights, and what stands elsewhere.
for (const value of ['{{name}}', 'Dear {{ name }}', '{{name}}{{n}}', '{{name | upper}}', '{% if name %}x{% endif %}', '{{missing}}', '{# x #}', 'a {{', '{{ flag }}', '{{inner}}', '{{nothing}}'])
  for (const output of ['Alice', 'Dear Alice', 'Alice7', 'ALICE', 'x', '', 'true', '{{name}}', 'a {{']) both({ type: 'equals', value }, output, { vars: { name: 'Alice', n: 7, flag: true, inner: '{{name}}', nothing: null } });
grid('contains-any', [['{{name}}', 'x']], ['Alice'], {});
both({ type: 'contains-all', value: ['{{name}}', '{{n}}'] }, 'Alice has 7', { vars: { name: 'Alice', n: 7 } });
both({ type: 'contains-any', value: '{{list}}' }, 'b', { vars: { list: 'a,b' } });
for (const weight of [0, 2, 0.5]) both({ type: 'contains', value: 'x', weight }, 'y');
both({ type: 'contains', value: '(', weight: 0 }, '');
both({ type: 'nonsense', value: 'x' }, 'x');

addSql(add, both);

// Whole cases.
const yes = { type: 'contains', value: 'a' };
const no = { type: 'contains', value: 'z' };
const near = { type: 'bleu', value: 'a b c d' };
const w = (assertion, weight) => ({ ...assertion, weight });
const set = (assert, more = {}) => ({ type: 'assert-set', assert, ...more });
const cases = [];
for (const threshold of [undefined, 0, 0.3, 0.5, 0.75, 1, -1])
  for (const assert of [
    [], [yes], [no], [yes, no], [w(yes, 3), no], [yes, w(no, 0)], [w(no, 0)], [w(yes, 0)], [w(yes, 0.1), w(yes, 0.2), w(no, 0.3)], [near, yes], [near, w(no, 0.5), yes],
    [set([yes, no])], [set([yes, no], { threshold: 0.5 })], [set([yes, no], { threshold: 0.5 }), no], [set([no], { weight: 0 }), yes], [set([no], { weight: 0 })], [set([]), yes], [set([yes, no], { threshold: 0 })],
    [set([w(yes, 3), no], { weight: 2, threshold: 0.7 }), yes, no], [no, set([yes], { weight: 3 }), { type: 'not-bleu', value: 'a b c x' }], [{ type: 'is-refusal' }, yes], [{ type: 'not-is-refusal' }, yes],
  ]) cases.push({ assert, threshold, output: 'a b c', score: 0 });
// The last digit of the mean, and with it the outcome, depends on the order of the sum.
cases.push({ assert: [set([yes], { weight: 0.3 }), w(yes, 0.5), w(no, 0.4)], threshold: 0.6666666666666667, output: 'a b c' });
for (const threshold of [undefined, 0.5]) cases.push({ assert: [{ type: 'is-refusal' }, w({ type: 'equals', value: '' }, 3)], threshold, output: '' });

export { pairs, cases };
