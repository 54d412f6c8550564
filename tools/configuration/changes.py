"""What another version of a configuration changes, and what of that a running program cannot do.

Pure.  Does not own the doing (service.serving).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from glyphfeed.stream.feed.endpoint import near

if TYPE_CHECKING:
    from glyphfeed.stream.bridges.settings import BridgeSettings
    from glyphfeed.tools.configuration.loading import Configuration
    from glyphfeed.tools.configuration.tables import Camera, Wanted


@dataclass(frozen=True, slots=True)
class Changes:
    """Which cameras go and which come, where one that is read otherwise does both; which are only read elsewhere in their
    pictures; and the fields that a start anew takes, such as "[feed] endpoint".
    """

    gone: tuple[str, ...]
    come: tuple[Camera, ...]
    rezoned: tuple[Camera, ...]
    bridges: tuple[str, ...]
    """Those of the bridges that are others than they were, or new, or gone."""
    bound: tuple[str, ...]
    understood: bool = False
    """Whether the rules are others, or what is told of texts."""

    @property
    def moves(self) -> bool:
        """Whether any camera comes or goes."""
        return bool(self.come or self.gone)

    def sentence(self) -> str:
        """What is done about it, in words."""
        come, gone = {camera.name for camera in self.come}, {*self.gone}
        told = {
            "come": sorted(come - gone),
            "gone": sorted(gone - come),
            "begun anew": sorted(come & gone),
            "read in other zones": sorted(camera.name for camera in self.rezoned),
            "bridges that are others": sorted(self.bridges),
        }
        parts = [f"{what}: {', '.join(names)}" for what, names in told.items() if names]
        parts += ["the rules, or what is told of texts, are others"] if self.understood else []
        return "; ".join(parts) or "no camera changes, and no bridge"


def changes(old: Configuration, new: Configuration) -> Changes:
    """Tell one version of a configuration from another."""
    before = {camera.name: camera for camera in old.cameras}
    after = {camera.name: camera for camera in new.cameras}
    same = {name for name in before.keys() & after.keys() if elsewhere(before[name]) == elsewhere(after[name])}
    return Changes(
        gone=tuple(name for name in before if name not in same),
        come=tuple(camera for camera in new.cameras if camera.name not in same),
        rezoned=tuple(camera for camera in new.cameras if camera.name in same and camera.zones != before[camera.name].zones),
        bridges=tuple({name for name, _ in bridges_of(old) ^ bridges_of(new)}),
        bound=tuple(bound(old, new)),
        understood=replace(old.wanted, caption=None) != replace(new.wanted, caption=None),
    )


def bridges_of(configuration: Configuration) -> set[tuple[str, BridgeSettings]]:
    """The bridges of a configuration with their names; where the feed is counts for none that leads from there."""
    here = near(configuration.feed.endpoint)
    bridges = (replace(each, endpoint="") if each.endpoint == here else each for each in configuration.bridges)
    return {(bridge.name, bridge) for bridge in bridges}


def elsewhere(camera: Camera) -> Camera:
    """A camera without its zones."""
    return replace(camera, read=(), ignore=())


def bound(old: Configuration, new: Configuration) -> list[str]:
    """The fields that differ and are taken up at the start alone."""
    found = bound_of_texts(old.wanted, new.wanted)
    for table in ("feed", "record", "networks", "metrics", "display"):
        before, after = getattr(old, table), getattr(new, table)
        if before is None or after is None:
            found += [] if before is after else [f"[{table}]"]
            continue
        names = [field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)]
        # Those of the cameras have been worked out.
        found += [f"[{table}] {name}" for name in names if name not in ("languages", "alphabet")]
    return found


def bound_of_texts(old: Wanted, new: Wanted) -> list[str]:
    """Those of what is wanted of texts."""
    found = ["[caption]"] if old.caption != new.caption else []
    return found + (["[understand] codes"] if old.understand.codes != new.understand.codes else [])
