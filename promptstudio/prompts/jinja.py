"""Jinja in prompts: text, variables, if, for and a few filters, and nothing else.

Jinja2 reads a text into its tree and its part ends there. What the tree may hold is listed here, and it is walked here, over texts, numbers
and yes or no: no Python of ours or of anybody is reached from a template, and every step and every character is paid for from a budget.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from .soundness import problem_of
from .values import LITERAL_BRACES, OPEN_BRACES, WRITTEN_NUMBER, Piece, as_text

MOST_TOKENS = 20_000
MOST_PARTS = 5_000
DEEPEST = 40
DEEPEST_LOOPS = 2
# What one rendering may cost: a character costs 1, a step A_STEP.
BUDGET = 4_000_000
A_STEP = 20
LARGEST_CONSTANT = 10**300
WORDS = re.compile(r"([-\s({\[<]+)")
RESERVED = frozenset(("self", "super", "caller", "varargs", "kwargs"))
OF_LOOP = ("index", "index0", "first", "last", "length")
COMPARISONS = ("eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin")
# How people call what stands in the tree under these names.
CALLED = {
    "Assign": "set",
    "AssignBlock": "set",
    "Call": "calling something",
    "CallBlock": "call",
    "Dict": "{…: …}",
    "FilterBlock": "filter",
    "FromImport": "import",
    "Getitem": "[…]",
    "NSRef": "set",
    "Slice": "[…]",
    "Tuple": "a list in round brackets",
    "With": "with",
    "Getattr": "a dot after a name",
}
CALCULATING = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Pos)
ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.For,
    nodes.Getattr,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.CondExpr,
    nodes.Concat,
    nodes.List,
)


class Refused(ValueError):
    """`sentence` says what is not possible, `line` (from 1) where."""

    def __init__(self, sentence: str, line: int) -> None:
        super().__init__(f"Line {line}: {sentence}")
        self.sentence, self.line = sentence, line


class Depends(Refused):
    """What is asked for would need the value of the variable `name`, and there is none."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(f"What stands here depends on {name}.", line)
        self.name = name


@dataclass(frozen=True)
class Unknown:
    """A variable without a value. It can be written out and nothing else."""

    name: str


@dataclass(frozen=True)
class Read:
    """A text that may be rendered. `variables` are those that it asks for, with the line of their first use."""

    tree: nodes.Template
    variables: Mapping[str, int]


@lru_cache(maxsize=64)
def read(source: str) -> Read:
    """Raises Refused for whatever is not on the list, and for what is too much."""
    try:
        if sum(1 for _ in islice(ENVIRONMENT.lex(source), MOST_TOKENS)) == MOST_TOKENS:
            raise Refused("This has too many pieces to be read. Make it simpler.", 1)
        tree = Parser(ENVIRONMENT, source).parse()
    except TemplateSyntaxError as error:
        raise Refused(f"This cannot be read: {(error.message or '')[:200].rstrip('.')}.", error.lineno) from None
    except RecursionError:
        raise Refused("This is nested too deeply.", 1) from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, Refused):
            raise
        # Python refuses to read numbers of thousands of digits.
        raise Refused("A number in this text is too long.", 1) from None
    return Read(tree, _checked(tree))


def variables_in(source: str) -> dict[str, int]:
    """The variables that `source` asks for, in reading order, with the line of their first use. None where it cannot be read."""
    try:
        return {name: line for name, line in read(source).variables.items() if name != OPEN_BRACES}
    except Refused:
        return {}


def render(source: str, values: Mapping[str, Any]) -> str:
    """`source` with `values` (texts, numbers, true and false; None writes nothing). Raises Refused."""
    return "".join(piece.text for piece in _Run(values).pieces(read(source).tree))


def preview(source: str, values: Mapping[str, Any]) -> list[Piece]:
    """The same in pieces, where a variable may have no value yet. Raises Refused; Depends where the text cannot go on without it."""
    template = read(source)
    known = {name: values.get(name) if values.get(name) is not None else Unknown(name) for name in template.variables}
    return list(_Run(known | {OPEN_BRACES: LITERAL_BRACES}).pieces(template.tree))


def folded(source: str) -> list[Piece]:
    """What is left when everything is worked out that needs no value: texts and variables. Raises Depends where more is left."""
    return preview(source, {})


def _checked(tree: nodes.Template) -> dict[str, int]:
    found: dict[str, int] = {}
    waiting: list[tuple[nodes.Node, int, int, frozenset[str]]] = [(tree, 0, 0, frozenset())]
    count = 0
    while waiting:
        node, depth, loops, bound = waiting.pop()
        count += 1
        if count > MOST_PARTS:
            raise Refused("This has too many parts. Make it simpler.", node.lineno)
        if depth > DEEPEST:
            raise Refused("This is nested too deeply.", node.lineno)
        _check(node, loops, bound)
        if isinstance(node, nodes.Name) and node.name not in bound:
            found.setdefault(node.name, node.lineno)
        waiting += reversed([(child, depth + 1, *scope) for child, *scope in _children(node, loops, bound)])  # type: ignore[misc]
    return found


def _children(node: nodes.Node, loops: int, bound: frozenset[str]) -> Iterator[tuple[nodes.Node, int, frozenset[str]]]:
    """The parts of a node, and for each how many loops it stands in and which names those bind."""
    if not isinstance(node, nodes.For):
        if not (isinstance(node, nodes.Getattr) and "loop" in bound):
            yield from ((child, loops, bound) for child in node.iter_child_nodes())
        return
    yield node.iter, loops, bound
    inside = bound | {node.target.name, "loop"}  # type: ignore[attr-defined]
    yield from ((child, loops + 1, inside) for child in chain([node.test] if node.test else [], node.body))
    yield from ((child, loops, bound) for child in node.else_)


def _check(node: nodes.Node, loops: int, bound: frozenset[str]) -> None:
    if isinstance(node, CALCULATING):
        raise Refused("Prompts do not calculate, and a name has no - in it here. Send the result as a variable.", node.lineno)
    if not isinstance(node, ALLOWED):
        raise Refused(f"{CALLED.get(type(node).__name__, type(node).__name__.lower())} is not possible in prompts.", node.lineno)
    if check := CHECKS.get(type(node)):
        check(node, loops, bound)


def _check_name(node: nodes.Name, loops: int, bound: frozenset[str]) -> None:
    if node.name in RESERVED or (node.name == "loop" and "loop" not in bound):
        raise Refused(f"{node.name} has a meaning of its own in Jinja. Give the variable another name.", node.lineno)


def _check_constant(node: nodes.Const, loops: int, bound: frozenset[str]) -> None:
    value = node.value
    if isinstance(value, str) and (problem := problem_of({"text": value})):
        raise Refused(problem.sentence, node.lineno)
    if isinstance(value, (int, float)) and not abs(value) <= LARGEST_CONSTANT:
        raise Refused("This number is too large.", node.lineno)


def _check_loop(node: nodes.For, loops: int, bound: frozenset[str]) -> None:
    if node.recursive or loops >= DEEPEST_LOOPS:
        raise Refused(f"Loops are at most {DEEPEST_LOOPS} deep.", node.lineno)
    if not isinstance(node.target, nodes.Name) or node.target.name in RESERVED | {"loop"}:
        raise Refused("A loop has one name: for item in …", node.lineno)


def _check_list(node: nodes.List, loops: int, bound: frozenset[str]) -> None:
    if not all(isinstance(item, (nodes.Const, nodes.Name, nodes.Neg)) for item in node.items):
        raise Refused("A list holds texts, numbers and variables, and no lists.", node.lineno)


def _check_dot(node: nodes.Getattr, loops: int, bound: frozenset[str]) -> None:
    of_loop = isinstance(node.node, nodes.Name) and node.node.name == "loop" and "loop" in bound
    if not of_loop or node.attr not in OF_LOOP:
        known = ", ".join(f"loop.{name}" for name in OF_LOOP)
        raise Refused(f"A dot after a name is not possible in prompts, except in a loop: {known}.", node.lineno)


def _check_filter(node: nodes.Filter, loops: int, bound: frozenset[str]) -> None:
    most = FILTERS[node.name][1] if node.name in FILTERS else -1
    if most < 0 or node.node is None:
        raise Refused(f"The filter {node.name} is not possible in prompts. These are: {', '.join(sorted(FILTERS))}.", node.lineno)
    if len(node.args) > most or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise Refused(f"The filter {node.name} takes {f'at most {most} value' if most else 'nothing'} in brackets here.", node.lineno)


def _check_test(node: nodes.Test, loops: int, bound: frozenset[str]) -> None:
    if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise Refused(f"“is {node.name}” is not possible in prompts. These are: {', '.join(sorted(TESTS))}.", node.lineno)


CHECKS: dict[type[nodes.Node], Callable[[Any, int, frozenset[str]], None]] = {
    nodes.Name: _check_name,
    nodes.Const: _check_constant,
    nodes.For: _check_loop,
    nodes.List: _check_list,
    nodes.Getattr: _check_dot,
    nodes.Filter: _check_filter,
    nodes.Test: _check_test,
}


@dataclass
class _Run:
    """One rendering. Names of loops stand before the values."""

    values: Mapping[str, Any]
    left: int = BUDGET
    scopes: list[dict[str, Any]] = field(default_factory=list)

    def pieces(self, node: nodes.Node) -> Iterator[Piece]:
        self.pay(node)
        match node:
            case nodes.TemplateData():
                yield self.written(node, node.data)
            case nodes.Template() | nodes.Output():
                yield from self.all_of(node.body if isinstance(node, nodes.Template) else node.nodes)
            case nodes.If():
                yield from self.all_of(self.branch(node))
            case nodes.For():
                yield from self.looped(node)
            case _:
                yield self.output(node)

    def all_of(self, several: Iterable[nodes.Node]) -> Iterator[Piece]:
        for node in several:
            yield from self.pieces(node)

    def branch(self, node: nodes.If) -> list[nodes.Node]:
        for choice in (node, *node.elif_):
            if self.truth(choice.test):
                return choice.body
        return node.else_

    def looped(self, node: nodes.For) -> Iterator[Piece]:
        items = self.value(node.iter)
        if isinstance(items, Unknown):
            raise Depends(items.name, node.lineno)
        if not isinstance(items, list):
            raise Refused("Only a list can be gone through: for item in [“one”, “two”].", node.lineno)
        name = node.target.name  # type: ignore[attr-defined]
        items = [item for item in items if self.passes(node, name, item)]
        for index, item in enumerate(items):
            turn = {"index": index + 1, "index0": index, "first": index == 0, "last": index == len(items) - 1, "length": len(items)}
            self.scopes.append({name: item, "loop": turn})
            yield from self.all_of(node.body)
            self.scopes.pop()
        if not items:
            yield from self.all_of(node.else_)

    def passes(self, node: nodes.For, name: str, item: Any) -> bool:
        if node.test is None:
            return True
        self.scopes.append({name: item})
        passed = self.truth(node.test)
        self.scopes.pop()
        return passed

    def output(self, node: nodes.Node) -> Piece:
        value = self.value(node)
        name = node.name if isinstance(node, nodes.Name) else None
        if isinstance(value, Unknown):
            return Piece(f"{{{{{value.name}}}}}", "missing", value.name)
        if isinstance(value, (list, dict)):
            raise Refused("A list cannot be written out. Join it: |join(“, ”).", node.lineno)
        piece = self.written(node, self.text(node, value))
        return Piece(piece.text, "value", name) if name in self.values and name != OPEN_BRACES else piece

    def written(self, node: nodes.Node, text: str) -> Piece:
        self.pay(node, len(text))
        return Piece(text, "text")

    def value(self, node: nodes.Node) -> Any:
        self.pay(node)
        match node:
            case nodes.Const():
                return node.value
            case nodes.Name():
                return self.named(node)
            case nodes.Getattr():
                return self.named(node.node)[node.attr]  # type: ignore[arg-type]
            case nodes.List():
                return [self.value(item) for item in node.items]
            case nodes.CondExpr():
                chosen = node.expr1 if self.truth(node.test) else node.expr2
                return self.value(chosen) if chosen else None
            case nodes.And():
                left = self.known(node.left)
                return self.value(node.right) if left else left
            case nodes.Or():
                left = self.known(node.left)
                return left if left else self.value(node.right)
            case nodes.Not():
                return not self.truth(node.node)
            case nodes.Neg():
                return -self.number(node, self.known(node.node))
            case nodes.Concat():
                return self.joined(node, [self.text(node, self.known(part)) for part in node.nodes])
            case nodes.Compare():
                return self.compared(node)
            case nodes.Filter():
                return self.filtered(node)
            case nodes.Test():
                return TESTS[node.name](self.known(node.node))
        raise Refused("This is not possible in prompts.", node.lineno)

    def known(self, node: nodes.Node) -> Any:
        value = self.value(node)
        if isinstance(value, Unknown):
            raise Depends(value.name, node.lineno)
        return value

    def truth(self, node: nodes.Node) -> bool:
        return bool(self.known(node))

    def named(self, node: nodes.Name) -> Any:
        for scope in reversed(self.scopes):
            if node.name in scope:
                return scope[node.name]
        if node.name not in self.values:
            raise Refused(f"There is no value for {node.name}.", node.lineno)
        return self.values[node.name]

    def compared(self, node: nodes.Compare) -> bool:
        left = self.known(node.expr)
        for operand in node.ops:
            right = self.known(operand.expr)
            if not self.holds(node, operand.op, left, right):
                return False
            left = right
        return True

    def holds(self, node: nodes.Node, op: str, left: Any, right: Any) -> bool:
        self.pay(node, sum(len(side) for side in (left, right) if isinstance(side, (str, list))))
        if op in ("eq", "ne"):
            return _same(left, right) == (op == "eq")
        if op in ("in", "notin"):
            return self.holds_within(node, left, right) == (op == "in")
        if isinstance(left, str) and isinstance(right, str):
            return bool(ORDER[op](left, right))
        return bool(ORDER[op](self.number(node, left), self.number(node, right)))

    def holds_within(self, node: nodes.Node, left: Any, right: Any) -> bool:
        if isinstance(right, list):
            return any(_same(left, item) for item in right)
        if isinstance(left, str) and isinstance(right, str):
            return left in right
        raise Refused("“in” looks for a text in a text, or for something in a list.", node.lineno)

    def filtered(self, node: nodes.Filter) -> Any:
        value = self.known(node.node)  # type: ignore[arg-type]
        arguments = [self.known(argument) for argument in node.args]
        self.pay(node, len(value) if isinstance(value, (str, list)) else 0)
        return FILTERS[node.name][0](self, node, value, *arguments)

    def text(self, node: nodes.Node, value: Any) -> str:
        if isinstance(value, (list, dict)):
            raise Refused("A list is no text. Join it: |join(“, ”).", node.lineno)
        return "" if value is None else as_text(value)

    def number(self, node: nodes.Node, value: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Refused("This needs a number. Make the variable a number, or write |int behind it.", node.lineno)
        return value

    def items(self, node: nodes.Node, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Refused("This needs a list.", node.lineno)
        return value

    def joined(self, node: nodes.Node, parts: list[str], between: str = "") -> str:
        # Paid for before it is made: a short list of long texts grows quickly.
        self.pay(node, sum(map(len, parts)) + len(between) * len(parts))
        return between.join(parts)

    def pay(self, node: nodes.Node, characters: int = 0) -> None:
        self.left -= A_STEP + characters
        if self.left < 0:
            raise Refused("This takes too long to work out, or gets too long.", node.lineno)


def _same(left: Any, right: Any) -> bool:
    # True and 1 are equal to Python and two things to a reader.
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _default(run: _Run, node: nodes.Node, value: Any, instead: Any = "") -> Any:
    return instead if value is None else value


def _of_text(change: Callable[[str], str]) -> Callable[..., str]:
    return lambda run, node, value: change(run.text(node, value))


def _title(text: str) -> str:
    """As Jinja does it: It's stays It's."""
    return "".join(word[:1].upper() + word[1:].lower() for word in WORDS.split(text))


def _length(run: _Run, node: nodes.Node, value: Any) -> int:
    return len(value) if isinstance(value, list) else len(run.text(node, value))


def _join(run: _Run, node: nodes.Node, value: Any, between: Any = "") -> str:
    return run.joined(node, [run.text(node, item) for item in run.items(node, value)], run.text(node, between))


def _end(index: int) -> Callable[..., Any]:
    return lambda run, node, value: items[index] if (items := run.items(node, value)) else None


def _as_number(run: _Run, node: nodes.Node, value: Any) -> int | float:
    if isinstance(value, str) and WRITTEN_NUMBER.fullmatch(value.strip()):
        return float(value) if "." in value else int(value)
    return run.number(node, value)


def _round(run: _Run, node: nodes.Node, value: Any, places: Any = 0) -> int | float:
    if isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= 10:
        raise Refused("round takes 0 to 10 digits behind the point.", node.lineno)
    return round(_as_number(run, node, value), places)


# Each with how many values it takes in brackets.
FILTERS: dict[str, tuple[Callable[..., Any], int]] = {
    "default": (_default, 1),
    "d": (_default, 1),
    "upper": (_of_text(str.upper), 0),
    "lower": (_of_text(str.lower), 0),
    "title": (_of_text(_title), 0),
    "capitalize": (_of_text(str.capitalize), 0),
    "trim": (_of_text(str.strip), 0),
    "string": (_of_text(str), 0),
    "length": (_length, 0),
    "count": (_length, 0),
    "join": (_join, 1),
    "first": (_end(0), 0),
    "last": (_end(-1), 0),
    "int": (lambda run, node, value: int(_as_number(run, node, value)), 0),
    "float": (lambda run, node, value: float(_as_number(run, node, value)), 0),
    "abs": (lambda run, node, value: abs(run.number(node, value)), 0),
    "round": (_round, 1),
}
TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: value is not None,
    "undefined": lambda value: value is None,
    "none": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
}
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}
ENVIRONMENT = Environment(keep_trailing_newline=True, autoescape=False)  # noqa: S701  prompts are no HTML, and nothing is rendered by it
