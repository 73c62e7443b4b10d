"""`truepen demo`: five accounts go through the suite, and their stories are told."""

import uvloop


def demo() -> None:
    """Send five invented accounts through the suite; tell what came of each."""
    uvloop.run(_demo())


async def _demo() -> None:
    from datetime import timedelta

    from rich.console import Console

    from services.cli.embedded import embedded_suite
    from services.cli.stories import START, cast
    from services.cli.story import Story
    from services.cli.storyteller import INTRODUCTION, TRY_IT, summary, tell

    console = Console(width=100, soft_wrap=False, highlight=False)
    console.print(INTRODUCTION)
    accounts = cast()
    async with embedded_suite(START - timedelta(days=1)) as channel:
        story = Story(channel, accounts)
        with console.status("Eighteen days go by ..."):
            await story.live()
        chapters = [await story.chapter(account) for account in accounts]
    for chapter in chapters:
        tell(console, chapter)
    console.print(summary(chapters))
    console.print(TRY_IT, markup=False)
