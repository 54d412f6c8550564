"""The back-ends, for tests that each of them must pass; those that cannot be used here are skipped, and say why."""

from __future__ import annotations

import pytest

from glyphfeed.engines.loading import GPU, Backend, trouble_with

USABLE = [backend for backend in Backend if trouble_with(backend) is None]
BACKENDS = [
    pytest.param(
        backend,
        marks=[
            *([pytest.mark.gpu] if backend in GPU else []),
            *([] if backend in USABLE else [pytest.mark.skip(reason=f"{backend}: {trouble_with(backend)}")]),
        ],
    )
    for backend in Backend
]
