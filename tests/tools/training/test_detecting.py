"""The detector learns, and what is left of it finds what the network does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import msgspec
import numpy as np
import pytest

from glyphfeed.engines.engine import first_output
from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.models import CharacterMaps, PictureInput, describe_detector
from glyphfeed.tools import cli
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.annotated import TRAINED, read_cuts, read_icdar2015
from glyphfeed.tools.training.cutting import cut_photos
from glyphfeed.tools.training.scoring import read_cute80
from tests.tools.training.setting import FONTS, plain_fonts

pytest.importorskip("torch", reason="the extra train is not installed")
import torch

from glyphfeed.tools.training.dense import Dense
from glyphfeed.tools.training.dense_export import from_onnx, write_detector
from glyphfeed.tools.training.detecting import CHOICES, CROPS, VALIDATION, Folders, Material, Validation, gathered, lesson_of
from glyphfeed.tools.training.learner import Learner, load_weights
from glyphfeed.tools.training.mining import LEAST_NEGATIVES, NEGATIVES, mined_loss

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 64


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in training."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few photos with words, as in ICDAR 2015, and their truth."""
    folder = tmp_path_factory.mktemp("photos")
    for number in (1, 2, 801):
        picture = np.full((180, 320, 3), 200, np.uint8)
        cv2.putText(picture, "EXIT", (60, 100), (20, 20, 20), cv2.FontFace("sans"), 48, 700)
        cv2.imwrite(str(folder / f"img_{number}.jpg"), picture)
        (folder / f"gt_img_{number}.txt").write_text("60,62,170,62,170,102,60,102,EXIT\n0,0,9,0,9,9,0,9,###\n")
    return folder


@pytest.fixture(scope="module")
def material(photos: Path) -> Material:
    """These photos, and synthetic scenes."""
    return Material((tuple(read_icdar2015(photos, range(1, 3))),), (photos / "img_1.jpg",), tuple(plain_fonts()), 3)


def test_the_network_is_as_small_as_told() -> None:
    network = Dense().eval()
    assert sum(weight.numel() for weight in network.parameters()) < 1_000_000
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 64, 96)).shape == (2, 2, 16, 24)


def test_text_counts_and_the_worst_of_the_rest() -> None:
    truth, trust = torch.zeros(1, 2, 20, 30), torch.ones(1, 20, 30)
    truth[:, :, 4, :10] = 1
    maps = truth.clone()
    assert mined_loss(maps, truth, trust) == 0
    maps[0, 0, 4, 0] = 0
    assert mined_loss(maps, truth, trust) == pytest.approx(1 / 10)
    maps[0, 0, 15, 3] = 2
    worst = max(NEGATIVES * 10, LEAST_NEGATIVES)
    assert mined_loss(maps, truth, trust) == pytest.approx(1 / 10 + 4 / worst)
    # Half the trust is half of what is learnt, and where there is none, nothing is.
    trust[0, 15, 3] = 0.5
    assert mined_loss(maps, truth, trust) == pytest.approx(1 / 10 + 2 / worst)
    trust[0, 15, 3] = trust[0, 4, 0] = 0
    assert mined_loss(maps, truth, trust) == 0


def test_a_crop_follows_from_its_number(material: Material) -> None:
    first, again = (material.crop(5, SIDE) for _ in range(2))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.maps, again.maps)
    assert not np.array_equal(first.picture, material.crop(6, SIDE).picture)
    assert first.maps.shape == (2, SIDE // 4, SIDE // 4)


def test_it_learns(material: Material) -> None:
    crops = [material.crop(number, SIDE) for number in range(CROPS)]
    pictures = np.stack([crop.picture for crop in crops]).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    truth, trust = (torch.from_numpy(np.stack(part)) for part in zip(*((c.maps, c.trust) for c in crops), strict=True))
    lesson = replace(lesson_of(material, []), loss=lambda run, _: mined_loss(run(pictures), truth, trust))
    learner = Learner(lesson, 1)
    losses = [learner.learn(0, 3e-3) or np.nan for _ in range(16)]
    assert losses[-1] < 0.5 * losses[0]


def test_a_lesson_shows_batches_of_pictures(material: Material) -> None:
    shown: list[np.ndarray] = []

    def run(pictures: np.ndarray) -> torch.Tensor:
        shown.append(pictures)
        return torch.zeros(len(pictures), 2, *(side // 4 for side in pictures.shape[2:]))

    lesson = lesson_of(material, [])
    assert lesson.loss(run, 7) == lesson.loss(run, 7) > 0
    assert np.array_equal(*shown)
    assert shown[0].shape[:2] == (CROPS, 3)
    assert -1 <= shown[0].min() < 0 < shown[0].max() <= 1
    assert lesson.validated % lesson.batch == 0


@pytest.mark.parametrize("backend", [Backend.ONNXRUNTIME, Backend.OPENVINO])
def test_the_file_computes_what_the_network_does(backend: Backend, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Dense().eval()
    path = tmp_path / "mine.onnx"
    write_detector(path, {name: tensor.numpy() for name, tensor in network.state_dict().items()}, {"seed": 1}, CHOICES[2])
    model = describe_detector(path)
    assert isinstance(model, CharacterMaps)
    assert model.thresholds == CHOICES[2]
    engine = load_engine(backend, path, [(1, 3, 64, 96)], 1, exact=True)
    assert json.loads(str(engine.metadata("training"))) == {"seed": 1}
    assert msgspec.json.decode(str(engine.metadata("input")), type=PictureInput) == model.input
    picture = np.random.default_rng(2).uniform(-1, 1, (1, 3, 64, 96)).astype(np.float32)
    with torch.no_grad():
        wanted = network(torch.from_numpy(picture)).numpy()
    assert first_output(engine, picture) == pytest.approx(wanted, abs=1e-3)
    assert path.stat().st_size < 1_700_000
    again = Dense().eval()
    load_weights(again, from_onnx(path))
    with torch.no_grad():
        assert again(torch.from_numpy(picture)).numpy() == pytest.approx(wanted, abs=1e-3)


def test_another_file_is_nothing_to_begin_from(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_bytes(b"none")
    with pytest.raises(CommandError, match=r"none\.onnx is no ONNX file that can be read"):
        from_onnx(tmp_path / "none.onnx")


def sees_nothing() -> Dense:
    """A network whose maps are empty."""
    network = Dense().eval()
    with torch.no_grad():
        network.maps.weight.zero_()
        network.maps.bias.zero_()
    return network


def blind(folder: Path) -> Path:
    """The same as a file."""
    path = folder / "blind.onnx"
    write_detector(path, {name: tensor.numpy() for name, tensor in sees_nothing().state_dict().items()}, {}, CHOICES[0])
    return path


def test_no_photo_that_is_validated_with_is_trained_on() -> None:
    # Words of the photos from 869 on are held out for recognisers, which read what detectors find.
    assert not {*TRAINED} & {*VALIDATION}
    assert max(*TRAINED, *VALIDATION) < 869


def test_nothing_is_found_by_a_network_that_gives_nothing(photos: Path) -> None:
    assert Validation(read_icdar2015(photos, range(801, 869))).judge(sees_nothing()) == 0


def test_networks_are_scored_by_photos_with_truth(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    detector = blind(tmp_path)
    (photos / "list.txt").write_text("img_1.jpg\nimg_2.jpg\n")
    assert cli.run(["train", "score", str(photos / "list.txt"), "--detector", str(detector)]) == 0
    assert capsys.readouterr().out.startswith("F 0.000, precision 0.000, recall 0.000: 0 of 2 words")
    points = '<PolygonPoints x="10 40 70 65 40 15" y="20 10 20 40 30 40">word</PolygonPoints>'
    names = ("img_1.jpg", "gone.jpg")
    images = "".join(f"<Image><ImageName>{name}</ImageName>{points}</Image>" for name in names)
    (photos / "truth.xml").write_text(f"<tagset>{images}</tagset>")
    (page,) = read_cute80(photos / "truth.xml")
    assert page.photo == photos / "img_1.jpg"
    assert page.wanted[0].tolist() == [[10, 20], [40, 10], [70, 20], [65, 40], [40, 30], [15, 40]]
    (photos / "truth.xml").write_text("<tagset>")
    with pytest.raises(CommandError, match=r"truth\.xml is no ground truth as CUTE80 has it"):
        read_cute80(photos / "truth.xml")


def test_what_there_is_is_gathered(photos: Path) -> None:
    folders = Folders(icdar2015=photos, photos=photos, fonts=FONTS)
    material = gathered(folders, 1)
    assert [len(some) for some in material.sets] == [2, 2]
    assert len(material.photos) == 2
    with pytest.raises(CommandError, match="there is nothing to train with; name at least one of"):
        gathered(Folders(), 1)


def test_photos_of_ones_own_make_up_one_set(photos: Path, tmp_path: Path) -> None:
    for name, truth in {"a": "0,0,9,0,9,9,0,9,Hi\n", "b": "0,0,9,0,9,9,0,9,###\n"}.items():
        (tmp_path / f"{name}.jpg").touch()
        (tmp_path / f"gt_{name}.txt").write_text(truth)
    (tmp_path / "cuts.json").write_text('{"a": [[[0, 0.5, 1], 0.75]], "b": []}')
    material = gathered(Folders(annotated=(photos, tmp_path)), 1)
    assert [[photo.picture.name for photo in some] for some in material.sets] == [["img_1.jpg", "img_2.jpg", "a.jpg"]]
    assert material.sets[0][2].words[0].trust == 0.75


def test_real_words_are_cut_by_what_a_network_sees(photos: Path, tmp_path: Path) -> None:
    told = read_icdar2015(photos, range(1, 3))
    cut_photos(told, blind(tmp_path), tmp_path / "cuts.json")
    cuts = read_cuts(tmp_path / "cuts.json")
    assert {*cuts} == {"img_1", "img_2"}
    # Who sees nothing keeps to usual widths.
    (again, _) = read_icdar2015(photos, range(1, 3), cuts)
    assert again.words[0].characters == pytest.approx(told[0].words[0].characters, abs=0.02)


def test_a_training_without_anything_is_said(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["train", "detector", "--validation", str(photos), "--out", str(tmp_path / "out")]) == 2
    assert "there is nothing to train with" in capsys.readouterr().err
