"""The README's sessions, run as they stand."""

import re
import shutil
import subprocess
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from app.demo import Logins
from app.settings import child_environment

README = Path(__file__).parents[1] / "README.md"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.bytes,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="the session needs bash and curl"),
]


async def test_first_session(demo: Logins, address: str, tmp_path: Path) -> None:
    text = await anyio.Path(README).read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 7
    script = "set -euo pipefail\n" + "\n".join(blocks).replace("/tmp/", f"{tmp_path}/")
    environment = {**child_environment(), "ORDNER": address, "ANNA": demo.accountant, "HENK": demo.contact}
    ran = await to_thread.run_sync(
        lambda: subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (tmp_path / "ordner-download.pdf").read_bytes().startswith(b"%PDF-")
    assert "afas" in ran.stdout.rstrip().splitlines()[-1]
