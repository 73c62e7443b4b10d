"""The sentences that people read, Chinese and English side by side."""

from collections.abc import Mapping
from typing import NamedTuple


class Words(NamedTuple):
    """The same said twice."""

    zh: str
    en: str


TITLES: Mapping[str, Words] = {
    "CLEAR": Words("限制已解除", "Nothing restricts your account any more"),
    "NOTICE": Words("关于 AI 使用的提示", "About the use of AI on your account"),
    "WARNING": Words("账号警告", "A warning about your account"),
    "REACH_LIMITED": Words("账号推荐受限", "Your account is not recommended for now"),
    "PUBLISHING_LIMITED": Words("发布次数受限", "Publishing is limited for now"),
    "PUBLISHING_SUSPENDED": Words("暂停发布", "Publishing is suspended"),
    "BANNED": Words("账号封禁", "Your account is banned"),
    "INTERACTION": Words("互动功能受限", "Interaction is limited for now"),
}

FINDINGS: Mapping[str, Words] = {
    "TOOL_RUN": Words(
        "账号通过托管工具注册、发布并互动",
        "the account was registered, posts and interacts through a hosting tool",
    ),
    "OPERATION": Words(
        "账号由自动化客户端操作", "the account was operated by an automated client"
    ),
    "PROVENANCE": Words(
        "内容带有 AI 生成标识或声明", "content carries a mark or statement of AI origin"
    ),
    "COORDINATION": Words(
        "与其他账号同步行动", "the account acts in step with other accounts"
    ),
    "TEMPO": Words(
        "操作的时间规律不像真人",
        "the timing of what the account does is not like a person's",
    ),
    "TEMPLATE": Words(
        "内容大量重复同一模板", "content repeats the same template again and again"
    ),
    "STYLE": Words(
        "多篇内容的文字疑似由 AI 生成", "the text of several posts looks AI-made"
    ),
    "REPEATED": Words(
        "此前已就同类情况通知过您", "you were told about the same kind of thing before"
    ),
}

STRATEGIES: Mapping[str, Words] = {
    "INSTANT_REPLY": Words(
        "回复快于真人打字", "replies come faster than a person can type"
    ),
    "TEMPLATE_COMMENT": Words("评论套用模板", "comments follow a template"),
    "TIMED_LIKE": Words("按固定节奏点赞", "likes come at fixed intervals"),
    "COORDINATED_BURST": Words(
        "与其他账号集中互动", "interaction comes in bursts together with others"
    ),
    "TOOL_OPERATED": Words("由工具进行互动", "interaction is done by a tool"),
}

FOUND_NOTHING_NAMED = Words(
    "我们发现账号的使用方式不符合平台关于 AI 托管的规定。",
    "The way the account is used does not follow the platform's rule on AI hosting.",
)

EFFECTS: Mapping[str, Words] = {
    "CLEAR": Words(
        "工作人员已解除此前的限制。", "A person ended what restricted your account."
    ),
    "NOTICE": Words(
        "这只是提示：账号功能不受影响。",
        "This only informs you: nothing is restricted.",
    ),
    "WARNING": Words(
        "这是一次警告：账号功能不受影响。",
        "This is a warning: what you may do is not restricted.",
    ),
    "REACH_LIMITED": Words(
        "账号内容暂不进入推荐，关注您的人仍可看到。",
        "Your content is not recommended for now; your followers still see it.",
    ),
    "PUBLISHING_LIMITED": Words(
        "您每天只能发布有限的笔记，内容暂不进入推荐。",
        "You can publish a limited number of notes a day; they are not recommended.",
    ),
    "PUBLISHING_SUSPENDED": Words(
        "您暂时只能浏览，不能发布和互动。",
        "For now you can read, but not publish or interact.",
    ),
    "BANNED": Words(
        "账号已被封禁，不能发布和互动，内容不再展示。",
        "The account is banned: no publishing or interaction, and nothing is shown.",
    ),
}

LABELLED = Words("相关内容会加上 AI 标识。", "The content is labelled as AI.")
NOT_RECOMMENDED = Words(
    "相关内容不再被推荐。", "The posts concerned are no longer recommended."
)
STRIKE = Words("记一次违规。", "This counts as a strike.")

INTERACTION_EFFECT = Words(
    "您暂时不能评论、私信、点赞和关注。",
    "For now you cannot comment, message, like or follow.",
)

UNTIL = Words("到期时间：{time}，届时自动解除。", "It ends by itself on {time}.")

PROVISIONAL = Words(
    "工作人员会尽快复核这一决定，并告知您结果。",
    "A person will review this decision soon, and you will be told the result.",
)

NEXT: Mapping[str, Words] = {
    "NOTICE": Words(
        "AI 可以辅助您的创作，但每篇内容都应有您自己的声音和经历。再次出现会收到警告。",
        "AI may help you create, but your own voice and experience must show in each "
        "post. If it happens again, a warning follows.",
    ),
    "WARNING": Words(
        "请由您本人创作和操作。再次出现会影响账号推荐。",
        "Please create and operate the account yourself. Next time its reach is cut.",
    ),
    "REACH_LIMITED": Words(
        "再次出现会限制发布。", "If it happens again, publishing is limited."
    ),
    "PUBLISHING_LIMITED": Words(
        "再次出现会暂停发布。", "If it happens again, publishing is suspended."
    ),
    "PUBLISHING_SUSPENDED": Words(
        "再次出现会由工作人员审核是否封禁。",
        "If it happens again, a person reviews whether the account is banned.",
    ),
    "BANNED": Words(
        "封禁没有期限。如果认定有误，或账号当时被他人控制，请申诉。",
        "The ban has no end. If the finding is wrong, or somebody else controlled the "
        "account at the time, please appeal.",
    ),
}

APPEAL = Words(
    "如果您认为有误，可在 180 天内免费申诉。申诉由没有参与本决定的工作人员处理，"
    "不会使处理加重。",
    "If you think this is wrong, you can appeal free of charge within 180 days. A "
    "person who took no part in the decision answers, and it cannot get worse.",
)

ANSWERS: Mapping[str, tuple[Words, Words]] = {
    "BAN_CONFIRMED": (
        Words("封禁已复核", "The ban was reviewed"),
        Words(
            "工作人员已复核并确认封禁。" + APPEAL.zh,
            "A person reviewed the ban and confirmed it. " + APPEAL.en,
        ),
    ),
    "MEASURE_LIFTED": (
        Words("限制已解除", "The restriction has ended"),
        Words("限制已到期，自动解除。", "The restriction has run out and is lifted."),
    ),
    "DECISION_REVERSED": (
        Words("决定已撤销", "A decision was withdrawn"),
        Words(
            "此前的决定有误，现已撤销，所记违规一并作废。给您带来不便，非常抱歉。",
            "An earlier decision was wrong and is withdrawn, its strike included. We "
            "are sorry.",
        ),
    ),
    "APPEAL_RECEIVED": (
        Words("已收到申诉", "We received your appeal"),
        Words(
            "没有参与原决定的工作人员会处理您的申诉。",
            "A person who took no part in the decision will answer it.",
        ),
    ),
    "APPEAL_UPHELD": (
        Words("申诉结果：维持", "Your appeal: the decision stays"),
        Words(
            "复核后维持原决定，理由如下：", "After review the decision stays, because:"
        ),
    ),
    "APPEAL_OVERTURNED": (
        Words("申诉结果：撤销", "Your appeal: the decision is withdrawn"),
        Words(
            "原决定有误，自始撤销，所记违规一并作废。非常抱歉。理由如下：",
            "The decision was wrong and is void from the start, its strike included. "
            "We are sorry. The reasons:",
        ),
    ),
    "APPEAL_REMITTED": (
        Words("申诉结果：减轻", "Your appeal: a milder measure"),
        Words("原处理过重，现已减轻，理由如下：", "It was too hard and is now milder:"),
    ),
}

GROUNDS: Mapping[str, Words] = {
    "AI_CONTENT": Words(
        "平台关于 AI 托管账号治理的规定：AI 可以辅助创作，但不得代替本人自动生成内容。",
        "The platform's rule on AI-hosted accounts: AI may support a person's "
        "creation, but must not create content in the person's place.",
    ),
    "HOSTED_ACCOUNT": Words(
        "平台关于 AI 托管账号治理的规定："
        "账号应由本人操作，不得交由 AI 或工具托管运营。",
        "The platform's rule on AI-hosted accounts: a person operates the account; it "
        "must not be run by AI or by a hosting tool.",
    ),
    "AUTOMATED_INTERACTION": Words(
        "平台关于 AI 托管账号治理的规定："
        "不得用 AI 或工具在评论、私信和群聊中伪造互动。",
        "The platform's rule on AI-hosted accounts: interaction in comments, messages "
        "and group chats must not be faked by AI or tools.",
    ),
    "IMPERSONATION": Words(
        "平台关于 AI 托管账号治理的规定：不得用 AI 冒充真人。",
        "The platform's rule on AI-hosted accounts: AI must not impersonate real "
        "people.",
    ),
}

AUTOMATION: Mapping[str, Words] = {
    "RULE": Words(
        "发现和决定均由自动化系统完成；您可以要求由工作人员重新决定。",
        "It was found and decided by automated means; you can have a person decide "
        "again.",
    ),
    "CONFIRMED": Words(
        "由自动化系统发现，并由工作人员复核确认。",
        "It was found by automated means, and a person reviewed and confirmed it.",
    ),
    "PERSON": Words(
        "由工作人员在自动化系统协助下决定。",
        "A person decided, with the help of automated means.",
    ),
}

NO_END = Words("没有期限。", "It has no end date.")

REDRESS = Words(
    APPEAL.zh + "您也可以向主管部门投诉，或在法律允许时寻求庭外争议解决或提起诉讼。",
    APPEAL.en + " You can also complain to the authority in charge, and where the law "
    "provides for it turn to out-of-court settlement or to a court.",
)
