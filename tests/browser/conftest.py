"""A server of the page on a free port, and a headless Chromium that looks at it. Skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.serving import CHROMIUM_FLAGS, ROOT, served
from charlstm.tunes.corpus.io import save_corpus
from charlstm.tunes.corpus.model import Corpus
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

HOSTILE = (
    'T:<script>window.HACKED=1</script><img src="http://outside.example/x" onerror="window.HACKED=2"> '
    "![a](http://outside.example/y)\nM:4/4\nL:1/8\nK:D\n"
    '|:"<b onclick=window.HACKED=3>"d2fd Adfd|e2ge cege|dfaf bafd|edce d4:|'
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests. One that fails is tried twice more, and said so: a browser on a busy machine may be slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server with two models that recite, "reciter" and "hostile", whose tune attacks the page, and a corpus."""
    home = tmp_path_factory.mktemp("home")
    save_reciter(home / "checkpoints" / "reciter", (TUNES[0], TUNES[3], TUNES[5]))
    save_reciter(home / "checkpoints" / "hostile", [HOSTILE])
    shutil.copytree(ROOT / "data" / "results", home / "data" / "results")
    tiny = Corpus("tiny", train=(*TUNES[:3], TUNES[4], HOSTILE), validation=TUNES[3:4], test=TUNES[5:])
    save_corpus(tiny, home / "data" / "corpus")
    with served("app.py", home) as at:
        yield at


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium; install Debian's package chromium, or name one in CHROMIUM")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh visit. It fails if anything was asked of another host, if a script failed, or if a hostile text ran."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(60_000)
    page = context.new_page()
    outside: list[str] = []
    errors: list[str] = []
    page.on(
        "request",
        lambda r: None if r.url.startswith(("http://localhost:", "data:", "blob:")) else outside.append(r.url),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert outside == []
    assert errors == []
    assert page.evaluate("window.HACKED") is None
    assert page.locator("a[href*='outside.example']").count() == 0  # an address in a title is text
    context.close()
