"""Hardware: the camera and the dispenser's serial line."""
