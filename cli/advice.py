"""What to do about an error of AWS that says nothing about a stage: no credentials, no region, no network."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

SIGN_IN = "sign in: aws sso login, or aws configure; PROFILE=name chooses another profile"
CHOOSE_REGION = "REGION=eu-west-1, or aws configure set region"
CONNECT = "look at the network, at the region's name, and at HTTPS_PROXY and NO_PROXY"

_ADVICE: dict[type[BotoCoreError], str] = {
    exceptions.NoCredentialsError: SIGN_IN,
    exceptions.PartialCredentialsError: SIGN_IN,
    exceptions.CredentialRetrievalError: SIGN_IN,
    exceptions.ProfileNotFound: SIGN_IN,
    exceptions.SSOError: SIGN_IN,
    exceptions.TokenRetrievalError: SIGN_IN,
    exceptions.NoRegionError: CHOOSE_REGION,
    exceptions.InvalidRegionError: CHOOSE_REGION,
    exceptions.ConnectionError: CONNECT,
    exceptions.HTTPClientError: CONNECT,
}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the common errors of each service.
_UNKNOWN_CALLER = {
    *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId"),
    *("RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException"),
}


def advice(error: Exception) -> str:
    """What to do about the error; empty where only its own text can say it."""
    if isinstance(error, ClientError):
        return SIGN_IN if error.response.get("Error", {}).get("Code") in _UNKNOWN_CALLER else ""
    return next((text for kind, text in _ADVICE.items() if isinstance(error, kind)), "")
