"""From draft to signature: the table's ways and no other, whoever tries."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vesalius.errors import ReviewError
from vesalius.governance.review import (
    DECIDING,
    OVER,
    REASONS,
    TABLE,
    Act,
    Opinion,
    Review,
    State,
    Step,
    act,
    allowed,
    decision_of,
    give_opinion,
    has_seen,
    is_final,
    knows,
    seen,
)

PEOPLE = ("anna", "ben", "chris")
UNSURE = Opinion("anna", "unsure", 50)
SEEN = Step(Act.SHOW, "anna", "a")


def shown(**options):
    return act(Review("a", **options), Act.SHOW, "anna", "a")


def accepted(**options):
    return act(shown(**options), Act.ACCEPT, "anna", "a")


def test_a_signed_answer_was_shown_and_decided():
    review = act(accepted(), Act.SIGN, "anna", "a")
    assert is_final(review)
    assert [step.act for step in review.steps] == [Act.SHOW, Act.ACCEPT, Act.SIGN]
    assert allowed(review) == (Act.SHOW,)  # no newer answer takes its place


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Act)
def test_what_is_not_in_the_table_cannot_be_done(state, what):
    review = Review("a", state=state, steps=(SEEN,))
    given = {"reason": REASONS[0], "version": "b"}
    if what in TABLE[state]:
        assert act(review, what, "anna", "a", **given).state is TABLE[state][what]
    else:
        with pytest.raises(ReviewError, match=f"that is {state} cannot be"):
            act(review, what, "anna", "a", **given)


def test_only_what_a_person_took_on_can_be_signed():
    before = {state for state, row in TABLE.items() if Act.SIGN in row}
    assert before == {State.ACCEPTED, State.CORRECTED}


@pytest.mark.parametrize("what", [Act.ACCEPT, Act.REJECT, Act.SIGN, Act.SUPERSEDE])
def test_a_decision_on_another_output_is_refused(what):
    with pytest.raises(ReviewError, match="changed since it was shown"):
        act(accepted(), what, "anna", "other", reason=REASONS[0])


def test_a_first_read_comes_before_the_answer_and_is_the_readers_own():
    review = Review("a", first_read=True)
    with pytest.raises(ReviewError, match="opinion first"):
        act(review, Act.SHOW, "anna", "a")
    read = give_opinion(review, UNSURE)
    with pytest.raises(ReviewError, match="opinion first"):
        act(read, Act.SHOW, "ben", "a")
    with pytest.raises(ReviewError, match="stays as it is"):
        give_opinion(read, Opinion("anna", "present", 90))
    seen = act(read, Act.SHOW, "anna", "a")
    assert seen.opinions == (UNSURE,)
    with pytest.raises(ReviewError, match="would not be a first read"):
        give_opinion(seen, Opinion("anna", "present", 90))
    with pytest.raises(ReviewError, match="opinion first"):
        act(seen, Act.SHOW, "ben", "a")  # each reader has a first read of their own
    both = act(give_opinion(seen, Opinion("ben", "present", 90)), Act.SHOW, "ben", "a")
    assert has_seen(both, "ben")
    assert both.state is State.SHOWN


def test_nobody_decides_unseen():
    for what in (Act.ACCEPT, Act.CORRECT, Act.REJECT):
        with pytest.raises(ReviewError, match="unseen"):
            act(shown(), what, "ben", "a", reason=REASONS[0], version="b")
    with pytest.raises(ReviewError, match="unseen"):
        act(accepted(), Act.SIGN, "ben", "a")


def test_to_show_an_answer_once_more_changes_nothing():
    once = act(accepted(signers=2), Act.SIGN, "anna", "a")
    again = act(once, Act.SHOW, "ben", "a")
    assert (again.state, again.signed_by) == (once.state, once.signed_by)


def test_a_correction_is_a_version_of_its_own_and_both_are_kept():
    review = act(shown(), Act.CORRECT, "anna", "a", version="b")
    assert (review.digest, review.versions) == ("b", ("a", "b"))
    with pytest.raises(ReviewError, match="say its digest"):
        act(review, Act.CORRECT, "anna", "b")
    with pytest.raises(ReviewError, match="nothing was corrected"):
        act(review, Act.CORRECT, "anna", "b", version="a")
    with pytest.raises(ReviewError, match="changed since"):
        act(review, Act.SIGN, "anna", "a")


def test_whoever_saw_an_earlier_version_looks_again_before_deciding():
    both = act(shown(), Act.SHOW, "ben", "a")
    mended = act(both, Act.CORRECT, "anna", "a", version="b")
    assert knows(mended, "anna")  # who made it has seen it
    assert has_seen(mended, "ben")
    assert (seen(mended, "ben"), seen(mended, "anna")) == (("a",), ("a", "b"))
    for what in DECIDING:
        with pytest.raises(ReviewError, match="look at it again first"):
            act(mended, what, "ben", "b", reason=REASONS[0], version="c")
    again = act(mended, Act.SHOW, "ben", "b")
    assert seen(again, "ben") == ("a", "b")
    assert is_final(act(again, Act.SIGN, "ben", "b"))


def test_who_is_shown_a_correction_may_look_at_what_was_corrected():
    mended = act(shown(), Act.CORRECT, "anna", "a", version="b")
    assert seen(act(mended, Act.SHOW, "ben", "b"), "ben") == ("a", "b")
    assert seen(mended, "chris") == ()


def test_a_correction_leaves_the_opinion_of_a_first_read():
    read = give_opinion(Review("a", first_read=True), UNSURE)
    mended = act(
        act(read, Act.SHOW, "anna", "a"), Act.CORRECT, "anna", "a", version="b"
    )
    assert mended.opinions == (UNSURE,)
    with pytest.raises(ReviewError, match="opinion first"):
        act(mended, Act.SHOW, "ben", "b")
    with pytest.raises(ReviewError, match="would not be a first read"):
        give_opinion(mended, Opinion("anna", "present", 90))


def test_the_decision_is_the_last_one_that_was_taken():
    assert decision_of(shown()) is None
    review = act(accepted(), Act.REJECT, "anna", "a", reason=REASONS[0], when="later")
    mended = act(review, Act.CORRECT, "anna", "a", version="b")
    signed = act(mended, Act.SIGN, "anna", "b")
    assert decision_of(review) == Step(Act.REJECT, "anna", "a", REASONS[0], "", "later")
    assert decision_of(signed) == Step(Act.CORRECT, "anna", "a", "", "b")


def test_a_rejection_has_a_reason_of_the_list():
    with pytest.raises(ReviewError, match="poor-scan"):
        act(shown(), Act.REJECT, "anna", "a", reason="the patient moved")
    review = act(shown(), Act.REJECT, "anna", "a", reason="poor-scan")
    assert review.steps[-1].reason == "poor-scan"


def test_two_persons_sign_where_two_must():
    once = act(accepted(signers=2), Act.SIGN, "anna", "a")
    assert not is_final(once)
    with pytest.raises(ReviewError, match="another person's"):
        act(once, Act.SIGN, "anna", "a")
    assert is_final(act(act(once, Act.SHOW, "ben", "a"), Act.SIGN, "ben", "a"))


def test_a_new_decision_voids_a_first_signature():
    once = act(accepted(signers=2), Act.SIGN, "anna", "a")
    seen = act(once, Act.SHOW, "ben", "a")
    mended = act(seen, Act.CORRECT, "ben", "a", version="b")
    assert mended.signed_by == ()
    assert not is_final(act(mended, Act.SIGN, "ben", "b"))


@pytest.mark.parametrize(
    ("finds", "confidence"), [("maybe", 50), ("present", -1), ("present", 101)]
)
def test_an_opinion_is_of_three_words_and_a_share(finds, confidence):
    with pytest.raises(ReviewError):
        Opinion("anna", finds, confidence)


def test_a_review_is_a_value():
    review = shown()
    with pytest.raises(FrozenInstanceError):
        review.state = State.SIGNED
    with pytest.raises(ReviewError, match="or two do"):
        Review("a", signers=3)


class Desk(RuleBasedStateMachine):
    """Anybody tries anything, in any order, on outputs old and new."""

    @initialize(first_read=st.booleans(), signers=st.integers(1, 2))
    def begin(self, first_read, signers):
        self.review = Review("v0", first_read=first_read, signers=signers)
        self.made = 0
        self.lookers = {"v0": set()}  # of each version, kept apart from the review

    @rule(
        what=st.sampled_from(Act),
        by=st.sampled_from(PEOPLE),
        old=st.booleans(),
        reason=st.sampled_from(("", REASONS[0])),
    )
    def attempt(self, what, by, old, reason):
        before = self.review
        digest = before.versions[0] if old else before.digest
        version = f"v{self.made + 1}"
        try:
            after = act(before, what, by, digest, reason=reason, version=version)
        except ReviewError:
            return
        assert what in TABLE[before.state]
        assert digest == before.digest
        assert after.versions[: len(before.versions)] == before.versions
        assert after.steps[:-1] == before.steps
        if what in DECIDING:
            assert by in self.lookers[digest]
        self.made += what is Act.CORRECT
        self.lookers.setdefault(after.digest, set())
        if what in (Act.SHOW, Act.CORRECT):
            self.lookers[after.digest].add(by)
        self.review = after

    @rule(by=st.sampled_from(PEOPLE))
    def think(self, by):
        before = self.review
        try:
            self.review = give_opinion(before, Opinion(by, "absent", 70))
        except ReviewError:
            return
        assert not has_seen(before, by)

    @invariant()
    def a_signature_rests_on_what_came_before(self):
        if not hasattr(self, "review"):
            return
        review, done = self.review, [step.act for step in self.review.steps]
        if review.state is State.SIGNED:
            assert len(set(review.signed_by)) == review.signers
            signed = [step for step in review.steps if step.act is Act.SIGN]
            last = signed[-review.signers :]
            assert {step.digest for step in last} == {review.digest}
            assert {step.by for step in last} == set(review.signed_by)
            decided = [a for a in done if a in (Act.ACCEPT, Act.CORRECT, Act.REJECT)]
            assert decided[-1] is not Act.REJECT
        seers = {step.by for step in review.steps if step.act is Act.SHOW}
        if review.first_read:
            assert seers <= {given.reader for given in review.opinions}
        assert {s.by for s in review.steps if s.act in DECIDING} <= seers
        if set(done) & DECIDING:
            assert done[0] is Act.SHOW

    @invariant()
    def who_has_seen_what_is_as_it_was_shown(self):
        if not hasattr(self, "review"):
            return
        review = self.review
        assert review.digest == review.versions[-1]
        for person in PEOPLE:
            assert knows(review, person) == (person in self.lookers[review.digest])
            own = [
                n for n, v in enumerate(review.versions) if person in self.lookers[v]
            ]
            assert seen(review, person) == review.versions[: max(own, default=-1) + 1]

    @invariant()
    def what_is_over_stays_so(self):
        if hasattr(self, "review") and self.review.state in OVER:
            assert allowed(self.review) == (Act.SHOW,)


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
