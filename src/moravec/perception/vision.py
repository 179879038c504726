"""The eyes: what the cameras show, in the workplace's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place, Workplace
from moravec.perception.cloud import Cloud, cloud
from moravec.perception.describe import Describer
from moravec.perception.detection import Detection
from moravec.perception.markers import read_labels, read_labels_from_above
from moravec.perception.parcel import LidSeen, see_lid, see_parcel
from moravec.perception.person import see_person
from moravec.perception.region import region_of
from moravec.perception.riders import busy, stands, stretch
from moravec.perception.segment import Segmenter
from moravec.perception.stray import see_strays


@final
class Vision:
    """Perception for one workplace. Pictures in, values out: it keeps no memory of earlier pictures."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._segmenter, self._describer = Segmenter(), Describer(workplace)

    def items(self, frame: CameraFrame, place: Place) -> list[Detection]:
        """The things that lie in `place`, largest first. The part of the place that the fingers hide is not seen."""
        view = cloud(frame)
        if place.kind == "belt":
            return self._riders(frame, view, place)
        pose = see_parcel(view, place) if place.kind == "parcel" else None
        if place.kind == "parcel" and pose is None:
            lid = see_lid(frame, place)
            if lid is not None and lid.closed:
                return []  # what shows is the lid
        region = region_of(place, pose)
        masks = self._segmenter.masks(frame, view, region)
        return self._describer.describe(frame, view, masks, region, place.name)

    def _riders(self, frame: CameraFrame, view: Cloud, belt: Place) -> list[Detection]:
        """What rides on the stretch of `belt` that `frame` shows, but what it shows only in part."""
        part = stretch(frame, belt)
        part = None if part is None else busy(view, part)
        if part is None:
            return []
        region = region_of(part)
        masks = [m for m in self._segmenter.masks(frame, view, region) if stands(view, m, part)]
        return self._describer.describe(frame, view, masks, region, belt.name)

    def labels(self, frames: Sequence[CameraFrame]) -> dict[str, str]:
        """Bin place name -> label, for every bin whose label one of the pictures shows."""
        return read_labels(frames, self._workplace)

    def labels_from_above(self, frame: CameraFrame) -> dict[str, str]:
        """Bin place name -> label, for the bins whose label the overhead camera's picture lets read."""
        return read_labels_from_above(frame, self._workplace)

    def lid(self, frame: CameraFrame, place: Place) -> LidSeen | None:
        """The lid at `place`; None where no handle is seen."""
        return see_lid(frame, place)

    def parcel(self, frame: CameraFrame, place: Place) -> tuple[float, float, float] | None:
        """Pose (x, y [m], yaw [rad]) of the open parcel at `place`; None where it is closed or not seen well enough."""
        return see_parcel(cloud(frame), place)

    def strays(self, frame: CameraFrame) -> list[tuple[float, float]]:
        """Where (x, y) [m] something lies on the bare table, from the overhead camera, the arm aside."""
        return see_strays(frame, self._workplace)

    def person(self, frame: CameraFrame) -> tuple[float, float] | None:
        """Where (x, y) [m] somebody stands at the table, from the overhead camera; None for nobody."""
        return see_person(frame, self._workplace)
