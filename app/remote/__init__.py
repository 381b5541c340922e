"""The command line as a client: it asks a server's API, and stands on nothing else of the program but its settings."""

DONE, FAILED, UNUSABLE, PARTLY, INTERRUPTED = 0, 1, 2, 3, 130  # exit codes


class Failed(Exception):
    """It ends here: why, in sentences for the one who typed it, and the problem for a script."""

    def __init__(self, text: str, status: int = FAILED, problem: dict[str, object] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.problem = problem or {"code": "failed" if status == FAILED else "unusable", "detail": text}
