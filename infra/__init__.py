"""The CDK app's parts: stages, stacks that wire, components that make one unit each."""
