// What is asked about SQL. The statements stand one to a line in statements.sql: everyday ones, broken ones, and some of one database only.
import { readFileSync } from 'node:fs';

const statements = readFileSync(new URL('statements.sql', import.meta.url), 'utf8').trimEnd().split('\n');
const value = (databaseType, more = {}) => ({ databaseType, ...more });
const fenced = (text, language = 'sql', fence = '```') => `Here it is:\n\n${fence}${language}\n${text}\n${fence}\n\nThat is all.`;

export function addSql(add, both) {
  for (const statement of statements) {
    both({ type: 'is-sql' }, statement);
    for (const databaseType of ['PostgreSQL', 'Sqlite']) add({ type: 'is-sql', value: value(databaseType) }, statement);
  }
  statements.forEach((statement, index) => {
    if (index % 3) return;
    for (const databaseType of ['MariaDB', 'Snowflake', 'Redshift', 'DB2', 'Hive']) add({ type: 'is-sql', value: value(databaseType) }, statement);
    if (index % 9) return;
    for (const databaseType of ['BigQuery', 'TransactSQL', 'Trino', 'Athena', 'FlinkSQL', 'NoQL']) add({ type: 'is-sql', value: value(databaseType) }, statement);
  });

  // Which tables are used, and how.
  const tables = ['select::null::claims', 'select::(null|shop)::(claims|customers)', 'SELECT::NULL::CLAIMS', '(select|update)::null::.*', '.*', 'insert::null::claims', 'delete::.*'];
  const queries = [
    'SELECT * FROM claims', 'SELECT * FROM Claims c JOIN customers d ON c.id = d.id', 'SELECT * FROM shop.claims', 'SELECT * FROM other', 'SELECT 1',
    'WITH x AS (SELECT id FROM claims) SELECT * FROM x', 'SELECT a FROM claims WHERE b IN (SELECT c FROM secrets)', 'SELECT (SELECT MAX(a) FROM secrets) FROM claims',
    'SELECT a FROM claims UNION SELECT b FROM secrets', 'SELECT a FROM claims; DELETE FROM claims', 'INSERT INTO claims (id) VALUES (1)', 'INSERT INTO claims SELECT * FROM secrets',
    "UPDATE claims SET a = 'b' WHERE c = 1", 'UPDATE claims c SET c.a = 1', 'DELETE FROM claims WHERE a = 1', 'DROP TABLE claims', 'TRUNCATE TABLE claims', 'ALTER TABLE claims ADD COLUMN a INT',
    'CREATE TABLE claims (id INT)', 'SELECT * FROM "claims"', 'SELECT * FROM `claims`', 'SELECT * FROM claims_old', 'SELECT * FROM claims -- FROM secrets', "SELECT 'FROM secrets' FROM claims",
    'SELECT * FROM claims WHERE EXISTS (SELECT 1 FROM secrets)', 'SELECT a FROM claims,', 'no SQL', '',
  ];
  for (const allowed of [[tables[0]], [tables[1]], [tables[2]], [tables[3]], [tables[4]], [tables[5], tables[0]], [tables[6]], tables.slice(0, 2)])
    for (const query of queries) {
      both({ type: 'is-sql', value: value('MySQL', { allowedTables: allowed }) }, query);
      add({ type: 'is-sql', value: value('PostgreSQL', { allowedTables: allowed }) }, query);
      add({ type: 'contains-sql', value: value('Sqlite', { allowedTables: allowed }) }, fenced(query));
    }
  for (const more of [{ allowedTables: [] }, { allowedTables: null }, { allowedColumns: [] }, { allowedColumns: ['select::null::a'] }, { allowedColumns: ['.*'] }, { other: 1 }])
    for (const query of ['SELECT a FROM claims', 'SELECT b FROM claims', 'SELECT a FROM claims,']) both({ type: 'is-sql', value: value('MySQL', more) }, query);
  for (const allowed of [['select::null::{{table}}'], ['select::null::('], ['select::null::cl\\u0061ims'], ['select::null::cläims'], 'select::null::claims', [5]])
    both({ type: 'is-sql', value: value('MySQL', { allowedTables: allowed }) }, 'SELECT a FROM claims', { vars: { table: 'claims' } });
  for (const given of [{}, { databaseType: '' }, { databaseType: 'mysql' }, { databaseType: 'POSTGRESQL' }, { databaseType: 'Oracle' }, { databaseType: 5 }, 'MySQL', 5, '', null, false, 0, true, [], ['select::null::claims']])
    for (const query of ['SELECT a FROM t', 'no SQL']) both({ type: 'is-sql', value: given }, query);

  // What promptfoo looks for before it asks its reader.
  for (const query of ['SELECT name age FROM t', 'select distinct name age from t', 'SELECT SQL_NO_CACHE name FROM t', "SELECT 'a b' FROM t", 'SELECT /* x y from */ a FROM t', 'SELECT a -- b from\nFROM t', 'SELECT `a b` FROM t', 'SELECT "x y" FROM t', 'SELECT a `b FROM t', 'SELECT * FROM generate_series(1, 5)', 'SELECT all name FROM t', 'SELECT distinct name FROM t', "SELECT 'it''s a trap from' FROM t", 'SELECT a FROM t WHERE b = $$ select a b from $$', 'SELECT a FROM t # select a b from', "SELECT 'a\\' b FROM t", 'SELECT [a b] FROM t'])
    for (const databaseType of ['MySQL', 'mysql', 'PostgreSQL', 'TransactSQL', 'Sqlite']) both({ type: 'is-sql', value: value(databaseType) }, query);

  // Blocks of code, and answers without any.
  const query = 'SELECT id FROM claims WHERE paid = 1;';
  const texts = [
    query, `Use ${query}`, fenced(query), fenced(query, ''), fenced(query, 'SQL'), fenced(query, 'python'), fenced(query, 'mysql'), fenced(query, 'sql', '~~~'), fenced(query, ' sql ', '````'), fenced(''), fenced('SELECT FROM WHERE'),
    `${fenced('print(1)', 'python')}\n${query}`, `${fenced('SELECT FROM WHERE')}\n${fenced(query)}`, `${fenced('not SQL')}\n${fenced('neither')}`, `\`\`\`sql\n${query}`, `\`\`\`sql ${query} \`\`\``, `   \`\`\`sql\n${query}\n   \`\`\``,
    `    \`\`\`sql\n${query}\n    \`\`\``, `\`\`\`sql\r\n${query}\r\n\`\`\`\r\n`, `\`\`\`\`sql\n${query}\n\`\`\`\n\`\`\`\``, `\`\`\`sql\n${query}\n~~~\n\`\`\``, `\`\`\`sql\n${query}\n\`\`\` x\n\`\`\``, '```\n```', '   ', 'no SQL', `${fenced('SELECT a FROM t LOCK IN SHARE MODE')}\n${fenced(query)}`, fenced('SELECT a FROM t LOCK IN SHARE MODE'),
  ];
  for (const text of texts) {
    both({ type: 'contains-sql' }, text);
    both({ type: 'contains-sql', value: value('PostgreSQL', { allowedTables: ['select::null::claims'] }) }, text);
    both({ type: 'is-sql' }, text);
  }
}
