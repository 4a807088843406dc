"""The AWS services the handlers use: for each a protocol that says what is needed, and its boto3 class."""
