"""`make bench`: every measurement of tests/bench, one after the other."""

import subprocess
import sys

MODULES = ("bench_detector", "bench_policy", "bench_accounts")


def main() -> int:
    """Run each in a process of its own; the exit code of the first that fails."""
    for name in MODULES:
        sys.stdout.write(f"== {name}\n")
        sys.stdout.flush()
        code = subprocess.call([sys.executable, "-m", f"tests.bench.{name}"])
        if code:
            return code
    return 0


sys.exit(main())
