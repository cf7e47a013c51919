"""Makes the README's pictures: the demo's output, and one annotated frame without a face."""

import re
import sys

import cv2
from rich.console import Console

from edge_atm.models import Models
from edge_atm.policy.challenge import draw_challenge
from edge_atm.records import Frame, Hint, Turn
from edge_atm.vision.detector import Detector
from edge_atm.vision.embedder import Embedder
from edge_atm.vision.pose import yaw_proxy
from edge_atm.vision.watch import TurnWatch
from tests.rig import demo
from tests.rig.bench import nonce_for
from tests.rig.camera import Clip, RecordedCamera
from tests.rig.customer import Customer
from tests.rig.drawing import annotated, pixelated
from tests.rig.sources import ROOT

DOCS = ROOT / "docs"
# The astronaut's portrait is in the public domain; even so, no face is kept here.
CLIP = "c"


def frame_picture() -> None:
    """Write docs/frame.jpg: what the unit sees while the customer turns the head."""
    models = Models()
    asks = draw_challenge(nonce_for(Turn.RIGHT, Turn.LEFT))
    watch = TurnWatch(Detector(models), Embedder(models), asks)
    camera = RecordedCamera(Clip.load(CLIP))
    customer = Customer(camera)
    shown = []
    for frame in camera.frames():
        customer.guide(watch.see(frame), frame, watch.face, watch.colour)
        if watch.done:
            break
        shown.append((frame, watch.face, customer.hint))
    # The widest moment of a turn says most.
    turned = [(f, seen, hint) for f, seen, hint in shown if seen and hint is Hint.TURN_LEFT]
    frame, face, hint = max(turned, key=lambda each: abs(yaw_proxy(each[1].landmarks)))
    hidden = Frame(pixelated(frame.pixels, face), frame.at_seconds, frame.number)
    picture = annotated(hidden, face, f"{hint.value}   face {face.confidence:.3f}")
    cv2.imwrite(str(DOCS / "frame.jpg"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def demo_picture() -> int:
    """Write docs/demo.svg: what `make demo` prints."""
    console = Console(record=True, width=100, highlight=False, force_terminal=True)
    status = demo.main(console)
    svg = console.export_svg(title="make demo")
    # The picture must not fetch a font from anywhere.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    (DOCS / "demo.svg").write_text(svg, encoding="utf-8")
    return status


if __name__ == "__main__":
    frame_picture()
    sys.exit(demo_picture())
