"""YAML as promptfoo reads and writes it (js-yaml's default schema), without tags that make objects and aliases that grow."""

import re
from typing import Any

import yaml

from .found import NotRead

# It takes seconds to read so much.
LONGEST_YAML = 1_000_000
# What aliases may unfold to.
MOST_NODES = 200_000
MOST_CHARACTERS = 5_000_000
# What js-yaml takes for something else than a text, by the first character. YAML 1.1 knows fewer numbers and more words.
CORE = (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", "-+0123456789"),
    (
        "float",
        r"(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
)


class _Reader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        _weigh(node, {}, set())
        return node


class _Writer(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 or js-yaml would take for something else than a text."""

    yaml_implicit_resolvers = {first: list(resolvers) for first, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()}

    def ignore_aliases(self, data: Any) -> bool:
        return True


def load(text: str) -> Any:
    """Raises NotRead with the line that is wrong."""
    if len(text) > LONGEST_YAML:
        raise NotRead(f"There is too much YAML in it: at most {LONGEST_YAML:,} characters. Split it, or give it as JSON.")
    try:
        return yaml.load(text, Loader=_Reader)  # noqa: S506  a SafeLoader
    except NotRead:
        raise
    except yaml.MarkedYAMLError as error:
        line = f" Look at line {error.problem_mark.line + 1}." if error.problem_mark else ""
        raise NotRead(f"It cannot be read as YAML.{line} Check the indents and the quotation marks.") from None
    # PyYAML raises many kinds of errors for hostile text, beside its own.
    except Exception:
        raise NotRead("It cannot be read as YAML. Check the indents and the quotation marks.") from None


def dump(data: Any) -> str:
    return yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=10**9)


def _weigh(node: Any, known: dict[int, tuple[int, int]], within: set[int]) -> tuple[int, int]:
    """How many nodes and characters it is with every alias unfolded. Raises NotRead where that is too many, or without end."""
    if node is None or id(node) in known:
        return known.get(id(node), (0, 0))
    if id(node) in within:
        raise NotRead("Something in this YAML is part of itself, so it has no end.")
    within.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        weight = (1, len(node.value))
    else:
        members = [part for member in node.value for part in (member if isinstance(member, tuple) else (member,))]
        weights = [_weigh(member, known, within) for member in members]
        weight = (1 + sum(nodes for nodes, _ in weights), sum(characters for _, characters in weights))
    if weight[0] > MOST_NODES or weight[1] > MOST_CHARACTERS:
        raise NotRead("Its aliases (*) unfold to more than can be read here. Write out less.")
    within.discard(id(node))
    known[id(node)] = weight
    return weight


def _number(loader: Any, node: Any) -> int | float:
    text = loader.construct_scalar(node).lower().replace("_", "")
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    if digits[:2] in ("0b", "0o", "0x"):
        return sign * int(digits, 0)
    return int(text) if digits.isdigit() else float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _text(writer: Any, text: str) -> Any:
    """Several lines stand as they are where that gives them back to the letter."""
    lines = text.split("\n")
    is_block = len(lines) > 1 and lines[0][:1].strip() and all(line == line.rstrip() for line in lines)
    style = '"' if not all(line.isprintable() for line in lines) else "|" if is_block else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


for _tag, _expression, _first in CORE:
    _Reader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_expression})$"), list(_first))
    _Writer.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_expression})$"), list(_first))
for _tag in ("int", "float"):
    _Reader.add_constructor(f"tag:yaml.org,2002:{_tag}", _number)
_Writer.add_representer(str, _text)
