"""ECR as AWS answers it about an image that is not there: the CDK CLI asks before it builds. And who hears of one that was pushed."""

import http
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import ecr


def install(pushed: Callable[[str], None]) -> None:
    """Let DescribeImages of an image that is not there be an error, not an empty list.

    ``pushed`` gets the `<repository>:<tag>` of each image that was put there, in a thread.
    """
    original, put = ecr._describe_images, ecr._put_image

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

    def put_image(data: dict[str, Any]) -> Any:
        answer = put(data)
        if answer[0] == http.HTTPStatus.OK:
            name = f"{data['repositoryName']}:{data.get('imageTag')}"
            threading.Thread(target=pushed, args=(name,), name=f"pushed {name}", daemon=True).start()
        return answer

    ecr._describe_images, ecr._put_image = describe_images, put_image
