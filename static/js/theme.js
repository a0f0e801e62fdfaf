/* Runs before the first paint, in the head and not deferred: a deferred script would flash the other theme. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      return localStorage.getItem("theme") || "system";
    } catch {
      return "system"; // storage may be forbidden
    }
  };
  const apply = () => {
    const theme = chosen();
    root.dataset.bsTheme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
  };

  class ThemeChoice extends HTMLElement {
    connectedCallback() {
      for (const input of this.querySelectorAll("input")) input.checked = input.value === chosen();
      this.addEventListener("change", (event) => {
        try {
          localStorage.setItem("theme", event.target.value);
        } catch {
          root.dataset.bsTheme = event.target.value; // for this page at least
          return;
        }
        apply();
      });
    }
  }

  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  // Its radio buttons must have been parsed when the element is upgraded.
  document.addEventListener("DOMContentLoaded", () => customElements.define("theme-choice", ThemeChoice));
})();
