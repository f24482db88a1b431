"""Results whose regions have the usual form, and whether they are still those of the prediction.

Regions are decoded into what counts of them and compared by C code; an unusual form (no id, several labels, a
coordinate that is no number, another type of region) is left to the macro `comparable_items`, which knows
them all.
"""

from operator import attrgetter
from typing import Annotated

from msgspec import DecodeError, Meta, Struct, ValidationError, json

Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
Frame = Annotated[int, Meta(ge=-(2**53), le=2**53)]
OneLabel = Annotated[list[str], Meta(min_length=1, max_length=1)]


class PointValue(Struct, gc=False):
    x: Number
    y: Number
    keypointlabels: OneLabel
    width: Number | None = None
    height: Number | None = None
    rotation: Number | None = None


class Point(Struct, tag_field="type", tag="keypointlabels", gc=False):
    id: str
    value: PointValue
    parentID: str | None = None  # noqa: N815
    original_width: Number | None = None
    original_height: Number | None = None

    def compared(self) -> tuple:
        """What counts when it is compared: not the dot's size."""
        return self.id, "point", self.value.x, self.value.y, self.value.keypointlabels


class BoxValue(Struct, gc=False):
    x: Number
    y: Number
    width: Number
    height: Number
    rectanglelabels: OneLabel
    rotation: Number | None = 0.0


class Box(Struct, tag_field="type", tag="rectanglelabels", gc=False):
    id: str
    value: BoxValue
    parentID: str | None = None  # noqa: N815
    original_width: Number | None = None
    original_height: Number | None = None

    def compared(self) -> tuple:
        value = self.value
        size = value.width, value.height, value.rotation or 0.0
        return self.id, "box", value.x, value.y, value.rectanglelabels, size


class Range(Struct, gc=False):
    start: Frame
    end: Frame


class SegmentValue(Struct, gc=False):
    ranges: list[Range]
    timelinelabels: OneLabel


class Segment(Struct, tag_field="type", tag="timelinelabels", gc=False):
    id: str
    value: SegmentValue

    def compared(self) -> tuple:
        return self.id, self.value.ranges, self.value.timelinelabels


Regions = list[Point | Box] | list[Segment]
Text = bytes | memoryview

_images = json.Decoder(list[Point | Box])
_timelines = json.Decoder(list[Segment])
_id = attrgetter("id")
_x = attrgetter("value.x")


def usual_regions(project: str, result: Text | None) -> Regions | None:
    """The regions of a result as JSON text, by id; none for no text, None when one of them is unusual."""
    if result is None:
        return []
    text = bytes(result)
    if b"\\ud" in text or b"\\uD" in text:  # may be half a character, which DuckDB does not read
        return None
    try:
        regions = (_timelines if project == "a" else _images).decode(text)
    except (DecodeError, ValidationError, RecursionError):
        return None
    regions.sort(key=_id)
    return regions


def are_identical(project: str, regions: Regions, others: Regions) -> bool:
    """Whether both, each by id, have the same values wherever these count."""
    if regions == others:
        return True
    if len(regions) != len(others):
        return False
    if project != "a" and list(map(_x, regions)) != list(map(_x, others)):
        return False
    return [region.compared() for region in regions] == [other.compared() for other in others]
