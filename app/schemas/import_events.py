from app.schemas.base import Output
from app.schemas.examples import example, shown_of
from app.schemas.imports import ImportCounts, ImportProblem, ImportProgress, ImportState


class ImportEvent(Output):
    """How far an import is: the `data` of each event."""

    model_config = example(
        state="committing", progress=shown_of(ImportProgress), counts=shown_of(ImportCounts), problem=None
    )

    state: ImportState
    progress: ImportProgress
    counts: ImportCounts
    problem: ImportProblem | None
