"""What two sides of Atelier must agree on: the execution input, request and response bodies, artifact files and S3 keys.

Each thing is declared once, on pydantic. The package imports nothing else and nothing of ours, because it is copied into every Lambda
and every container image.
"""
