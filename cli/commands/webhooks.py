"""``atelier webhooks``."""

from cli.parameters import LOCAL_OUT, Cloud, Json, StageOption


def webhooks(stage: StageOption = "", cloud: Cloud = LOCAL_OUT, json: Json = False) -> None:
    """Print the secret that signs what the API tells your webhooks: atelier.verify_webhook takes it."""
    from cli.connection import connected
    from cli.terminal import print_json

    with connected(stage, cloud=cloud) as client:
        secret = client.webhooks.secret()
    if json:
        print_json({"key": secret})
    else:
        print(secret)
