"""Files, disks and processes that fail on purpose; `make campaign` runs the scripts."""

from pathlib import Path

MEMORY_DISK = Path("/dev/shm")
SCRATCH = MEMORY_DISK if MEMORY_DISK.is_dir() else None  # where files cost little; None for where they usually go
