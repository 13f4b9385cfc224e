"""Secrets in AWS Secrets Manager: `{aws: "name-or-arn#key"}`."""

import re
from collections.abc import Callable
from threading import Lock
from typing import Any

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.libraries import checked, hush, needs, within
from reconciler.secrets.once import Once
from reconciler.secrets.programs import PATIENCE
from reconciler.secrets.retrying import Retrying
from reconciler.secrets.secret import Secret
from reconciler.secrets.texts import Texts, misshapen, text_of
from reconciler.secrets.trouble import Trouble

_PLACE = re.compile(
    r"((?:arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@!-]{1,512})"
    r"(?:#([^\s#]+))?"
)
_MISSING = frozenset({"ResourceNotFoundException"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_PASSING = frozenset(
    {
        "InternalServiceError",
        "InternalServiceErrorException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def default_client(region: str, config: Any) -> Any:
    """A client with the credentials and the endpoint that boto3 finds by itself."""
    import boto3

    session = boto3.session.Session()
    return session.client("secretsmanager", region_name=region or None, config=config)


class AwsBackend:
    """Reads each secret once, with the credentials that boto3 finds by itself.

    The region is that of the ARN, or AWS_REGION or AWS_DEFAULT_REGION. A manifest can name no
    other host than those of the service; an endpoint of one's own is AWS_ENDPOINT_URL, boto3's.

    Parameters: `make` makes boto3's client for a region ("" for the one of its own settings), with
    a configuration of botocore.
    """

    def __init__(
        self, surroundings: Surroundings, make: Callable[[str, Any], Any] = default_client
    ) -> None:
        self._surroundings = surroundings
        self._make = make
        self._lock = Lock()
        self._clients: Once[str, tuple[Any, Retrying]] = Once()
        self._opened: list[Any] = []
        self._texts = Texts(self._fetch)

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The secret's text, or what is under its key."""
        place = _PLACE.fullmatch(reference.locator)
        if place is None:
            return misshapen(reference, "name#key", "prod/mcp/github#client_secret")
        return self._texts.read(reference, place[1], (place[3],) if place[3] else ())

    def close(self) -> None:
        """Close the connections."""
        for client in self._opened:
            client.close()

    def _fetch(self, name: str) -> Secret:
        place = _PLACE.fullmatch(name)
        environ = self._surroundings.environ
        region = (
            (place[2] if place else None)
            or environ.get("AWS_REGION", "").strip()
            or environ.get("AWS_DEFAULT_REGION", "").strip()
        )
        client, retrying = self._clients.get(region, lambda: self._open(region))
        answer = retrying.ask(
            lambda: within(
                PATIENCE * self._surroundings.timeout,
                lambda: checked(lambda: client.get_secret_value(SecretId=name), _judged),
            )
        )
        match answer:
            case {"SecretString": str() as text}:
                return Secret(text)
            case {"SecretBinary": bytes() as content}:
                return text_of(content)
            case _:
                raise Trouble(
                    Code.SECRET_MALFORMED,
                    "can't be read: the answer is not that of AWS Secrets Manager",
                    "check the proxy, and AWS_ENDPOINT_URL if it is set",
                )

    def _open(self, region: str) -> tuple[Any, Retrying]:
        hush("boto3", "botocore")
        needs("boto3", "AWS Secrets Manager", "aws")
        from botocore.config import Config

        timeout = self._surroundings.timeout
        config = Config(
            connect_timeout=timeout,
            read_timeout=timeout,
            retries={"total_max_attempts": 1},  # tried again by us, who can be interrupted
            max_pool_connections=self._surroundings.workers,
        )
        with self._lock:  # sessions of boto3 aren't safe to share while a client is made
            client = checked(lambda: self._make(region, config), _judged)
            self._opened.append(client)
        return client, Retrying(self._surroundings)


def _judged(error: Exception) -> Trouble | None:
    from botocore import exceptions as of_aws

    match error:
        case of_aws.ClientError():
            return _refused(error)
        case of_aws.NoRegionError():
            return Trouble(
                Code.SECRET_UNREACHABLE,
                "can't be read: no AWS region is set",
                "set AWS_REGION, or refer to the secret by its ARN",
                everywhere=True,
            )
        case of_aws.HTTPClientError() | of_aws.ConnectionError() | of_aws.EndpointConnectionError():
            return Trouble(
                Code.SECRET_UNREACHABLE,
                "can't be read: AWS Secrets Manager can't be reached",
                "check the network, the proxy and the region",
                passing=True,
                everywhere=True,
            )
        case (
            of_aws.NoCredentialsError()
            | of_aws.PartialCredentialsError()
            | of_aws.CredentialRetrievalError()
            | of_aws.InvalidConfigError()
            | of_aws.ProfileNotFound()
            | of_aws.SSOError()
            | of_aws.TokenRetrievalError()
        ):
            return Trouble(
                Code.SECRET_DENIED,
                f"can't be read: boto3 finds no usable AWS credentials ({type(error).__name__})",
                "sign in (`aws sso login`, AWS_PROFILE, or a role for the job in CI)",
                everywhere=True,
            )
        case _:
            return None


def _refused(error: Any) -> Trouble:
    answer = error.response if isinstance(error.response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    shown = code if re.fullmatch(r"[A-Za-z.]{1,64}", code) else f"{status}"
    if code in _MISSING:
        return Trouble(
            Code.SECRET_MISSING,
            "is missing: AWS Secrets Manager has no such secret in this account and region",
            "check the name, the region and the account (`aws sts get-caller-identity`)",
        )
    if code in _DENIED:
        return Trouble(
            Code.SECRET_DENIED,
            f"can't be read: AWS denies it ({shown})",
            "allow the identity `secretsmanager:GetSecretValue` on this secret "
            "(and `kms:Decrypt` on its key), and check that its credentials haven't ended",
        )
    if code == "DecryptionFailure":
        return Trouble(
            Code.SECRET_DENIED,
            "can't be read: AWS can't decrypt it",
            "allow the identity `kms:Decrypt` on the key of the secret",
        )
    if code == "InvalidRequestException":
        return Trouble(
            Code.SECRET_MISSING,
            "is missing: it has no current value, or is marked for deletion",
            "store a value, or restore it (`aws secretsmanager restore-secret`)",
        )
    passing = code in _PASSING or (isinstance(status, int) and status >= 500)
    return Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: AWS Secrets Manager refused the request ({shown})",
        "try again later" if passing else "check the name of the secret",
        passing=passing,
    )
