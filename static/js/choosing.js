/* Where answers are compared: a key presses the button that names it, unless somebody is writing. */
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || event.defaultPrevented) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const button = [...document.querySelectorAll("button[data-key]")].find((each) => each.dataset.key === event.key);
    if (!button) return;
    event.preventDefault();
    button.focus();
    button.click();
  });
})();
