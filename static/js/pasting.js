/* What comes out of Word and e-mails, as plain text: what a person sees stays, what only looks like a space goes. */
(() => {
  const INVISIBLE = /[\u00AD\u200B\u2060\uFEFF]/g; // soft hyphens, zero-width spaces, byte order marks; joiners stay, scripts need them
  const SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g;
  const BULLET = /^([ \t]*)[•◦▪●‣⁃·∙○■□§\uF0B7\uF0A7\uF0D8\uF076][ \t]+/gm;
  const BLOCKS = new Set(["P", "DIV", "H1", "H2", "H3", "H4", "H5", "H6", "LI", "TR", "UL", "OL", "TABLE", "BLOCKQUOTE", "PRE", "SECTION", "ARTICLE", "DL", "DT", "DD"]);
  const SPACED = new Set(["P", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "TABLE", "BLOCKQUOTE", "PRE"]);
  const SILENT = new Set(["STYLE", "SCRIPT", "HEAD", "TITLE", "META", "TEMPLATE"]);

  function cleaned(text) {
    return text
      .replace(/\r\n?|[\u2028\u2029\v\f]/g, "\n")
      .replace(INVISIBLE, "")
      .replace(SPACES, " ")
      .replace(BULLET, "$1- ");
  }

  const style = (element) => element.getAttribute?.("data-style") ?? "";
  const isWordList = (element) => element.tagName === "P" && /mso-list:/.test(style(element)) && !/mso-list:\s*none/.test(style(element));

  /* Word writes a list as paragraphs whose first words are the bullet, set in a font of symbols. */
  function wordItem(paragraph) {
    const level = Number(/level(\d)/.exec(style(paragraph))?.[1] ?? 1);
    const marks = [...paragraph.querySelectorAll("[data-style*='mso-list:Ignore'], [data-style*='mso-list: Ignore']")];
    const shown = marks.map((mark) => mark.textContent).join("").trim();
    for (const mark of marks) mark.remove();
    const number = /^\(?([0-9]{1,3}|[a-z])[.)]/i.exec(shown);
    return `\n${"  ".repeat(level - 1)}${number ? `${number[1]}.` : "-"} ${inline(...paragraph.childNodes)}\n`;
  }

  const inline = (...nodes) => nodes.map((node) => written(node, "")).join("").replace(/\s+/g, " ").trim();

  function row(element) {
    return `${[...element.children].map((cell) => inline(cell)).join(" | ")}\n`;
  }

  function item(element, indent) {
    const list = element.parentElement;
    const mark = list?.tagName === "OL" ? `${[...list.children].indexOf(element) + (list.start || 1)}.` : "-";
    const inner = [...element.childNodes].map((node) => written(node, `${indent}  `)).join("");
    return `${indent}${mark} ${inner.replace(/\n{2,}/g, "\n").trim()}\n`;
  }

  function written(node, indent) {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/[ \t\r\n]+/g, " ");
    if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName)) return "";
    if (node.tagName === "BR") return "\n";
    if (node.tagName === "PRE") return `\n${node.textContent}\n\n`;
    if (node.tagName === "TR") return row(node);
    if (node.tagName === "LI") return `\n${item(node, indent)}`;
    if (isWordList(node)) return wordItem(node);
    const inner = [...node.childNodes].map((child) => written(child, indent)).join("");
    if (!BLOCKS.has(node.tagName)) return inner;
    return `\n${inner.replace(/^\s*\n/, "").replace(/[ \n]+$/, "")}\n${SPACED.has(node.tagName) ? "\n" : ""}`;
  }

  /* The page's content policy counts for a parsed text as well, and styles would be refused aloud. */
  const withoutStyles = (html) => html.replace(/<style\b[^]*?<\/style>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));

  function fromHtml(html) {
    const page = new DOMParser().parseFromString(withoutStyles(html), "text/html");
    const lines = written(page.body, "").split("\n").map((line) => (/^\s*(-|\d+\.|\w\.) /.test(line) ? line.trimEnd() : line.trim()));
    // An item stands right under the one before it.
    return cleaned(lines.join("\n")).replace(/[ \t]+$/gm, "").replace(/\n{3,}/g, "\n\n").replace(/^([ \t]*(?:-|\d+\.) .*)\n\n+(?=[ \t]*(?:-|\d+\.) )/gm, "$1\n").trim();
  }

  /* Plain text keeps the spaces of code and logs; only what Word and mail programs write is read from its HTML. */
  function textOf(clipboard) {
    const html = clipboard.getData("text/html");
    if (html && /<(li|table|tr)\b|mso-|class="?Mso/i.test(html)) return fromHtml(html);
    const text = clipboard.getData("text/plain");
    return text ? cleaned(text) : null;
  }

  window.studioPasting = { cleaned, fromHtml, textOf };
})();
