"""Statements by which any kind of import is done and taken back; ``THESE`` are the rows of the plan that each is about.

``table``: of what the rows are about, with its ``columns`` that a plan has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.services.import_doing import Doing
from app.services.import_runs import going_through

ALL = "r.office_id = :office_id AND r.import_id = :import_id"
THESE = f"{ALL} AND r.number = ANY(:numbers)"
PLANNED = f"{ALL} AND r.outcome IS NULL"
DONE = f"{ALL} AND r.outcome = 'done' AND r.stays IS NULL"


async def codes(session: AsyncSession, statement: str, values: Mapping[str, Any]) -> dict[int, str]:
    """What such a statement says of rows, by their numbers."""
    return {row.number: row.code for row in await session.execute(text(statement), values)}


async def hold(do: Doing, numbers: Sequence[int], table: str, *, removes: bool) -> None:
    """In one order, so that two who do this wait for each other. Who ``removes`` some lets nobody point at them
    meanwhile; all others do, or they would wait for who waits for them."""
    lock = "UPDATE" if removes else "NO KEY UPDATE"
    await do(
        f"SELECT t.id FROM {table} t WHERE t.office_id = :office_id AND t.id IN (SELECT r.subject_id "
        f"FROM import_rows r WHERE r.action IN ('create', 'update') AND {THESE if numbers else ALL}) "
        f"ORDER BY t.id FOR {lock}",
        numbers,
    )


async def insert(do: Doing, numbers: Sequence[int], table: str, columns: Sequence[str], **fixed: str) -> None:
    """Make those of a plan; ``fixed``: columns that it does not have, in SQL."""
    listed = ", ".join((*columns, *fixed))
    values = ", ".join((*(f"n.{name}" for name in columns), *fixed.values()))
    await do(
        f"INSERT INTO {table} (office_id, id, created_by, version, {listed}) "
        f"SELECT r.office_id, r.subject_id, :name, 1, {values} FROM import_rows r "
        f"CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, r.becomes->'{table}') n WHERE {THESE}",
        numbers,
        name=do.actor.name,
    )


async def remember(do: Doing, numbers: Sequence[int], table: str) -> None:
    """Keep in the plan what is there, so that it can come back."""
    await do(
        "UPDATE import_rows r SET before = jsonb_build_object('version', t.version, "
        f"'{table}', (SELECT jsonb_object_agg(k, to_jsonb(t)->k) "
        f"FROM jsonb_object_keys(coalesce(r.becomes->'{table}', '{{}}')) k)) "
        f"FROM {table} t WHERE t.office_id = r.office_id AND t.id = r.subject_id AND {THESE}",
        numbers,
    )


async def take(
    do: Doing, numbers: Sequence[int], table: str, columns: Sequence[str], side: str, which: str = "true"
) -> None:
    """What stands on this side of the plan takes the place of what is there."""
    new = ", ".join(f"n.{name}" for name in columns)
    now = ", ".join(f"s.{name}" for name in columns)
    await do(
        f"UPDATE {table} t SET ({', '.join(columns)}, version, updated_at, updated_by) "
        f"= ROW({now}, t.version + 1, now(), :name) FROM (SELECT o.id, {new} FROM import_rows r "
        f"JOIN {table} o ON o.office_id = r.office_id AND o.id = r.subject_id "
        f"CROSS JOIN LATERAL jsonb_populate_record(o, coalesce(nullif(r.{side}->'{table}', 'null'), '{{}}')) n "
        f"WHERE {which} AND {THESE}) s WHERE t.office_id = :office_id AND t.id = s.id",
        numbers,
        name=do.actor.name,
    )


async def record(do: Doing, numbers: Sequence[int], action: str, data: str, about: str, of: str) -> None:
    """The same line in the history that the change of one leaves, and which import it came with.

    ``about``: what it happened to, its id and that of a relation; ``of``: what there is a line for; both in SQL.
    """
    await do(
        "INSERT INTO events (office_id, id, actor_kind, actor_id, actor_name, action, subject_type, subject_id, "
        "relation_id, is_client_visible, request_id, data) SELECT :office_id, uuid7(), :kind, :actor_id, "
        f":name, :action, {about}, false, :request_id, "
        f"jsonb_build_object({data}, 'import_id', CAST(:import_id AS uuid)) FROM {of}",
        numbers,
        kind=do.actor.kind,
        actor_id=do.actor.id,
        name=do.actor.name,
        action=action,
        request_id=do.request_id,
    )


async def mark_done(do: Doing, numbers: Sequence[int], version: str) -> None:
    """``version``: of what it is about, as the commit leaves it."""
    await do(f"UPDATE import_rows r SET outcome = 'done', subject_version = {version} WHERE {THESE}", numbers)


async def hand_back(do: Doing, numbers: Sequence[int], table: str) -> None:
    """What went back stands as the imports around this one know it: those can be taken back from here too. (One after
    it has the same version where it left the row itself alone: it was about links.)"""
    await do(
        "UPDATE import_rows o SET subject_version = t.version FROM import_rows r "
        f"JOIN {table} t ON t.office_id = r.office_id AND t.id = r.subject_id "
        f"WHERE {THESE} AND o.office_id = r.office_id AND o.subject_id = r.subject_id AND o.id <> r.id "
        "AND o.outcome = 'done' AND o.subject_version IN ((r.before->>'version')::integer, r.subject_version)",
        numbers,
    )


async def mark_undone(do: Doing, numbers: Sequence[int]) -> None:
    await do(f"UPDATE import_rows r SET outcome = 'undone' WHERE {THESE}", numbers)


async def let_be(do: Doing, table: str, reasons: Mapping[str, str], joined: str) -> None:
    """Committed rows for which one of these conditions holds stay as they are when the import is undone, and say so.

    ``joined``: what else the conditions are about.
    """
    await do(f"UPDATE import_rows r SET stays = NULL WHERE {ALL} AND r.stays IS NOT NULL")  # an undo before this one
    cases = " ".join(f"WHEN {condition} THEN '{code}'" for code, condition in reasons.items())
    async with going_through(do.session):
        await do(
            f"UPDATE import_rows r SET stays = s.code FROM (SELECT r.id, CASE {cases} END AS code FROM import_rows r "
            f"LEFT JOIN {table} t ON t.office_id = r.office_id AND t.id = r.subject_id {joined} WHERE {DONE}) s "
            "WHERE r.office_id = :office_id AND r.id = s.id AND s.code IS NOT NULL"
        )


async def leave(do: Doing, codes: Mapping[int, str]) -> None:
    """These rows are not done, for this reason each."""
    for code in set(codes.values()):
        numbers = [number for number, each in codes.items() if each == code]
        await do(f"UPDATE import_rows r SET outcome = :code WHERE {THESE}", numbers, code=code)
