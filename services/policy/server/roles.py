"""Who may call what. A method that is not named here may be called by nobody."""

from collections.abc import Mapping

PACKAGE = "truepen.policy.v1"
READER = frozenset({"reader", "writer", "moderator", "senior moderator", "admin"})
WRITER = frozenset({"writer", "admin"})
MODERATOR = frozenset({"moderator", "senior moderator", "admin"})
SENIOR = frozenset({"senior moderator", "admin"})
RULES_READER = frozenset(
    {"rule author", "rule approver", "moderator", "senior moderator", "admin"}
)
RULE_AUTHOR = frozenset({"rule author", "admin"})
RULE_PROMOTER = frozenset({"rule author", "rule approver", "admin"})
BREAKER = frozenset({"rule approver", "senior moderator", "admin"})

TABLE: Mapping[str, Mapping[str, frozenset[str]]] = {
    "EnforcementService": {
        "ReviewActivity": WRITER,
        "EvaluateAccount": WRITER,
        "BatchEvaluateAccounts": WRITER,
        "GetStanding": READER,
        "BatchGetStandings": READER,
        "ListStandings": READER,
        "WatchStandings": READER,
        "BatchGetContentMeasures": READER,
        "RevertDecisions": SENIOR,
        "ListDecisions": READER,
        "GetDecision": READER,
        "ReplayDecision": MODERATOR,
        "OverrideDecision": SENIOR,
        "GetStatementOfReasons": READER,
    },
    "NoticesService": {
        "ListNotices": READER,
        "WatchNotices": WRITER,
        "AcknowledgeNotice": WRITER,
    },
    "AppealsService": {
        "CreateAppeal": WRITER,
        "GetAppeal": READER,
        "ListAppeals": MODERATOR,
        "ClaimAppeal": MODERATOR,
        "ResolveAppeal": MODERATOR,
    },
    "CasesService": {
        "ListCases": MODERATOR,
        "ClaimCase": MODERATOR,
        "ResolveCase": MODERATOR,
        "SampleAudit": SENIOR,
    },
    "RulesetsService": {
        "CreateRuleset": RULE_AUTHOR,
        "GetRuleset": RULES_READER,
        "ListRulesets": RULES_READER,
        "PromoteRuleset": RULE_PROMOTER,
        "RollbackRuleset": RULE_PROMOTER,
        "BacktestRuleset": RULES_READER,
        "SetBreaker": BREAKER,
    },
}

ROLES: Mapping[str, frozenset[str]] = {
    f"/{PACKAGE}.{service}/{method}": roles
    for service, methods in TABLE.items()
    for method, roles in methods.items()
}
