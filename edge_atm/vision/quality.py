"""Measures how good a picture of a face is, and names the first component that is not enough.

Names are those of ISO/IEC 29794-5. Every limit belongs to the camera; those without a source here
were read off public webcam pictures.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_atm.records import Face, Hint, Pixels
from edge_atm.vision import pose
from edge_atm.vision.pose import FRONTAL_YAW, LEVEL_PITCH

LUMA_BLACK, LUMA_WHITE = 5, 250
SHARPNESS_PX = 128
# Full weight from here on. Of 62 people (templates of five photographs, probes of three, a third of
# all blurred along 2 to 10 % of the face's width) this moves the mean genuine score by +.0003 with
# a standard error of .0001; 40 and more lose, and so does weighting by pose.
SHARPNESS_FULL = 20
WEIGHT_MIN = 0.2
LEVELS = np.arange(256)
NOTHING: Pixels = np.empty((0, 0), np.uint8)

# What the customer should do about each component.
HINTS = {
    "SingleFacePresent": Hint.STEP_INTO_VIEW,
    "CropOfTheFaceImage": Hint.STEP_INTO_VIEW,
    "HeadPoseYaw": Hint.LOOK_STRAIGHT,
    "HeadPosePitch": Hint.LOOK_STRAIGHT,
    "HeadPoseRoll": Hint.HEAD_UPRIGHT,
    "InterEyeDistance": Hint.COME_CLOSER,
    "OverExposurePrevention": Hint.LESS_LIGHT,
    "UnderExposurePrevention": Hint.MORE_LIGHT,
    "LuminanceMean": Hint.MORE_LIGHT,
    "IlluminationUniformity": Hint.EVEN_LIGHT,
    "Sharpness": Hint.HOLD_STILL,
}


@dataclass(frozen=True, slots=True)
class Gate:
    """The limits that a picture has to keep; `Quality` says what each is a limit of."""

    confidence_min: float
    in_view_min: float
    yaw_max: float
    pitch: tuple[float, float]
    roll_degrees_max: float
    eye_distance_px_min: float
    luminance: tuple[float, float]
    clipped_max: float
    sides_ratio_max: float
    sharpness_min: float


MATCHING = Gate(
    # The design asks for .98; the last net sees a face once here, not from several boxes of which
    # the surest counts: of 1,026 public photographs 9 are below that, 4 below this.
    confidence_min=0.95,
    # A box is a little wider than a face: a fifteenth of it may be out of the picture.
    in_view_min=0.93,
    yaw_max=FRONTAL_YAW,
    pitch=LEVEL_PITCH,
    # The design asks for 10; in two of three public clips of a turning head one frontal frame in
    # twenty goes beyond that.
    roll_degrees_max=15,
    eye_distance_px_min=60,
    luminance=(60, 190),
    clipped_max=0.05,
    sides_ratio_max=2,
    # Of 260 public pictures 99 in 100 have 17 or more; blurred by 2 % of the face's width (cosine
    # to the sharp picture .89) half have under 6 to 12.
    sharpness_min=12,
)
# A template lasts for years, and somebody stands by to help while it is made. Only the yaw is
# wider, because different poses are wanted. Of 233 public webcam pictures with this yaw, eye
# distance and sharpness that keep matching's other limits one in nine fails, half for its roll.
ENROLMENT = Gate(
    confidence_min=0.98,
    in_view_min=0.97,
    yaw_max=0.30,
    pitch=LEVEL_PITCH,
    roll_degrees_max=10,
    # The design asks for 90; at 640x480 that would make customers lean in to where the turning head
    # leaves the picture.
    eye_distance_px_min=70,
    luminance=(60, 180),
    clipped_max=0.03,
    sides_ratio_max=1.7,
    sharpness_min=16,
)


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of one face; NaN is what could not be, and passes no gate.

    `confidence`: the landmark net's probability. `in_view`: what part of the box the picture
    holds. `yaw`, `pitch`: the nose beside and below the eyes, in eye distances. Of the box's luma,
    0..255: `luminance_mean`, the shares that are `over_exposed` and `under_exposed`, and
    `sides_ratio`, the brighter half's mean over the darker one's. `sharpness`: variance of the
    Laplacian of the box at 128 px.
    """

    confidence: float
    in_view: float
    yaw: float
    pitch: float
    roll_degrees: float
    eye_distance_px: float
    luminance_mean: float
    over_exposed: float
    under_exposed: float
    sides_ratio: float
    sharpness: float

    @property
    def weight(self) -> float:
        """How much this frame counts in a mean of several: .2 to 1, or NaN."""
        return float(np.clip(self.sharpness / SHARPNESS_FULL, WEIGHT_MIN, 1))

    def failing(self, gate: Gate) -> str | None:
        """Return the first component that fails `gate`, or None when the picture will do."""
        darkest, brightest = gate.luminance
        # A mean too high is over-exposure by another name: each component has one remedy.
        exposed = self.over_exposed < gate.clipped_max and self.luminance_mean <= brightest
        passed = {
            "SingleFacePresent": self.confidence >= gate.confidence_min,
            "CropOfTheFaceImage": self.in_view >= gate.in_view_min,
            "HeadPoseYaw": abs(self.yaw) <= gate.yaw_max,
            "HeadPosePitch": gate.pitch[0] <= self.pitch <= gate.pitch[1],
            "HeadPoseRoll": abs(self.roll_degrees) <= gate.roll_degrees_max,
            "InterEyeDistance": self.eye_distance_px >= gate.eye_distance_px_min,
            "OverExposurePrevention": exposed,
            "UnderExposurePrevention": self.under_exposed < gate.clipped_max,
            "LuminanceMean": self.luminance_mean >= darkest,
            "IlluminationUniformity": self.sides_ratio <= gate.sides_ratio_max,
            "Sharpness": self.sharpness >= gate.sharpness_min,
        }
        return next((name for name, good in passed.items() if not good), None)


def quality_of(pixels: Pixels, face: Face) -> Quality:
    """Measure one face; `pixels`: uint8 [height, width, 3] RGB, where `face` was detected."""
    seen = in_view(pixels, face)
    yaw, pitch = (float(part) for part in pose.upright(face.landmarks)[pose.NOSE])
    return Quality(
        face.confidence,
        seen,
        yaw,
        pitch,
        pose.roll_degrees(face.landmarks),
        pose.eye_distance_px(face.landmarks),
        *_light(_luma(pixels, face) if seen > 0 else NOTHING),
    )


def in_view(pixels: Pixels, face: Face) -> float:
    """Return what part of the face's box lies inside the picture; NaN when the box is none."""
    size = np.array([pixels.shape[1], pixels.shape[0]])
    if not (np.isfinite(face.box).all() and np.isfinite(face.landmarks).all()):
        return float("nan")
    seen = np.clip(face.box[2:], 0, size) - np.clip(face.box[:2], 0, size)
    sides = face.box[2:] - face.box[:2]
    return float(np.prod(seen / sides)) if (sides >= 1).all() else float("nan")


def _luma(pixels: Pixels, face: Face) -> Pixels:
    size = np.array([pixels.shape[1], pixels.shape[0]])
    left, top = np.floor(np.clip(face.box[:2], 0, size)).astype(int)
    right, bottom = np.ceil(np.clip(face.box[2:], 0, size)).astype(int)
    crop = np.ascontiguousarray(pixels[top:bottom, left:right])
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _light(luma: Pixels) -> tuple[float, float, float, float, float]:
    half = luma.shape[1] // 2
    if half == 0:
        return (float("nan"),) * 5
    # One count of grey levels per half holds all the figures of light.
    sides = np.stack([_levels(luma[:, :half]), _levels(luma[:, half:])])
    share, means = sides.sum(axis=0) / sides.sum(), sides @ LEVELS / sides.sum(axis=1)
    small = cv2.resize(luma, (SHARPNESS_PX, SHARPNESS_PX), interpolation=cv2.INTER_AREA)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_16S))
    return (
        float(share @ LEVELS),
        float(share[LUMA_WHITE:].sum()),
        float(share[: LUMA_BLACK + 1].sum()),
        float(means.max()) / float(means.min()) if means.min() > 0 else float("nan"),
        float(deviation[0, 0] ** 2),
    )


def _levels(luma: Pixels) -> NDArray[np.float64]:
    return cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel().astype(np.float64)
