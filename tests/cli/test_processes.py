"""What only a process of its own can show: signals, full disks, closed pipes, what is imported."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import TINY, run, wait_for
from handgrad.signals import STOPS, exit_code
from handgrad.training.run import Run

pytestmark = pytest.mark.process

MAIN = "from handgrad.cli import main; main()"


def start(*words: object, head: str = "", **options) -> subprocess.Popen[str]:
    """The command, after the Python of `head`."""
    command = [sys.executable, "-c", f"{head}\n{MAIN}", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPS)
def test_a_signal_saves_and_resume_ends_with_the_same_model(data, tmp_path, number):
    words = ("train", *TINY, "--epochs", "40", "--data", data)
    process = start(*words, "--out", tmp_path / "broken")
    while not process.stderr.readline().startswith("epoch"):
        assert process.poll() is None
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == exit_code(number), told
    assert "stopped and saved after step" in told
    run("train", "--resume", tmp_path / "broken")
    run(*words, "--out", tmp_path / "whole")
    model = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "broken")]
    assert model[0] == model[1]


@pytest.mark.slow
def test_a_stop_while_kernels_compile_says_how_to_go_on(data, tmp_path):
    env = {**os.environ, "HANDGRAD_CACHE": str(tmp_path / "empty")}
    head = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a background job ignores it
    process = start("train", *TINY, "--data", data, "--out", tmp_path / "run", head=head, env=env)
    wait_for((tmp_path / "run" / "source.json").exists)
    time.sleep(1.0)  # of the four or more that compiling takes
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert f"after step 0; go on with: handgrad train --resume {tmp_path / 'run'}" in told
    run("train", "--resume", tmp_path / "run")


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_told_and_training_goes_on(data, tmp_path):
    """A file stands where the folder would be: this process may write anywhere."""
    (tmp_path / "file").write_text("")
    env = {**os.environ, "HANDGRAD_CACHE": str(tmp_path / "file" / "cache")}
    process = start("train", *TINY, "--data", data, "--out", tmp_path / "run", env=env)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0 and (tmp_path / "run" / "model.safetensors").exists(), told
    (line,) = [line for line in told.splitlines() if "compiled kernels cannot be kept" in line]
    assert "HANDGRAD_CACHE" in line


@pytest.mark.slow
def test_kill_minus_9_leaves_no_half_files(data, tmp_path):
    head = "import handgrad.training.keeper as keeper; keeper.SAVE_EVERY = keeper.SAVE_SHARE = 0"
    process = start("train", *TINY, "--epochs", "10000", "--data", data, "--out", tmp_path / "r", head=head)
    checkpoint, versions = tmp_path / "r" / "checkpoint.safetensors", set()

    def five_versions() -> bool:
        assert process.poll() is None
        if checkpoint.exists():
            versions.add(checkpoint.stat().st_mtime_ns)
        return len(versions) >= 5

    wait_for(five_versions)
    process.kill()
    process.communicate()
    assert Run.resume(tmp_path / "r").trainer.progress.step > 0


@pytest.mark.parametrize("command", ["--version", "predict"])
def test_a_full_disk_behind_the_output_is_one_line(command, digit):
    words = (command, str(digit)) if command == "predict" else (command,)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "handgrad", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "handgrad: the output cannot be written (No space left on device); send it elsewhere\n"


@pytest.mark.slow
def test_no_room_for_the_files_is_one_line(trained, data, tmp_path):
    """The system refuses files above 2,000 bytes: as on a full disk, writing fails half-way."""
    head = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    )
    (tmp_path / "confusion.png").write_bytes(b"an older picture")
    process = start("evaluate", trained, "--data", data, "--out", tmp_path, head=head)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and told.count("\n") == 1, told
    assert "cannot be written" in told
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"an older picture"]


def test_help_and_prediction_need_no_compiler(trained, digit):
    code = (
        "import sys; from handgrad.cli import main; sys.argv = ['handgrad', *sys.argv[1:]]\n"
        "try: main()\n"
        "finally: assert not {'numba', 'matplotlib', 'rich'} & set(sys.modules), 'slow to import'"
    )
    for words in (["--help"], ["train", "--help"], ["predict", str(digit), "--model", str(trained)]):
        subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)


def test_output_to_a_closed_pipe_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "handgrad", "data", "list"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
