"""A development server that answers like AWS: Bedrock's prompt operations and Converse of its own, everything else by moto.

It imports nothing else of Prompt Studio, so that what we send is judged by botocore's service model and by written rules,
never by our own request builder.
"""
