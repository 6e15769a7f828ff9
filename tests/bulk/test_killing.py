"""Whatever dies, a table goes on, or goes on when the command is given again, to the same bytes."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from bulk.drive import complete, environment, left, start, workers, write_pictures
from command import wait_for
from handgrad.signals import STOPS, exit_code
from sweeps.drive import begin_cluster, end, free_port, stop

pytestmark = [pytest.mark.slow, pytest.mark.process]
KILLS = int(os.environ.get("HANDGRAD_KILLS", "3"))
SLOWLY = "time.sleep(0.1)"
POISON = "item.path.endswith('007.png')"
PICTURES = 62


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="module")
def undisturbed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("undisturbed") / "a.csv"
    end(start(photos, out, "--workers", "1"), code=1)
    assert left(out) == ["a.csv"]
    return out.read_bytes()


def test_three_workers_find_what_one_finds(photos, undisturbed, tmp_path):
    end(start(photos, tmp_path / "a.csv", "--workers", "3"), code=1)
    assert (tmp_path / "a.csv").read_bytes() == undisturbed


def test_kill_9_of_the_driver_at_random_moments(photos, undisturbed, tmp_path):
    generator = np.random.default_rng(7)
    env, out = environment(tmp_path, "time.sleep(0.03)"), tmp_path / "a.csv"
    for i in range(KILLS):
        process = start(photos, out, "--workers", str(1 + i % 3), env=env)
        if i % 2:
            time.sleep(generator.uniform(0.2, 6.0))
        else:  # while it writes
            before = complete(out)
            wait_for(lambda before=before, process=process: complete(out) > before or process.poll() is not None)
            time.sleep(generator.uniform(0, 1.2))
        orphans = workers(process)
        process.kill()
        process.communicate()
        _, alive = psutil.wait_procs(orphans, timeout=20)
        assert not alive, "workers outlive their driver"
        if left(out) == ["a.csv"]:
            assert out.read_bytes() == undisturbed
            out.unlink()
    end(start(photos, out, "--workers", "2"), code=1)
    assert out.read_bytes() == undisturbed and left(out) == ["a.csv"]


def test_killed_workers_are_replaced(photos, undisturbed, tmp_path):
    out = tmp_path / "a.csv"
    process = start(photos, out, "--workers", "2", env=environment(tmp_path, SLOWLY))
    for count in (1, 2):
        wait_for(lambda count=count: complete(out) >= 5 * count)
        for worker in workers(process)[:count]:
            worker.kill()
    end(process, code=1)
    assert out.read_bytes() == undisturbed


def test_a_picture_that_kills_its_worker_is_set_aside(photos, undisturbed, tmp_path):
    out = tmp_path / "a.csv"
    env = environment(tmp_path, f"if {POISON}: os.kill(os.getpid(), 9)")
    _, err = end(start(photos, out, "--workers", "2", env=env), code=1)
    assert "2 cannot be read" in err
    found, wanted = out.read_text().splitlines(), undisturbed.decode().splitlines()
    ((row, was),) = [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]]
    assert row.startswith('photos/sub/007.png,1,,,,"the process that read it died, 2 times')
    assert was.startswith("photos/sub/007.png,1,1,9,")


def test_a_full_disk_stops_it_and_room_lets_it_go_on(photos, undisturbed, tmp_path):
    out = tmp_path / "a.csv"
    process = start(photos, out, "--workers", "2", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: complete(out) >= 5)
    psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (out.with_name("a.csv.part").stat().st_size + 7,) * 2)
    _, err = end(process, code=2)
    assert "cannot be written" in err and err.count("\n") == 1 and not out.exists()
    end(start(photos, out), code=1)
    assert out.read_bytes() == undisturbed


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_keeps_what_is_done(photos, undisturbed, tmp_path, number):
    out = tmp_path / "a.csv"
    process = start(photos, out, "--workers", "2", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: complete(out) >= 5)
    process.send_signal(number)
    _, err = end(process, code=exit_code(number))
    assert f"of {PICTURES} pictures are kept: give the same command to go on" in err and err.count("\n") == 1
    end(start(photos, out), code=1)
    assert out.read_bytes() == undisturbed


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_that_vanishes_stops_it_and_lets_it_go_on(photos, undisturbed, tmp_path, empty):
    out, folder = tmp_path / "a.csv", tmp_path / "photos"
    shutil.copytree(photos, folder)
    process = start(folder, out, "--workers", "2", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: complete(out) >= 5)
    folder.rename(tmp_path / "away")
    if empty:  # as where a disk was taken out
        folder.mkdir()
    _, err = end(process, code=2)
    assert err == "handgrad: photos: the folder is gone; bring it back, then give the same command again to go on\n"
    (tmp_path / "away").rename(folder)
    end(start(folder, out), code=1)
    assert out.read_bytes() == undisturbed


def test_two_at_a_time_do_not_write_one_table(photos, tmp_path):
    process = start(photos, tmp_path / "a.csv", env=environment(tmp_path, SLOWLY))
    wait_for(lambda: complete(tmp_path / "a.csv"))
    _, err = end(start(photos, tmp_path / "a.csv"), code=2)
    assert "another process is at work" in err
    end(process, code=1)


@pytest.mark.parametrize("before", ["pass", f"if {POISON}: os.kill(os.getpid(), 9)"], ids=["sound", "poison"])
def test_workers_of_a_cluster(photos, undisturbed, tmp_path, before):
    port = free_port()
    made = begin_cluster(tmp_path, port, environment(tmp_path, before))
    out, words = tmp_path / "a.csv", ("--cluster", f"tcp://127.0.0.1:{port}")
    try:
        _, err = end(start(photos, out, *words), code=1)
    finally:
        stop(*made)
    found = out.read_bytes().splitlines()
    changed = [pair for pair in zip(found, undisturbed.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) == (before != "pass"), err
    assert all(b"the process that read it died" in row for row, _ in changed)


def test_a_killed_worker_of_a_cluster_and_a_killed_scheduler(photos, undisturbed, tmp_path):
    port = free_port()
    env = environment(tmp_path, SLOWLY)
    out, words = tmp_path / "a.csv", ("--cluster", f"tcp://127.0.0.1:{port}")
    made = begin_cluster(tmp_path, port, env)
    try:
        process = start(photos, out, *words, env=env)
        wait_for(lambda: complete(out) >= 5)
        stop(made[1])
        wait_for(lambda: complete(out) >= 20)
        stop(*made)
        process.send_signal(signal.SIGINT)
        end(process, code=130)
    finally:
        stop(*made)
    end(start(photos, out), code=1)
    assert out.read_bytes() == undisturbed
