"""An import from the command line: uploaded, looked at, committed; each step says how to go on from it."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.remote import DONE, FAILED, INTERRUPTED, PARTLY, UNUSABLE, Failed, files, told
from app.remote.api import AT_REST, Api, Told, sentences
from app.remote.screen import Screen

PATH = "/v1/imports"
SHOWN = 20
OPEN = ("waiting", "planning", "planned")
PATIENCE_AFTER_ALL = 5  # seconds, with somebody who wants to leave


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    kind: str
    file: Path
    options: dict[str, str]
    yes: bool = False
    dry_run: bool = False
    strict: bool = False
    rejected: Path | None = None

    def check(self) -> None:
        """What can be said before a byte is sent."""
        if self.yes and self.dry_run:
            raise Failed("--yes commits and --dry-run does not: give one of them.", UNUSABLE)
        files.check_readable(self.file)
        if self.rejected is not None:
            files.check_writable(self.rejected, other_than=self.file)


@dataclass
class Importing:
    """One run of such a command; ``of`` is the import as it was last seen, ``is_ours``: it came with this run."""

    api: Api
    screen: Screen
    of: Told | None = None
    result: Told = field(default_factory=dict)
    is_ours: bool = False

    def end(self, work: Any) -> int:
        """The exit code of ``work``, which may fail, or be left with Ctrl-C or a signal to end."""
        try:
            status: int = work()
        except Failed as failed:
            status, self.result["problem"] = failed.status, failed.problem
            self.screen.fail(failed.text)
        except OSError as error:
            status, self.result["problem"] = FAILED, {"code": "file", "detail": str(error)}
            self.screen.fail(str(error))
        except KeyboardInterrupt as left:
            status = left.args[0] if left.args else INTERRUPTED
            self._leave()
        self.screen.give({"exit_code": status, "import": self.of, **self.result})
        return status

    def bring(self, wish: Wish) -> int:
        wish.check()
        self.api.page(PATH, told.Imports, limit=1)  # is it there, and may we? before fifty megabytes are sent
        self._upload(wish)
        self._wait("Planning")
        assert self.of is not None
        if self.of["state"] != "planned":
            raise self._stopped()
        counts = self.of["counts"]
        bad = counts["error"] + counts["duplicate"]
        findings, more = self._findings()
        self.result |= {"findings": findings, "is_committed": False, "rejected": None}
        self.screen.plan(self.of, findings, more)
        if wish.rejected and bad:
            self._save_rejected(wish.rejected)
        status = PARTLY if bad else DONE
        if not self._is_wanted(wish, bad, counts["create"] + counts["update"]):
            return status
        self._order("commit", "Committing", "committed")
        self.result["is_committed"] = True
        self.screen.say(f"Committed: {counts['create']} new, {counts['update']} changed.")
        self.screen.say(f"To take it back: ordner import undo {self.of['id']}")
        if bad:
            self.screen.say(f"{bad} rows are in error and were left out.")
        return status

    def follow(self, import_id: str) -> int:
        self.of = self.api.get(f"{PATH}/{import_id}")
        self._wait("Looking on")
        self.screen.say(f"{self.of['file_name']}: {self.of['state']}")
        if self.of["problem"]:
            raise self._stopped()
        return DONE

    def undo(self, import_id: str) -> int:
        self.of = self.api.get(f"{PATH}/{import_id}")
        self._order("undo", "Undoing", "undone")
        kept = self.api.page(self._path + "/rows", told.Rows, is_kept=True, include="total", limit=SHOWN)
        self.result["kept"] = kept["items"]
        if not kept["total"]:
            self.screen.say("Undone: everything is as it was.")
            return DONE
        self.screen.say(f"Undone. {kept['total']} rows were left as they are:")
        rows = [(row["number"], row["title"], row["stays"].replace("_", " ")) for row in kept["items"]]
        self.screen.table("", ("row", "what", "why"), rows)
        return PARTLY

    @property
    def _path(self) -> str:
        assert self.of is not None
        return f"{PATH}/{self.of['id']}"

    def _upload(self, wish: Wish) -> None:
        self.is_ours, key, name = True, str(uuid4()), files.name_of(wish.file)
        params = {"kind": wish.kind, **wish.options}
        with wish.file.open("rb") as opened, self.screen.progress(f"Uploading {name}") as step:
            file = files.Counted(opened, step)

            def send(patience: float | None = None) -> Told:
                return self.api.post(PATH, key, patience, params=params, files={"files": (name, file)})

            try:
                self.of = send()
            except KeyboardInterrupt:
                if file.is_read:  # the server may have it: the same key gets the answer that we did not stay for
                    with suppress(Failed):
                        self.of = send(PATIENCE_AFTER_ALL)
                raise

    def _wait(self, what: str) -> None:
        with self.screen.progress(what) as step:

            def tell(now: Told) -> None:
                done, total, rate = (now["progress"][name] for name in ("done", "total", "rate"))
                words = (
                    f"{done} of {total} rows" if total else "waiting for a worker" if now["state"] == "waiting" else ""
                )
                step(done, total, words + (f", {rate:.0f} a second" if rate else ""))

            self.of = self.api.wait(self._path, tell)

    def _order(self, verb: str, what: str, state: str) -> None:
        self.of = self.api.post(f"{self._path}/{verb}")
        self._wait(what)
        if self.of["state"] != state:
            raise self._stopped()

    def _stopped(self) -> Failed:
        assert self.of is not None
        if self.of["problem"]:
            return Failed(sentences(self.of["problem"]), FAILED, self.of["problem"])
        return Failed(f"Somebody stopped it: the import is {self.of['state']}.", FAILED)

    def _findings(self) -> tuple[list[Told], int]:
        """The first rows with something to look at, those that are kept out before others; and how many more."""
        found: list[Told] = []
        total = 0
        for query in ({"action": "error"}, {"action": "duplicate"}, {}):
            page = self.api.page(
                self._path + "/rows", told.Rows, has_findings=True, include="total", limit=SHOWN, **query
            )
            known = {row["number"] for row in found}
            found += [row for row in page["items"] if row["number"] not in known]
            total = page["total"]
        return found[:SHOWN], total - len(found[:SHOWN])

    def _save_rejected(self, path: Path) -> None:
        try:
            with files.written(path) as file:
                self.api.save(
                    f"{self._path}/rejected-rows{path.suffix.lower()}", file, files.MEDIA[path.suffix.lower()]
                )
        except OSError as error:
            detail = f"--rejected {path}: {error.strerror}. Nothing was committed; the plan stays as import"
            raise Failed(f"{detail} {self.of and self.of['id']}.") from None
        self.result["rejected"] = str(path)
        self.screen.say(f"The rejected rows are in {path}: correct them there and import that file.")

    def _is_wanted(self, wish: Wish, bad: int, changes: int) -> bool:
        """Shall it be committed? Failed where nobody can be asked or somebody said no."""
        stays = f"The plan stays as import {self.of and self.of['id']}."
        if wish.dry_run:
            self.screen.say(f"Nothing was changed (--dry-run). {stays}")
            return False
        if not changes:
            self.screen.say("There is nothing to change.")
            return False
        if wish.strict and bad:
            self.screen.say(f"Nothing was changed: {bad} rows are in error (--strict). {stays}")
            return False
        if wish.yes:
            return True
        if not self.screen.can_ask:
            detail = f"Nothing was changed: there is no terminal to ask on. Say --yes or --dry-run. {stays}"
            raise Failed(detail, UNUSABLE)
        left_out = f", and leave out {bad} rows in error" if bad else ""
        if self.screen.ask(f"Commit {changes} rows{left_out}?"):
            return True
        self.of = self.api.post(f"{self._path}/cancel")
        raise Failed("Nothing was changed; the import is cancelled.")

    def _leave(self) -> None:
        """What was not ordered yet is cancelled; the rest a worker does, whether we look on or not."""
        if self.of is None:
            self.screen.fail("Stopped; nothing was changed.")
            return
        try:
            self.of = self.api.get(self._path, PATIENCE_AFTER_ALL)  # the order may have come through
            if self.is_ours and self.of["state"] in OPEN:
                self.of = self.api.post(f"{self._path}/cancel", patience=PATIENCE_AFTER_ALL)
        except Failed as failed:
            detail = f"What becomes of import {self.of['id']} is not known: {failed.text}"
            self.screen.fail(f"{detail} To look on: ordner import follow {self.of['id']}")
            return
        if self.of["state"] == "cancelled":
            self.screen.fail("Cancelled; nothing was changed.")
        elif self.of["state"] in AT_REST:
            self.screen.fail(f"The import is {self.of['state']}.")
        else:
            self.screen.fail(f"It goes on in the server. To look on again: ordner import follow {self.of['id']}")
