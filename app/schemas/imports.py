from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.listing import ListQuery
from app.schemas.base import Id, Moment, Output, QueryBool
from app.schemas.examples import IMPORT, MADE_AND_CHANGED, example, shown_of
from app.schemas.import_outcomes import LEFT_OUT, STAYS, told
from app.sheets.rows import Delimiter, Encoding

ImportKind = Annotated[Literal["relations", "contacts"], Field(description="what the file holds")]
ImportState = Annotated[
    Literal["waiting", "planning", "planned", "committing", "committed", "undoing", "undone", "failed", "cancelled"],
    Field(description="`planned`: look at it and commit it; `failed`: the problem says why"),
]
RowAction = Literal["create", "update", "unchanged", "duplicate", "error"]


class ImportColumn(Output):
    model_config = example(heading="Relatienummer", field="number")

    heading: str
    field: Annotated[str, Field(description="the field of the API that it means; dotted inside objects")]


class ImportAbout(Output):
    """What was found in the file."""

    model_config = example(
        format="xlsx",
        sheet="Relaties",
        heading_row=1,
        encoding=None,
        delimiter=None,
        columns=[shown_of(ImportColumn)],
        unknown_columns=["Kleur"],
        other_sheets=["Uitleg"],
    )

    format: Annotated[str | None, Field(description="xlsx, xls, ods or csv: by its content, whatever its name")] = None
    sheet: str | None = None
    heading_row: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    columns: list[ImportColumn] = []
    unknown_columns: Annotated[list[str], Field(description="headings that mean nothing here; they are kept out")] = []
    other_sheets: Annotated[list[str], Field(description="sheets that were not read")] = []


class ImportCounts(Output):
    """Rows by what becomes of them."""

    model_config = example(create=120, update=14, unchanged=866, duplicate=0, error=3, committed=134)

    create: int = 0
    update: int = 0
    unchanged: int = 0
    duplicate: int = 0
    error: int = 0
    committed: Annotated[int, Field(description="rows that are done; of an undone import those that stay")] = 0


class ImportProgress(Output):
    """How far the worker is with what the state names."""

    model_config = example(done=600, total=1003, rate=4000.0)

    done: Annotated[int, Field(description="rows")]
    total: Annotated[int, Field(description="rows; 0 until the file was opened")]
    rate: Annotated[float | None, Field(description="rows a second; null while nothing runs")]


class ImportProblem(Output):
    model_config = example(code="number_column_missing", detail="The file has no column “Relatienummer”.", errors=[])

    code: str
    detail: str
    errors: list[dict[str, Any]] = []


class ImportRead(Output):
    """A file on its way into the CRM (import)."""

    model_config = example(
        id=IMPORT,
        kind="relations",
        file_name="relaties.xlsx",
        state="planned",
        empty_cells="keep",
        in_batches=False,
        about=shown_of(ImportAbout),
        counts=shown_of(ImportCounts),
        progress=shown_of(ImportProgress),
        problem=None,
        committed_at=None,
        undone_at=None,
        created_by="Bea Beheer",
        updated_by=None,
        **MADE_AND_CHANGED,
    )

    id: Id
    kind: ImportKind
    file_name: str
    state: ImportState
    empty_cells: Annotated[Literal["keep", "clear"], Field(description="what an empty cell does to what is there")]
    in_batches: Annotated[bool, Field(description="it is committed in batches, not as a whole")]
    about: ImportAbout
    counts: ImportCounts
    progress: ImportProgress
    problem: ImportProblem | None
    committed_at: Moment | None
    undone_at: Moment | None
    created_by: str | None
    updated_by: str | None
    created_at: Moment
    updated_at: Moment
    version: int


class ImportFinding(Output):
    """What is the matter with a cell or a row. An error keeps the row out, a warning does not."""

    model_config = example(
        column="BSN",
        field="bsn",
        code="bsn_check",
        reason="This BSN fails the eleven-test (elfproef): a digit is wrong, or two are swapped.",
        advice="Correct the cell.",
        is_error=True,
        value="******782",
    )

    column: Annotated[str | None, Field(description="the Dutch heading of the sample file; null: the row as a whole")]
    field: str | None
    code: str
    reason: str
    advice: str
    is_error: bool
    value: Annotated[str | None, Field(description="what stands there; citizen numbers masked")]


class ImportRowRead(Output):
    """A row of the file, and what becomes of it."""

    model_config = example(
        number=2,
        action="update",
        title="100 De Vries Fietsen VOF",
        subject_id=None,
        fields=["name"],
        findings=[shown_of(ImportFinding)],
        outcome=None,
        stays=None,
    )

    number: Annotated[int, Field(description="as the program that made the file shows it")]
    action: RowAction
    title: Annotated[str, Field(description="number and name")]
    subject_id: Annotated[Id | None, Field(description="the relation or contact; of a new one the id that it gets")]
    fields: Annotated[list[str], Field(description="what is set or changes")]
    findings: list[ImportFinding]
    outcome: Annotated[str | None, Field(description=f"`done`, `undone`, or why a batch left it out: {told(LEFT_OUT)}")]
    stays: Annotated[str | None, Field(description=f"why the undo let it be, so that it is done still: {told(STAYS)}")]


class ImportOptions(BaseModel):
    """How a file is to be read."""

    model_config = ConfigDict(extra="forbid")

    kind: ImportKind
    empty_cells: Annotated[
        Literal["keep", "clear"],
        Field(description="what an empty cell does: leaves what is there, or clears it"),
    ] = "keep"
    encoding: Annotated[Encoding | None, Field(description="of a CSV file; null: found out")] = None
    delimiter: Annotated[Delimiter | None, Field(description="of a CSV file; null: found out")] = None


class CommitOptions(BaseModel):
    """How a plan is to be done."""

    model_config = ConfigDict(extra="forbid")

    in_batches: Annotated[
        QueryBool,
        Field(
            description="true: some hundred rows at a time, each batch by itself; what is cancelled or fails goes on "
            "behind the last one when it is committed again, whatever is said here then. Rows that are out of date by "
            "then are left out, and with them those that make sense only together (who gives up being preferred, and "
            "who becomes it)"
        ),
    ] = False


class ImportQuery(ListQuery):
    sort: Literal["created_at", "-created_at"] = "-created_at"
    kind: ImportKind | None = None
    state: ImportState | None = None


class ImportRowQuery(ListQuery):
    sort: Literal["number", "-number"] = "number"
    action: Annotated[RowAction | None, Field(description="only rows of which this becomes")] = None
    has_findings: Annotated[bool | None, Field(description="true: only rows with something to look at")] = None
    is_kept: Annotated[bool | None, Field(description="true: only rows that the undo let be; `stays` says why")] = None
    is_left_out: Annotated[
        bool | None, Field(description="true: only rows that a batch left out; `outcome` says why")
    ] = None
