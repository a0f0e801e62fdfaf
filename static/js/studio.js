/* What pages gain from script. Each page reads, and each form sends, without it. */
(() => {
  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

  /* Keys: / and Ctrl-K go to the search, n and p from change to change. */
  function jump(step) {
    const changes = [...document.querySelectorAll("[data-change]")].filter((change) => change.getClientRects().length);
    if (!changes.length) return;
    const at = changes.findIndex((change) => change.classList.contains("current"));
    const next = at < 0 ? (step > 0 ? 0 : changes.length - 1) : (at + step + changes.length) % changes.length;
    changes[at]?.classList.remove("current");
    changes[next].classList.add("current");
    changes[next].tabIndex = -1;
    changes[next].focus({ preventScroll: true });
    changes[next].scrollIntoView({ block: "center" });
    for (const label of document.querySelectorAll("[data-change-position]")) label.textContent = `Change ${next + 1} of ${changes.length}`;
  }

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("jump");
    const wanted = event.key === "/" && !typing(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (search && (wanted || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)))) {
      event.preventDefault();
      search.focus();
      search.select();
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") jump(1);
    if (event.key === "p") jump(-1);
  });

  /* Menus made of details close like menus. */
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.drop[open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.drop[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest ? event.target : document.body;
    closeMenus(target.closest("details.drop"));

    const step = target.closest("[data-jump]");
    if (step) jump(step.dataset.jump === "next" ? 1 : -1);

    // A link or button that opens a dialog leads to a page of its own where there is no script.
    const opener = target.closest("[data-opens]");
    const dialog = opener && document.getElementById(opener.dataset.opens);
    if (dialog?.showModal && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      dialog.showModal();
    }
    if (target.closest("[data-closes]")) {
      event.preventDefault();
      target.closest("dialog")?.close();
    }
    if (target.closest("[data-dismiss]")) target.closest(".notice")?.remove();
  });

  /* Whoever opens a fold to write goes on in its field. */
  document.addEventListener("click", (event) => {
    const fold = event.target.closest?.("summary[data-writes]")?.parentElement;
    if (fold && !fold.open) setTimeout(() => fold.querySelector("textarea")?.focus());
  });

  /* Signing out takes along what the editor and the reviews keep in this browser. */
  document.addEventListener("submit", (event) => {
    if (!new URL(event.target.action, location.href).pathname.endsWith("/sign-out/")) return;
    document.documentElement.dataset.signingOut = "";
    for (const name of ["localStorage", "sessionStorage"]) {
      try {
        for (const key of Object.keys(window[name])) if (/^studio:(words|undo|text):/.test(key)) window[name].removeItem(key);
      } catch {
        // A browser that forbids its store has kept nothing.
      }
    }
  });

  /* A second click must not send a form twice. The button's own name and value still travel: it is marked, not disabled. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.classList.contains("is-sending")) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (event.defaultPrevented || form.method === "dialog" || form.matches("[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
    form.classList.add("is-sending");
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  // The back button may bring the page back as it was left.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form.is-sending")) {
      form.classList.remove("is-sending");
      for (const button of form.querySelectorAll("[aria-disabled='true']:not([data-refused])")) button.removeAttribute("aria-disabled");
    }
  });
  // A button that is refused says why beside it, and stays reachable by keyboard.
  document.addEventListener("click", (event) => event.target.closest?.("[data-refused]") && event.preventDefault(), true);

  /* A list with boxes says how many are ticked, those on other pages included. */
  document.addEventListener("change", (event) => {
    const count = event.target.name === "take" && event.target.closest("form[data-counts]")?.querySelector("[data-count]");
    if (!count) return;
    const ticked = Number(count.dataset.count) + (event.target.checked ? 1 : -1);
    count.dataset.count = ticked;
    count.textContent = ticked.toLocaleString("en-GB");
    count.parentElement.querySelector("[data-plural]").textContent = ticked === 1 ? "" : "s";
  });

  /* Requests of htmx that came to nothing. What was typed is still on the page. */
  function say(sentence) {
    const place = document.getElementById("toasts");
    const template = document.getElementById("toast");
    if (!place || !template) return;
    const toast = template.content.cloneNode(true);
    toast.querySelector("p").textContent = sentence;
    place.replaceChildren(toast);
  }
  document.addEventListener("studio:say", (event) => say(event.detail));
  const polls = (event) => (event.detail?.ctx?.sourceElement ?? event.target)?.getAttribute?.("hx-trigger")?.includes("every");
  document.addEventListener("htmx:error", (event) => {
    if (!polls(event) && !event.detail?.ctx?.response) say("There is no connection to the server. What you typed is still here; try again in a moment.");
  });
  document.addEventListener("htmx:response:error", (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status >= 500 && !polls(event)) say("The server could not do that. What you typed is still here; try again, and tell your administrator if it stays so.");
  });

  /* A text field as tall as its text. */
  class GrowText extends HTMLElement {
    connectedCallback() {
      this.addEventListener("input", this.#fit);
      if (!CSS.supports("field-sizing", "content")) requestAnimationFrame(this.#fit);
    }
    #fit = () => {
      const area = this.querySelector("textarea");
      if (!area || CSS.supports("field-sizing", "content")) return;
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 2}px`;
    };
  }

  /* <copy-button for="id">Copy</copy-button> copies the text, or value, of that element. */
  class CopyButton extends HTMLElement {
    connectedCallback() {
      if (this.querySelector("button")) return;
      const label = this.textContent.trim() || "Copy";
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label });
      const source = () => document.getElementById(this.getAttribute("for"));
      button.addEventListener("click", async () => {
        const text = source()?.value ?? source()?.textContent ?? "";
        try {
          await navigator.clipboard.writeText(text);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(source()); // no clipboard on an insecure address
          button.textContent = "Selected: press Ctrl-C";
        }
        setTimeout(() => (button.textContent = label), 2500);
      });
      this.setAttribute("aria-live", "polite");
      this.replaceChildren(button);
    }
  }

  /* Whoever writes a text of their own means it: what they wrote is chosen. */
  document.addEventListener("input", (event) => {
    const choice = event.target.closest?.(".clash-own textarea") && event.target.closest(".clash-own").querySelector("input[type=radio]");
    if (choice) choice.checked = true;
  });

  customElements.define("grow-text", GrowText);
  customElements.define("copy-button", CopyButton);
  for (const tab of document.querySelectorAll(".ps-tabs [aria-current]")) tab.parentElement.scrollLeft = Math.max(0, tab.offsetLeft - tab.parentElement.clientWidth / 2);
})();
