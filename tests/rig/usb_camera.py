"""Looks through a USB camera whose kernel side is `v4l2.c`; prints what came of it as JSON."""

import json
import math
import sys
from functools import partial
from itertools import islice
from pathlib import Path

from edge_atm.cli.hardening import keep_memory_private
from edge_atm.device import camera_usb
from edge_atm.device.camera import Camera
from edge_atm.device.camera_identity import identify_node
from edge_atm.errors import CameraFault
from edge_atm.records import Frame
from tests.unit.sysfs import NODE

FRAMES = 12


def main() -> None:
    """Take some frames from /dev/null, which the preloaded library makes a camera of."""
    sysfs = Path(sys.argv[1])
    keep_memory_private()
    # The node is /dev/null by its number, and the USB camera of a made-up /sys by what it is.
    vars(camera_usb).update(
        VIDEO_MAJOR=1, identify_node=lambda number, said: identify_node(NODE, said, sysfs)
    )
    camera = Camera(partial(camera_usb.V4l2Source, Path("/dev/null"), 640, 480))
    fault: str | None = None
    frames: list[Frame] = []
    try:
        frames = list(islice(camera.frames(), FRAMES))
    except CameraFault as error:
        fault = str(error)
    timed = [frame.at_seconds for frame in frames if not math.isnan(frame.at_seconds)]
    found = {
        "fault": fault,
        "broken": camera.clock.broken,
        "serial": camera.identity and camera.identity.serial,
        "shapes": sorted({frame.pixels.shape for frame in frames}),
        "timed": len(timed),
        "growing": timed == sorted(set(timed)),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
