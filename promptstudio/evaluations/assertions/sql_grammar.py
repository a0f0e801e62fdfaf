"""The part of SQL that is judged here: what every reader of promptfoo's (node-sql-parser 5.4) takes alike, but for what is marked.

A rule per line. `[ ]` may be missing, `{ }` is there any number of times, `|` separates choices of which the first that fits is taken,
`@mysql,hive` begins what only these databases take, and `@!` what all but these do. `~` is white space. `<select>` notes that a table is
used, and how; `<unsure>` that other tables may be meant; `<doubt>` that some readers take it and we do not judge it.
It was compared with promptfoo's reader on many statements made from it, right ones and broken ones (docs/adr/0034).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

GRAMMAR = r"""
text       = statement {";" statement | @bigquery statement<doubt>} [";"]
statement  = query | [with<doubt>] (insert | update | delete) | create | drop | truncate | alter
query      = [with] plain {setop part} [(orderby [limit] | limit)<doubt>] | [with<doubt>] wrapped
with       = WITH [@!bigquery RECURSIVE] cte {"," cte}
cte        = name [@!bigquery "(" name {"," name} ")"] AS "(" within ")"
wrapped    = "(" (plain | query<doubt>) ")" {setop part} [orderby] [limit]
part       = plain | "(" (plain | query<doubt>) ")"
within     = [with] plain {setop part} [(orderby [limit] | limit)<doubt>] | wrapped<doubt>
setop      = UNION [ALL | @!transactsql,snowflake,trino DISTINCT] | @mysql,mariadb,postgresql,redshift,flinksql,noql INTERSECT \
             | @mysql,mariadb,postgresql,redshift,db2,flinksql,noql EXCEPT | @mysql,mariadb,bigquery,db2 MINUS | (INTERSECT | EXCEPT \
             | MINUS)<doubt> [ALL | DISTINCT]
plain      = (SELECT ~ | SELECT<doubt>) [DISTINCT [ON<doubt> "(" columns ")"] | ALL<doubt>] [@transactsql TOP SIZE] \
             (star {"," item} FROM sources | star<doubt> {"," item} | columns [INTO<doubt> table] [FROM sources]) [WHERE condition] \
             [groupby] [HAVING condition] [@snowflake QUALIFY condition] [orderby] [limit]
star       = "*" | own "." "*"
item       = "*"<doubt> | own "." "*" | result
columns    = result {"," item} [@bigquery ","<doubt>]
result     = condition [AS LABEL | name | STRING<doubt>]
sources    = source {join | "," source}
join       = [INNER | @!sqlite CROSS | (LEFT | @!sqlite RIGHT | @!sqlite FULL) [OUTER] | OUTER<doubt>] JOIN source [ON condition \
             | USING "(" name {"," name} ")"]
source     = (ANY ["." ANY] "(" [condition {"," condition}] ")")<doubt> [alias] | (full | table)<select> [alias] \
             | "(" within ")" [alias] | "("<doubt> sources ")" [alias]
alias      = [AS] name ["("<doubt> name {"," name} ")"]
full       = @postgresql,bigquery,transactsql,snowflake,redshift,trino,noql name "." name "." name
table      = full<doubt> | own "." (own | ANY<doubt>) ["."<doubt> ANY] | name
own        = @mysql,mariadb,bigquery,hive,db2 (NAME | name<doubt>) | @!mysql,mariadb,bigquery,hive,db2 name
groupby    = GROUP BY grouped {"," grouped}
grouped    = count<doubt> | cast<doubt> [operator value] | (NUMBER | case | call | column) operator<doubt> value \
             | NUMBER | case | call | column | value<doubt>
operator   = compare | "+" | "-" | "*" | "/" | "%" | "||" | IS | [NOT] (IN | LIKE | BETWEEN)
orderby    = ORDER BY order {"," order}
order      = value [ASC | DESC] [@postgresql,snowflake,redshift,trino,noql NULLS (FIRST | LAST)] [(AND | OR)<doubt> condition [ASC \
             | DESC]]
limit      = @!db2 LIMIT SIZE [OFFSET SIZE | @mysql,mariadb,sqlite,bigquery,transactsql,athena,hive "," SIZE] | OFFSET<doubt> SIZE \
             [LIMIT SIZE]
condition  = term {(AND | OR) term}
term       = {NOT} (@!trino EXISTS "(" within ")" | EXISTS<doubt> ("(" within ")" | value) | value)
value      = sum [compared {compared} | IS [NOT] sum \
             | [NOT] IN "(" ("(" within<doubt> ")" "," value {"," value} | within | value {"," value}) ")" \
             | [NOT] BETWEEN sum AND sum | [NOT] LIKE sum | @postgresql,snowflake,redshift,trino,noql [NOT] ILIKE sum]
compared   = @!trino compare (ALL | ANY | SOME) "(" within ")" | compare sum
compare    = "=" | "<>" | "!=" | "<=" | ">=" | "<" | ">"
sum        = {"-" | "+"} primary {("+" | "-" | "*" | "/" | "%" | "||") {"-" | "+"} primary}
primary    = NUMBER | STRING | case | cast | count | now | windowed | call | odd | NULL | TRUE | FALSE | @!trino "(" scalar ")" \
             | "(" condition {"," condition} ")" | "(" (star | within)<doubt> ")" | column
odd        = (ANY ["." ANY] "(" [DISTINCT] [within | star | condition {"," condition}] ")" [over] | (DATE | TIME \
             | TIMESTAMP) STRING)<doubt>
scalar     = SELECT ~ [DISTINCT] columns FROM sources [WHERE condition] [orderby] [limit]
column     = @mysql,mariadb own "." (name | WORD) ["."<doubt> ANY] | own "." (name ["."<doubt> ANY ["." ANY]] | ANY<doubt>) | name
case       = CASE ([sum] when | value<doubt> when) {when} [ELSE value] END
when       = WHEN condition THEN value
cast       = CAST "(" value AS (type | ANY<doubt> {ANY} ["(" SIZE {"," SIZE} ")"]) ")"
count      = COUNT "(" ("*" | [DISTINCT] value) ")" [@!flinksql,sqlite,db2 over] [over<doubt>]
now        = CURRENT_DATE ["("<doubt> ")"] | CURRENT_TIMESTAMP ["("<doubt> ")"]
windowed   = @!flinksql,sqlite,db2 (total | ahead "(" value ")" | rank "(" ")") over | @sqlite,db2 total over<doubt>
total      = (SUM | AVG | MIN | MAX) "(" sum ")"
ahead      = LAG | LEAD | FIRST_VALUE | LAST_VALUE
rank       = ROW_NUMBER | RANK | DENSE_RANK
call       = @!flinksql total | (function | LEFT | @mysql,mariadb RIGHT) "(" [condition {"," condition}] ")" [over<doubt>]
over       = OVER "(" [PARTITION BY (column {"," column} | value<doubt> {"," value})] [orderby] ")"
type       = INTEGER | @!bigquery INT | DATE | @!bigquery TEXT | @!bigquery DECIMAL ["(" SIZE ["," SIZE] ")"] | @!bigquery VARCHAR \
             ["(" SIZE ")"] | @!bigquery CHAR ["(" SIZE ")"]
insert     = (INSERT INTO | INSERT<doubt>) table<insert> (["(" (own {"," own})<columns> ")"] VALUES row {"," row} | \
             ["(" own {"," own} ")"] query | SET<doubt> set {"," set})
row        = "(" (value {"," value})<row> ")"
update     = @!bigquery UPDATE (table<update> [[AS] name] SET set {"," set} | sources<doubt> SET set {"," set}) [FROM<doubt> sources] \
             [WHERE condition] [(orderby | limit)<doubt>]
set        = (name | ANY<doubt>) ["." name<unsure>] "=" value
delete     = @!snowflake,bigquery DELETE (FROM table<delete> [[AS] name] | name<doubt> {[","] name} FROM sources) [WHERE condition] \
             [orderby<doubt>] [limit<doubt>]
create     = @!bigquery CREATE [TEMPORARY] TABLE [IF NOT EXISTS] table<create> "(" define {"," define} ")"
define     = key | own type {option}
key        = (PRIMARY KEY | @!transactsql UNIQUE<doubt>) "(" own {"," own} ")" \
             | @!transactsql FOREIGN KEY "(" own {"," own} ")" REFERENCES table "(" own {"," own} ")"
option     = NOT NULL | NULL | PRIMARY KEY | UNIQUE | DEFAULT (NUMBER | STRING | NULL) | @!transactsql REFERENCES table "(" own ")"
drop       = DROP TABLE [@mysql,mariadb,postgresql,sqlite,transactsql IF EXISTS] table<drop> {"," table<drop>}
truncate   = TRUNCATE [TABLE] table<truncate>
alter      = @!bigquery,flinksql,postgresql ALTER TABLE table<alter> (ADD [COLUMN] own type {option} | DROP COLUMN own)
"""
_TERM = re.compile(r'"[^"]+"|@!?[a-z0-9,]+|<\w+>|\w+|\S')
_CLOSING = {"[": "]", "{": "}", "(": ")"}


@dataclass(frozen=True)
class Node:
    """`kind` is seq, alt, opt, rep or note with `parts`, or else what one term is: symbol, word, token, space or rule."""

    kind: str
    text: str = ""
    parts: tuple["Node", ...] = ()


@lru_cache(maxsize=32)
def rules_of(database: str) -> dict[str, Node]:
    """The rules as they are for one database; one that it does not have is missing."""
    lines = GRAMMAR.replace("\\\n", "").strip().splitlines()
    found = {name.strip(): _Reader(terms, database).choices() for name, terms in (line.split("=", 1) for line in lines)}
    return {name: node for name, node in found.items() if node}


class _Reader:
    def __init__(self, terms: str, database: str) -> None:
        self.terms = _TERM.findall(terms)
        self.database = database

    def choices(self) -> Node | None:
        found = [self._sequence()]
        while self.terms and self.terms[0] == "|":
            self.terms.pop(0)
            found.append(self._sequence())
        parts = tuple(node for node in found if node)
        return Node("alt", parts=parts) if len(parts) > 1 else (parts[0] if parts else None)

    def _sequence(self) -> Node | None:
        parts, is_taken = list[Node](), True
        while self.terms and self.terms[0] not in "|])}":
            term = self.terms.pop(0)
            if term[0] == "@":
                is_taken = (self.database in term.lstrip("@!").split(",")) != term.startswith("@!")
            elif term[0] == "<":
                parts[-1:] = [Node("note", term[1:-1], (part,)) for part in parts[-1:]]
            elif node := self._node(term):
                parts.append(node)
            elif term == "(":
                is_taken = False
        return Node("seq", parts=tuple(parts)) if is_taken else None

    def _node(self, term: str) -> Node | None:
        if term in _CLOSING:
            inner = self.choices()
            self.terms.pop(0)
            return inner and {"[": Node("opt", parts=(inner,)), "{": Node("rep", parts=(inner,)), "(": inner}[term]
        if term[0] == '"':
            return Node("symbol", term[1:-1])
        if term == "~":
            return Node("space")
        if term in ("NUMBER", "SIZE", "STRING", "LABEL", "NAME", "WORD", "ANY"):
            return Node("token", term)
        return Node("word" if term.isupper() else "rule", term)
