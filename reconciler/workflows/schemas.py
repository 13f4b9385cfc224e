"""All JSON Schemas that the tool publishes: manifests, plan, state, reports."""

import json
from typing import Any

from pydantic import BaseModel

from reconciler.manifests import schemas as manifest_schemas
from reconciler.planning import PlanDocument
from reconciler.state import SealedDocument, StateDocument
from reconciler.workflows.doctor_documents import DoctorDocument
from reconciler.workflows.explanation_documents import ExplanationDocument
from reconciler.workflows.graph_documents import GraphDocument
from reconciler.workflows.ownership_documents import (
    AdoptionDocument,
    CarriedDocument,
    ExportDocument,
    OwnedDocument,
    OwnershipDocument,
    RememberedDocument,
)
from reconciler.workflows.probe_documents import (
    CallbacksDocument,
    ProbeDocument,
)
from reconciler.workflows.publish_documents import PublishedDocument, ReviewedDocument
from reconciler.workflows.run_documents import (
    DiagnosticsDocument,
    DriftDocument,
    FailureDocument,
    IdentitiesDocument,
    LogoutDocument,
    ReportDocument,
    UnlockedDocument,
)

_DOCUMENTS: dict[str, tuple[type[BaseModel], str]] = {
    "plan": (PlanDocument, "A plan, as `plan --output json` and `plan --out` write it"),
    "state": (StateDocument, "The state file"),
    "sealed": (SealedDocument, "The state, encrypted"),
    "report": (ReportDocument, "How an apply ended"),
    "graph": (GraphDocument, "Spaces, servers and scopes, before and after a plan"),
    "diagnostics": (DiagnosticsDocument, "Located messages about manifests"),
    "failure": (FailureDocument, "Why a command ended early"),
    "identities": (IdentitiesDocument, "Who is signed in"),
    "logout": (LogoutDocument, "Which sign-ins were forgotten"),
    "probe": (ProbeDocument, "What a remote MCP server is and needs"),
    "callbacks": (CallbacksDocument, "The redirect URIs that an OAuth app must allow"),
    "adoption": (AdoptionDocument, "What was adopted, and what differs then"),
    "export": (ExportDocument, "What was exported"),
    "owned": (OwnedDocument, "What the state owns"),
    "remembered": (RememberedDocument, "What the state remembers of one resource"),
    "ownership": (OwnershipDocument, "What was renamed in state, or given up"),
    "carried": (CarriedDocument, "Which state was pushed or migrated"),
    "unlocked": (UnlockedDocument, "Whose lock was taken away"),
    "doctor": (DoctorDocument, "A check-up of what a run needs"),
    "explanation": (ExplanationDocument, "What codes, gates, exit codes and fields mean"),
    "drift": (DriftDocument, "What others changed in the workspace"),
    "published": (PublishedDocument, "What became of a comment or an issue"),
    "reviewed": (ReviewedDocument, "The plan that was reviewed with a merged pull request"),
}


def schema_texts() -> dict[str, str]:
    """The text of every schema by name; equal models give equal text."""
    found: dict[str, Any] = dict(manifest_schemas())
    for name, (model, title) in _DOCUMENTS.items():
        schema = model.model_json_schema(by_alias=True)
        found[name] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "title": title,
        }
    return {
        name.removesuffix(".schema.json"): json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in found.items()
    }
