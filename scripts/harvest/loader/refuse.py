"""What a file is that holds no tasks, and which export to make instead."""

import re

INSTEAD = (
    "In Label Studio choose Export > JSON, or save the answer to "
    "GET /api/projects/ID/export?exportType=JSON&download_all_tasks=true."
)
HEAD_KEY = re.compile(rb'\s*[\[{]?\s*\{?\s*"([^"]*)"')


def explain_refusal(path: str, head: bytes) -> str:
    """The message for the export `path`, told by the first bytes of its text."""
    if not head.strip():
        return f"{path} is empty. {INSTEAD}"
    if (b'"images"' in head and b'"categories"' in head) or _is_coco(head):
        return f"{path} is a COCO or YOLO export: it has no reviewers, skips or drafts. {INSTEAD}"
    if b'"annotation_id"' in head or b'"annotator"' in head:
        return (
            f"{path} is a JSON_MIN export: it has lost skips, drafts, predictions and who copied whom. "
            f"{INSTEAD}"
        )
    if head.lstrip()[:1] not in (b"{", b"["):
        first_line = head.splitlines()[0]
        if b"," in first_line or b"\t" in first_line:
            return (
                f"{path} is a table (CSV or TSV): it has lost skips, drafts, predictions and ids. {INSTEAD}"
            )
        return f"{path} is no JSON. {INSTEAD}"
    if b'"data"' in head:
        return f"{path} holds tasks without their annotations. {INSTEAD}"
    return f"{path} is JSON, but no Label Studio export: no task with annotations is in it. {INSTEAD}"


def _is_coco(head: bytes) -> bool:
    first = HEAD_KEY.match(head)
    return (
        bool(first)
        and head.lstrip()[:1] == b"{"
        and first[1] in (b"images", b"categories", b"info", b"licenses")
    )
