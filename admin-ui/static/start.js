import init from "./console.js";

const starting = document.getElementById("starting");
const notStarted = document.getElementById("not-started");

try {
  await init({ module_or_path: new URL("./console_bg.wasm", import.meta.url) });
  notStarted.remove();
} catch (error) {
  console.error(error);
  notStarted.hidden = false;
}
starting.remove();
