"""Cameras at this machine, by number or device path, with OpenCV.

Owns: opening, asking for a picture size, and reading.  Does not own reconnecting, nor listing the cameras that there are.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.picture import picture_from_bgr

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from glyphfeed.stream.sources.picture import Picture

SELECT_TIMEOUT_S = 2
"""How long OpenCV waits for a picture of a V4L2 camera, instead of its default of 10 s."""


class Webcam:
    """A camera to open, any number of times.

    `device` is its number or, on Linux, its path.  `size` (width, height) in pixels and `fps` are wishes: the camera takes the
    nearest it has.  `backend` is OpenCV's, such as `cv2.CAP_V4L2`, by default the system's own.
    """

    def __init__(
        self, device: int | str, size: tuple[int, int] = (1280, 720), fps: float = 30, backend: int | None = None
    ) -> None:
        self._device = device
        self._size = size
        self._fps = fps
        is_linux = sys.platform == "linux"
        self._backend = backend if backend is not None else cv2.CAP_V4L2 if is_linux else cv2.CAP_ANY
        # On Linux every camera has a file, whose absence and permissions can be told from a busy camera.
        number_path = Path(f"/dev/video{device}") if is_linux else None
        self._path = Path(device) if isinstance(device, str) else number_path
        self.label = f"camera {device}"

    def check(self) -> None:
        """Make the cheap checks, without opening the camera.

        Raises:
            SourceError: there is no such camera, or it may not be used.

        """
        if self._path is not None and not self._path.exists():
            raise SourceError(f"{self.label}: there is no {self._path}; run `glyphfeed doctor` to list the cameras")
        if self._path is not None and not os.access(self._path, os.R_OK | os.W_OK):
            raise SourceError(
                f"{self.label}: {self._path} may not be used by this user; add the user to its group, usually `video`"
            )

    def connect(self, abandoned: threading.Event) -> Iterator[Picture]:
        """Open the camera once and yield its pictures; see `live.Connect`."""
        self.check()
        capture = self._open()
        try:
            is_delivering = False
            while not abandoned.is_set():
                success, image = capture.read()
                if not success:
                    raise SourceError(
                        f"{self.label} stopped delivering pictures; check its cable"
                        if is_delivering
                        else f"{self.label} delivers no picture; close other programs that use it, or plug it in again"
                    )
                is_delivering = True
                stamp_ms = capture.get(cv2.CAP_PROP_POS_MSEC)
                yield picture_from_bgr(np.asarray(image, np.uint8), stamp_ms / 1000 if stamp_ms > 0 else None)
        finally:
            capture.release()

    def _open(self) -> cv2.VideoCapture:
        # Read by OpenCV from the environment, once, when it first waits for a picture.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(SELECT_TIMEOUT_S))
        # What OpenCV would print about a failure is said better below.
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            capture = cv2.VideoCapture(self._device, self._backend)
        finally:
            cv2.utils.logging.setLogLevel(level)
        if not capture.isOpened():
            raise SourceError(
                f"{self.label} cannot be opened; close other programs that use it, and run `glyphfeed doctor` to list the cameras"
            )
        # The format comes first: most cameras reach their larger sizes in motion JPEG only.
        width, height = self._size
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, self._fps)
        return capture
