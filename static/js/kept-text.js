/* What somebody writes on a page of a review and has not sent (docs/adr/0019): it stays in this tab, is put back, and goes when it was sent.
   `data-said` counts what the server has of this person: when it grew since a form was sent, the form was accepted. */
(() => {
  const place = document.querySelector("kept-text[data-person]");
  if (!place) return;
  const PREFIX = "studio:text:";
  const mine = `${PREFIX}${place.dataset.person}:`;
  const said = Number(place.dataset.said);
  const unsent = new Map(); // textarea: what stood in it before somebody wrote
  let staying = 0;
  const leaving = () => "signingOut" in document.documentElement.dataset;

  // A store may be full, or forbidden; the page works without.
  const safely = (work, otherwise = null) => {
    try {
      return work() ?? otherwise;
    } catch {
      return otherwise;
    }
  };
  const read = (key) => safely(() => JSON.parse(sessionStorage.getItem(key)));
  const write = (key, kept) => leaving() || safely(() => sessionStorage.setItem(key, JSON.stringify(kept)));
  const forget = (key) => safely(() => sessionStorage.removeItem(key));

  const isOurs = (area) => area?.matches?.("#main form[method='post'] textarea[name]:not(:disabled)");
  const areasOf = (element) => [...element.querySelectorAll("textarea")].filter(isOurs);
  // Where it is sent to says which review or conversation; the lines or the case, which of the forms of a version.
  const keyOf = ({ form, name }) => {
    const lines = ["place", "first", "suite", "case"].map((field) => form.elements[field]?.value ?? "").join(":");
    return `${mine}${new URL(form.getAttribute("action") || "", location.href).pathname}:${lines}:${name}`;
  };
  const hasWords = (area) => area.isConnected && area.value.trim() && area.value !== unsent.get(area);

  function keep(area) {
    if (!unsent.has(area)) unsent.set(area, read(keyOf(area))?.was ?? area.defaultValue);
    if (area.value === unsent.get(area)) forget(keyOf(area));
    else write(keyOf(area), { was: unsent.get(area), value: area.value });
  }

  function drop(form) {
    for (const area of areasOf(form)) {
      unsent.delete(area);
      forget(keyOf(area));
    }
  }

  function putBack() {
    for (const area of areasOf(document)) {
      const kept = !unsent.has(area) && read(keyOf(area));
      if (!kept) continue;
      unsent.set(area, kept.was);
      // What the server gave back in the form is newer.
      if (area.defaultValue === kept.was) area.value = kept.value;
      for (let fold = area.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  for (const key of safely(() => Object.keys(sessionStorage), []).filter((one) => one.startsWith(PREFIX))) {
    if (!key.startsWith(mine) || read(key)?.sent < said) forget(key);
  }
  document.addEventListener("input", (event) => isOurs(event.target) && keep(event.target));
  document.addEventListener("htmx:after:swap", putBack);
  putBack();

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("#main form[method='post']")) return;
    staying = Date.now();
    for (const area of areasOf(event.target)) {
      const kept = read(keyOf(area));
      if (kept) write(keyOf(area), { ...kept, sent: said });
      unsent.delete(area);
    }
  });

  // Caught on the way down, before htmx takes the click.
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (link.matches("[data-forgets]")) drop(link.closest("form"));
      const open = link.matches(".say-it") && areasOf(document).find((area) => area.closest("#say-line") && hasWords(area));
      if (open) {
        event.preventDefault();
        event.stopImmediatePropagation();
        open.focus();
        document.dispatchEvent(new CustomEvent("studio:say", { detail: "You are still writing at another line. Send it or cancel it first." }));
      } else if (link.pathname === location.pathname) staying = Date.now();
    },
    true,
  );

  // On this page it is put back; whoever goes elsewhere is asked.
  window.addEventListener("beforeunload", (event) => {
    if (Date.now() - staying > 2000 && [...unsent.keys()].some(hasWords)) event.preventDefault();
  });
})();
