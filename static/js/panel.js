/* One mark for every row of a list in the administration. */
(() => {
  const all = document.querySelector("[data-marks-all]");
  if (!all) return;
  const rows = [...document.querySelectorAll("input[name='_selected_action']")];
  const show = () => {
    const marked = rows.filter((row) => row.checked).length;
    all.checked = marked > 0 && marked === rows.length;
    all.indeterminate = marked > 0 && marked < rows.length;
  };
  all.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    show();
  });
  for (const row of rows) row.addEventListener("change", show);
  show();
})();
