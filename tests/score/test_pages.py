"""Files to print: opened again by pypdf, poppler and Pillow, which know nothing of how they were made."""

from __future__ import annotations

import io
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pypdf import PdfReader

from charlstm.errors import ConfigError, NotationError
from charlstm.score.engrave import engrave
from charlstm.score.notation import read_score, to_musicxml
from charlstm.score.pages import MAX_TUNES, Page, to_pdf, to_png, to_svg, tunebook_pdf

REEL = "X:1\nT:The Wooden Gate\nR:reel\nC:Trad.\nM:4/4\nL:1/8\nK:C\n|:C2EG cGEC|D2FA dAFD|E2GB eBGE|C2EG c4:|\n"
SONG = 'X:1\nT:Lied\nQ:3/8=60\nM:6/8\nL:1/8\nK:G\n"Am7"GAB cde|!trill!g3 d3|\nw:Wä-re ich ein Vö-ge-lein\nW:Ende\n'
LONG = "X:1\nT:Long\nM:4/4\nL:1/8\nK:D\n" + ("DEFG ABcd|" * 4 + "\n") * 40


def ink(picture: Image.Image) -> NDArray[np.bool_]:
    return np.asarray(picture.convert("L")) < 128


def staff_lines(picture: Image.Image) -> int:
    """Rows with ink over half of the width, however thin; neighbours are one line."""
    grey = np.asarray(picture.convert("L")) < 240
    return int(np.count_nonzero(np.diff((grey.mean(axis=1) > 0.5).astype(int)) == 1))


def words(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def painted(pdf: bytes, folder: Path) -> list[Image.Image]:
    """The sheets as poppler draws them, 100 dots an inch."""
    if shutil.which("pdftoppm") is None:
        pytest.skip("poppler is not installed (package poppler-utils)")
    (folder / "book.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "100", "-png", "book.pdf", "sheet"], cwd=folder, check=True, capture_output=True)
    return [Image.open(path) for path in sorted(folder.glob("sheet*.png"))]


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_png_shows_the_page_in_black_on_white(scale: float):
    (page,) = engrave(read_score(REEL))
    view = [float(number) for number in ET.fromstring(page).get("viewBox", "").split()]
    picture = Image.open(io.BytesIO(to_png(page, scale=scale)))
    assert picture.size == pytest.approx((view[2] * scale, view[3] * scale), abs=1)
    dark = ink(picture)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert staff_lines(picture) == 5
    assert 0.03 < dark.mean() < 0.3


def test_a_png_has_the_words_and_the_metronome_mark():
    """A text that no font was found for leaves no ink."""
    bare = ink(Image.open(io.BytesIO(to_png(to_svg(read_score("T:i\nM:6/8\nL:1/8\nK:G\nGAB cde|g3 d3|"))))))
    full = ink(Image.open(io.BytesIO(to_png(to_svg(read_score(SONG))))))
    assert full.sum() > bare.sum() + 2000


def test_a_metronome_mark_needs_no_music_font():
    page = to_svg(read_score(SONG))
    ET.fromstring(page)
    assert "Leipzig" not in page
    assert "base64" not in page
    assert len(page) < 20_000
    mark = page.split('class="tempo"')[1].split("</text>")[0]
    assert mark.count("<path") == 2  # a quarter note and its dot
    assert ">60<" in mark


def test_a_picture_of_a_long_tune_is_bounded():
    (page,) = engrave(read_score(LONG), width=3000, scale=20)
    picture = Image.open(io.BytesIO(to_png(page, scale=8)))
    assert picture.size[0] * picture.size[1] <= 41_000_000


def test_what_is_no_page_is_refused():
    with pytest.raises(NotationError):
        to_png("<b>no page</b>")
    with pytest.raises(NotationError):
        to_png('<svg viewBox="0 0 10 10"><broken')
    with pytest.raises(ConfigError, match="scale"):
        to_png(to_svg(read_score(REEL)), scale=100)


def test_a_pdf_has_title_credits_words_and_notes(tmp_path: Path):
    pdf = to_pdf(read_score(REEL), note="Written by a model.")
    (text,) = words(pdf)
    assert text.index("The Wooden Gate") < text.index("reel, Trad.") < text.index("Written by a model.")
    (sheet,) = painted(pdf, tmp_path)
    assert staff_lines(sheet) == 5
    assert sheet.size == pytest.approx((827, 1169), abs=2)  # A4
    song = words(to_pdf(read_score(SONG)))[0]
    assert all(word in song for word in ("Lied", "Am7", "Vö", "lein", "60", "Ende"))


def test_a_long_tune_goes_on_on_the_next_sheet(tmp_path: Path):
    pdf = to_pdf(read_score(LONG))
    sheets = painted(pdf, tmp_path)
    assert len(sheets) == len(words(pdf)) > 2
    assert sum(staff_lines(sheet) for sheet in sheets) == 5 * 40
    for sheet in sheets:  # nothing is cut off at the edges
        dark = ink(sheet)
        assert not dark[:, :20].any() and not dark[:, -20:].any() and not dark[:20].any() and not dark[-10:].any()


def test_a_tunebook_has_contents_with_the_right_pages():
    tunes = [Page(REEL, "temperature 0.6, seed 7"), LONG, SONG, "T:Nothing #1\nK:C\n% no music"]
    pdf = tunebook_pdf(tunes, title="My tunes", credits="Written by charlstm")
    reader = PdfReader(io.BytesIO(pdf))
    texts = [page.extract_text() for page in reader.pages]
    assert "My tunes" in texts[0] and "Written by charlstm" in texts[0]
    assert reader.metadata is not None and reader.metadata.title == "My tunes"
    contents = texts[1]
    for title in ("The Wooden Gate", "Long", "Lied", "Nothing #1"):
        line = next(line for line in contents.splitlines() if title in line)
        number = int("".join(c for c in line.split(".")[-1] if c.isdigit()))
        assert title in texts[number - 1]
        assert number > 2
    outline = {item.title: reader.get_destination_page_number(item) for item in reader.outline}
    assert list(outline) == ["The Wooden Gate", "Long", "Lied", "Nothing #1"]
    assert all(title in texts[page] for title, page in outline.items())
    assert "temperature 0.6, seed 7" in "".join(texts)


def test_a_tune_that_cannot_be_drawn_is_printed_as_text_with_the_reason():
    text = "".join(words(tunebook_pdf(['T:Nothing\nK:C\n"#panic[x] *b* $y$"|'])))
    assert "there is no note and no rest" in text
    assert '"#panic[x] *b* $y$"|' in text


@pytest.mark.parametrize(
    "title",
    ["#panic[x]", "*b* _i_ $x$ `r`", "<script>& a", '"] #read("/etc/passwd")', "Песня Ελλη", "\\u{41} //", "\ud800x"],
)
def test_what_a_tune_says_is_text(title: str):
    """Whatever a model or a visitor wrote is set as it is, and runs nothing."""
    shown = "".join(c for c in title if c.isprintable())
    pdf = tunebook_pdf([Page(f"T:{title}\nK:C\nC{{}}|", title), f"T:{title}\nK:C\n{title}"], title=title, credits=title)
    text = "".join("".join(words(pdf)).split())
    assert text.count("".join(shown.split())) >= 5


def test_the_same_tunes_give_the_same_bytes():
    assert tunebook_pdf([REEL, SONG]) == tunebook_pdf([REEL, SONG])
    assert to_png(to_svg(read_score(REEL))) == to_png(to_svg(read_score(REEL)))


def test_a_book_has_tunes_and_an_end():
    for tunes in ([], [REEL] * (MAX_TUNES + 1)):
        with pytest.raises(ConfigError, match="tunes"):
            tunebook_pdf(tunes)


def test_a_score_that_was_written_before_gives_the_same_page():
    score = read_score(REEL)
    assert engrave(score, musicxml=to_musicxml(score)) == engrave(score)


def test_lines_can_be_flowed_to_the_width():
    short = read_score("X:1\nM:4/4\nL:1/8\nK:C\n" + ("CDEF GABc|CDEF GABc|CDEF GABc|\n" * 4))
    assert [part.count('class="measure"') for part in engrave(short)[0].split('class="system"')[1:]] == [3, 3, 3, 3]
    rows = [part.count('class="measure"') for part in engrave(short, flow=True)[0].split('class="system"')[1:]]
    assert sum(rows) == 12
    assert rows != [3, 3, 3, 3]
