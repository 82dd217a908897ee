"""Trains the thermal forests on HIT-UAV and measures them on altitudes they never saw.

    cargo run -p vedette-video-bench --example thermal_outlooks -- HITUAV_DIR rows.bin
    python3 video/bench/train/thermal_forest.py rows.bin forest.bin

HIT-UAV: Suo et al., Scientific Data 10:227, 2023, CC BY 4.0. Needs numpy and lightgbm (Ke et al.
2017); one core, the same forests for the same rows. The rows come from the program that uses the
forests, so that training and use see the same numbers. Pictures at HELD_OUT altitudes are never
trained on. They are measured from several shares on, as the card tells; the share that the program
reports from is one of those. The file's form stands in `video/sight/src/forest.rs`.
"""

import json
import struct
import sys

import lightgbm as lgb
import numpy as np

HELD_OUT = (80, 110)
HEAD = 10
PLAIN = 40
KINDS = ("person", "two-wheeler", "vehicle")
FIRST = (60, 40, 40)
ROUNDS = (400, 250, 250)
LEAVES = 31
GATE_ROUNDS = 40
# Share of true objects' blobs the gate may lose, and share of the blobs that are nothing that are shown.
GATE_LOSS = 0.02
NOTHING = 0.1
# Share in the first forests from which all blobs that are nothing are shown.
HARD = 0.05
SHARES = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.96)
SEED = 5
BINS = dict(max_bin=63, use_missing=False, deterministic=True, force_row_wise=True, feature_pre_filter=False, verbose=-1)


class Rows:
    """The rows with their heads taken apart."""

    def __init__(self, path):
        self.truth = json.loads(open(f"{path}.truth.json").read())
        flat = np.memmap(path, dtype="<f4", mode="r")
        width = HEAD + self.truth[0]["numbers"]
        self.rows = flat.reshape(-1, width)
        head = np.array(self.rows[:, :HEAD])
        self.picture = head[:, 0].astype(int)
        self.altitude = head[:, 1].astype(int)
        self.kind = head[:, 2].astype(int)
        self.overlap, self.any, self.which = head[:, 3], head[:, 4], head[:, 5].astype(int)
        self.box = head[:, 6:10]
        self.start = np.searchsorted(self.picture, np.arange(len(self.truth) + 1))

    def numbers(self, index, most=None):
        out = np.empty((len(index), (most or self.rows.shape[1] - HEAD)), np.float32)
        for i in range(0, len(index), 20000):
            part = self.rows[index[i : i + 20000]]
            out[i : i + 20000] = part[:, HEAD : HEAD + out.shape[1]]
        return out


def boost(data, right, weight, rounds, leaves):
    """One forest: are these blobs of that kind?"""
    how = dict(
        objective="binary", num_leaves=leaves, learning_rate=0.1, feature_fraction=0.2, bagging_fraction=0.7,
        bagging_freq=1, min_child_samples=40, lambda_l2=5.0, num_threads=1, seed=SEED, **BINS,
    )  # fmt: skip
    data.set_label(right.astype(np.float32))
    data.set_weight(weight.astype(np.float32))
    return lgb.train(how, data, rounds)


def grow(rows, index, rounds):
    """Three forests on the blobs shown."""
    kind = rows.kind[index]
    data = lgb.Dataset(rows.numbers(index), label=(kind > 0).astype(np.float32), params=BINS)
    forests = []
    for k in range(3):
        mine = kind == k + 1
        # What barely covers its object is no example of it.
        weight = np.where(mine & (rows.overlap[index] < 0.3), 1e-6, 1.0)
        forests.append(boost(data, mine, weight, rounds[k], LEAVES))
        print(f"{KINDS[k]}: {mine.sum()} blobs of {len(kind)}", flush=True)
    return forests


def fit(rows, seen):
    """Gate and three forests on the blobs of the pictures seen."""
    rng = np.random.default_rng(SEED)
    # Half on something is neither example nor counterexample; nothing is shown in part.
    clear = seen & (rows.kind != 4) & ((rows.kind > 0) | (rows.any < 0.15))
    shown = clear & ((rows.kind > 0) | (rng.random(len(seen)) < NOTHING))
    index = np.nonzero(shown)[0]
    kind = rows.kind[index]
    data = lgb.Dataset(rows.numbers(index, PLAIN), label=(kind > 0).astype(np.float32), params=BINS)
    gate = boost(data, kind > 0, np.ones(len(kind)), GATE_ROUNDS, 15)
    least = np.quantile(gate.predict(rows.numbers(index[kind > 0], PLAIN), raw_score=True), GATE_LOSS)
    print(f"gate: {(kind > 0).sum()} blobs of something, {(kind == 0).sum()} of nothing", flush=True)
    # Then everything that first forests nearly take for something.
    first = grow(rows, index, FIRST)
    rest = np.nonzero(clear & ~shown)[0]
    hard = []
    for part in np.array_split(rest, max(len(rest) // 20000, 1)):
        part = part[gate.predict(rows.numbers(part, PLAIN), raw_score=True) >= least]
        numbers = rows.numbers(part)
        hard.append(part[np.max([f.predict(numbers) for f in first], axis=0) >= HARD])
    hard = np.concatenate(hard)
    print(f"{len(hard)} of {len(rest)} more are hard", flush=True)
    return gate, float(least), grow(rows, np.sort(np.concatenate([index, hard])), ROUNDS)


def detect(rows, model, pictures):
    """Objects of pictures, best first: (picture, kind, share, right, pardoned), as the program finds them."""
    gate, least, forests = model
    out = []
    for p in pictures:
        index = np.arange(rows.start[p], rows.start[p + 1])
        if not len(index):
            continue
        index = index[gate.predict(rows.numbers(index, PLAIN), raw_score=True) >= least]
        if not len(index):
            continue
        numbers = rows.numbers(index)
        shares = np.stack([f.predict(numbers) for f in forests], 1)
        for k in range(3):
            kept, taken = [], set()
            for i in np.argsort(-shares[:, k], kind="stable"):
                if shares[i, k] < 0.1:
                    break
                if shares[i, k] < shares[i].max() or any(alike(rows.box[index[i]], rows.box[j]) for j in kept):
                    continue
                kept.append(index[i])
                j = index[i]
                right = rows.kind[j] == k + 1 and rows.which[j] not in taken
                taken |= {rows.which[j]} if right else set()
                out.append((p, k, shares[i, k], right, rows.kind[j] == 4))
    return out


def alike(a, b):
    (x, y, w, h), (u, v, s, t) = a, b
    over = max(min(x + w, u + s) - max(x, u), 0) * max(min(y + h, v + t) - max(y, v), 0)
    inside = lambda cx, cy, q: q[0] <= cx <= q[0] + q[2] and q[1] <= cy <= q[1] + q[3]
    return (
        over / (w * h + s * t - over) >= 0.3
        or inside(x + w / 2, y + h / 2, b)
        or inside(u + s / 2, v + t / 2, a)
    )


def table(rows, found, pictures, k, least):
    """Precision, recall and wrong per picture of one kind from a share on."""
    truth = sum(rows.truth[p]["by_kind"][k + 1] for p in pictures)
    mine = [f for f in found if f[1] == k and f[2] >= least and not f[4]]
    right = sum(f[3] for f in mine)
    wrong = len(mine) - right
    return right / max(len(mine), 1), right / max(truth, 1), wrong / max(len(pictures), 1)


def branches(tree):
    """A tree's branches in order and its leaves."""
    nodes, leaves = [], []

    def walk(t):
        if "leaf_value" in t:
            leaves.append(t["leaf_value"])
            return -len(leaves)
        assert t["decision_type"] == "<="
        at = len(nodes)
        nodes.append(None)
        limit = np.float32(t["threshold"])
        if limit > t["threshold"]:
            limit = np.nextafter(limit, np.float32(-np.inf))
        nodes[at] = (t["split_feature"], limit, walk(t["left_child"]), walk(t["right_child"]))
        return at

    walk(tree)
    return nodes, leaves


def written(rows, model):
    """The file's bytes."""
    gate, least, forests = model
    out = b"VDTTREE1" + struct.pack("<HB", rows.rows.shape[1] - HEAD, 4)
    for f, from_score in zip([gate, *forests], [least, 0.0, 0.0, 0.0]):
        trees = [branches(t["tree_structure"]) for t in f.dump_model()["tree_info"]]
        trees = [t for t in trees if t[0]]
        out += struct.pack("<fH", from_score, len(trees))
        for nodes, leaves in trees:
            out += struct.pack("<B", len(nodes))
            out += b"".join(struct.pack("<Hfbb", *n) for n in nodes)
            out += struct.pack(f"<{len(leaves)}f", *leaves)
    return out


def main():
    rows = Rows(sys.argv[1])
    altitude = np.array([t["altitude_m"] for t in rows.truth])
    at = lambda which: np.nonzero(np.isin(altitude, which))[0]
    held = np.isin(rows.altitude, HELD_OUT)
    model = fit(rows, ~held)
    data = written(rows, model)
    open(sys.argv[2], "wb").write(data)
    print(f"{len(data)} bytes")
    found = detect(rows, model, at(HELD_OUT))
    for where in (HELD_OUT, *[(a,) for a in HELD_OUT]):
        for k in range(3):
            for s in SHARES:
                told = table(rows, [f for f in found if f[0] in set(at(where))], at(where), k, s)
                print(where, f"{KINDS[k]} from {s:.2f} on:", "P %.3f R %.3f, %.2f wrong" % told)


if __name__ == "__main__":
    main()
