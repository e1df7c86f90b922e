"""Candidates: whole blocks in one part each, and a gap between parts."""

from itertools import pairwise

import numpy as np
import pytest

from vesalius.errors import ConfigError, FormatError
from vesalius.evaluate.candidates import (
    BLOCK,
    GAP,
    open_candidates,
    open_fold,
    parts_of,
)


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    row = np.sort(rng.choice(40 * BLOCK, 600, replace=False))
    np.savez(
        tmp_path / "patches.npz",
        image=rng.integers(0, 256, (600, 50, 50)).astype(np.uint8),
        nodule=(rng.random(600) < 0.2).astype(np.uint8),
        candidate_row=row,
    )
    return tmp_path / "patches.npz"


def test_parts_are_whole_blocks_with_a_gap_between_them(file):
    row = np.arange(0, 40 * BLOCK, 100)
    part = parts_of(row)
    for block in range(40):
        named = set(part[row // BLOCK == block]) - {""}
        assert len(named) == 1
    shares = [float(np.mean(part == name)) for name in ("train", "calibrate", "test")]
    assert shares[0] > 0.5
    assert min(shares[1:]) > 0.12
    # the nearest rows of two parts lie a gap apart
    named = [(int(r), p) for r, p in zip(row, part, strict=True) if p]
    apart = [later - earlier for (earlier, p), (later, q) in pairwise(named) if p != q]
    assert min(apart) >= GAP


def test_the_parts_of_a_file_hold_all_but_the_gaps(file):
    whole = open_candidates(file)
    parts = [open_candidates(file.parent, part=p) for p in ("train", "test")]
    assert whole.item.size == 600
    assert whole.pictures.max() <= 1
    held = np.concatenate([part.item for part in parts])
    assert np.unique(held).size == held.size < 600
    assert not set(parts[0].block.tolist()) & set(parts[1].block.tolist())
    assert np.array_equal(whole.pictures[parts[1].item], parts[1].pictures)


def test_what_is_no_set_of_patches_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"patches\.npz"):
        open_candidates(tmp_path)
    np.savez(tmp_path / "patches.npz", image=np.zeros(3))
    with pytest.raises(FormatError, match="candidate_row"):
        open_candidates(tmp_path)


def test_folds_hold_every_block_out_once_with_gaps_and_no_test_block(file):
    row = np.load(file)["candidate_row"]
    test = set(open_candidates(file, part="test").block.tolist())
    held_out = []
    for fold in range(3):
        seen, held = open_fold(file, fold, 3)
        blocks = set(held.block.tolist())
        assert not blocks & set(seen.block.tolist())
        assert not (blocks | set(seen.block.tolist())) & test
        apart = np.abs(row[seen.item][:, None] - row[held.item][None])
        assert apart.min() >= GAP
        held_out += blocks
    taught = {
        b for p in ("train", "calibrate") for b in open_candidates(file, part=p).block
    }
    assert sorted(held_out) == sorted(taught)
    with pytest.raises(ConfigError, match="cannot be dealt"):
        open_fold(file, 0, 100)
