// Starts PyScript under a policy without `unsafe-eval`.

import { hooks } from "../vendor/pyscript/core.js";

// A default hook for workers makes code from text by `Function()`; we have no workers.
hooks.worker.onBeforeRunAsync.clear();

// PyScript prints an exception of app/main.py to the console only. The visitor
// doesn't look there.
hooks.main.onReady.add(({ io }) => {
  const { stderr } = io;
  io.stderr = (output, ...rest) => {
    if (output instanceof Error) window.tetherBootFailed(output);
    stderr(output, ...rest);
  };
});
