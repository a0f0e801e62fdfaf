"""The shape of the whole, checked once for everything."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import promptstudio

PACKAGE = Path(promptstudio.__file__).parent
CHECKOUT = PACKAGE.parent
ORDER = ("lib", "audit", "accounts", "projects", "prompts", "evaluations", "reviews", "deployments", "notifications")
HTTP = ("web", "api", "serving")
WRITING = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "delete", "_save", "record"}
# Parts of other services, which have the actor and write the entry.
WITHIN = {"projects.folder_at", "projects.put_role", "projects.take_role", "reviews.close_as_deployed"}
# Verbs that have a file of their own, because they are one subject.
OTHER_SERVICES = (
    PACKAGE / "accounts" / "signing_in.py",
    PACKAGE / "accounts" / "throttling.py",
    PACKAGE / "projects" / "group_mappings.py",
)
SOURCES = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}


def area(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_the_contracts_on_imports_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    kept = lint_imports(config_filename=str(CHECKOUT / "pyproject.toml"), no_cache=True)
    assert kept == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_http_lives_in_web_api_and_serving_alone() -> None:
    spoken = ("django.http", "django.shortcuts", "django.urls", "django.views", "ninja")
    found = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path, tree in TREES.items()
        if area(path) in ORDER
        for name in imported(tree)
        if name.startswith(spoken)
    ]
    assert found == []


def test_vendor_sdks_live_in_integrations_alone() -> None:
    found = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path, tree in TREES.items()
        if area(path) != "integrations"
        for name in imported(tree)
        if name.split(".")[0] in {"boto3", "botocore", "moto"}
    ]
    assert found == []


def test_model_relations_point_downwards() -> None:
    rank = {name: index for index, name in enumerate(ORDER)}
    upwards = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in apps.get_models()
        if model._meta.app_label in rank
        for field in [*model._meta.fields, *model._meta.many_to_many]
        if field.is_relation and rank.get(field.related_model._meta.app_label, -1) > rank[model._meta.app_label]
    ]
    assert upwards == []


def test_what_has_no_place_in_the_layers_has_no_models() -> None:
    ours = {model._meta.app_label for model in apps.get_models() if model.__module__.startswith("promptstudio.")}
    assert ours <= set(ORDER)


def test_no_package_is_empty() -> None:
    empty = []
    for package in {path.parent for path in SOURCES if path.name == "__init__.py"}:
        words = [path for path in package.rglob("*.py") if path.read_text().strip()]
        if not words:
            empty.append(str(package.relative_to(PACKAGE)))
    assert empty == []


@pytest.mark.parametrize(("where", "most"), [(PACKAGE, 500), (CHECKOUT / "tests", 600)], ids=["promptstudio", "tests"])
def test_files_stay_readable(where: Path, most: int) -> None:
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_text().splitlines()) for path in where.rglob("*.py")}
    assert {path: lines for path, lines in lengths.items() if lines > most} == {}


def _calls(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            yield call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)


def _is_atomic(node: ast.AST) -> bool:
    if isinstance(node, ast.With):
        return any("atomic" in ast.unparse(item.context_expr) for item in node.items)
    return isinstance(node, ast.FunctionDef) and any("atomic" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_no_publisher_is_called_within_a_transaction() -> None:
    """Nor a client of AWS, nor anything that sleeps: a lock would be held for as long as another machine takes."""
    slow = ("publish", "sleep", "pay", "publisher_for", "wait_for_budget", "check_target")
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {called}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if _is_atomic(node)
        for called in _calls(node)
        if called in slow
    ]
    assert found == []


def test_integrations_open_no_transaction() -> None:
    found = [
        str(path)
        for path, tree in TREES.items()
        if area(path) == "integrations"
        for name in imported(tree)
        if name.endswith(".transaction")
    ]
    assert found == []


# What the rows that are locked there point at never changes.
LOCKED_WITH_WHAT_STAYS = {
    "accounts/signing_in.py",
    "deployments/worker.py",
    "notifications/deliveries.py",
    "projects/services.py",
}


def _chain(node: ast.AST) -> set[str]:
    """The methods that are called one on the answer of the other."""
    called = set()
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Attribute):
            called.add(node.attr)
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return called


def test_rows_are_not_locked_and_joined_in_one_statement() -> None:
    """`lib.locking.locked` says what goes wrong."""
    both = {"select_for_update", "select_related"}
    found = {str(path.relative_to(PACKAGE)) for path, tree in TREES.items() for node in ast.walk(tree) if both <= _chain(node)}
    assert found == LOCKED_WITH_WHAT_STAYS


def test_the_check_on_transactions_finds_one() -> None:
    decorated = "@transaction.atomic\ndef pay():\n    publisher_for('x').publish(order)\n"
    tree = ast.parse(decorated + "with transaction.atomic():\n    time.sleep(1)")
    assert len([node for node in ast.walk(tree) if _is_atomic(node)]) == 2
    assert {"publish", "sleep"} <= set(_calls(tree))


def services() -> list[tuple[str, Any, ast.FunctionDef]]:
    found = []
    for path in sorted([*PACKAGE.glob("*/*services.py"), *OTHER_SERVICES]):
        module = import_module(f"promptstudio.{path.parent.name}.{path.stem}")
        for node in TREES[path].body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.append((f"{path.parent.name}.{node.name}", getattr(module, node.name), node))
    return found


def changing() -> list[tuple[str, Any]]:
    return [
        (name, function) for name, function, node in services() if name not in WITHIN and any(called in WRITING for called in _calls(node))
    ]


def test_services_that_change_something_name_their_actor_and_all_arguments() -> None:
    assert len(changing()) > 20
    for name, function in changing():
        parameters = inspect.signature(function).parameters
        assert "actor" in parameters, name
        positional = [p.name for p in parameters.values() if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
        assert positional == [], name


def test_services_are_typed() -> None:
    untyped = [name for name, _, node in services() if node.returns is None or any(a.annotation is None for a in node.args.kwonlyargs)]
    assert untyped == []


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def test_every_page_sends_strangers_to_the_sign_in(db: None) -> None:
    """Or is public by its decorator, or belongs to a door with its own rule: the API's keys, the admin's sign-in, static files."""
    samples = {"slug": "x", "prompt": "x", "uuid": "00000000-0000-0000-0000-000000000000", "str": "x", "int": "1", "path": "x"}
    open_to_all, asked = [], 0
    for route, pattern in patterns(get_resolver()):
        if route.startswith(("admin/", "api/", "static/")) or getattr(pattern.callback, "public", False):
            continue
        answer = Client().get("/" + _filled(route, samples))
        asked += 1
        if answer.status_code != 302 or not answer["Location"].startswith("/sign-in/"):
            open_to_all.append(f"{route}: {answer.status_code}")
    assert asked > 20
    assert open_to_all == []


def _filled(route: str, samples: dict[str, str]) -> str:
    parts = route.split("<")
    return parts[0] + "".join(_sample(part, samples) for part in parts[1:])


def _sample(part: str, samples: dict[str, str]) -> str:
    inside, _, rest = part.partition(">")
    kind, colon, _ = inside.partition(":")
    if colon and kind not in samples:
        raise NoReverseMatch(f"Give an example of <{inside}> above.")
    return samples[kind if colon else "str"] + rest


def test_what_is_public_is_little() -> None:
    public = {route for route, pattern in patterns(get_resolver()) if getattr(pattern.callback, "public", False)}
    assert public <= {"sign-in/", "sign-in/break-glass/", "oidc/authenticate/", "oidc/callback/", "healthz", "readyz"}
