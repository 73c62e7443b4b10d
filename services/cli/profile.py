"""`truepen profile`: what an account's activities add up to."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  # typer reads it at run time
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import LOCAL, Account, Target

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

PAGE = 1_000
DRAWN = 5_000
"""The latest activities that are drawn; more do not change the picture."""


def profile(
    account: Account,
    time_zone: Annotated[
        str, typer.Option(help="IANA time zone of the hours drawn.")
    ] = "UTC",
    svg: Annotated[
        Path | None, typer.Option(help="Write the picture to this file as well.")
    ] = None,
    target: Target = LOCAL,
) -> None:
    """Show what is known about an account: signals, channels, reliance."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from services.cli.output import print_message
    from services.cli.remote import account_name, ask
    from truepen.accounts.v1.accounts_service_pb2 import GetProfileRequest
    from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub

    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"no such time zone: {time_zone}") from error
    name = account_name(account)
    request = GetProfileRequest(name=f"{name}/profile")
    response = ask(target, AccountsServiceStub, "GetProfile", request)
    seen = sys.stdout.isatty()
    if not seen:
        print_message(response.profile)
    if not (seen or svg):
        return
    from rich.console import Console

    from services.cli.figure import write_figure
    from services.cli.picture import picture

    drawn = picture(response.profile, activity_times(target, name, zone), time_zone)
    if seen:
        Console(file=sys.stdout, highlight=False).print(drawn)
    if svg:
        try:
            write_figure(drawn, response.profile.name, svg)
        except OSError as error:
            typer.echo(f"{svg}: {error.strerror}", err=True)
            raise typer.Exit(2) from error


def activity_times(target: str, account: str, zone: tzinfo) -> list[datetime]:
    """Return when *account* did something, the latest first, as *zone* has it."""
    from datetime import UTC

    from services.cli.remote import ask
    from truepen.accounts.v1.accounts_service_pb2 import ListActivitiesRequest
    from truepen.accounts.v1.accounts_service_pb2_grpc import AccountsServiceStub

    request = ListActivitiesRequest(parent=account, page_size=PAGE)
    times: list[datetime] = []
    while len(times) < DRAWN:
        page = ask(target, AccountsServiceStub, "ListActivities", request)
        times += [
            each.event_time.ToDatetime(UTC).astimezone(zone) for each in page.activities
        ]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    return times
