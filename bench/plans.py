"""The plan of a query as PostgreSQL really runs it for a request, in short.

``auto_explain`` in a session of the application role tells it, also of what functions run inside. The statement is
prepared, and run with other values first, as in the API: after five runs PostgreSQL may choose a generic plan.
"""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.db import server_settings
from app.settings import Settings
from bench.crmstage import Statements

EXPLAIN = {"log_min_duration": "0", "log_analyze": "on", "log_timing": "off", "log_format": "json",
           "log_nested_statements": "on", "log_level": "notice"}  # fmt: skip
RUNS = 7
WHO_ASKS = ("api_keys", "auth_tokens")


@dataclass(frozen=True)
class Plan:
    table: str
    ms: float
    text: str


async def of_last(settings: Settings, office_id: UUID, requests: list[Statements]) -> list[Plan]:
    """The plans of the last request's statements, but for those that find out who asks."""
    wanted = {name: value for name, value in server_settings(settings).items() if name != "role"}
    connection = await asyncpg.connect(settings.database_url.get_secret_value(), server_settings=wanted)
    told: list[str] = []
    connection.add_log_listener(lambda _, message: told.append(message.message))
    try:
        await connection.execute("LOAD 'auto_explain'")
        for name, value in EXPLAIN.items():
            await connection.execute(f"SET auto_explain.{name} = {value}")
        await connection.execute(f"SET ROLE {settings.database_role}")
        return [plan for each in requests[-1] for plan in await _of(connection, office_id, each, requests, told)]
    finally:
        await connection.close()


async def _of(
    connection: asyncpg.Connection, office_id: UUID, last: Any, requests: list[Statements], told: list[str]
) -> list[Plan]:
    sql, _ = last
    before = [each for request in requests for each in request if each[0] == sql][-RUNS:]
    prepared = await connection.prepare(sql)
    for _, values in before:
        told.clear()
        async with connection.transaction():
            await connection.execute(f"SELECT set_config('app.office_id', '{office_id}', true)")
            await prepared.fetch(*values)
        await asyncio.sleep(0)  # a plan is told when its cursor closes, and handed on by the event loop
    plans = [_read(text) for text in told if "plan:" in text and "set_config" not in text]
    return [plan for plan in plans if plan.table not in WHO_ASKS]


def _read(text: str) -> Plan:
    found = re.match(r"duration: ([0-9.]+) ms +plan:\s*(.*)", text, re.DOTALL)
    assert found
    plan = json.loads(found[2])
    table = re.search(r"\b(?:FROM|from)\s+([a-z_]+)", plan["Query Text"])
    return Plan(table[1] if table else "?", float(found[1]), short(plan["Plan"]))


def short(node: dict[str, Any]) -> str:
    """``Limit > Nested Loop [Index Scan ix_… (51 rows) | Index Scan uq_… (51 rows)]``."""
    under = [short(child) for child in node.get("Plans", [])]
    if node["Node Type"] == "Result" and len(under) == 1:  # only compares the office with the session's
        return under[0]
    if not under:
        return _name(node)
    return f"{_name(node)} > {under[0]}" if len(under) == 1 else f"{_name(node)} [{' | '.join(under)}]"


def _name(node: dict[str, Any]) -> str:
    parts = [node["Node Type"]]
    if node.get("Scan Direction") == "Backward":
        parts.append("backward")
    if (
        named := node.get("Index Name")
        or node.get("Function Name")
        or node.get("Relation Name")
        or node.get("CTE Name")
    ):
        parts.append(named)
    if node.get("Parent Relationship") in ("SubPlan", "InitPlan"):
        parts.insert(0, f"{node['Parent Relationship']}:")
    loops = node.get("Actual Loops", 0)
    if not loops:
        parts.append("(never run)")
    elif "Scan" in node["Node Type"] or node["Node Type"] == "Sort":
        parts.append(f"({_rows(node, 'Actual Rows') * loops:,.0f} rows{_dropped(node, loops)})")
    return " ".join(parts)


def _rows(node: dict[str, Any], name: str) -> float:
    return float(node.get(name, 0))


def _dropped(node: dict[str, Any], loops: float) -> str:
    dropped = sum(_rows(node, f"Rows Removed by {what}") for what in ("Filter", "Index Recheck", "Join Filter")) * loops
    return f", {dropped:,.0f} dropped" if dropped >= 1 else ""
