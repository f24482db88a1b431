"""What the project.json beside an export says: review settings and label config."""

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field

from harvest.errors import HarvestError
from harvest.loader.find import SETTINGS_NAME


@dataclass(frozen=True)
class LabelConfig:
    """The parts of a label config that the pipeline needs.

    `media_key`: key of a task's data that holds the media, or None. `frame_rate`: the `<Video>` tag's
    frameRate as written, or None. `labels`: ((control name, label), control type in lower case).
    """

    media_key: str | None = None
    frame_rate: str | None = None
    labels: tuple[tuple[tuple[str, str], str], ...] = ()

    @property
    def media_pointer(self) -> str | None:
        """`media_key` as a JSON pointer."""
        return self.media_key and "/" + self.media_key.replace("~", "~0").replace("/", "~1")


@dataclass(frozen=True)
class Settings:
    """A project.json; all None without one."""

    maximum_annotations: int | None = None
    overlap_cohort_percentage: float | None = None
    skip_queue: str | None = None
    label_config: str | None = None
    config: LabelConfig = field(default_factory=LabelConfig)


def read_settings(folder: str, warn: Callable[[str], None]) -> Settings:
    """Read `folder`'s project.json. A label config that is no XML is left out with a warning.

    Raises HarvestError when the file cannot be read or is no JSON object.
    """
    path = os.path.join(folder, SETTINGS_NAME)
    if not os.path.lexists(path):
        return Settings()
    try:
        with open(path, encoding="utf-8-sig") as file:
            settings = json.load(file)
    except OSError as error:
        raise HarvestError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        settings = error
    if not isinstance(settings, dict):
        raise HarvestError(
            f"{path} is no JSON object. Save the answer to GET /api/projects/ID there, or remove it."
        )
    label_config = _text(settings.get("label_config"))
    config = LabelConfig()
    if label_config:
        try:
            config = parse_label_config(label_config)
        except ET.ParseError as error:
            warn(f"{path}: the label config is no valid XML ({error}) and is not used.")
    return Settings(
        maximum_annotations=_whole(settings.get("maximum_annotations")),
        overlap_cohort_percentage=_number(settings.get("overlap_cohort_percentage")),
        skip_queue=_text(settings.get("skip_queue")),
        label_config=label_config,
        config=config,
    )


def parse_label_config(label_config: str) -> LabelConfig:
    """Read media key, frame rate and labels off a label config. Raises ElementTree.ParseError."""
    if "<!ENTITY" in label_config:
        raise ET.ParseError("entities are not allowed")
    root = ET.fromstring(label_config)
    controls = [tag for tag in root.iter() if tag.tag.lower().endswith("labels") and tag.get("name")]
    targets = {name for control in controls for name in (control.get("toName") or "").split(",")}
    objects = [
        tag for tag in root.iter() if (tag.get("value") or "").startswith("$") and not tag.get("toName")
    ]
    objects.sort(key=lambda tag: tag.get("name") not in targets)
    media = objects[0] if objects else None
    videos = [tag for tag in root.iter() if tag.tag.lower() == "video"]
    videos.sort(key=lambda tag: tag.get("name") not in targets)
    key = re.match(r"\$\{?(.+?)\}?$", media.get("value", ""), re.S) if media is not None else None
    return LabelConfig(
        media_key=key[1] if key else None,
        frame_rate=videos[0].get("frameRate", videos[0].get("framerate")) if videos else None,
        labels=tuple(
            {
                (control.get("name"), label.get("value")): control.tag.lower()
                for control in controls
                for label in control.iter("Label")
                if label.get("value")
            }.items()
        ),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == number // 1 and abs(number) < 2**31 else None
