"""The README's sessions, run as they stand."""

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from app.demo import Logins
from app.settings import Settings, child_environment
from tests.factories.mail import workers

README = Path(__file__).parents[1] / "README.md"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.bytes,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="the session needs bash and curl"),
]


async def test_first_session(demo: Logins, address: str, settings: Settings, tmp_path: Path) -> None:
    text = await anyio.Path(README).read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 9
    script = "set -euo pipefail\n" + "\n".join(blocks).replace("/tmp/", f"{tmp_path}/")
    environment = {
        **child_environment(),
        "ORDNER": address,
        "ANNA": demo.accountant,
        "HENK": demo.contact,
        "ORDNER_KEY": demo.api_key,
    }
    script = f'ordner() {{ "{sys.executable}" -m app.cli "$@"; }}\n{script}'
    run = partial(subprocess.run, env=environment, cwd=README.parent, capture_output=True, text=True, timeout=60)
    async with workers(settings):
        ran = await to_thread.run_sync(lambda: run(["bash", "-c", script]))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "ordner-download.pdf").read_bytes().startswith(b"%PDF-")
    assert "afas" in ran.stdout
    assert (tmp_path / "ordner-sample.xlsx").read_bytes().startswith(b"PK")
    assert "Slagerij van den Bos BV" in ran.stdout
    assert ran.stdout.rstrip().splitlines()[-1] == "Undone: everything is as it was."
