"""What `edge-atm doctor` says of the camera: which one it is, and whether its clock runs."""

from contextlib import closing

from edge_atm.cli.unit import UNPINNED, camera_of
from edge_atm.config import Config
from edge_atm.device.camera import Camera
from edge_atm.device.camera_identity import Identity, pin_lines
from edge_atm.errors import CameraFault, ConfigError

PIN = "If this is the right camera, add these lines to the configuration file, which pin it:"
UNTRUE = "Remove whatever feeds pictures in, or use another camera, then run `edge-atm doctor`."


def health(config: Config, development: bool) -> str:
    """Return which camera gives what, and how fast; takes under three seconds.

    Raises CameraFault, and ConfigError with the lines to add where it is not pinned.
    """
    camera = camera_of(config, unpinned=True)
    size_px = _watched(camera)
    found = camera.identity
    if found is None:
        raise CameraFault("the camera does not say what it is")
    gives = f"{_named(found)}; gives {size_px} px, {camera.clock.fps:.1f} a second"
    if config.camera.pin is not None:
        return f"the pinned {gives}"
    how = f"{PIN}\n{pin_lines(found)}"
    if development:
        return f"{gives}; not pinned, as a unit must be. {how}"
    raise ConfigError(f"{UNPINNED} (now {gives})", how)


def _named(found: Identity) -> str:
    return f"{found.driver} camera {found.model} at {found.path}, serial {found.serial}"


def _watched(camera: Camera) -> str:
    """Look at frames until their rate is known; return their size. Raises CameraFault."""
    frames = camera.frames()
    with closing(frames):
        for frame in frames:
            if camera.clock.broken is not None:
                word = camera.clock.broken.replace("_", " ")
                raise CameraFault(f"the camera's frames are {word}, as no camera's are", UNTRUE)
            if camera.clock.fps > 0:
                height, width, _ = frame.pixels.shape
                return f"{width} x {height}"
    raise CameraFault("the camera stopped giving pictures")
