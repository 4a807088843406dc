"""Service Quotas of SageMaker's instances, networks, Lambda and CloudFront: what `local.faults` was told, else plenty of each."""

import hashlib
from collections.abc import Iterator

from local.errors import ServiceError
from local.faults import Faults
from local.sagemaker.model_check import ApiModel
from local.sagemaker.store import Record

PLENTY = 1000
_NETWORKS = (
    "VPCs per Region",
    "Interface VPC endpoints per VPC",
    "Gateway VPC endpoints per Region",
    "Network interfaces per Region",
)
_GLOBAL = {"L-24B04930": "Distributions per AWS account", "L-CF0D4FC5": "Response headers policies per AWS account"}
"""CloudFront's by their codes, which are AWS's own."""
_USES = {
    "endpoint usage": "ProductionVariantInstanceType",
    "training job usage": "TrainingInstanceType",
    "spot training job usage": "TrainingInstanceType",
    "training warm pool usage": "TrainingInstanceType",
    "processing job usage": "ProcessingInstanceType",
}


class ServiceQuotas:
    """Answers ListServiceQuotas, in one page, and GetServiceQuota for CloudFront's. AWS writes the same names.

    The codes are this cloud's own, but for CloudFront's.
    """

    def __init__(self, *, region: str, account: str, faults: Faults) -> None:
        self.api = ApiModel("service-quotas")
        self._arn = f"arn:aws:servicequotas:{region}:{account}:"
        self._faults = faults

    def dispatch(self, action: str, params: Record) -> Record:
        """Carry out one API call; its answer. Raises ServiceError as the service would answer."""
        self.api.check(action, params)
        if action == "GetServiceQuota":
            return self.api.answer(action, {"Quota": self._known(params["ServiceCode"], params["QuotaCode"])})
        if action != "ListServiceQuotas":
            raise ServiceError("UnknownOperationException", f"{action} is not part of the local cloud.")
        service = params["ServiceCode"]
        return self.api.answer(action, {"Quotas": [self._quota(service, name) for name in _names(service)]})

    def _known(self, service: str, code: str) -> Record:
        if service != "cloudfront" or code not in _GLOBAL:
            raise ServiceError("NoSuchResourceException", f"The local cloud knows no quota {code} of {service}.")
        return self._quota(service, _GLOBAL[code], code)

    def _quota(self, service: str, name: str, code: str = "") -> Record:
        code = code or f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
        limit = self._faults.quota(name)
        return {
            "ServiceCode": service,
            "QuotaArn": f"{self._arn}{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": float(PLENTY if limit is None else limit),
            "Adjustable": True,
        }


def _names(service: str) -> Iterator[str]:
    if service == "lambda":
        yield "Concurrent executions"
    elif service == "vpc":
        yield from _NETWORKS
    elif service == "sagemaker":
        model = ApiModel("sagemaker")
        for use, enumeration in _USES.items():
            yield from (f"{instance} for {use}" for instance in model.values(enumeration))
    else:
        raise ServiceError("NoSuchResourceException", f"The local cloud knows no quotas of {service}.")
