"""The closed list of diagnostic codes, each with the sentence that explains it."""

from enum import StrEnum


class Code(StrEnum):
    """One rule that a manifest, a secret or a workspace can break. Stable once released."""

    # files
    FILE_NOT_FOUND = "file-not-found"
    FILE_UNREADABLE = "file-unreadable"
    FILE_TOO_LARGE = "file-too-large"
    FILE_ENCODING = "file-encoding"
    SYMLINK_LOOP = "symlink-loop"
    NO_MANIFESTS = "no-manifests"
    TOO_MANY_FAULTS = "too-many-faults"
    # YAML
    YAML_SYNTAX = "yaml-syntax"
    YAML_ALIASES = "yaml-aliases"
    YAML_DEPTH = "yaml-depth"
    YAML_TAG = "yaml-tag"
    DUPLICATE_KEY = "duplicate-key"
    # shape
    NOT_A_MANIFEST = "not-a-manifest"
    UNKNOWN_API_VERSION = "unknown-api-version"
    UNKNOWN_KIND = "unknown-kind"
    UNKNOWN_FIELD = "unknown-field"
    MISSING_FIELD = "missing-field"
    EMPTY_VALUE = "empty-value"
    WRONG_TYPE = "wrong-type"
    INVALID_VALUE = "invalid-value"
    INVALID_URL = "invalid-url"
    UNKNOWN_ICON = "unknown-icon"
    UNKNOWN_STAKE = "unknown-stake"
    LITERAL_SECRET = "literal-secret"  # noqa: S105 - the name of a rule
    RESERVED_VARIABLE = "reserved-variable"
    # whole set
    DUPLICATE_ADDRESS = "duplicate-address"
    DUPLICATE_WORKSPACE = "duplicate-workspace"
    MISSING_WORKSPACE = "missing-workspace"
    DANGLING_REFERENCE = "dangling-reference"
    COMPANY_NOT_ALONE = "company-not-alone"
    NAME_CLASH = "name-clash"
    PREVIOUS_NAME_CLASH = "previous-name-clash"
    # secrets
    SECRET_MISSING = "secret-missing"  # noqa: S105 - the name of a rule
    SECRET_EMPTY = "secret-empty"  # noqa: S105 - the name of a rule
    SECRET_DENIED = "secret-denied"  # noqa: S105 - the name of a rule
    SECRET_UNREACHABLE = "secret-unreachable"  # noqa: S105 - the name of a rule
    SECRET_MALFORMED = "secret-malformed"  # noqa: S105 - the name of a rule
    # a pull request
    DESTINATION_CHANGED = "destination-changed"
    NEW_REFERENCE = "new-reference"
    NEW_DESTINATION = "new-destination"
    # workspace
    UNKNOWN_MEMBER = "unknown-member"
    UNKNOWN_GROUP = "unknown-group"
    UNKNOWN_TOOL = "unknown-tool"
    NAME_TAKEN = "name-taken"
    BOTH_CHANGED = "both-changed"
    # what can't be adopted
    UNKNOWN_REMOTE_ID = "unknown-remote-id"
    WRONG_KIND = "wrong-kind"
    ALREADY_OWNED = "already-owned"
    HALF_MADE = "half-made"
    NO_MATCH = "no-match"
    SEVERAL_MATCHES = "several-matches"
    # what a plan holds back
    PROTECTED = "protected"
    MAX_DELETES = "max-deletes"
    INCOMPLETE_READ = "incomplete-read"
    SUSPICIOUS_READ = "suspicious-read"
    AMBIGUOUS_CREATION = "ambiguous-creation"
    OPEN_SPACE = "open-space"
    COMPANY_WIDE = "company-wide"
    SHARED_CREDENTIALS = "shared-credentials"
    BEARER_IN_OPEN_SPACE = "bearer-in-open-space"
    WIDER_SCOPES = "wider-scopes"
    LOWER_STAKE = "lower-stake"
    ENABLE_HIGH_STAKE = "enable-high-stake"
    REMOVE_SELF = "remove-self"
    MIN_ADMINS = "min-admins"
    REFUSED_DEPENDENCY = "refused-dependency"
    DEPENDENCY_CYCLE = "dependency-cycle"
    USERS_UNKNOWN = "users-unknown"
    CONSENT_NEEDED = "consent-needed"
    # policy
    POLICY_EXPRESSION = "policy-expression"
    POLICY_SCHEMA = "policy-schema"
    POLICY_UNAVAILABLE = "policy-unavailable"
    POLICY_DENIED = "policy-denied"
    POLICY_WARNING = "policy-warning"
