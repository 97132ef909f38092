"""The vector rules in NumPy, for bench_aggregate: reads a matrix, then a rule a line, answers with processor seconds and,
for comparison, the first values of the result."""

import sys
import time

try:
    import numpy as np
except ImportError:
    print("no NumPy", flush=True)
    sys.exit(0)

path, rows, liars = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
matrix = np.fromfile(path).reshape(rows, -1)


def mean():
    return matrix.mean(axis=0)


def median():
    return np.median(matrix, axis=0)


def trimmed_mean():
    parted = np.partition(matrix, (liars, rows - liars - 1), axis=0)
    return parted[liars : rows - liars].mean(axis=0)


def krum():
    products = matrix @ matrix.T
    norms = np.diag(products)
    distances = norms[:, None] + norms[None, :] - 2 * products
    np.fill_diagonal(distances, np.inf)
    distances.sort(axis=1)
    return matrix[distances[:, : rows - liars - 2].sum(axis=1).argmin()]


print("NumPy", np.__version__, flush=True)
for line in sys.stdin:
    rule = {"mean": mean, "median": median, "trimmed_mean": trimmed_mean, "krum": krum}[line.strip()]
    start = time.process_time()
    result = rule()
    seconds = time.process_time() - start
    print(seconds, *(float(x).hex() for x in result[:4]), flush=True)
