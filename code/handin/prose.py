"""The report's running text, and the words in it that no dictionary has."""

import re
from collections.abc import Iterable

CODE = re.compile(r"^ *```.*?^ *```", flags=re.S | re.M)
# Words that stand while numbers bear them out (`digits.stating.claims`).
CLAIM = re.compile(r'`\{python\} claim\("([^"]*)",[^`]*`')
WORD = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)*")


def spoken(source: str) -> str:
    """Write the words of claims where a Quarto source claims them."""
    return CLAIM.sub(r"\1", source)


def with_captions(source: str) -> str:
    """Give a Quarto source's text, captions and alternative texts, no code."""
    body = spoken(source.partition("\n---\n")[2])
    captions = re.findall(r"#\| (?:\w+-cap|fig-alt): (.*)", body)
    body = re.sub(r"`[^`]*`", " ", CODE.sub(" ", body))
    return "\n".join([body, *captions])


def prose(source: str) -> str:
    """Strip from a Quarto source what is not running text or a caption.

    Gone are code, formulas, citations, cross-references, headings, the
    numbers of list items and the names of questions.
    """
    body = re.sub(
        r"\$\$.*?\$\$\s*(\{#.*?\})?", " ", with_captions(source), flags=re.S
    )
    for pattern in (
        r"\$[^$]*\$", r"\{#[^}]*\}", r"\[@[^\]]*\]", r"@[\w-]+", r":::.*",
        r"^#+ .*$", r"^\d+\. ", r"\(\d(, \d)+\)", r"\b\d[A-D]\b",
        # The level of intervals is a setting of ours.
        r"95 % (interval|Welch)", r"level of\s+95 %",
    ):
        body = re.sub(pattern, " ", body, flags=re.M)
    return body


def section(source: str, question: str) -> str | None:
    """Give the section whose heading begins with a question, code as well.

    None where there is no such heading.
    """
    return next(
        (text for title, text in _sections(source)
         if re.match(rf"(Question )?{re.escape(question)}\b", title)), None,
    )


def _sections(source: str) -> list[tuple[str, str]]:
    """List the sections of a Quarto source: title and text, code as well."""
    # In a chunk, # begins a comment; so its lines are moved out of the way.
    hidden = CODE.sub(
        lambda chunk: chunk[0].replace("\n#", "\n #"), source
    )
    heads = list(re.finditer(r"^(#+) +(.*?) *(\{.*\})?$", hidden, flags=re.M))
    found = []
    for number, head in enumerate(heads):
        level = len(head[1])
        end = next(
            (after.start() for after in heads[number + 1:]
             if len(after[1]) <= level), len(hidden),
        )
        found.append((head[2], hidden[head.end():end]))
    return found


def word_list(text: str) -> tuple[set[str], set[str]]:
    """Read a project's word list: (words to take, words to refuse).

    A line is a word. Those after a minus sign are to be refused although the
    dictionary has them; empty lines and those that begin with # are skipped.
    """
    lines = [line.strip().lower() for line in text.splitlines()]
    words = [line for line in lines if line and not line.startswith("#")]
    refused = {word.removeprefix("-") for word in words if word[0] == "-"}
    return set(words) - {f"-{word}" for word in refused}, refused


def misspelt(
    text: str, taken: Iterable[str] = (), refused: Iterable[str] = ()
) -> list[str]:
    """List the words of a text that are not English, sorted.

    The dictionary is that of pyspellchecker, which is American: British
    spellings have to be among the words taken, and American ones that the
    text is not to have among those refused.
    """
    from spellchecker import SpellChecker  # a dictionary to load

    text = text.lower().replace("’", "'")
    words = {word.removesuffix("'s") for word in WORD.findall(text)}
    unknown = SpellChecker().unknown(words) - set(taken)
    return sorted(unknown | words & set(refused))
