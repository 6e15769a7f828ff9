"""The examples of docs/serve.md work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from command import wait_for
from handgrad.web.app import LISTED, UNLISTED
from handgrad.web.metrics import Metrics
from handgrad.web.settings import Settings
from web.conftest import listening
from web.test_live import ready

PAGE = (Path(__file__).parent.parent.parent / "docs" / "serve.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split()[1])
def test_python_blocks_print_digits(block):
    with listening(Settings(("cnn",))) as port:
        wait_for(lambda: ready(port))
        code = block.replace("localhost:8000", f"localhost:{port}")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\d", done.stdout)) >= 250


def test_every_address_and_metric_is_told():
    paths = {endpoint.path.replace("{name}", "NAME") for endpoint in (*LISTED, *UNLISTED)}
    told = set(re.findall(r"`(?:GET |POST |DELETE )?(/[a-zA-Z0-9/._]*)`", PAGE))
    assert told - paths <= {"/v2/...", "/v2"}
    assert {path for path in paths if path.startswith(("/api", "/models", "/health"))} - told == {"/api/models"}
    names = set(re.findall(r"# TYPE (\S+)", Metrics().text()))
    assert names == set(re.findall(r"\| `(handgrad_\w+)", PAGE))
