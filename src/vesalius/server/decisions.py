"""Decisions: all that is known of what was decided on an answer, for other systems."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from vesalius.governance.review import Act, Review, Step, decision_of, is_final
from vesalius.io.dicom_decision import Decided, Said
from vesalius.io.dicom_sr import Marked
from vesalius.io.record import USE
from vesalius.result import Energy, Provenance
from vesalius.server.accounts import Account
from vesalius.server.desk import Desk
from vesalius.server.results import UNREVIEWED, Found, files_of, find_result
from vesalius.server.reviews import find_review, refuse_unseen
from vesalius.server.scans import Scan, find_scan, taken_of
from vesalius.server.schema import USERS
from vesalius.server.versions import MACHINE, Version, record_of, versions_of

WORDS = {Act.ACCEPT: "accepted", Act.CORRECT: "corrected", Act.REJECT: "rejected"}
UNDECIDED = "undecided"
INSTITUTION = "00080080"  # in DICOM's JSON


@dataclass(frozen=True, repr=False)
class Leaving:
    """An answer that leaves the desk; never shown by `repr`: it knows the patient.

    Attributes:
        found: The result.
        scan: It is of.
        review: As it stands.
        versions: All of them, the one that is decided on last.
        names: Of accounts, by id.
        taken: What was taken out of the scan's files; "{}" of a NIfTI.
        record: The machine's own, `result.json`.
        files: Digests by name: the machine's, and those of the last version.
    """

    found: Found
    scan: Scan
    review: Review
    versions: tuple[Version, ...]
    names: Mapping[str, str]
    taken: str
    record: Mapping[str, Any]
    files: Mapping[str, str]

    @property
    def label(self) -> str:
        """What stands on it until it is signed."""
        return "" if is_final(self.review) else UNREVIEWED

    @property
    def version(self) -> Version:
        """The one that is decided on."""
        return self.versions[-1]


def gathered(desk: Desk, account: Account, result: str) -> Leaving:
    """Gather what leaves the desk with an answer.

    Args:
        desk: Keeps it.
        account: Who asks: to whom the answer, as it is now, was shown.
        result: Its id.

    Raises:
        AbsentError: There is none, or none for who asks.
        ReviewError: It was not shown to them.
        FormatError: What was sealed of the patient was altered.
    """
    with desk.look() as connection:
        found = find_result(connection, result, account)
        review = find_review(connection, result)
        refuse_unseen(review, account)
        scan = find_scan(connection, found.scan)
        rows = connection.execute(select(USERS.c.id, USERS.c.name)).all()
        machines = files_of(desk.objects, found.output_sha256)
        return Leaving(
            found=found,
            scan=scan,
            review=review,
            versions=versions_of(connection, desk.objects, found, review),
            names={row.id: row.name for row in rows},
            taken=taken_of(connection, desk.vault, scan.id),
            record=record_of(desk.objects, found),
            files={**machines, **files_of(desk.objects, review.digest)},
        )


def decided_of(leaving: Leaving) -> Decided:
    """Return what was decided on an answer, as its report says it.

    Args:
        leaving: The answer.
    """
    review, version = leaving.review, leaving.version
    taken = decision_of(review)
    place = json.loads(leaving.taken).get(INSTITUTION, {}).get("Value") or [""]
    more = {"organization": str(place[0])} if place[0] else {}
    return Decided(
        output_sha256=review.digest,
        decision=_word(review, taken),
        when=_time(review.steps[-1]) if review.steps else leaving.found.made,
        reason=taken.reason if taken is not None else "",
        signed=tuple((leaving.names[s.by], _time(s)) for s in _signatures(review)),
        opinions=tuple(
            Said(leaving.names[one.reader], one.finds, one.confidence)
            for one in review.opinions
        ),
        volume_ml=version.volume_ml,
        findings=tuple(_marked(one) for one in version.findings),
        **more,
    )


def told_of(leaving: Leaving, files: Mapping[str, str], dicom: str) -> dict[str, Any]:
    """Return what was decided on an answer, for programs.

    Args:
        leaving: The answer.
        files: Digests by name of what leaves with it.
        dicom: Why no DICOM report goes with it; empty where one does.
    """
    found, review, decided = leaving.found, leaving.review, decided_of(leaving)
    return {
        "label": leaving.label,
        "use": USE,
        "result": found.id,
        "case": leaving.scan.case,
        "verb": found.verb,
        "model": found.model,
        "weights_sha256": found.weights_sha256,
        "input_sha256": leaving.scan.scan_sha256,
        "output_sha256": review.digest,
        "verdict": leaving.record["verdict"],
        "state": review.state,
        "decision": decided.decision,
        "reason": decided.reason,
        "signed": [
            {"by": name, "when": when.isoformat()} for name, when in decided.signed
        ],
        "signers_needed": review.signers,
        "first_reads": [
            {**asdict(one), "reader": leaving.names[one.reader]}
            for one in review.opinions
        ],
        "versions": [
            {**asdict(one), "made": one.made.isoformat()} for one in leaving.versions
        ],
        "no_dicom_because": dicom,
        "files": dict(files),
    }


def provenance_of(record: Mapping[str, Any]) -> Provenance:
    """Return how an answer was made, from its record.

    Args:
        record: `result.json`.
    """
    told = dict(record["provenance"])
    energy = told.pop("energy", None)
    options = tuple(sorted(told.pop("options").items()))
    return Provenance(
        **told, options=options, energy=None if energy is None else Energy(**energy)
    )


def _word(review: Review, taken: Step | None) -> str:
    """Name a decision; whoever accepts a person's version accepts a correction."""
    if taken is None:
        return UNDECIDED
    if taken.act is Act.ACCEPT and review.digest != review.versions[0]:
        return WORDS[Act.CORRECT]
    return WORDS[taken.act]


def _signatures(review: Review) -> tuple[Step, ...]:
    if not is_final(review):
        return ()
    signed = tuple(step for step in review.steps if step.act is Act.SIGN)
    return signed[-review.signers :]


def _time(step: Step) -> datetime:
    return datetime.fromisoformat(step.when)


def _marked(finding: Mapping[str, Any]) -> Marked:
    x, y, z = finding["position_mm"]
    # Of a place that a person chose the model's mean is no probability of a finding.
    by_machine = finding["by"] == MACHINE
    chance = finding["probability"] if by_machine else None
    return Marked((x, y, z), finding["size_mm"], chance)
