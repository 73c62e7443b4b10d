"""`truepen report`: what a user does with the report button."""

import uuid
from enum import StrEnum
from typing import Annotated

import typer

from services.cli.options import LOCAL, Account, Target


class Category(StrEnum):
    """What is reported; the names of the contract."""

    AI_CONTENT = "AI_CONTENT"
    HOSTED_ACCOUNT = "HOSTED_ACCOUNT"
    FAKE_INTERACTION = "FAKE_INTERACTION"
    IMPERSONATES_ME = "IMPERSONATES_ME"
    IMPERSONATES_OTHER = "IMPERSONATES_OTHER"
    OTHER = "OTHER"


def report(  # noqa: PLR0917  # typer passes them by name
    account: Account,
    reporter: Annotated[str, typer.Option(help="Id of the account that reports.")],
    category: Annotated[
        Category, typer.Option(help="What is reported.", case_sensitive=False)
    ] = Category.AI_CONTENT,
    content: Annotated[
        list[str] | None, typer.Option(help="Id of an activity; may be repeated.")
    ] = None,
    note: Annotated[str, typer.Option(help="At most 1,000 characters.")] = "",
    request_id: Annotated[
        str, typer.Option(help="A UUID; the same one is never counted twice.")
    ] = "",
    target: Target = LOCAL,
) -> None:
    """Report an account, or some of its content."""
    from services.cli.output import print_message
    from services.cli.remote import account_name, ask
    from truepen.accounts.v1 import reports_service_pb2 as pb
    from truepen.accounts.v1.reports_service_pb2_grpc import ReportsServiceStub

    request = pb.CreateReportRequest(
        target_account=account_name(account),
        contents=content or [],
        category=pb.ReportCategory.Value(f"REPORT_CATEGORY_{category}"),
        reporter=account_name(reporter),
        note=note,
        request_id=request_id or str(uuid.uuid4()),
    )
    response = ask(target, ReportsServiceStub, "CreateReport", request)
    print_message(response.report)
