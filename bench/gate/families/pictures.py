"""What pictures say of themselves: the keys of their marks and manifests, and who may use them."""

from bench.gate.changes import drop, put, statement, swap, without
from bench.gate.mutant import Defect

_MARK, _SIGNING = "Storage/MarkKey8", "Storage/SigningKey7"
_SERVER, _MODEL = "Serving/RoleDefaultPolicy", "Serving/EndpointModel"
_ENVIRONMENT = "Properties.PrimaryContainer.Environment"
_DATA_KEY = {
    "Fn::GetStackOutput": {
        "StackName": "atelier-dev-storage",
        "Region": {"Ref": "AWS::Region"},
        "OutputName": "PublishOutputFnGetAttBucketsKeyCD6AF5CFArn0836ECB8",
    }
}

MUTANTS = (
    Defect(name="the mark's key is deleted with its stack", at=_MARK, change=put("DeletionPolicy", "Delete")),
    Defect(name="the mark's key goes when it is replaced", at=_MARK, change=put("UpdateReplacePolicy", "Delete")),
    Defect(name="the mark's key encrypts", at=_MARK, change=put("Properties.KeyUsage", "ENCRYPT_DECRYPT")),
    Defect(name="the mark's key makes other codes", at=_MARK, change=put("Properties.KeySpec", "HMAC_384")),
    Defect(name="the mark's key is one that decrypts", at=_MARK, change=put("Properties.KeySpec", "SYMMETRIC_DEFAULT")),
    Defect(name="the mark's key is anybody's", at=_MARK, change=swap(":root", ":role/Anybody")),
    Defect(
        name="everybody may use the mark's key",
        at=_MARK,
        change=put("Properties.KeyPolicy.Statement.0.Principal", {"AWS": "*"}),
    ),
    Defect(name="the mark's key is off", at=_MARK, change=put("Properties.Enabled", False)),
    Defect(name="the mark's key is rotated", at=_MARK, change=put("Properties.EnableKeyRotation", True)),
    Defect(name="the signing key is deleted with its stack", at=_SIGNING, change=put("DeletionPolicy", "Delete")),
    Defect(name="the signing key is of another curve", at=_SIGNING, change=put("Properties.KeySpec", "ECC_NIST_P384")),
    Defect(name="the signing key agrees on keys", at=_SIGNING, change=put("Properties.KeyUsage", "KEY_AGREEMENT")),
    Defect(name="the server may not make its mark's key", at=_SERVER, change=without("kms:GenerateMac")),
    Defect(
        name="the server may make codes with any key",
        at=_SERVER,
        change=statement("kms:GenerateMac", put("Resource", "*")),
    ),
    Defect(
        name="the server may make codes with the key of data instead of the mark's",
        at=_SERVER,
        change=statement("kms:GenerateMac", put("Resource", _DATA_KEY)),
    ),
    Defect(name="the server may not sign", at=_SERVER, change=without("kms:Sign")),
    Defect(name="the server may sign with any key", at=_SERVER, change=statement("kms:Sign", put("Resource", "*"))),
    Defect(
        name="the server is told the key of data as its mark's",
        at=_MODEL,
        change=put(f"{_ENVIRONMENT}.ATELIER_MARK_KEY", _DATA_KEY),
    ),
    Defect(
        name="the server is told of no mark's key",
        at=_MODEL,
        change=put(f"{_ENVIRONMENT}.ATELIER_MARK_KEY", ""),
    ),
    Defect(
        name="the server loses the mark's key",
        at=_MODEL,
        change=drop(f"{_ENVIRONMENT}.ATELIER_MARK_KEY"),
    ),
    Defect(
        name="the server is told of no signing key",
        at=_MODEL,
        change=put(f"{_ENVIRONMENT}.ATELIER_SIGNING_KEY", ""),
    ),
    Defect(
        name="the server is told the mark's key as the one that signs",
        at=_MODEL,
        change=swap("SigningKey70710D41Arn7C4BEA7B", "MarkKey8CE083DDArn5C4A7361"),
    ),
    Defect(
        name="styles' own endpoints mark nothing",
        at="Training/HandlersDeployEndpointFunction",
        change=swap("ATELIER_MARK_KEY", "ATELIER_MARKS_KEY"),
    ),
)
