"""The tree's roots and proofs are those of RFC 6962, and nothing else passes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesalius.governance.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
)

# The records and roots that implementations of Certificate Transparency test with.
RECORDS = [
    bytes.fromhex(record)
    for record in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [leaf_hash(record) for record in RECORDS]


def leaves_of(count):
    return [leaf_hash(str(n).encode()) for n in range(count)]


@pytest.mark.parametrize("count", range(9))
def test_roots_are_the_published_ones(count):
    assert root_of(LEAVES[:count]).hex() == ROOTS[count]


@pytest.mark.parametrize(
    ("index", "count", "proof"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
    ],
)
def test_inclusion_proofs_are_the_published_ones(index, count, proof):
    found = inclusion_proof(LEAVES[:count], index)
    assert [step.hex() for step in found] == proof


def test_consistency_proof_is_the_published_one():
    found = consistency_proof(LEAVES, 6)
    assert [step.hex() for step in found] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 40), st.data())
def test_every_record_is_shown_to_lie_in_its_log_and_in_no_other_place(count, data):
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    proof, root = inclusion_proof(leaves, index), root_of(leaves)
    assert is_included(leaves[index], index, count, proof, root)
    if count > 1:
        other = (index + data.draw(st.integers(1, count - 1))) % count
        assert not is_included(leaves[other], index, count, proof, root)
        assert not is_included(leaves[index], other, count, proof, root)
    assert not is_included(leaves[index], index, count, (*proof, root), root)
    assert not is_included(leaves[index], index, count, proof, leaf_hash(b"other"))
    if proof:
        assert not is_included(leaves[index], index, count, proof[:-1], root)
        spoilt = (sha256(proof[0]).digest(), *proof[1:])
        assert not is_included(leaves[index], index, count, spoilt, root)


@given(st.integers(1, 40), st.data())
def test_a_log_is_shown_to_begin_with_each_older_one_and_with_no_bent_one(count, data):
    leaves = leaves_of(count)
    old = data.draw(st.integers(1, count))
    before, now = root_of(leaves[:old]), root_of(leaves)
    proof = consistency_proof(leaves, old)
    assert is_consistent(old, before, count, now, proof)
    bent = list(leaves)
    bent[data.draw(st.integers(0, old - 1))] = leaf_hash(b"bent")
    assert not is_consistent(
        old, before, count, root_of(bent), consistency_proof(bent, old)
    )
    assert not is_consistent(old, leaf_hash(b"x"), count, now, proof)
    assert not is_consistent(count + 1, before, count, now, proof)
    assert not is_consistent(0, before, count, now, proof)


@given(st.integers(0, 70))
def test_growing_a_log_gives_the_root_of_the_whole(count):
    frontier, leaves = Frontier(), leaves_of(count)
    for leaf in leaves:
        frontier.append(leaf)
    assert frontier.count == count
    assert frontier.root == _plain_root(leaves)


def _plain_root(leaves):
    """Return the root by the definition, without a frontier."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(_plain_root(leaves[:half]), _plain_root(leaves[half:]))


@pytest.mark.parametrize(("count", "index"), [(0, 0), (3, 3), (3, -1)])
def test_a_record_that_is_not_there_has_no_proof(count, index):
    with pytest.raises(IndexError, match="no record"):
        inclusion_proof(leaves_of(count), index)
    assert not is_included(leaf_hash(b""), index, count, (), leaf_hash(b""))


@pytest.mark.parametrize("old", [0, 4])
def test_a_log_that_never_was_has_no_proof(old):
    with pytest.raises(IndexError, match="never had"):
        consistency_proof(leaves_of(3), old)


def test_a_record_cannot_pass_for_two_others():
    one, other = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(one + other) != node_hash(one, other)
