// Writes ../static/vendor/ from node_modules. The output is committed and the same bytes every time.
import { build, transform } from "esbuild";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "..", "static", "vendor");

const FONTS = {
  "source-sans-3": "source-sans-3/files/source-sans-3-latin-wght-normal",
  "source-sans-3-ext": "source-sans-3/files/source-sans-3-latin-ext-wght-normal",
  "source-serif-4": "source-serif-4/files/source-serif-4-latin-wght-normal",
  "source-serif-4-ext": "source-serif-4/files/source-serif-4-latin-ext-wght-normal",
  "source-serif-4-italic": "source-serif-4/files/source-serif-4-latin-wght-italic",
  "source-serif-4-italic-ext": "source-serif-4/files/source-serif-4-latin-ext-wght-italic",
};

const LICENCES = [
  ["tabler.min.css: Tabler, which contains parts of Bootstrap (both MIT)", join(here, "tabler-licence.txt")],
  ["icons.svg: Tabler Icons (MIT)", join(modules, "@tabler/icons/LICENSE")],
  ["codemirror.min.js: CodeMirror (MIT)", join(modules, "@codemirror/view/LICENSE")],
  ["codemirror.min.js: Lezer (MIT)", join(modules, "@lezer/common/LICENSE")],
  ["codemirror.min.js: style-mod (MIT)", join(modules, "style-mod/LICENSE")],
  ["codemirror.min.js: w3c-keyname (MIT)", join(modules, "w3c-keyname/LICENSE")],
  ["codemirror.min.js: crelt (MIT)", join(modules, "crelt/LICENSE")],
  ["codemirror.min.js: find-cluster-break (MIT)", join(modules, "@marijn/find-cluster-break/LICENSE")],
  ["htmx.min.js: htmx (Zero-Clause BSD)", join(modules, "htmx.org/LICENSE")],
  ["fonts/source-sans-3*.woff2: Source Sans 3 (SIL Open Font License 1.1)", join(modules, "@fontsource-variable/source-sans-3/LICENSE")],
  ["fonts/source-serif-4*.woff2: Source Serif 4 (SIL Open Font License 1.1)", join(modules, "@fontsource-variable/source-serif-4/LICENSE")],
];

// The source maps are not shipped, and the hashing file storage refuses a comment that names a missing file.
const withoutSourceMap = (text) => text.replace(/\n?(\/\*|\/\/)# sourceMappingURL=\S+( ?\*\/)?\n?/g, "\n");

async function style() {
  const source = await readFile(join(modules, "@tabler/core/dist/css/tabler.min.css"), "utf8");
  const { code } = await transform(withoutSourceMap(source), { loader: "css", minify: true, legalComments: "inline" });
  await writeFile(join(vendor, "tabler.min.css"), code);
}

async function script() {
  const source = await readFile(join(modules, "htmx.org/dist/htmx.min.js"), "utf8");
  await writeFile(join(vendor, "htmx.min.js"), withoutSourceMap(source).trimEnd() + "\n");
}

// One global, CodeMirror: pages load plain files, and a module would have to find its parts under their hashed names.
async function editor() {
  await build({
    entryPoints: [join(here, "codemirror.js")],
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: "iife",
    globalName: "CodeMirror",
    target: "es2022",
    legalComments: "none",
    outfile: join(vendor, "codemirror.min.js"),
  });
}

async function symbol(name) {
  const filled = name.endsWith("-filled");
  const file = filled ? join("filled", `${name.slice(0, -"-filled".length)}.svg`) : join("outline", `${name}.svg`);
  const svg = await readFile(join(modules, "@tabler/icons/icons", file), "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "").replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${filled ? `<g fill="currentColor" stroke="none">${shapes}</g>` : shapes}</symbol>`;
}

async function sprite() {
  const lines = (await readFile(join(here, "icons.txt"), "utf8")).split("\n");
  const names = [...new Set(lines.filter((line) => line && !line.startsWith("#")))].sort();
  const symbols = await Promise.all(names.map(symbol));
  await writeFile(join(vendor, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function fonts() {
  await mkdir(join(vendor, "fonts"), { recursive: true });
  for (const [name, source] of Object.entries(FONTS)) {
    await copyFile(join(modules, "@fontsource-variable", `${source}.woff2`), join(vendor, "fonts", `${name}.woff2`));
  }
}

async function licences() {
  const parts = [];
  for (const [what, file] of LICENCES) {
    const text = (await readFile(file, "utf8")).replace(/\r\n/g, "\n").trim();
    parts.push(`${what}\n${"=".repeat(what.length)}\n\n${text}\n`);
  }
  await writeFile(join(vendor, "LICENSES.txt"), parts.join("\n\n"));
}

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });
await Promise.all([style(), script(), editor(), sprite(), fonts(), licences()]);
