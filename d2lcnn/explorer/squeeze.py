"""Scripts as they are loaded: without comments, indentation and spaces that mean nothing.

Names stay as they are and lines end where they ended, so an error message still leads to its place.
"""

import re

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/[a-z]*")
SPACE = re.compile(r"\s+")
WORD = re.compile(r"[\w$]+")
# after one of these a slash begins a regular expression, after anything else it divides
BEFORE_REGEX = "(,=:[!&|?{};>+\n"
OPEN = "{(,;[:?&|=+*<"  # after these no line can end a statement


class _Squeezer:
    def __init__(self, source: str):
        self.source, self.at, self.out = source, 0, ""

    def copy(self, text: str) -> None:
        self.out += text
        self.at += len(text)

    def code(self, inside: bool = False) -> None:
        """Copy code to the end, or to the brace that closes a placeholder of a template."""
        depth = 0
        while self.at < len(self.source):
            c = self.source[self.at]
            if c == "`":
                self.template()
            elif c in "\"'":
                self.copy(STRING.match(self.source, self.at)[0])
            elif found := COMMENT.match(self.source, self.at):
                self.at = found.end()
            elif c == "/" and (self.out[-1:] or "\n") in BEFORE_REGEX:
                self.copy(REGEX.match(self.source, self.at)[0])
            elif found := SPACE.match(self.source, self.at):
                self.space(found[0])
            elif found := WORD.match(self.source, self.at):
                self.copy(found[0])
            else:
                depth += (c == "{") - (c == "}")
                if inside and depth < 0:
                    return
                self.copy(c)

    def space(self, text: str) -> None:
        self.at += len(text)
        before, after = self.out[-1:], self.source[self.at : self.at + 1]
        if "\n" in text:
            self.out += "" if before in OPEN or before == "\n" else "\n"
        elif (WORD.match(before) and WORD.match(after)) or (before == after and before in "+-"):
            self.out += " "

    def template(self) -> None:
        self.copy("`")
        while (c := self.source[self.at]) != "`":
            if c == "\\":
                self.copy(self.source[self.at : self.at + 2])
            elif self.source.startswith("${", self.at):
                self.copy("${")
                self.code(inside=True)
                self.copy("}")
            else:
                self.copy(c)
        self.copy("`")


def squeeze(source: str) -> str:
    """Leave out what a browser does not read of a script.

    Parameters
    ----------
    source : str
        A script in the style of ours: no regular expression right after a closing parenthesis.

    Returns
    -------
    str

    Examples
    --------
    >>> squeeze("// twice\\nconst f = x => 2 * x,  s = ` a ${ f( 1 ) } b `;\\n")
    'const f=x=>2*x,s=` a ${f(1)} b `;'
    """
    work = _Squeezer(source)
    work.code()
    return work.out
