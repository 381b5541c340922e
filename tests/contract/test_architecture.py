"""The rules of the architecture, read off the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import configure_mappers

from app.models import Base

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
SOURCES = sorted(APP.rglob("*.py"))
OURS = [path for folder in ("app", "tests", "bench", "migrations", "tools") for path in (ROOT / folder).rglob("*.py")]

# Rooms that hold what nobody found a place for.
NO_ROOMS = {"core", "utils", "helpers", "common", "misc", "manager", "util", "helper"}
STATEMENTS = {"select", "update", "delete", "insert", "exists"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def called(statement: ast.AST) -> set[str]:
    """Names of the plain functions that it calls."""
    calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", [path for path in OURS if "versions" not in path.parts], ids=name)
def test_a_file_stops_at_300_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_no_room_for_what_has_no_name() -> None:
    assert not [path for path in SOURCES if NO_ROOMS & {path.stem, *path.relative_to(APP).parts}]


def test_only_db_begins_and_commits() -> None:
    """One request, one transaction: whoever commits elsewhere tears an effect and its event apart."""
    for path in SOURCES:
        # `imports.commit` is a verb of a feature, which a worker carries out.
        found = {
            call.func.attr
            for call in calls(path)
            if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) != "imports.commit"
        }
        allowed = {"begin"} if path.name == "db.py" else set()
        # `uploads.begin` and `conversations.begin` are verbs of features, on other things than a session.
        sessions = {
            call.func.attr
            for call in calls(path)
            if isinstance(call.func, ast.Attribute) and "session" in ast.unparse(call.func.value)
        }
        assert not found & {"commit", "rollback", "begin_nested"}, name(path)
        assert sessions & {"begin"} <= allowed, name(path)


@pytest.mark.parametrize("path", sorted((APP / "services").glob("*.py")), ids=name)
def test_every_statement_names_the_office_or_begins_with_visible(path: Path) -> None:
    """Visibility belongs in the query; what services ask beyond ``visible`` still says whose office."""
    tree = ast.parse(path.read_text())
    for statement in (node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not hasattr(node, "body")):
        text = ast.unparse(statement)
        if called(statement) & STATEMENTS:
            without = ("func.office_id", "RateLimit", "IdempotencyKey")
            allowed = "office_id" in text or "visible(" in text or any(word in text for word in without)
            assert allowed, f"{name(path)}:{statement.lineno} {text}"


@pytest.mark.parametrize("path", sorted((APP / "routers").glob("*.py")), ids=name)
def test_routers_ask_nothing_of_the_database_themselves(path: Path) -> None:
    for call in calls(path):
        assert not (isinstance(call.func, ast.Name) and call.func.id in STATEMENTS), f"{name(path)}:{call.lineno}"


def test_layers_use_the_same_names() -> None:
    """From one word everything follows: a service has its router or serves several of them by name."""
    routers = {path.stem for path in (APP / "routers").glob("*.py")}
    schemas = {path.stem for path in (APP / "schemas").glob("*.py")}
    assert routers - schemas <= {"__init__", "health", "meta", "inbox"}, "a resource's words live in schemas/<resource>"


def test_relationships_never_load_by_surprise() -> None:
    configure_mappers()
    for mapper in Base.registry.mappers:
        for relationship in mapper.relationships:
            where = f"{mapper.class_.__name__}.{relationship.key}"
            assert relationship.lazy == "raise", where
            written = {pair[1].key for pair in relationship.synchronize_pairs if not relationship.viewonly}
            assert "office_id" not in written, f"{where} writes office_id"
