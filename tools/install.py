"""Make .venv hold what a lock file says: ``python3 tools/install.py requirements-dev.lock``.

A script rather than make rules, because two commands may be started next to each other in a fresh checkout,
an installation may have been interrupted, the checkout moved or its Python replaced. Needs nothing but Python
and its pip, and is quick when there is nothing to do.
"""

import fcntl
import hashlib
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
# A virtual environment holds its own path and its Python's.
FOUNDATION = f"{ROOT}\n{sys.base_prefix}\n{sys.version}\n"


def main(lock_name: str) -> None:
    lock = ROOT / lock_name
    digest = hashlib.sha256(lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    foundation, installed = VENV / "foundation", VENV / f"{lock.stem}.sha256"
    with Path(__file__).open() as guard:  # one at a time
        fcntl.flock(guard, fcntl.LOCK_EX)
        if _read(foundation) != FOUNDATION:
            _say("Making .venv")
            venv.create(VENV, clear=True, with_pip=True)
            foundation.write_text(FOUNDATION)
        if _read(installed) != digest:
            _say(f"Installing {lock_name} into .venv (once; a minute or so)")
            _pip("--require-hashes", "--no-deps", "--requirement", lock_name)
            # The build backend is in the lock, so that nothing is fetched without a hash.
            _pip("--no-build-isolation", "--no-deps", "--editable", ".")
            installed.write_text(digest)


def _say(text: str) -> None:
    print(text, flush=True)


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _pip(*arguments: str) -> None:
    command = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if code := subprocess.run([*command, *arguments], cwd=ROOT, check=False).returncode:
        sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
