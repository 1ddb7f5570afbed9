// What pages can do better with JavaScript. Without it every one of them works.
"use strict";

const typing = (one) => one.closest("input, textarea, select, [contenteditable]") !== null;

// Copying a value: the button holds it as it is, the page shows it defanged.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(button.dataset.copied || "");
  } catch {
    say(button.dataset.failed || "");
  }
});

// The values of what is marked in a list, a line each.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-marked]");
  if (!button) return;
  const marked = button.closest("form").querySelectorAll(`input[name="${button.dataset.copyMarked}"]:checked`);
  // A page holds the first few of what says many: what is left out is said.
  const values = [...marked].flatMap((one) => (one.dataset.values ? one.dataset.values.split("\n") : []));
  const number = [...marked].reduce((sum, one) => sum + Number(one.dataset.number || 0), 0);
  const said = number > values.length ? button.dataset.partly.replace("#1", values.length).replace("#2", number) : `${button.dataset.copied || ""} (${values.length})`;
  try {
    await navigator.clipboard.writeText(values.join("\n"));
    say(said);
  } catch {
    say(button.dataset.failed || "");
  }
});

function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

// A box that takes files: dropped ones are read into it, so that what is sent is what is seen.
document.addEventListener("dragover", (event) => {
  const box = event.target.closest("[data-drop]");
  if (box) { event.preventDefault(); box.classList.add("drop"); }
});
document.addEventListener("dragleave", (event) => event.target.closest("[data-drop]")?.classList.remove("drop"));
document.addEventListener("drop", (event) => {
  const box = event.target.closest("[data-drop]");
  if (!box) return;
  event.preventDefault();
  box.classList.remove("drop");
  const chooser = document.getElementById(box.dataset.drop);
  if (event.dataTransfer.files.length && chooser) {
    chooser.files = event.dataTransfer.files;
    chooser.dispatchEvent(new Event("change", { bubbles: true }));
  } else {
    const text = event.dataTransfer.getData("text");
    if (text) { box.value = (box.value ? `${box.value}\n` : "") + text; box.dispatchEvent(new Event("input", { bubbles: true })); }
  }
});

// "All" in the head of a list.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-all]");
  if (!all) return;
  for (const one of all.closest("form").querySelectorAll(`input[type=checkbox][name="${all.dataset.all}"]`)) one.checked = all.checked;
});

// Times are shown in UTC; the reader's own is a hover or a focus away.
function localTimes(root) {
  for (const one of root.querySelectorAll("time[datetime]")) {
    const at = new Date(one.dateTime);
    if (!Number.isNaN(at.getTime())) one.title = (one.title ? one.title + " · " : "") + at.toLocaleString(document.documentElement.lang, { timeZoneName: "short" });
  }
}
document.addEventListener("DOMContentLoaded", () => localTimes(document));

// What stands beside the content where there is room is folded where it would stand before it.
document.addEventListener("DOMContentLoaded", () => {
  if (matchMedia("(max-width: 56rem)").matches) for (const one of document.querySelectorAll("details[data-wide]")) one.open = false;
});
document.addEventListener("htmx:after:swap", () => localTimes(document));

// Keys, for who wants them (WCAG 2.1.4: off in the account page).
let going = false;
document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (going) {
    going = false;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  if (event.key === "g") going = true;
  else if (event.key === "/") { const box = document.querySelector("[data-search]"); if (box) { event.preventDefault(); box.focus(); } }
  else if (event.key === "?") { const help = document.getElementById("keys"); if (help) { event.preventDefault(); help.showModal(); } }
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
  else if (event.key === "x") { const box = document.querySelector("tr.at input[type=checkbox]"); if (box) box.click(); }
  else if (event.key === "o") { const link = document.querySelector("tr.at a[href]"); if (link) link.click(); }
});

function step(by) {
  const rows = [...document.querySelectorAll("table[data-list] tbody tr")];
  if (!rows.length) return;
  const at = rows.findIndex((one) => one.classList.contains("at"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  rows[at]?.classList.remove("at");
  next.classList.add("at");
  next.scrollIntoView({ block: "nearest" });
  next.querySelector("a[href], input")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
});
