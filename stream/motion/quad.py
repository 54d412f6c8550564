"""Where a text is and how fast it moves: a Kalman filter over the four corners of its quad.

Owns the estimate of one quad in time.  Does not know how flow and detections are found (flow, engines) or matched (association).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from filterpy.kalman import KalmanFilter

from glyphfeed.stream.geometry import axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

DETECTION_ALONG = 0.25
DETECTION_ACROSS = 0.08
"""Standard deviation of a detected corner along and across the text, in text heights: the ends of a line are found less well
than its top and bottom (spread of repeated detections of settled text in hand-held clips)."""
COARSE = 2.0
"""Corners of detections from coarse passes deviate by so much more."""
FLOW_PX = 0.06
"""Standard deviation that one step of flow adds to a corner, pixels: the flow's own noise on a half-size picture."""
ACCELERATION_PX = 1500.0
"""Standard deviation of the acceleration of text that is not seen, pixels/s^2: a hand that turns the camera."""
FLOW_VELOCITY_PX = 25.0
"""Standard deviation of a velocity taken from one step of flow, pixels/s."""
START_VELOCITY_PX = 300.0
"""Standard deviation of the velocity of text that was seen once, pixels/s."""

IDENTITY = np.eye(10)
VELOCITY_GAIN = 0.8
"""Share of a velocity taken from the flow in the new estimate: the steady-state gain of a Kalman filter for these two deviations,
whose covariance settles within three frames."""
VELOCITY_NOISE = np.eye(2) * FLOW_VELOCITY_PX**2
FLOW_NOISE = np.diag([FLOW_PX**2] * 8 + [0.0] * 2)


class QuadFilter:
    """A quad that moves.

    State, 10 numbers::

        x = [ x0 y0  x1 y1  x2 y2  x3 y3 | vx vy ]
              corners, pixels              velocity that they share, pixels/s

    With flow the corners are *carried* by it (a control input, so P grows by the flow's noise only) and the velocity follows it
    with a fixed gain; without flow the corners go on at the velocity (F) and P grows by an unknown acceleration.  A detection
    measures the corners.
    """

    def __init__(self, quad: NDArray[np.floating], velocity: tuple[float, float] | None = None) -> None:
        """Begin at a detected quad (4, 2) with the velocity that the flow tells, pixels/s, or at rest with an unknown one."""
        f = KalmanFilter(dim_x=10, dim_z=8)
        f.x = np.append(quad.astype(np.float64).ravel(), velocity or (0.0, 0.0))
        f.P = np.zeros((10, 10))
        f.P[:8, :8] = detection_covariance(quad)
        f.P[8:, 8:] = np.eye(2) * START_VELOCITY_PX**2 if velocity is None else VELOCITY_NOISE
        f.H = np.eye(8, 10)
        self._filter = f

    @property
    def quad(self) -> NDArray[np.float64]:
        """The estimated corners (4, 2)."""
        corners: NDArray[np.float64] = self._filter.x[:8].reshape(4, 2).copy()
        return corners

    @property
    def velocity(self) -> tuple[float, float]:
        """Velocity in pixels/s."""
        vx, vy = self._filter.x[8:]
        return float(vx), float(vy)

    def carry(self, carried: NDArray[np.floating], dt: float) -> None:
        """Move to where the flow took the corners (4, 2) within `dt` seconds, dt > 0."""
        f = self._filter
        shift = carried.ravel() - f.x[:8]
        velocity = shift.reshape(4, 2).sum(axis=0) / (4 * dt)
        f.predict(u=np.append(shift, VELOCITY_GAIN * (velocity - f.x[8:])), B=IDENTITY, F=IDENTITY, Q=FLOW_NOISE)
        # Corners are known from the flow, whatever the velocity: nothing ties the two until the next coasting.
        f.P[8:] = f.P[:, 8:] = 0.0
        f.P[8:, 8:] = VELOCITY_NOISE

    def coast(self, dt: float) -> None:
        """Go on at the last velocity for `dt` seconds without having seen anything."""
        F = np.eye(10)
        F[:8, 8:] = np.tile(np.eye(2) * dt, (4, 1))
        # Piecewise constant acceleration: Q = G G' var, G = [dt^2/2, dt] (Bar-Shalom et al., Estimation, 2001, 6.3.2).
        G = np.vstack([np.tile(np.eye(2) * dt**2 / 2, (4, 1)), np.eye(2) * dt])
        self._filter.predict(F=F, Q=G @ G.T * ACCELERATION_PX**2)

    def correct(self, detected: NDArray[np.floating], *, coarse: bool = False) -> None:
        """Take in a detection of the quad (4, 2), corners in the same order, from a `coarse` pass or one at the full detail."""
        noise = detection_covariance(detected) * (COARSE**2 if coarse else 1.0)
        self._filter.update(detected.astype(np.float64).ravel(), R=noise)


def detection_covariance(quad: NDArray[np.floating]) -> NDArray[np.float64]:
    """Covariance (8, 8) of the corners of a detected quad, loose along the text and tight across it."""
    along, _, height = axis(quad)
    across = np.array([-along[1], along[0]])
    corner = (DETECTION_ALONG * height) ** 2 * np.outer(along, along)
    corner += (DETECTION_ACROSS * height) ** 2 * np.outer(across, across)
    return np.asarray(np.kron(np.eye(4), corner), np.float64)
