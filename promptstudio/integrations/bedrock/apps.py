from django.apps import AppConfig


class BedrockConfig(AppConfig):
    name = "promptstudio.integrations.bedrock"
    label = "bedrock"
    verbose_name = "Amazon Bedrock"
