"""Whatever dies, a sweep goes on, or goes on when the command is given again, to the same records and winner."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from command import wait_for, write_small_data
from sweeps.drive import (
    TRIALS,
    begin_cluster,
    dask,
    end,
    environment,
    free_port,
    importing_first,
    records,
    results,
    start,
    stop,
    workers,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.process]
SLOWLY = "time.sleep(0.5)"
POISON = "what.recipe.dropout == (0.5,) and what.seed == 1"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    out = tmp_path_factory.mktemp("undisturbed") / "sweep"
    end(start(data, out, "--workers", "1"))
    return results(out)


def test_two_workers_find_what_one_finds(data, undisturbed, tmp_path):
    end(start(data, tmp_path / "s", "--workers", "2"))
    assert results(tmp_path / "s") == undisturbed


@pytest.mark.parametrize("dying", [1, 2])
def test_killed_workers_are_replaced(data, undisturbed, tmp_path, dying):
    process = start(data, tmp_path / "s", "--workers", "2", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: records(tmp_path / "s") >= 1)
    for worker in workers(process)[:dying]:
        worker.kill()
    end(process)
    assert results(tmp_path / "s") == undisturbed


def test_kill_9_of_the_driver_at_random_moments(data, undisturbed, tmp_path):
    generator = np.random.default_rng(20)
    env, out = environment(tmp_path, "time.sleep(0.1)"), tmp_path / "s"
    for i in range(20):
        process = start(data, out, "--workers", str(1 + i % 2), env=env)
        time.sleep(generator.uniform(0.5, 6.0))
        orphans = workers(process)
        process.kill()
        process.communicate()
        _, alive = psutil.wait_procs(orphans, timeout=20)
        assert not alive, "workers outlive their driver"
        if (out / "winner" / "evaluation.json").exists():
            assert results(out) == undisturbed
            shutil.rmtree(out)
    end(start(data, out, "--workers", "2"))
    assert results(out) == undisturbed


def test_a_poison_trial_is_set_aside_and_named(data, undisturbed, tmp_path):
    env = environment(tmp_path, f"if {POISON}: os.kill(os.getpid(), 9)")
    _, err = end(start(data, tmp_path / "s", "--workers", "2", env=env))
    assert "set aside: dropout 0.5, seed 1: 3 workers died of it" in err
    assert "dropout 0.5, seed 1" in (tmp_path / "s" / "sweep.html").read_text()
    found = results(tmp_path / "s")
    assert {k: v for k, v in undisturbed.items() if k in found and k.endswith(".json") and "/" not in k} | {
        "choice.json": found["choice.json"]
    } == {k: v for k, v in found.items() if k.endswith(".json") and "/" not in k}
    assert found["winner/model.safetensors"] == undisturbed["winner/model.safetensors"]


@pytest.mark.parametrize("delay", ["time.sleep(3600)", "__import__('ctypes').PyDLL(None).sleep(3600)"])
def test_a_trial_that_hangs_is_set_aside(data, tmp_path, delay):
    """Asleep for an hour, or in code that never gives other threads a turn."""
    env = environment(tmp_path, f"if {POISON}: {delay}")
    _, err = end(start(data, tmp_path / "s", "--workers", "2", "--time-limit", "10", env=env))
    assert "set aside: dropout 0.5, seed 1" in err


def test_a_full_disk_stops_it_and_room_lets_it_go_on(data, undisturbed, tmp_path):
    out = tmp_path / "s"
    for count in ("1", "2"):
        shutil.rmtree(out, ignore_errors=True)
        process = start(data, out, "--workers", count, env=environment(tmp_path, SLOWLY))
        wait_for(lambda: records(out) >= 2)
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (100, 100))  # bytes that a file may grow to
        _, err = end(process, code=2)
        assert "cannot be written" in err.splitlines()[-1]
        assert 2 <= records(out) < TRIALS
    end(start(data, out, "--workers", "2"))
    assert results(out) == undisturbed


def test_ctrl_c_keeps_what_is_done(data, undisturbed, tmp_path):
    out = tmp_path / "s"
    process = start(data, out, "--workers", "2", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: records(out) >= 1)
    process.send_signal(signal.SIGINT)
    _, err = end(process, code=130)
    assert f"of {TRIALS} trials are kept: give the same command to go on" in err
    end(start(data, out, "--workers", "2"))
    assert results(out) == undisturbed


@pytest.mark.parametrize("later", [0.0, 0.1, 0.4, 0.8])
def test_ctrl_c_while_workers_start_is_one_line(data, tmp_path, later):
    """As a terminal sends it: to the workers too."""
    process = start(data, tmp_path / "s", "--workers", "2", own_group=True)
    wait_for(lambda: workers(process))
    time.sleep(later)
    os.killpg(process.pid, signal.SIGINT)
    _, err = end(process, code=130)
    assert err == f"stopped; 0 of {TRIALS} trials are kept: give the same command to go on\n"


@pytest.fixture
def port() -> int:
    return free_port()


def test_workers_started_by_hand_serve_a_sweep(data, undisturbed, tmp_path, port):
    made = begin_cluster(tmp_path, port, environment(tmp_path))
    try:
        end(start(data, tmp_path / "s", "--cluster", f"tcp://127.0.0.1:{port}"))
    finally:
        stop(*made)
    assert results(tmp_path / "s") == undisturbed


def test_a_killed_scheduler_ends_the_sweep_and_a_new_one_lets_it_go_on(data, undisturbed, tmp_path, port):
    env, out, address = environment(tmp_path, SLOWLY), tmp_path / "s", f"tcp://127.0.0.1:{port}"
    made = begin_cluster(tmp_path, port, env)
    try:
        process = start(data, out, "--cluster", address, env=env)
        wait_for(lambda: records(out) >= 1)
        stop(*made)
        _, err = end(process, code=2)
        assert f"no workers at {address}" in err.splitlines()[-1]
        made = begin_cluster(tmp_path, port, env)
        end(start(data, out, "--cluster", address, env=env))
    finally:
        stop(*made)
    assert results(out) == undisturbed


def test_workers_with_other_code_or_none_are_refused(data, tmp_path, port):
    site = tmp_path / "other"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import handgrad; handgrad.__version__ = '0.0.9'")
    made = begin_cluster(tmp_path, port, importing_first(site), count=1)
    words = ("--cluster", f"tcp://127.0.0.1:{port}")
    try:
        _, err = end(start(data, tmp_path / "s", *words), code=2)
        assert "it has 0.0.9+" in err and len(err.strip().splitlines()) == 1
        stop(made.pop())
        (site / "sitecustomize.py").write_text("import sys; sys.modules['handgrad'] = None")
        made.append(dask("worker", words[1], "--nthreads", "1", env=importing_first(site)))
        _, err = end(start(data, tmp_path / "s", *words), code=2)
        assert "cannot help" in err and "handgrad" in err and len(err.strip().splitlines()) == 1
    finally:
        stop(*made)
