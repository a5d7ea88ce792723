"""The five house rules, read off the syntax trees; docs/architecture.md explains them."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "newsletter"
PACKAGE = "newsletter"

ENTRIES = {"wsgi", "worker", "catcher", "__main__"}
DOORS = {"web", "tasks", "cli"}
ROOMS = [
    *("accounts", "audience", "media", "publishing", "discussion"),
    *("privacy", "delivery", "feedback", "transfer"),
]
ALLOWED: dict[str, set[str]] = {
    "domain": set(),
    "models": {"domain"},
    "rendering": {"domain"},
    "mail": {"domain"},
    "settings": {"domain"},
    "logs": {"domain"},
    "database": {"domain", "models", "settings"},
    "jobs": {"domain", "models", "settings"},
    "migrations": {"domain", "models", "settings", "database"},
}
BASE = set(ALLOWED) - {"migrations"}
for _index, _room in enumerate(ROOMS):
    ALLOWED[_room] = BASE | set(ROOMS[:_index])
ALLOWED["wiring"] = BASE | set(ROOMS) | {"migrations"}
for _door in DOORS:
    ALLOWED[_door] = BASE | set(ROOMS) | {"migrations", "wiring"}
for _entry in ENTRIES:
    ALLOWED[_entry] = BASE | set(ROOMS) | DOORS | {"migrations", "wiring"}

# Every library has one home; `wiring` may construct any of them.
HOMES: dict[str, set[str]] = {
    "babel": {"web"},
    "disposable_email_domains": {"audience"},
    "flask": {"web"},
    "flask_limiter": {"web"},
    "werkzeug": {"web", "catcher"},
    "whitenoise": {"web"},
    "celery": {"tasks"},
    "jinja2": {"rendering", "web"},
    "PIL": {"media"},
    "premailer": {"rendering"},
    "lxml": {"rendering"},
    "markdown_it": {"rendering"},
    "mdit_py_plugins": {"rendering"},
    "nh3": {"rendering"},
    "pygments": {"rendering"},
    "smtplib": {"mail"},
    "aiosmtpd": {"mail"},
    "uvloop": {"mail"},
    "dns": {"mail"},
    "cryptography": {"mail"},
    "psycopg": {"delivery"},
    "redis": {"jobs"},
    "alembic": {"migrations"},
    "sqlalchemy": {"database", "models", "migrations", "jobs", *ROOMS, *DOORS},
    "yaml": {"publishing"},
    "click": {"cli", "catcher"},
    "rich": {"cli"},
    "pydantic": {"settings"},
    "pydantic_settings": {"settings"},
    "idna": {"domain"},
}
IN_DOMAIN = {"idna"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "versions" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from (f"{module}.{a.name}" for a in node.names) if module == PACKAGE else [module]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_what_is_below_or_left_of_it(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return

    reached = {name.split(".")[1] for name in imports_of(tree_of(path)) if name.startswith(f"{PACKAGE}.")}

    assert reached - {room} <= ALLOWED[room]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_library_stays_in_its_home(path: Path) -> None:
    room = room_of(path)
    libraries = {name.split(".")[0] for name in imports_of(tree_of(path))} - {PACKAGE}

    if room == "domain":
        assert libraries <= set(sys.stdlib_module_names) | IN_DOMAIN
    if room != "wiring":
        assert not {library for library in libraries if room not in HOMES.get(library, {room})}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_import_hides_in_a_function_or_a_typing_block(path: Path) -> None:
    for outer in ast.walk(tree_of(path)):
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
            inner = [node for node in ast.walk(outer) if isinstance(node, ast.Import | ast.ImportFrom)]
            assert not inner, f"{path.name}:{outer.lineno}"


HARMLESS_AT_IMPORT = {
    *(
        "structlog.get_logger",
        "re.compile",
        "Path",
        "frozenset",
        "timedelta",
        "Blueprint",
        "Outcome",
        "Reply",
        "Heard",
        "Reader",
        "TypeVar",
        "Rule",
        "Limits",
        "Share",
        "Preset",
        "QueueKey",
        "Shade",
        "Check",
        "Tier",
        "Invited",
        "Notes",
        "BlackBox",
        "struct.Struct",
        "bytes.maketrans",
    ),
    *("BigInteger", "BigInteger().with_variant", "Integer", "String", "ForeignKey", "mapped_column"),
    "click.IntRange",
    *("exists", "exists().where"),
}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_happens_at_import(path: Path) -> None:
    if room_of(path) in ENTRIES or path.name == "env.py":
        return
    for statement in tree_of(path).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            for node in ast.walk(statement.value):
                if isinstance(node, ast.Call) and not inside_comprehension(statement.value, node):
                    assert ast.unparse(node.func) in HARMLESS_AT_IMPORT, f"{path.name}:{statement.lineno}"
        elif isinstance(statement, ast.Expr):
            assert isinstance(statement.value, ast.Constant), f"{path.name}:{statement.lineno}"


def inside_comprehension(root: ast.AST, wanted: ast.Call) -> bool:
    comprehensions = ast.SetComp | ast.ListComp | ast.DictComp | ast.GeneratorExp
    return any(
        wanted in ast.walk(node) for node in ast.walk(root) if isinstance(node, comprehensions | ast.Lambda)
    )


def test_relations_point_from_child_to_parent() -> None:
    for path in (SOURCE / "models").glob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "relationship":
                assert not any(keyword.arg in {"back_populates", "backref"} for keyword in node.keywords)


def test_the_rules_know_every_room_there_is() -> None:
    rooms = {room_of(path) for path in modules()} - {"__init__"}

    assert rooms <= set(ALLOWED)
