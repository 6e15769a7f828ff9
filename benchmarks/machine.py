"""What a result must say about the machine, the code and the moment that it comes from."""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CPUS = Path("/sys/devices/system/cpu")
PATH_OPTIONS = ("--peer-python", "--runs", "--data")  # their values belong to one computer: left out of the record


def cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", info.read_text(), re.MULTILINE))
        if "model name" in fields:  # clouds hide the name, family and model number still tell the generation
            return f"{fields['model name']} (family {fields.get('cpu family')}, model {fields.get('model')})"
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    return platform.processor() or "unknown"


def governor() -> str:
    path = CPUS / "cpu0/cpufreq/scaling_governor"
    return path.read_text().strip() if path.exists() else "unknown"


def usable_cpus() -> list[int]:
    """The processors that this process may use; where the system cannot say, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def keep_to_cores(threads: int) -> None:
    """Bind this process, and those that it starts, to `threads` processors, each a core of its own if there are enough.

    Not every framework heeds a number of threads; all heed this. Only Linux can: elsewhere it does nothing.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    first_of_core: dict[str, int] = {}
    for cpu in usable_cpus():
        siblings = CPUS / f"cpu{cpu}/topology/thread_siblings_list"
        first_of_core.setdefault(siblings.read_text() if siblings.exists() else str(cpu), cpu)
    cores = list(first_of_core.values())
    chosen = cores if len(cores) >= threads else usable_cpus()
    os.sched_setaffinity(0, chosen[:threads])


def versions(*packages: str) -> dict[str, str]:
    """Of Python and of these packages, in this interpreter."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def commit() -> str:
    """The commit, with `+changes` where the package or the benchmarks differ from it."""
    head = _output("git", "rev-parse", "HEAD")
    changed = _output("git", "status", "--porcelain", "--", "../src", ".", ":!results")
    return head + ("+changes" if changed not in ("", "unknown") else "")


def command() -> str:
    words, hide = ["python", f"benchmarks/{Path(sys.argv[0]).name}"], False
    for word in sys.argv[1:]:
        option, equals, _ = word.partition("=")
        known = option in PATH_OPTIONS
        words.append("PATH" if hide else f"{option}=PATH" if known and equals else word)
        hide = known and not equals
    return " ".join(words)


def record() -> dict[str, Any]:
    """The head of a results file. Call it before the first measurement: it notes the load that was there already."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else "unknown"
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command(),
        "commit": commit(),
        "machine": {
            "cpu": cpu_model(),
            "cores": len(usable_cpus()),
            "governor": governor(),
            "system": f"{platform.system()} {platform.machine()}",
            "load_before": load,
        },
    }


def _output(*words: str) -> str:
    try:
        return subprocess.run(words, cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
