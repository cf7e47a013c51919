"""What the camera saw, with the detector's box and landmarks drawn in."""

import cv2
import numpy as np

from edge_atm.records import Face, Frame, Pixels

GREEN, YELLOW, WHITE, BLACK = (60, 220, 120), (255, 210, 60), (255, 255, 255), (0, 0, 0)


def annotated(frame: Frame, face: Face | None, words: str) -> Pixels:
    """Return the frame as RGB with box, five landmarks and a line of words below."""
    picture = frame.pixels.copy()
    if face is not None:
        left, top, right, bottom = (int(v) for v in face.box)
        cv2.rectangle(picture, (left, top), (right, bottom), GREEN, 2, cv2.LINE_AA)
        for x, y in face.landmarks:
            cv2.circle(picture, (int(x), int(y)), 4, YELLOW, -1, cv2.LINE_AA)
    height, width, _ = picture.shape
    cv2.rectangle(picture, (0, height - 36), (width, height), BLACK, -1)
    cv2.putText(
        picture, words, (12, height - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.5, WHITE, 1, cv2.LINE_AA
    )
    return np.asarray(picture, dtype=np.uint8)


def pixelated(pixels: Pixels, face: Face, cells: int = 11) -> Pixels:
    """Return the picture with the face in coarse blocks, so that nobody is recognised in it."""
    picture = pixels.copy()
    left, top, right, bottom = (max(0, int(v)) for v in face.box)
    region = picture[top:bottom, left:right]
    small = cv2.resize(region, (cells, cells), interpolation=cv2.INTER_AREA)
    size = (region.shape[1], region.shape[0])
    picture[top:bottom, left:right] = cv2.resize(small, size, interpolation=cv2.INTER_NEAREST)
    return picture
