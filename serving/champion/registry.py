"""The registry of models: champions are copied to local folders, so that serving never waits for it.

The only module of the service that knows MLflow. A folder appears under its version by one rename
and is never changed afterwards. Beside it the file ``champion`` names the version that the registry
wants, and ``good`` the last one that passed its trial here.
"""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from features.replacing import replacing
from models.fitted import release_format
from serving.settings import Settings

GOOD = "good"
ASKED = ".asked"


def pull(settings: Settings, task: str) -> str:
    """Copy the champion of ``task`` to its local folder and make it the one that serves.

    Returns
    -------
    The version. ``LookupError`` where there is no champion; MLflow's own error where its store is away.
    """
    database = Path(settings.store().removeprefix("sqlite:///"))
    if settings.store().startswith("sqlite:///") and not database.exists():
        raise LookupError(f"{database}: no registry yet")
    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(settings.store())
    mlflow.set_registry_uri(settings.store())
    name, folder = release_format.registered_name(settings.data, task), settings.champions / task
    try:
        version = str(mlflow.MlflowClient().get_model_version_by_alias(name, release_format.CHAMPION).version)
    except MlflowException as error:
        if error.error_code in release_format.ABSENT:
            alias = release_format.CHAMPION
            raise LookupError(f"{settings.store()}: model {name} has no version with alias {alias}") from None
        raise
    if not (folder / version).exists():
        found = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version}"))
        _copy(found / release_format.FOLDER, folder / version)
    _point(folder / release_format.CHAMPION, version)
    return version


def _copy(source: Path, target: Path) -> None:
    """The files of a release and nothing else, all of them or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(prefix=".part-", dir=target.parent))
    optional = [name for name in release_format.OPTIONAL if (source / name).exists()]
    for name in (*release_format.REQUIRED, *optional):
        shutil.copy(source / name, aside / name)
    for name in release_format.BESIDE:
        for file in sorted((*(source / name).glob("*.json"), *(source / name).glob("*.ubj"))):
            (aside / name).mkdir(exist_ok=True)
            shutil.copy(file, aside / name / file.name)
    aside.rename(target)


def _point(pointer: Path, version: str) -> None:
    if _pointed(pointer) != version:
        with replacing(pointer, contended=True) as aside:
            aside.write_text(version)


def _pointed(pointer: Path) -> str | None:
    return pointer.read_text().strip() if pointer.exists() else None


def local(settings: Settings, task: str) -> Path | None:
    """Return the folder of the copy that should serve, or None where nothing was ever copied."""
    folder = settings.champions / task
    version = _pointed(folder / release_format.CHAMPION)
    return None if version is None else folder / version


def good(settings: Settings, task: str) -> str | None:
    """Return the last version that passed its trial here."""
    return _pointed(settings.champions / task / GOOD)


def keep_good(settings: Settings, task: str, version: str) -> None:
    """Remember that ``version`` passed its trial."""
    _point(settings.champions / task / GOOD, version)


def mark_asked(settings: Settings) -> None:
    """Remember that the registry was asked for every task, whatever it said."""
    settings.champions.mkdir(parents=True, exist_ok=True)
    (settings.champions / ASKED).touch()


def was_asked(settings: Settings) -> bool:
    """Tell whether the registry was ever asked for every task."""
    return (settings.champions / ASKED).exists()


def failures() -> tuple[type[Exception], ...]:
    """Return what ``pull`` raises where there is no champion, or the store is away."""
    from mlflow.exceptions import MlflowException

    return LookupError, MlflowException, OSError
