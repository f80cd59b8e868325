"""The `dropforge` command and its subcommands."""

from __future__ import annotations

from typing import Any

import click

from actors.errors import DropforgeError
from serve_app.cli.commands.check import check
from serve_app.cli.commands.config import config_command
from serve_app.cli.commands.dead_letters import dead_letters
from serve_app.cli.commands.demo import demo
from serve_app.cli.commands.discard import discard
from serve_app.cli.commands.doctor import doctor
from serve_app.cli.commands.drop import drop
from serve_app.cli.commands.reconcile import reconcile
from serve_app.cli.commands.rejects import rejects
from serve_app.cli.commands.replay import replay
from serve_app.cli.commands.runs import runs
from serve_app.cli.commands.status import status
from serve_app.cli.commands.up import up
from serve_app.cli.commands.watch import watch
from serve_app.cli.screen.complaint import Complaint


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DropforgeError as error:
            raise Complaint.of(error) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="dropforge")
def main() -> None:
    """Drop a product catalogue CSV into a bucket and get a clean one back, with its images.

    \b
    Start here:
      dropforge demo        process a sample from start to end on this machine
      dropforge up          run the local cloud and the application, until Ctrl-C
      dropforge check FILE  see which settings would read a catalogue
      dropforge drop FILE   upload a catalogue, from another shell
      dropforge runs        list the runs and their results
      dropforge replay      retry what ran out of retries
      dropforge reconcile   find uploads that started no run
      dropforge config      print the settings in force
      dropforge doctor      check that the Google Cloud project is set up correctly

    Exit codes: 0 success, 1 failure, 2 wrong usage, 3 the run was refused or is incomplete, 130 Ctrl-C.
    """


for _command in (demo, up, check, drop, runs, watch, status, rejects, dead_letters, replay, discard, reconcile):
    main.add_command(_command)
for _command in (doctor, config_command):
    main.add_command(_command)
