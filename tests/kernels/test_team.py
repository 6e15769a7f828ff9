"""The team of threads: forks, many Python threads, idleness, and stopping; each in a process of its own."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process

HEAD = """
import os, signal, sys, threading, time
import numpy as np
from handgrad.kernels import backend
from handgrad.kernels.team import TEAM
from handgrad.kernels.threads import limited

kernels = backend("compiled")
x = np.random.default_rng(0).standard_normal((300, 999)).astype(np.float32)

def computed():
    out = np.full_like(x, np.nan)
    with limited(3):
        for _ in range(20):
            kernels.add(out, x, x, 0.0)
    return out.tobytes()

want = np.maximum(x + x, 0).tobytes()
assert computed() == want
"""


def run(code: str, head: str = HEAD) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", head + textwrap.dedent(code)],
        capture_output=True, text=True, timeout=100, env={**os.environ, "HANDGRAD_THREADS": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_threads_are_called_and_end_with_the_process() -> None:
    assert run("print(len(TEAM._threads), all(t.is_alive() for t in TEAM._threads))").split() == ["2", "True"]


def test_many_python_threads_compute_at_once() -> None:
    run(
        """
        found = []
        threads = [threading.Thread(target=lambda: found.append(computed())) for _ in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert found == [want] * 16
        """
    )


def test_a_forked_child_and_its_parent_compute() -> None:
    run(
        """
        stop = []
        other = threading.Thread(target=lambda: [computed() for _ in iter(lambda: bool(stop), True)])
        other.start()  # the team works while the process forks
        for _ in range(5):
            child = os.fork()
            if not child:
                os._exit(0 if computed() == want and len(TEAM._threads) == 2 else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert computed() == want
        stop.append(1)
        other.join()
        """,
        head=HEAD.replace("import os, signal", "import warnings; warnings.simplefilter('ignore')\nimport os, signal"),
    )


def test_an_idle_team_takes_no_time() -> None:
    used = run(
        """
        time.sleep(0.2)
        before = time.process_time()
        time.sleep(1.0)
        print(time.process_time() - before)
        assert computed() == want  # and it wakes
        """
    )
    assert float(used) < 0.1


def test_an_interrupt_leaves_the_team_in_order() -> None:
    run(
        """
        def interrupt():
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)

        for _ in range(3):
            threading.Thread(target=interrupt).start()
            try:
                while True:
                    assert computed() == want
            except KeyboardInterrupt:
                assert computed() == want
        """
    )


def test_two_trainings_and_answers_at_once_give_the_bytes_of_one_alone() -> None:
    run(
        """
        import handgrad
        data, valid = handgrad.load("mnist").split()
        data, valid = data[:640], valid[:64]
        recipe = handgrad.recipe("assignment").change(hidden=(40, 30, 20), epochs=1)
        model = handgrad.pretrained("tiny")
        model.kernels = "compiled"

        def trained():
            trainer = handgrad.Trainer(recipe, data, valid)
            for _ in trainer.run(): pass
            return trainer.network.theta.tobytes()

        def answered():
            return model.predict_proba(valid.pixels).tobytes()

        alone, found = (trained(), answered()), []
        jobs = [trained, answered] * 8
        threads = [threading.Thread(target=lambda job=job: found.append(job())) for job in jobs]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert sorted(found) == sorted([*alone] * 8)
        """
    )
