"""A model runner for workers of their own: every model takes `SLEEPS` seconds."""

import os
import time

from promptstudio.evaluations.model_runner import Call, Said

PATH = f"{__name__}.SleepingRunner"


class SleepingRunner:
    def run(self, call: Call) -> Said:
        time.sleep(float(os.environ["SLEEPS"]))
        text = call.rendered.messages[-1].text
        return Said(text=text, stop_reason="end_turn", input_tokens=10, output_tokens=10, latency_ms=1, request_id=str(call.uid))
