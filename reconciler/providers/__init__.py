"""Providers: the platforms that manifests are applied to. One folder each."""

from reconciler.providers.contract import (
    Call,
    Caller,
    Connection,
    Done,
    Provider,
    Reader,
    ReadRequest,
    Run,
    Writer,
)
from reconciler.providers.failures import (
    Conflict,
    ConsentPending,
    Forbidden,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
    Unexpected,
    Unreachable,
)

__all__ = [
    "Call",
    "Caller",
    "Conflict",
    "Connection",
    "ConsentPending",
    "Done",
    "Forbidden",
    "Interrupted",
    "NotFound",
    "OutcomeUnknown",
    "Provider",
    "ProviderError",
    "RateLimited",
    "ReadRequest",
    "Reader",
    "Rejected",
    "Run",
    "Unexpected",
    "Unreachable",
    "Writer",
]
