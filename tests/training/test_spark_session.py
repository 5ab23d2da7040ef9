"""What Spark's session refuses, and how what goes wrong on a cluster is told; none is opened."""

import re
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest

from training import params as settings
from training.pipeline import on_spark
from training.spark import executors
from training.spark.executors import BACK, Executor, expected
from training.spark.learn import again
from training.spark.session import attended, require_java, require_reachable, worded

ROOT = Path(__file__).parents[2]


class Cluster:
    """A session's context with so many executors and its driver, where a job waits until it is cancelled."""

    master = "spark://somewhere:7077"

    def __init__(self, workers: int) -> None:
        self.workers, self.cancelled = workers, Event()
        self.sparkContext = self._jsc = self

    def sc(self) -> "Cluster":
        return self

    statusTracker = sc  # noqa: N815

    def isLocal(self) -> bool:  # noqa: N802
        return False

    def getExecutorInfos(self) -> list[int]:  # noqa: N802
        return [0] * (self.workers + 1)

    def cancelAllJobs(self) -> None:  # noqa: N802
        self.cancelled.set()


def test_a_cluster_without_workers_is_an_error_after_a_while():
    for workers, is_lost in ((1, False), (0, True)):
        cluster = Cluster(workers)
        with attended(cluster, 0.04, 0.02) as lonely:
            assert cluster.cancelled.wait(5 if is_lost else 0.2) is is_lost
            assert lonely.is_set() is is_lost
    why = r"spark://somewhere:7077.*no worker.*goes on"
    with pytest.raises(ConnectionError, match=why), worded(cluster.master, lonely):
        raise RuntimeError("Job 3 cancelled")


def test_a_lost_executor_is_waited_for_as_long_as_another_may_take_its_place():
    stays, goes, comes = Executor(2, 0), Executor(2, 0, removed=1000), Executor(2, 1010)
    assert expected([stays, goes], 1001) == 4
    assert expected([stays, goes, comes], 1011) == 4  # not six: never were all three there
    assert expected([stays, goes], 1000 + BACK + 1) == 2
    assert expected([], 1000) == 0


def test_a_fit_waits_for_the_place_of_a_lost_executor_and_no_longer_than_it_may_take(monkeypatch):
    clock, here = [1000.0], [2]
    monkeypatch.setattr(executors.time, "time", lambda: clock[0])
    monkeypatch.setattr(executors.time, "sleep", lambda seconds: clock.append(clock.pop() + seconds))
    monkeypatch.setattr(executors, "slots", lambda session: here[0])
    every = [Executor(2, 0), Executor(2, 0, removed=990)]
    monkeypatch.setattr(executors, "_every", lambda session: every)
    assert executors.settled(Cluster(2)) == 2  # nobody came
    assert clock[0] == pytest.approx(990 + BACK, abs=1)
    clock[0], here[0] = 1000.0, 4
    every.append(Executor(2, 998))
    assert executors.settled(Cluster(2)) == 4
    assert clock[0] == pytest.approx(998 + executors.STILL, abs=1)  # others may come beside it
    here[0] = 1  # of four that are listed, one is given work
    every.append(Executor(3, 1500))
    clock[0] = 2000.0
    assert executors.settled(Cluster(2)) == 1
    assert clock[0] == 2000 + BACK


LOST = (
    "Could not recover from a failed barrier ResultStage. ExecutorLostFailure",
    "[SPARK-24819]: Barrier execution mode does not allow run a barrier stage that requires more slots",
)


@pytest.mark.parametrize(("lost", "tries", "fails"), [(0, 1, False), (2, 3, False), (3, 3, True)])
def test_a_fit_that_lost_an_executor_is_begun_again_so_often(lost, tries, fails, capsys):
    begun = []

    def fit() -> None:
        begun.append(len(begun))
        if len(begun) <= lost:
            raise RuntimeError(LOST[lost % 2])

    with pytest.raises(RuntimeError, match=r"barrier|SPARK-24819") if fails else nullcontext():
        again(fit, 2)
    assert len(begun) == tries
    assert capsys.readouterr().err.count("an executor was lost") == tries - 1


def test_a_fit_that_fails_of_itself_is_not_begun_again():
    begun = []

    def fit() -> None:
        begun.append(0)
        raise ValueError("labels of one kind")

    with pytest.raises(ValueError, match="one kind"):
        again(fit, 2)
    assert begun == [0]


def test_lost_executors_are_told_with_the_cluster():
    lost = "Job aborted: Task 0 failed 4 times: ExecutorLostFailure (executor 1 exited)"
    with (
        pytest.raises(ConnectionError, match=r"spark://a:1.*executors were lost"),
        worded("spark://a:1", Event()),
    ):
        raise RuntimeError(lost)
    barrier = (
        f"Could not recover from a failed barrier ResultStage. {lost}"  # as Spark 4.3 said of a killed one
    )
    with pytest.raises(ConnectionError, match="while trees were learnt"), worded("spark://a:1", Event()):
        raise RuntimeError(barrier)


def test_what_is_missing_is_named_before_spark_is_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    with pytest.raises(FileNotFoundError, match=r"build/brand/ingest\.json"):
        on_spark(settings.load(), "local[1]", "1g", 1)
    with pytest.raises(ConnectionError, match=r"spark://127\.0\.0\.1:1'.* cannot be reached"):
        require_reachable("spark://127.0.0.1:1")
    for wrong in ("spark://nowhere", "spark://[x:1", "local[two]", "mesos://a:1", "http://a:1", ""):
        with pytest.raises(ValueError, match=f"master '{re.escape(wrong)}'.*allowed are local.*HOST:PORT"):
            require_reachable(wrong)
    for right in ("local", "local[*]", "local[2, 3]", "local-cluster[2,1,1024]", "yarn"):
        require_reachable(right)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ValueError, match="Java 17"):
        require_java()
