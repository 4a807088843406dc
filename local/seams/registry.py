"""ECR as AWS answers it: what a call is about, and what it says of an image that is not there. The CDK CLI asks both before it builds."""

import json
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import error_response_json, get_account_id
from ministack.services import ecr

from local.seams.services import members


def install() -> None:
    """Replace both answers."""
    _name_repositories()
    _miss_images()


def _name_repositories() -> None:
    """IAM decides on the repository that DescribeRepositories names, in a list, not on every one."""
    original = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        if service == "ecr":
            names = members(body).get("repositoryNames") or []
            if len(names) == 1:
                body = json.dumps({"repositoryName": names[0]}).encode()
        return str(original(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = resource_arn


def _miss_images() -> None:
    """DescribeImages of an image that is not there is an error, not an empty list."""
    original = ecr._describe_images

    def describe_images(data: dict[str, Any]) -> Any:
        repository = data.get("repositoryName", "")
        for image in data.get("imageIds", []):
            if repository in ecr._repositories and ecr._find_image(repository, image) is None:
                digest, tag = (f"'{image[key]}'" if key in image else "'null'" for key in ("imageDigest", "imageTag"))
                message = (
                    f"The image with imageId {{imageDigest:{digest}, imageTag:{tag}}} does not exist within the repository "
                    f"with name '{repository}' in the registry with id '{get_account_id()}'"
                )
                return error_response_json("ImageNotFoundException", message, 400)
        return original(data)

    ecr._describe_images = describe_images
