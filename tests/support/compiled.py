"""What is compiled once is there for all tests, as in an installation, where a process compiles it once.

Each test has a house, engines and a site of its own; compiling the same templates, statements and addresses
for each of them took longer than the tests.
"""

from collections.abc import Callable, Hashable
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_ROOM = 3000


class TemplatesInMemory(BytecodeCache):
    """What Jinja2 made of our templates."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def share_what_is_compiled() -> None:
    """Let houses and sites that are made from now on know what others have compiled."""
    patch = pytest.MonkeyPatch()  # never undone; and loud when there is no such thing any more
    patch.setattr(Flask, "jinja_options", {"bytecode_cache": TemplatesInMemory()})
    patch.setattr(Rule, "_compile_builder", _remembering(Rule._compile_builder))
    _share_statements(patch)


def _share_statements(patch: pytest.MonkeyPatch) -> None:
    """They are kept by their dialect, of which each engine has one: all that we make are equal."""
    statements: LRUCache[Any, Any] = LRUCache(_ROOM)
    for dialect in (PGDialect_psycopg, SQLiteDialect_pysqlite):
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))

    @event.listens_for(Engine, "engine_connect")
    def share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=statements)


Compile = Callable[[Rule, bool], Callable[..., tuple[str, str]]]


def _remembering(compile_builder: Compile) -> Compile:
    """What writes addresses by a rule is told the rule anew each time, so equal ones can share it."""
    kept: dict[Hashable, Callable[..., tuple[str, str]]] = {}

    def remembered(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:  # which are written into it
            return compile_builder(rule, append_unknown)
        key = rule.rule, tuple(rule._trace), append_unknown
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return remembered
