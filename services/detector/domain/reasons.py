"""Every reason the detector gives, in both languages. Codes are stable."""

from typing import Final

from services.detector.domain.assessment import AbstainReason, Reason, Verdict
from services.detector.domain.text import EvasionMark

REASONS: Final = {
    reason.code: reason
    for reason in (
        Reason(
            "AI_STYLE",
            "整篇文字的用词与句式更接近AI生成的文本",
            "Wording and phrasing are those of machine-written texts",
        ),
        Reason(
            "AI_STYLE_IN_PARTS",
            "部分段落的用词与句式更接近AI生成的文本",
            "Wording of some passages is that of machine-written texts",
        ),
        Reason(
            "POLISHED_STYLE",
            "读起来像是本人写作后经AI润色",
            "Reads like a person's text edited by a machine",
        ),
        Reason(
            "HUMAN_STYLE",
            "用词与句式接近真人写作",
            "Wording and phrasing are those of people",
        ),
        Reason(
            "TOO_SHORT",
            "文字太短,无法可靠判断",
            "Too short to judge reliably",
        ),
        Reason(
            "UNSUPPORTED_LANGUAGE",
            "不是中文或英文,无法判断",
            "Neither Chinese nor English, so not judged",
        ),
        Reason(
            "OUT_OF_DISTRIBUTION",
            "不像一般的文章或帖子(例如列表、代码、重复字符),无法可靠判断",
            "Unlike ordinary prose (a list, code, repetition), so not judged",
        ),
        Reason(
            "LOW_CONFIDENCE",
            "证据不足,不作判断",
            "The evidence does not suffice either way",
        ),
        Reason(
            "EVASION_ZERO_WIDTH",
            "含有不可见的零宽字符",
            "Contains invisible zero-width characters",
        ),
        Reason(
            "EVASION_BIDI",
            "含有改变文字方向的不可见字符",
            "Contains invisible marks that change the writing direction",
        ),
        Reason(
            "EVASION_HOMOGLYPH",
            "用外形相似的其他文字字母代替了拉丁字母",
            "Letters of other scripts stand in for look-alike Latin ones",
        ),
        Reason(
            "EVASION_ODD_SPACE",
            "含有不常见的空白字符",
            "Contains unusual space characters",
        ),
        Reason(
            "EVASION_STYLED_LETTERS",
            "用装饰性字母代替了普通字母",
            "Decorative letters stand in for ordinary ones",
        ),
        Reason(
            "EVASION_SPACED_LETTERS",
            "单词的字母之间插入了空格",
            "Words are spelled with spaces between their letters",
        ),
        Reason(
            "EVASION_SPLIT_WORD",
            "在单词内部插入了表情符号",
            "Words are split by emoji",
        ),
        Reason(
            "EVASION_BROKEN_UNICODE",
            "含有损坏的字符编码",
            "Contains broken character codes",
        ),
    )
}


def reasons_for(
    verdict: Verdict,
    abstain: AbstainReason,
    marks: tuple[EvasionMark, ...],
    *,
    in_parts: bool,
) -> tuple[Reason, ...]:
    """Why a text was judged so, most important first, then the tricks found."""
    styles = {
        Verdict.AI_GENERATED: "AI_STYLE_IN_PARTS" if in_parts else "AI_STYLE",
        Verdict.AI_ASSISTED: "POLISHED_STYLE",
        Verdict.HUMAN: "HUMAN_STYLE",
        Verdict.UNDECIDED: abstain.value,
    }
    codes = [styles[verdict], *(f"EVASION_{mark.code}" for mark in marks)]
    return tuple(REASONS[code] for code in codes)
