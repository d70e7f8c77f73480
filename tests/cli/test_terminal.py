"""What is shown in a pipe, without a library for terminals, is what it shows there."""

from __future__ import annotations

from rich.console import Console

from pipeline.cli.terminal import Card


def test_a_card_in_a_pipe_is_the_card_of_the_terminal_without_its_colours() -> None:
    card = Card({"written": "out.wav", "length of it": "1 s\n48,000 frames", "said": "\x1b[31mred"})
    console = Console(width=200, markup=False, highlight=False)
    with console.capture() as shown:
        console.print(card)
    assert str(card).split("\n") == [line.rstrip(" ") for line in shown.get().rstrip("\n").split("\n")]
    assert str(card).split("\n")[2] == " " * 14 + "48,000 frames"


def test_a_name_that_could_steer_a_terminal_is_shown_as_what_it_is() -> None:
    assert str(Card({"\x1b[3m": "x", "length": "1 s"})) == "\\x1b[3m  x\nlength   1 s"
