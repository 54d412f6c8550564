"""Generated clips: the truth lies on the ink, things happen when they should, and everything comes out the same again."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from glyphfeed.tools.scenes.clip import COVER, Scene, Sign, Waypoint, locate_words, look, render, travel, words_of, write_clip
from glyphfeed.tools.scenes.street import HALF_WAY_S, demo_scene

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.tools.scenes.clip import Camera, Matrix

SIZE, WALL, MIDDLE = (480, 270), (800, 450), (400.0, 225.0)


def still(scale: float = 0.8, roll_deg: float = 0.0) -> Camera:
    homography = look(SIZE, MIDDLE, scale, roll_deg, tilt=(1e-4, -1e-4))
    return lambda _: homography


def film(*signs: Sign, camera: Camera | None = None, noise: float = 0.0) -> Scene:
    return Scene(signs, camera or still(), seconds=1.0, fps=10, size=SIZE, wall=WALL, noise=noise)


def quads(scene: Scene, t: float = 0.0) -> dict[str, Matrix]:
    texts = [word["text"] for word in words_of(scene)]
    return {texts[number]: np.array(quad) for number, quad, _ in locate_words(scene, t)}


@pytest.mark.parametrize(("angle_deg", "roll_deg"), [(0, 0), (20, 0), (90, -30), (180, 5), (-35, 180)])
def test_the_truth_encloses_the_ink_and_nothing_else(angle_deg: float, roll_deg: float) -> None:
    camera = still(0.9, roll_deg)
    scene = film(Sign("Ägypt", MIDDLE, 60, angle_deg, ink=(0, 0, 0), paper=None), camera=camera)
    changed = np.abs(render(scene, 0)[0].astype(int) - render(film(camera=camera), 0)[0]).max(2) > 40
    ink = np.argwhere(changed)[:, ::-1].astype(np.float32)
    quad = quads(scene)["Ägypt"].astype(np.float32)
    assert len(ink) > 500
    assert min(cv2.pointPolygonTest(quad, (float(x), float(y)), True) for x, y in ink) > -2
    for start, end in zip(quad, np.roll(quad, -1, 0), strict=True):
        along = (end - start) / np.linalg.norm(end - start)
        inward = np.array([-along[1], along[0]])
        assert ((ink - start) @ inward).min() < 2.5, "no ink at this edge: the quad is too large"


def test_a_quad_begins_at_the_top_left_of_the_word_as_read() -> None:
    upright = quads(film(Sign("UP", MIDDLE)))["UP"]
    upside_down = quads(film(Sign("UP", MIDDLE, angle_deg=180)))["UP"]
    downward = quads(film(Sign("UP", MIDDLE, angle_deg=90)))["UP"]
    assert (upright[0] < upright[2]).all()
    assert (upside_down[0] > upside_down[2]).all()
    assert downward[0][0] > downward[2][0]
    assert downward[0][1] < downward[2][1]


def test_words_are_parted_by_spaces_and_lines_and_numbered_through() -> None:
    scene = film(Sign("NO\nPARKING here", MIDDLE, 30), Sign("blur", (150, 100), 30, care=False))
    assert [(word["id"], word["text"], word["care"]) for word in words_of(scene)] == [
        (0, "NO", True),
        (1, "PARKING", True),
        (2, "here", True),
        (3, "blur", False),
    ]
    found = quads(scene)
    assert found["NO"].max(0)[1] < found["PARKING"].min(0)[1]
    assert found["PARKING"].max(0)[0] < found["here"].min(0)[0]


def test_a_moment_comes_out_the_same_in_another_process_and_in_any_order() -> None:
    scene = film(Sign("SAME", MIDDLE), camera=travel(SIZE, (Waypoint(0, MIDDLE), Waypoint(1, (420, 225))), seed=5), noise=3)
    render(scene, 0.7)
    here = hashlib.sha256(render(scene, 0.3)[0].tobytes()).hexdigest()
    script = f"""
import hashlib
from glyphfeed.tools.scenes.clip import *
camera = travel({SIZE}, (Waypoint(0, {MIDDLE}), Waypoint(1, (420, 225))), seed=5)
scene = Scene((Sign("SAME", {MIDDLE}),), camera, seconds=1.0, fps=10, size={SIZE}, wall={WALL}, noise=3)
print(hashlib.sha256(render(scene, 0.3)[0].tobytes()).hexdigest())
"""
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert there.stdout.strip() == here
    assert hashlib.sha256(render(replace(scene, seed=1), 0.3)[0].tobytes()).hexdigest() != here


def test_the_noise_of_a_camera_does_not_seem_to_move() -> None:
    scene = film(noise=3)
    first, second = (render(scene, t)[0][..., 0].astype(np.float32) for t in (0.3, 0.4))
    wall = render(replace(scene, noise=0), 0.3)[0][..., 0]
    assert 2.5 < (first - wall).std() < 3.5
    _, of_one = cv2.phaseCorrelate(first - wall, np.roll(first - wall, 9, axis=1))
    _, of_two = cv2.phaseCorrelate(first - wall, second - wall)
    assert of_two < 0.1 < 0.8 < of_one


def test_a_display_changes_at_the_stated_time() -> None:
    scene = film(Sign("10:42", MIDDLE, end_s=0.5), Sign("10:57", MIDDLE, begin_s=0.5))
    assert list(quads(scene, 0.4)) == ["10:42"]
    assert list(quads(scene, 0.5)) == ["10:57"]
    before, just_before, after = (render(scene, t)[0].astype(int) for t in (0.0, 0.4, 0.5))
    assert np.array_equal(before, just_before)
    assert np.abs(after - before).max() > 100


def test_a_cover_hides_pixels_and_counts_in_the_visible_fraction() -> None:
    scene = film(Sign("HIDDEN", MIDDLE))
    left, top, right, bottom = np.array([*quads(scene)["HIDDEN"].min(0), *quads(scene)["HIDDEN"].max(0)])
    middle = (left + right) / 2
    half = replace(scene, cover=lambda t: (left - 5, -10, middle, bottom + 5) if t >= 0.5 else None)
    assert locate_words(half, 0.4)[0][2] == 1.0
    assert locate_words(half, 0.5)[0][2] == pytest.approx(0.5, abs=0.05)
    assert (render(half, 0.5)[0][int(top) + 5, int(left) + 5] == COVER).all()
    assert locate_words(replace(scene, cover=lambda _: (0, 0, *SIZE)), 0) == []


def test_looking_away_empties_the_truth_and_coming_back_restores_it() -> None:
    way = (Waypoint(0, MIDDLE), Waypoint(0.5, (400, 2000)), Waypoint(1.0, MIDDLE))
    scene = film(Sign("HERE", MIDDLE), camera=travel(SIZE, way, shake=0))
    assert locate_words(scene, 0.5) == []
    assert locate_words(scene, 1.0) == locate_words(scene, 0.0) != []


def test_a_cut_leaves_no_ghost() -> None:
    there = (150.0, 100.0)
    signs = (Sign("ONE", MIDDLE, 40), Sign("TWO", there, 40))
    cut = travel(SIZE, (Waypoint(0, MIDDLE), Waypoint(0.5, MIDDLE), Waypoint(0.5, there), Waypoint(1, there)), shake=0)
    for t, centre in ((0.4, MIDDLE), (0.5, there), (0.6, there)):
        steady = film(*signs, camera=travel(SIZE, (Waypoint(0, centre),), shake=0))
        assert np.array_equal(render(film(*signs, camera=cut), t)[0], render(steady, t)[0])


def test_a_camera_turned_over_turns_the_truth_about_the_middle_of_the_frame() -> None:
    scene = film(Sign("TURN", (350, 200)), camera=travel(SIZE, (Waypoint(0, MIDDLE), Waypoint(1, MIDDLE, 1, 180)), shake=0))
    assert quads(scene, 1.0)["TURN"] == pytest.approx(np.array(SIZE) - quads(scene, 0.0)["TURN"], abs=0.2)


def test_moving_blurs_and_standing_does_not() -> None:
    def sharpness(camera: Camera) -> float:
        picture = render(film(Sign("SHARP", MIDDLE), camera=camera), 0.5)[0]
        return float(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())

    panning = travel(SIZE, (Waypoint(0, (200, 225)), Waypoint(1, (600, 225))), shake=0)
    standing = travel(SIZE, (Waypoint(0, MIDDLE),), shake=0)
    assert sharpness(panning) < 0.5 * sharpness(standing)


def test_a_written_clip_decodes_to_what_was_rendered_and_has_its_truth_beside_it(tmp_path: Path) -> None:
    scene = film(Sign("CAFÉ 9", MIDDLE), camera=travel(SIZE, (Waypoint(0, MIDDLE), Waypoint(1, (420, 225)))), noise=2)
    truth = write_clip(tmp_path / "short.mp4", scene)
    with av.open(str(tmp_path / "short.mp4")) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]
        assert stream.average_rate == scene.fps
    assert len(frames) == len(truth["frames"]) == 10
    for index in (0, 9):
        rendered, words = render(scene, index / scene.fps)
        assert np.abs(frames[index].astype(int) - rendered).mean() < 6
        assert truth["frames"][index] == words
    written = json.loads((tmp_path / "short.gt.json").read_text(encoding="utf-8"))
    assert (written["fps"], written["width"], written["height"], written["source"]) == (10, *SIZE, "short")
    assert [word["text"] for word in written["words"]] == ["CAFÉ", "9"]
    assert written["frames"][3] == [[number, quad, visible] for number, quad, visible in truth["frames"][3]]


def test_every_word_of_the_demo_is_whole_and_large_enough_at_some_time() -> None:
    scene = demo_scene()
    best: dict[int, float] = {}
    for t in np.arange(0, scene.seconds, 0.1):
        for number, quad, visible in locate_words(scene, float(t)):
            height_px = float(np.linalg.norm(np.subtract(quad[3], quad[0])))
            best[number] = max(best.get(number, 0), height_px * (visible > 0.99))
    texts = {word["id"]: word["text"] for word in words_of(scene)}
    assert {text for number, text in texts.items() if best.get(number, 0) < 15} == set()
    assert "Berlin" in quads(scene, HALF_WAY_S - 0.05)
    assert "München" in quads(scene, HALF_WAY_S)
