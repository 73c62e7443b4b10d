"""is-it-slop's rate and memory; run by the Python that has it, without TruePen.

Reads {"texts": [...], "batch": n} on standard input, writes {"rate": texts a
CPU-second, "resident": MB}.
"""

import json
import sys
import time
from pathlib import Path

from is_it_slop import is_this_slop_batch  # type: ignore[import-not-found]

asked = json.load(sys.stdin)
texts, batch = asked["texts"], asked["batch"]
is_this_slop_batch(texts[:batch])
begun = time.process_time()
for start in range(0, len(texts), batch):
    is_this_slop_batch(texts[start : start + batch])
rate = len(texts) / (time.process_time() - begun)
status = Path("/proc/self/status").read_text().split("VmHWM:")[1]
resident = int(status.split()[0]) / 1024
sys.stdout.write(json.dumps({"rate": rate, "resident": resident}) + "\n")
