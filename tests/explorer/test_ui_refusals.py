"""What a refused action says in the page."""

import gradio as gr
import pytest

from rq_vae_explorer.ui.app import _do


def test_a_refusal_is_text_and_never_markup():
    def refuse():
        raise ValueError("unknown setting '<a href=javascript:x()>click</a>'")

    with pytest.raises(gr.Error, match="&lt;a href") as refusal:
        _do(refuse)
    assert "<" not in refusal.value.message
