"""From draft to signature: the table's ways and no other, whoever tries."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vesalius.errors import ReviewError
from vesalius.governance.review import (
    REASONS,
    TABLE,
    Act,
    Opinion,
    Review,
    State,
    act,
    allowed,
    give_opinion,
    is_final,
)

PEOPLE = ("anna", "ben", "chris")
UNSURE = Opinion("anna", "unsure", 50)


def shown(**options):
    return act(Review("a", **options), Act.SHOW, "anna", "a")


def accepted(**options):
    return act(shown(**options), Act.ACCEPT, "anna", "a")


def test_a_signed_answer_was_shown_and_decided():
    review = act(accepted(), Act.SIGN, "anna", "a")
    assert is_final(review)
    assert [step.act for step in review.steps] == [Act.SHOW, Act.ACCEPT, Act.SIGN]
    assert allowed(review) == (Act.SUPERSEDE,)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Act)
def test_what_is_not_in_the_table_cannot_be_done(state, what):
    review = Review("a", state=state)
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
        give_opinion(seen, Opinion("ben", "present", 90))


def test_a_correction_is_a_version_of_its_own_and_both_are_kept():
    review = act(shown(), Act.CORRECT, "anna", "a", version="b")
    assert (review.digest, review.versions) == ("b", ("a", "b"))
    with pytest.raises(ReviewError, match="say its digest"):
        act(review, Act.CORRECT, "anna", "b")
    with pytest.raises(ReviewError, match="nothing was corrected"):
        act(review, Act.CORRECT, "anna", "b", version="a")
    with pytest.raises(ReviewError, match="changed since"):
        act(review, Act.SIGN, "anna", "a")


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
    assert is_final(act(once, Act.SIGN, "ben", "a"))


def test_a_new_decision_voids_a_first_signature():
    once = act(accepted(signers=2), Act.SIGN, "anna", "a")
    mended = act(once, Act.CORRECT, "ben", "a", version="b")
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
        self.made += what is Act.CORRECT
        self.review = after

    @rule(by=st.sampled_from(PEOPLE))
    def think(self, by):
        before = self.review
        try:
            self.review = give_opinion(before, Opinion(by, "absent", 70))
        except ReviewError:
            return
        assert before.state is State.DRAFT

    @invariant()
    def a_signature_rests_on_what_came_before(self):
        if not hasattr(self, "review"):
            return
        review, done = self.review, [step.act for step in self.review.steps]
        if review.state is State.SIGNED:
            assert len(set(review.signed_by)) == review.signers
            last = review.steps[-review.signers :]
            assert {step.digest for step in last} == {review.digest}
            decided = [a for a in done if a in (Act.ACCEPT, Act.CORRECT, Act.REJECT)]
            assert decided[-1] is not Act.REJECT
        if Act.SHOW in done and review.first_read:
            shower = next(s.by for s in review.steps if s.act is Act.SHOW)
            assert shower in {given.reader for given in review.opinions}
        if State.DRAFT is not review.state and done != [Act.SUPERSEDE]:
            assert done[0] is Act.SHOW


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
