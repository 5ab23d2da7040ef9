"""Errors as RFC 9457 problem documents: stable codes, JSON pointers, nothing echoed."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serving.contract.problem_words import spoken

MEDIA_TYPE = "application/problem+json"
LATER = "30"  # seconds
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")  # what looks like the name of a field


@dataclass(frozen=True)
class Kind:
    """One kind of error: its status, whether the same call may succeed later, and its titles."""

    status: int
    retryable: bool
    en: str
    zh: str


KINDS: Mapping[str, Kind] = {
    "malformed_json": Kind(400, False, "The body is not JSON", "请求体不是有效的 JSON"),
    "unauthenticated": Kind(401, False, "A valid API key is needed", "需要有效的 API 密钥"),
    "scope_missing": Kind(403, False, "The API key does not allow this", "该 API 密钥无此权限"),
    "not_found": Kind(404, False, "There is nothing at this address", "该地址不存在"),
    "unknown_model": Kind(404, False, "There is no such model", "没有该模型"),
    "unknown_ref": Kind(404, False, "The subject is not in the published snapshot", "发布的快照中没有该对象"),
    "unknown_score": Kind(404, False, "There is no such score", "没有该评分"),
    "inactive_ref": Kind(
        404,
        False,
        "The subject is known, but the model is about others",
        "该对象已知，但不在该模型的人群中",
    ),
    "unknown_plan": Kind(404, False, "There is no such plan", "没有该计划"),
    "unknown_scene": Kind(404, False, "There is no such scene", "没有该场景"),
    "unknown_option": Kind(404, False, "The brand has no such option", "品牌没有该方案"),
    "unknown_audience": Kind(404, False, "There is no such audience", "没有该人群"),
    "not_published": Kind(503, True, "The pipeline has not published this yet", "流水线尚未发布该内容"),
    "unknown_job": Kind(404, False, "There is no such job", "没有该任务"),
    "unknown_campaign": Kind(404, False, "There is no such campaign", "没有该活动"),
    "method_not_allowed": Kind(405, False, "This address does not take this method", "该地址不支持此方法"),
    "idempotency_conflict": Kind(409, False, "The key belongs to another request", "该幂等键属于另一请求"),
    "body_too_large": Kind(413, False, "The body is too large", "请求体过大"),
    "too_many_records": Kind(413, False, "Too many items in one call", "单次请求的条目过多"),
    "request_timeout": Kind(408, True, "The body came too slowly", "请求体传输过慢"),
    "misdirected": Kind(421, False, "The service is not called so", "请求的主机名不属于本服务"),
    "unsupported_media_type": Kind(
        415, False, "The body must be application/json", "请求体须为 application/json"
    ),
    "validation_failed": Kind(422, False, "The request does not follow the contract", "请求不符合约定"),
    "rate_limited": Kind(429, True, "Too many requests", "请求过于频繁"),
    "internal": Kind(500, True, "Something failed inside the service", "服务内部错误"),
    "keys_unavailable": Kind(503, True, "Keys cannot be checked now", "暂时无法校验密钥"),
    "not_ready": Kind(503, True, "No model is loaded yet", "模型尚未就绪"),
    "storage_unavailable": Kind(503, True, "The store cannot be written now", "存储暂不可用"),
    "overloaded": Kind(503, True, "The service is busy", "服务繁忙"),
    "deadline_exceeded": Kind(504, True, "The answer took too long", "处理超时"),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place of the request; ``pointer`` is a JSON pointer (RFC 6901)."""

    pointer: str
    code: str
    detail: str

    def to_dict(self, language: str) -> dict[str, str]:
        """Return the fault as answers tell it."""
        return {"pointer": self.pointer, "code": self.code, "detail": spoken(self.detail, language)}


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """Raised anywhere below a route; ``detail`` never holds a value that the caller sent."""

    code: str
    detail: str
    errors: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    record_id: str | None = None  # of the item that it is about, where that can be read
    language: str = "en"  # of that item

    def __post_init__(self) -> None:
        """Tell when to come again, wherever waiting helps and nobody knows better."""
        if self.kind.status in (429, 503):
            self.headers = {"Retry-After": LATER} | dict(self.headers)

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    def document(self, request_id: str, instance: str, language: str = "en") -> dict[str, Any]:
        """Return the problem document in ``language`` (``en`` or ``zh``)."""
        kind = self.kind
        found: dict[str, Any] = {
            "type": f"urn:memberlens:problem:{self.code}",
            "title": kind.zh if language == "zh" else kind.en,
            "status": kind.status,
            "detail": spoken(self.detail, language),
            "instance": instance,
            "request_id": request_id,
            "code": self.code,
            "retryable": kind.retryable,
        }
        if self.errors:
            found["errors"] = [fault.to_dict(language) for fault in self.errors]
        return found

    def body(self, request_id: str, instance: str, language: str = "en") -> bytes:
        return json.dumps(self.document(request_id, instance, language), ensure_ascii=False).encode()


def pointer(*parts: str | int) -> str:
    """Return a JSON pointer to the place that ``parts`` lead to.

    >>> pointer("record", "leads", 0, "a/b")
    '/record/leads/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
