"""What a brand can do for a member: a content over a channel, with its cost and how many a day.

Read from the brand's own file and checked as a whole; an error names the file, line, key and
what is allowed there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.yaml_lines import Place, read_yaml
from models.acting.numbers import is_number
from models.acting.refusal import RefusalError

NEEDS = ("consent", "address")
CHANNEL_KEYS, OPTION_KEYS = ("needs", "capacity"), ("channel", "content", "cost", "capacity", "care")
TOP_KEYS = ("currency", "per_fortnight", "channels", "options")


class OptionsError(RefusalError):
    """A file of options that cannot be used; says where and what is allowed."""


@dataclass(frozen=True)
class Channel:
    """A way to reach a member; ``capacity`` in members a day, ``inf`` where there is no limit."""

    name: str
    needs: tuple[str, ...]
    capacity: float


@dataclass(frozen=True)
class Option:
    """A content over a channel; ``cost`` a member in units of the currency, ``care`` answers a complaint."""

    name: str
    channel: str
    content: str
    cost: float
    capacity: float
    care: bool


@dataclass(frozen=True)
class Options:
    """All channels and options of a brand, in the order of its file."""

    channels: tuple[Channel, ...]
    options: tuple[Option, ...]
    per_fortnight: int
    currency: str | None = None
    place: Place = field(default=Place(Path("options"), {}), compare=False, repr=False)  # for later errors

    @property
    def channel(self) -> np.ndarray:
        """Place of each option's channel in ``channels``, shape (options,)."""
        names = [channel.name for channel in self.channels]
        return np.array([names.index(option.channel) for option in self.options], dtype=np.int64)

    @property
    def cost(self) -> np.ndarray:
        """Money a member, shape (options,)."""
        return np.array([option.cost for option in self.options])

    @property
    def capacity(self) -> np.ndarray:
        """Members a day, shape (options,)."""
        return np.array([option.capacity for option in self.options])

    @property
    def channel_capacity(self) -> np.ndarray:
        """Members a day, shape (channels,)."""
        return np.array([channel.capacity for channel in self.channels])

    @property
    def care(self) -> np.ndarray:
        """Which options answer a complaint, shape (options,)."""
        return np.array([option.care for option in self.options])

    def reached(self, consent: np.ndarray, address: np.ndarray) -> np.ndarray:
        """Tell who may be reached over which channel, shape (members, channels) as what is given."""
        found = np.ones(consent.shape, dtype=bool)
        for place, channel in enumerate(self.channels):
            for need, held in zip(NEEDS, (consent, address), strict=True):
                if need in channel.needs:
                    found[:, place] &= held[:, place]
        return found

    def allowed(self, consent: np.ndarray, address: np.ndarray) -> np.ndarray:
        """Tell which option may reach which member, shape (members, options).

        Parameters
        ----------
        consent
            Whether each member agreed to each channel, shape (members, channels).
        address
            Whether an address over each channel is known, shape (members, channels).

        Raises
        ------
        OptionsError
            A channel over which none of the members may be written to.
        """
        reached = self.reached(consent, address)
        for place, channel in enumerate(self.channels):
            if len(reached) and not reached[:, place].any():
                needs = " and ".join(channel.needs)
                said = {"name": channel.name, "members": f"{len(reached):,}", "needs": needs}
                raise OptionsError.worded("channel_unreached", **said)
        return reached[:, self.channel]


def read(path: Path) -> Options:
    """Read a brand's file of options.

    Raises
    ------
    OptionsError
        What is missing, unknown or out of range, with the file, line, key and what is allowed.
    """
    try:
        found, place = read_yaml(path)
    except FileNotFoundError:
        raise OptionsError(f"{path}: no such file; write the brand's channels and options there") from None
    except ValueError as error:
        raise OptionsError(str(error)) from None
    return parse(found, place)


def as_mapping(options: Options) -> dict[str, Any]:
    """Return what ``parse`` reads the same options from."""

    def limit(capacity: float) -> dict[str, float]:
        return {} if math.isinf(capacity) else {"capacity": capacity}

    channels = {one.name: {"needs": list(one.needs), **limit(one.capacity)} for one in options.channels}
    every = {
        one.name: {
            "channel": one.channel, "content": one.content, "cost": one.cost, "care": one.care,
            **limit(one.capacity),
        }
        for one in options.options
    }  # fmt: skip
    top = {"per_fortnight": options.per_fortnight, "channels": channels, "options": every}
    return top if options.currency is None else {"currency": options.currency, **top}


def parse(found: Any, source: str | Place) -> Options:
    """Check what a file says, or what stands in ``source`` by another way; see ``read``."""
    place = source if isinstance(source, Place) else Place(Path(source), {})
    top = _mapping(found, place, (), TOP_KEYS)
    channels = tuple(
        _channel(name, _mapping(part, place, ("channels", name), CHANNEL_KEYS), place)
        for name, part in _named(top, "channels", place).items()
    )
    names = [channel.name for channel in channels]
    options = tuple(
        _option(name, _mapping(part, place, ("options", name), OPTION_KEYS), names, place)
        for name, part in _named(top, "options", place).items()
    )
    per_fortnight = _number(top, "per_fortnight", place, (), whole=True, least=1)
    _every_channel_used(names, options, place)
    currency = top.get("currency")
    if currency is not None and not isinstance(currency, str):
        raise OptionsError(f"{place.at('currency')}: {currency!r}; allowed is a code such as CNY")
    return Options(channels, options, int(per_fortnight), currency, place)


def _every_channel_used(names: list[str], options: tuple[Option, ...], place: Place) -> None:
    unused = [name for name in names if name not in {option.channel for option in options}]
    if unused:
        where = place.at("channels", unused[0])
        raise OptionsError(f"{where}: no option uses it; add one or take it out")


def _channel(name: str, part: Mapping[str, Any], place: Place) -> Channel:
    keys, needs = ("channels", name), part.get("needs")
    if not isinstance(needs, list) or not all(need in NEEDS for need in needs):
        where, allowed = place.at(*keys, "needs"), ", ".join(NEEDS)
        raise OptionsError(f"{where}: {needs!r}; allowed is a list of {allowed} ([] for nothing)")
    return Channel(name, tuple(need for need in NEEDS if need in needs), _capacity(part, place, keys))


def _option(name: str, part: Mapping[str, Any], channels: list[str], place: Place) -> Option:
    keys = ("options", name)
    channel, content, care = part.get("channel"), part.get("content"), part.get("care", False)
    if channel not in channels:
        raise OptionsError(f"{place.at(*keys, 'channel')}: {channel!r}; allowed: {', '.join(channels)}")
    if not isinstance(content, str) or not content:
        raise OptionsError(f"{place.at(*keys, 'content')}: {content!r}; allowed is the name of a content")
    if not isinstance(care, bool):
        raise OptionsError(f"{place.at(*keys, 'care')}: {care!r}; allowed: true, false")
    cost, capacity = _number(part, "cost", place, keys), _capacity(part, place, keys)
    return Option(name, channel, content, cost, capacity, care)


def _capacity(part: Mapping[str, Any], place: Place, keys: tuple[str, ...]) -> float:
    """Members a day; without the key there is no limit."""
    if "capacity" not in part:
        return math.inf
    if part["capacity"] == 0:
        raise OptionsError(
            f"{place.at(*keys, 'capacity')}: 0, so that nobody may be written to; allowed is a whole number "
            "of members a day from 1, or take the entry out"
        )
    return _number(part, "capacity", place, keys, whole=True, least=1)


def _number(
    part: Mapping[str, Any], key: str, place: Place, keys: tuple[str, ...],
    whole: bool = False, least: float = 0.0,
) -> float:  # fmt: skip
    """A finite number that is not below ``least``."""
    allowed = f"allowed is {'a whole number' if whole else 'a number'} from {least:g}"
    found: Any = part.get(key)
    if not is_number(found) or found < least or (whole and found != int(found)):
        told = "missing" if key not in part else repr(found)
        raise OptionsError(f"{place.at(*keys, key)}: {told}; {allowed}")
    return float(found)


def _named(top: Mapping[str, Any], key: str, place: Place) -> Mapping[str, Any]:
    found = top.get(key)
    if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found):
        raise OptionsError(f"{place.at(key)}: allowed is a mapping from names to settings, at least one")
    return found


def _mapping(found: Any, place: Place, keys: tuple[str, ...], allowed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise OptionsError(f"{place.at(*keys)}: no mapping; allowed keys: {', '.join(allowed)}")
    unknown = [key for key in found if key not in allowed]
    if unknown:
        raise OptionsError(
            f"{place.at(*keys, unknown[0])}: unknown key {unknown[0]!r}; allowed keys: {', '.join(allowed)}"
        )
    return found
