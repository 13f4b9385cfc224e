"""The two metadata documents of MCP authorization, as far as they are used."""

from typing import Annotated

from pydantic import BaseModel, Field


class ResourceMetadata(BaseModel):
    """RFC 9728, section 2, as far as it is used."""

    resource: str
    authorization_servers: Annotated[list[str], Field(min_length=1)]
    scopes_supported: list[str] | None = None
    bearer_methods_supported: list[str] | None = None


class ServerMetadata(BaseModel):
    """RFC 8414, section 2, as far as it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str | None = None
    scopes_supported: list[str] | None = None
    grant_types_supported: list[str] | None = None
    code_challenge_methods_supported: list[str] = []
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    client_id_metadata_document_supported: bool = False
    authorization_response_iss_parameter_supported: bool = False
