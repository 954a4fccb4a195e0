"""What is to run: pictures, workflow, form, draft."""
