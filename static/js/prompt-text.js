/* <prompt-text> around a textarea: the same text in an editor that knows variables and sections.
   The textarea stays the field of the form. It is in step with the editor and says so with "input". */
(() => {
  const {
    Annotation, Decoration, EditorSelection, EditorState, EditorView, Prec, RangeSetBuilder, StateEffect, StateField, Transaction, ViewPlugin, WidgetType,
    autocompletion, codeFolding, completionKeymap, foldEffect, foldKeymap, foldService, foldedRanges, history, historyField, historyKeymap, hoverTooltip,
    isolateHistory, keymap, search, searchKeymap, showTooltip, standardKeymap, unfoldEffect,
  } = window.CodeMirror;

  const NAME = "(?:[0-9a-zA-Z][_-]?){1,100}";
  const PLACEHOLDER = new RegExp(`\\{\\{[ \\t]*(${NAME})[ \\t]*\\}\\}`, "g");
  const INCLUDE = /\{\{[ \t]*>[ \t]*([a-z0-9]+(?:-[a-z0-9]+)*(?:@[\^~]?[0-9][0-9.]{0,29}|@\*)?)[ \t]*\}\}/g;
  const WHOLE_NAME = new RegExp(`^${NAME}$`);
  const RESERVED = { open_braces: { type: "Text", meaning: "Always stands for two braces, and is filled in by itself." } };
  const SECTIONS = [
    ["instructions", "what the model shall do, step by step"],
    ["context", "what it has to know"],
    ["rules", "what it must never do"],
    ["examples", "what good answers look like"],
    ["document", "the text to work on"],
    ["answer_format", "how the answer is laid out"],
  ];
  const fromPage = Annotation.define();
  const tableChanged = StateEffect.define();
  const closeTip = StateEffect.define();

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const formOf = (view) => view.dom.closest("form");

  /* The table as it stands in the fields, saved or not. */
  function tableOf(form) {
    const rows = [...(form?.querySelectorAll("details.variable") ?? [])];
    return new Map(rows.map((row) => {
      const field = (name) => row.querySelector(`[name$="-${name}"]`);
      return [field("name").value.trim(), {
        type: field("type").selectedOptions[0]?.textContent ?? "Text",
        required: field("required").checked && !field("default").value,
        fallback: field("default").value,
        example: field("example").value,
        meaning: field("description").value,
        choices: field("type").value === "choice" ? field("choices").value.split("\n").filter((line) => line.trim()) : [],
      }];
    }).filter(([name]) => name));
  }

  const namesIn = (text) => new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1]));

  /* Every text's name, and the variables in it. */
  function usesIn(form) {
    const areas = [...(form?.querySelectorAll("textarea.prompt-text") ?? [])];
    return areas.map((area) => [titleOf(area), namesIn(area.value)]);
  }

  const titleOf = (area) => area.closest("section, td")?.querySelector(`label[for="${area.id}"]`)?.textContent.trim() ?? "";

  function usedIn(form, name) {
    return usesIn(form).filter(([, names]) => names.has(name)).map(([title]) => title);
  }

  /* Chips */
  class Chip extends WidgetType {
    constructor(name, known) {
      super();
      this.name = name;
      this.known = known;
    }
    eq(other) {
      return this.name === other.name && this.known === other.known;
    }
    toDOM() {
      const chip = make("span", { class: this.known ? "var" : "var unknown" }, this.name);
      if (!this.known) chip.append(make("span", { class: "visually-hidden" }, " (not in the table)"));
      return chip;
    }
    ignoreEvent() {
      return false;
    }
  }

  class SnippetChip extends WidgetType {
    constructor(name) {
      super();
      this.name = name;
    }
    eq(other) {
      return this.name === other.name;
    }
    toDOM() {
      return make("span", { class: "snippet" }, make("span", { class: "visually-hidden" }, "snippet "), this.name);
    }
    ignoreEvent() {
      return false;
    }
  }

  function chipsOf(view) {
    const table = tableOf(formOf(view));
    const found = new RangeSetBuilder();
    for (const { from, to } of view.visibleRanges) {
      const text = view.state.sliceDoc(from, to);
      const chips = [
        ...[...text.matchAll(PLACEHOLDER)].map((match) => [match, new Chip(match[1], table.has(match[1]) || match[1] in RESERVED)]),
        ...[...text.matchAll(INCLUDE)].map((match) => [match, new SnippetChip(match[1])]),
      ];
      for (const [match, widget] of chips.sort(([one], [other]) => one.index - other.index)) {
        found.add(from + match.index, from + match.index + match[0].length, Decoration.replace({ widget }));
      }
    }
    return found.finish();
  }

  const renewed = (update, effect) => update.transactions.some((one) => one.effects.some((each) => each.is(effect)));

  const chips = ViewPlugin.fromClass(
    class {
      constructor(view) {
        this.decorations = chipsOf(view);
      }
      update(update) {
        if (update.docChanged || update.viewportChanged || renewed(update, tableChanged)) this.decorations = chipsOf(update.view);
      }
    },
    {
      decorations: (plugin) => plugin.decorations,
      provide: (plugin) => EditorView.atomicRanges.of((view) => view.plugin(plugin)?.decorations ?? Decoration.none),
    },
  );

  /* The chip that starts, ends or lies at a place. */
  function chipAt(state, place) {
    const line = state.doc.lineAt(place);
    for (const match of line.text.matchAll(PLACEHOLDER)) {
      const from = line.from + match.index;
      if (from <= place && place <= from + match[0].length) return { name: match[1], from, to: from + match[0].length };
    }
    return null;
  }

  /* What is known about a variable, in lines. */
  function factsOf(form, name) {
    const facts = RESERVED[name] ?? tableOf(form).get(name);
    if (!facts) return ["Not in the table, so nothing would be filled in.", `Used in ${usedIn(form, name).join(", ")}`];
    const need = name in RESERVED ? "" : facts.required ? ", required" : facts.fallback ? `, else ${cut(facts.fallback)}` : ", optional";
    return [
      facts.type + need,
      facts.meaning,
      facts.choices?.length ? `One of ${cut(facts.choices.join(", "))}` : "",
      facts.example ? `Example: ${cut(facts.example)}` : "",
      `Used in ${usedIn(form, name).join(", ") || "no text"}`,
    ].filter(Boolean);
  }

  const cut = (text) => (text.length > 160 ? `${text.slice(0, 159)}…` : text);

  const tip = (chip) => ({
    pos: chip.from,
    end: chip.to,
    above: false,
    create: (view) => ({
      dom: make("div", { class: "variable-tip", role: "tooltip" }, make("strong", {}, chip.name), ...factsOf(formOf(view), chip.name).map((line) => make("p", { dir: "auto" }, line))),
    }),
  });

  /* With the keyboard: moving next to a chip shows what it is; typing goes on undisturbed. */
  const tipAtCursor = StateField.define({
    create: () => null,
    update(shown, transaction) {
      if (transaction.docChanged || transaction.effects.some((effect) => effect.is(closeTip))) return null;
      if (!transaction.selection) return shown;
      const moved = transaction.isUserEvent("select") && !transaction.isUserEvent("select.pointer") && transaction.newSelection.main.empty;
      const chip = moved && chipAt(transaction.state, transaction.newSelection.main.head);
      return chip ? tip(chip) : null;
    },
    provide: (field) => showTooltip.from(field),
  });

  const saysTip = EditorView.updateListener.of((update) => {
    const shown = update.state.field(tipAtCursor);
    if (!shown || shown === update.startState.field(tipAtCursor)) return;
    const chip = chipAt(update.state, shown.pos);
    const said = [chip.name, ...factsOf(formOf(update.view), chip.name)].join(". ");
    queueMicrotask(() => update.view.dispatch({ effects: EditorView.announce.of(said) }));
  });

  const tips = [
    tipAtCursor,
    saysTip,
    EditorView.domEventHandlers({ blur: (event, view) => view.state.field(tipAtCursor) && void view.dispatch({ effects: closeTip.of(null) }) }),
    hoverTooltip((view, place) => {
      const chip = chipAt(view.state, place);
      return chip && tip(chip);
    }, { hideOnChange: true }),
    keymap.of([{ key: "Escape", run: (view) => !!view.state.field(tipAtCursor) && (view.dispatch({ effects: closeTip.of(null) }), true) }]),
  ];

  /* Completion */
  const group = (name, rank) => ({ name, rank });
  const VARIABLES = group("Variables", 1), NEW = group("Not in the table", 2), SNIPPETS = group("Snippets", 3), STARTS = group("Sections", 4);

  function variableOptions(form, typed, start) {
    const table = tableOf(form);
    const used = new Set(usesIn(form).flatMap(([, names]) => [...names]));
    const options = [...table].map(([name, facts]) => [name, [facts.type, facts.meaning].filter(Boolean).join(", "), VARIABLES]);
    for (const name of used) if (!table.has(name) && !(name in RESERVED)) options.push([name, "used in the text", NEW]);
    if (typed && WHOLE_NAME.test(typed) && !options.some(([name]) => name === typed)) options.push([typed, "a new variable", NEW]);
    return options.map(([name, detail, section]) => ({ label: name, detail: cut(detail), section, apply: putting(start, `{{${name}}}`) }));
  }

  /* Writes `text` from `start` to the cursor, over closing braces that stand there already. `inside` is where the cursor lands. */
  const putting = (start, text, inside = text.length) => (view, completion, from, to) => {
    const closing = text.startsWith("{{") ? /^[ \t]*\}\}/.exec(view.state.sliceDoc(to, to + 8))?.[0].length ?? 0 : 0;
    view.dispatch({
      changes: { from: start, to: to + closing, insert: text },
      selection: { anchor: start + inside },
      userEvent: "input.complete",
      scrollIntoView: true,
    });
  };

  function afterBraces(context) {
    const written = context.matchBefore(/\{\{[ \t]*[\w-]*$/);
    if (!written) return null;
    const typed = /[\w-]*$/.exec(written.text)[0];
    return { from: context.pos - typed.length, options: variableOptions(formOf(context.view), typed, written.from) };
  }

  async function afterSlash(context) {
    const written = context.matchBefore(/(?:^|[\s(])\/[\w-]*$/);
    if (!written) return null;
    const start = written.from + written.text.indexOf("/");
    const form = formOf(context.view);
    const options = [
      ...variableOptions(form, "", start),
      ...(await snippetOptions(form, start)),
      ...SECTIONS.map(([name, detail]) => ({ label: name, detail, section: STARTS, apply: putting(start, `<${name}>\n\n</${name}>`, name.length + 3) })),
    ];
    return { from: start + 1, options };
  }

  /* After `{{>`: the snippets alone. */
  async function afterInclude(context) {
    const written = context.matchBefore(/\{\{[ \t]*>[ \t]*[\w-]*$/);
    if (!written) return null;
    const typed = /[\w-]*$/.exec(written.text)[0];
    return { from: context.pos - typed.length, options: await snippetOptions(formOf(context.view), written.from) };
  }

  async function snippetOptions(form, start) {
    const known = await snippetsOf(form.closest("[data-snippets]")?.dataset.snippets);
    return known.map((one) => ({ label: one.name, detail: one.purpose.slice(0, 80), section: SNIPPETS, apply: putting(start, `{{> ${one.name}}}`) }));
  }

  /* Asked for once, when somebody first types where one could stand. */
  let asked = null;
  function snippetsOf(address) {
    if (!address) return Promise.resolve([]);
    asked ??= fetch(address, { signal: AbortSignal.timeout(5000) })
      .then((answer) => (answer.ok ? answer.json() : { snippets: [] }))
      .then((body) => body.snippets)
      .catch(() => ((asked = null), []));
    return asked;
  }

  const completion = autocompletion({ override: [afterBraces, afterInclude, afterSlash], icons: false, aboveCursor: false, maxRenderedOptions: 60 });

  /* Sections: <name> to </name>, each on a line of its own, and headings written with #. */
  const OPENS = /^[ \t]*<([A-Za-z][\w-]{0,60})(?:[ \t][^<>]{0,200})?>[ \t]*$/;
  const CLOSES = /^[ \t]*<\/([A-Za-z][\w-]{0,60})>[ \t]*$/;
  const HEADING = /^(#{1,4})[ \t]+(\S.{0,80})/;
  const known = new WeakMap();

  function sectionsOf(doc) {
    // Nobody reads an outline of a log file, and looking for one at each key would be felt.
    if (!known.has(doc)) known.set(doc, doc.lines > 5000 ? [] : found(doc));
    return known.get(doc);
  }

  function found(doc) {
    const sections = [], open = [];
    const close = (upTo, end) => {
      while (open.length > upTo) {
        const section = open.pop();
        if (section.heading && end > section.from) sections.push({ ...section, to: end });
      }
    };
    let at = 0;
    for (let number = 1; number <= doc.lines; number++) {
      const line = doc.line(number), text = line.text.length > 300 ? "" : line.text;
      const opens = OPENS.exec(text), closes = CLOSES.exec(text), heading = HEADING.exec(text);
      if (opens) open.push({ name: opens[1], start: line.from, from: line.to, heading: 0, level: open.length });
      if (closes) {
        const partner = open.findLastIndex((section) => !section.heading && section.name === closes[1]);
        if (partner >= 0) {
          close(partner + 1, at);
          const section = open.pop();
          sections.push({ ...section, to: line.from });
        }
      }
      if (heading) {
        const same = open.findLastIndex((section) => !section.heading || section.heading < heading[1].length);
        close(same + 1, at);
        open.push({ name: heading[2].replace(/[ \t#]+$/, ""), start: line.from, from: line.to, heading: heading[1].length, level: open.length });
      }
      at = line.to;
    }
    close(0, doc.length);
    return sections.sort((a, b) => a.start - b.start);
  }

  const folding = [
    foldService.of((state, start) => {
      const section = sectionsOf(state.doc).find((one) => one.start === start);
      return section && section.to > section.from ? { from: section.from, to: section.to } : null;
    }),
    codeFolding({ placeholderText: "…" }),
    keymap.of(foldKeymap),
  ];

  const dirAuto = Decoration.line({ attributes: { dir: "auto" } });
  const tag = Decoration.line({ class: "cm-tag-line", attributes: { dir: "auto" } });
  const heading = Decoration.line({ class: "cm-heading-line", attributes: { dir: "auto" } });

  function linesOf(view) {
    const lines = new RangeSetBuilder();
    let last = -1;
    for (const { from, to } of view.visibleRanges) {
      for (let place = from; place <= to; ) {
        const line = view.state.doc.lineAt(place);
        if (line.from > last) lines.add(line.from, line.from, HEADING.test(line.text) ? heading : OPENS.test(line.text) || CLOSES.test(line.text) ? tag : dirAuto);
        last = line.from;
        place = line.to + 1;
      }
    }
    return lines.finish();
  }

  const lines = ViewPlugin.fromClass(
    class {
      constructor(view) {
        this.decorations = linesOf(view);
      }
      update(update) {
        if (update.docChanged || update.viewportChanged) this.decorations = linesOf(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );

  const paste = EditorView.domEventHandlers({
    paste(event, view) {
      const text = window.studioPasting.textOf(event.clipboardData);
      if (text === null) return false;
      event.preventDefault();
      view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
      return true;
    },
  });

  const PHRASES = EditorState.phrases.of({
    Find: "Find", Replace: "Replace with", next: "Next", previous: "Previous", all: "Select all", "match case": "Same case", "by word": "Whole words", regexp: "Pattern",
    replace: "Replace", "replace all": "Replace all", close: "Close", "folded code": "folded text", unfold: "Unfold", Completions: "Variables, snippets and sections",
  });

  class PromptText extends HTMLElement {
    #sections = "";

    connectedCallback() {
      if (this.view) return;
      this.area = this.querySelector("textarea");
      if (!this.area || this.area.matches(":disabled")) return;
      this.outline = make("div", { class: "outline", role: "group", "aria-label": "Sections of this text" });
      this.outline.hidden = true;
      this.view = new EditorView({ state: this.#state(), parent: this });
      // What is typed here reaches the form through the textarea alone.
      for (const kind of ["input", "change"]) this.view.dom.addEventListener(kind, (event) => event.stopPropagation());
      this.prepend(this.outline);
      this.outline.addEventListener("click", (event) => this.#outlined(event));
      this.area.hidden = true;
      this.classList.add("is-editor");
      this.#showSections();
    }

    disconnectedCallback() {
      // Parts of the page are swapped with this element taken over into the new ones.
      setTimeout(() => {
        if (this.isConnected || !this.view) return;
        this.view.destroy();
        this.view = null;
      });
    }

    #state() {
      const config = { doc: this.area.value, extensions: this.#extensions() };
      const before = window.studioKept?.historyOf(this.area.value);
      if (before) {
        try {
          return EditorState.fromJSON(before, config, { history: historyField });
        } catch {
          // Written by an earlier release: there is no undo, and the text is right.
        }
      }
      return EditorState.create(config);
    }

    #extensions() {
      const nonce = this.closest("[nonce]")?.nonce ?? "";
      const label = this.closest("section, td")?.querySelector(`label[for="${this.area.id}"]`);
      if (label) label.id ||= `${this.area.id}-l`;
      return [
        EditorView.cspNonce.of(nonce),
        EditorView.lineWrapping,
        EditorView.perLineTextDirection.of(true),
        EditorView.contentAttributes.of({
          spellcheck: "true", autocorrect: "on", autocapitalize: "sentences", dir: "auto", "aria-labelledby": label?.id ?? "", "aria-describedby": this.area.getAttribute("aria-describedby") ?? "",
        }),
        PHRASES,
        history(),
        completion,
        tips,
        chips,
        lines,
        folding,
        search({ top: true }),
        paste,
        // Tab leaves the field, as everywhere on a page.
        Prec.high(keymap.of(completionKeymap)),
        keymap.of([...searchKeymap, ...historyKeymap, ...standardKeymap]),
        EditorView.updateListener.of((update) => this.#updated(update)),
      ];
    }

    #updated(update) {
      const folds = update.transactions.some((one) => one.effects.some((effect) => effect.is(foldEffect) || effect.is(unfoldEffect)));
      if (update.docChanged || folds) queueMicrotask(() => this.#showSections());
      if (!update.docChanged) return;
      this.area.value = update.state.doc.toString();
      if (!update.transactions.some((one) => one.annotation(fromPage))) this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }

    /* The text as the page has it now. Cursor and undo stay; `undoable` is what this person asked for. */
    take(text, { undoable = false } = {}) {
      if (!this.view) return void (this.area && (this.area.value = text));
      const now = this.view.state.doc.toString();
      if (now === text) return;
      const longest = Math.min(now.length, text.length);
      let start = 0, end = 0;
      while (start < longest && now[start] === text[start]) start++;
      while (end < longest - start && now[now.length - 1 - end] === text[text.length - 1 - end]) end++;
      this.view.dispatch({
        changes: { from: start, to: now.length - end, insert: text.slice(start, text.length - end) },
        annotations: [fromPage.of(true), Transaction.addToHistory.of(undoable), isolateHistory.of("full")],
      });
    }

    focusText({ preventScroll = true } = {}) {
      (this.view?.contentDOM ?? this.area).focus({ preventScroll });
    }

    showLine(number) {
      const line = this.view.state.doc.line(Math.min(number, this.view.state.doc.lines));
      this.view.focus();
      this.view.dispatch({ selection: EditorSelection.range(line.from, line.to), effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    }

    insert(text) {
      this.view.focus();
      this.view.dispatch(this.view.state.replaceSelection(text), { userEvent: "input.complete", scrollIntoView: true });
    }

    tableChanged() {
      this.view?.dispatch({ effects: tableChanged.of(null) });
    }

    get memory() {
      return this.view?.state.toJSON({ history: historyField });
    }

    #isFolded(section) {
      let folded = false;
      foldedRanges(this.view.state).between(section.from, section.to, (from) => void (folded ||= from === section.from));
      return folded;
    }

    #showSections() {
      if (!this.view) return;
      const sections = sectionsOf(this.view.state.doc).slice(0, 40).map((section) => ({ ...section, folded: this.#isFolded(section) }));
      const key = JSON.stringify(sections.map(({ name, level, folded }) => [name, level, folded]));
      if (key === this.#sections) return;
      this.#sections = key;
      const focus = [...this.outline.querySelectorAll("button")].indexOf(document.activeElement);
      this.outline.hidden = !sections.length;
      this.outline.replaceChildren(...sections.map(({ name, level, folded }, index) => outlineItem(name, level, folded, index)));
      if (focus >= 0) this.outline.querySelectorAll("button")[focus]?.focus();
    }

    #outlined(event) {
      const button = event.target.closest("button");
      const section = button && sectionsOf(this.view.state.doc)[button.dataset.section];
      if (!section) return;
      const range = { from: section.from, to: section.to };
      if (button.hasAttribute("aria-expanded")) return this.view.dispatch({ effects: (this.#isFolded(section) ? unfoldEffect : foldEffect).of(range) });
      this.view.focus();
      this.view.dispatch({ selection: { anchor: section.from }, effects: EditorView.scrollIntoView(section.start, { y: "start", yMargin: 80 }) });
    }
  }

  function outlineItem(name, level, folded, index) {
    const sign = make("span", { "aria-hidden": "true" }, folded ? "▸" : "▾");
    const fold = make("button", { type: "button", "data-section": index, "aria-expanded": String(!folded), "aria-label": `Text of ${name}` }, sign);
    return make("span", { class: `outline-item level-${Math.min(level, 3)}` }, fold, make("button", { type: "button", "data-section": index, dir: "auto" }, name));
  }

  customElements.define("prompt-text", PromptText);
})();
