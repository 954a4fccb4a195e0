# ComfyUI as its own README installs it, at a version that you choose.
FROM python:3.13-slim
ARG COMFYUI=v0.28.1
RUN apt-get update && apt-get install --yes --no-install-recommends git libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
RUN git clone --depth 1 --branch ${COMFYUI} https://github.com/comfyanonymous/ComfyUI /comfyui
WORKDIR /comfyui
RUN pip install --no-cache-dir --requirement requirements.txt
CMD ["python", "main.py", "--listen", "0.0.0.0", "--port", "8188"]
