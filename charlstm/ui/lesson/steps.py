"""The six steps of the lesson: what to read, what to do on which page, what to answer. Knows no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

SEED = 7  # of the tunes in the lesson: everybody in a class hears the same
COLD, WILD = "0.2", "1.5"


@dataclass(frozen=True)
class Step:
    """A step of the lesson.

    Attributes
    ----------
    title, about : str
        What it is about, in one or two sentences.
    links : tuple of (label, address)
        Pages to open, relative to the lesson's own address.
    task, question : str
        What to do there, and what to answer.
    """

    title: str
    about: str
    links: tuple[tuple[str, str], ...]
    task: str
    question: str


def steps(model: str, header_unit: tuple[int, int] | None, neurons: int) -> tuple[Step, ...]:
    """The lesson with one model.

    Parameters
    ----------
    model : str
        The model that writes and reads.
    header_unit : (layer, index), optional
        Its header neuron; without one the lesson leads to the neuron index.
    neurons : int
        How many neurons it has.
    """

    def link(page: str, **query: str) -> str:
        return f"{page}?{urlencode(query)}"

    tune = {"model": model, "seed": str(SEED)}
    header = {"neuron": f"{header_unit[0]}:{header_unit[1]}"} if header_unit else {}
    ablated = {"neurons": header["neuron"]} if header else {}
    found = ("tune", "Open the header neuron") if header else ("directory", "Open the neuron index")
    return (
        Step(
            "Temperature",
            "The model writes a tune one character at a time. For each it has a probability for every character, and "
            "picks one at random. The higher the temperature, the more often it picks an unlikely one.",
            (
                (f"Compose at {COLD}", link("./", temperature=COLD, **tune)),
                (f"Compose at {WILD}", link("./", temperature=WILD, **tune)),
            ),
            "Listen to both tunes. They have the same seed, and “Always playable” is off: you hear what the network "
            "itself writes. Then move the slider and find the highest temperature at which you would still play "
            "the tune.",
            "What changes first as the temperature rises: the rhythm or the melody?",
        ),
        Step(
            "A neuron",
            f"The model reads the tune with {neurons:,} neurons. After each character each neuron has one number "
            "between −1 (blue) and +1 (red).",
            (("Open a neuron", link("neurons", view="tune", **tune)),),
            "Press Play and watch the colours. Then choose other neurons by number, and find one that you can explain.",
            "Which neuron did you find, and where in the tune is it red?",
        ),
        Step(
            "The header neuron",
            "A tune in ABC begins with a header: title, meter, key. One neuron tells it from the music, though nobody "
            "told the model what a header is. Mind what you conclude: headers have characters of their own, and an "
            "untrained network may have such a neuron too. The neuron index shows how well an untrained one scores.",
            ((found[1], link("neurons", view=found[0], **tune, **header)),),
            "Find the place where its colour changes. Choose another tune from the collection and look again.",
            "Why does it help the model to know whether it is in the header?",
        ),
        Step(
            "Without it",
            "A neuron that looks important may not be. Ablating a neuron means holding it at 0 while the model writes.",
            (
                (
                    "Ablate it",
                    link("neurons", view="cause", action="ablate", headers="own", **tune, **header, **ablated),
                ),
            ),
            "Compare tune A with tune B. Then press “Write 100 pairs”: one pair proves nothing.",
            "What changes clearly over 100 pairs? Did you expect more?",
        ),
        Step(
            "Train a network",
            "Before training, a network writes noise. It learns by predicting the next character, again and again.",
            (("Train two networks", link("train", view="new")),),
            "Press “Train an LSTM and an RNN for 1 minute” and read the tunes that they write after each epoch.",
            "In which order did it learn letters, header, bar lines and melody?",
        ),
        Step(
            "LSTM and RNN",
            "Both networks read the same tunes. The LSTM has gates, which decide what it keeps; the RNN has none.",
            (
                ("Compare your two runs", link("train", view="runs", run="1-minute-lstm", **{"with": "1-minute-rnn"})),
                ("See longer trainings", link("experiments", study="cells")),
            ),
            "Compare the losses and the tunes, after one minute and in the experiment.",
            "Which network is better, and by how much? What can gates keep that an RNN forgets?",
        ),
    )
