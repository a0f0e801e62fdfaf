"""A model that needs no server and no account, for CI and demos: equal questions get equal answers, and each says that nobody wrote it."""

from promptstudio.evaluations.model_runner import Call, RunFailed, Said

from ..bedrock.local_aws import local_model
from ..bedrock.rendition import inference_of


class LocalRunner:
    def run(self, call: Call) -> Said:
        if call.address:
            raise RunFailed("The local model does not know what is published. Ask Bedrock.", code="no_model", permanent=True)
        texts = [call.rendered.system, *(message.text for message in call.rendered.messages)]
        schema = dict(call.output_schema) if call.output_schema else None
        told = local_model.answer(
            text="\n".join(filter(None, texts)), model_id=call.model, settings=inference_of(call.inference), tool=_tool(call), schema=schema
        )
        return Said(
            text=told.text,
            tool_calls=({"name": told.tool_call.name, "input": told.tool_call.input},) if told.tool_call else (),
            stop_reason=told.stop_reason,
            input_tokens=told.input_tokens,
            output_tokens=told.output_tokens,
            latency_ms=told.latency_ms,
            request_id=f"local-{call.uid}",
            emulated=True,
        )


def _tool(call: Call) -> local_model.Tool | None:
    """The tool that has to be called. Left to choose, this model chooses none."""
    wanted = [tool for tool in call.tools if call.tool_choice in ("any", tool.name)]
    return local_model.Tool(wanted[0].name, dict(wanted[0].input_schema)) if wanted else None
