// What static/js/prompt-text.js uses of CodeMirror; nothing else is bundled.
export { autocompletion, completionKeymap } from "@codemirror/autocomplete";
export { history, historyField, historyKeymap, isolateHistory, standardKeymap } from "@codemirror/commands";
export { codeFolding, foldEffect, foldKeymap, foldService, foldedRanges, unfoldEffect } from "@codemirror/language";
export { search, searchKeymap } from "@codemirror/search";
export { Annotation, EditorSelection, EditorState, Prec, RangeSetBuilder, StateEffect, StateField, Transaction } from "@codemirror/state";
export { Decoration, EditorView, ViewPlugin, WidgetType, hoverTooltip, keymap, showTooltip } from "@codemirror/view";
