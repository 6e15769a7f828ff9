"""Sweeps of small trials as processes that can be killed, and what they leave behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

CELLS, SEEDS = 3, 2
TRIALS = CELLS * SEEDS
WORDS = (
    "sweep", "--recipe", "mlp", "--hidden", "24", "--batch", "20", "--epochs", "3", "--vary", "dropout=0,0.8,0.5",
    "--seeds", str(SEEDS),
)  # fmt: skip
# Runs at the start of each process, workers too. It leaves the package's code, and so its version, as it is.
SITE = """
import os, time
from handgrad.sweeps import cluster, local
def slow(what, *rest, real=cluster.run_trial):
    {before}
    return real(what, *rest)
cluster.run_trial = local.run_trial = slow
cluster.PATIENCE, cluster.GRACE = 8.0, 1.0
"""


def environment(folder: Path, before: str = "pass") -> dict[str, str]:
    """Variables with which every trial first does `before`; `what` is the trial."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE.format(before=before))
    return importing_first(site)


def importing_first(site: Path) -> dict[str, str]:
    """Variables with which Python looks for modules in this folder first."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))}


def start(
    data: Path, out: Path, *words: str, env: dict[str, str] | None = None, own_group: bool = False
) -> subprocess.Popen[str]:
    """The command; in a group of its own, its workers can be sent what a terminal sends."""
    command = [sys.executable, "-m", "handgrad", *WORDS, "--data", str(data), "--out", str(out), *words]
    return subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts,
        start_new_session=own_group,
    )  # fmt: skip


def hear_interrupts() -> None:
    """As under a terminal: what a shell starts in the background ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: subprocess.Popen[str], code: int = 0, patience: float = 300) -> tuple[str, str]:
    """What it printed; it must not hang, and must end with this exit code."""
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it hangs: {process.communicate()}") from None
    assert process.returncode == code, f"{process.returncode}\n{out}\n{err}"
    assert "Traceback" not in err, err
    return out, err


def results(out: Path) -> dict[str, Any]:
    """All that a sweep found, without the clock: records, choice, the winner's weights."""
    found: dict[str, Any] = {}
    for path in sorted((out / "trials").glob("[!.]*")):
        record = json.loads(path.read_text())
        record.pop("seconds")
        found[path.name] = json.dumps(record)
    for name in ("choice.json", "winner/model.safetensors", "winner/evaluation.json"):
        found[name] = (out / name).read_bytes()
    return found


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The worker processes of a driver that are up."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def records(out: Path) -> int:
    """How many trials are finished."""
    return len(list((out / "trials").glob("[!.]*")))


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dask(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [str(Path(sys.executable).parent / "dask"), *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)


def begin_cluster(folder: Path, port: int, env: dict[str, str], count: int = 2) -> list[subprocess.Popen[str]]:
    address, own = f"tcp://127.0.0.1:{port}", {**env, "DASK_TEMPORARY_DIRECTORY": str(folder)}
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", env=own)
    words = ("worker", address, "--nthreads", "1", "--no-dashboard")
    return [scheduler, *(dask(*words, env=own) for _ in range(count))]


def stop(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        family = [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
        process.kill()
        process.wait()
        for child in family:
            child.kill()
