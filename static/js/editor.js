/* The editor of a draft. The page works without this: here it saves itself, and buttons answer in place.
   Words stay in this page until the server has them. Those that it did not take are kept in the browser as well (kept-words.js, docs/adr/0019). */
(() => {
  const QUIET = 900; // ms without a key before saving
  const LATEST = 5000; // ms after which a save is due even while keys are pressed
  const POLL = 15000;
  const LONGEST_PAUSE = 15000;
  const PASSING = ["Tab", "Shift", "Control", "Alt", "Meta"];
  const ROWS = "details.variable, section.message, tr.example-pair";

  const value = (control) => (control.type === "checkbox" || control.type === "radio" ? control.checked : control.value);
  const editorOf = (area) => area?.closest("prompt-text");
  const put = (control, kept) => {
    if (control.type === "checkbox" || control.type === "radio") control.checked = kept;
    else if (control.value !== kept) control.value = kept;
  };

  class DraftEditor extends HTMLElement {
    #changed = false;
    #running = null;
    #timer = 0;
    #due = 0;
    #pause = 0;
    #stopped = false;
    #leaving = false;
    #asked = false;
    #last = null;
    #generation = 0;
    #keeping = 0;
    #kept = window.studioKept;

    connectedCallback() {
      this.form = this.querySelector("#editor-form");
      this.fields = this.querySelector("#editor");
      if (!this.form || this.fields.disabled) return;
      this.addEventListener("input", (event) => this.form.contains(event.target) && this.#touched());
      this.addEventListener("change", (event) => this.form.contains(event.target) && this.#touched());
      this.addEventListener("click", this.#clicked);
      for (const kind of ["input", "pointerdown", "keydown"]) this.addEventListener(kind, this.#written);
      this.addEventListener("input", (event) => event.target.closest(".variable") && this.#tableChanged());
      this.addEventListener("keydown", this.#entered);
      this.form.addEventListener("submit", this.#submitted);
      document.addEventListener("click", this.#elsewhere);
      window.addEventListener("beforeunload", this.#warn);
      window.addEventListener("online", this.#online);
      window.addEventListener("pageshow", this.#back);
      window.addEventListener("pagehide", this.#hidden);
      document.addEventListener("visibilitychange", this.#hidden);
      this.#offer();
      this.poll = setInterval(() => this.#look(), POLL);
    }

    disconnectedCallback() {
      document.removeEventListener("click", this.#elsewhere);
      window.removeEventListener("beforeunload", this.#warn);
      window.removeEventListener("online", this.#online);
      window.removeEventListener("pageshow", this.#back);
      window.removeEventListener("pagehide", this.#hidden);
      document.removeEventListener("visibilitychange", this.#hidden);
      clearInterval(this.poll);
    }

    #warn = (event) => {
      if ((this.#changed || this.#running) && !this.#leaving) event.preventDefault();
    };
    /* Back from a page that this one led to, as it was left. */
    #back = (event) => {
      if (event.persisted && !this.#stopped) this.#leaving = false;
    };
    #online = () => this.#changed && this.#save();

    /* The lid is closed, the tab left or loaded again. */
    #hidden = (event) => {
      if (event.type === "visibilitychange" && !document.hidden) return;
      this.#kept?.keepHistories([...this.querySelectorAll("prompt-text")].map((editor) => editor.memory).filter(Boolean));
      if (this.#changed && !this.#stopped) this.#kept?.keep(this.form);
    };

    /* Words of an earlier visit that the server never had. They come back as a save from then: what others wrote since is joined, or clashes. */
    #offer() {
      const offer = this.querySelector("#kept-words");
      const [left] = this.#kept?.left() ?? [];
      if (!offer || !left) return offer?.setAttribute("hidden", "");
      const texts = [...new URLSearchParams(left.words)].filter(([name, text]) => text && (name === "system" || name.endsWith("-text")));
      offer.querySelector("time").textContent = new Date(left.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      offer.querySelector(".as-typed").textContent = texts.map(([, text]) => text).join("\n\n");
      offer.querySelector("[data-put-back]").onclick = async () => {
        if (!(await this.#save()) || !(await this.#save(["step", "put_back"], new URLSearchParams(left.words)))) return;
        this.#kept.forget(left.key);
        this.#offer();
      };
      offer.querySelector("[data-throw-away]").onclick = () => {
        this.#kept.forget(left.key);
        this.#offer();
      };
      offer.hidden = false;
    }

    #touched() {
      if (this.#stopped) return;
      this.#changed = true;
      this.#generation += 1;
      this.#due ||= performance.now() + LATEST;
      this.#say("Saving…", "progress", "publishing");
      if (this.#pause) this.#keepSoon();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#save(), Math.max(0, Math.min(QUIET, this.#due - performance.now())));
    }

    #keepSoon() {
      clearTimeout(this.#keeping);
      this.#keeping = setTimeout(() => this.#changed && this.#kept?.keep(this.form), 300);
    }

    #submitted = async (event) => {
      const button = event.submitter;
      event.preventDefault();
      if (this.#stopped) return;
      if (button?.name === "then") {
        if (this.#changed && !(await this.#save())) return;
        await (button.value === "try" ? this.#try() : this.#leave(this.dataset.next));
        return;
      }
      const mended = button?.closest(".finding") && !button.value.startsWith("add_message") ? this.#placeOf(button) : null;
      await this.#save(button?.name ? [button.name, button.value] : null, null, mended);
    };

    /* The findings beside one text or row, and which of them is mended. */
    #placeOf(button) {
      const margin = button.closest(".margin");
      return { margin: margin.id, at: [...margin.children].indexOf(button.closest(".finding")) };
    }

    /* Whoever mends a finding stays there: at the one that follows, else at what it was about. Where the row is gone, at the next finding of the
       table, else at its heading. */
    #stayAt({ margin, at }) {
      const here = document.getElementById(margin);
      const findings = here ? [...here.children].slice(at) : [...this.querySelectorAll("[aria-labelledby='variables-h'] .finding")];
      const button = findings.map((finding) => finding.querySelector("button")).find(Boolean);
      const about = here ? this.querySelector(`[aria-describedby~="${margin}"]`) : document.getElementById("variables-h");
      if (button) return button.focus({ preventScroll: false });
      if (editorOf(about)?.view) return editorOf(about).focusText();
      about?.focus();
    }

    async #leave(address) {
      while (this.#changed || this.#running) if (!(await this.#save())) return;
      this.#leaving = true;
      location.assign(address);
    }

    /* The form as it stands, sent as without script: the answer is another page. */
    async #try() {
      while (this.#changed || this.#running) if (!(await this.#save())) return;
      if (this.#leaving) return;
      this.#leaving = true;
      const then = Object.assign(document.createElement("input"), { type: "hidden", name: "then", value: "try" });
      this.form.append(then);
      this.form.submit();
      then.remove();
    }

    /* One request at a time: the revision of the second is the answer of the first. True when the words are kept. */
    async #save(step = null, words = null, mended = null) {
      while (this.#running) await this.#running;
      if (!step && !this.#changed) return true;
      if (this.#stopped) return false;
      const run = this.#send(step, words, mended);
      this.#running = run.finally(() => (this.#running = null));
      return this.#running;
    }

    async #send(step, words = null, mended = null) {
      clearTimeout(this.#timer);
      this.#due = 0;
      const body = words ?? new FormData(this.form);
      body.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
      if (step) body.set(step[0], step[1]);
      const sent = new Map([...this.form.elements].filter((control) => control.id).map((control) => [control.id, value(control)]));
      const generation = this.#generation;
      let answer, html;
      try {
        answer = await fetch(this.form.action, { method: "POST", body, headers: { "X-Editor": "1" }, redirect: "manual", signal: AbortSignal.timeout(30000) });
        html = await answer.text();
      } catch {
        return this.#later(step, "No connection. Your words are kept in this browser and are saved when it is back.");
      }
      if (answer.type === "opaqueredirect") return this.#later(step, "You are signed out. Sign in in another tab; your words are kept in this browser and are saved after that.");
      if (answer.status >= 500) return this.#later(step, "The server cannot save just now. Your words are kept in this browser; it is tried again.");
      const page = new DOMParser().parseFromString(html, "text/html");
      if (answer.status === 409 && page.getElementById("clash-h")) return this.#clash(page, generation);
      if (answer.status === 403 && !this.#asked && (await this.#look())) {
        this.#asked = true;
        return this.#later(step, "Saving…", 300);
      }
      if (answer.status === 413) return this.#tooMuch(page);
      if (!page.getElementById("editor-state")) return this.#refused(page);
      this.#pause = 0;
      this.#asked = false;
      if (generation === this.#generation) this.#changed = false;
      if (!this.#changed) this.#kept?.forget();
      this.#show(page, sent, step !== null, mended);
      if (this.#changed) this.#touched();
      return answer.ok;
    }

    #later(step, sentence, pause = 0) {
      this.#changed = true;
      this.#pause = pause || Math.min(LONGEST_PAUSE, (this.#pause || 1000) * 2);
      this.#say(sentence, "cloud-off", "failed");
      this.#keepSoon();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#save(step), this.#pause);
      return false;
    }

    /* Sending it again would not help; the next word typed or taken away does it. */
    #tooMuch(page) {
      this.#changed = true;
      this.#say(`${page.querySelector(".lead-sentence")?.textContent.trim()} Your words are kept on this page and are saved as soon as they fit.`, "alert-circle", "failed");
      return false;
    }

    /* Somebody ended the draft, or took the right away: no use in trying again, so the words stay where they can be copied. */
    #refused(page) {
      this.#stopped = true;
      const sentence = page.querySelector(".lead-sentence, .notice p")?.textContent.trim() || "This cannot be saved.";
      this.#say(`${sentence} What you typed is still here; copy what you need.`, "alert-circle", "failed");
      return false;
    }

    /* Both changed the same words. The fields wait until somebody chose; typed meanwhile is sent first. */
    #clash(page, generation) {
      if (generation !== this.#generation) {
        return this.#send(null);
      }
      this.#stopped = this.#leaving = true;
      this.classList.add("is-clashing");
      this.form.inert = true;
      const place = this.querySelector("#clash");
      place.replaceChildren(...page.body.childNodes);
      const token = place.querySelector("[name=csrfmiddlewaretoken]");
      if (token) token.value = this.form.elements.csrfmiddlewaretoken.value;
      place.focus();
      place.scrollIntoView({ block: "start" });
      this.#say("Not saved yet: choose what stays", "users", "publishing");
      return false;
    }

    /* New parts in place of old ones. What was typed after sending stays, and so do focus and the undo of a field. */
    #show(page, sent, asked, mended) {
      const whole = page.querySelector(".split");
      const writing = editorOf(document.activeElement);
      const focus = document.activeElement?.id;
      const stays = mended && (!this.contains(document.activeElement) || document.activeElement.closest(".finding"));
      const range = [document.activeElement?.selectionStart, document.activeElement?.selectionEnd];
      const open = new Set([...this.querySelectorAll("details[id][open]")].map((item) => item.id));
      if (whole) {
        const fresh = document.createDocumentFragment();
        fresh.append(...page.body.childNodes);
        for (const control of fresh.querySelectorAll("textarea[id], input[id], select[id]")) this.#keep(control, sent, asked);
        for (const item of fresh.querySelectorAll("details[id]")) item.open ||= open.has(item.id);
        const known = new Set([...this.querySelectorAll(ROWS)].map((item) => item.id || item.getAttribute("aria-labelledby")));
        this.fields.replaceChildren(fresh);
        // Whoever is writing meanwhile goes on where they are.
        const added = !writing && !stays && [...this.querySelectorAll(ROWS)].find((item) => !known.has(item.id || item.getAttribute("aria-labelledby")));
        const target = added ? added.querySelector(added.open === false ? "summary" : "input:not([type=hidden]), textarea") : focus ? document.getElementById(focus) : null;
        if (added && editorOf(target)?.view) editorOf(target).focusText({ preventScroll: false });
        else target?.focus({ preventScroll: !added });
        if (!added && range[0] != null) target?.setSelectionRange?.(...range);
        if (!added && writing?.isConnected) writing.focusText();
        if (stays) this.#stayAt(mended);
        this.#tableChanged();
      } else {
        for (const part of page.querySelectorAll("[data-part]")) {
          const old = document.getElementById(part.id);
          if (!old || old.isEqualNode(part) || old.querySelector(":focus:not(button, a)")) continue;
          for (const control of part.querySelectorAll("textarea[id]")) this.#keep(control, sent, asked);
          old.replaceWith(part);
        }
      }
    }

    #keep(control, sent, asked) {
      const old = document.getElementById(control.id);
      if (!old || old.type !== control.type) return;
      if (value(old) !== sent.get(old.id)) put(control, value(old));
      const editor = editorOf(old);
      if (editor?.view && editorOf(control)) {
        editor.take(control.value, { undoable: asked });
        return editorOf(control).replaceWith(editor);
      }
      if (control.tagName === "TEXTAREA" && old.value === control.value && old.name === control.name) control.replaceWith(old);
    }

    /* Where somebody put the caret. A text that Tab only passed through on its way to a button is not meant by it. */
    #written = (event) => {
      if (event.type === "keydown" && PASSING.includes(event.key)) return;
      const area = event.target.closest("prompt-text")?.area ?? event.target;
      if (area.matches("textarea.prompt-text")) this.#last = area.id;
    };

    #clicked = (event) => {
      const insert = event.target.closest("[data-insert]");
      if (insert) return this.#insert(insert);
      const link = event.target.closest("a[href^='#'], label[for]");
      const area = link && document.getElementById(link.htmlFor ?? link.hash.slice(1));
      const line = link?.closest("[data-line]");
      const editor = editorOf(area)?.view && editorOf(area);
      if (!area || !(line || editor)) return;
      event.preventDefault();
      if (area.matches("textarea.prompt-text")) this.#last = area.id;
      if (editor) return line ? editor.showLine(Number(line.dataset.line)) : editor.focusText({ preventScroll: false });
      const lines = area.value.split("\n");
      const start = lines.slice(0, line.dataset.line - 1).join("\n").length + (line.dataset.line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(start, start + lines[line.dataset.line - 1].length);
    };

    /* Enter in a small field does what the button beside it does. */
    #entered = (event) => {
      const button = event.key === "Enter" && !event.isComposing && document.getElementById(event.target.dataset?.enter);
      if (!button) return;
      event.preventDefault();
      button.click();
    };

    /* The button that saves a version stands outside the form's fields. */
    #elsewhere = (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || link.target || event.ctrlKey || event.metaKey || event.shiftKey || link.origin !== location.origin) return;
      if (link.hash && link.pathname === location.pathname) return;
      if (event.defaultPrevented || this.#stopped || !(this.#changed || this.#running)) return;
      event.preventDefault();
      this.#leave(link.href);
    };

    #insert(button) {
      const area = document.getElementById(this.#last) ?? this.querySelector("section.message:not(.is-system) textarea");
      button.closest("details").open = false;
      if (!area) return;
      const text = `{{${button.dataset.insert}}}`;
      if (editorOf(area)?.view) return editorOf(area).insert(text);
      area.focus();
      // insertText keeps the field's undo; where it is gone, the plain way.
      if (!document.execCommand?.("insertText", false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }

    #tableChanged() {
      for (const editor of this.querySelectorAll("prompt-text")) editor.tableChanged?.();
    }

    /* Who else wrote here, and a fresh token after signing in again. True when there was an answer. */
    async #look() {
      if (document.hidden) return false;
      try {
        const revision = this.form.elements.revision.value;
        const answer = await fetch(`${this.dataset.live}?revision=${revision}`, { redirect: "manual", signal: AbortSignal.timeout(10000) });
        if (!answer.ok) return false;
        const part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("presence");
        if (!part) return false;
        if (revision === this.form.elements.revision.value && !this.#running) document.getElementById("presence")?.replaceWith(part);
        this.form.elements.csrfmiddlewaretoken.value = part.dataset.csrf;
        return true;
      } catch {
        return false;
      }
    }

    #say(sentence, icon, hue) {
      const state = document.getElementById("saved");
      if (!state) return;
      state.className = `state state-${hue} mb-0`;
      state.querySelector("span").textContent = sentence;
      const use = state.querySelector("use");
      use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
    }
  }

  customElements.define("draft-editor", DraftEditor);
})();
