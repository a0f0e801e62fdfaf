"""What Bedrock answers when a model does not answer, in words for whoever tries a prompt."""

from botocore import exceptions as boto
from botocore.eventstream import EventStreamError, ParserError
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from urllib3 import exceptions as http

from promptstudio.evaluations.model_runner import RunFailed, Throttled, seconds_of

from .errors import FORBIDDEN, NO_CREDENTIALS, NOT_SET_UP, STRANGERS, TOO_FAST, UNANSWERED, UNREACHABLE, quoted

UNKNOWN_MODEL = frozenset({"ResourceNotFoundException"})
MALFORMED = frozenset({"ValidationException", "SerializationException"})
# 424: the model itself failed; 429: it is being loaded; 408: it took too long. The rest come in the middle of an answer, without a status.
BUSY = frozenset({"ModelNotReadyException", "ModelTimeoutException", "ModelErrorException", "ServiceUnavailableException"})
BUSY |= {"InternalServerException", "ModelStreamErrorException"}
# What asking raises; while an answer is read bit by bit, boto3 leaves the errors of what is beneath it as they are.
CAUGHT = (ClientError, BotoCoreError, ValueError, TypeError, ParserError, http.HTTPError)
Caught = ClientError | BotoCoreError | ValueError | TypeError | ParserError | http.HTTPError


def run_failure_of(error: Caught, *, model: str) -> RunFailed:
    """The failure of one call, permanent where trying again by itself would change nothing."""
    if isinstance(error, ClientError):
        return _refused(error, model)
    if isinstance(error, NO_CREDENTIALS):
        return _permanent("no_credentials", "Prompt Studio has no AWS credentials. Whoever runs it can give it some; then try again.")
    if isinstance(error, boto.ParamValidationError):
        return _permanent("ParamValidationError", f"Bedrock does not take this prompt as it is: {quoted(str(error))}")
    if isinstance(error, (boto.ReadTimeoutError, http.ReadTimeoutError)):
        return too_slow()
    if isinstance(error, (*UNANSWERED, ParserError, http.HTTPError)):
        return _transient("no_answer", "The answer of the model was lost on its way.")
    if isinstance(error, UNREACHABLE):
        return _transient("unreachable", "Bedrock could not be reached.")
    if isinstance(error, (*NOT_SET_UP, ValueError, TypeError)):
        return _permanent("not_set_up", f"Calling models is not set up: {quoted(str(error))} Whoever runs Prompt Studio can mend it.")
    return _transient(type(error).__name__, f"Calling the model went wrong: {quoted(str(error))}")


def too_slow() -> RunFailed:
    # It works on, and is paid; asking again would only be paid again.
    return _permanent("no_answer", f"The model did not answer within {settings.MODEL_READ_TIMEOUT:g} seconds.")


def _refused(error: ClientError, model: str) -> RunFailed:
    code = str(error.response.get("Error", {}).get("Code", "")) or "Unknown"
    if isinstance(error, EventStreamError):
        # In the middle of an answer it is named as a member is: throttlingException.
        code = code[:1].upper() + code[1:]
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in FORBIDDEN:
        return _permanent(code, f"AWS does not let Prompt Studio use {model} ({code}). An administrator of the AWS account can grant it.")
    if code in STRANGERS:
        return _permanent(code, f"AWS does not accept Prompt Studio's credentials ({code}). Whoever runs Prompt Studio can renew them.")
    if code in UNKNOWN_MODEL:
        return _permanent(code, f"There is no model {model} in this account and region. Choose another one.")
    if code in MALFORMED:
        return _permanent(code, f"The model does not take this prompt as it is: {quoted(message)}")
    if code in TOO_FAST or (status == 429 and code not in BUSY):
        return Throttled(f"Bedrock wants {model} to be asked less often ({code}).", code=code[:80], retry_after=_retry_after(error))
    if code in BUSY or status >= 500 or status == 408:
        return _transient(code, f"The model is busy or was not ready ({code}).")
    return _permanent(code, f"AWS refused to ask the model ({code}): {quoted(message)}")


def _retry_after(error: ClientError) -> float | None:
    """Seconds. Bedrock documents no such header; a gateway in front of it may send one."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return seconds_of(str(headers.get("retry-after", "")))


def _permanent(code: str, sentence: str) -> RunFailed:
    return RunFailed(sentence, code=code[:80], permanent=True)


def _transient(code: str, sentence: str) -> RunFailed:
    return RunFailed(sentence, code=code[:80], permanent=False)
