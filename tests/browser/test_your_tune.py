"""Your tune and Library in a real browser: paste, open, continue, rewrite, export. Every wait is for a law."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pypdf
import pytest

from benchmarks.serving import ROOT, served
from charlstm.score.midi import to_midi
from charlstm.score.notation import read_score
from charlstm.tunes.harmony.backing import harmonize
from charlstm.tunes.views.bars import bars
from charlstm.ui.your_tune.turns import notes_from
from tests.browser.conftest import HOSTILE
from tests.conftest import TUNES
from tests.memorizing_model import save_reciter, save_weaver

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = api.expect

REEL = "X:1\n" + TUNES[0]
LONG = 120_000  # ms that a law may take on a machine that does much else


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a model that recites and one that weaves bars by chance."""
    home = tmp_path_factory.mktemp("house")
    save_reciter(home / "checkpoints" / "reciter", (TUNES[0], TUNES[3], TUNES[5]))
    save_weaver(home / "checkpoints" / "weaver", (*TUNES, HOSTILE))
    with served("app.py", home) as at:
        yield at


def press(page: Any, name: str, place: int = 0, *, exact: bool = False) -> None:
    """Press a button once the page stands still: what moves under a click may miss it."""
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached", timeout=LONG)
    page.get_by_role("button", name=name, exact=exact).nth(place).click()


def text_of(page: Any) -> Any:
    return page.locator(".editor .text")


def pasted(page: Any, house: str, text: str) -> None:
    """Your tune with a text in its editor, and its score."""
    page.goto(f"{house}/your_tune")
    text_of(page).fill(text)
    text_of(page).blur()
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)


def shows(page: Any, law: Any) -> str:
    """Wait until the editor's text obeys a law; the text."""
    for _ in range(LONG // 100):
        value: str = text_of(page).input_value()
        if law(value):
            return value
        page.wait_for_timeout(100)
    raise AssertionError(value)


def drawn(page: Any, text: str) -> None:
    """Wait until the first player shows this text."""
    expect(page.locator(".player .abc").first).to_have_text(text, timeout=LONG, use_inner_text=False)


def weaver(page: Any) -> None:
    """The model that weaves is the first choice here: it alone records a loss."""
    expect(page.get_by_test_id("stMain").get_by_role("combobox", name="Model")).to_have_value("weaver", timeout=LONG)


def tool(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name).evaluate("(e) => e.click()")


def test_a_pasted_tune_is_drawn_its_faults_stand_beside_their_lines_and_are_mended(page: Any, house: str) -> None:
    wrong = REEL.replace("e2ge cege", "e2ge ceg")
    pasted(page, house, wrong)
    remark = page.locator(".remarks button")
    expect(remark).to_have_count(1, timeout=LONG)
    expect(remark).to_contain_text("Line 7, column 13")
    expect(remark).to_contain_text("bar 2 holds 7/8")
    expect(page.locator(".numbers .noted")).to_have_text("7")
    remark.click()
    assert text_of(page).evaluate("(e) => e.selectionStart") == wrong.index("e2ge ceg")
    text_of(page).fill(REEL)
    text_of(page).blur()
    expect(remark).to_have_count(0, timeout=LONG)
    drawn(page, REEL)
    assert text_of(page).input_value() == REEL
    press(page, "Undo")
    shows(page, lambda value: value == wrong)


def test_on_paper_there_is_the_title_and_the_score_alone(page: Any, house: str) -> None:
    pasted(page, house, REEL)
    drawn(page, REEL)
    page.emulate_media(media="print")
    for shown in (".player .print-title", ".player .sheet svg"):
        expect(page.locator(shown).first).to_be_visible()
    assert page.locator(".player .print-title").inner_text() == "The Cold Kettle"
    for hidden in (".editor", ".player .controls", ".player .abc", "[data-testid=stFileUploader]", "button"):
        expect(page.locator(hidden).filter(visible=True)).to_have_count(0)


def test_a_book_is_opened_and_one_of_its_tunes_is_chosen(page: Any, house: str) -> None:
    book = f"X:1\n{TUNES[1]}\n\nX:2\n{TUNES[2]}\n\nX:3\nT:Föhn\nK:D\nabc|\n".replace("\n", "\r\n")
    page.goto(f"{house}/your_tune")
    text_of(page).wait_for()
    page.locator("input[type=file]").set_input_files(
        [{"name": "book.abc", "mimeType": "text/plain", "buffer": book.encode("latin-1")}]
    )
    shows(page, lambda value: value == f"X:1\n{TUNES[1]}")
    page.get_by_test_id("stMain").get_by_role("combobox", name="Tune of the book").click()
    page.get_by_role("option", name="3. Föhn", exact=True).click()
    shows(page, lambda value: value == "X:3\nT:Föhn\nK:D\nabc|")


def test_a_midi_file_is_opened_as_abc(page: Any, house: str) -> None:
    page.goto(f"{house}/your_tune")
    text_of(page).wait_for()
    page.locator("input[type=file]").set_input_files(
        [{"name": "tune.mid", "mimeType": "audio/midi", "buffer": to_midi(read_score(REEL))}]
    )
    value = shows(page, lambda value: "K:D\n" in value)
    assert "d2fd Adfd|e2ge cege|" in value
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.locator("input[type=file]").set_input_files(
        [{"name": "broken.mid", "mimeType": "audio/midi", "buffer": b"MThd nothing"}]
    )
    expect(page.get_by_role("alert").filter(has_text="This did not work")).to_be_visible(timeout=LONG)
    assert text_of(page).input_value() == value


def test_a_tune_is_carried_on_and_another_way_and_back(page: Any, house: str) -> None:
    pasted(page, house, REEL)
    weaver(page)
    go_on = page.get_by_role("button", name="Continue", exact=True)
    go_on.click()
    first = shows(page, lambda value: len(value) > len(REEL) + 10)
    assert first.startswith(REEL + "\n")
    drawn(page, first)
    assert page.locator(".player .abc .marked").count() == len(first) - len(REEL) - 1
    go_on.click()
    second = shows(page, lambda value: value != first and len(value) > len(REEL) + 10)
    assert second.startswith(REEL + "\n")
    press(page, "Undo")
    shows(page, lambda value: value == first)


def test_chosen_bars_are_written_anew_heard_and_taken(page: Any, house: str) -> None:
    pasted(page, house, REEL)
    drawn(page, REEL)
    weaver(page)
    tool(page, "Rewrite bars")
    page.get_by_role("button", name="Rewrite", exact=True).wait_for()
    found = bars(REEL)
    page.locator(f'.abc [data-at="{found[2].start}"]').first.click()
    page.locator(f'.abc [data-at="{found[2].start + 3}"]').first.click(modifiers=["Shift"])
    expect(page.get_by_role("spinbutton", name="From bar")).to_have_value("3", timeout=LONG)
    expect(page.get_by_role("spinbutton", name="To bar")).to_have_value("3", timeout=LONG)
    press(page, "Rewrite", exact=True)
    expect(page.get_by_role("button", name="Use this")).to_have_count(5, timeout=LONG)
    press(page, "Listen", 1)
    expect(page.locator(".player")).to_have_count(2, timeout=LONG)
    expect(page.locator(".player .abc .marked").first).to_be_attached(timeout=LONG)
    press(page, "Use this")
    value = shows(page, lambda value: value != REEL)
    assert value.startswith(REEL[: found[2].start])
    assert value.endswith(REEL[found[2].end :])
    assert [bar.duration for bar in bars(value)] == [bar.duration for bar in found]


LATE_SERVER = """
window.lateness = 0;
const listen = WebSocket.prototype.addEventListener;
WebSocket.prototype.addEventListener = function (name, act, ...more) {
  const later = (event) => setTimeout(() => act(event), window.lateness);
  listen.call(this, name, name === "message" ? later : act, ...more);
};
"""  # what the server says reaches the page so many milliseconds late


def test_bars_chosen_in_the_score_are_rewritten_however_late_the_server_answers(page: Any, house: str) -> None:
    """Until it does, the page still shows, and sends with each click, the numbers that were there before."""
    page.add_init_script(LATE_SERVER)
    pasted(page, house, REEL)
    drawn(page, REEL)
    weaver(page)
    tool(page, "Rewrite bars")
    page.get_by_role("button", name="Rewrite", exact=True).wait_for()
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached", timeout=LONG)
    page.evaluate("window.lateness = 1500")
    bar = bars(REEL)[2]
    page.locator(f'.abc [data-at="{bar.start}"]').first.click()
    page.locator(f'.abc [data-at="{bar.start + 3}"]').first.click(modifiers=["Shift"])
    page.wait_for_timeout(250)  # the choice is sent after a moment
    page.get_by_role("button", name="Rewrite", exact=True).click()
    expect(page.get_by_text("Bar 3: ")).to_be_visible(timeout=LONG)


def test_a_hostile_tune_is_only_text(page: Any, house: str) -> None:
    text = "X:1\n" + HOSTILE + "\n@<img src=x onerror=window.HACKED=4>|"
    pasted(page, house, text)
    expect(page.locator(".remarks button").first).to_be_visible(timeout=LONG)
    weaver(page)
    press(page, "Continue", exact=True)
    shows(page, lambda value: len(value) > len(text) + 10)  # a guarded continuation may end soon
    press(page, "Keep", exact=True)
    page.get_by_role("button", name="Kept", exact=True).wait_for()
    page.get_by_role("link", name="Library").click()
    page.get_by_role("button", name="Listen").first.wait_for()  # the page's own fixture looks for what ran


def test_kept_tunes_go_home_as_a_book_and_as_everything(page: Any, house: str) -> None:
    page.goto(f"{house}/?model=reciter&seed=1")
    press(page, "Keep", exact=True)
    page.get_by_role("button", name="Kept", exact=True).wait_for()
    page.get_by_role("link", name="Your tune").click()
    text_of(page).fill("X:1\n" + TUNES[1])
    text_of(page).blur()
    drawn(page, "X:1\n" + TUNES[1])
    press(page, "Keep", exact=True)
    page.get_by_role("button", name="Kept", exact=True).wait_for()
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("button", name="Kept", exact=True)).to_have_count(2, timeout=LONG)
    press(page, "Make ZIP")
    for _ in range(2):  # keeping a file changes nothing
        with page.expect_download() as download:
            page.get_by_role("button", name="Download ZIP (2 tunes").click()
        page.wait_for_timeout(1500)  # fast clicks are one
    archive = zipfile.ZipFile(Path(download.value.path()))
    assert archive.testzip() is None
    readme = archive.read("README.txt").decode()
    assert f"{house}/?model=reciter&seed=1" in readme
    for name in archive.namelist():
        if name.endswith(".mid"):
            assert any(m.type == "note_on" for m in mido.MidiFile(file=io.BytesIO(archive.read(name))))
        elif name.endswith(".pdf"):
            assert len(pypdf.PdfReader(io.BytesIO(archive.read(name))).pages) >= 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Download tunebook").click()
    book = pypdf.PdfReader(download.value.path())
    assert "Maggie in the Barley" in {str(item["/Title"]) for item in book.outline}


def test_two_tunes_side_by_side_and_one_deleted_and_brought_back(page: Any, house: str) -> None:
    page.goto(f"{house}/?model=reciter&seed=1")
    press(page, "Another tune")
    page.wait_for_url("**seed=2**")
    page.get_by_role("link", name="Your tune").click()
    text_of(page).fill("X:1\n" + TUNES[4])
    text_of(page).blur()
    drawn(page, "X:1\n" + TUNES[4])
    press(page, "Keep", exact=True)
    page.get_by_role("button", name="Kept", exact=True).wait_for()
    page.get_by_role("link", name="Library").click()
    page.get_by_role("heading", name="Sawdust").wait_for()
    press(page, "Compare")
    expect(page.locator(".player")).to_have_count(2, timeout=LONG)
    press(page, "Close the first")
    expect(page.locator(".player")).to_have_count(1, timeout=LONG)
    listed = page.get_by_role("button", name="Listen")
    page.locator('[data-test-script-state="notRunning"]').first.wait_for(state="attached", timeout=LONG)
    before = listed.count()
    press(page, "Delete")
    expect(listed).to_have_count(before - 1, timeout=LONG)
    press(page, "Restore")
    expect(listed).to_have_count(before, timeout=LONG)


def test_an_address_brings_the_same_bytes_to_another_browser(browser: Any, page: Any, house: str) -> None:
    page.goto(f"{house}/?model=reciter&temperature=1.5&length=300")
    page.locator(".player .sheet svg").first.wait_for(timeout=LONG)
    page.wait_for_url("**seed=**")
    text = page.locator(".player .abc").first.text_content()
    other = browser.new_context()
    try:
        visit = other.new_page()
        visit.goto(page.url)
        expect(visit.locator(".player .abc").first).to_have_text(text, timeout=LONG)
        assert visit.locator(".player .abc").first.text_content() == text
    finally:
        other.close()


def test_the_pages_fit_a_phone(page: Any, house: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    pasted(page, house, REEL.replace("d4:|", "d3:|"))
    expect(page.locator(".remarks button")).to_have_count(1, timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".editor").bounding_box()["width"] <= 360


MIDI = """
const input = { name: "Stub keys", onmidimessage: null };
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["1", input]]), onstatechange: null });
window.midi = (status, pitch, at = performance.now()) => {
  input.onmidimessage({ data: [status, pitch, 90], timeStamp: at });
};
"""  # a MIDI keyboard that the test plays


def take_turns(page: Any, house: str) -> None:
    """Your tune with its keyboard, a MIDI keyboard connected."""
    page.add_init_script(MIDI)
    page.goto(f"{house}/your_tune")
    page.get_by_text("Take turns with the model").click()
    weaver(page)
    press(page, "Connect a MIDI keyboard")
    expect(page.locator(".midi-state")).to_have_text("Connected: Stub keys.")


def test_a_midi_keyboard_steps_in_four_bars_and_the_model_answers_with_four(page: Any, house: str) -> None:
    take_turns(page, house)
    strike = "(pitch) => { midi(0x90, pitch); midi(0x80, pitch); }"
    for pitch in (62, 66, 69, 74):
        page.evaluate(strike, pitch)
    page.locator('.keys [aria-label="F sharp 5"]').click()  # a drawn key, keys of the computer, a rest
    page.keyboard.press("Backspace")
    page.keyboard.press("d")
    page.keyboard.press("q")
    page.get_by_role("radio", name="Quarter", exact=True).click()
    page.keyboard.press("h")
    expect(page.locator(".preview")).to_contain_text("DFAd EzA2|", timeout=LONG)
    expect(page.locator(".turn")).to_have_text("Your turn: bar 2 of 4.")
    for _ in range(12):
        page.evaluate(strike, 74)
    expect(page.locator(".player .abc").first).to_contain_text("DFAd EzA2|d2d2 d2d2|d2d2 d2d2|d2d2 d2d2|", timeout=LONG)
    text = page.locator(".player .abc").first.text_content()
    answer = text.partition("d2d2 d2d2|\n")[2]
    assert [bar.duration for bar in bars(text)] == 8 * [1]
    assert page.locator(".player .abc .marked").count() == len(answer)
    expect(page.locator(".turn")).to_have_text("Your turn: bar 1 of 4.", timeout=LONG)
    page.locator(".keyboard .undo").click()  # the exchange is taken back
    expect(page.locator(".player")).to_have_count(0, timeout=LONG)
    expect(page.locator(".keyboard .undo")).to_be_disabled(timeout=LONG)  # what was there before the first turn stays


KEYBOARD = ROOT / "charlstm" / "ui" / "your_tune" / "keyboard"
REMOUNT = """
(mount) => {
  const data = { turn: 1, bar: 4, beat: 1, bars: 4, abc: "", undo: false, answer: [] };
  const show = () => mount({ data, parentElement: document.body, setStateValue() {}, setTriggerValue() {} });
  const leave = show();
  document.querySelector('[aria-label="Half"]').click();
  document.querySelector(".rest").click();
  leave();
  show();
}
"""  # the keyboard is played, taken off the page, and put on it again


def test_a_keyboard_that_is_mounted_again_is_one_and_goes_on(page: Any) -> None:
    page.set_content((KEYBOARD / "keyboard.html").read_text(encoding="utf-8"))
    base = (ROOT / "charlstm" / "ui" / "shared" / "base.js").read_text(encoding="utf-8")
    script = (KEYBOARD / "keyboard.js").read_text(encoding="utf-8").replace("export default function", "function mount")
    page.evaluate(f"(() => {{ {base}\n{script}\n({REMOUNT})(mount); }})()")
    assert page.get_by_role("radio").count() == 2 + 6
    assert page.locator(".keys button").count() == 84 - 55 + 1
    expect(page.get_by_role("radio", name="Half", exact=True)).to_have_attribute("aria-checked", "true")
    page.locator(".rest").click()
    expect(page.locator(".turn")).to_have_text("Your turn: bar 2 of 4.")


def test_what_is_played_against_the_metronome_is_written_as_it_was_meant(page: Any, house: str) -> None:
    take_turns(page, house)
    page.get_by_role("radio", name="In time").click()
    page.locator(".keyboard .tempo").fill("200")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".turn")).to_have_text("Counting in …")
    # Thirty-two eighths, none of them quite in time: the clock of a message counts, not when it is seen.
    page.evaluate(
        """() => {
          const mounts = [...document.querySelectorAll("*")].map((host) => host.shadowRoot?.querySelector(".keyboard"));
          const begin = Number(mounts.find(Boolean).dataset.begin);
          for (let i = 0; i < 32; i += 1) {
            const at = begin + i * 150 + (i % 3) * 12 - 12;
            midi(0x90, [62, 66, 69, 74][i % 4], at);
            midi(0x80, [62, 66, 69, 74][i % 4], at + 110);
          }
        }"""
    )
    expect(page.locator(".player .abc").first).to_contain_text(
        "K:D\nDFAd DFAd|DFAd DFAd|DFAd DFAd|DFAd DFAd|\n", timeout=LONG
    )
    text = page.locator(".player .abc").first.text_content()
    assert [bar.duration for bar in bars(text)] == 8 * [1]
    answer = [str(note.pitch) for note in notes_from(text, text.rindex("\n", 0, -1) + 1)]
    expect(page.locator(".keyboard")).to_have_attribute("data-heard", " ".join(answer), timeout=LONG)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".turn")).to_have_text("Press Start: a bar is counted in.")


def test_backing_is_seen_and_heard_and_written_into_the_tune(page: Any, house: str) -> None:
    """The switch adds chords to the score and the MIDI file, and leaves the text alone until a button writes them."""
    pasted(page, house, REEL)
    page.get_by_text("Backing", exact=True).click()
    drawn(page, harmonize(REEL))
    assert text_of(page).input_value() == REEL
    with page.expect_download(timeout=LONG) as download:
        press(page, "MIDI")
    names = [track.name for track in mido.MidiFile(download.value.path()).tracks]
    assert names[-2:] == ["Chords", "Bass"]
    press(page, "Write chords into the tune")
    shows(page, lambda text: text == harmonize(REEL))
