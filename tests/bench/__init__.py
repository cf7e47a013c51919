"""How fast, from where to where: ratios first, milliseconds of this one machine second."""

import os

# Every library that has a thread pool of its own reads its size before it is imported.
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(POOLS, "1"))
