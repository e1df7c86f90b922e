"""The queue: no job is lost, none is done twice, and each step is on the record."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("sqlalchemy", reason="of the extra 'server'")

from vesalius.errors import ConfigError
from vesalius.server.accounts import Account
from vesalius.server.database import open_database, writing
from vesalius.server.job import FOLLOWS, JobState, Wish
from vesalius.server.queue import (
    MOST_TRIES,
    cancel,
    fail,
    find,
    finish,
    position,
    recover,
    retry,
    submit,
    take,
    tell,
    usual_time,
)
from vesalius.server.roles import Role
from vesalius.server.schema import METADATA

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNA = Account("u-1", "anna", frozenset({Role.READER}))
INPUT, OUTPUT = "a" * 64, "b" * 64
WISH = Wish("p-1", "case-1", "denoise", INPUT, {"seed": 3})


class Desk:
    """A database within one block, and its record as a list."""

    def __init__(self, connection):
        self.connection, self.events = connection, []

    def record(self, event):
        self.events.append(event)
        return len(self.events)

    def __getattr__(self, name):
        function = {
            "submit": submit,
            "take": take,
            "finish": finish,
            "fail": fail,
            "cancel": cancel,
            "retry": retry,
            "recover": recover,
        }[name]
        return lambda *args, **said: function(
            self.connection, self.record, *args, **said
        )

    def add(self, now=NOW):
        return self.submit(WISH, ANNA, now)

    def state(self, job):
        return find(self.connection, job.id).state


@pytest.fixture
def engine(tmp_path):
    engine = open_database(tmp_path / "db")
    METADATA.create_all(engine)
    return engine


@pytest.fixture
def desk(engine):
    with writing(engine) as connection:
        yield Desk(connection)


def test_a_job_is_queued_taken_told_of_and_done(desk):
    job = desk.add()
    assert (job.state, job.wish, job.by) == (JobState.WAITING, WISH, "u-1")
    begun = desk.take("w1", NOW)
    assert (begun.id, begun.state, begun.tries) == (job.id, JobState.RUNNING, 1)
    assert tell(desk.connection, job.id, "w1", "denoise", 3, 20)
    told = find(desk.connection, job.id)
    assert (told.stage, told.done, told.total) == ("denoise", 3, 20)
    done = desk.finish(job.id, "w1", OUTPUT, NOW + timedelta(seconds=5))
    assert (done.state, done.output_sha256) == (JobState.DONE, OUTPUT)
    assert [e.what for e in desk.events] == ["job.queued", "job.begun", "job.done"]
    assert {e.case for e in desk.events} == {"case-1"}
    assert desk.events[-1].output_sha256 == OUTPUT
    assert usual_time(desk.connection, "denoise") == timedelta(seconds=5)
    assert usual_time(desk.connection, "segment") is None


def test_who_came_first_is_served_first_and_sees_the_place(desk):
    first, second, third = (desk.add() for _ in range(3))
    assert [position(desk.connection, j.id) for j in (first, second, third)] == [
        0,
        1,
        2,
    ]
    assert desk.take("w1", NOW).id == first.id
    assert position(desk.connection, first.id) is None
    assert position(desk.connection, third.id) == 1
    assert desk.take("w2", NOW).id == second.id
    assert desk.take("w3", NOW).id == third.id
    assert desk.take("w4", NOW) is None


def test_a_cancelled_job_is_nobodys_and_its_worker_is_told(desk):
    job = desk.add()
    desk.take("w1", NOW)
    desk.cancel(job.id, ANNA, NOW)
    assert not tell(desk.connection, job.id, "w1", "denoise", 4, 20)
    with pytest.raises(ConfigError, match="drop what came of it"):
        desk.finish(job.id, "w1", OUTPUT, NOW)
    assert desk.state(job) is JobState.CANCELLED
    assert desk.events[-1].who == "u-1"


def test_a_failed_job_is_tried_again_with_a_reason_in_its_old_place(desk):
    job, later = desk.add(), desk.add()
    desk.take("w1", NOW)
    desk.fail(job.id, "w1", "out-of-memory", NOW)
    assert desk.events[-1].why == "out-of-memory"
    with pytest.raises(ConfigError, match="say why"):
        desk.retry(job.id, "", ANNA)
    desk.retry(job.id, "more-memory", ANNA)
    assert desk.take("w1", NOW).id == job.id
    with pytest.raises(ConfigError, match="running cannot be tried"):
        desk.retry(job.id, "again", ANNA)
    assert desk.state(later) is JobState.WAITING


def test_after_a_crash_jobs_wait_again_but_not_for_ever(desk):
    job = desk.add()
    for number in range(1, MOST_TRIES + 1):
        assert desk.take(f"w{number}", NOW).tries == number
        assert desk.recover([f"w{number}"], NOW) == ()  # it is alive
        (left,) = desk.recover([], NOW)
        expected = JobState.FAILED if number == MOST_TRIES else JobState.WAITING
        assert left.state is expected
    assert desk.take("w9", NOW) is None
    assert find(desk.connection, job.id).reason == "worker-lost"


def test_a_job_that_the_desk_stopped_in_order_has_not_been_tried(desk):
    job = desk.add()
    for number in range(MOST_TRIES + 1):
        desk.take(f"w{number}", NOW)
        (left,) = desk.recover([], NOW, in_order=True)
        assert (left.state, left.reason) == (JobState.WAITING, "desk-shut")
    assert find(desk.connection, job.id).tries == 0


def test_a_worker_that_was_given_up_cannot_end_anothers_try(desk):
    job = desk.add()
    desk.take("w1", NOW)
    desk.recover([], NOW)
    desk.take("w2", NOW)
    for end in (
        lambda: desk.finish(job.id, "w1", OUTPUT, NOW),
        lambda: desk.fail(job.id, "w1", "late", NOW),
    ):
        with pytest.raises(ConfigError, match="not this worker's"):
            end()
    assert desk.finish(job.id, "w2", OUTPUT, NOW).state is JobState.DONE


def test_what_is_done_stays_done(desk):
    job = desk.add()
    desk.take("w1", NOW)
    desk.finish(job.id, "w1", OUTPUT, NOW)
    assert not FOLLOWS[JobState.DONE]
    with pytest.raises(ConfigError, match="done cannot become cancelled"):
        desk.cancel(job.id, ANNA, NOW)
    with pytest.raises(ConfigError, match="done cannot be tried"):
        desk.retry(job.id, "again", ANNA)
    with pytest.raises(ConfigError, match="no such job"):
        desk.cancel("job-none", ANNA, NOW)


def test_no_two_workers_get_the_same_job(engine):
    with writing(engine) as connection:
        for _ in range(6):
            Desk(connection).add()
    taken = []

    def work(name):
        while True:
            with writing(engine) as connection:
                job = Desk(connection).take(name, NOW)
            if job is None:
                return
            taken.append(job.id)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 6
