"""The places where a secret may be kept, one model each: what a reference to it looks like."""

from typing import Annotated

from pydantic import Field

from reconciler.resources.strict import Strict


class EnvReference(Strict):
    """A secret in an environment variable of the process that runs the tool."""

    env: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
            max_length=255,
            description="Name of the environment variable that holds the secret.",
            examples=["GITHUB_MCP_TOKEN"],
        ),
    ]


class FileReference(Strict):
    """A secret in a file, such as a mounted Kubernetes secret; a final line break is dropped."""

    file: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            description="Path of a file that holds nothing but the secret; relative to where "
            "the tool runs.",
            examples=["/run/secrets/github-token"],
        ),
    ]


VaultPlace = Annotated[
    str,
    Field(
        pattern=r"^[^\s/#][^\s#]*/[^\s#]*[^\s/#]#[^\s#]+$",
        max_length=1024,
        description="`mount/path#key`: the KV mount, the path in it (without `data/`), "
        "and the key inside the secret.",
        examples=["secret/mcp/github#client_secret"],
    ),
]


class VaultReference(Strict):
    """A secret in a Vault or OpenBao KV store, version 1 or 2."""

    vault: VaultPlace


class AwsReference(Strict):
    """A secret in AWS Secrets Manager, or a key of one that is a JSON object."""

    aws: Annotated[
        str,
        Field(
            pattern=r"^(arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,30}:[0-9]{12}:secret:)?"
            r"[A-Za-z0-9/_+=.@!-]{1,512}(#[^\s#]{1,256})?$",
            max_length=1024,
            description="`name` or `name#key`: the name or ARN of the secret, and the key when it "
            "holds a JSON object.",
            examples=["prod/mcp/github#client_secret"],
        ),
    ]


class GcpReference(Strict):
    """A secret in Google Cloud Secret Manager, or a key of one that is a JSON object."""

    gcp: Annotated[
        str,
        Field(
            pattern=r"^projects/[a-z0-9][a-z0-9.:-]{0,62}/secrets/[A-Za-z0-9_-]{1,255}"
            r"(/versions/[A-Za-z0-9_-]{1,63})?(#[^\s#]{1,256})?$",
            max_length=1024,
            description="`projects/P/secrets/S`, with `/versions/V` behind it for another version "
            "than the latest, and `#key` when it holds a JSON object.",
            examples=["projects/acme-tools/secrets/github-mcp"],
        ),
    ]


class AzureReference(Strict):
    """A secret in Azure Key Vault."""

    azure: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z](-?[A-Za-z0-9]){2,23}/[A-Za-z0-9-]{1,127}(/[A-Za-z0-9]{1,64})?$",
            max_length=256,
            description="`vault/secret`: the name of the vault (not its URL) and of the secret, "
            "with `/version` behind it for another version than the latest.",
            examples=["acme-tools/github-mcp"],
        ),
    ]


class OpReference(Strict):
    """A secret in 1Password, read with its program `op`."""

    op: Annotated[
        str,
        Field(
            pattern=r"^op://[A-Za-z0-9_. -]{1,255}(/[A-Za-z0-9_. -]{1,255}){2,3}$",
            max_length=1024,
            description="`op://vault/item/field` or `op://vault/item/section/field`, as 1Password "
            "copies it; what isn't made of letters, digits, `-`, `_`, `.` and spaces goes by "
            "its id.",
            examples=["op://Platform/GitHub MCP/credential"],
        ),
    ]


class SopsReference(Strict):
    """A value in a file that is encrypted with SOPS, read with its program `sops`."""

    sops: Annotated[
        str,
        Field(
            pattern=r"^[^#\x00-\x1f\x7f]{1,4096}#[^\s#]{1,512}$",
            max_length=4609,
            description="`path#key`: the path of the encrypted file, relative to where the tool "
            "runs, and the key in it; dots lead into what is nested.",
            examples=["secrets/prod.enc.yaml#mcp.github.client_secret"],
        ),
    ]


class PluginReference(Strict):
    """A secret in a store that an installed plugin reads."""

    plugin: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9-]{0,62}:[^\x00-\x1f\x7f]{1,1024}$",
            max_length=1100,
            description="`scheme:place`: the scheme of the plugin, and what the plugin takes.",
            examples=["keeper:platform/github-mcp"],
        ),
    ]
