"""How the demo looks: chapters, lines and tables; in colour where a person looks at a terminal."""

import datetime
import os
import sys

TONES = {"title": "1;36", "good": "32", "bad": "1;31", "faint": "2"}


class Page:
    def __init__(self):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._chapters = 0

    def _paint(self, text, tone):
        return f"\033[{TONES[tone]}m{text}\033[0m" if tone and self._colours else text

    def chapter(self, title):
        self._chapters += 1
        print(self._paint(f"\n{self._chapters}  {title}", "title"))

    def line(self, text="", tone=None):
        print(self._paint(f"   {text}".rstrip(), tone))

    def stamped(self, text, tone=None):
        now = datetime.datetime.now().strftime("%H:%M:%S.%f")[:-3]
        self.line(f"{now}  {text}", tone)

    def head(self, columns):
        """`columns`: headings and below them the units."""
        self.line("           " + "".join(f"{heading:>9}" for heading, _ in columns), "faint")
        self.line("           " + "".join(f"{unit:>9}" for _, unit in columns), "faint")

    def row(self, values, alarm):
        now = datetime.datetime.now().strftime("%H:%M:%S")
        cells = "".join(f"{number(value):>9}" for value in values)
        self.line(f"{now}   {cells}   {self._paint(alarm, 'bad')}")


def number(value):
    """As people write it: "1.53", "yes", "-"."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
