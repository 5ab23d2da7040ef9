"""What Spark's session refuses, and how what goes wrong on a cluster is told; none is opened."""

import re
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest

from training import params as settings
from training.pipeline import on_spark
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


@pytest.mark.parametrize(("lost", "tries", "fails"), [(0, 1, False), (2, 3, False), (3, 3, True)])
def test_a_fit_that_lost_an_executor_is_begun_again_so_often(lost, tries, fails, capsys):
    begun = []

    def fit() -> None:
        begun.append(len(begun))
        if len(begun) <= lost:
            raise RuntimeError("Could not recover from a failed barrier ResultStage. ExecutorLostFailure")

    with pytest.raises(RuntimeError, match="barrier") if fails else nullcontext():
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
