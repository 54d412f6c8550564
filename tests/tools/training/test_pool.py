"""Words on disk."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.pool import Pool, shard_name, unplaced, write_shard
from tests.tools.training.setting import some_words


def test_words_come_back_as_they_were_kept(tmp_path: Path) -> None:
    words = [*some_words(5), unplaced(np.arange(48, dtype=np.uint8).reshape(6, 8), "£5 off")]
    assert write_shard(tmp_path / "a" / shard_name(0), words[:2]) == 2
    write_shard(tmp_path / "a" / shard_name(1), words[2:4])
    write_shard(tmp_path / "b" / shard_name(0), words[4:])
    pool = Pool([tmp_path / "a", tmp_path / "b"])
    assert len(pool) == len(words)
    for number, word in enumerate(words):
        kept = pool[number]
        assert kept.text == word.text
        assert np.array_equal(kept.crop, word.crop)
        assert np.allclose(kept.quads, word.quads, atol=0.25, equal_nan=True)
    with pytest.raises(IndexError):
        pool[len(words)]


def test_what_is_half_written_is_no_shard(tmp_path: Path) -> None:
    def words() -> object:
        yield unplaced(np.zeros((8, 8), np.uint8), "A")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path / shard_name(0), words())  # type: ignore[arg-type]
    with pytest.raises(CommandError, match="holds no words; make some with glyphfeed train synthesise"):
        Pool([tmp_path])


def test_a_pool_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CommandError, match="shard-00000 cannot be written: Not a directory; check the path"):
        write_shard(tmp_path / "file" / shard_name(0), [unplaced(np.zeros((8, 8), np.uint8), "A")])


def test_a_broken_shard_is_told(tmp_path: Path) -> None:
    write_shard(tmp_path / shard_name(0), [unplaced(np.zeros((8, 8), np.uint8), "A")])
    (tmp_path / shard_name(0) / "pixels.npy").write_bytes(b"")
    with pytest.raises(CommandError, match=r"shard-00000 is no shard of words that can be read .* delete it"):
        Pool([tmp_path])


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this system does not part the processor among sessions")
@pytest.mark.parametrize(("own_session", "niceness"), [(True, "19"), (False, "0")])
def test_work_that_may_wait_steps_back_with_the_session_that_was_begun_for_it(own_session: bool, niceness: str) -> None:
    code = "\n".join(
        (
            "import os, sys",
            "from glyphfeed.tools.training.synthesise import step_back",
            "step_back()",
            "print(os.nice(0), open('/proc/self/autogroup').read().split()[-1])",
        )
    )
    # A shell is the leader of the other session, so that this one is changed by nobody.
    command = [sys.executable, "-c", code]
    if not own_session:
        command = ["sh", "-c", f"{shlex.join(command)}; true"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)
    assert done.stdout.split() == ["19", niceness]
