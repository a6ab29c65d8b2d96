"""A virtual environment with the wheel of this checkout. Nothing is downloaded: it sees the packages that run here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("charlstm", "checkpoints", "data/results", ".streamlit")
FILES = ("app.py", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "THIRD_PARTY.md")


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel, and a user's home and working folder, both empty at first."""

    environment: Path
    home: Path
    work: Path

    @property
    def site_packages(self) -> Path:
        (folder,) = self.environment.glob("lib/python*/site-packages")
        return folder

    def variables(self) -> dict[str, str]:
        own = ("CHARLSTM_", "PYTHON", "STREAMLIT_", "XDG_", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return {**kept, "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, words: Sequence[str], *, program: str = "charlstm") -> str:
        line = [str(self.environment / "bin" / program), *words]
        done = subprocess.run(line, cwd=self.work, env=self.variables(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def written(self) -> set[str]:
        """Everything that lies where the package is installed, and when it was written."""
        files = [path for path in self.site_packages.rglob("*") if "__pycache__" not in path.parts]
        return {f"{path.relative_to(self.site_packages)} {path.stat().st_mtime_ns}" for path in files}


def install(root: Path) -> Installed:
    """Build the wheel from a copy of the checkout, and install it into an environment in an empty folder."""
    copy = root / "copy"
    for name in SOURCES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_shipped", "job"))
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(root), str(copy)]
    subprocess.run(build, check=True, cwd=root)
    (wheel,) = root.glob("charlstm-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root / "venv")], check=True)
    environment = Installed(root / "venv", root / "home", root / "work")
    environment.home.mkdir()
    environment.work.mkdir()
    (environment.site_packages / "running.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["--python", str(root / "venv" / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True, cwd=root)
    return environment
