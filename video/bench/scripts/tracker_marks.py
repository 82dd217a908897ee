"""Marks of `vedette track` by py-motmetrics, beside a plain SORT by this script: a second judge of the
table's tracker rows (`pip install motmetrics`).

    python3 video/bench/scripts/tracker_marks.py VEDETTE DATA/mot15

VEDETTE is the program, the folder holds NAME/gt.txt and NAME/det_frcnn.txt in MOTChallenge form. Prints
MOTA, IDF1 and switches per sequence and over all, boxes matched at an intersection over union of one
half; ends with 1 when all sequences together miss MOTA 38, IDF1 49 or 700 switches.
"""

import pathlib
import subprocess
import sys
import tempfile

import motmetrics as mm
import numpy as np
from scipy.optimize import linear_sum_assignment


def boxes(path, counted=False):
    """Frame -> list of (identity, [left, top, width, height], score)."""
    out = {}
    for line in path.read_text().splitlines():
        v = [float(x) for x in line.split(",")[:7]]
        if counted and v[6] == 0:
            continue
        out.setdefault(int(v[0]), []).append((int(v[1]), v[2:6], v[6]))
    return out


def overlaps(a, b):
    """Intersection over union of every box with every other."""
    a, b = np.asarray(a, float).reshape(-1, 4), np.asarray(b, float).reshape(-1, 4)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    inner = np.clip(high - low, 0, None).prod(axis=2)
    return inner / (a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None] - inner + 1e-12)


def sort(found, frames, least=0.5):
    """SORT (Bewley et al. 2016) reduced to its idea: constant velocity, best overlap, no patience."""
    tracks, results, following = [], {}, 1
    for f in range(1, frames + 1):
        seen = [b for _, b, s in found.get(f, []) if s >= least]
        ahead = [[x + vx, y + vy, w, h] for (_, (x, y, w, h), (vx, vy), _) in tracks]
        now = []
        if ahead and seen:
            iou = overlaps(ahead, seen)
            pairs = [(i, j) for i, j in zip(*linear_sum_assignment(-iou)) if iou[i, j] >= 0.3]
        else:
            pairs = []
        for i, j in pairs:
            number, old, v, looks = tracks[i]
            step = [seen[j][k] - old[k] for k in (0, 1)]
            v = [0.5 * v[k] + 0.5 * step[k] for k in (0, 1)] if looks > 1 else step
            now.append((number, seen[j], v, looks + 1))
        taken = {j for _, j in pairs}
        for j, b in enumerate(seen):
            if j not in taken:
                now.append((following, b, [0.0, 0.0], 1))
                following += 1
        tracks = now
        results[f] = [(n, b, 1.0) for n, b, _, looks in tracks if looks >= 3 or f <= 3]
    return results


def judged(truth, result):
    marks = mm.MOTAccumulator(auto_id=True)
    for f in range(1, max([0, *truth, *result]) + 1):
        t, r = truth.get(f, []), result.get(f, [])
        d = 1 - overlaps([b for _, b, _ in t], [b for _, b, _ in r])
        marks.update([i for i, _, _ in t], [i for i, _, _ in r], np.where(d > 0.5, np.nan, d))
    return marks


def main(program, root):
    # py-motmetrics 1.4 asks NumPy for a name that version 2 dropped.
    if not hasattr(np, "asfarray"):
        np.asfarray = lambda a: np.asarray(a, dtype=float)
    names, all_marks = [], {"ours": [], "SORT": []}
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted(p for p in pathlib.Path(root).iterdir() if (p / "det_frcnn.txt").is_file()):
            out = pathlib.Path(scratch) / f"{folder.name}.txt"
            subprocess.run(
                [program, "track", "--mot", folder / "det_frcnn.txt", "--out", out], check=True, capture_output=True
            )
            truth, found = boxes(folder / "gt.txt", counted=True), boxes(folder / "det_frcnn.txt")
            names.append(folder.name)
            all_marks["ours"].append(judged(truth, boxes(out)))
            all_marks["SORT"].append(judged(truth, sort(found, max(*truth, *found))))
    host, total = mm.metrics.create(), {}
    for who, marks in all_marks.items():
        table = host.compute_many(
            marks, names=names, metrics=["mota", "idf1", "num_switches"], generate_overall=True
        )
        for name, row in table.iterrows():
            print(f"{who:5} {name:14} MOTA {100 * row.mota:5.1f}  IDF1 {100 * row.idf1:5.1f}  switches {int(row.num_switches)}")
        total[who] = table.loc["OVERALL"]
    ours = total["ours"]
    return 0 if ours.mota >= 0.38 and ours.idf1 >= 0.49 and ours.num_switches <= 700 else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
