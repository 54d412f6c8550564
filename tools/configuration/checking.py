"""From the tables of a TOML file to dataclasses, by the types of their fields, with every mistake that there is.

Owns: which TOML fits which type, and the words of what does not.  Does not own any table (tables, and those of the bridges).

A field is text, a number, true or false, a path, one of a few words, a list of such, a table of lists, or a dataclass of its own;
`Parsed` and `Between` say more of it, and "or one" that a list may be its only element.  A dataclass may have `mistakes()`, which
yields the name of a field, or the way to what is in it, and a sentence for each.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import typer

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.stream.sources.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from glyphfeed.tools.configuration.lines import Place

Table = TypeVar("Table")

WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: 'text, such as "this"',
    Path: 'text, such as "this"',
    list: "a list, such as [...]",
    dict: "a table, such as { ... }",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """Of a field: it is written as text, or as a whole number, which this reads; what it raises says what is wrong."""

    parse: Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Between:
    """Of a number: its bounds, which it may have."""

    least: float
    most: float


class WrongError(Exception):
    """A value does not fit: where in the value, and a sentence without the field's name, for each mistake in it."""

    def __init__(self, *mistakes: tuple[Place, str]) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes


class Mistakes:
    """What is wrong with a file, each with its line."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = lines
        self._found: list[tuple[int, str]] = []

    def add(self, place: Place, sentence: str) -> None:
        """Note a mistake at a place, in one line and without credentials."""
        self._found.append((self.line(place), redact(" ".join(sentence.split()))))

    def line(self, place: Place) -> int:
        """The line of a place, or of what it would be in."""
        return next(self._lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in self._lines)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Line and sentence of each, in the order of the lines."""
        return iter(sorted(self._found, key=lambda mistake: mistake[0]))

    def __len__(self) -> int:
        return len(self._found)


def read_table(kind: type[Table], values: object, place: Place, named: str, folder: Path, mistakes: Mistakes) -> Table | None:
    """Read a table that is called so in what is said of it, its paths as seen from a folder.

    What is wrong in it is left out, so that more mistakes can be found; None where too little is left.
    """
    if not isinstance(values, dict):
        mistakes.add(place, f"{named} is a table, and not {word_for(values)}")
        return None
    table, found = read_fields(kind, values, folder)
    for where, sentence in found:
        mistakes.add((*place, *where), f"{named}: {sentence}")
    return table


def read_fields(kind: type[Table], values: dict[str, Any], folder: Path) -> tuple[Table | None, list[tuple[Place, str]]]:
    """Read the fields of a table, and what is wrong with them: where in it, and a sentence; see `read_table`."""
    hints = get_type_hints(kind, localns={"Path": Path}, include_extras=True)
    known = {field.name: field for field in fields(cast("Any", kind)) if field.init}
    found: list[tuple[Place, str]] = [
        ((key,), unknown(key, {name: name for name in known})) for key in values.keys() - known.keys()
    ]
    read: dict[str, Any] = {}
    needed = [name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING]
    for name in known.keys() & values.keys():
        try:
            read[name] = read_value(hints[name], values[name], folder)
        except WrongError as wrong:
            found += [((name, *where), f"{name} {sentence}") for where, sentence in wrong.mistakes]
    for name in needed:
        if name not in values:
            found.append(((), f"{name} is missing"))
    if not read.keys() >= {*needed}:
        return None, found
    table = kind(**read)
    for place, sentence in getattr(table, "mistakes", tuple)():
        where = (place,) if isinstance(place, str) else place
        if not where and found:
            # What it says of the whole table may come of what was left out.
            continue
        found.append((where, f"{where[0]}: {sentence}" if where else sentence))
    return table, found


def read_value(hint: Any, value: object, folder: Path) -> Any:
    """Read a value of a type, with a path in it as seen from a folder.

    Raises:
        WrongError: it does not fit.

    """
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *notes_of = get_args(hint)
        notes = tuple(notes_of)
    if get_origin(hint) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not type(None)]
        # Of a list and something else it is what it looks like.
        suiting = [kind for kind in kinds if (get_origin(kind) is tuple) is isinstance(value, list)]
        return read_value((suiting or kinds)[0], value, folder)
    for note in notes:
        if isinstance(note, Parsed):
            return parsed(note, str(value) if type(value) is int else fitting(value, str))
    if "or one" in notes and isinstance(value, str):
        value = [value]
    if get_origin(hint) is Mapping:
        return read_mapping(get_args(hint)[1], fitting(value, dict), folder)
    if is_dataclass(hint):
        return read_inner(hint, fitting(value, dict), folder)
    if get_origin(hint) is tuple:
        return read_list(get_args(hint)[0], fitting(value, list), folder)
    if get_origin(hint) is Literal or issubclass(hint, StrEnum):
        words = [str(word) for word in (get_args(hint) or hint)]
        return chosen(fitting(value, str), words) if get_args(hint) else hint(chosen(fitting(value, str), words))
    if issubclass(hint, Path):
        if not (text := fitting(value, str)) or "\0" in text:
            raise WrongError(((), "is a path, and there can be none like this"))
        return folder / text
    number = fitting(value, hint)
    for note in notes:
        if isinstance(note, Between) and not note.least <= number <= note.most:
            raise WrongError(((), f"is {number:g}, and must be {note.least:g} to {note.most:g}"))
    return number


def fitting(value: object, kind: type[Table]) -> Table:
    """The value, if it is of a type that TOML has; a whole number is a number as well.

    Raises:
        WrongError: it is of another.

    """
    if kind is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not kind:
        raise WrongError(((), f"must be {WORDS[kind]}, and is {word_for(value)}"))
    return value


def read_list(hint: Any, values: list[object], folder: Path) -> tuple[Any, ...]:
    """Read the elements of a list.

    Raises:
        WrongError: some do not fit.

    """
    read: list[Any] = []
    mistakes: list[tuple[Place, str]] = []
    for number, value in enumerate(values):
        try:
            read.append(read_value(hint, value, folder))
        except WrongError as wrong:
            mistakes += [((number, *place), f"[{number}] {sentence}") for place, sentence in wrong.mistakes]
    if mistakes:
        raise WrongError(*mistakes)
    return tuple(read)


def read_mapping(hint: Any, values: dict[str, object], folder: Path) -> dict[str, Any]:
    """Read a table whose keys may be any.

    Raises:
        WrongError: some values do not fit.

    """
    read: dict[str, Any] = {}
    mistakes: list[tuple[Place, str]] = []
    for key, value in values.items():
        try:
            read[key] = read_value(hint, value, folder)
        except WrongError as wrong:
            mistakes += [((key, *place), f"{key} {sentence}") for place, sentence in wrong.mistakes]
    if mistakes:
        raise WrongError(*mistakes)
    return read


def read_inner(kind: Any, values: dict[str, Any], folder: Path) -> Any:
    """Read a table that is a field of another.

    Raises:
        WrongError: it does not fit.

    """
    table, mistakes = read_fields(kind, values, folder)
    if mistakes:
        raise WrongError(*((place, f"has a mistake: {sentence}") for place, sentence in mistakes))
    return table


def parsed(note: Parsed, text: str) -> Any:
    """Read what is written as text.

    Raises:
        WrongError: it cannot be read.

    """
    try:
        return note.parse(text)
    except (GlyphfeedError, typer.BadParameter) as error:
        raise WrongError(((), f"cannot be used: {str(error).rstrip('.')}")) from None


def chosen(word: str, words: Iterable[str]) -> str:
    """The word, if it is one of a few.

    Raises:
        WrongError: it is none.

    """
    if word not in words:
        raise WrongError(((), f"is {word!r}, and must be one of {', '.join(words)}"))
    return word


def unknown(key: str, known: Mapping[str, str]) -> str:
    """Say that a key is not known, and which of those that are, each with how it is written, may be meant."""
    near = difflib.get_close_matches(key, known, 1)
    meant = f"did you mean {known[near[0]]}?" if near else f"there are {', '.join(known.values())}"
    return f"{key} is not known here; {meant}"


def word_for(value: object) -> str:
    """What a value of TOML is, in words; never the value, as it may hold a password."""
    if isinstance(value, dict):
        return "a table"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list"}
    return words.get(type(value), "a date or time")
