"""What is read of the API's answers. They may hold more, and states that nobody knows here; never less."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Told(BaseModel):
    model_config = ConfigDict(strict=True)


class Wrong(Told):
    pointer: str
    detail: str


class Problem(Told):
    code: str
    detail: str
    errors: list[Wrong] | None = None


class Progress(Told):
    done: int
    total: int
    rate: float | None


class Step(Told):
    """An event, too."""

    state: str
    progress: Progress


class Counts(Told):
    create: int
    update: int
    unchanged: int
    duplicate: int
    error: int


class About(Told):
    format: str | None
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    unknown_columns: list[str]
    other_sheets: list[str]


class Import(Step):
    id: UUID
    file_name: str
    counts: Counts
    about: About
    problem: Problem | None


class Imports(Told):
    items: list[Import]


class Finding(Told):
    column: str | None
    value: str | None
    reason: str
    advice: str


class Row(Told):
    number: int
    title: str
    stays: str | None
    findings: list[Finding]


class Rows(Told):
    items: list[Row]
    total: int
