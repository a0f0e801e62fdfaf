/* Who can be named, while somebody writes: after an @ the people of the page's <datalist id="people"> whose name begins so. */
(() => {
  const people = [...document.querySelectorAll("#people option")].map((option) => ({ name: option.label, typed: option.value }));
  if (!people.length) return;
  const MOST = 6;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const begins = (name, typed) => name.startsWith(typed) || name.split(" ").some((part) => part.startsWith(typed));
  const list = Object.assign(document.createElement("div"), { className: "panel names", id: "names", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People you can name");
  let area = null;
  let at = 0;

  const options = () => [...list.children];
  const chosen = () => options().find((option) => option.ariaSelected === "true");

  function select(option) {
    for (const each of options()) each.ariaSelected = String(each === option);
    area.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function close() {
    list.hidden = true;
    area?.removeAttribute("aria-activedescendant");
    area?.removeAttribute("aria-controls");
    area = null;
  }

  function offer(field) {
    const before = field.value.slice(0, field.selectionStart);
    const match = /(?<![\p{L}\p{N}_@])@([\p{L}\p{N}_.-]*(?: [\p{L}\p{N}]*)?)$/u.exec(before);
    const typed = match && plain(match[1]);
    const found = match ? people.filter(({ name }) => begins(plain(name), typed)) : [];
    if (!found.length) return close();
    area = field;
    at = match.index;
    list.replaceChildren(...found.slice(0, MOST).map((person, index) => {
      const option = Object.assign(document.createElement("div"), { id: `name-${index}`, textContent: person.name });
      option.setAttribute("role", "option");
      option.dataset.typed = person.typed;
      return option;
    }));
    (field.closest("grow-text") ?? field).after(list);
    list.hidden = false;
    area.setAttribute("aria-controls", list.id);
    select(list.firstElementChild);
  }

  function take(option) {
    const field = area;
    field.setRangeText(`@${option.dataset.typed} `, at, field.selectionStart, "end");
    close();
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.focus();
  }

  document.addEventListener("input", (event) => event.target.matches?.("textarea[data-names]:focus") && offer(event.target));
  document.addEventListener("focusout", (event) => event.target === area && close());
  document.addEventListener("keydown", (event) => {
    if (event.target !== area || list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = options();
    if (step) select(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
    else if (event.key === "Enter" || event.key === "Tab") take(chosen());
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  // Before the field loses the focus.
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
})();
