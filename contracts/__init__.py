"""What two sides of Atelier must agree on: the execution input, request and response bodies, artifact files and S3 keys.

Standard library only, and it imports nothing of ours, because it is copied into every Lambda and every container image.
"""
