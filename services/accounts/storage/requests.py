"""The first answers of accounts, dropped with what retention drops."""

from services.accounts.storage.rows import RequestRow, table
from services.runtime.requests import FirstAnswers

REQUESTS = table(RequestRow)
ANSWERS = FirstAnswers(REQUESTS)
