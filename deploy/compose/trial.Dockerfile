# The embedded server: answers like ComfyUI, needs no GPU.
FROM python:3.13-slim
WORKDIR /tether
COPY deploy/compose/requirements.txt .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY app app
COPY tools tools
ENV PYTHONPATH=app
CMD ["python", "-m", "tools.comfy.server", "--host", "0.0.0.0", "--port", "8188"]
