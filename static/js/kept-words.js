/* What a draft's page keeps in the browser (docs/adr/0019): the undo of its texts, for this tab, and words that the server did not take.
   Nothing of it outlives signing out. */
(() => {
  const place = document.querySelector("draft-editor[data-person]");
  if (!place) return;
  const { person, draft } = place.dataset;
  const WORDS = "studio:words:", UNDO = "studio:undo:";
  const LONGEST = 7 * 24 * 3600 * 1000;
  const mine = `${WORDS}${person}:${draft}:`;
  // Two tabs of one draft keep their words apart.
  const own = mine + crypto.getRandomValues(new Uint32Array(2)).join("");
  const leaving = () => "signingOut" in document.documentElement.dataset;

  // A store may be full, or forbidden; the page works without.
  const safely = (work, otherwise = null) => {
    try {
      return work() ?? otherwise;
    } catch {
      return otherwise;
    }
  };
  const read = (store, key) => safely(() => JSON.parse(store.getItem(key)));
  const drop = (store, unwanted) => safely(() => {
    for (const key of Object.keys(store)) if (unwanted(key)) store.removeItem(key);
  });

  drop(localStorage, (key) => key.startsWith(WORDS) && (!key.startsWith(`${WORDS}${person}:`) || !(read(localStorage, key)?.at > Date.now() - LONGEST)));
  drop(sessionStorage, (key) => key.startsWith(UNDO) && key !== `${UNDO}${person}:${draft}`);
  const histories = safely(() => read(sessionStorage, `${UNDO}${person}:${draft}`), []);

  window.studioKept = {
    /* The undo of the text that stands in a field, from before the page was loaded again. */
    historyOf(text) {
      const at = text ? histories.findIndex((one) => one.doc === text) : -1;
      return at < 0 ? null : histories.splice(at, 1)[0];
    },
    keepHistories(found) {
      if (!leaving()) safely(() => sessionStorage.setItem(`${UNDO}${person}:${draft}`, JSON.stringify(found)));
    },
    keep(form) {
      if (leaving()) return;
      const words = new URLSearchParams(new FormData(form));
      words.delete("csrfmiddlewaretoken");
      safely(() => localStorage.setItem(own, JSON.stringify({ at: Date.now(), words: words.toString() })));
    },
    forget(key = own) {
      safely(() => localStorage.removeItem(key));
    },
    /* What other visits to this draft left, newest first. */
    left() {
      const keys = safely(() => Object.keys(localStorage), []).filter((key) => key.startsWith(mine) && key !== own);
      return keys.map((key) => ({ key, ...read(localStorage, key) })).sort((a, b) => b.at - a.at);
    },
  };
})();
