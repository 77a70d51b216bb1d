"""A group of commands whose help shows them in sections."""

from collections.abc import Mapping, Sequence

import click


class Sections(click.Group):
    """Commands in sections with titles."""

    def __init__(self, sections: Mapping[str, Sequence[click.Command]], help: str) -> None:
        super().__init__(
            commands=[command for section in sections.values() for command in section],
            help=help,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        )
        self._sections = sections

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One list for each section, all of them as wide as the widest."""
        limit = formatter.width
        for title, commands in self._sections.items():
            with formatter.section(title):
                rows = [(f"{c.name:<13}", c.get_short_help_str(limit)) for c in commands]
                formatter.write_dl(rows)
