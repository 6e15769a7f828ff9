"""C files compiled by this machine's compiler, and what they answer."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

STRICT = ("-Wall", "-Wextra", "-Werror", "-std=c99")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MAIN = """
#include <stdint.h>
#include <stdio.h>
int handgrad_predict(const uint8_t *pixels, float *probabilities);
int main(void)
{{
    static uint8_t pixels[{size}];
    static float probabilities[{classes}];
    while (fread(pixels, 1, {size}, stdin) == {size}) {{
        int32_t best = handgrad_predict(pixels, probabilities);
        fwrite(probabilities, sizeof(float), {classes}, stdout);
        fwrite(&best, sizeof best, 1, stdout);
    }}
    return 0;
}}
"""


def compiler() -> str:
    """The compiler; a machine without one skips the test, CI does not."""
    found = shutil.which("cc")
    if not found:
        assert not os.environ.get("CI"), "CI needs a C compiler"
        pytest.skip("this machine has no C compiler, cc")
    return found


def answers(source: str, images: np.ndarray, classes: int, folder: Path, *flags: str) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities and the classes that a C file gives for images."""
    (folder / "model.c").write_text(source)
    (folder / "main.c").write_text(MAIN.format(size=images[0].size, classes=classes))
    files = [folder / "model.c", folder / "main.c", "-o", folder / "ask", "-lm"]
    subprocess.run([compiler(), *STRICT, *flags, *files], check=True)
    done = subprocess.run([folder / "ask"], input=images.tobytes(), capture_output=True, check=True)
    assert not done.stderr
    rows = np.frombuffer(done.stdout, np.dtype([("probabilities", "f4", classes), ("best", "i4")]))
    assert len(rows) == len(images)
    return rows["probabilities"], rows["best"]


def sizes(source: str, folder: Path) -> tuple[int, int]:
    """Bytes of flash and of RAM of a C file, compiled for size."""
    (folder / "model.c").write_text(source)
    subprocess.run([compiler(), *STRICT, "-Os", "-c", folder / "model.c", "-o", folder / "model.o"], check=True)
    text, data, bss = subprocess.run(
        ["size", folder / "model.o"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[1].split()[:3]  # fmt: skip
    return int(text) + int(data), int(bss)


def stated(source: str, what: str) -> int:
    """A number of the file's first comment."""
    return int(re.search(rf"^   {what} +([\d,]+) ", source, re.MULTILINE)[1].replace(",", ""))
