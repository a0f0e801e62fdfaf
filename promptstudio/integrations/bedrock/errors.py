"""What AWS answers when it does not do something, in words that say who can mend it."""

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from promptstudio.deployments.publishing import PublishFailed

LONGEST_QUOTE = 600
TRIED_AGAIN = " It is tried again."
ASSUME_ROLE = "AssumeRole"
GONE = "ResourceNotFoundException"
QUOTA = "ServiceQuotaExceededException"
FORBIDDEN = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
STRANGERS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "InvalidClientTokenId",
        "ExpiredTokenException",
        "ExpiredToken",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "IncompleteSignature",
    }
)
MALFORMED = frozenset({"ValidationException", "ValidationError", "SerializationException"})
TOO_FAST = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})

NO_CREDENTIALS = (boto.NoCredentialsError, boto.PartialCredentialsError)
NOT_SET_UP = (
    boto.NoRegionError,
    boto.InvalidRegionError,
    boto.ProfileNotFound,
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidEndpointConfigurationError,
)
UNANSWERED = (boto.ReadTimeoutError, boto.ConnectionClosedError, boto.ResponseStreamingError)
UNREACHABLE = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError, boto.HTTPClientError)


def failure_of(error: ClientError | BotoCoreError | ValueError | TypeError, *, operation: str) -> PublishFailed:
    """The failure of one call, permanent where trying again by itself would change nothing."""
    if isinstance(error, ClientError):
        return _refused(error, operation)
    if isinstance(error, boto.ParamValidationError):
        return _malformed("ParamValidationError", str(error), operation)
    if isinstance(error, NO_CREDENTIALS):
        sentence = "Prompt Studio has no AWS credentials. Whoever runs it can give it some; then try again."
        return _permanent("no_credentials", sentence)
    if isinstance(error, (*NOT_SET_UP, ValueError, TypeError)):
        return _not_set_up(str(error))
    if isinstance(error, UNANSWERED):
        # It may have done what it was asked; the next try looks before it writes.
        return _transient("no_answer", f"Bedrock did not answer {operation} in time.")
    if isinstance(error, UNREACHABLE):
        return _transient("unreachable", "Bedrock could not be reached.")
    return _transient(type(error).__name__, f"Calling Bedrock went wrong: {quoted(str(error))}")


def for_a_person(failure: PublishFailed) -> PublishFailed:
    """The same failure for whoever asked and waits: nothing is tried again by itself."""
    return PublishFailed(failure.sentence.removesuffix(TRIED_AGAIN), code=failure.code, permanent=failure.permanent)


def _refused(error: ClientError, operation: str) -> PublishFailed:
    code = str(error.response.get("Error", {}).get("Code", "")) or "Unknown"
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in FORBIDDEN:
        return _permanent(
            code,
            f"AWS refused the permission for {operation} ({code}). An administrator of the AWS account can grant it; then try again.",
        )
    if code in STRANGERS:
        return _permanent(
            code, f"AWS does not accept Prompt Studio's credentials ({code}). Whoever runs Prompt Studio can renew them; then try again."
        )
    if code in MALFORMED:
        return _malformed(code, _with_fields(message, error), operation)
    if code == QUOTA:
        return _permanent(code, _full(operation))
    if code == GONE:
        return _permanent(
            code, f"Somebody removed this prompt at Bedrock while it was published ({operation}). Try again: it is made anew."
        )
    if code == "ConflictException":
        return _transient(code, f"Bedrock was busy with another change of this prompt ({operation}).")
    if code in TOO_FAST or status == 429:
        return _transient(code, f"Bedrock had too many requests at once ({operation}).")
    if status >= 500 or status == 408:
        return _transient(code, f"Bedrock had a failure of its own ({operation}, {code}).")
    return _permanent(code, f"AWS refused {operation} ({code}): {quoted(message)}")


def _malformed(code: str, complaint: str, operation: str) -> PublishFailed:
    if operation == ASSUME_ROLE:
        return _not_set_up(complaint)
    return _permanent(code, f"Bedrock does not accept this prompt as it is: {quoted(complaint)}")


def _not_set_up(complaint: str) -> PublishFailed:
    sentence = f"This place is not set up rightly: {quoted(complaint)} An administrator can correct its settings; then try again."
    return _permanent("not_set_up", sentence)


def _full(operation: str) -> str:
    if operation == "CreatePrompt":
        return (
            "The AWS account holds as many prompts in this region as it may, 500 unless AWS raised it. "
            "Its administrator can remove some or ask AWS for more; then try again."
        )
    return f"Bedrock has no more room for this prompt ({operation}). Its administrator can remove what is not needed; then try again."


def _with_fields(message: str, error: ClientError) -> str:
    fields = error.response.get("fieldList") or []
    told = [f"{field.get('name', '')}: {field.get('message', '')}" for field in fields if isinstance(field, dict)]  # type: ignore[attr-defined]
    return " ".join([message, *told]) if told else message


def quoted(text: str) -> str:
    line = " ".join(text.split())
    short = line if len(line) <= LONGEST_QUOTE else line[: LONGEST_QUOTE - 1] + "…"
    return short if short.endswith((".", "…")) else f"{short}."


def _permanent(code: str, sentence: str) -> PublishFailed:
    return PublishFailed(sentence, code=code[:80], permanent=True)


def _transient(code: str, sentence: str) -> PublishFailed:
    return PublishFailed(sentence + TRIED_AGAIN, code=code[:80], permanent=False)
