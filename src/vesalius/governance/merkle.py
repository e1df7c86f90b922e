"""Merkle: a tree of hashes over a log, as RFC 6962 has it.

A log of n records has one root. Whoever keeps a root can later be shown, in a few
hashes, that a record lies in the log and that a longer log begins with the one of that
root. Functions over hashes; nothing here knows what a record is or where it is kept.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

LEAF, NODE = b"\x00", b"\x01"  # so that no record can pass for two others
EMPTY_ROOT = sha256(b"").digest()

Hash = bytes


def leaf_hash(record: bytes) -> Hash:
    """Hash one record.

    Args:
        record: Its bytes, whole.

    Source:
        RFC 6962, section 2.1.
    """
    return sha256(LEAF + record).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Hash two subtrees into the one above them.

    Args:
        left: Root of the older records.
        right: Root of the newer ones.
    """
    return sha256(NODE + left + right).digest()


class Frontier:
    """The roots of the full subtrees of a growing log: all that appending needs.

    Args:
        leaves: Hashes of the records so far, oldest first.
    """

    def __init__(self, leaves: Iterable[Hash] = ()) -> None:
        self.count = 0
        self.peaks: list[Hash] = []  # of subtrees with falling powers of two
        for leaf in leaves:
            self.append(leaf)

    @classmethod
    def of(cls, count: int, peaks: Sequence[Hash]) -> "Frontier":
        """Go on with a log of which only the peaks were kept.

        Args:
            count: Records.
            peaks: As `peaks` had them.

        Raises:
            ValueError: A log of as many records has more peaks, or fewer.
        """
        if len(peaks) != count.bit_count():
            raise ValueError(f"a log of {count} records has other peaks")
        frontier = cls()
        frontier.count, frontier.peaks = count, list(peaks)
        return frontier

    def append(self, leaf: Hash) -> None:
        """Take one more record in.

        Args:
            leaf: Its `leaf_hash`.
        """
        self.peaks.append(leaf)
        self.count += 1
        whole = self.count
        while whole % 2 == 0:
            right, left = self.peaks.pop(), self.peaks.pop()
            self.peaks.append(node_hash(left, right))
            whole //= 2

    @property
    def root(self) -> Hash:
        """The root of the records so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(leaves: Sequence[Hash]) -> Hash:
    """Return the root over hashed records.

    Args:
        leaves: `leaf_hash` of each, oldest first; none has a root too.
    """
    return Frontier(leaves).root


def inclusion_proof(leaves: Sequence[Hash], index: int) -> tuple[Hash, ...]:
    """Return the hashes that lead from one record to the root.

    Args:
        leaves: Of the whole log.
        index: Of the record, from 0.

    Raises:
        IndexError: The log has no such record.

    Source:
        RFC 6962, section 2.1.1.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"a log of {len(leaves)} records has no record {index}")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def is_included(
    leaf: Hash, index: int, count: int, proof: Sequence[Hash], root: Hash
) -> bool:
    """Say whether a proof shows that a record lies in the log of a root.

    Args:
        leaf: The record's hash.
        index: Its place, from 0.
        count: Records of the log.
        proof: As `inclusion_proof` returns it.
        root: The log's.

    Source:
        RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < count:
        return False
    place, last, found = index, count - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(step, found)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            found = node_hash(found, step)
        place, last = place // 2, last // 2
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[Hash], old: int) -> tuple[Hash, ...]:
    """Return the hashes that show that a log begins with an older one.

    Args:
        leaves: Of the whole log.
        old: Records of the older log, at least 1.

    Raises:
        IndexError: The log was never as short, or is not as long.

    Source:
        RFC 6962, section 2.1.2.
    """
    if not 0 < old <= len(leaves):
        raise IndexError(f"a log of {len(leaves)} records never had {old} to go on")
    return _consistent(leaves, old, whole=True)


def is_consistent(
    old: int, old_root: Hash, count: int, root: Hash, proof: Sequence[Hash]
) -> bool:
    """Say whether a proof shows that a log begins with an older one.

    Args:
        old: Records of the older log, at least 1.
        old_root: Its root, kept by the one who asks.
        count: Records of the log now.
        root: Its root now.
        proof: As `consistency_proof` returns it.

    Source:
        RFC 9162, section 2.1.4.2.
    """
    if not 0 < old <= count:
        return False
    if old == count:
        return not proof and old_root == root
    is_peak = old & (old - 1) == 0  # the older root is then in the tree itself
    steps = [old_root, *proof] if is_peak else list(proof)
    return bool(steps) and _both_roots(old, count, steps) == (old_root, root)


def _both_roots(
    old: int, count: int, steps: Sequence[Hash]
) -> tuple[Hash, Hash] | None:
    """Follow a consistency proof to the older root and to the one of now."""
    place, last = old - 1, count - 1
    while place % 2:
        place, last = place // 2, last // 2
    before = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if place % 2 or place == last:
            before, now = node_hash(step, before), node_hash(step, now)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            now = node_hash(now, step)
        place, last = place // 2, last // 2
    return (before, now) if last == 0 else None


def _split(count: int) -> int:
    """Return the largest power of two below a count."""
    return 1 << (count - 1).bit_length() - 1


def _consistent(leaves: Sequence[Hash], old: int, *, whole: bool) -> tuple[Hash, ...]:
    if old == len(leaves):
        return () if whole else (root_of(leaves),)
    split = _split(len(leaves))
    if old <= split:
        left = _consistent(leaves[:split], old, whole=whole)
        return (*left, root_of(leaves[split:]))
    right = _consistent(leaves[split:], old - split, whole=False)
    return (*right, root_of(leaves[:split]))
