"""What is the matter with the rows of a file: by column, with a stable code, a reason and an advice."""

from typing import Any

from app.errors import Problem
from app.identifiers import Finding
from app.schemas.import_columns import Catalogue, CellFinding, Column
from app.schemas.import_relations import RESOLVED

MOST = 20  # of one row
CORRECT = "Correct the cell and upload the rejected rows again."
FIELDS = {field: name for name, field in RESOLVED.items()}
Found = dict[str, Any]


def of_cell(finding: CellFinding) -> Found:
    return _found(
        finding.column, finding.code, finding.reason, finding.advice, is_error=finding.is_error, value=finding.value
    )


def of_row(code: str, reason: str, advice: str, column: Column | None = None, *, is_error: bool = True) -> Found:
    return _found(column, code, reason, advice, is_error=is_error)


def of_problem(catalogue: Catalogue, problem: Problem) -> list[Found]:
    """A refusal of the API's own rules, at the columns that its pointers name."""
    if not problem.errors:
        return [of_row(problem.code, problem.detail, CORRECT)]
    return [_found(column_at(catalogue, each.pointer), each.code, each.detail, CORRECT) for each in problem.errors]


def of_warning(catalogue: Catalogue, finding: Finding) -> Found:
    column = column_at(catalogue, finding.pointer)
    return _found(column, finding.code, finding.detail, "Check it.", is_error=False)


def first(findings: list[Found]) -> list[Found]:
    """Those that fit, errors before warnings: a cell may name thousands of relations that are not there."""
    if len(findings) <= MOST:
        return findings
    ordered = sorted(findings, key=lambda each: not each["is_error"])
    more = f"The row has {len(findings) - MOST} more findings like these; only the first are shown."
    return [*ordered[:MOST], of_row("more_findings", more, CORRECT, is_error=False)]


def column_at(catalogue: Catalogue, pointer: str) -> Column | None:
    """``/products/0/product_id`` is in the column of products, ``/parent_id`` in that of the parent's number."""
    parts = pointer.strip("/").split("/")
    parts[0] = FIELDS.get(parts[0], parts[0])
    while parts:
        if column := catalogue.by_field.get(".".join(parts)):
            return column
        parts.pop()
    return None


def _found(
    column: Column | None, code: str, reason: str, advice: str, *, is_error: bool = True, value: str | None = None
) -> Found:
    return {
        "column": column and column.dutch,
        "field": column and column.field,
        "code": code,
        "reason": reason,
        "advice": advice,
        "is_error": is_error,
        "value": value,
    }
