"""The first answers of policy, kept for good."""

from services.policy.storage.rows import RequestRow, table
from services.runtime.requests import FirstAnswers

ANSWERS = FirstAnswers(table(RequestRow))
