"""The page: Gradio widgets for the knobs, one canvas dashboard for what the run looks like."""
